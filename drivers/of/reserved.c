/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations: the header's list and /reserved-memory with reg; and, in a second call when all
 * else is reserved, those that only have a size, which are placed in what is free by then.
 *
 * With or without no-map, what the tree reserves is kept from the allocator. Where a range is not
 * clear, more is reserved rather than less. OpenSBI 1.1 leaves no-map off its own range, which
 * traps on access all the same: a child called mmode_resv* is never mapped. A reservation that
 * there is no room to note is fatal, as its bytes would be handed out.
 *
 * Source: Devicetree Specification v0.4, sections 3.5 (/reserved-memory) and 5.3 (memory
 * reservation block).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "of_private.h"

/** Names of the firmware's children begin with this. */
#define FIRMWARE_PREFIX "mmode_resv"

/** One scan for reservations. */
struct scan {
	struct of_log *log;
	struct memblock *mb;
	struct of_cells cells; /* of /reserved-memory */
	int parent;            /* /reserved-memory */
	bool identity;         /* its children's addresses are the root's, whatever it says */
};

/** One range to reserve, and how to talk about it. */
struct claim {
	int node; /* or OF_MEMRESERVE */
	const char *property;
	unsigned int index; /* of the pair */
	unsigned int flags; /* MEMBLOCK_* */
	const char *why;
};

static void say_overlap(struct scan *scan, const struct claim *claim, uint64_t base, uint64_t end)
{
	const struct memblock_list *list = &scan->mb->reserved;

	for (unsigned int i = 0; i < list->nr; i++) {
		const struct memblock_range *other = &list->range[i];

		if (other->base >= end || other->end <= base)
			continue;
		of_say(scan->log, claim->node, claim->property,
			"entry %u: [0x%" PRIx64 ", 0x%" PRIx64 ") overlaps '%s' [0x%" PRIx64
			", 0x%" PRIx64 "): both reserved",
			claim->index, base, end, other->why, other->base, other->end);
		return;
	}
}

static void say_outside(struct scan *scan, const struct claim *claim, uint64_t base, uint64_t end)
{
	const unsigned long first = pfn_down(base), last = pfn_up(end);
	const unsigned long present = memblock_present(scan->mb, MEMBLOCK_ANY_NODE, first, last);

	if (present < last - first)
		of_say(scan->log, claim->node, claim->property,
			"entry %u: [0x%" PRIx64 ", 0x%" PRIx64
			") is %s memory: reserved all the same",
			claim->index, base, end, present == 0 ? "outside" : "partly outside");
}

/** What lies beyond the end of memory needs no reservation: cut there. False if none is left. */
static bool cut_to_memory(struct scan *scan, const struct claim *claim, struct of_pair *range)
{
	const uint64_t top = pfn_to_phys(memblock_end_pfn(scan->mb));

	of_say(scan->log, claim->node, claim->property,
		"entry %u: 0x%" PRIx64 " + 0x%" PRIx64
		" goes beyond 2^64 or is longer than 2^63: cut to the end of memory at 0x%" PRIx64,
		claim->index, range->base, range->size, top);
	if (range->base >= top)
		return false;
	range->size = top - range->base;
	return true;
}

/** Reserve one range. -1 after a line if there is no room to note it. */
static int reserve(struct scan *scan, const struct claim *claim, struct of_pair range)
{
	if (range.size == 0) {
		of_say(scan->log, claim->node, claim->property,
			"entry %u: size 0: nothing to reserve", claim->index);
		return 0;
	}
	if ((range.size > PHYS_ADDR_MAX - range.base || range.size > INT64_MAX) &&
		!cut_to_memory(scan, claim, &range))
		return 0;
	say_overlap(scan, claim, range.base, range.base + range.size);
	say_outside(scan, claim, range.base, range.base + range.size);
	if (memblock_reserve(scan->mb, range.base, range.size, claim->flags, claim->why) == 0)
		return 0;
	of_say(scan->log, claim->node, claim->property,
		"entry %u: the list of %u reserved ranges is full, and without this one memory is "
		"not safe to use",
		claim->index, MEMBLOCK_MAX_RANGES);
	return -1;
}

