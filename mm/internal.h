/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the layers of mm/ say to each other. Calls go down: page_alloc -> pcp -> buddy -> page.
 *
 * Order of locks, all spinlocks with interrupts off, one of each kind at a time:
 *
 *	page lock (PG_locked, sleeps) -> address_space.lock -> zone->lru_lock
 *	mm_cpu.busy -> zone->lock			the caches' section, and the buddy system
 *	mm->oom_lock -> what the consumers' score() and kill() take
 *	mm->shrinker_lock, wait_queue.lock		nothing of the core's inside
 *
 * Pages are freed and threads woken after address_space.lock and lru_lock, not under them. Nothing
 * is printed, reported or called back under a spinlock, but for those two of oom_lock.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mm/debug.h>
#include <mm/explain.h>
#include <mm/mm.h>
#include <port/barrier.h>
#include <port/irq.h>
#include <port/lock.h>
#include <port/print.h>

/** Where the entry point of the core that expands this was called from. */
#define CALLER()      __builtin_return_address(0)
#define BIT(flag)     (1UL << (flag))

#define ALWAYS_INLINE __attribute__((always_inline)) inline
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

/**
 * An invariant that only a bug of the core can break: stop with the place and the condition. Always
 * on. Misuse by callers is no matter for this; see misuse().
 */
