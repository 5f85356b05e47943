/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: what is done to blocks, split, merged, cached, freed, refused or set aside, is noted as
 * it was done.
 */
#include "explain_fixture.h"

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
		cmocka_unit_test(what_is_done_to_the_block_is_noted),
		cmocka_unit_test(refusals_are_noted),
		cmocka_unit_test(a_bad_block_is_noted_on_the_way),
		cmocka_unit_test(a_shared_page_is_noted_and_stays),
	};

	return cmocka_run_group_tests_name("explain_block", tests, NULL, NULL);
}