/** The header's list. */
static int reserve_header_list(struct scan *scan)
{
	int nr = fdt_num_mem_rsv(scan->log->fdt);

	for (int i = 0; i < nr; i++) {
		char why[MEMBLOCK_WHY];
		struct claim claim = {.node = OF_MEMRESERVE, .index = (unsigned int)i, .why = why};
		struct of_pair range;

		if (fdt_get_mem_rsv(scan->log->fdt, i, &range.base, &range.size) != 0)
			break;
		snprintf(why, sizeof(why), "memreserve %d", i);
		if (reserve(scan, &claim, range) != 0)
			return -1;
	}
	return 0;
}

/** True if the child is the firmware's own range: never to be touched, whatever it says. */
static bool is_firmware(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	return name && strncmp(name, FIRMWARE_PREFIX, strlen(FIRMWARE_PREFIX)) == 0;
}

/** The child's flags, and its reason in `why`. */
static unsigned int describe(struct scan *scan, int node, char why[MEMBLOCK_WHY])
{
	const void *fdt = scan->log->fdt;
	const bool no_map = fdt_getprop(fdt, node, "no-map", NULL) || is_firmware(fdt, node);
	const bool reusable = fdt_getprop(fdt, node, "reusable", NULL);
	char name[MEMBLOCK_WHY - sizeof("reserved-memory")];

	of_copy_name(fdt, node, name, sizeof(name));
	if (reusable && no_map)
		of_say(scan->log, node, "reusable", "contradicts no-map: no-map counts");
	snprintf(why, MEMBLOCK_WHY, "%s %s", reusable && !no_map ? "reusable" : "reserved-memory",
		name);
	return no_map ? MEMBLOCK_NOMAP : 0;
}

/** A child with reg: all its pairs. */
static int reserve_static(struct scan *scan, int node)
{
	char why[MEMBLOCK_WHY];
	struct claim claim = {.node = node, .property = "reg", .why = why};
	struct of_pairs pairs;

	if (!of_open_pairs(scan->log, node, "reg", scan->cells, &pairs))
		return 0;
	claim.flags = describe(scan, node, why);
	for (; claim.index < pairs.nr; claim.index++) {
		struct of_pair range = of_pair_at(&pairs, claim.index);

		if (!scan->identity &&
			of_translate(scan->log->fdt, scan->parent, &range.base, range.size) != 0)
			of_say(scan->log, node, "reg",
				"entry %u: 0x%" PRIx64 " + 0x%" PRIx64
				" is not in the ranges of its parent: taken as it is",
				claim.index, range.base, range.size);
		if (reserve(scan, &claim, range) != 0)
			return -1;
	}
	return 0;
}

/** What a child without reg asks for. */
struct request {
	uint64_t size, align;
	const char *why;
};

/** Read size and alignment; false after a line if the child can not be served. */
static bool read_request(struct scan *scan, int node, struct request *request)
{
	const uint64_t most = (uint64_t)1 << 63;
	uint64_t align = PAGE_SIZE;
	int found = of_one_number(scan->log, node, "size", scan->cells.size, &request->size);

	if (found == 0)
		of_say(scan->log, node, "reg", "missing, and no size either: nothing is reserved");
	if (found <= 0)
		return false;
	if (request->size == 0 || request->size > most) {
		of_say(scan->log, node, "size", "0x%" PRIx64 " can not be had: nothing is reserved",
			request->size);
		return false;
	}
	request->size = align_up(request->size, PAGE_SIZE);
	request->align = PAGE_SIZE;
	if (of_one_number(scan->log, node, "alignment", scan->cells.size, &align) < 0)
		return true;
	while (request->align < align && request->align < most)
		request->align *= 2;
	if (align == 0 || (align & (align - 1)) != 0)
		of_say(scan->log, node, "alignment",
			"0x%" PRIx64 " is no power of two: 0x%" PRIx64 " taken", align,
			request->align);
	return true;
}

/** Place a request in the first of the child's alloc-ranges that has room; anywhere without. */
static phys_addr_t place(struct scan *scan, int node, const struct request *request)
{
	phys_addr_t at = PHYS_ADDR_MAX;
	struct of_pairs pairs;

	if (!fdt_getprop(scan->log->fdt, node, "alloc-ranges", NULL))
		return memblock_alloc(scan->mb, request->size, request->align, MEMBLOCK_ANY_NODE,
			PHYS_ADDR_MAX, request->why);
	if (!of_open_pairs(scan->log, node, "alloc-ranges", scan->cells, &pairs))
		return PHYS_ADDR_MAX;
	for (unsigned int i = 0; i < pairs.nr && at == PHYS_ADDR_MAX; i++) {
		struct of_pair range = of_pair_at(&pairs, i);
		uint64_t room = PHYS_ADDR_MAX - range.base;

		at = memblock_alloc_range(scan->mb, request->size, request->align,
			MEMBLOCK_ANY_NODE, range.base,
			range.base + (range.size < room ? range.size : room), request->why);
	}
	return at;
}

