/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages, their addresses and descriptors, and the sums over zones and CPUs.
 */
#include "unit.h"

static void flag_numbers_are_linuxs(void **state)
{
	(void)state;
	assert_int_equal(PG_locked, 0);
	assert_int_equal(PG_dirty, 4);
	assert_int_equal(PG_slab, 7);
	assert_int_equal(PG_reserved, 11);
	assert_int_equal(PG_private, 12);
	assert_int_equal(PG_compound, 15);
	assert_int_equal(PG_nosave_free, 19);
	assert_int_equal(NR_PAGE_FLAGS, 20);
	assert_int_equal(ZONE_SHIFT, 52);
	assert_int_equal(sizeof(struct page), 64);
}

static void gfp_bits_are_linuxs(void **state)
{
	(void)state;
	assert_int_equal(GFP_ATOMIC, 0x20);
	assert_int_equal(GFP_NOIO, 0x10);
	assert_int_equal(GFP_NOFS, 0x50);
	assert_int_equal(GFP_KERNEL, 0xd0);
	assert_int_equal(GFP_USER, 0xd0);
	assert_int_equal(GFP_HIGHUSER, 0xd2);
	assert_int_equal(GFP_DMA, 0x01);
	assert_int_equal(GFP_DMA32, 0x04);
	assert_int_equal(GFP_LEVEL_MASK, 0x7ff0);
	assert_int_equal(__GFP_ZERO, 0x8000);
	assert_int_equal(GFP_ZONETYPES, 5);
	assert_int_equal(__GFP_BITS_MASK, 0xffff);
}

static void flags_change_one_at_a_time(void **state)
{
	struct page page = {.flags = 0x00e0000000000000};

	(void)state;
	SetPageDirty(&page);
	SetPageSlab(&page);
	assert_int_equal(page_flags(&page), 0x00e0000000000090);
	assert_true(PageDirty(&page));
	assert_false(PageLocked(&page));
	ClearPageDirty(&page);
	assert_int_equal(page_flags(&page), 0x00e0000000000080);
	assert_int_equal(page_to_nid(&page), 3);
	assert_int_equal(page_zone_index(&page), 3 << 2 | ZONE_NORMAL);
}

static void counts_are_stored_less_one(void **state)
{
	struct page page = {.flags = 0};

	(void)state;
	set_page_count(&page, 0);
	assert_int_equal(page._count, -1);
	assert_int_equal(page_count(&page), 0);
	set_page_count(&page, 5);
	assert_int_equal(page._count, 4);
	get_page(&page);
	assert_int_equal(page_count(&page), 6);
	page._mapcount = -1;
	assert_false(page_mapped(&page));
	page._mapcount = 0;
	assert_true(page_mapped(&page));
}

static void tags_hold_a_state_and_an_order(void **state)
{
	struct page page = {.flags = 0};

	(void)state;
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		set_page_tag(&page, PAGE_SET_ASIDE, order);
		assert_int_equal(page_state(&page), PAGE_SET_ASIDE);
		assert_int_equal(page_tag_order(&page), order);
		assert_int_equal(page_tag(&page), make_tag(PAGE_SET_ASIDE, order));
	}
}

static void address_and_page_lead_to_each_other(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	for (unsigned long pfn = 0; pfn < 8192; pfn += 511) {
		struct page *page = pfn_to_page(pfn);
		char *addr = page_address(page);

		assert_int_equal(page_to_pfn(page), pfn);
		assert_ptr_equal(addr, phys_to_virt(pfn_to_phys(pfn)));
		assert_int_equal(virt_to_phys(addr + 5), pfn_to_phys(pfn) + 5);
		assert_ptr_equal(virt_to_page(addr), page);
		assert_ptr_equal(virt_to_page(addr + PAGE_SIZE - 1), page);
	}
	machine_destroy(machine);
}

