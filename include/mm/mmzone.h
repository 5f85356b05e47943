/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes, zones, zonelists and per-CPU caches: the structures between the root and the pages.
 *
 * Source: Linux 2.6.11 include/linux/mmzone.h; four zone types as in 2.6.18.
 */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <stddef.h>
#include <mm/gfp.h>
#include <mm/list.h>
#include <mm/page.h>
#include <mm/task.h>
#include <port/cpu.h>
#include <port/lock.h>

struct memblock;
struct mm;
struct mm_explain;
struct pglist_data;

/** Zone types, lowest addresses first. Which of them have limits is the arch's zone layout. */
enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, MAX_NR_ZONES };

/** One row of a zone layout: the zone ends below this physical address (exclusive). */
struct zone_limit {
	enum zone_type type;
	phys_addr_t end;
};

/**
 * How an architecture divides physical addresses: rows ascending, each zone starting where the
 * one before ended; types that are not named do not exist there. The last row has no limit.
 */
struct zone_layout {
	const char *name;
	unsigned int nr;
	struct zone_limit limit[MAX_NR_ZONES];
	/**
	 * Sets the limits that depend on the machine; NULL if none does. Called by
	 * zone_layout_for() alone.
	 */
	void (*fit)(struct zone_layout *layout, const struct memblock *mb, uint64_t dma_end);
};

/**
 * An architecture's layout as it is on one machine: to be made before mm_init(), and kept.
 *
 * @mb: the machine's banks, one at least.
 * @dma_end: one past the last byte that all devices reach; UINT64_MAX if they reach all.
 */
static inline struct zone_layout zone_layout_for(
	const struct zone_layout *layout, const struct memblock *mb, uint64_t dma_end)
{
	struct zone_layout fitted = *layout;

	if (layout->fit)
		layout->fit(&fitted, mb, dma_end);
	return fitted;
}

struct free_area {
	struct list_head free_list; /* heads of free blocks, by page->lru; zone->lock */
	unsigned long nr_free;      /* blocks, not pages; zone->lock */
};

/** Bytes that CPUs pass to each other at once, at least: what different ones write lies apart. */
#define CACHE_LINE 64

struct zone {
	/* The lock, which waiters look at, and what its holder writes at every unlock or free. */
	_Alignas(CACHE_LINE) struct spinlock lock;
	unsigned int after_unlock;        /* what is still to be done: see mm/free_list.h; lock */
	const struct list_head *bad_link; /* found wrong, and mended; to be reported; lock */
	uint64_t locked_since;            /* lock_clock(), of a hold that is timed; or 0; lock */
	unsigned long set_aside_pages;    /* found corrupt: neither free nor allocated; lock */
	/* Since a page was last freed to the zone; relaxed atomics. */
	unsigned long pages_scanned;
	unsigned int all_unreclaimable; /* kswapd has scanned all of it in vain; atomic */

	/*
	 * The buddy system; written under lock. Every allocation reads the sum, and must not have
	 * the line taken away by those who only wait for the lock.
	 */
	_Alignas(CACHE_LINE) unsigned long free_pages; /* in free_area[], and offline; not those in
							* caches */
	unsigned long offline_pages; /* free, in whole blocks that have no descriptors yet */
	unsigned int offline_next;   /* in mm->offline: no later range has any of them */
	unsigned int onlining;       /* blocks claimed from there that are not listed yet */
	bool online_held;            /* none is to come online ahead of need: mm_check() looks */
	struct free_area free_area[MAX_ORDER];

	/* Reclaim. */
	_Alignas(CACHE_LINE) struct spinlock lru_lock;
	struct list_head active_list, inactive_list;    /* by page->lru, oldest last; lru_lock */
	unsigned long nr_active, nr_inactive;           /* pages on them; lru_lock */
	unsigned long nr_scan_active, nr_scan_inactive; /* still to be scanned; lru_lock */
	/* Of reclaim: 12 is relaxed, 0 desperate; relaxed atomics. */
	int temp_priority, prev_priority;