/** A child with a size alone. */
static int reserve_dynamic(struct scan *scan, int node)
{
	char why[MEMBLOCK_WHY];
	unsigned int flags = describe(scan, node, why);
	struct request request = {.why = why};
	phys_addr_t at;

	if (!read_request(scan, node, &request))
		return 0;
	at = place(scan, node, &request);
	if (at == PHYS_ADDR_MAX) {
		of_say(scan->log, node, "size",
			"no 0x%" PRIx64 " free bytes aligned to 0x%" PRIx64
			"%s: nothing is reserved",
			request.size, request.align,
			fdt_getprop(scan->log->fdt, node, "alloc-ranges", NULL)
				? " in its alloc-ranges"
				: "");
		return 0;
	}
	/* The same range again, for the flags: they are added to what is reserved there. */
	if (memblock_reserve(scan->mb, at, request.size, flags, why) == 0)
		return 0;
	of_say(scan->log, node, "size",
		"the list of %u reserved ranges is full, so no-map can not be kept: memory is not "
		"safe to use",
		MEMBLOCK_MAX_RANGES);
	return -1;
}

/** True if the child counts: the firmware's own range always does. */
static bool child_counts(const void *fdt, int node)
{
	return of_available(fdt, node) || is_firmware(fdt, node);
}

/** A node's own cells; false if it has none that can be used. */
static bool own_cells(const void *fdt, int node, struct of_cells *cells)
{
	cells->address = of_u32(fdt, node, "#address-cells", 0);
	cells->size = of_u32(fdt, node, "#size-cells", 0);
	return of_cells_usable(*cells);
}

/** Find /reserved-memory and how its children's addresses are to be read; false: there is none. */
static bool find_parent(struct scan *scan, struct of_cells root)
{
	const void *fdt = scan->log->fdt;
	int bytes;

	scan->parent = fdt_path_offset(fdt, "/reserved-memory");
	if (scan->parent < 0)
		return false;
	if (!own_cells(fdt, scan->parent, &scan->cells))
		scan->cells = root;
	scan->identity = !fdt_getprop(fdt, scan->parent, "ranges", &bytes) || bytes == 0;
	return true;
}

static void say_parent(struct scan *scan)
{
	struct of_log *log = scan->log;
	struct of_cells own;

	if (!own_cells(log->fdt, scan->parent, &own))
		of_say(log, scan->parent, "#address-cells",
			"this or #size-cells is missing, or not 1 or 2: the root's %u and %u taken",
			scan->cells.address, scan->cells.size);
	if (!fdt_getprop(log->fdt, scan->parent, "ranges", NULL))
		of_say(log, scan->parent, "ranges", "missing: addresses taken as they are");
}

int of_reserve(struct of_log *log, struct memblock *mb, struct of_cells root)
{
	struct scan scan = {.log = log, .mb = mb};
	const void *fdt = log->fdt;
	int node;

	if (reserve_header_list(&scan) != 0)
		return -1;
	if (!find_parent(&scan, root))
		return 0;
	say_parent(&scan);
	fdt_for_each_subnode (node, fdt, scan.parent) {
		if (!child_counts(fdt, node))
			of_say(log, node, "status", "not okay: nothing is reserved for it");
		else if (fdt_getprop(fdt, node, "reg", NULL) && reserve_static(&scan, node) != 0)
			return -1;
	}
	return 0;
}

int of_place_reserved(const void *fdt, struct memblock *mb)
{
	struct of_log log = {.fdt = fdt};
	struct scan scan = {.log = &log, .mb = mb};
	const struct of_cells root = of_cells_of(fdt, 0);
	int node, result = 0;

	/* Without usable cells at the root, of_scan_memory() has found no memory to place it in. */
	if (!of_cells_usable(root) || !find_parent(&scan, root))
		return 0;
	fdt_for_each_subnode (node, fdt, scan.parent) {
		if (child_counts(fdt, node) && !fdt_getprop(fdt, node, "reg", NULL) && result == 0)
			result = reserve_dynamic(&scan, node);
	}
	of_log_end(&log);
	return result;
}
