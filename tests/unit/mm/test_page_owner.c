/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level `owner`: who allocated and who freed each page, and what is found by that.
 */
#include <mm/page_owner.h>
#include "debug_fixture.h"

static void owner_keeps_both_sites(void **state)
{
	struct page *page;
	const struct page_owner *owner;
	struct page_owner_site freed;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	machine_enter(machine, 2);
	this_cpu->task->name = "a name that is longer than its room";
	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3);
	owner = page_owner(&machine->mm, page_to_pfn(page));
	assert_non_null(owner);
	assert_int_equal(owner->allocated.order, 3);
	assert_int_equal(owner->allocated.cpu, 2);
	assert_int_equal(owner->allocated.gfp, GFP_KERNEL | __GFP_NOWARN);
	assert_int_equal(owner->allocated.in_interrupt, 0);
	assert_string_equal(owner->allocated.task, "a name that is ");
	assert_int_not_equal(owner->allocated.time, 0);
	assert_int_not_equal(owner->allocated.stack[0], 0);
	assert_int_equal(owner->freed.time, 0);
	assert_ptr_equal(
		page_owner_allocated(&machine->mm, page_to_pfn(page) + 5), &owner->allocated);
	assert_null(page_owner_freed(&machine->mm, page_to_pfn(page) + 5));
	interrupt_begin(0);
	__free_pages(page, 3);
	interrupt_end();
	freed = owner->freed;
	assert_int_equal(freed.order, 3);
	assert_int_equal(freed.in_interrupt, 1);
	assert_true(freed.time >= owner->allocated.time);
	assert_int_not_equal(freed.stack[0], owner->allocated.stack[0]);
	assert_ptr_equal(page_owner_freed(&machine->mm, page_to_pfn(page) + 5), &owner->freed);
	this_cpu->task->name = "swapper";
}

/* The stack begins with the caller of the entry point, whatever lies between. */
static void the_stack_begins_with_the_caller(void **state)
{
	const char *here = (const char *)(uintptr_t)the_stack_begins_with_the_caller;
	const struct page_owner *owner;
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	page = alloc_page(GFP_KERNEL);
	owner = page_owner(&machine->mm, page_to_pfn(page));
	__free_page(page);
	assert_true((const char *)owner->allocated.stack[0] > here);
	assert_true((const char *)owner->allocated.stack[0] < (const char *)owner->freed.stack[0]);
	assert_true((const char *)owner->freed.stack[0] < here + 8192);
}

static void parts_of_a_split_block_have_the_owner(void **state)
{
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	page = alloc_pages(GFP_KERNEL, 2);
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++) {
		const struct page_owner *owner = page_owner(&machine->mm, page_to_pfn(page) + i);

		assert_int_equal(owner->allocated.order, 0);
		assert_int_not_equal(owner->allocated.time, 0);
		__free_page(page + i);
	}
}

static void count_block(void *context, unsigned long pfn, const struct page_owner *owner)
{
	assert_ptr_equal(page_owner(&machine->mm, pfn), owner);
	*(unsigned long *)context += 1UL << owner->allocated.order;
}

static void what_is_allocated_is_found(void **state)
{
	struct page *one, *two;
	unsigned long pages = 0;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	one = alloc_pages(GFP_KERNEL, 4);
	two = alloc_page(GFP_KERNEL);
	page_owner_for_each(&machine->mm, count_block, &pages);
	assert_int_equal(pages, 17);
	__free_page(two);
	pages = 0;
	page_owner_for_each(&machine->mm, count_block, &pages);
	assert_int_equal(pages, 16);
	__free_pages(one, 4);
}

/* What was on record before is not mistaken for what has happened since. */
static void switched_on_again_it_knows_nothing(void **state)
{
	struct page *page;
	const struct page_owner *owner;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	page = alloc_page(GFP_KERNEL);
	switch_off(MM_DEBUG_OWNER);
	assert_null(page_owner(&machine->mm, page_to_pfn(page)));
	switch_on(MM_DEBUG_OWNER);
	owner = page_owner(&machine->mm, page_to_pfn(page));
	assert_non_null(owner);
	assert_int_equal(owner->allocated.time, 0);
	__free_page(page);
}

static void without_memory_the_owner_stays_off(void **state)
{
	struct list_head taken;
	struct page *page;
	unsigned long free;

	(void)state;
	machine_lift_reserves(machine);
	list_init(&taken);
	while (nr_free_pages(&machine->mm) > 300 && (page = alloc_page(GFP_KERNEL | __GFP_NOWARN)))
		list_add(&page->lru, &taken);
	drain_all_pages(&machine->mm);
	free = nr_free_pages(&machine->mm);
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_OWNER, true), -MM_ENOMEM);
	assert_printed("no memory for its table");
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_free_pages(&machine->mm), free);
	assert_int_equal(mm_debug(&machine->mm) & MM_SWITCH_DEBUG, 0);
	assert_int_equal(this_cpu->switches, 0);
	give_all(&taken);
}

static void a_report_names_both_sites(void **state)
{
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_OWNER);
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	__free_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	assert_printed("page last allocated via order 0, gfp_mask 0x");
	assert_printed("page last freed via order 0, ");
	assert_printed(" task swapper, cpu 0, at ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owner_keeps_both_sites),
		TEST(the_stack_begins_with_the_caller),
		TEST(parts_of_a_split_block_have_the_owner),
		TEST(what_is_allocated_is_found),
		TEST(switched_on_again_it_knows_nothing),
		TEST(without_memory_the_owner_stays_off),
		TEST(a_report_names_both_sites),
	};

	return cmocka_run_group_tests_name("page_owner", tests, NULL, NULL);
}
