/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that are written to where nobody may: what is bad at a free or in a cache is set aside,
 * and the next owner sees nothing of it.
 */
#include "unit.h"

/* Bits that make a page bad when it is freed, by S50. */
#define S50_BAD (1U << 0 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 12 | 1U << 13 | 1U << 16 | 1U << 18)

static void S50_flags_that_are_bad_at_free(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	unsigned long set_aside = 0;

	(void)state;
	for (unsigned int bit = 0; bit < NR_PAGE_FLAGS; bit++) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (bit == PG_reserved) /* S36 */
			continue;
		page_set_flag(page, bit);
		host_print_capture_start();
		__free_page(page);
		host_print_capture_stop();
		if (S50_BAD >> bit & 1) {
			assert_misuse(MISUSE_BAD_PAGE, page, 0);
			assert_int_equal(page_test_flag(page, bit), bit == 7 || bit == 18);
			/* 2.6.11 goes on with it; here nobody gets it again. */
			assert_int_equal(page_state(page), PAGE_SET_ASIDE);
			assert_int_equal(zone->set_aside_pages, ++set_aside);
		} else {
			assert_no_misuse();
			assert_int_equal(page_state(page), PAGE_CACHED);
			if (bit == PG_dirty)
				assert_false(PageDirty(page));
		}
		page_clear_flag(page, bit);
	}
	assert_int_equal(set_aside, 8);
	machine_destroy(machine);
}

static void S50_mappings_that_are_bad_at_free(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL), *block;
	void *file = machine, *anonymous = (char *)file + PAGE_MAPPING_ANON;

	(void)state;
	host_print_capture_start();
	page->_mapcount = 0; /* mapped once */
	__free_page(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_false(page_mapped(page));
	page = alloc_page(GFP_KERNEL);
	page->mapping = file;
	__free_page(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_null(page->mapping);
	page = alloc_page(GFP_KERNEL);
	page->mapping = anonymous;
	__free_page(page);
	assert_no_misuse();
	assert_null(page->mapping);
	block = alloc_pages(GFP_KERNEL, 1);
	block->mapping = anonymous;
	__free_pages(block, 1);
	assert_misuse(MISUSE_BAD_PAGE, block, 1);
	host_print_capture_stop();
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->set_aside_pages, 1 + 1 + 2);
	machine_destroy(machine);
}

static void a_bad_tail_sets_the_whole_block_aside_if_tails_are_checked(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	host_print_capture_start();
	SetPageSlab(block + 5);
	__free_pages(block, 3);
	assert_misuse(MISUSE_BAD_PAGE, block + 5, 3);
	assert_int_equal(zone->set_aside_pages, 8);
	assert_int_equal(page_tag(block), make_tag(PAGE_SET_ASIDE, 3));
	__free_pages(block, 3);
	assert_misuse(MISUSE_NOT_ALLOCATED, block, 3);

	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	block = alloc_pages(GFP_KERNEL, 3);
	SetPageSlab(block + 5);
	__free_pages(block, 3);
	host_print_capture_stop();
	assert_no_misuse();
	assert_int_equal(zone->set_aside_pages, 8);
	ClearPageSlab(block + 5);
	machine_destroy(machine);
}

static void S50_freed_with_a_count_is_bad(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	host_print_capture_start();
	free_hot_page(page);
	host_print_capture_stop();
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_int_equal(page_count(page), 0);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	machine_destroy(machine);
}

/* A descriptor that was written to while nobody held the page: the next one is handed out. */
static void a_page_gone_bad_in_the_cache_is_set_aside(void **state)
{
	static const enum page_flag bad[] = {PG_private, PG_locked, PG_lru, PG_active, PG_dirty,
		PG_reclaim, PG_swapcache, PG_writeback, PG_reserved, PG_slab};
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad) + 3; i++) {
		struct page *page = alloc_page(GFP_KERNEL), *other;

		__free_page(page);
		if (i < ARRAY_SIZE(bad))
			page_set_flag(page, bad[i]);
		else if (i == ARRAY_SIZE(bad))
			page->mapping = machine;
		else if (i == ARRAY_SIZE(bad) + 1)
			page->_mapcount = 3;
		else
			get_page(page);
		host_print_capture_start();
		other = alloc_page(GFP_KERNEL);
		host_print_capture_stop();
		assert_misuse(MISUSE_BAD_PAGE, page, 0);
		assert_ptr_not_equal(other, page);
		assert_int_equal(page_state(page), PAGE_SET_ASIDE);
		assert_int_equal(page_state(other), PAGE_ALLOCATED);
		assert_int_equal(zone->set_aside_pages, i + 1);
		assert_null(page->mapping);
		assert_false(page_mapped(page));
	}
	machine_destroy(machine);
}

static void a_new_owner_sees_no_leftovers(void **state)
{
	static const enum page_flag cleared[] = {
		PG_uptodate, PG_error, PG_referenced, PG_arch_1, PG_checked, PG_mappedtodisk};
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cleared); i++)
		page_set_flag(page, cleared[i]);
	page_set_flag(page, PG_nosave); /* not one of them */
	set_page_private(page, 77);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(page_flags(page) & ((1UL << NR_PAGE_FLAGS) - 1), 1UL << PG_nosave);
	assert_int_equal(page_private(page), 0);
	assert_int_equal(page_count(page), 1);
	machine_destroy(machine);
}

static void a_broken_compound_page_is_set_aside(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

		if (i == 0)
			head[1].index = 3;
		else if (i == 1)
			set_page_private(head + 3, (unsigned long)(head + 1));
		else
			ClearPageCompound(head + 2);
		host_print_capture_start();
		__free_pages(head, 2);
		host_print_capture_stop();
		assert_misuse(MISUSE_BAD_COMPOUND, head, 2);
		assert_int_equal(zone->set_aside_pages, 4 * (i + 1));
		assert_int_equal(page_tag(head), make_tag(PAGE_SET_ASIDE, 2));
	}
	assert_int_equal(zone->free_pages, 4096 - 12);
	machine_destroy(machine);
}

/* The flag is on no list of bad ones (S50), but the next owner must not see it: private is 0. */
static void a_stale_compound_mark_is_cleared(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	SetPageCompound(page);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_false(PageCompound(page));
	assert_int_equal(page_count(page), 1);
	__free_page(page);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S50_flags_that_are_bad_at_free),
		cmocka_unit_test(S50_mappings_that_are_bad_at_free),
		cmocka_unit_test(S50_freed_with_a_count_is_bad),
		cmocka_unit_test(a_bad_tail_sets_the_whole_block_aside_if_tails_are_checked),
		cmocka_unit_test(a_page_gone_bad_in_the_cache_is_set_aside),
		cmocka_unit_test(a_new_owner_sees_no_leftovers),
		cmocka_unit_test(a_broken_compound_page_is_set_aside),
		cmocka_unit_test(a_stale_compound_mark_is_cleared),
	};

	return cmocka_run_group_tests_name("page_bad", tests, NULL, NULL);
}
