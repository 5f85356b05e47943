/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reclaim: what direct reclaim and kswapd do with the LRU lists.
 *
 *	try_to_free_pages (zones of a zonelist)    balance_pgdat (zones 0.. of a node)
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
 * prev_priority, pages_scanned, all_unreclaimable of struct zone; pglist_data.kswapd_max_order.
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
#include "internal.h"

/* A pause for writes between two priorities: this part of a second at most. */
#define PAUSE_HZ 10U
/* Priorities above this go on without a pause. */
#define PAUSE_BELOW (DEF_PRIORITY - 2)
/* kswapd gives a zone up that was scanned so many times over without a page freed. */
#define GIVE_UP_SCANS 4U

/* One pass of reclaim: who, how deep, and what came of it. */
struct scan_control {
	gfp_t gfp;
	int priority;
	bool kswapd;
	unsigned long nr_scanned;   /* pages of inactive lists that could be locked */
	unsigned long nr_reclaimed; /* pages freed, shrinkers' included */
};

enum page_verdict { KEEP, ACTIVATE, TRY_TO_FREE };

static int load_int(const int *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void store_int(int *value, int to)
{
	__atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static bool all_unreclaimable(const struct zone *zone)
{
	return __atomic_load_n(&zone->all_unreclaimable, __ATOMIC_RELAXED);
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

static void shrink_zone(struct zone *zone, struct scan_control *sc)
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

/* Note how hard it is in this zone. */
static void note_priority(struct zone *zone, int priority)
{
	store_int(&zone->temp_priority, priority);
	if (load_int(&zone->prev_priority) > priority)
		store_int(&zone->prev_priority, priority);
}

/* Let the shrinkers do their share; what they free in this thread counts. */
static void shrink_others(
	struct scan_control *sc, unsigned long nr_scanned, unsigned long lru_pages)
{
	struct mm_task *task = mm_current();

	task->reclaimed = 0;
	shrink_slab(this_cpu->mm, nr_scanned, sc->gfp, lru_pages);
	sc->nr_reclaimed += task->reclaimed;
}

static void wait_for_writes(void)
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
		store_int(&(*zone)->temp_priority, DEF_PRIORITY);
		lru_pages += zone_nr_lru(*zone);
	}
	enough = scan_zonelist(zonelist, &sc, lru_pages);
	for (struct zone *const *zone = zonelist->zones; *zone; zone++)
		store_int(&(*zone)->prev_priority, load_int(&(*zone)->temp_priority));
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

/* kswapd. */

void wakeup_kswapd(struct zone *zone, unsigned int order)
{
	struct pglist_data *pgdat = zone->zone_pgdat;
	unsigned int largest;

	if (zone->present_pages == 0 ||
		zone_watermark_ok(zone, order, zone_mark(zone, MARK_LOW), 0, false, false)) {
		explain_add(
			explain_here(), .kind = EXPLAIN_KSWAPD, .zone = zone, .value = {order, 0});
		return;
	}
	largest = __atomic_load_n(&pgdat->kswapd_max_order, __ATOMIC_RELAXED);
	while (largest < order && !__atomic_compare_exchange_n(&pgdat->kswapd_max_order, &largest,
					  order, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
	__atomic_store_n(&pgdat->kswapd_reclaims, 1, __ATOMIC_RELAXED);
	wake_up(&pgdat->kswapd_wait);
	explain_add(explain_here(), .kind = EXPLAIN_KSWAPD, .zone = zone, .value = {order, 1});
}

void kswapd_online(struct pglist_data *pgdat)
{
	if (!__atomic_exchange_n(&pgdat->kswapd_onlines, 1, __ATOMIC_RELAXED))
		wake_up(&pgdat->kswapd_wait);
}

/* A zone that this priority looks at: it has pages, and is not given up. */
static bool in_scope(const struct zone *zone, int priority)
{
	return zone->present_pages && (!all_unreclaimable(zone) || priority == DEF_PRIORITY);
}

static bool is_balanced(const struct zone *zone, unsigned int order, enum zone_type classzone)
{
	return zone_watermark_ok(zone, order, zone_mark(zone, MARK_HIGH), classzone, false, false);
}

/* The highest zone that is short of pages, or -1. */
static int highest_short_zone(const struct pglist_data *pgdat, unsigned int order, int priority)
{
	for (int type = (int)pgdat->nr_zones - 1; type >= 0; type--) {
		const struct zone *zone = &pgdat->node_zones[type];

		if (in_scope(zone, priority) && !is_balanced(zone, order, 0))
			return type;
	}
	return -1;
}

/* Scan one zone for kswapd, and give it up if that has been in vain for long. */
static void balance_zone(struct zone *zone, struct scan_control *sc, unsigned long lru_pages)
{
	note_priority(zone, sc->priority);
	sc->nr_scanned = 0;
	shrink_zone(zone, sc);
	shrink_others(sc, sc->nr_scanned, lru_pages);
	if (all_unreclaimable(zone))
		return;
	if (__atomic_load_n(&zone->pages_scanned, __ATOMIC_RELAXED) >=
		GIVE_UP_SCANS * zone_nr_lru(zone))
		__atomic_store_n(&zone->all_unreclaimable, 1, __ATOMIC_RELAXED);
}

/* Zones 0 to `end_zone` at one priority; true if all of them had enough before. */
static bool balance_zones(struct pglist_data *pgdat, unsigned int order, int end_zone,
	struct scan_control *sc, unsigned long *total_scanned)
{
	unsigned long lru_pages = 0;
	bool all_ok = true;

	for (int type = 0; type <= end_zone; type++)
		lru_pages += zone_nr_lru(&pgdat->node_zones[type]);
	for (int type = 0; type <= end_zone; type++) {
		struct zone *zone = &pgdat->node_zones[type];

		if (!in_scope(zone, sc->priority))
			continue;
		if (!is_balanced(zone, order, (enum zone_type)end_zone))
			all_ok = false;
		balance_zone(zone, sc, lru_pages);
		*total_scanned += sc->nr_scanned;
	}
	return all_ok;
}

/*
 * Down the priorities until every zone has enough, or a cluster has been freed. True if a priority
 * found all zones ok, those aside that have been given up.
 */
static bool balance_round(struct pglist_data *pgdat, unsigned int order, struct scan_control *sc)
{
	unsigned long total_scanned = 0;
	bool all_ok = true;

	sc->nr_reclaimed = 0;
	mm_count(pageoutrun, 1);
	for (unsigned int type = 0; type < pgdat->nr_zones; type++)
		store_int(&pgdat->node_zones[type].temp_priority, DEF_PRIORITY);
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		int end_zone = highest_short_zone(pgdat, order, sc->priority);

		all_ok = end_zone < 0 || balance_zones(pgdat, order, end_zone, sc, &total_scanned);
		if (all_ok)
			break;
		if (total_scanned && sc->priority < PAUSE_BELOW)
			wait_for_writes();
		if (sc->nr_reclaimed >= SWAP_CLUSTER_MAX)
			break;
	}
	for (unsigned int type = 0; type < pgdat->nr_zones; type++) {
		struct zone *zone = &pgdat->node_zones[type];

		store_int(&zone->prev_priority, load_int(&zone->temp_priority));
	}
	return all_ok;
}

/* What CPUs cache of the node's zones that are short comes first: that costs nobody anything. */
static void fetch_back(struct pglist_data *pgdat, unsigned int order)
{
	struct zone *zones[MAX_NR_ZONES + 1] = {NULL};
	unsigned int nr = 0;

	for (unsigned int type = 0; type < pgdat->nr_zones; type++) {
		struct zone *zone = &pgdat->node_zones[type];

		if (zone->present_pages && !is_balanced(zone, order, 0))
			zones[nr++] = zone;
	}
	pcp_fetch_back(pgdat->mm, zones, MM_PENDING_BLOCKS);
}

unsigned long balance_pgdat(struct pglist_data *pgdat, unsigned int order)
{
	struct mm_task *task = mm_current();
	const unsigned int memalloc = task->flags & PF_MEMALLOC;
	struct scan_control sc = {.gfp = GFP_KERNEL, .kswapd = true};
	unsigned long total = 0;
	bool all_ok;

	task->flags |= PF_MEMALLOC;
	fetch_back(pgdat, order);
	do {
		all_ok = balance_round(pgdat, order, &sc);
		total += sc.nr_reclaimed;
		cond_resched();
	} while (!all_ok);
	if (!memalloc)
		task->flags &= ~PF_MEMALLOC;
	return total;
}

bool kswapd_sleeps(struct pglist_data *pgdat)
{
	irq_flags_t flags = spin_lock_irqsave(&pgdat->kswapd_wait.lock);
	bool sleeps = !list_empty(&pgdat->kswapd_wait.waiters);

	spin_unlock_irqrestore(&pgdat->kswapd_wait.lock, flags);
	return sleeps;
}

/* Blocks ahead of need, in all zones that run out of them. */
static void online_ahead(struct pglist_data *pgdat)
{
	for (unsigned int type = 0; type < pgdat->nr_zones; type++) {
		struct zone *zone = &pgdat->node_zones[type];

		while (buddy_wants_online(zone) && mm_online_block(zone))
			cond_resched();
	}
}

static bool is_asked(const unsigned int *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

static bool take_asked(unsigned int *what)
{
	return __atomic_exchange_n(what, 0, __ATOMIC_RELAXED);
}

_Noreturn void kswapd(struct pglist_data *pgdat)
{
	unsigned int order = 0;

	ASSERT(mm_current()->flags & PF_MEMALLOC);
	online_ahead(pgdat);
	for (;;) {
		const unsigned int before = order;
		struct waiter waiter;
		bool onlines, reclaims;

		wait_begin(&pgdat->kswapd_wait, &waiter);
		order = __atomic_exchange_n(&pgdat->kswapd_max_order, 0, __ATOMIC_RELAXED);
		if (order <= before) {
			if (!is_asked(&pgdat->kswapd_onlines) && !is_asked(&pgdat->kswapd_reclaims))
				task_sleep(UINT64_MAX);
			order = __atomic_load_n(&pgdat->kswapd_max_order, __ATOMIC_RELAXED);
		}
		wait_end(&pgdat->kswapd_wait, &waiter);
		onlines = take_asked(&pgdat->kswapd_onlines);
		/* A larger order is noted before it is asked for. */
		reclaims = take_asked(&pgdat->kswapd_reclaims) || order > before;
		if (onlines)
			online_ahead(pgdat);
		if (reclaims || !onlines)
			balance_pgdat(pgdat, order);
	}
}
