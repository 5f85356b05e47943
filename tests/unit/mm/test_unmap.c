/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level `unmap`: what is mapped when, and what a fault is taken for. A process can unmap pages,
 * so an access of the core's own to one that is free ends the test.
 */
#include <port/mem.h>
#include "debug_fixture.h"

static void *address(const struct page *page)
{
	return phys_to_virt(pfn_to_phys(page_to_pfn(page)));
}

/* Each CPU takes the split map before the level is on; once split it stays so. */
static void the_map_is_split_once(void **state)
{
	(void)state;
	switch_on(MM_DEBUG_UNMAP);
	assert_true(linear_map_by_pages());
	assert_int_equal(machine->host.adopted, machine->mm.nr_cpus);
	assert_non_null(strstr(host_print_captured(), "the linear map is of single pages now"));
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_UNMAP, false), 0);
	switch_on(MM_DEBUG_UNMAP);
	assert_int_equal(machine->host.adopted, machine->mm.nr_cpus);
}

static void unmap_stays_off_without_memory(void **state)
{
	(void)state;
	machine->host.whole_map = true;
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_UNMAP, true), -MM_ENOMEM);
	assert_int_equal(mm_debug(&machine->mm) & MM_DEBUG_UNMAP, 0);
	assert_non_null(strstr(host_print_captured(), "no memory for a linear map"));
	assert_int_equal(machine->host.adopted, 0);
	assert_false(mm_fault(address(alloc_page(GFP_KERNEL)), false, NULL));
}

/* Each page of a block, in the buddy system and in a cache, until it is handed out again. */
static void what_is_freed_is_unmapped(void **state)
{
	struct page *block, *single;

	(void)state;
	switch_on(MM_DEBUG_UNMAP);
	block = alloc_pages(GFP_KERNEL, 4);
	single = alloc_page(GFP_KERNEL);
	for (unsigned int i = 0; i < 16; i++)
		assert_true(kernel_page_present(block + i));
	assert_true(kernel_page_present(single));
	__free_pages(block, 4);
	__free_page(single);
	for (unsigned int i = 0; i < 16; i++)
		assert_false(kernel_page_present(block + i));
	assert_false(kernel_page_present(single));
	assert_ptr_equal(alloc_page(GFP_KERNEL), single);
	assert_true(kernel_page_present(single));
	__free_page(single);
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_UNMAP, false), 0);
	for (unsigned int i = 0; i < 16; i++)
		assert_true(kernel_page_present(block + i));
	assert_true(kernel_page_present(single));
}

/* The core itself looks into no free page: here that would be the end of the test. */
static void a_free_page_is_left_alone(void **state)
{
	struct page *block[8];

	(void)state;
	switch_on(MM_DEBUG_UNMAP | MM_DEBUG_POISON | MM_DEBUG_OWNER | MM_DEBUG_QUARANTINE);
	for (unsigned int round = 0; round < 50; round++) {
		for (unsigned int i = 0; i < 8; i++) {
			block[i] = alloc_pages(GFP_KERNEL | (i % 2 ? __GFP_ZERO : 0), i % 4);
			assert_non_null(block[i]);
			memset(address(block[i]), 0x5c, PAGE_SIZE << i % 4);
		}
		for (unsigned int i = 0; i < 8; i++)
			__free_pages(block[i], i % 4);
	}
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	assert_int_equal(mm_check_poison(&machine->mm), 0);
	drain_all_pages(&machine->mm);
	assert_int_equal(host_misuse_count(), 0);
}

static void a_fault_at_a_free_page_is_misuse(void **state)
{
	struct page *page;
	static const char pc[1];

	(void)state;
	switch_on(MM_DEBUG_UNMAP);
	page = alloc_pages(GFP_KERNEL, 2);
	__free_pages(page, 2);
	assert_true(mm_fault((char *)address(page + 3) + 24, false, pc));
	assert_int_equal(host_misuse_count(), 1);
	assert_int_equal(host_last_misuse().kind, MISUSE_READ_AFTER_FREE);
	assert_ptr_equal(host_last_misuse().page, page + 3);
	assert_ptr_equal(host_last_misuse().caller, pc);
	assert_non_null(strstr(host_print_captured(), "byte 0x18 of the page"));
	assert_true(kernel_page_present(page + 3));
	assert_false(kernel_page_present(page + 2));
	assert_true(mm_fault(address(page + 2), true, pc));
	assert_int_equal(host_misuse_count(), 2);
	assert_int_equal(host_last_misuse().kind, MISUSE_WRITE_AFTER_FREE);
	/* Another CPU that has met the same one: it is mapped by now. */
	assert_true(mm_fault(address(page + 2), true, pc));
	assert_int_equal(host_misuse_count(), 2);
}

/* A call that did not know of the level yet has handed it out: mapped on touch, and not a word. */
static void a_fault_at_an_owners_page_is_none(void **state)
{
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_UNMAP);
	page = alloc_pages(GFP_KERNEL, 2);
	kernel_map_pages(page, 4, false);
	assert_true(mm_fault(address(page + 1), true, NULL));
	assert_true(kernel_page_present(page + 1));
	/* Its free fills it, though nobody has touched it. */
	switch_on(MM_DEBUG_POISON);
	__free_pages(page, 2);
	assert_int_equal(host_misuse_count(), 0);
}

static void other_faults_are_no_business_of_it(void **state)
{
	(void)state;
	switch_on(MM_DEBUG_UNMAP);
	assert_false(mm_fault(NULL, true, NULL));
	assert_false(mm_fault(&machine, true, NULL));
	assert_false(mm_fault(phys_to_virt(pfn_to_phys(machine->mm.max_pfn)), true, NULL));
	SetPageReserved(pfn_to_page(5));
	kernel_map_pages(pfn_to_page(5), 1, false);
	assert_false(mm_fault(address(pfn_to_page(5)), true, NULL));
	ClearPageReserved(pfn_to_page(5));
	assert_int_equal(host_misuse_count(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_map_is_split_once),
		TEST(unmap_stays_off_without_memory),
		TEST(what_is_freed_is_unmapped),
		TEST(a_free_page_is_left_alone),
		TEST(a_fault_at_a_free_page_is_misuse),
		TEST(a_fault_at_an_owners_page_is_none),
		TEST(other_faults_are_no_business_of_it),
	};

	return cmocka_run_group_tests_name("unmap", tests, NULL, NULL);
}
