/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uses of a descriptor that is not there: told once for each, and refused. The host maps what is
 * lent, so an access that is not preceded by a fault here would end the test.
 */
#include <port/mem.h>
#include "debug_fixture.h"

/* The second section has no memory, so its descriptors are not there. */
static const struct machine_spec spec = {
	.bank = {{0, BLOCK_PAGES, 0}, {2 * SECTION_PAGES, BLOCK_PAGES, 0}}};

static struct page *stray;
static const char pc[1];

static int setup_stray(void **state)
{
	(void)state;
	start_on(&spec);
	stray = pfn_to_page(SECTION_PAGES);
	return 0;
}

static void a_free_is_told_once_and_refused(void **state)
{
	const unsigned long free = nr_free_pages(&machine->mm);

	(void)state;
	for (unsigned int i = 1; i <= 2; i++) {
		assert_true(mm_fault(&stray->tag, false, pc));
		assert_int_equal(machine->host.lent, 1);
		assert_ptr_equal(host_last_misuse().caller, pc);
		assert_misuse(MISUSE_NO_DESCRIPTOR, stray, 0);
		assert_int_equal(times_printed("read of the descriptor of pfn 0x8000,"), i);
		__free_pages(stray, 3);
		assert_int_equal(host_misuse_count(), 0);
		assert_int_equal(machine->host.lent, 0);
	}
	assert_int_equal(nr_free_pages(&machine->mm), free);
}

/* Beside one that was used without being freed: then the checks tell it. */
static void what_is_lent_is_a_hole(void **state)
{
	(void)state;
	assert_true(mm_fault(&stray->flags, true, pc));
	assert_misuse(MISUSE_NO_DESCRIPTOR, stray, 0);
	assert_printed("write of the descriptor of pfn 0x8000,");
	assert_int_equal(page_to_nid(stray + 1), NODE_HOLE);
	assert_int_equal(page_count(stray + 1), 0);
	set_page_count(stray + 1, 1);
	__free_pages(stray + 1, 0);
	assert_misuse(MISUSE_RESERVED, stray + 1, 0);
	put_page(stray);
	assert_int_equal(host_misuse_count(), 0);
	/* What was written to it is gone. */
	assert_true(mm_fault(stray, false, pc));
	assert_int_equal(page_count(stray + 1), 0);
	assert_misuse(MISUSE_NO_DESCRIPTOR, stray, 0);
	put_page(stray);
}

/* Another CPU has mapped it since: the access is repeated, and nobody is blamed. */
static void a_descriptor_that_is_there_is_none(void **state)
{
	(void)state;
	assert_true(mm_fault(pfn_to_page(5), true, pc));
	assert_int_equal(host_misuse_count(), 0);
	assert_int_equal(machine->host.lent, 0);
	assert_false(mm_fault(pfn_to_page(3 * SECTION_PAGES), true, pc));
}

/* Its block comes online, and it is handed out: who frees it twice is told, and it stays there. */
static void a_stray_page_that_comes_online_is_as_any(void **state)
{
	const struct machine_spec lazy = {
		.bank = {{0, SECTION_PAGES, 0}}, .keep_boot_reserved = true, .lazy = true};
	struct machine *other = machine_create(&lazy);
	struct page *page;

	(void)state;
	page = pfn_to_page(mm_offline_range(&other->mm, 0)->end_pfn - BLOCK_PAGES);
	assert_true(mm_fault(page, false, pc));
	assert_misuse(MISUSE_NO_DESCRIPTOR, page, 0);
	assert_ptr_equal(alloc_pages(GFP_KERNEL, MAX_ORDER - 1), page);
	__free_pages(page, MAX_ORDER - 1);
	__free_pages(page, MAX_ORDER - 1);
	assert_misuse(MISUSE_DOUBLE_FREE, page, MAX_ORDER - 1);
	assert_ptr_equal(alloc_pages(GFP_KERNEL, MAX_ORDER - 1), page);
	__free_pages(page, MAX_ORDER - 1);
	machine_destroy(other);
	machine_enter(machine, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_stray, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_is_told_once_and_refused),
		TEST(what_is_lent_is_a_hole),
		TEST(a_descriptor_that_is_there_is_none),
		TEST(a_stray_page_that_comes_online_is_as_any),
	};

	return cmocka_run_group_tests_name("trap", tests, NULL, NULL);
}
