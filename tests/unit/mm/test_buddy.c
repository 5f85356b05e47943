/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy system: which block is taken, how it is split, what merges, and what must not.
 */
#include "unit.h"

static const unsigned long f2_full[MAX_ORDER] = {[10] = 4};

static struct page *take(struct zone *zone, unsigned int order, unsigned long expected_pfn)
{
	struct page *page = buddy_take(zone, order);

	assert_non_null(page);
	assert_int_equal(page_to_pfn(page), expected_pfn);
	return page;
}

static unsigned long front_pfn(struct zone *zone, unsigned int order)
{
	assert_false(list_empty(&zone->free_area[order].free_list));
	return page_to_pfn(list_first_entry(&zone->free_area[order].free_list, struct page, lru));
}

static void S21_hand_over_gives_order_10_blocks_last_one_first(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const unsigned long expected[MAX_ORDER] = {[10] = 256};

	(void)state;
	assert_nr_free(zone, expected);
	assert_int_equal(zone->free_pages, 262144);
	assert_int_equal(front_pfn(zone, 10), 261120);
	machine_destroy(machine);
}

/* S22's state, through the API with caches drained, for S23 to take apart. */
static void take_s22(struct zone *zone, struct page *page[4])
{
	const unsigned long after_first[MAX_ORDER] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3};
	const unsigned long after_all[MAX_ORDER] = {0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 3};

	page[0] = alloc_pages(GFP_ATOMIC, 1);
	assert_int_equal(page_to_pfn(page[0]), 3072);
	assert_nr_free(zone, after_first);
	assert_int_equal(zone->free_pages, 4094);
	page[1] = alloc_pages(GFP_ATOMIC, 0);
	assert_int_equal(page_to_pfn(page[1]), 3074);
	assert_int_equal(zone->free_area[0].nr_free, 1);
	assert_int_equal(zone->free_area[1].nr_free, 0);
	page[2] = alloc_pages(GFP_ATOMIC, 0);
	assert_int_equal(page_to_pfn(page[2]), 3075);
	page[3] = alloc_pages(GFP_ATOMIC, 5);
	assert_int_equal(page_to_pfn(page[3]), 3104);
	assert_int_equal(zone->free_pages, 4060);
	assert_nr_free(zone, after_all);
}

static void S22_split_keeps_the_lower_half(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page[4];

	(void)state;
	take_s22(machine_zone(machine, 0, ZONE_NORMAL), page);
	machine_destroy(machine);
}

static void S23_everything_merges_again(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page[4];

	(void)state;
	take_s22(zone, page);
	__free_pages(page[2], 0);
	drain_local_pages();
	__free_pages(page[1], 0);
	drain_local_pages();
	__free_pages(page[3], 5);
	__free_pages(page[0], 1);
	assert_nr_free(zone, f2_full);
	assert_int_equal(zone->free_pages, 4096);
	assert_int_equal(front_pfn(zone, 10), 3072);
	assert_true(PagePrivate(pfn_to_page(3072)));
	assert_int_equal(page_private(pfn_to_page(3072)), 10);
	for (unsigned long pfn = 3073; pfn < 4096; pfn++)
		assert_false(PagePrivate(pfn_to_page(pfn)));
	machine_destroy(machine);
}

static void S25_zones_never_merge(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	assert_nr_free(low, f2_full);
	assert_nr_free(normal, f2_full);
	for (unsigned long pfn = 3072; pfn <= 4096; pfn += 1024) {
		assert_true(PagePrivate(pfn_to_page(pfn)));
		assert_int_equal(page_private(pfn_to_page(pfn)), 10);
	}
	assert_ptr_equal(page_zone(pfn_to_page(3072)), low);
	assert_ptr_equal(page_zone(pfn_to_page(4096)), normal);
	machine_destroy(machine);
}

