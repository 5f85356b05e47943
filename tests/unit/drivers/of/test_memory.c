/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/memory.c: banks, as trees have them and as they should not.
 */
#include "fixture.h"

static void one_bank(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	assert_false(numa.present);
	assert_int_equal(mb.reserved.nr, 0);
	expect_output("");
}

static void every_node_and_pair_unsorted(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, 3 * RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "memory@80000000");
	tree_string(&tree, "device_type", "memory");
	tree_cells(&tree, "reg", 1, 0, 0, 0x10000000, 0, RAM, 0, 0x20000000);
	tree_close(&tree);
	tree_memory(&tree, 0x40000000, 64 * MIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 4);
	EXPECT_BANKS({0x40000000, 64 * MIB, 0}, {RAM, 512 * MIB, 0}, {4 * GIB, 256 * MIB, 0},
		{3 * RAM, GIB, 0});
	expect_output("");
}

/* Only children of the root are memory; the type decides, without one the name does. */
static void which_nodes_are_memory(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "memory"); /* by name */
	tree_cells(&tree, "reg", 0, RAM, 0, 0x1000);
	tree_close(&tree);
	tree_open(&tree, "ddr@90000000"); /* by type */
	tree_string(&tree, "device_type", "memory");
	tree_cells(&tree, "reg", 0, 0x90000000, 0, 0x1000);
	tree_close(&tree);
	tree_open(&tree, "memory@a0000000"); /* not: another type */
	tree_string(&tree, "device_type", "nvram");
	tree_cells(&tree, "reg", 0, 0xa0000000, 0, 0x1000);
	tree_close(&tree);
	tree_open(&tree, "memory-controller@b0000000"); /* not: the name goes on */
	tree_cells(&tree, "reg", 0, 0xb0000000, 0, 0x1000);
	tree_close(&tree);
	tree_open(&tree, "soc"); /* not: a device's own memory */
	tree_memory(&tree, 0xc0000000, 0x1000, TREE_NO_NODE);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, 0x1000, 0}, {0x90000000, 0x1000, 0});
	expect_output("");
}

static void cells_of_one(void **state)
{
	(void)state;
	tree_root(&tree, 1, 1);
	tree_open(&tree, "memory@80000000");
	tree_cells(&tree, "reg", RAM, 0x10000000, 0xa0000000, 0x1000);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, 256 * MIB, 0}, {0xa0000000, 0x1000, 0});
	expect_output("");
}

static void cells_missing(void **state)
{
	(void)state;
	tree_root(&tree, 0, 0);
	tree_open(&tree, "memory@180000000");
	tree_cells(&tree, "reg", 1, RAM, 0x10000000);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({4 * GIB + RAM, 256 * MIB, 0});
	expect_output(
		"devicetree: / #address-cells: missing: 2 taken, as the specification has it\n"
		"devicetree: / #size-cells: missing: 1 taken, as the specification has it\n");
}

static void cells_of_three(void **state)
{
	(void)state;
	tree_root(&tree, 3, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 0);
	assert_int_equal(mb.memory.nr, 0);
	expect_output(
		"devicetree: / #address-cells: 3 is not 1 or 2: memory nodes can not be read\n");
}

static void cells_of_wrong_length(void **state)
{
	(void)state;
	tree_root(&tree, 2, 0);
	tree_cells(&tree, "#size-cells", 0, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 0);
	expect_output("devicetree: / #size-cells: 8 bytes instead of 4: not used\n"
		      "devicetree: / #size-cells: memory nodes can not be read\n");
}

static void size_cells_of_zero(void **state)
{
	(void)state;
	tree_root(&tree, 2, 0);
	tree_cells(&tree, "#size-cells", 0);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 0);
	expect_output("devicetree: / #size-cells: 0 is not 1 or 2: memory nodes can not be read\n");
}

static void empty_bank_is_silent(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_memory(&tree, RAM + GIB, 0, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	expect_output("");
}

static void unaligned_is_rounded_inward(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM + 0x800, 0x3000, TREE_NO_NODE);
	tree_memory(&tree, 0x90000001, 0x1ffe, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM + 0x1000, 0x2000, 0});
	expect_output("devicetree: /memory@80000800 reg: pair 0: 0x80000800 + 0x3000 rounded "
		      "inward to the pages [0x80001000, 0x80003000)\n"
		      "devicetree: /memory@90000001 reg: pair 0: 0x90000001 + 0x1ffe has no whole "
		      "page that can be used\n");
}

