/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root of one machine's memory management, how it is built, checked and shown.
 *
 * All state hangs from struct mm, so a process may hold several machines (the host's tests do).
 * The functions of <mm/gfp.h> find theirs through this_cpu->mm.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <mm/fault.h>
#include <mm/memblock.h>
#include <mm/mmzone.h>
#include <mm/trace.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/mem.h>

/** What functions return, negated, that fail for more than one reason; Linux's numbers. */
enum { MM_ENOMEM = 12, MM_EEXIST = 17, MM_EINVAL = 22 };

/** What the embedding system tells mm_init() about itself. Read during the call only. */
struct mm_config {
	const struct zone_layout *zones;
	unsigned int nr_cpus;
	const int *cpu_nid; /* node of each CPU, by id; a node without memory is fine */
	/**
	 * Distance from node `a` to node `b`: 10 is local, larger is further. NULL: 10 and 20.
	 */
	unsigned int (*distance)(const void *context, int a, int b);
	const void *context;
	unsigned int pcp_share; /* see mm_set_pcp_share(); MM_PCP_SHARE is a good choice */
	/** All memory comes online in mm_init(), on this CPU: else when it is needed. */
	bool eager;
};

/** Room for the descriptors of [start_pfn, end_pfn), whole blocks, at physical address `pa`. */
struct map_piece {
	unsigned long start_pfn, end_pfn;
	phys_addr_t pa;
};

/**
 * Blocks of BLOCK_PAGES that have no descriptors yet: each is free, or a part of the memory map and
 * so reserved for good. Free ones come online from the end on.
 */
struct offline_range {
	unsigned long start_pfn;
	unsigned long end_pfn; /* zone->lock; read atomically */
	struct zone *zone;
	bool reserved;
};

/** For mm_set_pcp_share(): 3 % of memory at most, as much as quarantine has. */
#define MM_PCP_SHARE 32U

/**
 * Where the slow path of an allocation leads. mm_init() sets the core's own (mm_default_hooks); an
 * embedding kernel that reclaims in its own way, and tests, put others there before use.
 */
struct mm_hooks {
	/** Free memory for a request that failed; 1 if it made progress, else 0. May sleep. */
	unsigned int (*try_to_free_pages)(
		const struct zonelist *zonelist, gfp_t gfp, unsigned int order);
	/** Nothing can be freed: end somebody, or the machine. May sleep. */
	void (*out_of_memory)(gfp_t gfp);
	/** The zone is short of pages. Any context. */
	void (*wakeup_kswapd)(struct zone *zone, unsigned int order);
	/** Wait until some write is done, or cpu_time() is `deadline`. Sleeps. */
	void (*congestion_wait)(uint64_t deadline);
};
extern const struct mm_hooks mm_default_hooks;

/** Faults found since boot; atomic. */
struct mm_faults {
	unsigned long misuse; /* reports made */
};

/** Freed blocks that wait before they are handed out again: MM_DEBUG_QUARANTINE. */
struct quarantine {
	struct spinlock lock;
	struct list_head blocks; /* by page->lru, the oldest first; lock */
	unsigned long pages;     /* in them; lock */
	unsigned long max;       /* pages that may wait; constant */
};

struct page_owner_table;

struct mm {
	struct memblock *memblock;
	const struct zone_layout *layout;

	unsigned int nr_cpus;
	struct mm_cpu **cpu; /* by id */

	unsigned int nr_node_ids;  /* 1 + highest node id */
	unsigned int nr_online;    /* nodes with memory or CPUs */
	struct pglist_data **node; /* by id; NULL where there is none */
	struct pglist_data *pgdat_list;
	unsigned char *distance;  /* [a * nr_node_ids + b] */
	struct zone **zone_table; /* by page_zone_index(); NULL where there is no such zone */
	enum zone_type lowest_zone;

	unsigned long max_pfn;       /* one past the last page of memory */
	unsigned long *block_map;    /* bit per BLOCK_PAGES: it is online; atomic */
	unsigned long mem_map_bytes; /* what the descriptors take, page tables not counted */
	bool eager;                  /* nothing was offline, ever */
	/* Constant since mm_free_boot_memory(), but for the ranges' ends. Sorted by pfn. */
	struct map_piece *map_piece;
	unsigned int nr_map_pieces, max_map_pieces;
	struct offline_range *offline;
	unsigned int nr_offline, max_offline;

	enum zone_type
		policy_zone; /* highest type of any node that was bound; only rises; atomic */
	unsigned long min_free_kbytes; /* what all zones' pages_min add up to, but for rounding */
	unsigned int lowmem_reserve_ratio[MAX_NR_ZONES - 1]; /* by type of the protected zone */
	unsigned int pcp_share;                              /* mm_set_pcp_share(); atomic */

	const struct mm_hooks *hooks; /* never NULL */
	struct wait_queue congestion; /* woken whenever a write is done */
	struct list_head shrinkers;   /* struct shrinker; shrinker_lock */
	struct spinlock shrinker_lock;
	struct list_head consumers; /* struct oom_consumer; oom_lock */
	struct spinlock oom_lock;
	unsigned int oom_running; /* somebody looks for a victim, and owns the next four; atomic */
	unsigned int oom_nobody;  /* times in a row that there was none, see mm/oom.c */
	unsigned int oom_reports; /* printed */
	unsigned int oom_unsaid;  /* victims since the last report */
	uint64_t oom_next;        /* cpu_time() from which on there may be another report */
	unsigned int failure_lines; /* said of late, see mm/alloc_slow.c; atomic */
	uint64_t failure_since;

	unsigned int debug; /* MM_DEBUG_* of <mm/debug.h>: what is switched on; atomic */
	struct quarantine quarantine;
	uint16_t poison_nr;   /* marks what is poisoned now; 0: not at this time; atomic */
	uint16_t poison_last; /* the last of these numbers that was used */
	struct page_owner_table *page_owner; /* since MM_DEBUG_OWNER was first on; atomic */
	uint64_t page_owner_since;           /* when it was last switched on; cpu_time() */
	bool panic_on_misuse;                /* a report of misuse stops the machine */
	unsigned int
		said_bad_zonelist; /* alloc_pages() complains once about a mask without zones */
	struct mm_faults faults;
	struct spinlock
		report_lock;      /* one report's lines; inside it, none of the core's is taken */
	const struct page *stray; /* used without a descriptor, and not refused yet; atomic */
	struct mm_fault fault;    /* what is injected */
	struct mm_trace *trace;   /* since MM_DEBUG_TRACE was first on; atomic */
	unsigned int trace_order; /* of a ring that is to be made, plus 1; 0: the default */
};

/**
 * Build nodes, zones, zonelists, per-CPU caches and page descriptors from the boot allocator's
 * ranges; nothing is free yet. this_cpu->mm is set for the calling CPU, which becomes CPU 0's.
 *
 * Once, at boot, one CPU. Memory comes from `mb` through phys_to_virt(), descriptors are mapped
 * by mem_map_populate(). Returns 0, or -1 after one line that names the limit that was hit.
 */
int mm_init(struct mm *mm, struct memblock *mb, const struct mm_config *config);

/**
 * Hand every free range to the buddy system, in the largest aligned blocks, addresses ascending.
 * Whole blocks of BLOCK_PAGES stay offline: they are free, and get their descriptors when they are
 * needed. Closes the boot allocator. Returns the number of pages. Once, one CPU, after mm_init().
 */
unsigned long mm_free_boot_memory(struct mm *mm);

/** The node `nid`, or NULL if it is not online. */
static inline struct pglist_data *mm_node(const struct mm *mm, int nid)
{
	return nid >= 0 && (unsigned int)nid < mm->nr_node_ids ? mm->node[nid] : NULL;
}

/** Distance between two nodes below mm->nr_node_ids; 10 is local. */
static inline unsigned int mm_distance(const struct mm *mm, int a, int b)
{
	return mm->distance[(unsigned int)a * mm->nr_node_ids + (unsigned int)b];
}

/** All nodes, by mm->pgdat_list. */
#define for_each_pgdat(pgdat, mm) \
	for ((pgdat) = (mm)->pgdat_list; (pgdat); (pgdat) = (pgdat)->pgdat_next)

/** The populated zone behind `after` (NULL: the first), node ids ascending; NULL at the end. */
struct zone *mm_next_zone(const struct mm *mm, const struct zone *after);
#define for_each_populated_zone(zone, mm) \
	for ((zone) = mm_next_zone(mm, NULL); (zone); (zone) = mm_next_zone(mm, zone))

/** True if the page has a descriptor that may be read: it is online. */
bool pfn_valid(const struct mm *mm, unsigned long pfn);

/** The range of offline blocks that the page is in; NULL if it is online, or no memory. */
const struct offline_range *mm_offline_range(const struct mm *mm, unsigned long pfn);

/**
 * Bring the zone's next offline block online, as an allocation does that finds nothing else; false
 * if there is none. Any context.
 */
bool mm_online_block(struct zone *zone);
/** Bring all blocks of a node online: on return all are. CPUs may share the work. A thread. */
void mm_online_node(struct pglist_data *pgdat);

/** Descriptor of a page, which may be read if pfn_valid(). */
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return mem_map() + pfn;
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - mem_map());
}

