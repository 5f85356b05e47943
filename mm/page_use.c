/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the pages of a zone are used for, run by run.
 *
 * Owns nothing, takes no lock and changes nothing. What a busy allocator shows may be half done: an
 * order that can not be is taken for a single page that moves, and no run leaves the zone's span.
 * Invariant: every call gets ahead by one page at least.
 */
#include <mm/page_use.h>
#include "internal.h"

/* A block of this order that `page` heads; one page if it can not be. */
static void set_block(struct page_run *run, enum page_use use, unsigned long order)
{
	bool possible = order < MAX_ORDER && is_aligned(run->pfn, 1UL << order);

	run->use = possible ? use : PAGE_USE_MOVING;
	run->nr = possible ? 1UL << order : 1;
}

static void set_head(struct page_run *run, const struct page *page)
{
	switch (page_state(page)) {
	case PAGE_CACHED:
		set_block(run, PAGE_USE_CACHED, page_tag_order(page));
		break;
	case PAGE_ALLOCATED:
		set_block(run, PageLRU(page) ? PAGE_USE_LRU : PAGE_USE_ALLOCATED,
			page_tag_order(page));
		break;
	case PAGE_QUARANTINED:
		set_block(run, PAGE_USE_QUARANTINED, page_tag_order(page));
		break;
	case PAGE_SET_ASIDE:
		set_block(run, PAGE_USE_SET_ASIDE, page_tag_order(page));
		break;
	default:
		set_block(run, PAGE_USE_MOVING, 0);
	}
}

/* What starts at run->pfn, which has a descriptor. */
static void set_run(const struct zone *zone, struct page_run *run)
{
	const struct page *page = pfn_to_page(run->pfn);

	if (page_zone_index(page) != zone->index)
		set_block(run, PAGE_USE_HOLE, 0);
	else if (PageReserved(page) && page_state(page) != PAGE_SET_ASIDE)
		set_block(run, PAGE_USE_RESERVED, 0);
	else if (PagePrivate(page) && page_state(page) == PAGE_FREE)
		set_block(run, PAGE_USE_FREE, page_private(page));
	else
		set_head(run, page);
}

/* What starts at run->pfn, which has no descriptor. */
static void set_run_without(const struct mm *mm, const struct zone *zone, struct page_run *run)
{
	const struct offline_range *range = mm_offline_range(mm, run->pfn);

	run->use = PAGE_USE_HOLE;
	run->nr = align_down(run->pfn, BLOCK_PAGES) + BLOCK_PAGES - run->pfn;
	if (!range || range->zone != zone)
		return;
	run->use = range->reserved ? PAGE_USE_RESERVED : PAGE_USE_OFFLINE;
	/* The block at least, if it has been claimed since. */
	if (offline_end(range) > run->pfn)
		run->nr = offline_end(range) - run->pfn;
}

bool mm_next_run(const struct mm *mm, const struct zone *zone, struct page_run *run)
{
	unsigned long end = zone->zone_start_pfn + zone->spanned_pages;

	run->pfn += run->nr;
	if (run->pfn >= end)
		return false;
	if (pfn_valid(mm, run->pfn))
		set_run(zone, run);
	else
		set_run_without(mm, zone, run);
	if (run->nr > end - run->pfn)
		run->nr = end - run->pfn;
	return true;
}
