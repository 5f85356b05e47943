/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes to a tree that leave it a tree: cells, properties, nodes and reservations, by libfdt.
 * Plain mutation of bytes rarely keeps the structure, so it would mostly test the first check.
 *
 * Owns the tree being changed. One thread. All chance comes from the seed that libFuzzer passes.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <drivers/of.h>
#include "fuzz.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/** Largest tree that is changed by its structure. */
#define MAX_TREE (1U << 17)
/** Cells of a property that is written anew. */
#define MAX_CELLS 64U

static _Alignas(8) unsigned char tree[MAX_TREE];
static uint64_t random_state;

/* The next pseudo-random number below `limit` (xorshift64*). */
static uint32_t chance(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dULL) >> 33) % limit;
}

/* A number that means something somewhere, or a small one, or any. */
static uint32_t pick_number(void)
{
	static const uint32_t numbers[] = {0, 1, 2, 3, 4, 10, 11, 20, 63, 64, 255, 256, 0xfff,
		0x1000, 0x1001, 0x10000, 0x200000, 0x400000, 0x8000000, 0x40000000, 0x7fffffff,
		0x80000000, 0x80200000, 0xfffff000, 0xffffe000, 0xffffffff};

	switch (chance(4)) {
	case 0:
		return chance(12);
	case 1:
		return chance(1U << 16) << 12;
	case 2:
		return chance(UINT32_MAX);
	default:
		return numbers[chance(ARRAY_SIZE(numbers))];
	}
}

/* Any node; the root too. */
static int pick_node(void)
{
	int nr = 0, node;

	for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
		nr++;
	nr = (int)chance((uint32_t)nr);
	for (node = 0; nr > 0; nr--)
		node = fdt_next_node(tree, node, NULL);
	return node;
}

/* Any property of any node, or NULL; *node and *name are where it is. */
static unsigned char *pick_property(int *node, const char **name, int *length)
{
	int nr = 0, offset;
	const void *value;

	*node = pick_node();
	fdt_for_each_property_offset(offset, tree, *node) nr++;
	if (nr == 0)
		return NULL;
	nr = (int)chance((uint32_t)nr);
	offset = fdt_first_property_offset(tree, *node);
	for (; nr > 0; nr--)
		offset = fdt_next_property_offset(tree, offset);
	value = fdt_getprop_by_offset(tree, offset, name, length);
	return (unsigned char *)(uintptr_t)value; /* it lies in our own tree */
}

