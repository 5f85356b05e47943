/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reclaim: what direct reclaim and kswapd do with the LRU lists; and direct reclaim.
 *
 *	try_to_free_pages (zones of a zonelist)    kswapd.c: balance_pgdat (zones 0.. of a node)
 *	             \                                /
 *	              shrink_zone: as many pages as the priority says, 32 at a time
 *	                 |                          |
 *	          refill_inactive            shrink_inactive -> shrink_list -> pageout
 *	        active -> inactive             inactive -> free, or back
 *
 * A priority p, from 12 down to 0, scans a 2^p-th of each list. Pages being looked at are off their
 * list, with a reference (lru_isolate()), and locked by trylock: reclaim waits for nobody's page.
 *
 * Owns nr_scan_active, nr_scan_inactive (lru_lock) and the relaxed atomics temp_priority,
 * prev_priority of struct zone.
 *
 * Not there, since no page is mapped into an address space: the swap tendency, anonymous pages;
 * may_writepage, which 2.6.11 reads in laptop mode only. A mapped page is left alone.
 *
 * Source: Linux 2.6.11 mm/vmscan.c.
 */
#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include <port/task.h>
#include "vmscan.h"

/* A pause for writes between two priorities: this part of a second at most. */
#define PAUSE_HZ 10U

enum page_verdict { KEEP, ACTIVATE, TRY_TO_FREE };

