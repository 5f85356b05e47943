/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: the decisions that are noted are those that were taken, in order, by the numbers that
 * were compared; and they are the same decisions as without it.
 */
#include <mm/mempolicy.h>
#include <mm/reclaim.h>
#include "../unit.h"

static struct mm_explain record;

static const struct mm_explain_event *event_at(unsigned int index)
{
	assert_in_range(index, 0, record.nr - 1);
	return &record.event[index];
}

static unsigned int count(enum mm_explain_kind kind)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < record.nr; i++)
		nr += record.event[i].kind == kind;
	return nr;
}

/* The nth event of a kind. */
static const struct mm_explain_event *nth(enum mm_explain_kind kind, unsigned int n)
{
	for (unsigned int i = 0; i < record.nr; i++) {
		if (record.event[i].kind == kind && n-- == 0)
			return &record.event[i];
	}
	fail_msg("there is no such event of kind %d", kind);
	return NULL;
}

/* Fails unless the event is of this kind and zone, and its first values are these. */
static void check_event(const struct mm_explain_event *event, enum mm_explain_kind kind,
	const struct zone *zone, const unsigned long *value, unsigned int nr)
{
	if (event->kind != kind)
		fail_msg("event %ld is of kind %d, expected %d", (long)(event - record.event),
			event->kind, kind);
	assert_ptr_equal(event->zone, zone);
	for (unsigned int i = 0; i < nr; i++) {
		if (event->value[i] != value[i])
			fail_msg("value %u of event %ld (kind %d) is %lu, expected %lu", i,
				(long)(event - record.event), kind, event->value[i], value[i]);
	}
}

#define CHECK(event, kind, zone, ...)                                        \
	check_event(event, kind, zone, (const unsigned long[]){__VA_ARGS__}, \
		ARRAY_SIZE(((const unsigned long[]){__VA_ARGS__})))

static struct page *explained_alloc(gfp_t gfp, unsigned int order)
{
	struct page *page;

	mm_explain_begin(&record);
	page = alloc_pages(gfp, order);
	mm_explain_end();
	assert_int_equal(record.lost, 0);
	return page;
}

static void explained_free(struct page *page, unsigned int order)
{
	mm_explain_begin(&record);
	__free_pages(page, order);
	mm_explain_end();
	assert_int_equal(record.lost, 0);
}

static void S22_each_split_is_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = explained_alloc(GFP_ATOMIC, 1);

	(void)state;
	assert_int_equal(page_to_pfn(page), 3072);
	assert_int_equal(record.nr, 16);
	CHECK(event_at(0), EXPLAIN_ALLOC, NULL, GFP_ATOMIC, 1);
	CHECK(event_at(1), EXPLAIN_ZONELIST, NULL, (unsigned long)zone, 0);
	CHECK(event_at(2), EXPLAIN_PASS, NULL, MARK_LOW, 0, 0);
	assert_string_equal(event_at(2)->text, "low");
	CHECK(event_at(3), EXPLAIN_WATERMARK, zone, 1, 4096, 160, 160, 0, 1);
	CHECK(event_at(4), EXPLAIN_ORDER, zone, 0, 0, 4095, 80, 1);
	CHECK(event_at(5), EXPLAIN_FOUND, zone, 1, 10, 3072);
	for (unsigned int i = 0; i < 9; i++)
		CHECK(event_at(6 + i), EXPLAIN_SPLIT, zone, 3072, 3072 + (512 >> i), 9 - i);
	CHECK(event_at(15), EXPLAIN_PAGE, zone, 3072, 1, (unsigned long)page_address(page));

	page = explained_alloc(GFP_ATOMIC, 0);
	assert_int_equal(record.nr, 10);
	CHECK(event_at(3), EXPLAIN_WATERMARK, zone, 0, 4094, 160, 160, 0, 1);
	CHECK(event_at(4), EXPLAIN_CACHE, zone, 0, 0, 2, 6, 1);
	assert_string_equal(event_at(4)->text, "hot");
	CHECK(event_at(5), EXPLAIN_FOUND, zone, 0, 1, 3074);
	CHECK(event_at(6), EXPLAIN_SPLIT, zone, 3074, 3075, 0);
	CHECK(event_at(7), EXPLAIN_REFILL, zone, 1, 1);
	CHECK(event_at(8), EXPLAIN_CACHE_HIT, zone, 3074, 0);
	CHECK(event_at(9), EXPLAIN_PAGE, zone, 3074, 0, (unsigned long)page_address(page));
	machine_destroy(machine);
}

