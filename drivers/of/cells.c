/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in properties: big-endian cells of 32 bits, one or two to a number.
 *
 * Source: Devicetree Specification v0.4, sections 2.2.4, 2.3.5 (#address-cells, #size-cells) and
 * 2.3.6 (reg).
 */
#include <inttypes.h>
#include <limits.h>
#include "of_private.h"

/** The specification's values for a node that does not say. */
#define DEFAULT_ADDRESS_CELLS 2U
#define DEFAULT_SIZE_CELLS    1U

#define CELL_BYTES            4U
#define MAX_CELLS             2U

uint32_t of_u32(const void *fdt, int node, const char *name, uint32_t otherwise)
{
	int length;
	const void *value = fdt_getprop(fdt, node, name, &length);

	return value && length == CELL_BYTES ? (uint32_t)of_number(value, 1) : otherwise;
}

/** A property that is a number of cells; UINT_MAX, which is of no use, if its length is wrong. */
static unsigned int cells_property(
	const void *fdt, int node, const char *name, unsigned int otherwise)
{
	if (fdt_getprop(fdt, node, name, NULL))
		otherwise = UINT_MAX;
	return of_u32(fdt, node, name, otherwise);
}

struct of_cells of_cells_of(const void *fdt, int node)
{
	return (struct of_cells){
		.address = cells_property(fdt, node, "#address-cells", DEFAULT_ADDRESS_CELLS),
		.size = cells_property(fdt, node, "#size-cells", DEFAULT_SIZE_CELLS),
	};
}

bool of_cells_usable(struct of_cells cells)
{
	return cells.address >= 1 && cells.address <= MAX_CELLS && cells.size >= 1 &&
	       cells.size <= MAX_CELLS;
}

/** One of the root's two: true if it is usable. */
static bool root_cells(
	struct of_log *log, const char *name, unsigned int otherwise, unsigned int *cells)
{
	uint64_t value;
	int found = of_one_number(log, 0, name, 1, &value);

	if (found < 0) {
		of_say(log, 0, name, "memory nodes can not be read");
		return false;
	}
	if (found == 0) {
		of_say(log, 0, name, "missing: %u taken, as the specification has it", otherwise);
		value = otherwise;
	}
	if (value < 1 || value > MAX_CELLS) {
		of_say(log, 0, name, "%" PRIu64 " is not 1 or 2: memory nodes can not be read",
			value);
		return false;
	}
	*cells = (unsigned int)value;
	return true;
}

bool of_root_cells(struct of_log *log, struct of_cells *cells)
{
	return root_cells(log, "#address-cells", DEFAULT_ADDRESS_CELLS, &cells->address) &&
	       root_cells(log, "#size-cells", DEFAULT_SIZE_CELLS, &cells->size);
}

uint64_t of_number(const unsigned char *data, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count * CELL_BYTES; i++)
		value = value << 8 | data[i];
	return value;
}

bool of_open_pairs(struct of_log *log, int node, const char *property, struct of_cells cells,
	struct of_pairs *pairs)
{
	const unsigned int pair = (cells.address + cells.size) * CELL_BYTES;
	int length;
	unsigned int bytes;

	pairs->data = fdt_getprop(log->fdt, node, property, &length);
	pairs->cells = cells;
	pairs->nr = 0;
	if (!pairs->data) {
		of_say(log, node, property, "missing: nothing taken from it");
		return false;
	}
	bytes = (unsigned int)length;
	pairs->nr = bytes / pair;
	if (bytes == 0)
		of_say(log, node, property, "empty: nothing taken from it");
	else if (bytes % pair != 0)
		of_say(log, node, property,
			"%u bytes are no multiple of %u: %u whole pairs used, %u bytes left over",
			bytes, pair, pairs->nr, bytes % pair);
	return pairs->nr != 0;
}

struct of_pair of_pair_at(const struct of_pairs *pairs, unsigned int index)
{
	const struct of_cells *cells = &pairs->cells;
	const unsigned char *at = pairs->data +
				  (size_t)index * (cells->address + cells->size) * CELL_BYTES;

	return (struct of_pair){
		.base = of_number(at, cells->address),
		.size = of_number(at + (size_t)cells->address * CELL_BYTES, cells->size),
	};
}

int of_one_number(
	struct of_log *log, int node, const char *property, unsigned int count, uint64_t *value)
{
	int length;
	const void *data = fdt_getprop(log->fdt, node, property, &length);

	if (!data)
		return 0;
	if ((unsigned int)length != count * CELL_BYTES) {
		of_say(log, node, property, "%d bytes instead of %u: not used", length,
			count * CELL_BYTES);
		return -1;
	}
	*value = of_number(data, count);
	return 1;
}
