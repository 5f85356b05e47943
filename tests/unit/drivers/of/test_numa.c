/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/numa.c: node ids and distances.
 */
#include "fixture.h"

/* Nodes 0 to nr - 1, each with 1 GiB and a CPU; /cpus and the root stay to be closed. */
static void nodes(int nr)
{
	tree_root(&tree, 2, 2);
	for (int i = 0; i < nr; i++)
		tree_memory(&tree, RAM + (uint64_t)i * GIB, GIB, i);
	tree_open_cpus(&tree);
	for (int i = 0; i < nr; i++)
		tree_cpu(&tree, (uint32_t)i, i);
	tree_close(&tree);
}

static void open_map(void)
{
	tree_open(&tree, "distance-map");
	tree_string(&tree, "compatible", "numa-distance-map-v1");
}

static void expect_distances(unsigned int nr, const unsigned int *expected)
{
	for (unsigned int a = 0; a < nr; a++) {
		for (unsigned int b = 0; b < nr; b++)
			assert_int_equal(of_distance(&numa, (int)a, (int)b), expected[a * nr + b]);
	}
}
#define EXPECT_DISTANCES(nr, ...) expect_distances(nr, (const unsigned int[]){__VA_ARGS__})

static void no_numa(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	scan_memory();
	assert_false(numa.present);
	assert_false(numa.has_distance_map);
	EXPECT_DISTANCES(2, 10, 20, 20, 10);
	expect_output("");
}

static void two_nodes_without_map(void **state)
{
	(void)state;
	nodes(2);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, GIB, 0}, {RAM + GIB, GIB, 1});
	assert_true(numa.present);
	assert_false(numa.has_distance_map);
	EXPECT_DISTANCES(2, 10, 20, 20, 10);
	expect_output("");
}

/* QEMU's `-numa dist` for a ring of four . */
static void ring_of_four(void **state)
{
	(void)state;
	nodes(4);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 0, 10, 0, 1, 20, 0, 2, 30, 0, 3, 20, 1, 0, 20, 1, 1,
		10, 1, 2, 20, 1, 3, 30, 2, 0, 30, 2, 1, 20, 2, 2, 10, 2, 3, 20, 3, 0, 20, 3, 1, 30,
		3, 2, 20, 3, 3, 10);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 4);
	assert_true(numa.has_distance_map);
	EXPECT_DISTANCES(4, 10, 20, 30, 20, 20, 10, 20, 30, 30, 20, 10, 20, 20, 30, 20, 10);
	expect_output("");
}

/* One direction stands for both; two that differ are both kept. */
static void one_direction(void **state)
{
	(void)state;
	nodes(3);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 1, 15, 2, 0, 40, 1, 2, 25, 2, 1, 35);
	tree_close(&tree);
	scan_memory();
	EXPECT_DISTANCES(3, 10, 15, 40, 15, 10, 25, 40, 35, 10);
	expect_output("");
}

static void pair_missing(void **state)
{
	(void)state;
	nodes(3);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 1, 15, 0, 2, 40);
	tree_close(&tree);
	scan_memory();
	assert_true(numa.has_distance_map);
	EXPECT_DISTANCES(3, 10, 15, 40, 15, 10, 20, 40, 20, 10);
	expect_output("devicetree: /distance-map distance-matrix: nothing about 1 and 2: 20 "
		      "taken\n");
}

static void wrong_values(void **state)
{
	(void)state;
	nodes(2);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 0, 11, 0, 1, 9, 1, 0, 10, 0, 1, 256, 0, 5, 20, 64,
		1, 20, 0, 1, 30, 0, 1, 31);
	tree_close(&tree);
	scan_memory();
	EXPECT_DISTANCES(2, 10, 31, 31, 10);
	expect_output(
		"devicetree: /distance-map distance-matrix: 0 to 0 is 11: the distance of a node "
		"to itself is 10: 10 kept\n"
		"devicetree: /distance-map distance-matrix: 0 to 1 is 9: another node must be "
		"further away than 10: not used\n"
		"devicetree: /distance-map distance-matrix: 1 to 0 is 10: another node must be "
		"further away than 10: not used\n"
		"devicetree: /distance-map distance-matrix: 0 to 1 is 256: more than 255: not "
		"used\n"
		"devicetree: /distance-map distance-matrix: 0 to 5 is 20: there is no such node: "
		"not used\n"
		"devicetree: /distance-map distance-matrix: 64 to 1 is 20: there is no such node: "
		"not used\n"
		"devicetree: /distance-map distance-matrix: 0 to 1 is 31: given before as another "
		"value: this one counts\n");
}

static void wrong_length(void **state)
{
	(void)state;
	nodes(2);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 1, 30, 1, 0);
	tree_close(&tree);
	scan_memory();
	EXPECT_DISTANCES(2, 10, 30, 30, 10);
	expect_output("devicetree: /distance-map distance-matrix: 20 bytes are no multiple of 12: "
		      "1 whole triplets used\n");
}

static void matrix_missing(void **state)
{
	(void)state;
	nodes(2);
	open_map();
	tree_close(&tree);
	scan_memory();
	assert_false(numa.has_distance_map);
	EXPECT_DISTANCES(2, 10, 20, 20, 10);
	expect_output("devicetree: /distance-map distance-matrix: missing: 10 and 20 taken for all "
		      "nodes\n");
}