static void adjacent_banks(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM + GIB, GIB, 1);
	tree_memory(&tree, RAM, GIB, 0);
	tree_memory(&tree, RAM + 2 * GIB, GIB, 1);
	assert_int_equal(scan_memory(), 3);
	EXPECT_BANKS({RAM, GIB, 0}, {RAM + GIB, 2 * GIB, 1});
	expect_output("");
}

static void overlap_first_wins(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 64 * MIB, 0);
	tree_memory(&tree, RAM + 32 * MIB, 64 * MIB, 1);
	tree_memory(&tree, RAM + 16 * MIB, 16 * MIB, 1);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, 64 * MIB, 0}, {RAM + 64 * MIB, 32 * MIB, 1});
	expect_output("devicetree: /memory@82000000 reg: pair 0: [0x82000000, 0x86000000) overlaps "
		      "an earlier bank: 0x2000000 of its 0x4000000 bytes added\n"
		      "devicetree: /memory@81000000 reg: pair 0: [0x81000000, 0x82000000) overlaps "
		      "an earlier bank: 0x0 of its 0x1000000 bytes added\n");
}

static void odd_reg_length(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "memory@80000000");
	tree_cells(&tree, "reg", 0, RAM, 0, 0x10000000, 0, 0xa0000000, 0);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, 256 * MIB, 0});
	expect_output("devicetree: /memory@80000000 reg: 28 bytes are no multiple of 16: 1 whole "
		      "pairs used, 12 bytes left over\n");
}

static void reg_missing_or_empty(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "memory@1");
	tree_close(&tree);
	tree_open(&tree, "memory@2");
	tree_flag(&tree, "reg");
	tree_close(&tree);
	assert_int_equal(scan_memory(), 0);
	expect_output("devicetree: /memory@1 reg: missing: nothing taken from it\n"
		      "devicetree: /memory@2 reg: empty: nothing taken from it\n"
		      "devicetree: /: no memory node has a usable bank\n");
}

static void beyond_the_address_space(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_memory(&tree, 0xfffffffff0000000, 0x20000000, TREE_NO_NODE);
	tree_memory(&tree, 0x100000000, 0xffffffffffffffff, TREE_NO_NODE);
	tree_memory(&tree, 0x200000000, 0x8000000000000000, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	expect_output(
		"devicetree: /memory@fffffffff0000000 reg: pair 0: 0xfffffffff0000000 + "
		"0x20000000 goes beyond 2^64 or is longer than 2^63: not used\n"
		"devicetree: /memory@100000000 reg: pair 0: 0x100000000 + 0xffffffffffffffff goes "
		"beyond 2^64 or is longer than 2^63: not used\n"
		"devicetree: /memory@200000000 reg: pair 0: 0x200000000 + 0x8000000000000000 goes "
		"beyond 2^64 or is longer than 2^63: not used\n");
}

static void up_to_the_end_of_the_address_space(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, 0xffffffffffff0000, 0x10000, TREE_NO_NODE);
	tree_memory(&tree, 0xfffffffffffff000, 0x1000, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({0xffffffffffff0000, 0xf000, 0});
	expect_output("devicetree: /memory@ffffffffffff0000 reg: pair 0: 0xffffffffffff0000 + "
		      "0x10000 rounded inward to the pages [0xffffffffffff0000, "
		      "0xfffffffffffff000)\n"
		      "devicetree: /memory@fffffffffffff000 reg: pair 0: 0xfffffffffffff000 + "
		      "0x1000 has no whole page that can be used\n");
}

static void disabled_memory(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "memory@c0000000");
	tree_string(&tree, "status", "disabled");
	tree_cells(&tree, "reg", 0, 0xc0000000, 0, 0x10000000);
	tree_cells(&tree, "numa-node-id", 7);
	tree_close(&tree);
	tree_open(&tree, "memory@d0000000");
	tree_string(&tree, "status", "ok");
	tree_cells(&tree, "reg", 0, 0xd0000000, 0, 0x10000000);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, GIB, 0}, {0xd0000000, 256 * MIB, 0});
	assert_false(numa.present);
	expect_output("devicetree: /memory@c0000000 status: not okay: its memory is not used\n");
}

static void no_memory_at_all(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	assert_int_equal(scan_memory(), 0);
	expect_output("devicetree: /: no memory node has a usable bank\n");
}

/* As most trees in files are: how much memory there is, is the boot loader's to say. */
static void only_empty_banks(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, 0, 0, TREE_NO_NODE);
	tree_memory(&tree, RAM, 0, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 0);
	expect_output("devicetree: /: no memory node has a usable bank: 2 of size 0, for a boot "
		      "loader to fill in\n");
}

