/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator: what memory there is, what is taken and why, until the buddy system has it.
 *
 * Two sorted lists of half-open ranges of bytes: memory (each with its node) and reserved (each
 * with a reason). Free is memory less reserved. Used by one CPU, at boot; afterwards the lists
 * stay as the record behind the monitor's `banks`. No function here prints: callers do, with the
 * names that they know.
 *
 * Overlaps: of two banks, the one added first keeps the shared bytes; of two reservations, the
 * first keeps its reason and takes on the other's flags there. What is free does not depend on
 * the order of insertion.
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <mm/pfn.h>

/** Ranges that each of the two lists holds. */
#define MEMBLOCK_MAX_RANGES 1024U

/** Length of a reservation's reason, terminator included; longer ones are cut. */
#define MEMBLOCK_WHY 40

/** Never mapped: a no-map reservation, or the firmware's own range. */
#define MEMBLOCK_NOMAP    0x1U

#define MEMBLOCK_ANY_NODE (-1)

struct memblock_range {
	phys_addr_t base, end;  /* bytes, [base, end), never empty */
	int nid;                /* memory: its node; reserved: unused */
	unsigned int flags;     /* reserved: MEMBLOCK_NOMAP */
	char why[MEMBLOCK_WHY]; /* reserved: who owns it, for people */
};

struct memblock_list {
	unsigned int nr; /* ranges in use, sorted by base, disjoint */
	struct memblock_range range[MEMBLOCK_MAX_RANGES];
};

struct memblock {
	struct memblock_list memory;
	struct memblock_list reserved;
	struct memblock_list next; /* where a changed list is made; says nothing between calls */
	bool closed; /* the buddy system has the free ranges: memblock_alloc() fails */
};

/**
 * Add a bank of `size` bytes to node `nid`. Rounded inward to whole pages.
 *
 * Returns the bytes that were added, INT64_MAX at most: less than `size` where it overlapped an
 * earlier bank, 0 for one smaller than a page; or -1 with nothing changed if the list is full, base
 * + size goes past 2^64, or size is 2^63 or more. (The last page below 2^64 is not used.)
 */
int64_t memblock_add(struct memblock *mb, phys_addr_t base, uint64_t size, int nid);

/**
 * Take the parts of banks in [base, base + size) out, whole pages. Returns 0, or -1 with nothing
 * changed if that cuts a bank in two and the list is full.
 */
int memblock_remove(struct memblock *mb, phys_addr_t base, uint64_t size);

/**
 * Reserve `size` bytes at `base`, in memory or not, rounded outward to whole pages.
 *
 * @why: a short text for people; copied. Returns 0, or -1 as memblock_add(); any size goes.
 */
int memblock_reserve(
	struct memblock *mb, phys_addr_t base, uint64_t size, unsigned int flags, const char *why);

/**
 * Take `size` bytes, a multiple of PAGE_SIZE, out of free memory and reserve them.
 *
 * From the top down, so that the lowest zone is used last.
 * @align: a power of two, at least PAGE_SIZE.
 * @nid: only from this node, or MEMBLOCK_ANY_NODE.
 * @max: only below this physical address (PHYS_ADDR_MAX: anywhere).
 * Returns the physical address, not zeroed, or PHYS_ADDR_MAX.
 */
phys_addr_t memblock_alloc(struct memblock *mb, uint64_t size, uint64_t align, int nid,
	phys_addr_t max, const char *why);

/** As memblock_alloc(), but only within [min, max). */
phys_addr_t memblock_alloc_range(struct memblock *mb, uint64_t size, uint64_t align, int nid,
	phys_addr_t min, phys_addr_t max, const char *why);

/**
 * Give back the parts of reservations in [base, base + size), whole pages. Returns 0, or -1 with
 * nothing changed if that cuts a reservation in two and the list is full.
 */
int memblock_unreserve(struct memblock *mb, phys_addr_t base, uint64_t size);

/** A maximal run of free bytes within one bank; see memblock_next_free(). */
struct memblock_free {
	phys_addr_t base, end;
	int nid;
};

/**
 * The first free run that ends above `from`, cut to start at or above it; false if there is none.
 * To walk all: start at 0, go on from each run's end. Also memblock_next_mapped(): banks less
 * what is MEMBLOCK_NOMAP, that is what the linear map covers.
 */
bool memblock_next_free(const struct memblock *mb, phys_addr_t from, struct memblock_free *run);
bool memblock_next_mapped(const struct memblock *mb, phys_addr_t from, struct memblock_free *run);

/** The bank, or the reservation, that holds `pa`; NULL if none. */
const struct memblock_range *memblock_find_memory(const struct memblock *mb, phys_addr_t pa);
const struct memblock_range *memblock_find_reserved(const struct memblock *mb, phys_addr_t pa);

/** Pages of memory in [start_pfn, end_pfn) on `nid` (or MEMBLOCK_ANY_NODE). */
unsigned long memblock_present(
	const struct memblock *mb, int nid, unsigned long start_pfn, unsigned long end_pfn);

/** One past the last page of memory; 0 if there is none. */
unsigned long memblock_end_pfn(const struct memblock *mb);

#endif
