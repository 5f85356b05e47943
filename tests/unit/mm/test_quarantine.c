/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level `quarantine`: what is freed waits there, unless memory is short.
 */
#include <signal.h>
#include "debug_fixture.h"

/* Freed pages come back in the order of their free, and not before the quarantine is full. */
static void what_is_freed_waits(void **state)
{
	const unsigned long max = machine->mm.quarantine.max;
	struct page *first, *block;

	(void)state;
	assert_int_equal(max, 16384 / 32);
	switch_on(MM_DEBUG_QUARANTINE);
	first = alloc_page(GFP_KERNEL);
	__free_page(first);
	assert_int_equal(page_tag(first), make_tag(PAGE_QUARANTINED, 0));
	__free_page(first);
	assert_misuse(MISUSE_DOUBLE_FREE, first, 0);
	block = alloc_pages(GFP_KERNEL, 3);
	assert_ptr_not_equal(block, first);
	__free_pages(block, 3);
	__free_pages(block + 4, 2);
	assert_misuse(MISUSE_NOT_ALLOCATED, block + 4, 2);
	assert_int_equal(nr_quarantined_pages(&machine->mm), 9);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	for (unsigned long i = 9; i < max; i++)
		__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(page_state(first), PAGE_QUARANTINED);
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_not_equal(page_state(first), PAGE_QUARANTINED);
	assert_int_equal(page_tag(block), make_tag(PAGE_QUARANTINED, 3));
	assert_int_equal(nr_quarantined_pages(&machine->mm), max);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	switch_off(MM_DEBUG_QUARANTINE);
	assert_int_equal(nr_quarantined_pages(&machine->mm), 0);
	assert_no_misuse();
}

static sigjmp_buf panicked;

static void panic_fails(int number)
{
	(void)number;
	siglongjmp(panicked, 1);
}

/* A misuse that the level `context` would tell: more wait than should, and nobody for ever. */
static void nothing_leaves_for_a_locked_zone(void **state)
{
	const unsigned long max = machine->mm.quarantine.max;
	struct page *page = alloc_page(GFP_KERNEL), *last = alloc_page(GFP_KERNEL);
	struct zone *zone = page_zone(page);

	(void)state;
	switch_on(MM_DEBUG_QUARANTINE);
	for (unsigned long i = 0; i < max; i++)
		__free_page(alloc_page(GFP_KERNEL));
	/* A lock that its owner waits for is a panic, and that an abort. */
	signal(SIGABRT, panic_fails);
	spin_lock(&zone->lock);
	if (sigsetjmp(panicked, 1))
		fail_msg("the zone's lock was waited for");
	__free_page(page);
	spin_unlock(&zone->lock);
	signal(SIGABRT, SIG_DFL);
	assert_int_equal(nr_quarantined_pages(&machine->mm), max + 1);
	__free_page(last);
	assert_int_equal(nr_quarantined_pages(&machine->mm), max);
	assert_no_misuse();
	switch_off(MM_DEBUG_QUARANTINE);
}

/* Nobody goes without because pages wait. */
static void a_shortage_empties_the_quarantine(void **state)
{
	struct list_head taken;
	struct page *page;
	unsigned long nr = 0;

	(void)state;
	switch_on(MM_DEBUG_QUARANTINE);
	page = alloc_pages(GFP_KERNEL, 8);
	__free_pages(page, 8);
	assert_int_equal(nr_quarantined_pages(&machine->mm), 256);
	machine_lift_reserves(machine);
	list_init(&taken);
	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN))) {
		list_add(&page->lru, &taken);
		nr++;
	}
	assert_int_equal(nr, 16384);
	switch_off(MM_DEBUG_QUARANTINE);
	give_all(&taken);
}

/* What is freed to have memory does not wait: it would not be free by that. */
static void what_reclaim_frees_does_not_wait(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	switch_on(MM_DEBUG_QUARANTINE);
	mm_current()->flags |= PF_MEMALLOC;
	__free_page(page);
	mm_current()->flags &= ~PF_MEMALLOC;
	assert_int_equal(page_state(page), PAGE_CACHED);
	assert_int_equal(nr_quarantined_pages(&machine->mm), 0);
	switch_off(MM_DEBUG_QUARANTINE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_freed_waits),
		TEST(nothing_leaves_for_a_locked_zone),
		TEST(a_shortage_empties_the_quarantine),
		TEST(what_reclaim_frees_does_not_wait),
	};

	return cmocka_run_group_tests_name("quarantine", tests, NULL, NULL);
}