/* More banks than the boot allocator holds: those that fit count, the limit is named. */
static void thousands_of_banks(void **state)
{
	const unsigned int nr = 3000;
	unsigned int used;
	char last[200];

	(void)state;
	tree_root(&tree, 2, 2);
	for (unsigned int i = 0; i < nr; i++)
		tree_memory(&tree, RAM + i * 2 * MIB, MIB, TREE_NO_NODE);
	used = scan_memory();
	assert_in_range(used, MEMBLOCK_MAX_RANGES - 8, MEMBLOCK_MAX_RANGES);
	assert_int_equal(mb.memory.nr, used);
	assert_int_equal(mb.memory.range[used - 1].base, RAM + (used - 1) * 2 * MIB);
	snprintf(last, sizeof(last),
		"devicetree: /memory@%llx reg: pair 0: the list of 1024 banks is full: not used\n"
		"devicetree: /: %u banks, %llu KiB, not used: the list of 1024 is full\n",
		RAM + used * 2 * MIB, nr - used, (nr - used) * 1024ULL);
	expect_output(last);
}

/* A tree full of junk does not fill the console. */
static void many_findings(void **state)
{
	const char *text;
	unsigned int lines = 0;

	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	for (unsigned int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "memory@%u", i);
		tree_open(&tree, name);
		tree_close(&tree);
	}
	assert_int_equal(scan_memory(), 1);
	text = host_print_captured();
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 201);
	assert_non_null(strstr(text, "devicetree: /memory@199 reg: missing: nothing taken from it\n"
				     "devicetree: /: 100 more findings are not shown\n"));
}

/* Names come from outside: what moves a cursor is not printed. */
static void names_are_cleaned(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, "memory@\033[2J\n\177\200");
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	expect_output("devicetree: /memory@?[2J??? reg: missing: nothing taken from it\n");
}

static void long_names_are_told_without_path(void **state)
{
	char name[400], line[600];

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "memory@", 7);
	name[sizeof(name) - 1] = '\0';
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open(&tree, name);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	snprintf(line, sizeof(line), "devicetree: %.255s reg: missing: nothing taken from it\n",
		name);
	expect_output(line);
}

/* QEMU 7.2's riscv64 `virt` with 128 MiB, as OpenSBI 1.1 hands it over. */
static void tree_of_qemu_virt(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_string(&tree, "compatible", "riscv-virtio");
	tree_open_reserved(&tree);
	tree_reserved(&tree, "mmode_resv0@80000000", RAM, 512 * KIB, NULL);
	tree_close(&tree);
	tree_open(&tree, "fw-cfg@10100000");
	tree_cells(&tree, "reg", 0, 0x10100000, 0, 0x18);
	tree_close(&tree);
	tree_memory(&tree, RAM, 128 * MIB, TREE_NO_NODE);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, TREE_NO_NODE);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, 128 * MIB, 0});
	EXPECT_RESERVED({RAM, 512 * KIB, MEMBLOCK_NOMAP, "reserved-memory mmode_resv0@80000000"});
	assert_int_equal(of_place_reserved(tree.blob, &mb), 0);
	assert_int_equal(mb.reserved.nr, 1);
	expect_output("");
}

/* Two nodes with interleaved banks on both sides of 4 GiB. */
static void tree_of_interleaved_banks(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, 512 * MIB, 0);
	tree_memory(&tree, 0xc0000000, GIB, 1);
	tree_memory(&tree, 0x120000000, GIB, 0);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, 0);
	tree_cpu(&tree, 1, 1);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 3);
	EXPECT_BANKS({RAM, 512 * MIB, 0}, {0xc0000000, GIB, 1}, {0x120000000, GIB, 0});
	assert_true(numa.present);
	expect_output("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_bank),
		TEST(every_node_and_pair_unsorted),
		TEST(which_nodes_are_memory),
		TEST(cells_of_one),
		TEST(cells_missing),
		TEST(cells_of_three),
		TEST(cells_of_wrong_length),
		TEST(size_cells_of_zero),
		TEST(empty_bank_is_silent),
		TEST(unaligned_is_rounded_inward),
		TEST(adjacent_banks),
		TEST(overlap_first_wins),
		TEST(odd_reg_length),
		TEST(reg_missing_or_empty),
		TEST(beyond_the_address_space),
		TEST(up_to_the_end_of_the_address_space),
		TEST(disabled_memory),
		TEST(no_memory_at_all),
		TEST(only_empty_banks),
		TEST(thousands_of_banks),
		TEST(many_findings),
		TEST(names_are_cleaned),
		TEST(long_names_are_told_without_path),
		TEST(tree_of_qemu_virt),
		TEST(tree_of_interleaved_banks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
