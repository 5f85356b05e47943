/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the pages of a zone are used for, in runs: for pictures and tables of memory.
 */
#ifndef MM_PAGE_USE_H
#define MM_PAGE_USE_H

#include <stdbool.h>
#include <mm/mmzone.h>

/** What a page is used for; each page of a zone's span has one of these. */
enum page_use {
	PAGE_USE_FREE,        /* in the buddy system */
	PAGE_USE_OFFLINE,     /* free, in a block that is not online yet */
	PAGE_USE_CACHED,      /* in a per-CPU cache */
	PAGE_USE_ALLOCATED,   /* somebody holds it */
	PAGE_USE_LRU,         /* somebody holds it, and it is on an LRU list: page cache */
	PAGE_USE_RESERVED,    /* never handed to the allocator */
	PAGE_USE_QUARANTINED, /* freed, and waits: see <mm/debug.h> */
	PAGE_USE_SET_ASIDE,   /* found corrupt: never handed out again */
	PAGE_USE_MOVING,      /* on its way from one to another; none while nobody is at work */
	PAGE_USE_HOLE,        /* no memory there, or another zone's */
	NR_PAGE_USES
};

/** Pages [pfn, pfn + nr) of one block, or a hole, or a single page. */
struct page_run {
	unsigned long pfn, nr;
	enum page_use use;
};

/**
 * The run that follows `run` in the zone's span, into `run`; false behind the last. Start with
 * {.pfn = zone->zone_start_pfn}. The runs together are the span, each page once.
 *
 * Takes no lock: of a zone at work it is a blurred snapshot. Any context; cost as the run's pages
 * have holes.
 */
bool mm_next_run(const struct mm *mm, const struct zone *zone, struct page_run *run);

#endif
