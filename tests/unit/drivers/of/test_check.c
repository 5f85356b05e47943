/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/check.c: what is no tree, or none that can be walked, costs one line and is refused.
 *
 * Broken trees are made from a whole one by writing over its bytes.
 */
#include <stdlib.h>
#include "fixture.h"

/* Offset of the first `tag` of the structure block, and its words. */
static uint32_t struct_at(void)
{
	return fdt_off_dt_struct(tree.blob);
}

static void put(uint32_t offset, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		tree.blob[offset + (uint32_t)i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A small whole tree: root, its two cells, /chosen with one property. */
static const void *small_tree(void)
{
	tree_root(&tree, 2, 2);
	tree_open(&tree, "chosen");
	tree_string(&tree, "bootargs", "x");
	tree_close(&tree);
	return tree_end(&tree);
}

static void whole(void **state)
{
	const void *fdt = small_tree();
	size_t size = fdt_totalsize(fdt);

	(void)state;
	assert_int_equal(of_check(fdt, size), size);
	assert_int_equal(of_check(fdt, 0), size);
	expect_output("");
}

static void no_tree(void **state)
{
	(void)state;
	memset(tree.blob, 0, 64);
	assert_int_equal(of_check(NULL, 0), 0);
	host_print_capture_start();
	assert_int_equal(of_check(tree.blob, sizeof(tree.blob)), 0);
	expect_first_line("devicetree: header magic: 0x00000000 instead of 0xd00dfeed: no tree at");
	host_print_capture_start();
	assert_int_equal(of_check(tree.blob + 4, sizeof(tree.blob)), 0);
	expect_first_line("devicetree: header: no tree can be at 0x");
	host_print_capture_start();
	assert_int_equal(of_check(tree.blob, 39), 0);
	expect_output("devicetree: header: only 39 bytes of it can be read\n");
}

static void size_beyond_what_can_be_read(void **state)
{
	const void *fdt = small_tree();
	char line[120];

	(void)state;
	assert_int_equal(of_check(fdt, fdt_totalsize(fdt) - 1), 0);
	snprintf(line, sizeof(line),
		"devicetree: header totalsize: %u bytes, but only %u can be read\n",
		fdt_totalsize(fdt), fdt_totalsize(fdt) - 1);
	expect_output(line);
	fdt_set_totalsize(tree.blob, 0xffffffff);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_output("devicetree: header totalsize: 4294967295 bytes, but only 16777216 can be "
		      "read\n");
	/* However much could be read: what is so large is no tree. */
	fdt_set_totalsize(tree.blob, 16777217);
	assert_int_equal(of_check(fdt, 1UL << 38), 0);
	expect_output("devicetree: header totalsize: 16777217 bytes, but only 16777216 can be "
		      "read\n");
}

static void header_fields(void **state)
{
	const void *fdt = small_tree();
	uint32_t offset = struct_at(), reservations = fdt_off_mem_rsvmap(fdt);

	(void)state;
	fdt_set_off_dt_struct(tree.blob, 0x7fffffff);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_output("devicetree: header: FDT_ERR_TRUNCATED\n");

	fdt_set_off_dt_struct(tree.blob, offset + 2);
	fdt_set_size_dt_struct(tree.blob, fdt_size_dt_struct(fdt) - 4);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_first_line("devicetree: header: structure block at ");
	host_print_capture_start();

	fdt_set_off_dt_struct(tree.blob, offset);
	fdt_set_off_mem_rsvmap(tree.blob, reservations + 4);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_first_line("devicetree: header: structure block at ");
	host_print_capture_start();

	fdt_set_off_mem_rsvmap(tree.blob, reservations);
	fdt_set_version(tree.blob, 15);
	fdt_set_last_comp_version(tree.blob, 15);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_output("devicetree: header version: 15, but 16 or newer is needed\n");
	fdt_set_version(tree.blob, 99);
	fdt_set_last_comp_version(tree.blob, 99);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_output("devicetree: header: FDT_ERR_BADVERSION\n");
}

/* The list of reservations has no all-zero entry up to the end of the tree. */
static void reservations_without_end(void **state)
{
	const void *fdt = small_tree();

	(void)state;
	memset(tree.blob + fdt_totalsize(fdt), 0xff, 64);
	fdt_set_off_mem_rsvmap(tree.blob, (fdt_totalsize(fdt) + 7) / 8 * 8);
	fdt_set_totalsize(tree.blob, fdt_off_mem_rsvmap(fdt) + 32);
	assert_int_equal(of_check(fdt, 0), 0);
	expect_output("devicetree: /memreserve/: the list does not end within the tree\n");
}

static void structure_cut_off(void **state)
{
	const void *fdt = small_tree();

	(void)state;
	fdt_set_size_dt_struct(tree.blob, fdt_size_dt_struct(fdt) - 4); /* FDT_END */
	assert_int_equal(of_check(fdt, 0), 0);
	expect_first_line("devicetree: structure block: at byte ");
	assert_non_null(strstr(host_print_captured(), ": it is cut off, or has a tag that does "
						      "not exist\n"));
}

/* Word `index` of the structure block becomes `value`; the tree is refused, with this fault. */
static void expect_fault(uint32_t index, uint32_t value, const char *fault)
{
	unsigned char saved[4];
	uint32_t at;

	at = struct_at() + index * 4;
	memcpy(saved, tree.blob + at, 4);
	put(at, value);
	assert_int_equal(of_check(tree.blob, 0), 0);
	assert_non_null(strstr(host_print_captured(), fault));
	host_print_capture_start();
	memcpy(tree.blob + at, saved, 4);
	assert_int_not_equal(of_check(tree.blob, 0), 0);
}

/*
 * Words: 0 BEGIN_NODE, 1 "", 2 PROP, 3 length, 4 name, 5 value, 6 PROP, 7, 8, 9,
 * 10 BEGIN_NODE, 11-12 "chosen", 13 PROP, 14 length, 15 name, 16 "x", 17 END_NODE, 18 END_NODE,
 * 19 END.
 */
static void structure_faults(void **state)
{
	(void)state;
	small_tree();
	expect_fault(0, FDT_END, "at byte 0: there is no node\n");
	expect_fault(0, FDT_NOP, "at byte 4: it is cut off, or has a tag that does not exist\n");
	expect_fault(0, FDT_END_NODE, "at byte 0: more ends than nodes\n");
	expect_fault(2, 7, "it is cut off, or has a tag that does not exist\n");
	expect_fault(3, 0xfffffff0, "it is cut off, or has a tag that does not exist\n");
	expect_fault(3, 0x7ffffff0, "it is cut off, or has a tag that does not exist\n");
	expect_fault(4, 0xffffff, "a property's name is outside the strings block");
	expect_fault(17, FDT_NOP, "it ends within a node\n");
	expect_fault(10, FDT_END_NODE, "it is cut off, or has a tag that does not exist\n");
	expect_fault(18, FDT_END, "it ends within a node\n");
	expect_fault(19, FDT_BEGIN_NODE, "it is cut off, or has a tag that does not exist\n");
	expect_fault(19, FDT_END_NODE, "more ends than nodes\n");
}

static void second_root(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_close(&tree);
	tree_open(&tree, "");
	tree_end(&tree);
	assert_int_equal(of_check(tree.blob, 0), 0);
	assert_non_null(strstr(host_print_captured(), ": a second root\n"));
}

static void property_outside_nodes(void **state)
{
	(void)state;
	small_tree();
	/* Root ends at once; what were its properties follow. */
	put(struct_at() + 2 * 4, FDT_END_NODE);
	put(struct_at() + 3 * 4, FDT_NOP);
	put(struct_at() + 4 * 4, FDT_NOP);
	put(struct_at() + 5 * 4, FDT_NOP);
	assert_int_equal(of_check(tree.blob, 0), 0);
	assert_non_null(strstr(host_print_captured(), ": a property outside all nodes\n"));
}

static size_t check_nested(unsigned int depth)
{
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	for (unsigned int i = 1; i < depth; i++)
		tree_open(&tree, "deeper");
	for (unsigned int i = 1; i < depth; i++)
		tree_close(&tree);
	return of_check(tree_end(&tree), 0);
}

static void nested_too_deep(void **state)
{
	(void)state;
	assert_int_not_equal(check_nested(64), 0);
	expect_output("");
	assert_int_equal(check_nested(65), 0);
	assert_non_null(strstr(host_print_captured(), ": more than 64 nodes inside one another\n"));
}

/* A property behind a subnode is no fault that stops the boot, but libfdt does not see it. */
static void late_properties(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	tree_open(&tree, "a");
	tree_close(&tree);
	tree_flag(&tree, "late");
	tree_end(&tree);
	assert_int_not_equal(of_check(tree.blob, 0), 0);
	expect_output("devicetree: structure block: 1 properties come after a subnode of their "
		      "node and are not seen\n");
}

static void long_property_name(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'p', sizeof(name));
	name[255] = '\0';
	tree_root(&tree, 2, 2);
	tree_flag(&tree, name);
	tree_end(&tree);
	assert_int_not_equal(of_check(tree.blob, 0), 0);

	name[255] = 'p';
	name[256] = '\0';
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	tree_flag(&tree, name);
	tree_end(&tree);
	assert_int_equal(of_check(tree.blob, 0), 0);
	assert_non_null(strstr(host_print_captured(), "longer than 255 bytes\n"));
}

/* All the readers, on a tree that of_check() let pass: nothing may be touched beyond it. */
static void read_all(const void *fdt)
{
	char args[64];
	uint64_t base, size;
	int node;

	memset(&mb, 0, sizeof(mb));
	of_scan_memory(fdt, &mb, &numa);
	of_place_reserved(fdt, &mb);
	of_scan_cpus(fdt, &numa, &cpus);
	of_bootargs(fdt, args, sizeof(args));
	node = of_stdout(fdt);
	if (node >= 0)
		of_reg(fdt, node, 0, &base, &size);
}

static void rich_tree(void)
{
	tree_memreserve(&tree, RAM, 0x1000);
	tree_root(&tree, 2, 2);
	tree_memory(&tree, RAM, GIB, 0);
	tree_memory(&tree, RAM + GIB, GIB, 1);
	tree_open(&tree, "distance-map");
	tree_string(&tree, "compatible", "numa-distance-map-v1");
	tree_cells(&tree, "distance-matrix", 0, 0, 10, 0, 1, 20, 1, 1, 10);
	tree_close(&tree);
	tree_open_reserved(&tree);
	tree_reserved(&tree, "fw@80000000", RAM, 0x80000, "no-map");
	tree_open(&tree, "pool");
	tree_cells(&tree, "size", 0, 0x100000);
	tree_cells(&tree, "alignment", 0, 0x10000);
	tree_cells(&tree, "alloc-ranges", 0, RAM, 0, 0x10000000);
	tree_close(&tree);
	tree_close(&tree);
	tree_open_cpus(&tree);
	tree_cpu(&tree, 0, 0);
	tree_cpu(&tree, 1, 1);
	tree_close(&tree);
	tree_open(&tree, "aliases");
	tree_string(&tree, "serial0", "/soc/serial@10000000");
	tree_close(&tree);
	tree_open(&tree, "chosen");
	tree_string(&tree, "bootargs", "quiet -- check");
	tree_string(&tree, "stdout-path", "serial0:115200n8");
	tree_close(&tree);
	tree_open(&tree, "soc");
	tree_cells(&tree, "#address-cells", 1);
	tree_cells(&tree, "#size-cells", 1);
	tree_cells(&tree, "ranges", 0, 0, 0x10000000, 0x10000000);
	tree_open(&tree, "serial@10000000");
	tree_cells(&tree, "reg", 0x100, 0x100);
	tree_close(&tree);
	tree_close(&tree);
	tree_end(&tree);
}

/* A copy of exactly `size` bytes, so that the address sanitizer sees a read beyond it. */
static void check_copy(const unsigned char *from, size_t size)
{
	void *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, from, size);
	if (of_check(copy, size))
		read_all(copy);
	free(copy);
	host_print_capture_start();
}

