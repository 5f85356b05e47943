/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/cpus.c: which CPUs there are to start, the time base, and mmu-type.
 */
#include "fixture.h"

static void start(int nid)
{
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, nid);
}

/* A cpu with this reg and no more. */
static void bare_cpu(const char *name, uint32_t hwid)
{
	tree_open(&tree, name);
	tree_cells(&tree, "reg", hwid);
	tree_close(&tree);
}

static void in_the_order_of_the_tree(void **state)
{
	(void)state;
	start(0);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 9, 1);
	tree_cpu(&tree, 0, 0);
	tree_cpu(&tree, 4, 1);
	tree_open(&tree, "cpu-map");
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 3);
	assert_int_equal(cpus.cpu[0].hwid, 9);
	assert_int_equal(cpus.cpu[0].nid, 1);
	assert_int_equal(cpus.cpu[1].hwid, 0);
	assert_int_equal(cpus.cpu[1].nid, 0);
	assert_int_equal(cpus.cpu[2].hwid, 4);
	assert_int_equal(cpus.nr_disabled, 0);
	assert_int_equal(cpus.timebase_hz, 10000000);
	expect_output("");
}

static void two_address_cells(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open(&tree, "cpus");
	tree_cells(&tree, "#address-cells", 2);
	tree_open(&tree, "cpu@100000002");
	tree_cells(&tree, "reg", 1, 2);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 1);
	assert_int_equal(cpus.cpu[0].hwid, 0x100000002);
	assert_int_equal(cpus.cpu[0].nid, 0);
	assert_int_equal(cpus.timebase_hz, 0);
	expect_output("");
}

static void address_cells_missing(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open(&tree, "cpus");
	bare_cpu("cpu@3", 3);
	tree_open(&tree, "cpu@100000004");
	tree_cells(&tree, "reg", 1, 4);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 2);
	assert_int_equal(cpus.cpu[0].hwid, 3);
	assert_int_equal(cpus.cpu[1].hwid, 0x100000004);
	expect_output("devicetree: /cpus #address-cells: missing: the length of each cpu's reg "
		      "decides\n");
}

static void address_cells_of_three(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open(&tree, "cpus");
	tree_cells(&tree, "#address-cells", 3);
	bare_cpu("cpu@3", 3);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 0);
	expect_output("devicetree: /cpus #address-cells: 3 is not 1 or 2: CPUs can not be read\n"
		      "devicetree: /cpus: there is no CPU that can be used\n");
}

static void status(void **state)
{
	static const char *const words[] = {"okay", "ok", "disabled", "fail", "okay-ish", ""};
	char name[8];

	(void)state;
	start(TREE_NO_NODE);
	tree_open_cpus(&tree);
	for (uint32_t i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "cpu@%u", i);
		tree_open(&tree, name);
		tree_cells(&tree, "reg", i);
		tree_string(&tree, "status", words[i]);
		tree_close(&tree);
	}
	bare_cpu("cpu@6", 6);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 3);
	assert_int_equal(cpus.cpu[0].hwid, 0);
	assert_int_equal(cpus.cpu[1].hwid, 1);
	assert_int_equal(cpus.cpu[2].hwid, 6);
	assert_int_equal(cpus.nr_disabled, 4);
	expect_output("");
}

/* The type decides; without one the name does. */
static void which_nodes_are_cpus(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open_cpus(&tree);
	tree_open(&tree, "core0");
	tree_string(&tree, "device_type", "cpu");
	tree_cells(&tree, "reg", 1);
	tree_close(&tree);
	tree_open(&tree, "cpu@2");
	tree_string(&tree, "device_type", "cache");
	tree_cells(&tree, "reg", 2);
	tree_close(&tree);
	bare_cpu("l2-cache", 3);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 1);
	assert_int_equal(cpus.cpu[0].hwid, 1);
	expect_output("");
}

static void reg_faults(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open_cpus(&tree);
	tree_open(&tree, "cpu@0");
	tree_close(&tree);
	tree_open(&tree, "cpu@1");
	tree_bytes(&tree, "reg", "\0\1", 2);
	tree_close(&tree);
	tree_open(&tree, "cpu@2");
	tree_cells(&tree, "reg", 2, 0);
	tree_close(&tree);
	bare_cpu("cpu@3", 3);
	bare_cpu("cpu@33", 3);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 2);
	assert_int_equal(cpus.cpu[0].hwid, 2);
	assert_int_equal(cpus.cpu[1].hwid, 3);
	expect_output(
		"devicetree: /cpus/cpu@0 reg: missing: this CPU is not used\n"
		"devicetree: /cpus/cpu@1 reg: 2 bytes instead of 4: this CPU is not used\n"
		"devicetree: /cpus/cpu@2 reg: 8 bytes instead of 4: the first 4 used\n"
		"devicetree: /cpus/cpu@33 reg: another CPU has 3 too: this one is not used\n");
}