static void S23_each_merge_is_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *two, *one[2], *large;

	(void)state;
	two = alloc_pages(GFP_ATOMIC, 1);
	one[0] = alloc_pages(GFP_ATOMIC, 0);
	one[1] = alloc_pages(GFP_ATOMIC, 0);
	large = alloc_pages(GFP_ATOMIC, 5);
	explained_free(one[1], 0);
	assert_int_equal(record.nr, 4);
	CHECK(event_at(0), EXPLAIN_FREE, NULL, 3075, 0);
	CHECK(event_at(1), EXPLAIN_CHECKED, NULL, 0);
	CHECK(event_at(2), EXPLAIN_CACHE, zone, 0, 0, 2, 6, 1);
	CHECK(event_at(3), EXPLAIN_CACHED, zone, 3075, 1);
	__free_pages(one[0], 0);
	drain_local_pages();

	explained_free(large, 5);
	assert_int_equal(record.nr, 5);
	CHECK(event_at(2), EXPLAIN_BLOCK, zone, 3104, 5);
	CHECK(event_at(3), EXPLAIN_NO_MERGE, zone, 3072, 5);
	assert_string_equal(event_at(3)->text, "heads no free block");
	CHECK(event_at(4), EXPLAIN_LISTED, zone, 3104, 5);

	explained_free(two, 1);
	assert_int_equal(record.nr, 13);
	CHECK(event_at(2), EXPLAIN_BLOCK, zone, 3072, 1);
	for (unsigned int i = 0; i < 9; i++)
		CHECK(event_at(3 + i), EXPLAIN_MERGE, zone, 3072 + (2UL << i), 1 + i, 3072);
	CHECK(event_at(12), EXPLAIN_LISTED, zone, 3072, 10);
	machine_destroy(machine);
}

/* What keeps a buddy from merging is told apart. */
static void the_reason_for_no_merge_is_noted(void **state)
{
	static const char *const why[] = {"heads no free block", "is reserved",
		"heads a block of another order", "has a count"};
	struct machine *machine = machine_create(&fixture_f3);
	struct zone *zone = machine_zone(machine, 0, ZONE_DMA32);
	struct page *page = alloc_pages(GFP_DMA32, 1), *buddy = page + 2;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(why); i++) {
		unsigned long flags = page_flags(buddy);

		if (i == 0)
			ClearPagePrivate(buddy);
		else if (i == 1)
			SetPageReserved(buddy);
		else if (i == 2)
			set_page_private(buddy, 0);
		else
			set_page_count(buddy, 1);
		explained_free(page, 1);
		assert_string_equal(nth(EXPLAIN_NO_MERGE, 0)->text, why[i]);
		page_write_flags(buddy, flags);
		set_page_private(buddy, 1);
		set_page_count(buddy, 0);
		assert_ptr_equal(alloc_pages(GFP_DMA32, 1), page);
	}
	/* The buddy of the zone's last largest but one block is whole, in the other zone it is not
	 * looked at: no block is that large. */
	explained_free(page, 1);
	assert_int_equal(count(EXPLAIN_NO_MERGE), 0);
	CHECK(nth(EXPLAIN_LISTED, 0), EXPLAIN_LISTED, zone, 3072, 10);
	machine_destroy(machine);
}