static void S26_blocks_are_aligned_to_their_size(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *held[2 * MAX_ORDER];

	(void)state;
	machine_lift_reserves(machine);
	assert_null(alloc_pages(GFP_KERNEL, 11));
	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
		unsigned int order = i % MAX_ORDER;

		/* A single page first, so that the next block does not come aligned by luck. */
		held[i] = alloc_pages(GFP_KERNEL, order);
		if (held[i])
			assert_int_equal(page_to_pfn(held[i]) % (1UL << order), 0);
		else
			assert_int_equal(order, 10);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
		if (held[i])
			__free_pages(held[i], i % MAX_ORDER);
	}
	assert_no_misuse();
	drain_local_pages();
	assert_nr_free(machine_zone(machine, 0, ZONE_NORMAL), f2_full);
	machine_destroy(machine);
}

/* 2.6.11 stops at a misaligned free; here the tag tells first, and it is refused. */
static void S26_misaligned_free_is_refused(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	unsigned long free = nr_free_pages(&machine->mm);

	(void)state;
	host_print_capture_start();
	__free_pages(page + 1, 3);
	host_print_capture_stop();
	assert_misuse(MISUSE_NOT_ALLOCATED, page + 1, 3);
	assert_int_equal(nr_free_pages(&machine->mm), free);
	__free_pages(page, 3);
	assert_nr_free(machine_zone(machine, 0, ZONE_NORMAL), f2_full);
	machine_destroy(machine);
}

static void S27_the_lists_add_up_to_free_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct mm_check_result result;
	struct zone *zone;

	(void)state;
	alloc_pages(GFP_KERNEL, 0);
	alloc_pages(GFP_KERNEL | GFP_DMA, 0);
	alloc_pages(GFP_KERNEL, 7);
	for_each_populated_zone (zone, &machine->mm) {
		unsigned long sum = 0;

		for (unsigned int order = 0; order < MAX_ORDER; order++)
			sum += zone->free_area[order].nr_free << order;
		assert_int_equal(sum, zone->free_pages);
	}
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.allocated, 1 + 1 + 128);
	assert_int_equal(
		result.free + result.cached + result.allocated + result.reserved, result.present);
	assert_int_equal(result.present, 8192);
	machine_destroy(machine);
}

static void smallest_order_that_has_a_block_is_split(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *a = take(zone, 4, 3072), *b = take(zone, 4, 3088);

	(void)state;
	buddy_free(zone, a, 4); /* order-4 block at 3072, its buddy taken */
	take(zone, 2, 3072);    /* from that one, not from the larger ones */
	take(zone, 5, 3104);    /* while order 5 has a block of its own */
	assert_int_equal(zone->free_area[2].nr_free, 1);
	assert_int_equal(zone->free_area[3].nr_free, 1);
	assert_int_equal(zone->free_area[4].nr_free, 0);
	assert_int_equal(zone->free_area[5].nr_free, 0);
	buddy_free(zone, b, 4);
	buddy_free(zone, pfn_to_page(3072), 2);
	assert_int_equal(zone->free_area[5].nr_free, 1);
	buddy_free(zone, pfn_to_page(3104), 5);
	assert_nr_free(zone, f2_full);
	machine_destroy(machine);
}

static void freed_last_is_taken_first(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page[4];

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		page[i] = take(zone, 10, 3072 - 1024 * i);
	assert_null(buddy_take(zone, 0));
	assert_null(buddy_take(zone, 10));
	assert_int_equal(zone->free_pages, 0);
	buddy_free(zone, page[2], 10);
	buddy_free(zone, page[0], 10);
	buddy_free(zone, page[3], 10);
	buddy_free(zone, page[1], 10);
	take(zone, 10, page_to_pfn(page[1]));
	take(zone, 10, page_to_pfn(page[3]));
	take(zone, 10, page_to_pfn(page[0]));
	take(zone, 10, page_to_pfn(page[2]));
	for (unsigned int i = 0; i < 4; i++)
		buddy_free(zone, page[i], 10);
	machine_destroy(machine);
}