/** Zone of a page; must be a page of a bank, as every page that an allocation returned is. */
static inline struct zone *page_zone(const struct page *page)
{
	return this_cpu->mm->zone_table[page_zone_index(page)];
}

/** Linear address of a page; NULL for one in HIGHMEM. */
void *page_address(const struct page *page);
/** Page of a linear address, which must be one. */
struct page *virt_to_page(const void *addr);
/** True if `addr` is the linear address of a page that has a descriptor. */
bool virt_addr_valid(const struct mm *mm, const void *addr);

/** Pages free in the buddy systems of all zones; per-CPU caches not counted. */
unsigned long nr_free_pages(const struct mm *mm);
/**
 * Pages that requests of this zone modifier may use up: present less pages_high, summed over the
 * zonelist of CPU 0's node; 0 for no valid modifier. 2.6.11 sums over every node's list, and so
 * counts N times.
 */
unsigned long nr_free_zone_pages(const struct mm *mm, unsigned int modifiers);
/**
 * Set mm->min_free_kbytes and from it the watermarks of all zones; any value, the reserves stay.
 * pages_min is a zone's share of it by present pages, pages_low 5/4 and pages_high 6/4 of that.
 */
void mm_set_min_free_kbytes(struct mm *mm, unsigned long kbytes);
/**
 * Set mm->lowmem_reserve_ratio, by type of the protected zone, and from it the reserves of all
 * zones. Returns 0, or -1 with nothing changed if one of them is 0.
 */
