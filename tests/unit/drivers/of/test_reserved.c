/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/reserved.c: what the tree keeps from the allocator.
 */
#include "fixture.h"

static int place(void)
{
	return of_place_reserved(tree.blob, &mb);
}

static void header_list(void **state)
{
	(void)state;
	tree_memreserve(&tree, RAM + 0x100, 0x20);
	tree_memreserve(&tree, RAM + 0x10000, 0x2000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	/* Outward: the page around 32 bytes is kept whole. */
	EXPECT_RESERVED(
		{RAM, 0x1000, 0, "memreserve 0"}, {RAM + 0x10000, 0x2000, 0, "memreserve 1"});
	expect_output("");
}

static void with_and_without_no_map(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "log@81000000", RAM + 16 * MIB, MIB, NULL);
	tree_reserved(&tree, "tee@82000000", RAM + 32 * MIB, MIB, "no-map");
	tree_reserved(&tree, "cma@83000000", RAM + 48 * MIB, MIB, "reusable");
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM + 16 * MIB, MIB, 0, "reserved-memory log@81000000"},
		{RAM + 32 * MIB, MIB, MEMBLOCK_NOMAP, "reserved-memory tee@82000000"},
		{RAM + 48 * MIB, MIB, 0, "reusable cma@83000000"});
	expect_output("");
}

static void no_map_and_reusable(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_open(&tree, "both@81000000");
	tree_cells(&tree, "reg", 0, RAM + 0x1000000, 0, 0x1000);
	tree_flag(&tree, "no-map");
	tree_flag(&tree, "reusable");
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM + 16 * MIB, 0x1000, MEMBLOCK_NOMAP, "reserved-memory both@81000000"});
	expect_output("devicetree: /reserved-memory/both@81000000 reusable: contradicts no-map: "
		      "no-map counts\n");
}

/* OpenSBI 1.1 has no no-map on its own range; not even a status takes it out. */
static void firmware_range(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_open(&tree, "mmode_resv1@80000000");
	tree_string(&tree, "status", "disabled");
	tree_cells(&tree, "reg", 0, RAM, 0, 0x40000);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM, 256 * KIB, MEMBLOCK_NOMAP, "reserved-memory mmode_resv1@80000000"});
}

static void every_pair(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_open(&tree, "two");
	tree_cells(&tree, "reg", 0, RAM + 0x5000, 0, 0x1000, 0, RAM + 0x1800, 0, 0x1000, 0);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM + 0x1000, 0x2000, 0, "reserved-memory two"},
		{RAM + 0x5000, 0x1000, 0, "reserved-memory two"});
	expect_output("devicetree: /reserved-memory/two reg: 36 bytes are no multiple of 16: 2 "
		      "whole pairs used, 4 bytes left over\n");
}

static void disabled_child(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_open(&tree, "off@80000000");
	tree_string(&tree, "status", "disabled");
	tree_cells(&tree, "reg", 0, RAM, 0, 0x40000);
	tree_close(&tree);
	tree_open(&tree, "pool");
	tree_string(&tree, "status", "disabled");
	tree_cells(&tree, "size", 0, 0x40000);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(place(), 0);
	assert_int_equal(mb.reserved.nr, 0);
	expect_output("devicetree: /reserved-memory/off@80000000 status: not okay: nothing is "
		      "reserved for it\n"
		      "devicetree: /reserved-memory/pool status: not okay: nothing is reserved for "
		      "it\n");
}

static void outside_memory(void **state)
{
	(void)state;
	tree_memreserve(&tree, 0x1000, 0x1000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "edge@bffff000", RAM + GIB - 0x1000, 0x2000, "no-map");
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({0x1000, 0x1000, 0, "memreserve 0"},
		{RAM + GIB - 0x1000, 0x2000, MEMBLOCK_NOMAP, "reserved-memory edge@bffff000"});
	expect_output("devicetree: /memreserve/: entry 0: [0x1000, 0x2000) is outside memory: "
		      "reserved all the same\n"
		      "devicetree: /reserved-memory/edge@bffff000 reg: entry 0: [0xbffff000, "
		      "0xc0001000) is partly outside memory: reserved all the same\n");
}

