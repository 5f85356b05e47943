/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the layers of mm/ say to each other. Calls go down: page_alloc -> pcp -> buddy -> page.
 *
 * Order of locks: zone->lock is the only lock of the core. It is taken with interrupts off, never
 * while another zone's is held, and nothing is printed, reported or called back under it. The
 * busy section of a CPU's caches (struct mm_cpu) comes before it.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mm/mm.h>
#include <port/barrier.h>
#include <port/irq.h>
#include <port/lock.h>
#include <port/print.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/**
 * An invariant that only a bug of the core can break: stop with the place and the condition. Always
 * on. Misuse by callers is no matter for this; see misuse().
 */
#define ASSERT(condition)                                                               \
	do {                                                                            \
		if (unlikely(!(condition)))                                             \
			report_panic("%s:%d: %s", __FILE_NAME__, __LINE__, #condition); \
	} while (0)

/* page.c */

/**
 * First page of the free, allocated or set-aside block that `page` is a part of, and its order;
 * NULL if there is none (a cached page, a reserved one). Slow, and a guess while others work.
 */
const struct page *page_block_head(const struct page *page, unsigned int *order);

/* buddy.c: the buddy system of one zone. */

/** Free a block; `page` is its head, with count 0 and no owner. */
void buddy_free(struct zone *zone, struct page *page, unsigned int order);
/** The same under the caller's zone->lock. */
void buddy_free_locked(struct zone *zone, struct page *page, unsigned int order);
/** Take a block of exactly `order`, or NULL. Its head has count 0 and no marks. */
struct page *buddy_take(struct zone *zone, unsigned int order);
/** Take up to `count` single pages, appended to the tail of `list`; returns how many. */
unsigned int buddy_take_bulk(struct zone *zone, unsigned int count, struct list_head *list);
/** Free `count` single pages from the tail of `list`, or all if it is shorter; how many. */
unsigned int buddy_free_bulk(struct zone *zone, unsigned int count, struct list_head *list);
/** Take a block that was found corrupt out of circulation for good: it belongs to no list. */
void buddy_set_aside(struct zone *zone, struct page *page, unsigned int order);

/* pcp.c: the per-CPU caches of order-0 pages. */

/** Set the limits of both halves from a zone's size, and empty them. */
void pageset_init(struct per_cpu_pageset *pageset, unsigned long present_pages);
/** Pages moved at once between a cache and the buddy system, by zone size. */
unsigned int pcp_batch(unsigned long present_pages);
/** A page from this CPU's hot (or cold) cache of the zone; NULL if the zone has none left. */
struct page *pcp_alloc(struct zone *zone, bool cold);
/** A page with count 0 into this CPU's cache of its zone. */
void pcp_free(struct page *page, bool cold);

/* node.c: nodes, distances, the order of fallback. */

int nodes_init(struct mm *mm, const struct mm_config *config);
/** Nearest-first order for every node, into pgdat->fallback. */
int nodes_build_fallback(struct mm *mm);

/* zone.c: spans, zone table, zonelists. */

void zones_init(struct mm *mm, struct pglist_data *pgdat);
int zonelists_build(struct mm *mm);
/** [start, end) in pages of zone `type` by the layout; empty if the layout has no such zone. */
void zone_layout_range(const struct zone_layout *layout, enum zone_type type,
	unsigned long *start_pfn, unsigned long *end_pfn);
/** The zone type's range cut to what lies between the first and the last page of memory. */
bool zone_type_span(
	const struct mm *mm, enum zone_type type, unsigned long *start_pfn, unsigned long *end_pfn);
const char *zone_type_name(enum zone_type type);

/* watermark.c */

/** The boot values of min_free_kbytes, watermarks and reserves; after the CPUs are known. */
void watermarks_init(struct mm *mm);

/* memmap.c: the descriptors. */

int memmap_init(struct mm *mm);

/* init.c */

/** Boot memory on `nid` or the nearest node with room, zeroed; NULL after a line that says what. */
void *boot_alloc(struct mm *mm, size_t bytes, int nid, const char *why);

/* report.c */

/** Print a fault and count it; must hold no lock. `caller` is the entry point's return address. */
void misuse(enum misuse kind, const struct page *page, unsigned int order, const void *caller);
const char *misuse_name(enum misuse kind);

#endif
