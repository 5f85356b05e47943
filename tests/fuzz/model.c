/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tree's memory and reservations must come to, worked out without the code under test: as
 * sets of pages, sorted and merged. It knows nothing of nodes, reasons and messages, and does not
 * translate addresses.
 *
 * Owns the two sets. One thread. Source: Devicetree Specification v0.4, sections 2.3.5, 3.4, 3.5
 * and 5.3; the rounding rules of <mm/memblock.h>.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define MAX_INTERVALS 4096U
/** Page numbers end here: the last page of all is not used. */
#define END_PFN ((1ULL << (64 - PAGE_SHIFT)) - 1)

struct interval {
	uint64_t start, end; /* pages, half-open */
};

struct set {
	unsigned int nr;
	struct interval interval[MAX_INTERVALS];
};

static struct set memory, reserved;

/* False if there is no room. */
static bool add(struct set *set, uint64_t start, uint64_t end)
{
	if (end > END_PFN)
		end = END_PFN;
	if (start >= end)
		return true;
	if (set->nr == MAX_INTERVALS)
		return false;
	set->interval[set->nr++] = (struct interval){start, end};
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct interval *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static void normalise(struct set *set)
{
	unsigned int nr = 0;

	qsort(set->interval, set->nr, sizeof(set->interval[0]), compare);
	for (unsigned int i = 0; i < set->nr; i++) {
		struct interval *last = nr ? &set->interval[nr - 1] : NULL;

		if (!last || set->interval[i].start > last->end)
			set->interval[nr++] = set->interval[i];
		else if (set->interval[i].end > last->end)
			last->end = set->interval[i].end;
	}
	set->nr = nr;
}

static uint64_t measure(const struct set *set)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < set->nr; i++)
		pages += set->interval[i].end - set->interval[i].start;
	return pages;
}

static uint64_t measure_both(const struct set *a, const struct set *b)
{
	uint64_t pages = 0;

	for (unsigned int i = 0, j = 0; i < a->nr && j < b->nr;) {
		const struct interval *x = &a->interval[i], *y = &b->interval[j];
		uint64_t start = x->start > y->start ? x->start : y->start;
		uint64_t end = x->end < y->end ? x->end : y->end;

		pages += start < end ? end - start : 0;
		if (x->end < y->end)
			i++;
		else
			j++;
	}
	return pages;
}

/* A cells property: its value, `otherwise` if it is absent, 0 if it is no number. */
static unsigned int cells(const void *fdt, int node, const char *name, unsigned int otherwise)
{
	int length;
	const fdt32_t *value = fdt_getprop(fdt, node, name, &length);

	if (!value)
		return otherwise;
	return length == 4 ? fdt32_ld(value) : 0;
}

static bool usable(unsigned int nr)
{
	return nr == 1 || nr == 2;
}

static uint64_t number(const unsigned char *at, unsigned int nr_cells)
{
	return nr_cells == 1 ? fdt32_ld((const fdt32_t *)at) : fdt64_ld((const fdt64_t *)at);
}

static bool add_bank(uint64_t base, uint64_t size)
{
	unsigned __int128 end = (unsigned __int128)base + size;

	if (end >> 64 > (end == (unsigned __int128)1 << 64) || size > INT64_MAX)
		return true;
	return add(&memory, (base >> PAGE_SHIFT) + (base % PAGE_SIZE != 0),
		(uint64_t)(end >> PAGE_SHIFT));
}

static bool add_reservation(uint64_t base, uint64_t size)
{
	unsigned __int128 last = (unsigned __int128)base + size - 1;

	if (size == 0)
		return true;
	if (last >> 64 || size > INT64_MAX)
		return add(&reserved, base >> PAGE_SHIFT, END_PFN);
	return add(&reserved, base >> PAGE_SHIFT, (uint64_t)(last >> PAGE_SHIFT) + 1);
}

/* All whole pairs of a node's reg. */
static bool add_pairs(const void *fdt, int node, unsigned int address, unsigned int size,
	bool (*add_one)(uint64_t base, uint64_t size))
{
	int length;
	const unsigned char *reg = fdt_getprop(fdt, node, "reg", &length);
	const int pair = (int)(address + size) * 4;

	for (; reg && length >= pair; length -= pair, reg += pair) {
		if (!add_one(number(reg, address), number(reg + (size_t)address * 4, size)))
			return false;
	}
	return true;
}

static bool has_text(const void *fdt, int node, const char *name, const char *text)
{
	int length;
	const char *value = fdt_getprop(fdt, node, name, &length);

	return value && length == (int)strlen(text) + 1 && memcmp(value, text, (size_t)length) == 0;
}

static bool okay(const void *fdt, int node)
{
	return !fdt_getprop(fdt, node, "status", NULL) || has_text(fdt, node, "status", "okay") ||
	       has_text(fdt, node, "status", "ok");
}

static bool is_memory(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	if (fdt_getprop(fdt, node, "device_type", NULL))
		return has_text(fdt, node, "device_type", "memory");
	return strcmp(name, "memory") == 0 || strncmp(name, "memory@", 7) == 0;
}

static bool read_memory(const void *fdt, unsigned int address, unsigned int size)
{
	int node;

	fdt_for_each_subnode (node, fdt, 0) {
		if (is_memory(fdt, node) && okay(fdt, node) &&
			!add_pairs(fdt, node, address, size, add_bank))
			return false;
	}
	return true;
}

static bool read_reserved(const void *fdt, unsigned int address, unsigned int size)
{
	int node, length, parent = fdt_path_offset(fdt, "/reserved-memory");
	const int nr = fdt_num_mem_rsv(fdt);

	for (int i = 0; i < nr; i++) {
		uint64_t base, bytes;

		if (fdt_get_mem_rsv(fdt, i, &base, &bytes) || !add_reservation(base, bytes))
			return false;
	}
	if (parent < 0)
		return true;
	if (fdt_getprop(fdt, parent, "ranges", &length) && length > 0)
		return false;
	if (usable(cells(fdt, parent, "#address-cells", 0)) &&
		usable(cells(fdt, parent, "#size-cells", 0))) {
		address = cells(fdt, parent, "#address-cells", 0);
		size = cells(fdt, parent, "#size-cells", 0);
	}
	fdt_for_each_subnode (node, fdt, parent) {
		bool firmware = strncmp(fdt_get_name(fdt, node, NULL), "mmode_resv", 10) == 0;

		if ((firmware || okay(fdt, node)) &&
			!add_pairs(fdt, node, address, size, add_reservation))
			return false;
	}
	return true;
}

bool model_tree(const void *fdt, struct model *model)
{
	const unsigned int address = cells(fdt, 0, "#address-cells", 2);
	const unsigned int size = cells(fdt, 0, "#size-cells", 1);

	memory.nr = reserved.nr = 0;
	if (usable(address) && usable(size) && !read_memory(fdt, address, size))
		return false;
	model->nr_banks = memory.nr;
	normalise(&memory);
	model->present = measure(&memory);
	if (memory.nr && !read_reserved(fdt, address, size))
		return false;
	normalise(&reserved);
	model->free = model->present - measure_both(&memory, &reserved);
	return true;
}