static uint32_t load_cell(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store_cell(unsigned char *at, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (unsigned char)(value >> shift);
}

/* One cell of some property becomes another number. */
static void change_cell(void)
{
	const char *name;
	int node, length;
	unsigned char *value = pick_property(&node, &name, &length), *at;

	if (!value || length < 4)
		return;
	at = value + 4 * chance((uint32_t)length / 4);
	switch (chance(5)) {
	case 0:
		store_cell(at, load_cell(at) ^ 1U << chance(32));
		break;
	case 1:
		store_cell(at, load_cell(at) + (chance(2) ? 1 : UINT32_MAX));
		break;
	case 2:
		store_cell(at, load_cell(value + 4 * chance((uint32_t)length / 4)));
		break;
	default:
		store_cell(at, pick_number());
	}
}

/* A property loses bytes at its end, or gets more: its own first ones, or numbers. */
static void change_length(void)
{
	const char *name;
	int node, length, now;
	unsigned char *value = pick_property(&node, &name, &length), copy[MAX_CELLS * 4];

	if (!value || length > (int)sizeof(copy))
		return;
	memcpy(copy, value, (size_t)length);
	now = (int)chance(chance(2) ? (uint32_t)length + 1 : sizeof(copy));
	for (int i = length; i + 4 <= now; i += 4)
		store_cell(copy + i, length && chance(2) ? load_cell(copy) : pick_number());
	if (now > length)
		memset(copy + now / 4 * 4, 0, (size_t)now % 4);
	fdt_setprop(tree, node, name, copy, now);
}

/* A reg becomes many ranges, in a row with or without gaps. */
static void fill_ranges(void)
{
	static const char *const names[] = {"reg", "alloc-ranges", "ranges"};
	unsigned char cells[MAX_CELLS * 4];
	uint32_t nr = 1 + chance(MAX_CELLS / 4), base = pick_number(), step = pick_number();
	uint32_t size = chance(2) ? step : pick_number(), high = chance(4) ? 0 : pick_number();

	for (uint32_t i = 0; i < nr; i++) {
		store_cell(cells + 16 * i, high);
		store_cell(cells + 16 * i + 4, base + i * step);
		store_cell(cells + 16 * i + 8, 0);
		store_cell(cells + 16 * i + 12, size);
	}
	fdt_setprop(tree, pick_node(), names[chance(ARRAY_SIZE(names))], cells, (int)(16 * nr));
}

/* A property that the reader knows, with a value it knows or numbers. */
static void set_known(void)
{
	static const char *const names[] = {"reg", "numa-node-id", "#address-cells", "#size-cells",
		"size", "alignment", "alloc-ranges", "ranges", "no-map", "reusable", "status",
		"device_type", "compatible", "distance-matrix", "timebase-frequency", "bootargs",
		"stdout-path", "uart0"};
	static const char *const texts[] = {"okay", "ok", "disabled", "memory", "cpu",
		"numa-distance-map-v1", "/memory@80000000", "uart0:115200n8", "ns16550a"};
	const char *name = names[chance(ARRAY_SIZE(names))];
	const char *text = texts[chance(ARRAY_SIZE(texts))];
	unsigned char cells[12 * 4];
	uint32_t nr = chance(2) ? 1 : chance(ARRAY_SIZE(cells) / 4);

	if (chance(3) == 0) {
		fdt_setprop(tree, pick_node(), name, text, (int)(strlen(text) + chance(2)));
		return;
	}
	for (uint32_t i = 0; i < nr; i++)
		store_cell(cells + 4 * i, chance(2) ? chance(70) : pick_number());
	fdt_setprop(tree, pick_node(), name, cells, (int)(4 * nr));
}

static void delete_property(void)
{
	const char *name;
	int node, length;

	if (pick_property(&node, &name, &length))
		fdt_delprop(tree, node, name);
}

static void delete_node(void)
{
	int node = pick_node();

	if (node != 0)
		fdt_del_node(tree, node);
}

/* A node of a kind that the reader knows, most often where it looks for one. */
static void add_node(void)
{
	static const char *const parents[] = {"/", "/", "/cpus", "/reserved-memory"};
	static const char *const names[] = {"memory@%x", "cpu@%x", "keep@%x", "mmode_resv%x",
		"cpus", "reserved-memory", "distance-map", "chosen", "aliases"};
	char name[32];
	int parent = fdt_path_offset(tree, parents[chance(ARRAY_SIZE(parents))]), node;

	/* The formats are those above: a number at most. */
	_Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wformat-nonliteral\"")
		snprintf(name, sizeof(name), names[chance(ARRAY_SIZE(names))], pick_number());
	_Pragma("clang diagnostic pop") node = fdt_add_subnode(
		tree, parent < 0 || chance(8) == 0 ? pick_node() : parent, name);
	if (node >= 0 && chance(4)) {
		unsigned char cells[16] = {0};

		store_cell(cells + 4, pick_number());
		store_cell(cells + 12, pick_number());
		fdt_setprop(tree, node, "reg", cells, chance(4) ? 16 : 4);
	}
}

/* The properties of one node laid over another's. */
static void copy_node(void)
{
	unsigned char copy[MAX_CELLS * 4];
	char name[32];
	int length;

	for (unsigned int i = 0; i < 4; i++) {
		const char *its_name;
		int node;
		unsigned char *value = pick_property(&node, &its_name, &length);

		if (!value || length > (int)sizeof(copy) || strlen(its_name) >= sizeof(name))
			continue;
		memcpy(copy, value, (size_t)length);
		strcpy(name, its_name);
		fdt_setprop(tree, pick_node(), name, copy, length);
	}
}

static void change_reservations(void)
{
	int nr = fdt_num_mem_rsv(tree);

	if (nr > 0 && chance(3) == 0)
		fdt_del_mem_rsv(tree, (int)chance((uint32_t)nr));
	else
		fdt_add_mem_rsv(tree,
			(uint64_t)(chance(4) ? 0 : pick_number()) << 32 | pick_number(),
			(uint64_t)(chance(8) ? 0 : pick_number()) << 32 | pick_number());
}

/* One word of the header, whatever it does. Last, as libfdt can not go on from there. */
static void change_header(void)
{
	unsigned char *at = tree + 4 * chance(sizeof(struct fdt_header) / 4);

	store_cell(at, chance(2) ? load_cell(at) + 4 * chance(64) - 128 : pick_number());
}

static void change_tree(void)
{
	static void (*const changes[])(void) = {change_cell, change_cell, change_cell, change_cell,
		change_length, fill_ranges, set_known, set_known, delete_property, delete_node,
		add_node, copy_node, change_reservations};

	for (uint32_t left = 1 + chance(5); left > 0; left--)
		changes[chance(ARRAY_SIZE(changes))]();
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	const size_t room = max_size < sizeof(tree) ? max_size : sizeof(tree);
	size_t bytes;

	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	fuzz_print_begin(false);
	if (chance(32) == 0 || of_check(data, size) == 0 ||
		fdt_open_into(data, tree, (int)room) != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	change_tree();
	fdt_pack(tree);
	bytes = fdt_totalsize(tree);
	if (chance(32) == 0)
		change_header();
	if (bytes > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(data, tree, bytes);
	return bytes;
}
