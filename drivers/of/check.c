/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is there a tree at all, and can it be walked: what must hold before libfdt may read it.
 *
 * libfdt bounds every access by what the header says, once the header fits the memory that may be
 * read. What it does not look at is looked at here: alignment of the blocks (it loads whole
 * words), an end of the list of reservations, nesting, and the length of property names (it
 * measures one at every step of a search, so one long name makes a search quadratic).
 *
 * Source: Devicetree Specification v0.4, chapter 5 (flattened devicetree format).
 */
#include <string.h>
#include <port/print.h>
#include "of_private.h"

/** Largest tree; what a header says beyond it is taken for garbage, not read. */
#define MAX_TREE_BYTES (16UL << 20)
/** Nodes inside one another, as in Linux: whoever looks upwards walks the tree at each step. */
#define MAX_DEPTH 64
/** Names of properties; the specification allows 31 characters, some trees have more. */
#define MAX_NAME_BYTES 256U
/** Since version 16 a node has its name alone, not its path. */
#define MIN_VERSION 16U

static bool check_header(const void *fdt, size_t max_bytes)
{
	const size_t bound = max_bytes && max_bytes < MAX_TREE_BYTES ? max_bytes : MAX_TREE_BYTES;
	int error;

	if (!fdt || (uintptr_t)fdt % 8 != 0) {
		print("devicetree: header: no tree can be at %p: not a multiple of 8\n", fdt);
		return false;
	}
	if (bound < sizeof(struct fdt_header)) {
		print("devicetree: header: only %zu bytes of it can be read\n", bound);
		return false;
	}
	if (fdt_magic(fdt) != FDT_MAGIC) {
		print("devicetree: header magic: 0x%08x instead of 0x%08x: no tree at %p\n",
			(unsigned int)fdt_magic(fdt), FDT_MAGIC, fdt);
		return false;
	}
	if (fdt_totalsize(fdt) > bound) {
		print("devicetree: header totalsize: %u bytes, but only %zu can be read\n",
			(unsigned int)fdt_totalsize(fdt), bound);
		return false;
	}
	error = fdt_check_header(fdt);
	if (error) {
		print("devicetree: header: %s\n", fdt_strerror(error));
		return false;
	}
	return true;
}

/** The three blocks: versions, alignment, and an end of the reservations. */
static bool check_blocks(const void *fdt)
{
	if (fdt_version(fdt) < MIN_VERSION) {
		print("devicetree: header version: %u, but %u or newer is needed\n",
			(unsigned int)fdt_version(fdt), MIN_VERSION);
		return false;
	}
	if (fdt_off_dt_struct(fdt) % 4 != 0 || fdt_off_mem_rsvmap(fdt) % 8 != 0) {
		print("devicetree: header: structure block at %u and reservations at %u are not "
		      "aligned to 4 and 8\n",
			(unsigned int)fdt_off_dt_struct(fdt),
			(unsigned int)fdt_off_mem_rsvmap(fdt));
		return false;
	}
	if (fdt_num_mem_rsv(fdt) < 0) {
		print("devicetree: /memreserve/: the list does not end within the tree\n");
		return false;
	}
	return true;
}

/** True if a property's name ends within the strings block, and soon. */
static bool check_property(const void *fdt, int offset)
{
	const struct fdt_property *property = fdt_offset_ptr(fdt, offset, sizeof(*property));
	uint32_t at, room;

	if (!property)
		return false;
	at = fdt32_to_cpu(property->nameoff);
	if (at >= fdt_size_dt_strings(fdt))
		return false;
	room = fdt_size_dt_strings(fdt) - at;
	return memchr((const char *)fdt + fdt_off_dt_strings(fdt) + at, '\0',
		room < MAX_NAME_BYTES ? room : MAX_NAME_BYTES);
}

/** What the walk below has seen. */
struct walk {
	int depth;         /* nodes that are open */
	uint32_t previous; /* tag before this one, FDT_NOP left out */
	unsigned int late; /* properties behind a subnode */
};

/** Take one tag into account; the fault, or NULL. */
static const char *check_tag(const void *fdt, int offset, uint32_t tag, struct walk *walk)
{
	switch (tag) {
	case FDT_BEGIN_NODE:
		if (walk->depth == 0 && walk->previous != FDT_NOP)
			return "a second root";
		if (++walk->depth > MAX_DEPTH)
			return "more than 64 nodes inside one another";
		break;
	case FDT_END_NODE:
		if (walk->depth == 0)
			return "more ends than nodes";
		walk->depth--;
		break;
	case FDT_PROP:
		if (walk->depth == 0)
			return "a property outside all nodes";
		if (!check_property(fdt, offset))
			return "a property's name is outside the strings block or longer than 255 "
			       "bytes";
		walk->late += walk->previous == FDT_END_NODE;
		break;
	default:
		return NULL;
	}
	walk->previous = tag;
	return NULL;
}

/** Walk all tags to the end; each step is bounded by the block, and goes forward. */
static bool check_structure(const void *fdt)
{
	struct walk walk = {.previous = FDT_NOP};
	const char *fault = NULL;
	uint32_t tag;
	int offset = 0, next = 0;

	do {
		offset = next;
		tag = fdt_next_tag(fdt, offset, &next);
		if (next <= offset)
			fault = "it is cut off, or has a tag that does not exist";
		else
			fault = check_tag(fdt, offset, tag, &walk);
	} while (!fault && tag != FDT_END);

	if (!fault && walk.previous == FDT_NOP)
		fault = "there is no node";
	if (!fault && walk.depth != 0)
		fault = "it ends within a node";
	if (fault) {
		print("devicetree: structure block: at byte %d: %s\n", offset, fault);
		return false;
	}
	if (walk.late)
		print("devicetree: structure block: %u properties come after a subnode of "
		      "their node and are not seen\n",
			walk.late);
	return true;
}

size_t of_check(const void *fdt, size_t max_bytes)
{
	if (!check_header(fdt, max_bytes) || !check_blocks(fdt) || !check_structure(fdt))
		return 0;
	return fdt_totalsize(fdt);
}