	/* Constant once the zone is built; on cache lines that lock holders do not write. */
	_Alignas(CACHE_LINE) enum zone_type type;
	unsigned int index; /* in mm->zone_table: (nid << ZONES_SHIFT) | type */
	const char *name;
	struct pglist_data *zone_pgdat;
	unsigned long zone_start_pfn; /* first page of the span */
	unsigned long spanned_pages;  /* with holes, and with other nodes' pages in between */
	unsigned long present_pages;  /* pages of this node's banks */
	/*
	 * Watermarks, in free pages; set at boot and by mm_set_min_free_kbytes(), under lru_lock.
	 * Relaxed atomics, as is lowmem_reserve.
	 */
	unsigned long pages_min, pages_low, pages_high;
	/* Pages kept from requests that could have had zone type [i], by i. */
	unsigned long lowmem_reserve[MAX_NR_ZONES];
	unsigned long reserved_pages; /* present but never handed over; managed is the rest */
	/* Where threads wait for a page of the zone: 2^bits queues, by a hash of the pfn. */
	struct wait_queue *wait_table;
	unsigned int wait_table_bits;
};
/* Lines that are written by different CPUs for different reasons, and one that hardly ever is. */
_Static_assert(offsetof(struct zone, free_pages) == CACHE_LINE, "the lock's line is its own");
_Static_assert(offsetof(struct zone, lru_lock) % CACHE_LINE == 0, "buddy system and LRU apart");
_Static_assert(offsetof(struct zone, type) % CACHE_LINE == 0, "constants apart from both");
_Static_assert(sizeof(struct zone) % CACHE_LINE == 0, "one zone's constants, the next one's lock");

/** The order in which an allocation tries zones: highest zone of the nearest node first. */
struct zonelist {
	unsigned int nr;
	struct zone *zones[]; /* nr populated zones, then NULL */
};

/** A node. Lies on itself, or on the nearest node with memory where it has none. */
struct pglist_data {
	struct mm *mm;
	int node_id;
	unsigned int nr_zones; /* 1 + the highest type with pages */
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist *node_zonelists[GFP_ZONETYPES]; /* NULL where the index is no valid mask */
	unsigned long node_start_pfn;
	unsigned long node_spanned_pages;
	unsigned long node_present_pages;
	unsigned int nr_cpus;           /* CPUs on this node */
	unsigned int nr_online;         /* entries of fallback[] */
	const int *fallback;            /* node ids, nearest first, itself at the head */
	struct pglist_data *pgdat_next; /* mm->pgdat_list: last initialised node first */
	struct mm_task *kswapd;         /* its thread, from when that runs; else NULL; atomic */
	struct wait_queue kswapd_wait;  /* this node's kswapd sleeps here */
	unsigned int kswapd_max_order;  /* largest order that it was woken for; atomic */
	unsigned int kswapd_reclaims;   /* it was woken to free pages; atomic */
	unsigned int kswapd_onlines;    /* it is to bring blocks online; atomic */
};
typedef struct pglist_data pg_data_t;

/** A list of free blocks of one order. Belongs to its CPU; see struct mm_cpu. */
struct per_cpu_pages {
	uint16_t count; /* blocks on the list; others read it: relaxed atomic */
	uint16_t low;  /* refill when count is not above it; above order 0: 0, there is no refill */
	uint16_t high; /* spill before it is passed; 0: there is no such cache */
	uint16_t batch; /* blocks moved at once */
	struct list_head list;
	unsigned long taken; /* blocks handed out; for order 0 pageset->numa tells */
};

/** The two lists of order 0. */
enum { PCP_HOT, PCP_COLD, NR_PCP };

/**
 * Where one CPU's allocations from a zone came from, in calls of whatever order. What numastat
 * calls local_node and other_node follows: hits and misses of zones on the CPU's node, and others.
 */
