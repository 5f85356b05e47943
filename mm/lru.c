/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The LRU lists of a zone: in, out, from one to the other; and the last reference to a page that
 * has been on one.
 *
 * Owns active_list, inactive_list, nr_active, nr_inactive and the flags PG_lru and PG_active, all
 * under zone->lru_lock. A page is on a list exactly while PG_lru is set; on which one, PG_active
 * tells. The front of a list is the end where pages are put, the tail is the old end.
 *
 * The lists hold no reference, so reclaim takes one from nothing (lru_isolate()):
 *
 *	put_page(), any CPU		lru_isolate(), under lru_lock
 *	  count - 1, atomically		  count + 1, atomically
 *	  was it the last?		  was it free? undo, leave the page to the other
 *	    lru_lock			  clear PG_lru
 *	    off its list, unlock, free
 *
 * Of the two one only gets the page: a count that has been 0 never rises for longer than the lock
 * is held, and the page is not freed before the lock was had. That needs an atomic decrement in
 * put_page() even for the only holder. PAGE_TAG_LRU, set before the page can be found and kept
 * until it is freed, leads there. PG_lru could not: it comes and goes with isolation, and whoever
 * finds it clear can not tell whether it will be when he has looked at the count.
 *
 * Source: Linux 2.6.11 mm/swap.c and mm/vmscan.c, for what moves where; the tag is our own.
 */
#include <mm/reclaim.h>
#include "internal.h"

/* Counters that others read without the lock. */
static void count_lru(unsigned long *nr, long n)
{
	__atomic_store_n(nr, *nr + (unsigned long)n, __ATOMIC_RELAXED);
}

/* The list that PG_active says, and its length. */
static struct list_head *list_of(struct zone *zone, bool active, unsigned long **nr)
{
	ASSERT(spin_is_mine(&zone->lru_lock));
	*nr = active ? &zone->nr_active : &zone->nr_inactive;
	return active ? &zone->active_list : &zone->inactive_list;
}

static void add_locked(struct zone *zone, struct page *page)
{
	unsigned long *nr;
	struct list_head *list = list_of(zone, PageActive(page), &nr);

	ASSERT(page_zone(page) == zone);
	ASSERT(!PageLRU(page));
	list_add(&page->lru, list);
	count_lru(nr, 1);
	SetPageLRU(page);
}

static void del_locked(struct zone *zone, struct page *page)
{
	unsigned long *nr;

	list_of(zone, PageActive(page), &nr);
	ASSERT(*nr > 0);
	list_del(&page->lru);
	count_lru(nr, -1);
	ClearPageLRU(page);
}

/* Is it one that may be put on a list? `page` is the caller's alone. */
static bool may_be_listed(const struct page *page, const void *caller)
{
	if (likely(page_state(page) == PAGE_ALLOCATED && page_tag_order(page) == 0 &&
		    !PageLRU(page) && page_count_raw(page) > 0))
		return true;
	misuse(MISUSE_BAD_PAGE, page, 0, caller);
	return false;
}

static void lru_add(struct page *page, bool active, const void *caller)
{
	struct zone *zone;
	irq_flags_t flags;

	if (!may_be_listed(page, caller))
		return;
	zone = page_zone(page);
	set_page_tag_lru(page);
	flags = spin_lock_irqsave(&zone->lru_lock);
	if (active)
		SetPageActive(page);
	add_locked(zone, page);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void lru_cache_add(struct page *page)
{
	lru_add(page, false, CALLER());
}

void lru_cache_add_active(struct page *page)
{
	lru_add(page, true, CALLER());
}

static void activate_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	irq_flags_t flags = spin_lock_irqsave(&zone->lru_lock);

	/* Isolated or activated by others meanwhile: then that has to do. */
	if (PageLRU(page) && !PageActive(page)) {
		del_locked(zone, page);
		SetPageActive(page);
		add_locked(zone, page);
		mm_count(pgactivate, 1);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void mark_page_accessed(struct page *page)
{
	if (!PageReferenced(page)) {
		SetPageReferenced(page);
	} else if (!PageActive(page) && PageLRU(page)) {
		activate_page(page);
		ClearPageReferenced(page);
	}
}

void rotate_reclaimable_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	irq_flags_t flags;

	/* Somebody wants it, or it is not on the list that reclaim looks at next. */
	if (PageLocked(page) || PageDirty(page) || PageActive(page) || !PageLRU(page))
		return;
	flags = spin_lock_irqsave(&zone->lru_lock);
	if (PageLRU(page) && !PageActive(page)) {
		list_del(&page->lru);
		list_add_tail(&page->lru, &zone->inactive_list);
		mm_count(pgrotated, 1);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

bool lru_remove(struct page *page)
{
	struct zone *zone = page_zone(page);
	irq_flags_t flags;
	bool listed;

	ASSERT(page_tag(page) & PAGE_TAG_LRU);
	/* Who could put it on a list now would have to hold it. */
	if (page_test_flag_acquire(page, PG_lru)) {
		flags = spin_lock_irqsave(&zone->lru_lock);
		listed = PageLRU(page);
		if (listed)
			del_locked(zone, page);
		spin_unlock_irqrestore(&zone->lru_lock, flags);
	} else {
		listed = false;
	}
	ClearPageActive(page);
	ASSERT(page_count_raw(page) == 0);
	return listed;
}

/* Take a reference although we have none; false if the page is about to be freed. */
static bool get_page_unless_free(struct page *page)
{
	if (__atomic_fetch_add(&page->_count, 1, __ATOMIC_ACQUIRE) >= 0)
		return true;
	__atomic_fetch_sub(&page->_count, 1, __ATOMIC_RELAXED);
	return false;
}

unsigned int lru_isolate(struct zone *zone, bool active, unsigned int max, struct list_head *pages,
	unsigned int *looked_at)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lru_lock);
	unsigned long *nr;
	struct list_head *list = list_of(zone, active, &nr);
	unsigned int taken = 0, seen = 0;

	while (seen < max && !list_empty(list)) {
		struct page *page = list_last_entry(list, struct page, lru);

		seen++;
		ASSERT(PageLRU(page) && PageActive(page) == active);
		if (!get_page_unless_free(page)) {
			/* Out of the way of this scan. */
			list_del(&page->lru);
			list_add(&page->lru, list);
			continue;
		}
		del_locked(zone, page);
		list_add(&page->lru, pages);
		taken++;
	}
	__atomic_fetch_add(&zone->pages_scanned, seen, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	*looked_at = seen;
	return taken;
}

void lru_put_back(struct zone *zone, struct list_head *pages)
{
	struct page *batch[SWAP_CLUSTER_MAX];

	while (!list_empty(pages)) {
		irq_flags_t flags = spin_lock_irqsave(&zone->lru_lock);
		unsigned int nr = 0;

		while (nr < SWAP_CLUSTER_MAX && !list_empty(pages)) {
			struct page *page = list_last_entry(pages, struct page, lru);

			list_del(&page->lru);
			add_locked(zone, page);
			batch[nr++] = page;
		}
		spin_unlock_irqrestore(&zone->lru_lock, flags);
		/* Not under the lock: the last reference takes it. */
		for (unsigned int i = 0; i < nr; i++)
			put_page(batch[i]);
	}
}

void mm_count_lru(const struct mm *mm, unsigned long *active, unsigned long *inactive)
{
	struct zone *zone;

	*active = *inactive = 0;
	for_each_populated_zone (zone, mm) {
		*active += __atomic_load_n(&zone->nr_active, __ATOMIC_RELAXED);
		*inactive += __atomic_load_n(&zone->nr_inactive, __ATOMIC_RELAXED);
	}
}