static void valid_addresses(void **state)
{
	const struct machine_spec spec = {.bank = {{1024, 1024, 0}, {4096, 100, 0}}};
	struct machine *machine = machine_create(&spec);
	const struct mm *mm = &machine->mm;
	char *linear = phys_to_virt(0);

	(void)state;
	assert_false(virt_addr_valid(mm, NULL));
	assert_false(virt_addr_valid(mm, linear - 1));
	assert_false(virt_addr_valid(mm, linear));
	assert_false(virt_addr_valid(mm, linear + pfn_to_phys(1024) - 1));
	assert_true(virt_addr_valid(mm, linear + pfn_to_phys(1024)));
	assert_true(virt_addr_valid(mm, linear + pfn_to_phys(2048) - 1));
	assert_false(virt_addr_valid(mm, linear + pfn_to_phys(2048)));
	assert_true(virt_addr_valid(mm, linear + pfn_to_phys(4196) - 1));
	assert_false(virt_addr_valid(mm, linear + pfn_to_phys(4196)));
	assert_false(virt_addr_valid(mm, &machine));
	machine_destroy(machine);
}

static void sums_over_zones_and_cpus(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct page *page[4];
	struct mm_cpu_stat sum;

	(void)state;
	for (unsigned int id = 0; id < 4; id++) {
		machine_enter(machine, id);
		page[id] = alloc_page(GFP_KERNEL | (id == 1 ? GFP_DMA : 0));
		alloc_pages(GFP_KERNEL, id);
	}
	machine_enter(machine, 3);
	__free_page(page[0]);
	__free_page(page[1]);
	assert_int_equal(nr_cached_pages(&machine->mm), 2);
	/* Held: two of the single pages, and the blocks, of which the first is a page. */
	assert_int_equal(nr_free_pages(&machine->mm), 16384 - 2 - 2 - (1 + 2 + 4 + 8));
	mm_sum_stat(&machine->mm, &sum);
	assert_int_equal(sum.pgalloc[ZONE_DMA32], 1);
	assert_int_equal(sum.pgalloc[ZONE_NORMAL], 3 + 1 + 2 + 4 + 8);
	assert_int_equal(sum.pgfree, 2);
	assert_int_equal(sum.pcp_alloc, 5);
	assert_int_equal(sum.pcp_refill, 5);
	assert_int_equal(sum.pcp_spill, 0);
	assert_int_equal(sum.pcp_bypass, 0);
	machine_destroy(machine);
}

static void arithmetic_of_pages(void **state)
{
	(void)state;
	assert_int_equal(pfn_up(0), 0);
	assert_int_equal(pfn_up(1), 1);
	assert_int_equal(pfn_up(PAGE_SIZE), 1);
	assert_int_equal(pfn_up(PHYS_ADDR_MAX), 1UL << 52);
	assert_int_equal(pfn_down(PAGE_SIZE - 1), 0);
	assert_int_equal(pfn_down(PHYS_ADDR_MAX), (1UL << 52) - 1);
	assert_int_equal(pages_to_kb(3), 12);
	assert_int_equal(order_bytes(10), 4 * MIB);
	assert_int_equal(align_up(4097, 4096), 8192);
	assert_int_equal(align_up(8192, 4096), 8192);
	assert_int_equal(align_down(8191, 4096), 4096);
	assert_true(is_aligned(0, 1024));
	assert_false(is_aligned(1536, 1024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flag_numbers_are_linuxs),
		cmocka_unit_test(gfp_bits_are_linuxs),
		cmocka_unit_test(flags_change_one_at_a_time),
		cmocka_unit_test(counts_are_stored_less_one),
		cmocka_unit_test(tags_hold_a_state_and_an_order),
		cmocka_unit_test(address_and_page_lead_to_each_other),
		cmocka_unit_test(valid_addresses),
		cmocka_unit_test(sums_over_zones_and_cpus),
		cmocka_unit_test(arithmetic_of_pages),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
