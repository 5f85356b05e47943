/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/<name>/zones.c: each architecture's layout by its name, and what arm64's makes of the banks
 * and of dma-ranges.
 */
#include <arch/zones.h>
#include "unit.h"

/* The layout with one GiB of memory at `start`. */
static struct zone_layout make(const char *name, phys_addr_t start, uint64_t dma_end)
{
	/* Static, as it is large. */
	static struct memblock banks;
	struct zone_layout layout;

	memset(&banks, 0, sizeof(banks));
	assert_int_equal(memblock_add(&banks, start, GIB, 0), GIB);
	assert_non_null(host_zones(name));
	layout = zone_layout_for(host_zones(name), &banks, dma_end);
	assert_string_equal(layout.name, name);
	return layout;
}

static void expect_limit(
	const struct zone_layout *layout, unsigned int row, enum zone_type type, phys_addr_t end)
{
	assert_true(row < layout->nr);
	assert_int_equal(layout->limit[row].type, type);
	assert_int_equal(layout->limit[row].end, end);
}

static void each_name_has_its_zones(void **state)
{
	struct zone_layout layout = make("riscv64", 0, GIB);

	(void)state;
	assert_int_equal(layout.nr, 2);
	expect_limit(&layout, 0, ZONE_DMA32, 4 * GIB);
	expect_limit(&layout, 1, ZONE_NORMAL, PHYS_ADDR_MAX);
	layout = make("i386", 0, GIB);
	assert_int_equal(layout.nr, 3);
	expect_limit(&layout, 0, ZONE_DMA, 16 * MIB);
	expect_limit(&layout, 1, ZONE_NORMAL, 896 * MIB);
	expect_limit(&layout, 2, ZONE_HIGHMEM, PHYS_ADDR_MAX);
	layout = make("x86-64", 0, GIB);
	assert_int_equal(layout.nr, 3);
	expect_limit(&layout, 0, ZONE_DMA, 16 * MIB);
	expect_limit(&layout, 1, ZONE_DMA32, 4 * GIB);
	expect_limit(&layout, 2, ZONE_NORMAL, PHYS_ADDR_MAX);
	assert_null(host_zones("x86_64"));
	assert_null(host_zones(""));
}

static void expect_arm64(phys_addr_t start, uint64_t dma_end, phys_addr_t dma, phys_addr_t dma32)
{
	struct zone_layout layout = make("arm64", start, dma_end);

	assert_int_equal(layout.nr, 3);
	expect_limit(&layout, 0, ZONE_DMA, dma);
	expect_limit(&layout, 1, ZONE_DMA32, dma32);
	expect_limit(&layout, 2, ZONE_NORMAL, PHYS_ADDR_MAX);
}

static void arm64_without_dma_ranges_has_32_bits_of_dma(void **state)
{
	(void)state;
	expect_arm64(GIB, UINT64_MAX, 4 * GIB, 4 * GIB);
	expect_arm64(GIB, 64 * GIB, 4 * GIB, 4 * GIB);
}

static void arm64_dma_ends_where_dma_ranges_end_in_whole_bits(void **state)
{
	(void)state;
	expect_arm64(0, GIB, GIB, 4 * GIB);
	expect_arm64(0, GIB - PAGE_SIZE, GIB, 4 * GIB);
	expect_arm64(0, GIB + 1, 2 * GIB, 4 * GIB);
	expect_arm64(0, 1, PAGE_SIZE, 4 * GIB);
}

/* Semantics, section 19: a limit below all memory becomes 4 GiB, or none. */
static void arm64_memory_above_the_limit_lifts_it(void **state)
{
	(void)state;
	expect_arm64(GIB, GIB, 4 * GIB, 4 * GIB);
	expect_arm64(GIB - PAGE_SIZE, GIB, GIB, 4 * GIB);
	expect_arm64(4 * GIB - PAGE_SIZE, GIB, 4 * GIB, 4 * GIB);
	expect_arm64(4 * GIB, GIB, PHYS_ADDR_MAX, PHYS_ADDR_MAX);
	expect_arm64(8 * GIB, UINT64_MAX, PHYS_ADDR_MAX, PHYS_ADDR_MAX);
}

/* A layout of one machine is a copy: what the architecture has stays as it is. */
static void machines_do_not_share_limits(void **state)
{
	struct zone_layout narrow = make("arm64", 0, GIB), wide = make("arm64", 0, UINT64_MAX);

	(void)state;
	assert_int_equal(narrow.limit[0].end, GIB);
	assert_int_equal(wide.limit[0].end, 4 * GIB);
	assert_int_equal(arm64_zone_layout.limit[0].end, 4 * GIB);
}