#define ASSERT(condition)                                                               \
	do {                                                                            \
		if (unlikely(!(condition)))                                             \
			report_panic("%s:%d: %s", __FILE_NAME__, __LINE__, #condition); \
	} while (0)

/* page.c */

/**
 * First page of the free, allocated or set-aside block that `page` is a part of, and its order;
 * NULL if there is none (a cached page, a reserved one). Slow, and a guess while others work.
 */
const struct page *page_block_head(const struct page *page, unsigned int *order);

/*
 * explain: a function that decides something has a body that is always inlined and takes `explain`,
 * and two thin instances of it: the plain one, where it is a constant NULL and what tests it is
 * gone, and name_explained(), where it is not NULL. Who has a record calls the second.
 */

/** Where the decisions of the running thread go: NULL unless it has asked, or in an interrupt. */
static inline struct mm_explain *explain_here(void)
{
	const struct mm_cpu *cpu = this_cpu;

	if (likely(!(cpu->switches & MM_SWITCH_EXPLAIN)) || in_interrupt())
		return NULL;
	return cpu->task->explain;
}

/** Note nothing from here on, until explain_resume() of what it returns. For a thread. */
struct mm_explain *explain_pause(void);
void explain_resume(struct mm_explain *record);

/** Note an event, given as the fields of a struct mm_explain_event, if somebody wants to know. */
#define explain_add(explain, ...)                                                          \
	do {                                                                               \
		struct mm_explain *explain_ = (explain);                                   \
                                                                                           \
		if (unlikely(explain_))                                                    \
			mm_explain_add(explain_, &(struct mm_explain_event){__VA_ARGS__}); \
	} while (0)

/* page_alloc.c and alloc_slow.c: from a request to a block. */

/** Which of a zone's marks its free pages must stay above. */
enum watermark { MARK_NONE, MARK_MIN, MARK_LOW, MARK_HIGH };

/** How a walk over a zonelist asks the zones: all that passes differ by. */
struct alloc_pass {
	const char *name;
	enum watermark mark;
	bool harder; /* a quarter deeper than the mark */
	bool high;   /* half as deep as the mark */
};

/** One call of the allocator. */
struct alloc_request {
	gfp_t gfp;
	unsigned int order;
	const struct zonelist *zonelist; /* not empty */
	const void *caller;              /* return address of the entry point */
	struct mm_explain *explain;      /* NULL: nobody wants to know */
	bool bypass;        /* an interrupt inside its CPU's caches: not through them */
	unsigned int debug; /* MM_DEBUG_* that are on for this CPU */
};

/** A block of the first zone that this pass lets serve, ready for its owner, or NULL. */
struct page *alloc_walk(const struct alloc_request *request, const struct alloc_pass *pass);
/** alloc_pages() on a given zonelist, explained if that is switched on; no policy. */
struct page *alloc_from_list(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order, const void *caller);
/** alloc_pages() by the running thread's policy: its out-of-line body. mempolicy.c */
struct page *alloc_pages_current(gfp_t gfp, unsigned int order, const void *caller);

/*
 * What the fast path leaves to others: any call at all, and a page that it took, with count 0, in
 * which not all is as it should be or after which the CPU has other work.
 */
struct page *alloc_any(gfp_t gfp, unsigned int order);
struct page *alloc_finish(struct page *page, gfp_t gfp, unsigned int order);
/** __free_pages(). page_free.c */
void free_any(struct page *page, unsigned int order);

/** What follows when the first pass, above pages_low, has found nothing. May sleep by gfp. */
struct page *alloc_slow(const struct alloc_request *request);

/* buddy.c: the buddy system of one zone. */

/** Free pages and free blocks, for readers without the lock. */
static inline unsigned long zone_free_pages(const struct zone *zone)
{
	return __atomic_load_n(&zone->free_pages, __ATOMIC_RELAXED);
}

static inline unsigned long zone_nr_free(const struct zone *zone, unsigned int order)
{
	return __atomic_load_n(&zone->free_area[order].nr_free, __ATOMIC_RELAXED);
}

static inline unsigned long zone_offline_pages(const struct zone *zone)
{
	return __atomic_load_n(&zone->offline_pages, __ATOMIC_RELAXED);
}

/** For reports: an offline block is a free one of the largest order. */
static inline unsigned long zone_nr_blocks(const struct zone *zone, unsigned int order)
{
	return zone_nr_free(zone, order) +
	       (order == MAX_ORDER - 1 ? zone_offline_pages(zone) / BLOCK_PAGES : 0);
}

/** Free a block; `page` is its head, with count 0 and no owner. */
void buddy_free(struct zone *zone, struct page *page, unsigned int order);
/** The same under the caller's zone->lock. */
void buddy_free_locked(struct zone *zone, struct page *page, unsigned int order);
/** Take a block of exactly `order`, or NULL. Its head has count 0 and no marks. */
struct page *buddy_take(struct zone *zone, unsigned int order);
/** Take up to `count` single pages, appended to the tail of `list`; returns how many. */
unsigned int buddy_take_bulk(struct zone *zone, unsigned int count, struct list_head *list);
/**
 * Free `count` single pages from the tail of `list`, or all if it is shorter; how many. Fewer, but
 * one at least, if they merge so far that it takes long.
 */
unsigned int buddy_free_bulk(struct zone *zone, unsigned int count, struct list_head *list);
/* The same, explained. */
void buddy_free_explained(
	struct zone *zone, struct page *page, unsigned int order, struct mm_explain *explain);
struct page *buddy_take_explained(
	struct zone *zone, unsigned int order, struct mm_explain *explain);
unsigned int buddy_take_bulk_explained(
	struct zone *zone, unsigned int count, struct list_head *list, struct mm_explain *explain);
unsigned int buddy_free_bulk_explained(
	struct zone *zone, unsigned int count, struct list_head *list, struct mm_explain *explain);
/** Free `count` blocks of `order`, above 0, from the tail of `list`; how many, as above. */
unsigned int buddy_free_blocks(
	struct zone *zone, unsigned int order, unsigned int count, struct list_head *list);
unsigned int buddy_free_blocks_explained(struct zone *zone, unsigned int order, unsigned int count,
	struct list_head *list, struct mm_explain *explain);
/** Has the zone offline blocks, and fewer listed ones of the largest order than it should? */
bool buddy_wants_online(struct zone *zone);
/** Let no block come online ahead of need, from the return on; or again. */
void buddy_hold_offline(struct zone *zone, bool hold);
/** Take a block that was found corrupt out of circulation for good: it belongs to no list. */
void buddy_set_aside(struct zone *zone, struct page *page, unsigned int order);

/** put_page() of a page that LRU lists know; the last one puts it into the cold cache. */
void put_page_cold(struct page *page);

/* lru.c: the LRU lists, and pages on them. */

/** Pages on both lists of a zone, for readers without the lock. */
static inline unsigned long zone_nr_lru(const struct zone *zone)
{
	return __atomic_load_n(&zone->nr_active, __ATOMIC_RELAXED) +
	       __atomic_load_n(&zone->nr_inactive, __ATOMIC_RELAXED);
}

/**
 * Take pages off the old end of a list, each with a reference, the oldest last on `pages`: `max`
 * are looked at. Pages that are about to be freed are left to whoever does that. Returns how many.
 */
unsigned int lru_isolate(struct zone *zone, bool active, unsigned int max, struct list_head *pages,
	unsigned int *looked_at);
/** Pages that were isolated, from the last on, to the front of their lists; drops the references.
 */
void lru_put_back(struct zone *zone, struct list_head *pages);
/** Take a page with count 0, which is to be freed, off its list; true if it was on one. */
bool lru_remove(struct page *page);

/* kswapd.c */

/** Let the node's kswapd bring blocks online. Any context; no lock held. */
void kswapd_online(struct pglist_data *pgdat);

/* shrinker.c */

/**
 * Ask all shrinkers for their share, when `scanned` of `lru_pages` pages have been looked at. The
 * pages freed are added to the running task's `reclaimed`. May sleep by gfp.
 */
void shrink_slab(struct mm *mm, unsigned long scanned, gfp_t gfp, unsigned long lru_pages);

/* page_wait.c: what a page is waited for. */

/** log2 of the number of wait queues for a zone of so many pages. */
unsigned int wait_table_bits(unsigned long spanned_pages);
/** A wait table for each zone. Returns 0, or -1 after a line that says what. At boot. */
int wait_tables_init(struct mm *mm);

/* pcp.c: the per-CPU caches of order-0 pages. */

/** A cache of `zone`, which may be NULL: empty, its limits by the zone's size. */
void pageset_init(struct per_cpu_pageset *pageset, struct zone *zone);
/** Pages moved at once between a cache and the buddy system, by zone size. */
unsigned int pcp_batch(unsigned long present_pages);
/*
 * These two must not be called by an interrupt inside the caches (mm_cpu.busy): who calls has
 * looked, once, by mm_cpu.attention.
 */

/** A page with count 0 from this CPU's cache of a zone, refilled if need be, or NULL. */
struct page *pcp_alloc(struct zone *zone, bool cold, const struct zone *first);
/** Count a block that came from the buddy system, where `first` was asked first. */
void count_numa(const struct zone *zone, const struct zone *first);
/** A page with count 0 into this CPU's cache of its zone. */
void pcp_free(struct page *page, bool cold);
/* The same, explained. */
struct page *pcp_alloc_explained(
	struct zone *zone, bool cold, const struct zone *first, struct mm_explain *explain);
void pcp_free_explained(struct page *page, bool cold, struct mm_explain *explain);

/**
 * What CPUs cache of these zones (NULL ends them) goes back: MM_PENDING_DRAIN all of it, or
 * MM_PENDING_BLOCKS what is above order 0. CPUs that have none are left alone. True if there was
 * any. May wait, as drain_all_pages().
 */
bool pcp_fetch_back(struct mm *mm, struct zone *const *zones, unsigned int work);

/* pcp_block.c: the per-CPU caches of blocks above order 0. Not by an interrupt inside the caches.
 */

/** Has this CPU a block of `order` in its cache of the zone? */
bool pcp_has_block(const struct zone *zone, unsigned int order);
/** A block with count 0 from this CPU's cache of a zone, or NULL. */
struct page *pcp_alloc_block(struct zone *zone, unsigned int order, const struct zone *first,
	struct mm_explain *explain);
/** A block with count 0 into this CPU's cache of its zone; false: that does not take it. */
bool pcp_free_block(struct page *page, unsigned int order, struct mm_explain *explain);
/**
 * A batch of what this CPU caches above order 0 of the first zone where it has any goes back, to
 * serve a request for `order`; false: there is none, or this is an interrupt inside the caches.
 */
bool pcp_give_back(const struct zonelist *zonelist, unsigned int order);

/** Let every CPU copy mm->debug into its switches, and wait until it has. See mm_debug_set(). */
void pcp_tell_debug(struct mm *mm);

/** The same for the linear map, after linear_map_split(). */
void pcp_adopt_map(struct mm *mm);

/* check.c */

/** Is this the head, or the link of a descriptor that exists? It may hold any value. */
bool link_is_valid(const struct mm *mm, const struct list_head *head, const struct list_head *link);

/* node.c: nodes, distances, the order of fallback. */

int nodes_init(struct mm *mm, const struct mm_config *config);
/** Nearest-first order for every node, into pgdat->fallback. */
int nodes_build_fallback(struct mm *mm);

/* zone.c: spans, zone table, zonelists. */

void zones_init(struct mm *mm, struct pglist_data *pgdat);
int zonelists_build(struct mm *mm);
/** [start, end) in pages of zone `type` by the layout; empty if the layout has no such zone. */
void zone_layout_range(const struct zone_layout *layout, enum zone_type type,
	unsigned long *start_pfn, unsigned long *end_pfn);
/** The zone type's range cut to what lies between the first and the last page of memory. */
bool zone_type_span(
	const struct mm *mm, enum zone_type type, unsigned long *start_pfn, unsigned long *end_pfn);
const char *zone_type_name(enum zone_type type);
/** The highest zone that a mask with these modifiers may use, whether there is any such zone. */
enum zone_type highest_zone(const struct mm *mm, unsigned int modifiers);

/* watermark.c */

/** A zone's watermark, in pages; MARK_NONE: 0. */
static inline unsigned long zone_mark(const struct zone *zone, enum watermark mark)
{
	switch (mark) {
	case MARK_MIN:
		return __atomic_load_n(&zone->pages_min, __ATOMIC_RELAXED);
	case MARK_LOW:
		return __atomic_load_n(&zone->pages_low, __ATOMIC_RELAXED);
	case MARK_HIGH:
		return __atomic_load_n(&zone->pages_high, __ATOMIC_RELAXED);
	default:
		return 0;
	}
}

/**
 * May a block of `order` be taken, so that more than `mark` pages and the reserve against requests
 * for `classzone` stay free, and enough of that in blocks of each lower order? A snapshot.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, zone_watermark_ok().
 */
bool zone_watermark_ok(const struct zone *zone, unsigned int order, unsigned long mark,
	enum zone_type classzone, bool harder, bool high);
bool zone_watermark_ok_explained(const struct zone *zone, unsigned int order, unsigned long mark,
	enum zone_type classzone, bool harder, bool high, struct mm_explain *explain);

/** The boot values of min_free_kbytes, watermarks and reserves; after the CPUs are known. */
void watermarks_init(struct mm *mm);

/* memmap.c: the descriptors. */

int memmap_init(struct mm *mm);
/** The zone of a page that is in a bank of node `nid`. */
struct zone *zone_at(const struct mm *mm, int nid, unsigned long pfn);
/** Write the descriptors of what is neither online nor in mm->offline: reserved. At boot. */
void memmap_write(struct mm *mm);
/** Map and write the descriptors of an offline block, of free pages; then it is online. */
void memmap_online(struct mm *mm, const struct zone *zone, unsigned long pfn);

/* offline.c: the blocks without descriptors. */

static inline unsigned long offline_end(const struct offline_range *range)
{
	return __atomic_load_n(&range->end_pfn, __ATOMIC_RELAXED);
}

/** Room for mm->offline, after memmap_init(). 0, or -1 after a line. */
int offline_prepare(struct mm *mm);
/** Find them, and count them in their zones. At boot. */
void offline_init(struct mm *mm);
/** Take one that is free from the zone's ranges: its first pfn, or ~0UL. Under zone->lock. */
unsigned long offline_claim(struct zone *zone);

/* init.c */

/**
 * Boot memory on `nid` or the nearest node with room, below HIGHMEM, zeroed; NULL after a line that
 * says what.
 */
void *boot_alloc(struct mm *mm, size_t bytes, int nid, const char *why);

/* debug.c: what the levels of <mm/debug.h> do on the way of a block; `levels` of them are on. */

/** The levels that this CPU knows to be on. */
static inline unsigned int debug_here(void)
{
	return this_cpu->switches & MM_SWITCH_DEBUG;
}

/** A request begins: false if it can not be served in this context or is to fail; it has been said.
 */
bool debug_alloc(unsigned int levels, const struct alloc_request *request);
/** A block that was free: false, after a report, if somebody has used it and it can not be had. */
bool debug_take(unsigned int levels, struct page *page, unsigned int order, const void *caller);
/** The same block is its new owner's. */
void debug_taken(unsigned int levels, const struct page *page, const struct alloc_request *request);
/** There was no block for the request. */
void debug_not_taken(unsigned int levels, const struct alloc_request *request);
/** An owner gives back its block: false, after a report, if it can not be had in this context. */
bool debug_free(
	unsigned int levels, const struct page *page, unsigned int order, const void *caller);
/** A block is nobody's any more. True: it is kept here, and not to be given to the caches. */
bool debug_freed(unsigned int levels, struct page *page, unsigned int order, const void *caller);
/** A block was split into pages that each have the same owner. */
void debug_split(
	unsigned int levels, const struct page *page, unsigned int order, const void *caller);

/** page->debug: the number of the poison that it is filled with, or 0. */
#define PAGE_DEBUG_POISON 0xffffU

/* poison.c: the level MM_DEBUG_POISON. */

void poison_fill(struct page *page, unsigned int order);
/** The first page of the block that is not as it was filled, said in a line; NULL if none. */
struct page *poison_find_changed(struct page *page, unsigned int order);
/** Forget that they are filled. */
void poison_forget(struct page *page, unsigned int order);
void poison_changed(struct mm *mm, bool on);

/* quarantine.c: the level MM_DEBUG_QUARANTINE. */

void quarantine_init(struct mm *mm);
void quarantine_add(struct page *page, unsigned int order);
/** The oldest blocks back to the buddy system, until `keep` pages wait; how many pages went. */
unsigned long quarantine_release(struct mm *mm, unsigned long keep);
void quarantine_changed(struct mm *mm, bool on);

/* unmap.c: the level MM_DEBUG_UNMAP. */

/** A block that may have been unmapped is to be looked at, filled, or handed out: it is mapped. */
void unmap_end(const struct page *page, unsigned int order);
/** A block is free: an access traps from now on. */
void unmap_begin(const struct page *page, unsigned int order);
/** May the contents of a page that may be free be read? */
bool unmap_may_read(const struct page *page);
int unmap_prepare(struct mm *mm);
void unmap_changed(struct mm *mm, bool on);
/** mm_fault() at an address that is no descriptor's. */
bool unmap_fault(const struct mm *mm, const void *addr, bool write, const void *pc);

/**
 * The lines printed from here on to report_end() come together; those of a report that is made in
 * between, too. Waits for another CPU's report, but not for ever. Interrupts are off meanwhile. Any
 * context. report.c.
 */
struct report_turn {
	irq_flags_t flags;
	bool taken;
};
struct report_turn report_begin(void);
void report_end(struct report_turn turn);

/* trap.c */

/**
 * Was this use of a page without a descriptor reported when it faulted? Then not once more, and its
 * next use faults again.
 */
bool stray_was_told(struct mm *mm, const struct page *page);

/* page_owner.c: the level MM_DEBUG_OWNER. */

int page_owner_prepare(struct mm *mm);
void page_owner_set_allocated(
	const struct page *page, unsigned int order, gfp_t gfp, const void *caller);
void page_owner_set_freed(const struct page *page, unsigned int order, const void *caller);
void page_owner_split(const struct page *page, unsigned int order);

/* trace.c: the level MM_DEBUG_TRACE. */

/** An event, less what is the CPU's: struct mm_trace_event. */
struct trace_entry {
	enum mm_trace_op op;
	const struct page *page; /* NULL where there is no block */
	unsigned int order;
	gfp_t gfp;
	int nid;
	const void *caller;
};
int trace_prepare(struct mm *mm);
void trace_changed(struct mm *mm, bool on);
void trace_add(const struct trace_entry *entry);

/* fault.c: the level MM_DEBUG_FAULT. */

/** Is this request to fail? Then that has been counted, and said. */
bool fault_inject(const struct alloc_request *request);

/* zone_lock.c: the level MM_DEBUG_LOCKS. */

void zone_lock_changed(struct mm *mm, bool on);

/* report.c */

/** Print a fault and count it; must hold no lock. `caller` is the entry point's return address. */
void misuse(enum misuse kind, const struct page *page, unsigned int order, const void *caller);
const char *misuse_name(enum misuse kind);
/** Report a page whose descriptor does not add up, and mend what can be mended. */
void bad_page(struct page *page, unsigned int order, const void *caller);

#endif