static void a_buddy_in_another_zone_is_noted(void **state)
{
	static const struct zone_layout layout = {.name = "half a block",
		.nr = 2,
		.limit = {{ZONE_DMA32, 512 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
	const struct machine_spec spec = {.layout = &layout, .bank = {{0, 1024, 0}}};
	struct machine *machine = machine_create(&spec);
	struct page *page;

	(void)state;
	machine_lift_reserves(machine);
	page = alloc_pages(GFP_DMA32, 9);
	explained_free(page, 9);
	CHECK(nth(EXPLAIN_NO_MERGE, 0), EXPLAIN_NO_MERGE, machine_zone(machine, 0, ZONE_DMA32), 512,
		9);
	assert_string_equal(nth(EXPLAIN_NO_MERGE, 0)->text, "is of another zone, or of none");
	machine_destroy(machine);
}

static void S28_a_refill_is_noted_page_by_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = explained_alloc(GFP_KERNEL, 0);

	(void)state;
	CHECK(event_at(3), EXPLAIN_WATERMARK, zone, 0, 262144, 1280, 1280, 0, 1);
	CHECK(event_at(4), EXPLAIN_CACHE, zone, 0, 0, 32, 96, 16);
	CHECK(event_at(5), EXPLAIN_FOUND, zone, 0, 10, 261120);
	assert_int_equal(count(EXPLAIN_FOUND), 16);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(nth(EXPLAIN_FOUND, i)->value[2], 261120 + i);
	assert_int_equal(count(EXPLAIN_SPLIT), 10 + 1 + 4 + 6); /* orders 10; 1; 2 and 1; ... */
	CHECK(nth(EXPLAIN_REFILL, 0), EXPLAIN_REFILL, zone, 16, 16);
	CHECK(nth(EXPLAIN_CACHE_HIT, 0), EXPLAIN_CACHE_HIT, zone, 261120, 15);
	CHECK(event_at(record.nr - 1), EXPLAIN_PAGE, zone, 261120, 0,
		(unsigned long)page_address(page));
	machine_destroy(machine);
}

static void S30_a_hit_is_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		alloc_page(GFP_KERNEL);
	page = explained_alloc(GFP_KERNEL, 0);
	assert_int_equal(page_to_pfn(page), 261123);
	assert_int_equal(record.nr, 7);
	CHECK(event_at(4), EXPLAIN_CACHE, zone, 0, 45, 32, 96, 16);
	CHECK(event_at(5), EXPLAIN_CACHE_HIT, zone, 261123, 44);
	page = explained_alloc(GFP_KERNEL | __GFP_COLD, 0);
	assert_int_equal(page_to_pfn(page), 261168);
	assert_string_equal(nth(EXPLAIN_CACHE, 0)->text, "cold");
	CHECK(nth(EXPLAIN_CACHE, 0), EXPLAIN_CACHE, zone, 0, 0, 0, 32, 16);
	machine_destroy(machine);
}

static void S32_a_spill_is_noted_page_by_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = alloc_pages(GFP_KERNEL, 7);

	(void)state;
	split_page(page, 7);
	for (unsigned int i = 0; i < 96; i++)
		__free_page(page + i);
	explained_free(page + 96, 0);
	CHECK(event_at(2), EXPLAIN_CACHE, zone, 0, 96, 32, 96, 16);
	CHECK(event_at(3), EXPLAIN_SPILL, zone, 16);
	assert_int_equal(count(EXPLAIN_BLOCK), 16);
	for (unsigned int i = 0; i < 16; i++)
		CHECK(nth(EXPLAIN_BLOCK, i), EXPLAIN_BLOCK, zone, page_to_pfn(page) + i, 0);
	assert_int_equal(count(EXPLAIN_MERGE), 15);
	CHECK(nth(EXPLAIN_LISTED, 15), EXPLAIN_LISTED, zone, page_to_pfn(page), 4);
	CHECK(event_at(record.nr - 1), EXPLAIN_CACHED, zone, page_to_pfn(page) + 96, 81);
	machine_destroy(machine);
}

/* S41's way down, a step before each of its turns. */
static void S41_fallback_shows_the_numbers(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY;

	(void)state;
	for (unsigned int i = 0; i < 3984; i++)
		assert_non_null(alloc_page(gfp));
	assert_non_null(explained_alloc(gfp, 0));
	CHECK(event_at(1), EXPLAIN_ZONELIST, NULL, (unsigned long)normal, (unsigned long)low, 0);
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 112, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 4096, 112, 112, 16, 1);
	assert_ptr_equal(event_at(record.nr - 1)->zone, low);

	for (unsigned int i = 1; i < 3968; i++)
		assert_non_null(alloc_page(gfp));
	assert_non_null(explained_alloc(gfp, 0));
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 112, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 128, 112, 112, 16, 0);
	CHECK(event_at(5), EXPLAIN_SLOW, NULL, 0);
	CHECK(event_at(6), EXPLAIN_KSWAPD, normal, 0, 1);
	CHECK(event_at(7), EXPLAIN_KSWAPD, low, 0, 0);
	CHECK(event_at(8), EXPLAIN_PASS, NULL, MARK_MIN, 0, 0);
	CHECK(event_at(9), EXPLAIN_WATERMARK, normal, 0, 112, 90, 90, 0, 1);
	assert_ptr_equal(event_at(record.nr - 1)->zone, normal);
	machine_destroy(machine);
}

static void S42_a_failing_atomic_request_shows_its_last_pass(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

	(void)state;
	while (alloc_page(gfp))
		continue;
	assert_null(explained_alloc(gfp, 0));
	assert_int_equal(record.nr, 12);
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 34, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 50, 112, 112, 16, 0);
	CHECK(event_at(8), EXPLAIN_PASS, NULL, MARK_MIN, 1, 1);
	assert_string_equal(event_at(8)->text, "min");
	/* 90, less its half, less a quarter of that */
	CHECK(event_at(9), EXPLAIN_WATERMARK, normal, 0, 34, 90, 34, 0, 0);
	CHECK(event_at(10), EXPLAIN_WATERMARK, low, 0, 50, 90, 34, 16, 0);
	CHECK(event_at(11), EXPLAIN_FAILED, NULL, 0);
	assert_string_equal(event_at(11)->text, "it may not wait for memory");
	machine_destroy(machine);
}

