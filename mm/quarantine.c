/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quarantine: what is freed waits in a queue before it is handed out again, so that a stale user
 * meets no new owner for a while, and `poison` or a second free has time to show who it is.
 *
 * Owns mm->quarantine, first in first out by page->lru, and its counters, under its lock, inside
 * which no other is taken. Blocks in it have count 0 and the tag PAGE_QUARANTINED with their order;
 * they are free for nobody, and mm_check() counts them with the cached pages. Not more than a
 * thirty-second of memory waits. All of it goes back in drain_all_pages() and before each pass of a
 * request that finds nothing, so that nobody is killed for it; what reclaim frees does not wait.
 *
 * Who frees with a zone's lock held is found by the level `context` alone; without it nothing that
 * is of that zone leaves meanwhile, so that the lock is not waited for by who holds it.
 *
 * A call that began while the level was on may put a block here after it was switched off: that
 * one waits until memory is short.
 */
#include "internal.h"

/* Of all pages, this part may wait. */
#define SHARE 32U

void quarantine_init(struct mm *mm)
{
	struct zone *zone;
	unsigned long pages = 0;

	list_init(&mm->quarantine.blocks);
	for_each_populated_zone (zone, mm)
		pages += zone->present_pages;
	mm->quarantine.max = pages / SHARE;
}

unsigned long nr_quarantined_pages(const struct mm *mm)
{
	return __atomic_load_n(&mm->quarantine.pages, __ATOMIC_RELAXED);
}

static void count(struct quarantine *quarantine, long pages)
{
	__atomic_store_n(
		&quarantine->pages, quarantine->pages + (unsigned long)pages, __ATOMIC_RELAXED);
}

/* Back to its zone, whose lock the caller may hold: see above. */
static bool may_leave(const struct page *page)
{
	return likely(!spin_is_mine(&page_zone(page)->lock));
}

/* The block that has waited longest, if more than `keep` pages wait and it may leave; else NULL. */
static struct page *take_oldest(struct quarantine *quarantine, unsigned long keep)
{
	const irq_flags_t flags = spin_lock_irqsave(&quarantine->lock);
	struct page *page = NULL;

	if (quarantine->pages > keep)
		page = list_first_entry(&quarantine->blocks, struct page, lru);
	if (page && may_leave(page)) {
		list_del(&page->lru);
		count(quarantine, -(1L << page_tag_order(page)));
	} else {
		page = NULL;
	}
	spin_unlock_irqrestore(&quarantine->lock, flags);
	return page;
}

unsigned long quarantine_release(struct mm *mm, unsigned long keep)
{
	unsigned long released = 0;
	struct page *page;

	while ((page = take_oldest(&mm->quarantine, keep))) {
		const unsigned int order = page_tag_order(page);

		buddy_free(page_zone(page), page, order);
		released += 1UL << order;
	}
	return released;
}

void quarantine_add(struct page *page, unsigned int order)
{
	struct mm *mm = this_cpu->mm;
	const irq_flags_t flags = spin_lock_irqsave(&mm->quarantine.lock);

	set_page_tag(page, PAGE_QUARANTINED, order);
	list_add_tail(&page->lru, &mm->quarantine.blocks);
	count(&mm->quarantine, 1L << order);
	spin_unlock_irqrestore(&mm->quarantine.lock, flags);
	quarantine_release(mm, mm->quarantine.max);
}

void quarantine_changed(struct mm *mm, bool on)
{
	if (!on)
		quarantine_release(mm, 0);
}
