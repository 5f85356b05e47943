/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far devices reach: the `dma-ranges` of buses, each through those of the buses above it.
 *
 * A bus without dma-ranges, or with an empty one, passes addresses on as they are. A range that
 * the buses above do not let through, and a bus with cells that can not be read, say nothing.
 *
 * Source: Devicetree Specification v0.4, section 2.3.9; Linux drivers/of/address.c,
 * of_dma_get_max_cpu_address().
 */
#include "of_private.h"

/** of_check() lets no tree be deeper. */
#define MAX_DEPTH 64
/** Ranges of one bus that are looked at: Linux' trees have 6 at most. */
#define MAX_RANGES 32U
/** An address of PCI has three cells, of which the first is no part of the number. */
#define PCI_CELLS 3U

/** A node on the way down to the one that is looked at. */
struct bus {
	int node;
	unsigned int parent_cells;   /* to an address on the bus above */
	struct of_cells cells;       /* of its own children */
	const unsigned char *ranges; /* its dma-ranges */
	unsigned int nr;             /* of them, MAX_RANGES at most */
};

struct dma_range {
	uint64_t child, parent, size;
};

static unsigned int entry_cells(const struct bus *bus)
{
	return bus->cells.address + bus->parent_cells + bus->cells.size;
}

/** Number of `cells` cells; of three the last two. */
static uint64_t address_at(const unsigned char *at, unsigned int cells)
{
	return cells == PCI_CELLS ? of_number(at + 4, 2) : of_number(at, cells);
}

static struct dma_range range_at(const struct bus *bus, unsigned int index)
{
	const unsigned char *at = bus->ranges + (size_t)index * entry_cells(bus) * 4;

	return (struct dma_range){
		.child = address_at(at, bus->cells.address),
		.parent = address_at(at + bus->cells.address * 4UL, bus->parent_cells),
		.size = of_number(
			at + (bus->cells.address + bus->parent_cells) * 4UL, bus->cells.size),
	};
}

static void open_bus(const void *fdt, int node, const struct bus *above, struct bus *bus)
{
	int bytes;

	*bus = (struct bus){.node = node, .cells = of_cells_of(fdt, node)};
	bus->parent_cells = above ? above->cells.address : bus->cells.address;
	bus->ranges = fdt_getprop(fdt, node, "dma-ranges", &bytes);
	if (!bus->ranges || bus->cells.address < 1 || bus->cells.address > PCI_CELLS ||
		bus->cells.size < 1 || bus->cells.size > 2 || bus->parent_cells < 1 ||
		bus->parent_cells > PCI_CELLS)
		return;
	bus->nr = (unsigned int)bytes / (entry_cells(bus) * 4);
	if (bus->nr > MAX_RANGES)
		bus->nr = MAX_RANGES;
}

/** Address on the bus below `bus` -> on the one above it. */
static bool pass_up(const struct bus *bus, uint64_t *address)
{
	for (unsigned int i = 0; i < bus->nr; i++) {
		struct dma_range range = range_at(bus, i);

		if (*address >= range.child && *address - range.child < range.size) {
			*address = *address - range.child + range.parent;
			return true;
		}
	}
	return bus->nr == 0;
}

/** One past the last byte of memory that bus[depth] reaches; 0 if it does not say. */
static uint64_t bus_end(const struct bus *bus, int depth)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < bus[depth].nr; i++) {
		struct dma_range range = range_at(&bus[depth], i);
		uint64_t at = range.parent;
		int up = depth - 1;

		while (up >= 0 && pass_up(&bus[up], &at))
			up--;
		if (up >= 0 || range.size == 0)
			continue;
		if (range.size > UINT64_MAX - at)
			return UINT64_MAX;
		if (at + range.size > end)
			end = at + range.size;
	}
	return end;
}

uint64_t of_dma_end(const void *fdt)
{
	struct bus bus[MAX_DEPTH + 1];
	uint64_t least = UINT64_MAX;
	int depth = 0, skip = MAX_DEPTH;

	for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(fdt, node, &depth)) {
		uint64_t end;

		/* Nothing below a node that is not available counts. */
		if (depth > skip)
			continue;
		skip = of_available(fdt, node) ? MAX_DEPTH : depth;
		if (depth == skip)
			continue;
		open_bus(fdt, node, depth ? &bus[depth - 1] : NULL, &bus[depth]);
		end = bus_end(bus, depth);
		if (end && end < least)
			least = end;
	}
	return least;
}
