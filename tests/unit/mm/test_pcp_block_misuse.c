/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misuse of a block in a cache is told as it is without caches: by the fast path, and around it.
 */
#include "pcp_block_fixture.h"

static void misuse_of_a_cached_block(bool tails)
{
	struct machine *machine = start(&one_cpu, tails);
	struct page *page = take(GFP_KERNEL, 3);

	__free_pages(page, 3);
	__free_pages(page, 3);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 3);
	__free_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	put_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	__free_pages(page + 4, 2);
	assert_int_equal(host_misuse_count(), 1);
	host_misuse_reset();
	assert_ptr_equal(take(GFP_KERNEL, 3), page);
	__free_pages(page, 2);
	assert_misuse(MISUSE_WRONG_ORDER, page, 2);
	__free_pages(page, 11);
	assert_misuse(MISUSE_WRONG_ORDER, page, 11);
	__free_pages(page + 2, 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, page + 2, 1);
	SetPageLocked(page);
	__free_pages(page, 3);
	assert_misuse(MISUSE_BAD_PAGE, page, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	machine_destroy(machine);
}

static void misuse_is_told_as_without_caches(void **state)
{
	(void)state;
	misuse_of_a_cached_block(false);
	misuse_of_a_cached_block(true);
}

/* Who writes to the descriptor of a block in a cache is found when that is handed out. */
static void a_cached_block_that_was_used_is_set_aside(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct page *page = take(GFP_KERNEL, 3), *other;

	(void)state;
	__free_pages(page, 3);
	SetPageSlab(page);
	other = take(GFP_KERNEL, 3);
	assert_ptr_not_equal(other, page);
	assert_misuse(MISUSE_BAD_PAGE, page, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	__free_pages(other, 3);
	machine_destroy(machine);
}

static void under_the_zone_lock_it_is_refused(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3);
	const irq_flags_t flags = spin_lock_irqsave(&zone->lock);

	(void)state;
	__free_pages(page, 3);
	spin_unlock_irqrestore(&zone->lock, flags);
	assert_misuse(MISUSE_ZONE_LOCKED, page, 3);
	assert_int_equal(page_count(page), 1);
	__free_pages(page, 3);
	machine_destroy(machine);
}

static void tails_are_looked_at_if_that_is_on(void **state)
{
	struct machine *machine = start(&one_cpu, true);
	struct page *page = take(GFP_KERNEL, 3);

	(void)state;
	SetPageLocked(page + 5);
	__free_pages(page, 3);
	assert_misuse(MISUSE_BAD_PAGE, page + 5, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	page = take(GFP_KERNEL, 3);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	SetPageLocked(page + 5);
	__free_pages(page, 3);
	assert_int_equal(page_state(page), PAGE_CACHED);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, true);
	assert_ptr_not_equal(take(GFP_KERNEL, 3), page);
	assert_misuse(MISUSE_BAD_PAGE, page + 5, 3);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misuse_is_told_as_without_caches),
		cmocka_unit_test(a_cached_block_that_was_used_is_set_aside),
		cmocka_unit_test(under_the_zone_lock_it_is_refused),
		cmocka_unit_test(tails_are_looked_at_if_that_is_on),
	};

	return cmocka_run_group_tests_name("pcp_block_misuse", tests, NULL, NULL);
}