#define MIB_PAGES (MIB / PAGE_SIZE)

/* A machine with arm64's zones and 16 MiB at each of these addresses, 0 ends them. */
static struct machine *arm64_machine(
	struct zone_layout *layout, const phys_addr_t start[], uint64_t dma_end)
{
	struct machine_spec spec = {.layout = layout};

	*layout = make("arm64", start[0], dma_end);
	for (unsigned int i = 0; start[i]; i++) {
		spec.bank[i].start_pfn = pfn_down(start[i]);
		spec.bank[i].nr_pages = 16 * MIB_PAGES;
	}
	return machine_create(&spec);
}

/* The zone that serves a request. */
static enum zone_type served_from(gfp_t gfp)
{
	struct page *page = alloc_pages(GFP_KERNEL | gfp, 0);

	assert_non_null(page);
	return page_zone(page)->type;
}

static void arm64_requests_for_DMA32_fall_to_DMA(void **state)
{
	static const phys_addr_t start[] = {GIB, 4 * GIB - 16 * MIB, 4 * GIB, 0};
	struct zone_layout layout;
	struct machine *machine = arm64_machine(&layout, start, UINT64_MAX);
	const struct zone *dma = machine_zone(machine, 0, ZONE_DMA);

	(void)state;
	assert_int_equal(dma->zone_start_pfn, pfn_down(GIB));
	assert_int_equal(dma->spanned_pages, pfn_down(3 * GIB));
	assert_int_equal(dma->present_pages, 32 * MIB_PAGES);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->spanned_pages, 0);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->present_pages, 16 * MIB_PAGES);
	assert_int_equal(served_from(GFP_DMA), ZONE_DMA);
	assert_int_equal(served_from(GFP_DMA32), ZONE_DMA);
	assert_int_equal(served_from(0), ZONE_NORMAL);
	assert_int_equal(served_from(__GFP_HIGHMEM), ZONE_NORMAL);
	/* A 256th of what is above, past the empty zone between; none for requests for DMA32. */
	assert_int_equal(dma->lowmem_reserve[ZONE_DMA32], 0);
	assert_int_equal(dma->lowmem_reserve[ZONE_NORMAL], 16 * MIB_PAGES / 256);
	machine_destroy(machine);
}

static void arm64_has_three_zones_by_dma_ranges(void **state)
{
	static const phys_addr_t start[] = {GIB - 16 * MIB, 4 * GIB - 16 * MIB, 4 * GIB, 0};
	struct zone_layout layout;
	struct machine *machine = arm64_machine(&layout, start, GIB);
	const struct zone *dma = machine_zone(machine, 0, ZONE_DMA);

	(void)state;
	for (enum zone_type type = ZONE_DMA; type <= ZONE_NORMAL; type++)
		assert_int_equal(machine_zone(machine, 0, type)->present_pages, 16 * MIB_PAGES);
	assert_int_equal(served_from(GFP_DMA), ZONE_DMA);
	assert_int_equal(served_from(GFP_DMA32), ZONE_DMA32);
	assert_int_equal(served_from(0), ZONE_NORMAL);
	assert_int_equal(dma->lowmem_reserve[ZONE_DMA32], 16 * MIB_PAGES / 256);
	assert_int_equal(dma->lowmem_reserve[ZONE_NORMAL], 32 * MIB_PAGES / 256);
	machine_destroy(machine);
}

static void arm64_with_high_memory_only_is_all_DMA(void **state)
{
	static const phys_addr_t start[] = {4 * GIB, 6 * GIB, 0};
	struct zone_layout layout;
	struct machine *machine = arm64_machine(&layout, start, GIB);

	(void)state;
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->present_pages, 32 * MIB_PAGES);
	assert_int_equal(machine->mm.node[0]->nr_zones, ZONE_DMA + 1);
	assert_int_equal(served_from(GFP_DMA), ZONE_DMA);
	assert_int_equal(served_from(GFP_DMA32), ZONE_DMA);
	assert_int_equal(served_from(0), ZONE_DMA);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_zones),
		cmocka_unit_test(arm64_without_dma_ranges_has_32_bits_of_dma),
		cmocka_unit_test(arm64_dma_ends_where_dma_ranges_end_in_whole_bits),
		cmocka_unit_test(arm64_memory_above_the_limit_lifts_it),
		cmocka_unit_test(arm64_requests_for_DMA32_fall_to_DMA),
		cmocka_unit_test(arm64_has_three_zones_by_dma_ranges),
		cmocka_unit_test(arm64_with_high_memory_only_is_all_DMA),
		cmocka_unit_test(machines_do_not_share_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