int mm_set_lowmem_reserve_ratio(struct mm *mm, const unsigned int ratio[MAX_NR_ZONES - 1]);
/**
 * Blocks above order 0 are cached by each CPU, too, but all of them hold not more than 1/`share` of
 * a zone; 0: none are. What the caches hold above order 0 goes back first. May wait, as
 * drain_all_pages().
 *
 * A CPU has its part of that by the number of CPUs, the smaller orders first: at MM_PCP_SHARE,
 * order 10 is cached from 270 MiB of a zone for each CPU on, order 9 from 140 MiB. One caller at a
 * time.
 */
void mm_set_pcp_share(struct mm *mm, unsigned int share);
unsigned int mm_pcp_share(const struct mm *mm);
/** Pages in one CPU's caches of one zone. A snapshot. */
unsigned long pageset_pages(const struct per_cpu_pageset *set);
/** Pages in the caches of all CPUs. A snapshot. */
unsigned long nr_cached_pages(const struct mm *mm);
/** Pages that wait in the quarantine of <mm/debug.h>. A snapshot. */
unsigned long nr_quarantined_pages(const struct mm *mm);
/** Sum of all CPUs' counters. */
void mm_sum_stat(const struct mm *mm, struct mm_cpu_stat *sum);
/** The same of one CPU. */
void mm_cpu_sum_stat(const struct mm_cpu *cpu, struct mm_cpu_stat *sum);
/** Add `n` to a field of this CPU's counters, which is named, as in mm_count(pgpgin, 4). */
#define mm_count(field, n)                                                                \
	do {                                                                              \
		irq_flags_t flags_ = irq_save();                                          \
                                                                                          \
		unsigned long *count_ = &this_cpu->stat_slow.field;                       \
                                                                                          \
		__atomic_store_n(count_, *count_ + (unsigned long)(n), __ATOMIC_RELAXED); \
		irq_restore(flags_);                                                      \
	} while (0)
