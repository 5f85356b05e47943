/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is taken back: references, compound pages and parts of blocks; and the frees that are
 * refused.
 */
#include "unit.h"

static void S36_a_reserved_page_is_not_freed(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long free = nr_free_pages(&machine->mm);

	(void)state;
	SetPageReserved(page);
	/* 2.6.11 says nothing; here it is reported, too. */
	host_print_capture_start();
	__free_pages(page, 0);
	assert_misuse(MISUSE_RESERVED, page, 0);
	put_page(page);
	assert_misuse(MISUSE_RESERVED, page, 0);
	free_hot_page(page);
	assert_misuse(MISUSE_RESERVED, page, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(page), 1);
	assert_int_equal(page_state(page), PAGE_ALLOCATED);
	assert_int_equal(nr_free_pages(&machine->mm) + nr_cached_pages(&machine->mm), free);
	ClearPageReserved(page);
	__free_page(page);
	assert_no_misuse();
	machine_destroy(machine);
}

static void S36_the_last_of_two_references_frees(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	for (unsigned int order = 0; order < 2; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		get_page(page);
		assert_int_equal(page_count(page), 2);
		__free_pages(page, order);
		assert_int_equal(page_count(page), 1);
		assert_int_equal(page_state(page), PAGE_ALLOCATED);
		__free_pages(page, order);
		assert_int_equal(page_count(page), 0);
		assert_int_not_equal(page_state(page), PAGE_ALLOCATED);
		assert_no_misuse();
		host_print_capture_start();
		__free_pages(page, order);
		host_print_capture_stop();
		assert_misuse(MISUSE_DOUBLE_FREE, page, order);
		assert_int_equal(page_count(page), 0);
		drain_local_pages();
		assert_int_equal(nr_free_pages(&machine->mm), 4096);
	}
	machine_destroy(machine);
}

static void S52_a_compound_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	static const int raw[4] = {0, -1, -1, -1};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(PageCompound(head + i));
		assert_int_equal(page_private(head + i), (unsigned long)head);
		assert_int_equal(page_count(head + i), 1);
		assert_int_equal(head[i]._count, raw[i]);
	}
	assert_int_equal(head[1].index, 2);
	get_page(head + 3);
	assert_int_equal(page_count(head), 2);
	assert_int_equal(page_count_raw(head), 2);
	__free_pages(head, 2);
	assert_int_equal(page_count(head), 1);
	__free_pages(head, 2);
	assert_no_misuse();
	for (unsigned int i = 0; i < 4; i++)
		assert_false(PageCompound(head + i));
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

/* 2.6.11 finds a bad page then; here the order is known before anything is touched. */
static void S52_a_compound_page_freed_with_another_order_is_refused(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	(void)state;
	host_print_capture_start();
	__free_pages(head, 1);
	assert_misuse(MISUSE_WRONG_ORDER, head, 1);
	__free_pages(head + 2, 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, head + 2, 1);
	host_print_capture_stop();
	assert_int_equal(page_count(head), 1);
	assert_true(PageCompound(head + 3));
	__free_pages(head, 2);
	assert_no_misuse();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void S53_what_is_not_compound(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 0);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	assert_false(PageCompound(page));
	assert_int_equal(page_count(block), 1);
	assert_false(PageCompound(block));
	for (unsigned int i = 1; i < 8; i++) {
		assert_int_equal(page_count(block + i), 0);
		assert_false(PageCompound(block + i));
	}
	machine_destroy(machine);
}

static void put_page_of_any_part_frees_the_whole(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	get_page(head + 7);
	get_page(head);
	put_page(head + 15);
	put_page(head);
	assert_int_equal(page_count(head + 3), 1);
	put_page(head + 1);
	assert_int_equal(page_state(head), PAGE_FREE);
	get_page(page);
	put_page(page);
	assert_int_equal(page_count(page), 1);
	put_page(page);
	assert_int_equal(page_state(page), PAGE_CACHED);
	assert_no_misuse();
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void put_page_of_a_plain_block_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 2);

	(void)state;
	host_print_capture_start();
	put_page(block);
	assert_misuse(MISUSE_WRONG_ORDER, block, 0);
	put_page(block + 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, block + 1, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(block), 1);
	machine_destroy(machine);
}

static void dropping_a_reference_that_nobody_holds_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	get_page(page);
	assert_false(put_page_testzero(page));
	assert_true(put_page_testzero(page));
	host_print_capture_start();
	assert_false(put_page_testzero(page));
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	__free_page(page);
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(page), 0);
	free_hot_page(page);
	assert_no_misuse();
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	machine_destroy(machine);
}

