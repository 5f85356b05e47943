/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a page: when they are zero, and where they lie.
 */
#include "unit.h"

static unsigned char *bytes_of(struct page *page)
{
	return page_address(page);
}

/* Number of bytes of the block that are not `value`. */
static unsigned long bytes_unlike(struct page *page, unsigned int order, unsigned char value)
{
	unsigned long nr = 0;

	for (unsigned long i = 0; i < order_bytes(order); i++)
		nr += bytes_of(page)[i] != value;
	return nr;
}

static void S49_zero_means_every_byte_of_every_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	for (unsigned int order = 0; order <= 3; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order), *again;

		memset(page_address(page), 0xa5, order_bytes(order));
		__free_pages(page, order);
		again = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		assert_ptr_equal(again, page);
		assert_int_equal(bytes_unlike(page, order, 0), 0);
		__free_pages(page, order);
	}
	machine_destroy(machine);
}

static void S49_without_zero_the_bytes_stay(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	memset(page_address(page), 0xa5, PAGE_SIZE);
	SetPageDirty(page);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(bytes_unlike(page, 0, 0xa5), 0);
	machine_destroy(machine);
}

/* From the fast path, where it finds a page with something left, or work for its CPU. */
static void S49_zero_means_every_byte_also_of_an_odd_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page[40];

	(void)state;
	for (unsigned int pending = 0; pending < 2; pending++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
			page[i] = alloc_page(GFP_KERNEL);
			memset(page_address(page[i]), 0xa5, PAGE_SIZE);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
			if (!pending)
				SetPageUptodate(page[i]);
			__free_page(page[i]);
		}
		if (pending)
			this_cpu->pending = MM_PENDING_BLOCKS;
		page[0] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		assert_ptr_equal(page[0], page[ARRAY_SIZE(page) - 1]);
		assert_int_equal(this_cpu->pending, 0);
		assert_false(PageUptodate(page[0]));
		assert_int_equal(bytes_unlike(page[0], 0, 0), 0);
		__free_page(page[0]);
	}
	machine_destroy(machine);
}

/* 2.6.11 stops; here it is reported and refused. */
static void S49_zeroed_highmem_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page;

	(void)state;
	host_print_capture_start();
	assert_int_equal(get_zeroed_page(GFP_HIGHUSER), 0);
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_ZERO, 2));
	assert_misuse(MISUSE_BAD_GFP, NULL, 2);
	assert_null(alloc_pages_node(0, __GFP_HIGHMEM | __GFP_ZERO, 0));
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	/* A page that is cached is refused as well. */
	__free_page(alloc_page(GFP_KERNEL));
	assert_true(nr_cached_pages(&machine->mm) > 0);
	assert_null(alloc_page(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_ZERO));
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	host_print_capture_stop();
	page = alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 0);
	assert_non_null(page);
	assert_no_misuse();
	machine_destroy(machine);
}

static void S49_highuser_without_highmem_is_a_normal_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct page *page = alloc_pages(GFP_HIGHUSER, 0);

	(void)state;
	assert_int_equal(page_zone(page)->type, ZONE_NORMAL);
	assert_non_null(page_address(page));
	machine_destroy(machine);
}

static void addresses_and_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	unsigned long addr = __get_free_pages(GFP_KERNEL, 3);
	struct page *page = virt_to_page((void *)addr);
	unsigned long single = __get_free_page(GFP_KERNEL);

	(void)state;
	assert_ptr_equal(page_address(page), (void *)addr);
	assert_int_equal(page_to_pfn(page) % 8, 0);
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, 3));
	free_pages(addr, 3);
	assert_int_equal(page_state(page), PAGE_FREE);
	free_page(single);
	memset((void *)single, 0xff, PAGE_SIZE);
	assert_int_equal(get_zeroed_page(GFP_KERNEL), single);
	assert_int_equal(bytes_unlike(virt_to_page((void *)single), 0, 0), 0);
	/* Any byte of the page names it. */
	free_pages(single + PAGE_SIZE - 1, 0);
	assert_int_equal(page_state(virt_to_page((void *)single)), PAGE_CACHED);
	assert_no_misuse();
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S49_zero_means_every_byte_of_every_page),
		cmocka_unit_test(S49_without_zero_the_bytes_stay),
		cmocka_unit_test(S49_zero_means_every_byte_also_of_an_odd_page),
		cmocka_unit_test(S49_zeroed_highmem_is_misuse),
		cmocka_unit_test(S49_highuser_without_highmem_is_a_normal_page),
		cmocka_unit_test(addresses_and_pages),
	};

	return cmocka_run_group_tests_name("page_zero", tests, NULL, NULL);
}