/** Sum over the CPUs of what a zone's numbers are. */
struct numa_sum {
	struct numa_stat of;
	unsigned long local_node, other_node;
};
void mm_sum_numa(const struct mm *mm, const struct zone *zone, struct numa_sum *sum);

/** How a zone's lock was used since boot, by all CPUs that are online. */
struct lock_sum {
	uint64_t acquired, contended;
	uint64_t longest;                  /* hold since the level `locks` was last switched on */
	unsigned int longest_cpu;          /* whose hold that was */
	uint64_t fewest, most;             /* acquisitions by one CPU: how fair it is */
	unsigned int fewest_cpu, most_cpu; /* which */
};
void mm_sum_locks(const struct mm *mm, const struct zone *zone, struct lock_sum *sum);

/** Give all pages in this CPU's caches back to the buddy system. */
void drain_local_pages(void);
/**
 * The same on every CPU, and wait until it is done; what waits in quarantine goes back as well. May
 * wait: not in interrupts, not with interrupts off.
 */
void drain_all_pages(struct mm *mm);
/**
 * Do what others asked of this CPU's caches, or leave it to the end of the section that was
 * interrupted. For the port's inter-processor interrupt; interrupts off.
 */
void mm_cpu_interrupt(void);

/**
 * Print and count that `caller`, a return address, would have slept where nobody may: for the
 * runtime's task_sleep(), which then refuses. Any context.
 */
void mm_report_atomic_sleep(const void *caller);

/** What mm_check() counted, in pages. */
struct mm_check_result {
	unsigned long free, cached, allocated, reserved, set_aside, present;
	unsigned long errors; /* lines printed, each one fault */
};

/**
 * Walk everything: free lists against counters, per-CPU lists, every descriptor, and that
 * free + cached + allocated + reserved + set aside = present in every zone (S27).
 *
 * No allocation may be under way anywhere. Prints a line for each fault (the first 16) and
 * returns how many there are; `result` may be NULL. Linear in memory.
 */
unsigned long mm_check(struct mm *mm, struct mm_check_result *result);

/* Reports, each a few print() lines. Formats: Linux's where Linux has one. */
void show_buddyinfo(const struct mm *mm);
void show_pcp(const struct mm *mm);
/** Caches, sums, watermarks and free blocks of all zones: what Linux 2.6.11's SysRq-m prints. */
void show_free_areas(const struct mm *mm);
/** Events since boot, and levels, as /proc/vmstat; what nothing here counts is 0. */
void show_vmstat(const struct mm *mm);
/** One node's allocations, as /sys/devices/system/node/nodeN/numastat; nothing if not online. */
void show_numastat(const struct mm *mm, int nid);
/** Zones as /proc/zoneinfo of Linux 6.12, as far as we have its keys. */
void show_zoneinfo(const struct mm *mm);
/** As /proc/meminfo, and one node's part as /sys/devices/system/node/nodeN/meminfo. */
void show_meminfo(const struct mm *mm);
void show_node_meminfo(const struct mm *mm, int nid);
/** Each zone's lock: how often taken, how often waited for, how fairly, how long held. */
void show_locks(const struct mm *mm);
void show_nodes(const struct mm *mm);
void show_zones(const struct mm *mm);
void show_zonelists(const struct mm *mm);
void show_layout(const struct mm *mm);
/** The layout as one JSON object (docs/layout-json.md); `hwid` tells a CPU's hardware id. */
void show_layout_json(const struct mm *mm, uint64_t (*hwid)(unsigned int cpu));
void show_banks(const struct mm *mm);
/** Everything known about one page. */
void show_page(const struct mm *mm, unsigned long pfn);

#endif
