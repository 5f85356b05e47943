/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy system of one zone.
 *
 * A block of order o starts at a pfn that is a multiple of 2^o; its buddy is the block that
 * differs in that one bit. Freeing merges upward as long as the buddy is free and whole:
 *
 *	order 0   [a][B]   B is freed, a is free   ->  order 1  [ a B ]
 *
 * and taking splits downward, giving back the upper half each time:
 *
 *	order 2   [. . . .]  ->  take 1: [t][.][. .]   lists: order 0, order 1
 *
 * Owns zone->free_area, free_pages and the marks of free heads (PG_private, private = order), all
 * under zone->lock. Invariants: a page is on at most one list; two free buddies of one order never
 * stay apart; sum of nr_free * 2^order is free_pages.
 *
 * A buddy's node and zone are compared first, from its own flags: only then is the rest of its
 * descriptor guarded by the lock that we hold. Its descriptor always exists, because descriptors
 * come in aligned blocks of the largest order.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, __free_pages_bulk(), __rmqueue(), expand().
 */
#include "internal.h"

static void add_free_block(struct zone *zone, struct page *page, unsigned int order)
{
	ASSERT(spin_is_mine(&zone->lock));
	ASSERT(page_zone_index(page) == zone->index);
	set_page_private(page, order);
	set_page_tag(page, PAGE_FREE, 0);
	page_write_flags(page, page_flags(page) | 1UL << PG_private);
	list_add(&page->lru, &zone->free_area[order].free_list);
	zone->free_area[order].nr_free++;
}

static void remove_free_block(struct zone *zone, struct page *page, unsigned int order)
{
	list_del(&page->lru);
	zone->free_area[order].nr_free--;
	page_write_flags(page, page_flags(page) & ~(1UL << PG_private));
	set_page_private(page, 0);
}

/* A free block of exactly this order in this zone? */
static bool page_is_buddy(const struct zone *zone, const struct page *page, unsigned int order)
{
	unsigned long flags = page_flags(page);

	if (flags >> ZONE_SHIFT != zone->index)
		return false;
	return (flags & (1UL << PG_private | 1UL << PG_reserved)) == 1UL << PG_private &&
	       page_private(page) == order && page_count_raw(page) == 0;
}

void buddy_free_locked(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	ASSERT(order < MAX_ORDER);
	ASSERT(is_aligned(pfn, 1UL << order));
	zone->free_pages += 1UL << order;
	while (order < MAX_ORDER - 1) {
		unsigned long buddy_pfn = pfn ^ 1UL << order;
		struct page *buddy = pfn_to_page(buddy_pfn);

		if (!page_is_buddy(zone, buddy, order))
			break;
		remove_free_block(zone, buddy, order);
		pfn &= buddy_pfn;
		order++;
	}
	add_free_block(zone, pfn_to_page(pfn), order);
}

void buddy_free(struct zone *zone, struct page *page, unsigned int order)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);

	this_cpu->stat_slow.pgfree += 1UL << order;
	set_page_tag(page, PAGE_FREE, 0);
	buddy_free_locked(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Split a block of order `have` down to `want`, keeping the lower half each time. */
static void expand(struct zone *zone, struct page *page, unsigned int have, unsigned int want)
{
	while (have > want) {
		have--;
		add_free_block(zone, page + (1UL << have), have);
	}
}

static struct page *take_locked(struct zone *zone, unsigned int order)
{
	for (unsigned int have = order; have < MAX_ORDER; have++) {
		struct free_area *area = &zone->free_area[have];
		struct page *page;

		if (list_empty(&area->free_list))
			continue;
		page = list_first_entry(&area->free_list, struct page, lru);
		remove_free_block(zone, page, have);
		zone->free_pages -= 1UL << order;
		expand(zone, page, have, order);
		return page;
	}
	return NULL;
}

struct page *buddy_take(struct zone *zone, unsigned int order)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);
	struct page *page = take_locked(zone, order);

	if (page)
		this_cpu->stat_slow.pgalloc[zone->type] += 1UL << order;
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

unsigned int buddy_take_bulk(struct zone *zone, unsigned int count, struct list_head *list)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);
	unsigned int taken = 0;

	while (taken < count) {
		struct page *page = take_locked(zone, 0);

		if (!page)
			break;
		set_page_tag(page, PAGE_CACHED, 0);
		list_add_tail(&page->lru, list);
		taken++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return taken;
}

unsigned int buddy_free_bulk(struct zone *zone, unsigned int count, struct list_head *list)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);
	unsigned int freed = 0;

	while (freed < count && !list_empty(list)) {
		struct page *page = list_last_entry(list, struct page, lru);

		list_del(&page->lru);
		buddy_free_locked(zone, page, 0);
		freed++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return freed;
}

void buddy_set_aside(struct zone *zone, struct page *page, unsigned int order)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);

	ASSERT(page_state(page) != PAGE_SET_ASIDE);
	set_page_tag(page, PAGE_SET_ASIDE, order);
	zone->set_aside_pages += 1UL << order;
	spin_unlock_irqrestore(&zone->lock, flags);
}
