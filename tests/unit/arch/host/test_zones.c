/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/host/zones.c: the layouts by name, and what arm64's makes of the banks and of dma-ranges.
 */
#include <arch/zones.h>
#include "unit.h"

static struct memblock banks;
static struct host_zones zones;

/* The ends of the layout's zones with one GiB of memory at `start`. */
static const struct zone_limit *make(const char *name, phys_addr_t start, uint64_t dma_end)
{
	memset(&banks, 0, sizeof(banks));
	assert_int_equal(memblock_add(&banks, start, GIB, 0), GIB);
	host_zones_make(&zones, name, &banks, dma_end);
	assert_string_equal(zones.layout.name, name);
	assert_ptr_equal(zones.layout.limit, zones.limit);
	return zones.limit;
}

static void expect_arm64(phys_addr_t start, uint64_t dma_end, phys_addr_t dma, phys_addr_t dma32)
{
	const struct zone_limit *limit = make("arm64", start, dma_end);

	assert_int_equal(zones.layout.nr, 3);
	assert_int_equal(limit[0].type, ZONE_DMA);
	assert_int_equal(limit[0].end, dma);
	assert_int_equal(limit[1].type, ZONE_DMA32);
	assert_int_equal(limit[1].end, dma32);
	assert_int_equal(limit[2].type, ZONE_NORMAL);
	assert_int_equal(limit[2].end, PHYS_ADDR_MAX);
}

static void each_name_has_its_zones(void **state)
{
	const struct zone_limit *limit = make("riscv64", 0, GIB);

	(void)state;
	assert_int_equal(zones.layout.nr, 2);
	assert_int_equal(limit[0].type, ZONE_DMA32);
	assert_int_equal(limit[0].end, 4 * GIB);
	limit = make("i386", 0, UINT64_MAX);
	assert_int_equal(zones.layout.nr, 3);
	assert_int_equal(limit[0].end, 16 * MIB);
	assert_int_equal(limit[1].end, 896 * MIB);
	assert_int_equal(limit[2].type, ZONE_HIGHMEM);
	limit = make("x86-64", 0, UINT64_MAX);
	assert_int_equal(limit[0].end, 16 * MIB);
	assert_int_equal(limit[1].type, ZONE_DMA32);
	assert_int_equal(limit[1].end, 4 * GIB);
	assert_int_equal(limit[2].type, ZONE_NORMAL);
	assert_true(host_zones_known("x86-64"));
	assert_false(host_zones_known("x86_64"));
	assert_false(host_zones_known(""));
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

/* The whole machine above 4 GiB is one DMA zone, as Linux has it. */
static void arm64_with_high_memory_only_is_all_dma(void **state)
{
	struct machine_spec spec = {.bank = {{4 * GIB >> PAGE_SHIFT, 32768, 0}}};
	struct machine *machine;

	(void)state;
	make("arm64", 4 * GIB, GIB);
	spec.layout = &zones.layout;
	machine = machine_create(&spec);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->present_pages, 32768);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->present_pages, 0);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->present_pages, 0);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_zones),
		cmocka_unit_test(arm64_without_dma_ranges_has_32_bits_of_dma),
		cmocka_unit_test(arm64_dma_ends_where_dma_ranges_end_in_whole_bits),
		cmocka_unit_test(arm64_memory_above_the_limit_lifts_it),
		cmocka_unit_test(arm64_with_high_memory_only_is_all_dma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