static void hot_and_cold_pages_that_are_free_already_are_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);
	struct page *block = alloc_pages(GFP_KERNEL, 1);

	(void)state;
	assert_true(put_page_testzero(page));
	free_cold_page(page);
	host_print_capture_start();
	free_cold_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	free_hot_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	free_hot_page(block);
	assert_misuse(MISUSE_WRONG_ORDER, block, 0);
	host_print_capture_stop();
	assert_int_equal(nr_cached_pages(&machine->mm), 1);
	machine_destroy(machine);
}

static void every_wrong_order_is_refused(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	host_print_capture_start();
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		unsigned long free = nr_free_pages(&machine->mm);

		for (unsigned int wrong = 0; wrong < MAX_ORDER + 2; wrong++) {
			if (wrong == order)
				continue;
			__free_pages(page, wrong);
			assert_misuse(MISUSE_WRONG_ORDER, page, wrong);
		}
		assert_int_equal(page_count(page), 1);
		assert_int_equal(nr_free_pages(&machine->mm), free);
		__free_pages(page, order);
		assert_no_misuse();
	}
	host_print_capture_stop();
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void split_page_makes_single_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	split_page(block, 3);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(page_count(block + i), 1);
		assert_int_equal(page_private(block + i), 0);
		assert_int_equal(page_tag(block + i), make_tag(PAGE_ALLOCATED, 0));
	}
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	host_print_capture_start();
	__free_pages(block, 3); /* it is no block any more */
	host_print_capture_stop();
	assert_misuse(MISUSE_WRONG_ORDER, block, 3);
	for (unsigned int i = 0; i < 8; i++)
		__free_page(block + (i * 5) % 8);
	drain_local_pages();
	assert_no_misuse();
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_area[10].nr_free, 4);
	machine_destroy(machine);
}

static void split_page_refuses_what_it_can_not_split(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 2);
	struct page *compound = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct page *single = alloc_page(GFP_KERNEL);

	(void)state;
	host_print_capture_start();
	split_page(block, 1);
	assert_misuse(MISUSE_WRONG_ORDER, block, 1);
	split_page(block + 1, 0);
	assert_misuse(MISUSE_NOT_ALLOCATED, block + 1, 0);
	split_page(compound, 2);
	assert_misuse(MISUSE_BAD_COMPOUND, compound, 2);
	assert_true(PageCompound(compound + 1));
	__free_pages(block, 2);
	split_page(block, 2);
	assert_misuse(MISUSE_DOUBLE_FREE, block, 2);
	host_print_capture_stop();
	split_page(single, 0);
	__free_page(single);
	__free_pages(compound, 2);
	assert_no_misuse();
	machine_destroy(machine);
}

static void free_pages_of_no_page(void **state)
{
	const struct machine_spec holes = {.bank = {{0, 2048, 0}, {3072 + 100, 924, 0}}};
	struct machine *machine = machine_create(&holes);
	unsigned long linear = (unsigned long)phys_to_virt(0);

	(void)state;
	free_pages(0, 0);
	free_pages(0, 99);
	assert_no_misuse();
	host_print_capture_start();
	free_pages(linear - 1, 0);
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages((unsigned long)&machine, 2);
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 2);
	free_pages(linear + pfn_to_phys(2048), 0); /* a block without memory */
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages(linear + pfn_to_phys(4096), 0); /* beyond the last bank */
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages(linear + pfn_to_phys(3072), 0); /* a hole of a block with memory */
	assert_misuse(MISUSE_RESERVED, pfn_to_page(3072), 0);
	free_pages(linear, 0); /* free since boot */
	assert_misuse(MISUSE_DOUBLE_FREE, pfn_to_page(0), 0);
	host_print_capture_stop();
	assert_int_equal(nr_free_pages(&machine->mm), 2048 + 924);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S36_a_reserved_page_is_not_freed),
		cmocka_unit_test(S36_the_last_of_two_references_frees),
		cmocka_unit_test(S52_a_compound_page),
		cmocka_unit_test(S52_a_compound_page_freed_with_another_order_is_refused),
		cmocka_unit_test(S53_what_is_not_compound),
		cmocka_unit_test(put_page_of_any_part_frees_the_whole),
		cmocka_unit_test(put_page_of_a_plain_block_is_misuse),
		cmocka_unit_test(dropping_a_reference_that_nobody_holds_is_misuse),
		cmocka_unit_test(hot_and_cold_pages_that_are_free_already_are_misuse),
		cmocka_unit_test(every_wrong_order_is_refused),
		cmocka_unit_test(split_page_makes_single_pages),
		cmocka_unit_test(split_page_refuses_what_it_can_not_split),
		cmocka_unit_test(free_pages_of_no_page),
	};

	return cmocka_run_group_tests_name("page_free", tests, NULL, NULL);
}
