/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of free blocks, one for each order of a zone, and the end of a section that works on
 * them. What buddy.c has of them inline; what is rare is in free_list.c.
 *
 * All under zone->lock. Invariants: a page is on at most one list; a block on a list has
 * PG_private, the tag PAGE_FREE, and its order in `private`.
 */
#ifndef MM_FREE_LIST_H
#define MM_FREE_LIST_H

#include "internal.h"
#include "zone_lock.h"

/* Work for the end of a section under the lock: zone->after_unlock. */
#define AFTER_REPORT 0x1U /* bad_link */
#define AFTER_WAKE   0x2U /* kswapd, to bring blocks online */

static ALWAYS_INLINE void count_free_blocks(struct zone *zone, unsigned int order, long nr)
{
	unsigned long *nr_free = &zone->free_area[order].nr_free;

	store_once64(nr_free, *nr_free + (unsigned long)nr);
}

/** With the level `lists`: do both neighbours of a link know it? If not, the list is made anew. */
void check_link(struct zone *zone, unsigned int order, const struct list_head *link);

/** Before a link of the list is followed. */
static ALWAYS_INLINE void trust_link(
	struct zone *zone, unsigned int order, const struct list_head *link)
{
	if (unlikely(__atomic_load_n(&this_cpu->mm->debug, __ATOMIC_RELAXED) & MM_DEBUG_LISTS))
		check_link(zone, order, link);
}

/** unlock_zone() with something left to do. */
void unlock_zone_and_work(struct zone *zone, irq_flags_t flags);

/** End of a section under the lock. */
static ALWAYS_INLINE void unlock_zone(struct zone *zone, irq_flags_t flags)
{
	if (unlikely(zone->after_unlock))
		unlock_zone_and_work(zone, flags);
	else
		zone_unlock(zone, flags);
}

/** A block at the front of the list of its order. */
static ALWAYS_INLINE void add_free_block(struct zone *zone, struct page *page, unsigned int order)
{
	ASSERT(spin_is_mine(&zone->lock));
	ASSERT(page_zone_index(page) == zone->index);
	trust_link(zone, order, &zone->free_area[order].free_list);
	set_page_private(page, order);
	set_page_tag(page, PAGE_FREE, 0);
	page_write_flags(page, page_flags(page) | 1UL << PG_private);
	list_add(&page->lru, &zone->free_area[order].free_list);
	count_free_blocks(zone, order, 1);
}

/** Off the list of its order. */
static ALWAYS_INLINE void remove_free_block(
	struct zone *zone, struct page *page, unsigned int order)
{
	trust_link(zone, order, &page->lru);
	list_del(&page->lru);
	count_free_blocks(zone, order, -1);
	page_write_flags(page, page_flags(page) & ~(1UL << PG_private));
	set_page_private(page, 0);
}

#endif
