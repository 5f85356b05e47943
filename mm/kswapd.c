/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kswapd: each node's thread that frees pages before somebody has to wait for them, and brings
 * blocks online ahead of need.
 *
 *	wakeup_kswapd: a zone is below pages_low -> balance_pgdat -> vmscan.c: shrink_zone
 *	kswapd_online: few blocks are online     -> online_ahead
 *
 * It balances a node until all its zones are above pages_high, or nothing more comes; a zone that
 * was scanned in vain for long is given up, until pages of it are freed.
 *
 * Owns kswapd, kswapd_max_order, kswapd_reclaims and kswapd_onlines of struct pglist_data: what it
 * is asked for; it looks at them when it is on kswapd_wait already, so that no wake-up is lost. And
 * pages_scanned, which lru.c counts, and all_unreclaimable of struct zone, which the buddy system
 * resets. All are relaxed atomics.
 *
 * Source: Linux 2.6.11 mm/vmscan.c. The blocks are our own.
 */
#include <mm/reclaim.h>
#include <mm/wait.h>
#include <port/task.h>
#include "vmscan.h"

/* kswapd gives a zone up that was scanned so many times over without a page freed. */
#define GIVE_UP_SCANS 4U

/* Looks in a second, of who waits until all kswapds sleep. */
#define LOOKS_HZ 1000U

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
		begin_priorities(&pgdat->node_zones[type]);
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
	for (unsigned int type = 0; type < pgdat->nr_zones; type++)
		end_priorities(&pgdat->node_zones[type]);
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

static bool is_asked(const unsigned int *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

bool kswapd_sleeps(struct pglist_data *pgdat)
{
	irq_flags_t flags = spin_lock_irqsave(&pgdat->kswapd_wait.lock);
	const bool queued = !list_empty(&pgdat->kswapd_wait.waiters);

	spin_unlock_irqrestore(&pgdat->kswapd_wait.lock, flags);
	/* It takes what it is asked for when it has left the queue. */
	return queued && !is_asked(&pgdat->kswapd_reclaims) && !is_asked(&pgdat->kswapd_onlines);
}

bool wait_for_kswapds(struct mm *mm, uint64_t deadline)
{
	struct pglist_data *pgdat;

	for_each_pgdat (pgdat, mm) {
		if (!__atomic_load_n(&pgdat->kswapd, __ATOMIC_ACQUIRE))
			continue;
		while (!kswapd_sleeps(pgdat)) {
			if (cpu_time() >= deadline)
				return false;
			task_sleep(cpu_time() + cpu_time_hz() / LOOKS_HZ);
		}
	}
	return true;
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

static bool take_asked(unsigned int *what)
{
	return __atomic_exchange_n(what, 0, __ATOMIC_RELAXED);
}

_Noreturn void kswapd(struct pglist_data *pgdat)
{
	unsigned int order = 0;

	ASSERT(mm_current()->flags & PF_MEMALLOC);
	__atomic_store_n(&pgdat->kswapd, mm_current(), __ATOMIC_RELEASE);
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