/* Plenty is free, but in single pages. */
static void the_order_loop_shows_where_it_ends(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned long i = 0; i < 4096; i++)
		assert_non_null(buddy_take(zone, 0));
	for (unsigned long pfn = 0; pfn < 4096; pfn += 2)
		buddy_free(zone, pfn_to_page(pfn), 0);
	for (unsigned long pfn = 1; pfn < 64; pfn += 2)
		buddy_free(zone, pfn_to_page(pfn), 0); /* and one block of order 6 */
	assert_null(explained_alloc(GFP_ATOMIC | __GFP_NOWARN, 7));
	CHECK(event_at(3), EXPLAIN_WATERMARK, zone, 7, 2080, 160, 160, 0, 1);
	CHECK(event_at(4), EXPLAIN_ORDER, zone, 0, 2016, -63, 80, 0); /* 2080 - 127 - 2016 */
	CHECK(event_at(5), EXPLAIN_SLOW, NULL, 0);
	CHECK(nth(EXPLAIN_ORDER, 1), EXPLAIN_ORDER, zone, 0, 2016, -63, 24, 0);
	for (unsigned long pfn = 1; pfn < 4096; pfn += 2)
		if (pfn >= 64)
			buddy_free(zone, pfn_to_page(pfn), 0);

	explained_alloc(GFP_KERNEL, 3);
	for (unsigned int o = 0; o < 3; o++)
		CHECK(nth(EXPLAIN_ORDER, o), EXPLAIN_ORDER, zone, o, 0, 4096 - 7, 80 >> o, 1);
	machine_destroy(machine);
}

static void reserves_and_an_empty_zone_are_noted(void **state)
{
	const struct machine_spec small = {.bank = {{0, 64, 0}}};
	struct machine *machine = machine_create(&small);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	mm_current()->flags |= PF_MEMALLOC;
	explained_alloc(GFP_KERNEL, 5);
	assert_string_equal(event_at(record.nr - 1)->text ? "" : "end", "end");
	CHECK(event_at(record.nr - 1), EXPLAIN_PAGE, zone, 0, 5);
	while (alloc_page(GFP_KERNEL | __GFP_NOWARN))
		continue;
	assert_null(explained_alloc(GFP_KERNEL | __GFP_NOWARN, 0));
	assert_int_equal(count(EXPLAIN_RESERVES), 1);
	CHECK(nth(EXPLAIN_NO_MARK, 0), EXPLAIN_NO_MARK, zone, 0);
	CHECK(nth(EXPLAIN_REFILL, 0), EXPLAIN_REFILL, zone, 0, 1);
	assert_int_equal(count(EXPLAIN_EMPTY), 2); /* the refill, and the block itself */
	assert_string_equal(
		event_at(record.nr - 1)->text, "there is nothing below the marks either");
	mm_current()->flags &= ~PF_MEMALLOC;
	machine_destroy(machine);
}

/* Reclaim that frees a page of the test's at its second call. */
static struct page *kept;
static unsigned int reclaims, kills, waits;

static unsigned int reclaim_at_second(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	assert_null(mm_current()->explain);
	if (++reclaims < 2)
		return 0;
	if (kept)
		__free_pages(kept, 8);
	kept = NULL;
	return 1;
}

static void count_kill(gfp_t gfp)
{
	(void)gfp;
	kills++;
}

static void count_wait(uint64_t deadline)
{
	(void)deadline;
	waits++;
}

static const struct mm_hooks counting_hooks = {
	.try_to_free_pages = reclaim_at_second,
	.out_of_memory = count_kill,
	.wakeup_kswapd = wakeup_kswapd,
	.congestion_wait = count_wait,
};

static struct machine *short_machine(void)
{
	struct machine *machine = machine_create(&fixture_f2);

	kept = alloc_pages(GFP_KERNEL, 8);
	reclaims = kills = waits = 0;
	machine->mm.hooks = &counting_hooks;
	while (alloc_page(GFP_ATOMIC | __GFP_NOWARN))
		continue;
	return machine;
}

