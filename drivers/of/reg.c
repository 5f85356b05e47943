/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of devices: reg, translated by the `ranges` of every bus up to the root.
 *
 * A bus without `ranges` has addresses of its own, which are no memory addresses. Buses with more
 * than two cells to an address (PCI) are not translated.
 *
 * Source: Devicetree Specification v0.4, sections 2.3.6 (reg) and 2.3.8 (ranges).
 */
#include "of_private.h"

#define ROOT 0

static bool cells_fit(struct of_cells cells)
{
	return cells.address >= 1 && cells.address <= 2 && cells.size <= 2;
}

/** [base, base + size) through one bus' non-empty `ranges`, to its parent's addresses. */
static int apply_ranges(const unsigned char *ranges, unsigned int bytes, struct of_cells child,
	unsigned int parent_cells, uint64_t *base, uint64_t size)
{
	const unsigned int entry = (child.address + parent_cells + child.size) * 4;

	for (; bytes >= entry; bytes -= entry, ranges += entry) {
		uint64_t from = of_number(ranges, child.address);
		uint64_t to = of_number(ranges + child.address * 4, parent_cells);
		uint64_t span = of_number(ranges + (child.address + parent_cells) * 4, child.size);
		uint64_t offset = *base - from;

		if (*base < from || offset >= span || size > span - offset)
			continue;
		if (offset > UINT64_MAX - to)
			return -1;
		*base = to + offset;
		return 0;
	}
	return -1;
}

int of_translate(const void *fdt, int bus, uint64_t *base, uint64_t size)
{
	while (bus != ROOT) {
		struct of_cells child = of_cells_of(fdt, bus), parent;
		int up = fdt_parent_offset(fdt, bus);
		int bytes;
		const void *ranges = fdt_getprop(fdt, bus, "ranges", &bytes);

		if (up < 0 || !ranges)
			return -1;
		parent = of_cells_of(fdt, up);
		if (!cells_fit(child) || !cells_fit(parent))
			return -1;
		if (bytes != 0 && apply_ranges(ranges, (unsigned int)bytes, child, parent.address,
					  base, size) != 0)
			return -1;
		bus = up;
	}
	return 0;
}

int of_reg(const void *fdt, int node, unsigned int index, uint64_t *base, uint64_t *size)
{
	int bus = fdt_parent_offset(fdt, node);
	struct of_pairs pairs;
	struct of_pair pair;
	int bytes;

	if (bus < 0)
		return -1;
	pairs.cells = of_cells_of(fdt, bus);
	pairs.data = fdt_getprop(fdt, node, "reg", &bytes);
	if (!pairs.data || !cells_fit(pairs.cells))
		return -1;
	pairs.nr = (unsigned int)bytes / ((pairs.cells.address + pairs.cells.size) * 4);
	if (index >= pairs.nr)
		return -1;
	pair = of_pair_at(&pairs, index);
	if (of_translate(fdt, bus, &pair.base, pair.size) != 0)
		return -1;
	*base = pair.base;
	*size = pair.size;
	return 0;
}
