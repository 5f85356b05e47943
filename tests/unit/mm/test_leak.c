/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaks: what was allocated since a mark, by place, the largest first.
 */
#include <mm/leak.h>
#include "debug_fixture.h"

static struct mm_leaks leaks;

static int setup_owner(void **state)
{
	(void)state;
	start_on(&fixture_f4);
	return mm_debug_set(&machine->mm, MM_DEBUG_OWNER, true);
}

/* Two places to allocate from, each with a call of its own. */
static __attribute__((noinline)) struct page *here(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	assert_non_null(page);
	return page;
}

static __attribute__((noinline)) struct page *there(unsigned int order)
{
	struct page *page = alloc_pages(GFP_ATOMIC, order);

	assert_non_null(page);
	return page;
}

static unsigned long diff(uint64_t since)
{
	return mm_leak_diff(&machine->mm, since, &leaks);
}

static void what_was_there_before_is_none(void **state)
{
	struct page *before = here(2);
	uint64_t mark = mm_leak_mark();

	(void)state;
	assert_int_equal(diff(mark), 0);
	assert_int_equal(leaks.nr, 0);
	assert_int_equal(diff(0), 4);
	__free_pages(before, 2);
	assert_int_equal(diff(0), 0);
}

static void what_is_freed_is_none(void **state)
{
	uint64_t mark = mm_leak_mark();
	struct page *page = here(0), *kept = here(3);

	(void)state;
	assert_int_equal(diff(mark), 9);
	__free_pages(page, 0);
	assert_int_equal(diff(mark), 8);
	assert_int_equal(leaks.nr, 1);
	assert_int_equal(leaks.site[0].pfn, page_to_pfn(kept));
	__free_pages(kept, 3);
	assert_int_equal(diff(mark), 0);
}

static void places_by_size(void **state)
{
	uint64_t mark = mm_leak_mark();
	struct page *pages[6];

	(void)state;
	machine_enter(machine, 3);
	for (unsigned int i = 0; i < 5; i++) {
		pages[i] = here(0);
		/* The loop may be unrolled, and then has five calls. */
		page_owner(&machine->mm, page_to_pfn(pages[i]))->allocated.stack[1] = 1;
	}
	machine_enter(machine, 1);
	pages[5] = there(3);
	assert_int_equal(diff(mark), 13);
	assert_int_equal(leaks.blocks, 6);
	assert_int_equal(leaks.nr, 2);
	assert_int_equal(leaks.site[0].pages, 8);
	assert_int_equal(leaks.site[0].blocks, 1);
	assert_int_equal(leaks.site[0].oldest.gfp, GFP_ATOMIC);
	assert_int_equal(leaks.site[0].oldest.cpu, 1);
	assert_int_equal(leaks.site[1].pages, 5);
	assert_int_equal(leaks.site[1].blocks, 5);
	assert_int_equal(leaks.site[1].pfn, page_to_pfn(pages[0]));
	assert_int_not_equal(leaks.site[0].stack[0], leaks.site[1].stack[0]);
	assert_int_equal(leaks.site[1].stack[0], leaks.site[1].oldest.stack[0]);
	for (unsigned int i = 0; i < 5; i++)
		__free_page(pages[i]);
	__free_pages(pages[5], 3);
}

/* Each page of a split block is one that must be freed. */
static void parts_of_a_block_count_alone(void **state)
{
	uint64_t mark = mm_leak_mark();
	struct page *page = here(2);

	(void)state;
	split_page(page, 2);
	__free_page(&page[1]);
	assert_int_equal(diff(mark), 3);
	assert_int_equal(leaks.blocks, 3);
	assert_int_equal(leaks.nr, 1);
	__free_page(&page[0]);
	__free_page(&page[2]);
	__free_page(&page[3]);
}

/* More places than there is room for: none is lost in the sums. */
static void too_many_places_are_summed(void **state)
{
	const unsigned int nr = MM_LEAK_SITES + 40;
	struct page *pages[MM_LEAK_SITES + 40];
	uint64_t mark = mm_leak_mark();

	(void)state;
	for (unsigned int i = 0; i < nr; i++) {
		pages[i] = here(0);
		page_owner(&machine->mm, page_to_pfn(pages[i]))->allocated.stack[3] = i + 1;
	}
	assert_int_equal(diff(mark), nr);
	assert_int_equal(leaks.nr, MM_LEAK_SITES);
	assert_int_equal(leaks.other_blocks, 40);
	assert_int_equal(leaks.other_pages, 40);
	for (unsigned int i = 0; i < leaks.nr; i++)
		assert_int_equal(leaks.site[i].pages, 1);
	show_leaks(&leaks);
	assert_int_equal(times_printed("leak: 40 pages in 40 blocks from other places"), 1);
	for (unsigned int i = 0; i < nr; i++)
		__free_page(pages[i]);
}

static void the_report(void **state)
{
	uint64_t mark = mm_leak_mark();
	struct page *page = there(1);

	(void)state;
	diff(mark);
	show_leaks(&leaks);
	assert_int_equal(
		times_printed("leak: 2 pages in 1 blocks from 1 places since the mark\n"), 1);
	assert_int_equal(times_printed("leak: 2 pages in 1 blocks; the oldest is pfn 0x"), 1);
	assert_int_equal(times_printed("of order 1, gfp_mask 0x20, task swapper, cpu 0, at "), 1);
	assert_true(times_printed("  from 0x") >= 1);
	__free_pages(page, 1);
}

static void without_records_there_is_nothing(void **state)
{
	struct page *page;

	(void)state;
	mm_debug_set(&machine->mm, MM_DEBUG_OWNER, false);
	page = here(0);
	assert_int_equal(diff(0), 0);
	__free_page(page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_owner, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_there_before_is_none),
		TEST(what_is_freed_is_none),
		TEST(places_by_size),
		TEST(parts_of_a_block_count_alone),
		TEST(too_many_places_are_summed),
		TEST(the_report),
		TEST(without_records_there_is_nothing),
	};

	return cmocka_run_group_tests_name("leak", tests, NULL, NULL);
}