static void reclaim_and_oom_are_noted(void **state)
{
	struct machine *machine = short_machine();

	(void)state;
	assert_non_null(explained_alloc(GFP_KERNEL, 0));
	assert_int_equal(kills, 1);
	assert_int_equal(count(EXPLAIN_RECLAIM), 2);
	CHECK(nth(EXPLAIN_RECLAIM, 0), EXPLAIN_RECLAIM, NULL, 0, 48, 48, 0, 0);
	CHECK(nth(EXPLAIN_RECLAIM, 1), EXPLAIN_RECLAIM, NULL, 1, 48, 304, 0, 0);
	assert_int_equal(count(EXPLAIN_OOM), 1);
	assert_int_equal(count(EXPLAIN_FREE), 0); /* reclaim's own free */
	assert_string_equal(nth(EXPLAIN_PASS, 2)->text, "high");
	CHECK(nth(EXPLAIN_PASS, 2), EXPLAIN_PASS, NULL, MARK_HIGH, 0, 0);
	assert_string_equal(nth(EXPLAIN_PASS, 3)->text, "low");
	machine_destroy(machine);
}

static void waits_and_giving_up_are_noted(void **state)
{
	struct machine *machine = short_machine();

	(void)state;
	assert_non_null(explained_alloc(GFP_NOFS, 0));
	assert_int_equal(waits, 1);
	assert_int_equal(count(EXPLAIN_RETRY), 1);
	assert_string_equal(nth(EXPLAIN_RETRY, 0)->text, "its order is small");
	while (alloc_page(GFP_ATOMIC | __GFP_NOWARN))
		continue;
	assert_null(explained_alloc(GFP_NOFS | __GFP_NOWARN, 4));
	assert_int_equal(count(EXPLAIN_RETRY), 0);
	assert_string_equal(event_at(record.nr - 1)->text,
		"not to be tried again: NORETRY, or large without REPEAT or NOFAIL");
	machine_destroy(machine);
}

static void a_policy_is_noted_with_its_first_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	const struct zone *zone = machine_zone(machine, 2, ZONE_NORMAL);

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, 1 << 2), 0);
	explained_alloc(GFP_KERNEL, 2);
	CHECK(event_at(0), EXPLAIN_POLICY, zone, 0);
	assert_string_equal(event_at(0)->text, "interleave");
	CHECK(event_at(record.nr - 1), EXPLAIN_PAGE, zone, 11264, 2);
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, 1 << 3), 0);
	explained_alloc(GFP_KERNEL, 2);
	assert_string_equal(event_at(0)->text, "preferred");
	assert_ptr_equal(event_at(0)->zone, machine_zone(machine, 3, ZONE_NORMAL));
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	explained_alloc(GFP_KERNEL, 2);
	assert_int_equal(count(EXPLAIN_POLICY), 0);
	assert_int_equal(count(EXPLAIN_ZONELIST), 1);
	assert_int_equal(nth(EXPLAIN_ZONELIST, 0)->value[1],
		(unsigned long)machine_zone(machine, 0, ZONE_DMA32));
	machine_destroy(machine);
}

static void the_whole_zonelist_is_noted(void **state)
{
	struct machine_spec spec = {.layout = &layout_low_2048};
	struct machine *machine;
	unsigned int seen = 0;

	(void)state;
	for (unsigned int nid = 0; nid < 8; nid++) {
		spec.bank[nid].start_pfn = 4096UL * nid;
		spec.bank[nid].nr_pages = 4096;
		spec.bank[nid].nid = (int)nid;
	}
	machine = machine_create(&spec);
	explained_alloc(GFP_KERNEL, 2);
	assert_int_equal(count(EXPLAIN_ZONELIST), 2);
	for (unsigned int i = 0; i < 2; i++) {
		const struct mm_explain_event *event = nth(EXPLAIN_ZONELIST, i);

		for (unsigned int j = 0; j < MM_EXPLAIN_VALUES && event->value[j]; j++)
			assert_int_equal(event->value[j],
				(unsigned long)this_cpu->zonelist[0]->zones[seen++]);
	}
	assert_int_equal(seen, 9);
	machine_destroy(machine);
}

static void what_is_done_to_the_block_is_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = explained_alloc(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, 3);

	(void)state;
	CHECK(nth(EXPLAIN_ZEROED, 0), EXPLAIN_ZEROED, NULL, 8);
	CHECK(nth(EXPLAIN_COMPOUND, 0), EXPLAIN_COMPOUND, NULL, 3);
	explained_free(page, 3);
	assert_int_equal(count(EXPLAIN_BLOCK), 1);
	explained_alloc(GFP_KERNEL, 3);
	assert_int_equal(count(EXPLAIN_ZEROED) + count(EXPLAIN_COMPOUND), 0);
	machine_destroy(machine);
}

