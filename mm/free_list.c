/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rare half of free_list.h: a list that is linked wrongly, and what a section has left to do.
 *
 * With the level `lists` of <mm/debug.h> each link is looked at before it is followed. A list that
 * is linked wrongly is made anew from the descriptors, which say the same: nothing is lost.
 *
 * Owns zone->bad_link and after_unlock, under zone->lock: reports and wake-ups wait until it is let
 * go, as they may take other locks.
 */
#include "free_list.h"

/* Does the page head a free block of this order? */
static bool is_free_head(const struct zone *zone, const struct page *page, unsigned int order)
{
	return page_zone_index(page) == zone->index && PagePrivate(page) && !PageReserved(page) &&
	       page_state(page) == PAGE_FREE && page_private(page) == order;
}

/* The list anew, by what the descriptors say: nothing is lost, whatever the links were. */
static void rebuild_list(struct zone *zone, unsigned int order)
{
	const unsigned long end = zone->zone_start_pfn + zone->spanned_pages;
	struct free_area *area = &zone->free_area[order];
	unsigned long nr = 0;

	list_init(&area->free_list);
	for (unsigned long pfn = align_up(zone->zone_start_pfn, 1UL << order); pfn < end;
		pfn += 1UL << order) {
		struct page *page = pfn_to_page(pfn);

		if (!pfn_valid(this_cpu->mm, pfn) || !is_free_head(zone, page, order))
			continue;
		list_add_tail(&page->lru, &area->free_list);
		nr++;
	}
	count_free_blocks(zone, order, (long)(nr - area->nr_free));
}

void check_link(struct zone *zone, unsigned int order, const struct list_head *link)
{
	const struct mm *mm = this_cpu->mm;
	const struct list_head *head = &zone->free_area[order].free_list;

	if (link_is_valid(mm, head, link->next) && link_is_valid(mm, head, link->prev) &&
		link->next->prev == link && link->prev->next == link)
		return;
	zone->bad_link = link;
	zone->after_unlock |= AFTER_REPORT;
	rebuild_list(zone, order);
}

/* Whose link was it: a list's head, or a block's? */
static void report_link(const struct zone *zone, const struct list_head *bad)
{
	const size_t offset = (size_t)((const char *)bad - (const char *)zone->free_area);

	if (offset < sizeof(zone->free_area))
		misuse(MISUSE_BAD_LIST, NULL, (unsigned int)(offset / sizeof(struct free_area)),
			CALLER());
	else
		misuse(MISUSE_BAD_LIST, list_entry(bad, struct page, lru), 0, CALLER());
}

void unlock_zone_and_work(struct zone *zone, irq_flags_t flags)
{
	const struct list_head *bad = zone->bad_link;
	const unsigned int work = zone->after_unlock;

	zone->bad_link = NULL;
	zone->after_unlock = 0;
	zone_unlock(zone, flags);
	if (work & AFTER_REPORT)
		report_link(zone, bad);
	if (work & AFTER_WAKE)
		kswapd_online(zone->zone_pgdat);
}
