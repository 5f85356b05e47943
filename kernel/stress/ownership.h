/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns each page, written down beside the allocator: the proof that no page has two owners.
 */
#ifndef STRESS_OWNERSHIP_H
#define STRESS_OWNERSHIP_H

#include <stdatomic.h>
#include <mm/mm.h>

/** Owners. 0 is nobody. Others are given out by the caller, below OWNER_STATE. */
#define OWNER_NONE  0U
#define OWNER_MAP   0xffffffffU /* the map's own leaves */
#define OWNER_STATE 0xfffffffeU /* workers and other state of the stress */

/** The owner of one page. A leaf is an array of them, for an aligned piece of memory. */
typedef _Atomic uint32_t owner_word;

struct ownership {
	struct mm *mm;
	_Atomic(owner_word *) *root; /* by pfn >> leaf_shift; NULL: nothing claimed yet */
	unsigned int root_order;     /* of the root's block */
	unsigned int leaf_order;     /* of a leaf's block */
	unsigned int leaf_shift;     /* log2 of the pages that a leaf tells of */
	unsigned long nr_roots;
	_Atomic unsigned long nr_pages; /* the map's own, root included */
	_Atomic unsigned long faults;   /* NULLs that were injected */
};

enum ownership_result {
	OWNERSHIP_OK,
	OWNERSHIP_NO_LEAF,  /* nothing done: no memory for the map, or none may be taken here */
	OWNERSHIP_CONFLICT, /* nothing done: a page has another owner than was expected */
};

/** A page that has another owner than was expected. */
struct ownership_conflict {
	unsigned long pfn;
	uint32_t owner;
};

/**
 * Set up an empty map for all memory of `mm`. Task context. Anything but OWNERSHIP_OK: there is no
 * map; for a conflict, because its own first pages have been handed out twice.
 */
enum ownership_result ownership_init(
	struct ownership *map, struct mm *mm, struct ownership_conflict *conflict);

/**
 * Make sure that `pfn` can be claimed, in an interrupt too. Task context. OWNERSHIP_CONFLICT: a
 * page that the map itself was given has an owner already.
 */
enum ownership_result ownership_grow(
	struct ownership *map, unsigned long pfn, struct ownership_conflict *conflict);

/**
 * Make `owner` the owner of `nr` pages, at most MAX_ORDER_NR_PAGES and none of them owned by
 * anybody. Any context; in an interrupt the map does not grow: see OWNERSHIP_NO_LEAF.
 *
 * @conflict: filled in with the first page that has an owner, if there is one.
 */
enum ownership_result ownership_claim(struct ownership *map, unsigned long pfn, unsigned long nr,
	uint32_t owner, struct ownership_conflict *conflict);

/** The reverse: `owner` gives up `nr` pages, each of which must be its own. Any context. */
enum ownership_result ownership_release(struct ownership *map, unsigned long pfn, unsigned long nr,
	uint32_t owner, struct ownership_conflict *conflict);

/** Current owner of a page. */
uint32_t ownership_owner(const struct ownership *map, unsigned long pfn);

/** Free the map. Returns how many pages still have an owner, the map's own not counted. */
unsigned long ownership_destroy(struct ownership *map);

#endif
