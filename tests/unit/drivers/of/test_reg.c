/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/reg.c and node.c: addresses of devices, and what a node says about itself.
 */
#include "fixture.h"

static uint64_t base, size;

/* of_reg() of the node at `path`. */
static int reg(const char *path, unsigned int index)
{
	int node = fdt_path_offset(tree.blob, path);

	assert_true(node >= 0);
	base = size = 0xdead;
	return of_reg(tree.blob, node, index, &base, &size);
}

static void expect_reg(const char *path, unsigned int index, uint64_t want_base, uint64_t want_size)
{
	assert_int_equal(reg(path, index), 0);
	assert_int_equal(base, want_base);
	assert_int_equal(size, want_size);
}

static void device(const char *name, uint32_t at)
{
	tree_open(&tree, name);
	tree_cells(&tree, "reg", at, 0x100);
	tree_close(&tree);
}

static void open_bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
	tree_open(&tree, name);
	tree_cells(&tree, "#address-cells", address_cells);
	tree_cells(&tree, "#size-cells", size_cells);
}

/* Children of the root need no ranges, those of a bus with empty ones are as they are. */
static void identity(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "test@100000");
	tree_cells(&tree, "reg", 0, 0x100000, 0, 0x1000, 1, 2, 3, 4);
	tree_close(&tree);
	open_bus("soc", 2, 2);
	tree_flag(&tree, "ranges");
	tree_open(&tree, "serial@10000000");
	tree_cells(&tree, "reg", 0, 0x10000000, 0, 0x100);
	tree_close(&tree);
	tree_close(&tree);
	tree_end(&tree);
	expect_reg("/test@100000", 0, 0x100000, 0x1000);
	expect_reg("/test@100000", 1, 0x100000002, 0x300000004);
	assert_int_equal(reg("/test@100000", 2), -1);
	expect_reg("/soc/serial@10000000", 0, 0x10000000, 0x100);
	assert_int_equal(reg("/soc", 0), -1);
	assert_int_equal(reg("/", 0), -1);
	expect_output("");
}

static void through_two_buses(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	open_bus("outer", 1, 1);
	tree_cells(&tree, "ranges", 0, 2, 0, 0x1000, 0x80000000, 3, 0x80000000, 0x10000000);
	open_bus("inner", 1, 1);
	tree_cells(&tree, "ranges", 0x4000, 0x80000000, 0x8000);
	device("a", 0x4100);
	tree_close(&tree);
	device("b", 0x10);
	tree_close(&tree);
	tree_end(&tree);
	expect_reg("/outer/b", 0, 0x200000010, 0x100);
	expect_reg("/outer/inner/a", 0, 0x380000100, 0x100);
}

static void not_translatable(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	open_bus("no-ranges", 1, 1);
	device("a", 0x10);
	tree_close(&tree);
	open_bus("window", 1, 1);
	tree_cells(&tree, "ranges", 0x1000, 0, 0, 0x1000);
	device("below", 0xf00);
	device("inside", 0x1f00);
	device("sticks-out", 0x1f01);
	device("above", 0x2000);
	tree_close(&tree);
	open_bus("wraps", 2, 2);
	tree_cells(&tree, "ranges", 0, 0, 0xffffffff, 0xffff0000, 1, 0);
	tree_open(&tree, "a");
	tree_cells(&tree, "reg", 0, 0x10000, 0, 0x100);
	tree_close(&tree);
	tree_close(&tree);
	open_bus("pci", 3, 2);
	tree_flag(&tree, "ranges");
	tree_open(&tree, "a");
	tree_cells(&tree, "reg", 0, 0, 0, 0, 0);
	tree_close(&tree);
	tree_close(&tree);
	tree_end(&tree);
	assert_int_equal(reg("/no-ranges/a", 0), -1);
	assert_int_equal(reg("/window/below", 0), -1);
	expect_reg("/window/inside", 0, 0xf00, 0x100);
	assert_int_equal(reg("/window/sticks-out", 0), -1);
	assert_int_equal(reg("/window/above", 0), -1);
	assert_int_equal(reg("/wraps/a", 0), -1);
	assert_int_equal(reg("/pci/a", 0), -1);
	assert_int_equal(base, 0xdead);
}

/* Without cells of its own a bus has 2 and 1. */
static void default_cells(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "bus");
	tree_flag(&tree, "ranges");
	tree_open(&tree, "a");
	tree_cells(&tree, "reg", 1, 2, 3);
	tree_close(&tree);
	tree_close(&tree);
	tree_end(&tree);
	expect_reg("/bus/a", 0, 0x100000002, 3);
}

static void properties_of_a_node(void **state)
{
	const void *fdt;
	int node;

	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "a");
	tree_bytes(&tree, "compatible", "sifive,test1\0sifive,test0\0syscon", 33);
	tree_cells(&tree, "value", 0x5555);
	tree_cells(&tree, "wide", 1, 2);
	tree_string(&tree, "status", "okay");
	tree_close(&tree);
	fdt = tree_end(&tree);
	node = fdt_path_offset(fdt, "/a");
	assert_true(of_compatible(fdt, node, "sifive,test0"));
	assert_false(of_compatible(fdt, node, "sifive,test"));
	assert_false(of_compatible(fdt, 0, "syscon"));
	assert_int_equal(of_u32(fdt, node, "value", 1), 0x5555);
	assert_int_equal(of_u32(fdt, node, "wide", 7), 7);
	assert_int_equal(of_u32(fdt, node, "absent", 8), 8);
	assert_true(of_available(fdt, node));
	assert_true(of_available(fdt, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity),
		TEST(through_two_buses),
		TEST(not_translatable),
		TEST(default_cells),
		TEST(properties_of_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