static void overlapping(void **state)
{
	struct memblock_free run;

	(void)state;
	tree_memreserve(&tree, RAM, 0x4000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "fw@80002000", RAM + 0x2000, 0x4000, "no-map");
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM, 0x2000, 0, "memreserve 0"},
		{RAM + 0x2000, 0x2000, MEMBLOCK_NOMAP, "memreserve 0"},
		{RAM + 0x4000, 0x2000, MEMBLOCK_NOMAP, "reserved-memory fw@80002000"});
	assert_true(memblock_next_free(&mb, 0, &run));
	assert_int_equal(run.base, RAM + 0x6000);
	assert_int_equal(run.end, RAM + MIB);
	expect_output("devicetree: /reserved-memory/fw@80002000 reg: entry 0: [0x80002000, "
		      "0x80006000) overlaps 'memreserve 0' [0x80000000, 0x80004000): both "
		      "reserved\n");
}

static void empty_range(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "none@80000000", RAM, 0, NULL);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(mb.reserved.nr, 0);
	expect_output("devicetree: /reserved-memory/none@80000000 reg: entry 0: size 0: nothing to "
		      "reserve\n");
}

static void beyond_the_address_space(void **state)
{
	(void)state;
	tree_memreserve(&tree, RAM + GIB / 2, 0xffffffffffffffff);
	tree_memreserve(&tree, 0xffffffff00000000, 0x200000000);
	tree_memreserve(&tree, 0x1000, 0x9000000000000000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({0x1000, RAM + GIB / 2 - 0x1000, 0, "memreserve 2"},
		{RAM + GIB / 2, GIB / 2, 0, "memreserve 0"});
	expect_output(
		"devicetree: /memreserve/: entry 0: 0xa0000000 + 0xffffffffffffffff goes beyond "
		"2^64 or is longer than 2^63: cut to the end of memory at 0xc0000000\n"
		"devicetree: /memreserve/: entry 1: 0xffffffff00000000 + 0x200000000 goes beyond "
		"2^64 or is longer than 2^63: cut to the end of memory at 0xc0000000\n"
		"devicetree: /memreserve/: entry 2: 0x1000 + 0x9000000000000000 goes beyond 2^64 "
		"or is longer than 2^63: cut to the end of memory at 0xc0000000\n"
		"devicetree: /memreserve/: entry 2: [0x1000, 0xc0000000) overlaps 'memreserve 0' "
		"[0xa0000000, 0xc0000000): both reserved\n"
		"devicetree: /memreserve/: entry 2: [0x1000, 0xc0000000) is partly outside memory: "
		"reserved all the same\n");
}

/* Cells and ranges of /reserved-memory itself. */
static void own_cells(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "reserved-memory");
	tree_cells(&tree, "#address-cells", 1);
	tree_cells(&tree, "#size-cells", 1);
	tree_cells(&tree, "ranges", 0x1000, 0, RAM, 0x10000);
	tree_open(&tree, "shifted");
	tree_cells(&tree, "reg", 0x3000, 0x1000);
	tree_close(&tree);
	tree_open(&tree, "beyond");
	tree_cells(&tree, "reg", RAM + 0x8000, 0x1000);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM + 0x2000, 0x1000, 0, "reserved-memory shifted"},
		{RAM + 0x8000, 0x1000, 0, "reserved-memory beyond"});
	expect_output("devicetree: /reserved-memory/beyond reg: entry 0: 0x80008000 + 0x1000 is "
		      "not in the ranges of its parent: taken as it is\n");
}