struct numa_stat {
	unsigned long numa_hit;       /* served from the node that was asked first */
	unsigned long numa_miss;      /* served although another node was asked first */
	unsigned long numa_foreign;   /* asked first, and another node served */
	unsigned long interleave_hit; /* INTERLEAVE chose this zone, and it served */
};

/** One CPU's caches of one zone's pages, and its counters of that zone. */
struct per_cpu_pageset {
	/* Of the caches, of whatever order; written inside the busy section. */
	struct numa_stat numa;
	struct zone *zone; /* NULL: no such zone */
	struct per_cpu_pages pcp[NR_PCP];
	struct per_cpu_pages block[MAX_ORDER - 1]; /* by order, less 1 */
	/* Pages that came from the buddy system, less those that went; inside the section. */
	unsigned long borrowed;
	struct numa_stat numa_slow; /* written with interrupts off, outside of it */
	unsigned long unused[6];
};
_Static_assert(sizeof(struct per_cpu_pageset) == 512, "found by one shift of the zone's number");

/**
 * One CPU's use of one zone's lock. Written by that CPU alone, while it holds the lock or waits for
 * it, so nobody else's cache line is touched for it; but `timed`, and `longest` when that is set.
 * Others may read: relaxed atomics.
 */
struct lock_stat {
	uint64_t acquired;
	uint64_t contended; /* of them: somebody else had it at first */
	uint64_t longest;   /* hold while MM_DEBUG_LOCKS was on, by lock_clock() */
	uint32_t timed;     /* MM_DEBUG_LOCKS is on */
};

/**
 * Events of one CPU, all unsigned long. Those of its caches are not in here but in its pagesets,
 * where one counter serves all that can be told from it: mm_cpu_sum_stat() adds them. Pages unless
 * said otherwise; what is a level and not a sum (nr_*) may be counted up on one CPU and down on
 * another, so only the sum means something. Arrays are by zone type. Fields as in 2.6.11's struct
 * page_state, as far as we have the events.
 */
struct mm_cpu_stat {
	unsigned long nr_dirty, nr_writeback, nr_slab;
	unsigned long pgpgin, pgpgout; /* KiB read from and written to block devices */
	unsigned long pgalloc[MAX_NR_ZONES];
	unsigned long pgfree;
	unsigned long pgactivate, pgdeactivate; /* moves between the LRU lists */
	unsigned long pgrefill[MAX_NR_ZONES];   /* looked at on active lists */
	unsigned long pgsteal[MAX_NR_ZONES];    /* reclaimed */
	unsigned long pgscan_kswapd[MAX_NR_ZONES], pgscan_direct[MAX_NR_ZONES];
	unsigned long slabs_scanned; /* objects that shrinkers were asked to look at */
	unsigned long kswapd_steal;  /* of pgsteal, by kswapd */
	unsigned long pageoutrun;    /* kswapd's rounds */
	unsigned long allocstall;    /* direct reclaims, calls */
	unsigned long pgrotated;     /* written back and put where they are reclaimed next */
	unsigned long oom_kill;      /* victims chosen */
	unsigned long pcp_alloc;     /* order-0 allocations served by the cache, refilled or not */
	unsigned long pcp_refill;    /* refills of a cache */
	unsigned long pcp_spill;     /* spills of a cache, of whatever order */
	unsigned long pcp_bypass; /* order-0 operations that found the CPU inside its own cache */
	unsigned long pcp_block;  /* allocations above order 0 served by a cache */
};

/**
 * Run-time switches of a CPU: what the fast paths leave to their out-of-line body. Bits of
 * mm_cpu.switches, which its own CPU alone changes, with interrupts off.
 */