static void map_of_unknown_kind(void **state)
{
	(void)state;
	nodes(2);
	tree_open(&tree, "distance-map");
	tree_string(&tree, "compatible", "numa-distance-map-v2");
	tree_cells(&tree, "distance-matrix", 0, 1, 30);
	tree_close(&tree);
	scan_memory();
	assert_false(numa.has_distance_map);
	EXPECT_DISTANCES(2, 10, 20, 20, 10);
	expect_output("devicetree: /distance-map compatible: not numa-distance-map-v1: 10 and 20 "
		      "taken for all nodes\n");
}

/* An empty bank does not make a node; a CPU does . */
static void memoryless_nodes(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 0);
	tree_memory(&tree, RAM + GIB, 0, 1);
	tree_memory(&tree, RAM + GIB + 1, 0, 2);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, 0);
	tree_cpu(&tree, 1, 1);
	tree_open(&tree, "cpu@2");
	tree_string(&tree, "status", "disabled");
	tree_cells(&tree, "numa-node-id", 2);
	tree_close(&tree);
	tree_close(&tree);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 1, 30, 0, 2, 40);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	EXPECT_DISTANCES(3, 10, 30, 20, 30, 10, 20, 20, 20, 10);
	expect_output("devicetree: /distance-map distance-matrix: 0 to 2 is 40: there is no such "
		      "node: not used\n");
}

static void sparse_ids(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 2);
	tree_memory(&tree, RAM + GIB, GIB, 63);
	open_map();
	tree_cells(&tree, "distance-matrix", 2, 63, 33);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, GIB, 2}, {RAM + GIB, GIB, 63});
	assert_int_equal(of_distance(&numa, 63, 2), 33);
	assert_int_equal(of_distance(&numa, 63, 63), 10);
	expect_output("");
}

static void id_missing_on_one_bank(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 1);
	tree_memory(&tree, RAM + GIB, GIB, TREE_NO_NODE);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, GIB, 1}, {RAM + GIB, GIB, 0});
	expect_output("devicetree: /memory@c0000000 numa-node-id: missing while others have one: "
		      "node 0 taken\n");
}

/* NUMA on the CPUs alone. */
static void id_missing_on_memory(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, TREE_NO_NODE);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, 1);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	assert_true(numa.present);
	EXPECT_BANKS({RAM, GIB, 0});
	expect_output("devicetree: /memory@80000000 numa-node-id: missing while others have one: "
		      "node 0 taken\n");
}

static void id_of_wrong_length(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 1);
	tree_open(&tree, "memory@c0000000");
	tree_cells(&tree, "reg", 0, 0xc0000000, 0, 0x1000);
	tree_cells(&tree, "numa-node-id", 0, 1);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	EXPECT_BANKS({RAM, GIB, 1}, {RAM + GIB, 0x1000, 0});
	expect_output("devicetree: /memory@c0000000 numa-node-id: 8 bytes instead of 4: not "
		      "used\n");
}

/* One id too high, and NUMA is off for all, distances too . */
static void id_too_high_on_memory(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 1);
	tree_memory(&tree, RAM + GIB, GIB, 64);
	open_map();
	tree_cells(&tree, "distance-matrix", 0, 1, 30);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 2);
	assert_false(numa.present);
	assert_false(numa.has_distance_map);
	EXPECT_BANKS({RAM, 2 * GIB, 0});
	EXPECT_DISTANCES(2, 10, 20, 20, 10);
	expect_output("devicetree: /memory@c0000000 numa-node-id: 64 is not below 64: NUMA is "
		      "dropped, everything is node 0\n");
}

static void id_too_high_on_cpu(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 1);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 5, 1);
	tree_open(&tree, "cpu@6");
	tree_cells(&tree, "reg", 6);
	tree_cells(&tree, "numa-node-id", 0xffffffff);
	tree_close(&tree);
	tree_close(&tree);
	assert_int_equal(scan_memory(), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	expect_output("devicetree: /cpus/cpu@6 numa-node-id: 4294967295 is not below 64: NUMA is "
		      "dropped, everything is node 0\n");
	assert_int_equal(of_scan_cpus(tree.blob, &numa, &cpus), 2);
	assert_int_equal(cpus.cpu[0].nid, 0);
	assert_int_equal(cpus.cpu[1].nid, 0);
	expect_output("");
}

static void distance_of_no_node(void **state)
{
	(void)state;
	nodes(2);
	scan_memory();
	assert_int_equal(of_distance(&numa, -1, 0), 20);
	assert_int_equal(of_distance(&numa, 0, 64), 20);
	assert_int_equal(of_distance(&numa, 64, 64), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_numa),
		TEST(two_nodes_without_map),
		TEST(ring_of_four),
		TEST(one_direction),
		TEST(pair_missing),
		TEST(wrong_values),
		TEST(wrong_length),
		TEST(matrix_missing),
		TEST(map_of_unknown_kind),
		TEST(memoryless_nodes),
		TEST(sparse_ids),
		TEST(id_missing_on_one_bank),
		TEST(id_missing_on_memory),
		TEST(id_of_wrong_length),
		TEST(id_too_high_on_memory),
		TEST(id_too_high_on_cpu),
		TEST(distance_of_no_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