static void refusals_are_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	(void)state;
	host_print_capture_start();
	__free_pages(page, 2);
	explained_free(page, 2);
	assert_int_equal(record.nr, 2);
	CHECK(event_at(0), EXPLAIN_FREE, NULL, page_to_pfn(page), 2);
	CHECK(event_at(1), EXPLAIN_MISUSE, NULL, 0);
	assert_string_equal(event_at(1)->text, "double free");

	page = alloc_page(GFP_KERNEL);
	SetPageLocked(page);
	explained_free(page, 0);
	assert_int_equal(record.nr, 3);
	assert_string_equal(event_at(1)->text, "bad page state");
	CHECK(event_at(2), EXPLAIN_SET_ASIDE, zone, page_to_pfn(page), 0);

	assert_null(explained_alloc(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM, 0));
	CHECK(event_at(1), EXPLAIN_NO_LIST, NULL, GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM);
	host_print_capture_stop();
	host_misuse_reset();
	machine_destroy(machine);
}

/* A page that was written to while it was free: set aside, and the next one is taken. */
static void a_bad_block_is_noted_on_the_way(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	__free_pages(page, 3);
	page = alloc_pages(GFP_KERNEL, 10);
	__free_pages(page, 10);
	page->mapping = page;
	host_print_capture_start();
	assert_ptr_not_equal(explained_alloc(GFP_KERNEL, 10), page);
	host_print_capture_stop();
	assert_misuse(MISUSE_BAD_PAGE, page, 10);
	assert_int_equal(count(EXPLAIN_FOUND), 2);
	CHECK(nth(EXPLAIN_SET_ASIDE, 0), EXPLAIN_SET_ASIDE, page_zone(page), page_to_pfn(page), 10);
	machine_destroy(machine);
}

static void a_shared_page_is_noted_and_stays(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	get_page(page);
	get_page(page);
	explained_free(page, 0);
	assert_int_equal(record.nr, 2);
	CHECK(event_at(0), EXPLAIN_FREE, NULL, page_to_pfn(page), 0);
	assert_int_equal(event_at(0)->value[4], 3);
	CHECK(event_at(1), EXPLAIN_REFERENCE, NULL, 2);
	put_page(page);
	mm_explain_begin(&record);
	put_page(page);
	mm_explain_end();
	assert_int_equal(count(EXPLAIN_CACHED), 1);
	page = alloc_page(GFP_KERNEL);
	assert_true(put_page_testzero(page));
	mm_explain_begin(&record);
	free_cold_page(page);
	mm_explain_end();
	assert_int_equal(record.nr, 4);
	assert_string_equal(nth(EXPLAIN_CACHE, 0)->text, "cold");
	machine_destroy(machine);
}

/* The same calls on two machines, one of which explains all of them. */
enum { STEPS = 4000, HELD = 300 };

static void run_sequence(struct machine *machine, bool explain, unsigned long pfn[STEPS])
{
	uint64_t chance = 0x5eed;
	struct page *held[HELD] = {NULL};
	unsigned int order[HELD] = {0};

	machine_enter(machine, 0);
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned long slot = next_random(&chance, HELD);
		gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

		if (explain)
			mm_explain_begin(&record);
		if (next_random(&chance, 4) == 0)
			gfp |= __GFP_DMA32;
		if (held[slot]) {
			__free_pages(held[slot], order[slot]);
			held[slot] = NULL;
			pfn[i] = 0;
		} else {
			order[slot] = next_random(&chance, 2)
					      ? 0
					      : (unsigned int)next_random(&chance, 10);
			held[slot] = alloc_pages(gfp, order[slot]);
			pfn[i] = held[slot] ? page_to_pfn(held[slot]) : 1;
		}
		if (explain) {
			mm_explain_end();
			assert_int_not_equal(record.nr, 0);
		}
	}
}

static void explained_or_not_the_pages_are_the_same(void **state)
{
	static unsigned long plain[STEPS], explained[STEPS];
	struct machine *a = machine_create(&fixture_f3);
	struct machine *b = machine_create(&fixture_f3);
	unsigned int failed = 0;

	(void)state;
	run_sequence(a, false, plain);
	run_sequence(b, true, explained);
	for (unsigned int i = 0; i < STEPS; i++) {
		assert_int_equal(plain[i], explained[i]);
		failed += plain[i] == 1;
	}
	assert_int_not_equal(failed, 0); /* the slow path was a part of it */
	for (unsigned int i = 0; i < a->mm.nr_node_ids << ZONES_SHIFT; i++) {
		const struct zone *zone = a->mm.zone_table[i], *twin = b->mm.zone_table[i];

		if (zone)
			assert_int_equal(zone->free_pages, twin->free_pages);
	}
	machine_destroy(b);
	machine_enter(a, 0);
	machine_destroy(a);
}