/* Each of the four marks alone keeps a buddy from merging. */
static void a_buddy_that_is_not_wholly_free_does_not_merge(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(zone, 0, 3072), *buddy = pfn_to_page(3073);

	(void)state;
	assert_true(PagePrivate(buddy));
	for (unsigned int mark = 0; mark < 4; mark++) {
		unsigned long flags = page_flags(buddy);

		if (mark == 0)
			ClearPagePrivate(buddy);
		else if (mark == 1)
			SetPageReserved(buddy);
		else if (mark == 2)
			set_page_private(buddy, 1);
		else
			set_page_count(buddy, 1);
		buddy_free(zone, page, 0);
		assert_int_equal(zone->free_area[0].nr_free, 2);
		page_write_flags(buddy, flags);
		set_page_private(buddy, 0);
		set_page_count(buddy, 0);
		take(zone, 0, 3072);
	}
	buddy_free(zone, page, 0);
	assert_nr_free(zone, f2_full);
	machine_destroy(machine);
}

static void bulk_takes_at_the_tail_and_stops_when_empty(void **state)
{
	const struct machine_spec small = {.bank = {{0, 64, 0}}};
	struct machine *machine = machine_create(&small);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head list;
	struct page *page;
	unsigned long pfn = 56;

	(void)state;
	machine_lift_reserves(machine);
	list_init(&list);
	for (unsigned int order = 5; order >= 3; order--)
		alloc_pages(GFP_KERNEL, order); /* 56 to 63 are left */
	assert_int_equal(buddy_take_bulk(zone, 0, &list), 0);
	assert_int_equal(buddy_take_bulk(zone, 3, &list), 3);
	assert_int_equal(buddy_take_bulk(zone, 10, &list), 5);
	assert_int_equal(buddy_take_bulk(zone, 1, &list), 0);
	list_for_each_entry (page, &list, struct page, lru) {
		assert_int_equal(page_to_pfn(page), pfn++);
		assert_int_equal(page_state(page), PAGE_CACHED);
	}
	assert_int_equal(pfn, 64);
	assert_int_equal(zone->free_pages, 0);
	/* From the tail: 63, 62, 61 go, two of them merge. */
	assert_int_equal(buddy_free_bulk(zone, 0, &list), 0);
	assert_int_equal(buddy_free_bulk(zone, 3, &list), 3);
	assert_int_equal(zone->free_area[0].nr_free, 1);
	assert_int_equal(zone->free_area[1].nr_free, 1);
	assert_int_equal(front_pfn(zone, 0), 61);
	assert_int_equal(front_pfn(zone, 1), 62);
	assert_int_equal(buddy_free_bulk(zone, 100, &list), 5);
	assert_true(list_empty(&list));
	assert_int_equal(zone->free_area[3].nr_free, 1);
	machine_destroy(machine);
}

static void a_block_set_aside_is_in_no_list_and_never_merges(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *bad = take(zone, 3, 3072), *buddy = take(zone, 3, 3080);
	struct mm_check_result result;

	(void)state;
	buddy_set_aside(zone, bad, 3);
	buddy_free(zone, buddy, 3);
	assert_int_equal(zone->free_area[3].nr_free, 1);
	assert_int_equal(zone->set_aside_pages, 8);
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.set_aside, 8);
	assert_int_equal(result.free, 4088);
	machine_destroy(machine);
}

static void the_lock_is_free_and_interrupts_are_as_before(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head list;

	(void)state;
	list_init(&list);
	for (int enabled = 0; enabled < 2; enabled++) {
		host_irqs_enabled = enabled;
		buddy_free(zone, take(zone, 2, 3072), 2);
		assert_int_equal(buddy_take_bulk(zone, 2, &list), 2);
		assert_int_equal(buddy_free_bulk(zone, 2, &list), 2);
		assert_int_equal(host_irqs_enabled, enabled);
		assert_false(spin_is_mine(&zone->lock));
	}
	assert_nr_free(zone, f2_full);
	machine_destroy(machine);
}

#define BULK_MOST 16U

/* Take and free pages by `bulk` at once, or one by one; what is free in the end. */
static void move_pages(struct zone *zone, bool at_once, uint64_t seed, struct list_head *held)
{
	for (unsigned int round = 0; round < 400; round++) {
		const unsigned int nr = 1 + (unsigned int)next_random(&seed, BULK_MOST);
		const bool take = next_random(&seed, 2), turn = next_random(&seed, 4) == 0;

		for (unsigned int i = 0; i < (at_once ? 1 : nr); i++) {
			if (take)
				buddy_take_bulk(zone, at_once ? nr : 1, held);
			else
				buddy_free_bulk(zone, at_once ? nr : 1, held);
		}
		/* Out of the order of their pfns, now and then. */
		if (turn && !list_empty(held)) {
			struct list_head *first = held->next;

			list_del(first);
			list_add_tail(first, held);
		}
	}
}