/* A number of cells of a wrong length is none, and no reservation is lost by it. */
static void cells_malformed(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "reserved-memory");
	tree_cells(&tree, "#address-cells", 2);
	tree_flag(&tree, "#size-cells");
	tree_flag(&tree, "ranges");
	tree_reserved(&tree, "fw@80000000", RAM, 0x1000, NULL);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM, 0x1000, 0, "reserved-memory fw@80000000"});
	expect_output(
		"devicetree: /reserved-memory #address-cells: this or #size-cells is missing, "
		"or not 1 or 2: the root's 2 and 2 taken\n");
}

static void cells_and_ranges_missing(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "reserved-memory");
	tree_reserved(&tree, "fw@80000000", RAM, 0x1000, NULL);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM, 0x1000, 0, "reserved-memory fw@80000000"});
	expect_output(
		"devicetree: /reserved-memory #address-cells: this or #size-cells is "
		"missing, or not 1 or 2: the root's 2 and 2 taken\n"
		"devicetree: /reserved-memory ranges: missing: addresses taken as they are\n");
	assert_int_equal(place(), 0);
	expect_output("");
}

static void open_pool(const char *name, uint32_t size)
{
	tree_open(&tree, name);
	tree_cells(&tree, "size", 0, size);
}

/* Size alone: placed when all else is reserved, also what the tree names after it. */
static void placed(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 16 * MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	open_pool("pool", 0x100800);
	tree_cells(&tree, "alignment", 0, 0x100000);
	tree_close(&tree);
	open_pool("secret", 0x1000);
	tree_flag(&tree, "no-map");
	tree_close(&tree);
	open_pool("cma", 0x1000);
	tree_flag(&tree, "reusable");
	tree_close(&tree);
	tree_reserved(&tree, "top@80f00000", RAM + 15 * MIB, MIB, NULL);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_RESERVED({RAM + 15 * MIB, MIB, 0, "reserved-memory top@80f00000"});
	assert_int_equal(place(), 0);
	EXPECT_RESERVED({RAM + 13 * MIB, MIB + 0x1000, 0, "reserved-memory pool"},
		{RAM + 15 * MIB - 0x2000, 0x1000, 0, "reusable cma"},
		{RAM + 15 * MIB - 0x1000, 0x1000, MEMBLOCK_NOMAP, "reserved-memory secret"},
		{RAM + 15 * MIB, MIB, 0, "reserved-memory top@80f00000"});
	expect_output("");
}

/* What the caller has reserved since the scan is left alone. */
static void placed_beside_the_image(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 16 * MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	open_pool("pool", 0x100000);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	memblock_reserve(&mb, RAM + 15 * MIB, MIB, 0, "image");
	assert_int_equal(place(), 0);
	EXPECT_RESERVED({RAM + 14 * MIB, MIB, 0, "reserved-memory pool"},
		{RAM + 15 * MIB, MIB, 0, "image"});
}

static void placed_within_alloc_ranges(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 16 * MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	open_pool("pool", 0x100000);
	/* No memory in the first, no room in the second, the third has it; the fourth too. */
	tree_cells(&tree, "alloc-ranges", 0, 0, 0, 0x40000000, 0, RAM, 0, 0x80000, 0,
		RAM + 0x200000, 0, 0x200000, 0, RAM + 0x600000, 0, 0x200000);
	tree_close(&tree);
	open_pool("high", 0x100000);
	tree_cells(&tree, "alloc-ranges", 1, 0, 0xffffffff, 0xffffffff);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(place(), 0);
	EXPECT_RESERVED({RAM + 3 * MIB, MIB, 0, "reserved-memory pool"});
	expect_output("devicetree: /reserved-memory/high size: no 0x100000 free bytes aligned to "
		      "0x1000 in its alloc-ranges: nothing is reserved\n");
}