static void when_there_is_no_room_the_end_is_kept(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = NULL;

	(void)state;
	mm_explain_begin(&record);
	for (unsigned int i = 0; i < 200; i++)
		page = alloc_page(GFP_KERNEL);
	mm_explain_end();
	assert_int_equal(record.nr, MM_EXPLAIN_EVENTS);
	assert_int_not_equal(record.lost, 0);
	CHECK(event_at(0), EXPLAIN_ALLOC, NULL, GFP_KERNEL, 0);
	CHECK(event_at(MM_EXPLAIN_EVENTS - 1), EXPLAIN_PAGE, page_zone(page), page_to_pfn(page));

	mm_explain_begin(&record);
	assert_int_equal(record.lost, 0);
	for (unsigned long i = 0; i < MM_EXPLAIN_EVENTS + 88; i++)
		mm_explain_add(&record, &(struct mm_explain_event){.value = {i}});
	mm_explain_end();
	assert_int_equal(record.lost, 88);
	assert_int_equal(event_at(MM_EXPLAIN_EVENTS - 2)->value[0], MM_EXPLAIN_EVENTS - 2);
	assert_int_equal(event_at(MM_EXPLAIN_EVENTS - 1)->value[0], MM_EXPLAIN_EVENTS + 87);
	machine_destroy(machine);
}

static void an_interrupt_is_not_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	mm_explain_begin(&record);
	for (unsigned int busy = 0; busy < 2; busy++) {
		interrupt_begin(busy);
		__free_page(page);
		page = alloc_page(GFP_ATOMIC);
		interrupt_end();
		assert_non_null(page);
	}
	assert_int_equal(record.nr, 0);
	__free_page(page);
	assert_int_not_equal(record.nr, 0);
	mm_explain_end();
	machine_destroy(machine);
}

static void another_thread_is_not_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct mm_task *task = mm_current();
	struct mm_task other = {.name = "other", .prio = DEFAULT_PRIO};

	(void)state;
	mm_explain_begin(&record);
	mm_switch_task(&other);
	assert_int_equal(this_cpu->attention, 0);
	alloc_page(GFP_KERNEL);
	assert_int_equal(record.nr, 0);
	mm_switch_task(task);
	assert_int_not_equal(this_cpu->attention, 0);
	alloc_page(GFP_KERNEL);
	assert_int_not_equal(record.nr, 0);
	mm_explain_end();
	machine_destroy(machine);
}

static void ended_it_leaves_nothing_behind(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_int_equal(this_cpu->attention, 0);
	explained_alloc(GFP_KERNEL, 0);
	assert_int_equal(this_cpu->attention, 0);
	assert_null(mm_current()->explain);
	assert_true(irqs_enabled());
	record.nr = 0;
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(record.nr, 0);

	assert_int_equal(set_mempolicy(MPOL_PREFERRED, 0), 0); /* the other switch stays */
	explained_alloc(GFP_KERNEL, 0);
	assert_int_equal(this_cpu->switches, MM_SWITCH_POLICY);
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	assert_int_equal(this_cpu->attention, 0);
	machine_destroy(machine);
}

static void lines_of_an_allocation(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = explained_alloc(GFP_ATOMIC, 1);

	(void)state;
	host_print_capture_start();
	mm_explain_print(&record);
	explained_free(page, 1);
	mm_explain_print(&record);
	assert_printed("alloc order 1, gfp 0x20 (HIGH), thread ");
	assert_printed("\nzonelist: 0:Normal\npass low: a zone must keep pages_low\n");
	assert_printed("\n  0:Normal free 4096 less 1 (order 1) > mark 160 + reserve 0: yes\n");
	assert_printed("\n    without order 0 (0 free blocks): 4095 > 80: yes\n");
	assert_printed("\n  0:Normal buddy: takes pfn 0xc00 of order 10, as there is none of "
		       "orders 1 to 9\n");
	assert_printed("\n    split: keeps pfn 0xc00, lists pfn 0xe00, order 9 each\n");
	assert_printed("\nhanded out: pfn 0xc00 of order 1, address 0x");
	assert_printed("\nfree pfn 0xc00 order 1, count 1, thread ");
	assert_printed("\n    buddy pfn 0xc02 is free, too: now pfn 0xc00 of order 2\n");
	assert_printed("\n    listed: pfn 0xc00 of order 10\n");
	host_print_capture_stop();
	machine_destroy(machine);
}