static void every_truncation(void **state)
{
	size_t size;

	(void)state;
	rich_tree();
	size = fdt_totalsize(tree.blob);
	assert_int_equal(of_check(tree.blob, size), size);
	read_all(tree.blob);
	expect_output("devicetree: /reserved-memory/fw@80000000 reg: entry 0: [0x80000000, "
		      "0x80080000) overlaps 'memreserve 0' [0x80000000, 0x80001000): both "
		      "reserved\n");
	for (size_t cut = 0; cut < size; cut += 3) {
		fdt_set_totalsize(tree.blob, (uint32_t)cut);
		check_copy(tree.blob, cut > 40 ? cut : 40);
	}
}

/* Every word of the tree in turn becomes each of some awkward values. */
static void every_word_overwritten(void **state)
{
	static const uint32_t values[] = {0, 1, 2, 3, 4, 9, 0x7fffffff, 0x80000000, 0xffffffff};
	size_t size;

	(void)state;
	rich_tree();
	size = fdt_totalsize(tree.blob);
	for (uint32_t at = 0; at + 4 <= size; at += 4) {
		unsigned char saved[4];

		memcpy(saved, tree.blob + at, 4);
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			put(at, values[i]);
			check_copy(tree.blob, size);
		}
		memcpy(tree.blob + at, saved, 4);
	}
	assert_int_equal(of_check(tree.blob, size), size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole),
		TEST(no_tree),
		TEST(size_beyond_what_can_be_read),
		TEST(header_fields),
		TEST(reservations_without_end),
		TEST(structure_cut_off),
		TEST(structure_faults),
		TEST(second_root),
		TEST(property_outside_nodes),
		TEST(nested_too_deep),
		TEST(late_properties),
		TEST(long_property_name),
		TEST(every_truncation),
		TEST(every_word_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
