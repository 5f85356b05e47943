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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_zones),
		cmocka_unit_test(arm64_without_dma_ranges_has_32_bits_of_dma),
		cmocka_unit_test(arm64_dma_ends_where_dma_ranges_end_in_whole_bits),
		cmocka_unit_test(arm64_memory_above_the_limit_lifts_it),
		cmocka_unit_test(machines_do_not_share_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
