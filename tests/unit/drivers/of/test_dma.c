/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/dma.c: how far devices reach, by the dma-ranges of their buses.
 */
#include "fixture.h"

static void begin(void)
{
	tree_begin(&tree);
	tree_root(&tree, 2, 1);
}

static void open_bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
	tree_open(&tree, name);
	tree_cells(&tree, "#address-cells", address_cells);
	tree_cells(&tree, "#size-cells", size_cells);
}

static void expect_end(uint64_t end)
{
	assert_int_equal(of_dma_end(tree_end(&tree)), end);
}

static void no_ranges_are_no_limit(void **state)
{
	(void)state;
	begin();
	open_bus("soc", 1, 1);
	tree_flag(&tree, "dma-ranges");
	tree_close(&tree);
	expect_end(UINT64_MAX);
}

/* The 1 GiB that a Raspberry Pi 4's devices see, at another address than the CPUs do. */
static void the_end_is_as_cpus_see_it(void **state)
{
	(void)state;
	begin();
	open_bus("soc", 1, 1);
	tree_cells(&tree, "dma-ranges", 0xc0000000, 0, 0, 0x40000000);
	tree_close(&tree);
	expect_end(GIB);
}

static void of_a_bus_the_highest_and_of_buses_the_least_counts(void **state)
{
	(void)state;
	begin();
	open_bus("wide", 2, 2);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0, 2, 0);
	tree_close(&tree);
	open_bus("soc", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0x10000000, 0x10000000, 0, 0x40000000, 0x20000000);
	tree_close(&tree);
	expect_end(0x60000000);
}

static void buses_above_translate(void **state)
{
	(void)state;
	begin();
	open_bus("soc", 1, 1);
	tree_cells(&tree, "dma-ranges", 0x80000000, 0, 0, 0x80000000);
	open_bus("inner", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0x90000000, 0x10000000);
	tree_close(&tree);
	tree_close(&tree);
	expect_end(0x20000000);
}

static void a_range_that_leads_nowhere_does_not_count(void **state)
{
	(void)state;
	begin();
	open_bus("soc", 1, 1);
	tree_cells(&tree, "dma-ranges", 0x80000000, 0, 0, 0x80000000);
	open_bus("inner", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0x10000000, 0x10000000);
	tree_close(&tree);
	tree_close(&tree);
	expect_end(0x80000000);
}

static void three_cells_are_an_address_of_pci(void **state)
{
	(void)state;
	begin();
	open_bus("pcie", 3, 2);
	tree_cells(&tree, "dma-ranges", 0x02000000, 0, 0, 0, 0, 0, 0xc0000000);
	tree_close(&tree);
	expect_end(0xc0000000);
}

static void what_is_disabled_does_not_count(void **state)
{
	(void)state;
	begin();
	tree_open(&tree, "off");
	tree_string(&tree, "status", "disabled");
	open_bus("bus", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0x1000);
	tree_close(&tree);
	tree_close(&tree);
	open_bus("soc", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0x40000000);
	tree_close(&tree);
	expect_end(GIB);
}

/* Cut off, cells that are no cells, past 2^64, empty. */
static void malformed_ones_say_nothing(void **state)
{
	(void)state;
	begin();
	open_bus("short", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0);
	tree_close(&tree);
	open_bus("cells", 7, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1000);
	tree_close(&tree);
	open_bus("end", 2, 2);
	tree_cells(&tree, "dma-ranges", 0, 0, 0xffffffff, 0xfffff000, 0, 0x2000);
	tree_close(&tree);
	open_bus("empty", 1, 1);
	tree_cells(&tree, "dma-ranges", 0, 0, 0, 0);
	tree_close(&tree);
	expect_end(UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_ranges_are_no_limit),
		cmocka_unit_test(the_end_is_as_cpus_see_it),
		cmocka_unit_test(of_a_bus_the_highest_and_of_buses_the_least_counts),
		cmocka_unit_test(buses_above_translate),
		cmocka_unit_test(a_range_that_leads_nowhere_does_not_count),
		cmocka_unit_test(three_cells_are_an_address_of_pci),
		cmocka_unit_test(what_is_disabled_does_not_count),
		cmocka_unit_test(malformed_ones_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