/* Pages that go together are the same pages, and leave the same lists, as those that go singly. */
static void bulks_are_as_single_pages(void **state)
{
	const uint64_t seed = test_seed(0x5eed0025);
	struct machine *machine[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		machine[i] = machine_create(&fixture_f2);
	for (unsigned int more = 0; more < 50; more++) {
		struct list_head held[2];
		unsigned long pfns[2] = {0}, lists[2] = {0};

		for (unsigned int i = 0; i < 2; i++) {
			struct zone *zone = machine_zone(machine[i], 0, ZONE_NORMAL);
			struct page *page;

			machine_enter(machine[i], 0);
			list_init(&held[i]);
			move_pages(zone, i == 0, seed + more, &held[i]);
			list_for_each_entry (page, &held[i], struct page, lru)
				pfns[i] = pfns[i] * 31 + page_to_pfn(page);
			for (unsigned int order = 0; order < MAX_ORDER; order++) {
				list_for_each_entry (
					page, &zone->free_area[order].free_list, struct page, lru)
					lists[i] = lists[i] * 31 + page_to_pfn(page) + order;
			}
			while (buddy_free_bulk(zone, BULK_MOST, &held[i]))
				continue;
			assert_int_equal(zone->free_area[10].nr_free, 4);
		}
		assert_int_equal(pfns[0], pfns[1]);
		assert_int_equal(lists[0], lists[1]);
	}
	for (unsigned int i = 0; i < 2; i++) {
		machine_enter(machine[i], 0);
		machine_destroy(machine[i]);
	}
}

/* Pages whose blocks are free but for them, each merging to the highest order: not all at once. */
static void a_bulk_that_merges_far_ends_early(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 16384, 0}}};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head list;
	unsigned int went;

	(void)state;
	list_init(&list);
	for (unsigned int i = 0; i < BULK_MOST; i++) {
		struct page *page = buddy_take(zone, MAX_ORDER - 1);

		set_page_tag(page, PAGE_CACHED, 0);
		list_add(&page->lru, &list);
		for (unsigned int order = 0; order < MAX_ORDER - 1; order++)
			buddy_free(zone, page + (1UL << order), order);
	}
	assert_int_equal(zone->free_area[9].nr_free, 16);
	went = buddy_free_bulk(zone, BULK_MOST, &list);
	assert_int_equal(went, 5); /* ten merges each, and 48 are enough */
	assert_int_equal(zone->free_area[10].nr_free, 5);
	while (went < BULK_MOST)
		went += buddy_free_bulk(zone, BULK_MOST, &list);
	assert_int_equal(zone->free_area[10].nr_free, 16);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S21_hand_over_gives_order_10_blocks_last_one_first),
		cmocka_unit_test(S22_split_keeps_the_lower_half),
		cmocka_unit_test(S23_everything_merges_again),
		cmocka_unit_test(S25_zones_never_merge),
		cmocka_unit_test(S26_blocks_are_aligned_to_their_size),
		cmocka_unit_test(S26_misaligned_free_is_refused),
		cmocka_unit_test(S27_the_lists_add_up_to_free_pages),
		cmocka_unit_test(smallest_order_that_has_a_block_is_split),
		cmocka_unit_test(freed_last_is_taken_first),
		cmocka_unit_test(a_buddy_that_is_not_wholly_free_does_not_merge),
		cmocka_unit_test(bulk_takes_at_the_tail_and_stops_when_empty),
		cmocka_unit_test(a_block_set_aside_is_in_no_list_and_never_merges),
		cmocka_unit_test(the_lock_is_free_and_interrupts_are_as_before),
		cmocka_unit_test(bulks_are_as_single_pages),
		cmocka_unit_test(a_bulk_that_merges_far_ends_early),
	};

	return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
