/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reclaim: the LRU lists, kswapd, direct reclaim, shrinkers.
 *
 *	used again	   +--------+  refill  +----------+  shrink
 *	  ------------->   | active | -------> | inactive | --------> free
 *	                   +--------+          +----------+
 *	                       ^------- used twice --'
 *
 * Source: Linux 2.6.11 mm/vmscan.c, mm/swap.c.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include <mm/gfp.h>
#include <mm/mm.h>

#define SWAP_CLUSTER_MAX 32U
#define DEF_PRIORITY     12
#define SHRINK_BATCH     128U
#define DEFAULT_SEEKS    2

/**
 * Put a page on its zone's inactive (active) list; the lists hold no reference. The page is an
 * allocated single page, not on a list, with a mapping (<mm/pagemap.h>), and held by nobody but
 * the caller; anything but a single page is misuse. Any context.
 *
 * From now on put_page() is the way to give up a reference: the last one takes the page off its
 * list. A last __free_pages() of a page that is on a list is misuse, and sets the page aside.
 */
void lru_cache_add(struct page *page);
void lru_cache_add_active(struct page *page);

/**
 * Note that the page was used: inactive, unreferenced -> inactive, referenced -> active. The caller
 * holds a reference. Any context.
 */
void mark_page_accessed(struct page *page);

/** A page was written back whose owner wants it back soon: to the old end of its list. */
void rotate_reclaimable_page(struct page *page);

/**
 * Somebody who can give back memory when asked.
 *
 * @scan: look at `nr` objects and free what can be freed; returns the objects left, or -1 if it can
 * not now (a lock that the caller of the allocator may hold). With `nr` 0, as in 2.6.11: only count
 * them. May sleep if gfp says so. Pages that it frees it reports by mm_count_reclaimed(). Several
 * threads may be in it at once.
 */
struct shrinker {
	const char *name;
	int seeks; /* what it costs to make an object anew; 0: DEFAULT_SEEKS */
	long (*scan)(struct shrinker *shrinker, unsigned long nr, gfp_t gfp);
	struct list_head node; /* the core's; mm->shrinker_lock */
	unsigned long nr;      /* work carried over; the core's, as node */
	unsigned int running;  /* calls under way; the core's, as node */
	bool leaving;          /* remove_shrinker() waits; the core's, as node */
};

/** Register; what is the core's may hold anything. */
void set_shrinker(struct shrinker *shrinker);
/** Remove; no call is under way any more. Not from within one. Sleeps. */
void remove_shrinker(struct shrinker *shrinker);

/** Said by a shrinker: it has just freed so many pages, in the running thread. */
static inline void mm_count_reclaimed(unsigned long nr_pages)
{
	mm_current()->reclaimed += nr_pages;
}

/** The default hooks of struct mm_hooks. */
unsigned int try_to_free_pages(const struct zonelist *zonelist, gfp_t gfp, unsigned int order);
void wakeup_kswapd(struct zone *zone, unsigned int order);
void congestion_wait(uint64_t deadline);

/**
 * The body of a node's kswapd: never returns. The runtime starts one thread for each node with
 * memory, on a CPU of that node or of the nearest that has one.
 */
_Noreturn void kswapd(struct pglist_data *pgdat);

/** True if the node has a kswapd, and it is asleep with nothing to do. Any context. */
bool kswapd_sleeps(struct pglist_data *pgdat);

/**
 * Wait until each kswapd that there is sleeps, through with what it had in hand: before mm_check(),
 * when nobody allocates any more. False if one is at work yet at `deadline`, cpu_time(). May sleep.
 */
bool wait_for_kswapds(struct mm *mm, uint64_t deadline);

/**
 * One balancing of a node, as kswapd does when woken: until every zone is at pages_high, or
 * nothing more comes. Returns the pages reclaimed. May sleep.
 */
unsigned long balance_pgdat(struct pglist_data *pgdat, unsigned int order);

/** Pages on the LRU lists of all zones. A snapshot. */
void mm_count_lru(const struct mm *mm, unsigned long *active, unsigned long *inactive);

#endif