/* Values as large as they come, by kind; for the kinds that are not here any will do. */
static const unsigned long large[NR_EXPLAIN_KINDS][MM_EXPLAIN_VALUES] = {
	[EXPLAIN_ALLOC] = {GFP_KERNEL | __GFP_ZERO, 10, -1UL << 31, 127},
	[EXPLAIN_PASS] = {MARK_HIGH, 1, 1},
	[EXPLAIN_WATERMARK] = {10, 1UL << 28, 1UL << 20, 1UL << 19, 1UL << 20, 0},
	[EXPLAIN_ORDER] = {10, 1UL << 28, 1UL << 28, 1UL << 20, 0},
	[EXPLAIN_CACHE] = {127, 96, 32, 96, 16},
	[EXPLAIN_FOUND] = {1, 10, 1UL << 28},
	[EXPLAIN_SPLIT] = {1UL << 28, 1UL << 28, 10},
	[EXPLAIN_PAGE] = {1UL << 28, 10, -1UL << 40},
	[EXPLAIN_RECLAIM] = {1, 1UL << 28, 1UL << 28, 10000, 10000},
	[EXPLAIN_FREE] = {1UL << 28, 10, -1UL << 31, 127, 1},
	[EXPLAIN_MERGE] = {1UL << 28, 9, 1UL << 28},
	[EXPLAIN_NO_MERGE] = {1UL << 28, 10},
};

static void every_kind_has_a_line_that_fits(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	record.nr = 0;
	for (unsigned int kind = 0; kind < NR_EXPLAIN_KINDS; kind++) {
		struct mm_explain_event event = {.kind = (enum mm_explain_kind)kind,
			.text = "interleave",
			.zone = machine_zone(machine, 0, ZONE_NORMAL)};

		for (unsigned int i = 0; i < MM_EXPLAIN_VALUES; i++)
			event.value[i] = kind == EXPLAIN_ZONELIST ? (unsigned long)event.zone
								  : large[kind][i];
		mm_explain_add(&record, &event);
	}
	record.lost = 3;
	host_print_capture_start();
	mm_explain_print(&record);
	assert_int_equal(times_printed("\n"), NR_EXPLAIN_KINDS + 1);
	assert_printed("(3 decisions are left out: no room)\n");
	for (const char *at = host_print_captured(); *at; at = strchr(at, '\n') + 1) {
		if (strcspn(at, "\n") > 100)
			fail_msg("over 100 columns: %.*s", (int)strcspn(at, "\n"), at);
	}
	host_print_capture_stop();
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S22_each_split_is_noted),
		cmocka_unit_test(S23_each_merge_is_noted),
		cmocka_unit_test(the_reason_for_no_merge_is_noted),
		cmocka_unit_test(a_buddy_in_another_zone_is_noted),
		cmocka_unit_test(S28_a_refill_is_noted_page_by_page),
		cmocka_unit_test(S30_a_hit_is_noted),
		cmocka_unit_test(S32_a_spill_is_noted_page_by_page),
		cmocka_unit_test(S41_fallback_shows_the_numbers),
		cmocka_unit_test(S42_a_failing_atomic_request_shows_its_last_pass),
		cmocka_unit_test(the_order_loop_shows_where_it_ends),
		cmocka_unit_test(reserves_and_an_empty_zone_are_noted),
		cmocka_unit_test(reclaim_and_oom_are_noted),
		cmocka_unit_test(waits_and_giving_up_are_noted),
		cmocka_unit_test(a_policy_is_noted_with_its_first_zone),
		cmocka_unit_test(the_whole_zonelist_is_noted),
		cmocka_unit_test(what_is_done_to_the_block_is_noted),
		cmocka_unit_test(refusals_are_noted),
		cmocka_unit_test(a_bad_block_is_noted_on_the_way),
		cmocka_unit_test(a_shared_page_is_noted_and_stays),
		cmocka_unit_test(explained_or_not_the_pages_are_the_same),
		cmocka_unit_test(when_there_is_no_room_the_end_is_kept),
		cmocka_unit_test(an_interrupt_is_not_noted),
		cmocka_unit_test(another_thread_is_not_noted),
		cmocka_unit_test(ended_it_leaves_nothing_behind),
		cmocka_unit_test(lines_of_an_allocation),
		cmocka_unit_test(every_kind_has_a_line_that_fits),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