static void too_many(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open_cpus(&tree);
	for (uint32_t i = 0; i < OF_MAX_CPUS + 3; i++)
		tree_cpu(&tree, i, TREE_NO_NODE);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), OF_MAX_CPUS);
	assert_int_equal(cpus.cpu[OF_MAX_CPUS - 1].hwid, OF_MAX_CPUS - 1);
	expect_output("devicetree: /cpus/cpu@200: no more than 512 CPUs can be held: not used\n"
		      "devicetree: /cpus: 3 CPUs not used: no more than 512 can be held\n");
}

static void node_id_missing(void **state)
{
	(void)state;
	start(1);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, 1);
	tree_cpu(&tree, 1, TREE_NO_NODE);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 2);
	assert_int_equal(cpus.cpu[0].nid, 1);
	assert_int_equal(cpus.cpu[1].nid, 0);
	expect_output("devicetree: /cpus/cpu@1 numa-node-id: missing while others have one: node 0 "
		      "taken\n");
}

static void none(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	assert_int_equal(scan_cpus(), 0);
	expect_output("devicetree: / cpus: missing: no CPU is known\n");
}

static void timebase_of_the_first_cpu(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open(&tree, "cpus");
	tree_cells(&tree, "#address-cells", 1);
	bare_cpu("cpu@0", 0);
	tree_open(&tree, "cpu@1");
	tree_cells(&tree, "reg", 1);
	tree_cells(&tree, "timebase-frequency", 1, 5);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 2);
	assert_int_equal(cpus.timebase_hz, 0x100000005);
	expect_output("");
}

static void timebase_faults(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	tree_open(&tree, "cpus");
	tree_cells(&tree, "#address-cells", 1);
	tree_bytes(&tree, "timebase-frequency", "abc", 3);
	tree_open(&tree, "cpu@0");
	tree_cells(&tree, "reg", 0);
	tree_cells(&tree, "timebase-frequency", 0);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_cpus(), 1);
	assert_int_equal(cpus.timebase_hz, 0);
	expect_output("devicetree: /cpus timebase-frequency: 3 bytes instead of 4 or 8: not used\n"
		      "devicetree: /cpus/cpu@0 timebase-frequency: 0: not used\n");
}

/* What of_cpu_mmu_types() called for, joined with '|'. */
static char seen_types[128];

static void seen(const char *type)
{
	assert_true(strlen(seen_types) + strlen(type) + 2 < sizeof(seen_types));
	strcat(seen_types, type);
	strcat(seen_types, "|");
}

/* A cpu with an mmu-type of these bytes (none: NULL), and this status. */
static void typed_cpu(const char *name, const void *type, size_t bytes, const char *status)
{
	tree_open(&tree, name);
	if (type)
		tree_bytes(&tree, "mmu-type", type, bytes);
	tree_string(&tree, "status", status);
	tree_close(&tree);
}

static void mmu_types(void **state)
{
	static const char longer[] = "riscv,sv39 and many more words than there are";

	(void)state;
	start(TREE_NO_NODE);
	tree_open_cpus(&tree);
	typed_cpu("cpu@0", "riscv,sv39", 11, "okay");
	typed_cpu("cpu@1", "riscv,none", 11, "disabled");
	typed_cpu("cpu@2", NULL, 0, "okay");
	typed_cpu("cpu@3", "sv\n", 3, "okay"); /* no 0 at its end */
	typed_cpu("cpu@4", longer, sizeof(longer), "okay");
	typed_cpu("cpu@5", "", 0, "okay");
	typed_cpu("cpu-map", "riscv,sv48", 11, "okay");
	tree_close(&tree);
	seen_types[0] = '\0';
	of_cpu_mmu_types(tree_end(&tree), seen);
	assert_string_equal(seen_types, "riscv,sv39|sv?|riscv,sv39 and many more words ||");
	expect_output("");
}

static void mmu_types_without_cpus(void **state)
{
	(void)state;
	start(TREE_NO_NODE);
	seen_types[0] = '\0';
	of_cpu_mmu_types(tree_end(&tree), seen);
	assert_string_equal(seen_types, "");
	expect_output("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_the_order_of_the_tree),
		TEST(two_address_cells),
		TEST(address_cells_missing),
		TEST(address_cells_of_three),
		TEST(status),
		TEST(which_nodes_are_cpus),
		TEST(reg_faults),
		TEST(too_many),
		TEST(node_id_missing),
		TEST(none),
		TEST(timebase_of_the_first_cpu),
		TEST(timebase_faults),
		TEST(mmu_types),
		TEST(mmu_types_without_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