static void can_not_be_placed(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 16 * MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	open_pool("huge", 0x2000000);
	tree_close(&tree);
	open_pool("zero", 0);
	tree_close(&tree);
	tree_open(&tree, "max");
	tree_cells(&tree, "size", 0xffffffff, 0xffffffff);
	tree_close(&tree);
	tree_open(&tree, "odd");
	tree_cells(&tree, "size", 0x1000);
	tree_close(&tree);
	tree_open(&tree, "neither");
	tree_close(&tree);
	open_pool("ranges", 0x1000);
	tree_cells(&tree, "alloc-ranges", 0, RAM);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(place(), 0);
	assert_int_equal(mb.reserved.nr, 0);
	expect_output(
		"devicetree: /reserved-memory/huge size: no 0x2000000 free bytes aligned to "
		"0x1000: nothing is reserved\n"
		"devicetree: /reserved-memory/zero size: 0x0 can not be had: nothing is reserved\n"
		"devicetree: /reserved-memory/max size: 0xffffffffffffffff can not be had: nothing "
		"is reserved\n"
		"devicetree: /reserved-memory/odd size: 4 bytes instead of 8: not used\n"
		"devicetree: /reserved-memory/neither reg: missing, and no size either: nothing is "
		"reserved\n"
		"devicetree: /reserved-memory/ranges alloc-ranges: 8 bytes are no multiple of 16: "
		"0 whole pairs used, 8 bytes left over\n"
		"devicetree: /reserved-memory/ranges size: no 0x1000 free bytes aligned to 0x1000 "
		"in its alloc-ranges: nothing is reserved\n");
}

static void odd_alignments(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 16 * MIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	open_pool("three", 0x1000);
	tree_cells(&tree, "alignment", 0, 0x3000);
	tree_close(&tree);
	open_pool("small", 0x1000);
	tree_cells(&tree, "alignment", 0, 16);
	tree_close(&tree);
	open_pool("short", 0x1000);
	tree_cells(&tree, "alignment", 0x10000);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(place(), 0);
	EXPECT_RESERVED({RAM + 16 * MIB - 0x4000, 0x1000, 0, "reserved-memory three"},
		{RAM + 16 * MIB - 0x2000, 0x1000, 0, "reserved-memory short"},
		{RAM + 16 * MIB - 0x1000, 0x1000, 0, "reserved-memory small"});
	expect_output("devicetree: /reserved-memory/three alignment: 0x3000 is no power of two: "
		      "0x4000 taken\n"
		      "devicetree: /reserved-memory/short alignment: 4 bytes instead of 8: not "
		      "used\n");
}

static void hundreds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 900; i++)
		tree_memreserve(&tree, RAM + i * 0x2000ULL, 0x1000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	assert_int_equal(mb.reserved.nr, 900);
	assert_string_equal(mb.reserved.range[899].why, "memreserve 899");
	expect_output("");
}

/* One that can not be noted would be handed out: no memory is better than that. */
static void too_many(void **state)
{
	char line[200];

	(void)state;
	for (unsigned int i = 0; i < 2000; i++)
		tree_memreserve(&tree, RAM + i * 0x2000ULL, 0x1000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 0);
	snprintf(line, sizeof(line),
		"devicetree: /memreserve/: entry %u: the list of 1024 reserved ranges is full, and "
		"without this one memory is not safe to use\n",
		mb.reserved.nr);
	expect_output(line);
}

/* The reason has room for 39 characters. */
static void long_name(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "a-name-that-goes-on-and-on@80000000", RAM, 0x1000, NULL);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_string_equal(mb.reserved.range[0].why, "reserved-memory a-name-that-goes-on-and");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(header_list),
		TEST(with_and_without_no_map),
		TEST(no_map_and_reusable),
		TEST(firmware_range),
		TEST(every_pair),
		TEST(disabled_child),
		TEST(outside_memory),
		TEST(overlapping),
		TEST(empty_range),
		TEST(beyond_the_address_space),
		TEST(own_cells),
		TEST(cells_malformed),
		TEST(cells_and_ranges_missing),
		TEST(placed),
		TEST(placed_beside_the_image),
		TEST(placed_within_alloc_ranges),
		TEST(can_not_be_placed),
		TEST(odd_alignments),
		TEST(hundreds),
		TEST(too_many),
		TEST(long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
