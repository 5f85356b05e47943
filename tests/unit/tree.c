/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees for the unit tests: libfdt's sequential writer, which keeps the order of the calls.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "tree.h"

#define HIGH(value) ((uint32_t)((value) >> 32))
#define LOW(value)  ((uint32_t)(value))

void tree_begin(struct tree *tree)
{
	assert_int_equal(fdt_create(tree->blob, sizeof(tree->blob)), 0);
}

void tree_memreserve(struct tree *tree, uint64_t base, uint64_t size)
{
	assert_int_equal(fdt_add_reservemap_entry(tree->blob, base, size), 0);
}

void tree_root(struct tree *tree, uint32_t address_cells, uint32_t size_cells)
{
	assert_int_equal(fdt_finish_reservemap(tree->blob), 0);
	tree_open(tree, "");
	if (address_cells)
		tree_cells(tree, "#address-cells", address_cells);
	if (size_cells)
		tree_cells(tree, "#size-cells", size_cells);
}

const void *tree_end(struct tree *tree)
{
	tree_close(tree);
	assert_int_equal(fdt_finish(tree->blob), 0);
	return tree->blob;
}

void tree_open(struct tree *tree, const char *name)
{
	assert_int_equal(fdt_begin_node(tree->blob, name), 0);
}

void tree_close(struct tree *tree)
{
	assert_int_equal(fdt_end_node(tree->blob), 0);
}

void tree_bytes(struct tree *tree, const char *name, const void *value, size_t bytes)
{
	assert_int_equal(fdt_property(tree->blob, name, value, (int)bytes), 0);
}

void tree_string(struct tree *tree, const char *name, const char *value)
{
	tree_bytes(tree, name, value, strlen(value) + 1);
}

void tree_flag(struct tree *tree, const char *name)
{
	tree_bytes(tree, name, NULL, 0);
}

void tree_cell_array(struct tree *tree, const char *name, const uint32_t *cells, size_t nr)
{
	void *at;
	unsigned char *byte;

	assert_int_equal(
		fdt_property_placeholder(tree->blob, name, (int)(nr * sizeof(*cells)), &at), 0);
	byte = at;
	for (size_t i = 0; i < nr; i++) {
		for (int shift = 24; shift >= 0; shift -= 8)
			*byte++ = (unsigned char)(cells[i] >> shift);
	}
}

static void node_id(struct tree *tree, int nid)
{
	if (nid != TREE_NO_NODE)
		tree_cells(tree, "numa-node-id", (uint32_t)nid);
}

void tree_memory(struct tree *tree, uint64_t base, uint64_t size, int nid)
{
	char name[40];

	snprintf(name, sizeof(name), "memory@%" PRIx64, base);
	tree_open(tree, name);
	tree_string(tree, "device_type", "memory");
	tree_cells(tree, "reg", HIGH(base), LOW(base), HIGH(size), LOW(size));
	node_id(tree, nid);
	tree_close(tree);
}

void tree_open_cpus(struct tree *tree)
{
	tree_open(tree, "cpus");
	tree_cells(tree, "#address-cells", 1);
	tree_cells(tree, "#size-cells", 0);
	tree_cells(tree, "timebase-frequency", 10000000);
}

void tree_cpu(struct tree *tree, uint32_t hwid, int nid)
{
	char name[24];

	snprintf(name, sizeof(name), "cpu@%" PRIx32, hwid);
	tree_open(tree, name);
	tree_string(tree, "device_type", "cpu");
	tree_string(tree, "status", "okay");
	tree_cells(tree, "reg", hwid);
	node_id(tree, nid);
	tree_close(tree);
}

void tree_open_reserved(struct tree *tree)
{
	tree_open(tree, "reserved-memory");
	tree_cells(tree, "#address-cells", 2);
	tree_cells(tree, "#size-cells", 2);
	tree_flag(tree, "ranges");
}

void tree_reserved(
	struct tree *tree, const char *name, uint64_t base, uint64_t size, const char *flag)
{
	tree_open(tree, name);
	tree_cells(tree, "reg", HIGH(base), LOW(base), HIGH(size), LOW(size));
	if (flag)
		tree_flag(tree, flag);
	tree_close(tree);
}