static int load_int(const int *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void store_int(int *value, int to)
{
	__atomic_store_n(value, to, __ATOMIC_RELAXED);
}

/* The owner of a page in the cache; NULL: it has left. Page lock. */
static struct address_space *page_mapping(const struct page *page)
{
	ASSERT(PageLocked(page));
	return PageAnon(page) ? NULL : page->mapping;
}

/* Held by nobody but the cache, us, and what its owner has attached? */
static bool only_cached(const struct page *page)
{
	return page_count_raw(page) - (PagePrivate(page) ? 1 : 0) == 2;
}

/*
 * Start writing a dirty page. It comes back locked, unless the verdict is KEEP and `*locked` is
 * false: then the write is under way, or done but somebody else has the page lock.
 */
static enum page_verdict pageout(struct address_space *mapping, struct page *page, bool *locked)
{
	if (!only_cached(page))
		return KEEP;
	if (!mapping->ops->writepage)
		return ACTIVATE;
	if (!clear_page_dirty_for_io(page))
		return TRY_TO_FREE;
	/* Else address_space_sync() would take the failure of an earlier write for this one. */
	ClearPageError(page);
	SetPageReclaim(page);
	if (mapping->ops->writepage(mapping, page) < 0) {
		/* Not begun; whatever the reason, it has to be written before it may go. */
		ClearPageReclaim(page);
		set_page_dirty(page);
		return KEEP;
	}
	/* The page is unlocked; it may have been written already. */
	if (!PageWriteback(page))
		ClearPageReclaim(page);
	*locked = !PageWriteback(page) && !PageDirty(page) && !TestSetPageLocked(page);
	return *locked && !PageDirty(page) && !PageWriteback(page) ? TRY_TO_FREE : KEEP;
}

/* Have the owner's attachments released; false if the page must stay. Page lock. */
static bool release_private(struct address_space *mapping, struct page *page, gfp_t gfp)
{
	if (!PagePrivate(page))
		return true;
	return mapping->ops->releasepage && mapping->ops->releasepage(page, gfp) == 1;
}

/* What to do with one isolated, locked page; TRY_TO_FREE: it has left the cache, and is locked. */
static enum page_verdict judge_page(struct page *page, const struct scan_control *sc, bool *locked)
{
	struct address_space *mapping = page_mapping(page);
	enum page_verdict verdict = TRY_TO_FREE;
	bool referenced;

	ASSERT(!PageLRU(page) && !PageActive(page));
	if (page_mapped(page))
		return ACTIVATE;
	if (PageWriteback(page))
		return KEEP;
	/* Once used is not twice used: a clean page goes; one to be written has a second chance. */
	referenced = TestClearPageReferenced(page);
	if (!mapping)
		return KEEP;
	if (PageDirty(page)) {
		if (referenced || !(sc->gfp & __GFP_FS))
			return KEEP;
		verdict = pageout(mapping, page, locked);
		if (verdict != TRY_TO_FREE)
			return verdict;
		/* It was unlocked meanwhile. */
		mapping = page_mapping(page);
		if (!mapping)
			return KEEP;
	}
	if (!release_private(mapping, page, sc->gfp))
		return ACTIVATE;
	return remove_if_unused(mapping, page) ? TRY_TO_FREE : KEEP;
}

/* One isolated page; true if it has been freed, else it is to be put back. */
static bool shrink_page(struct page *page, struct scan_control *sc)
{
	bool locked = true;
	enum page_verdict verdict;

	if (TestSetPageLocked(page))
		return false;
	sc->nr_scanned++;
	verdict = judge_page(page, sc, &locked);
	if (verdict == ACTIVATE) {
		SetPageActive(page);
		mm_count(pgactivate, 1);
	}
	if (locked)
		unlock_page(page);
	if (verdict != TRY_TO_FREE)
		return false;
	put_page_cold(page);
	return true;
}

/* Free what can be freed of isolated pages; the others stay on `pages`. Returns how many went. */
static unsigned int shrink_list(struct list_head *pages, struct scan_control *sc)
{
	struct list_head kept;
	unsigned int nr_freed = 0;

	list_init(&kept);
	while (!list_empty(pages)) {
		struct page *page = list_last_entry(pages, struct page, lru);

		cond_resched();
		list_del(&page->lru);
		if (shrink_page(page, sc))
			nr_freed++;
		else
			list_add(&page->lru, &kept);
	}
	/* The ring of those kept, with the caller's head in it in place of ours. */
	if (!list_empty(&kept))
		list_insert(pages, kept.prev, kept.next);
	return nr_freed;
}

static void count_scan(const struct zone *zone, const struct scan_control *sc,
	unsigned int nr_scanned, unsigned int nr_freed)
{
	if (sc->kswapd) {
		mm_count(pgscan_kswapd[zone->type], nr_scanned);
		mm_count(kswapd_steal, nr_freed);
	} else {
		mm_count(pgscan_direct[zone->type], nr_scanned);
	}
	mm_count(pgsteal[zone->type], nr_freed);
}

/* Look at `nr` of the oldest inactive pages, at most 32. Returns how many were freed. */
static unsigned int shrink_inactive(struct zone *zone, unsigned int nr, struct scan_control *sc)
{
	struct list_head pages;
	unsigned int looked_at, nr_freed = 0;

	list_init(&pages);
	if (lru_isolate(zone, false, nr, &pages, &looked_at))
		nr_freed = shrink_list(&pages, sc);
	count_scan(zone, sc, looked_at, nr_freed);
	lru_put_back(zone, &pages);
	sc->nr_reclaimed += nr_freed;
	return nr_freed;
}

/* The oldest active pages become the newest inactive ones. */
static void refill_inactive(struct zone *zone, unsigned int nr)
{
	struct list_head pages;
	struct page *page;
	unsigned int looked_at, moved = 0;

	list_init(&pages);
	lru_isolate(zone, true, nr, &pages, &looked_at);
	list_for_each_entry (page, &pages, struct page, lru) {
		if (page_mapped(page))
			continue;
		ClearPageActive(page);
		moved++;
	}
	lru_put_back(zone, &pages);
	mm_count(pgrefill[zone->type], looked_at);
	mm_count(pgdeactivate, moved);
}

/* Another 2^priority-th of a list to be scanned, or 0: fewer than a cluster are left for later. */
static unsigned long due_locked(unsigned long *carried, unsigned long nr_pages, int priority)
{
	unsigned long due;

	*carried += (nr_pages >> priority) + 1;
	if (*carried < SWAP_CLUSTER_MAX)
		return 0;
	due = *carried;
	*carried = 0;
	return due;
}

/* The next cluster of what is due. */
static unsigned int take_cluster(unsigned long *due)
{
	unsigned int nr = *due < SWAP_CLUSTER_MAX ? (unsigned int)*due : SWAP_CLUSTER_MAX;

	*due -= nr;
	return nr;
}

void shrink_zone(struct zone *zone, struct scan_control *sc)
{
	unsigned long active, inactive;
	unsigned int nr_freed = 0;
	irq_flags_t flags = spin_lock_irqsave(&zone->lru_lock);

	ASSERT(sc->priority >= 0 && sc->priority <= DEF_PRIORITY);
	active = due_locked(&zone->nr_scan_active, zone->nr_active, sc->priority);
	inactive = due_locked(&zone->nr_scan_inactive, zone->nr_inactive, sc->priority);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	while (active || inactive) {
		if (active)
			refill_inactive(zone, take_cluster(&active));
		if (inactive) {
			nr_freed += shrink_inactive(zone, take_cluster(&inactive), sc);
			if (nr_freed >= SWAP_CLUSTER_MAX)
				break;
		}
	}
}

void begin_priorities(struct zone *zone)
{
	store_int(&zone->temp_priority, DEF_PRIORITY);
}

void note_priority(struct zone *zone, int priority)
{
	store_int(&zone->temp_priority, priority);
	if (load_int(&zone->prev_priority) > priority)
		store_int(&zone->prev_priority, priority);
}

void end_priorities(struct zone *zone)
{
	store_int(&zone->prev_priority, load_int(&zone->temp_priority));
}

void shrink_others(struct scan_control *sc, unsigned long nr_scanned, unsigned long lru_pages)
{
	struct mm_task *task = mm_current();

	task->reclaimed = 0;
	shrink_slab(this_cpu->mm, nr_scanned, sc->gfp, lru_pages);
	sc->nr_reclaimed += task->reclaimed;
}

void wait_for_writes(void)
{
	this_cpu->mm->hooks->congestion_wait(cpu_time() + cpu_time_hz() / PAUSE_HZ);
}

/* Direct reclaim. */

static void shrink_caches(const struct zonelist *zonelist, struct scan_control *sc)
{
	for (struct zone *const *at = zonelist->zones; *at; at++) {
		struct zone *zone = *at;

		note_priority(zone, sc->priority);
		if (all_unreclaimable(zone) && sc->priority != DEF_PRIORITY)
			continue;
		shrink_zone(zone, sc);
	}
}

/* One priority after the other, until one of them alone has freed enough. */
static bool scan_zonelist(
	const struct zonelist *zonelist, struct scan_control *sc, unsigned long lru_pages)
{
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		sc->nr_scanned = 0;
		sc->nr_reclaimed = 0;
		shrink_caches(zonelist, sc);
		shrink_others(sc, sc->nr_scanned, lru_pages);
		if (sc->nr_reclaimed >= SWAP_CLUSTER_MAX)
			return true;
		if (sc->nr_scanned && sc->priority < PAUSE_BELOW)
			wait_for_writes();
	}
	return false;
}

unsigned int try_to_free_pages(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	struct scan_control sc = {.gfp = gfp};
	unsigned long lru_pages = 0;
	bool enough;

	(void)order; /* 2.6.11 frees single pages, whatever was asked for */
	mm_count(allocstall, 1);
	for (struct zone *const *zone = zonelist->zones; *zone; zone++) {
		begin_priorities(*zone);
		lru_pages += zone_nr_lru(*zone);
	}
	enough = scan_zonelist(zonelist, &sc, lru_pages);
	for (struct zone *const *zone = zonelist->zones; *zone; zone++)
		end_priorities(*zone);
	return enough;
}

void congestion_wait(uint64_t deadline)
{
	struct mm *mm = this_cpu->mm;
	struct waiter waiter;

	wait_begin(&mm->congestion, &waiter);
	task_sleep(deadline);
	wait_end(&mm->congestion, &waiter);
}