#define MM_SWITCH_POLICY  0x1U    /* the running thread has a memory policy */
#define MM_SWITCH_EXPLAIN 0x2U    /* the running thread's decisions are noted, <mm/explain.h> */
#define MM_SWITCH_DEBUG   0xfff0U /* MM_DEBUG_* of <mm/debug.h>: the same on all CPUs */
/** The same of blocks above order 0 alone: bits of mm_cpu.block_switches. */
#define MM_SWITCH_BLOCKS 0x10000U /* MM_DEBUG_TAILS */

/** Work for a CPU's caches that another CPU asked for; bits of mm_cpu.pending. */
#define MM_PENDING_DRAIN  0x1U  /* give back what they hold */
#define MM_PENDING_DEBUG  0x2U  /* mm->debug has changed: copy it into `switches` */
#define MM_PENDING_BLOCKS 0x4U  /* give back the blocks above order 0 */
#define MM_PENDING_LIMITS 0x8U  /* mm->pcp_share has changed: the same, and set the limits by it */
#define MM_PENDING_MAP    0x10U /* the linear map is of single pages now: take it */

/**
 * The allocator's state of one CPU, hung from the root and lying on the CPU's node.
 *
 * Its caches are guarded by `busy` alone: set while this CPU is inside them, by plain stores. An
 * interrupt that finds it set goes to the buddy system instead, and a remote request is left in
 * `pending` for the end of the section. Threads are pinned: one is not moved to another CPU.
 */
struct mm_cpu {
	/* The pageset of each zonelist's first zone; where there is none, one that stays empty. */
	struct per_cpu_pageset *first[GFP_ZONEMASK + 1];
	struct mm *mm;
	unsigned int id; /* 0 .. mm->nr_cpus - 1 */
	int nid;
	/* All of it at once: not 0 leads off the fast path of blocks above order 0. */
	union {
		uint64_t block_attention;
		struct {
			union {
				uint32_t attention; /* the same for single pages */
				struct {
					uint16_t busy;     /* inside the caches */
					uint16_t switches; /* MM_SWITCH_* */
				};
			};
			uint32_t block_switches; /* MM_SWITCH_BLOCKS */
		};
	};
	unsigned int pending;     /* MM_PENDING_*; atomic */
	unsigned int online;      /* takes interrupts; set by the runtime, once; atomic */
	unsigned long irq_faults; /* injected into its interrupts, <mm/fault.h> */
	unsigned int irq_depth;   /* nested interrupts; kept by the port, read by in_interrupt() */
	struct mm_task *task;     /* the running thread; mm_switch_task() */
	struct mm_task boot_task; /* until the runtime has threads */
	struct zonelist *zonelist[GFP_ZONEMASK + 1]; /* of the CPU's node, by gfp; NULL: invalid */
	struct per_cpu_pageset *pageset;             /* by zone->index */
	struct lock_stat *lock_stat;                 /* by zone->index; of zone->lock */
	struct per_cpu_pageset no_pageset;           /* of no zone, for first[] */
	struct mm_cpu_stat stat;                     /* written inside the busy section */
	struct mm_cpu_stat stat_slow; /* written with interrupts off, outside of it */
};
_Static_assert(offsetof(struct mm_cpu, attention) / CACHE_LINE ==
		       offsetof(struct mm_cpu, pending) / CACHE_LINE,
	"what every call looks at");

/** The thread that runs on this CPU. In an interrupt: the one that it interrupted. */
static inline struct mm_task *mm_current(void)
{
	return this_cpu->task;
}

/**
 * The runtime lets `task` run on the calling CPU from now on. Interrupts off. Also after a change
 * of the running task's mempolicy or explain.
 */
static inline void mm_switch_task(struct mm_task *task)
{
	struct mm_cpu *cpu = this_cpu;
	unsigned int switches = cpu->switches & ~(MM_SWITCH_POLICY | MM_SWITCH_EXPLAIN);

	cpu->task = task;
	if (task->mempolicy)
		switches |= MM_SWITCH_POLICY;
	if (task->explain)
		switches |= MM_SWITCH_EXPLAIN;
	cpu->switches = (uint16_t)switches;
}

#endif
