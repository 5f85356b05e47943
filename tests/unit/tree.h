/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees for the unit tests, written node by node in the order of the calls.
 *
 *	tree_begin(&tree);
 *	tree_memreserve(&tree, base, size);   any number, before the root
 *	tree_root(&tree, 2, 2);
 *	tree_memory(&tree, 0x80000000, GIB, 0);
 *	tree_open(&tree, "chosen"); ... tree_close(&tree);
 *	fdt = tree_end(&tree);
 *
 * Every call fails the running test if the tree can not take it.
 */
#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TREE_BYTES (512U * 1024)
/** tree_memory(), tree_cpu(): without numa-node-id. */
#define TREE_NO_NODE (-1)

struct tree {
	_Alignas(8) unsigned char blob[TREE_BYTES];
};

void tree_begin(struct tree *tree);
void tree_memreserve(struct tree *tree, uint64_t base, uint64_t size);
/** Open the root, with these cells; 0 leaves the property out. */
void tree_root(struct tree *tree, uint32_t address_cells, uint32_t size_cells);
/** Close the root, and the tree: it stays where it is, 8-byte aligned. */
const void *tree_end(struct tree *tree);

void tree_open(struct tree *tree, const char *name);
void tree_close(struct tree *tree);
void tree_string(struct tree *tree, const char *name, const char *value);
void tree_bytes(struct tree *tree, const char *name, const void *value, size_t bytes);
/** A property without a value. */
void tree_flag(struct tree *tree, const char *name);
/** A property of 32-bit cells: tree_cells(&tree, "reg", 0, 0x80000000, 0, 0x1000). */
#define tree_cells(tree, name, ...)                                  \
	tree_cell_array(tree, name, (const uint32_t[]){__VA_ARGS__}, \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
void tree_cell_array(struct tree *tree, const char *name, const uint32_t *cells, size_t nr);

/** A memory node with one bank under a root of 2 and 2 cells. */
void tree_memory(struct tree *tree, uint64_t base, uint64_t size, int nid);
/** Open /cpus with one address cell; tree_cpu() adds to it; close it with tree_close(). */
void tree_open_cpus(struct tree *tree);
void tree_cpu(struct tree *tree, uint32_t hwid, int nid);
/** Open /reserved-memory, 2 and 2 cells, identity ranges. */
void tree_open_reserved(struct tree *tree);
/** A child of it with one range; `flag` may be NULL. */
void tree_reserved(
	struct tree *tree, const char *name, uint64_t base, uint64_t size, const char *flag);

#endif
