/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes, zones, zonelists and per-CPU caches: the structures between the root and the pages.
 *
 * Source: Linux 2.6.11 include/linux/mmzone.h; four zone types as in 2.6.18.
 */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <mm/gfp.h>
#include <mm/list.h>
#include <mm/page.h>
#include <port/lock.h>

struct mm;
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
	const struct zone_limit *limit;
};

struct free_area {
	struct list_head free_list; /* heads of free blocks, by page->lru; zone->lock */
	unsigned long nr_free;      /* blocks, not pages; zone->lock */
};

struct zone {
	/* The buddy system; written under lock. */
	struct spinlock lock;
	unsigned long free_pages; /* pages in free_area[]; those in per-CPU caches are not free */
	struct free_area free_area[MAX_ORDER];
	unsigned long set_aside_pages; /* found corrupt: neither free nor allocated */

	/* Constant once the zone is built; on cache lines that lock holders do not write. */
	_Alignas(64) enum zone_type type;
	unsigned int index; /* in mm->zone_table: (nid << ZONES_SHIFT) | type */
	const char *name;
	struct pglist_data *zone_pgdat;
	unsigned long zone_start_pfn; /* first page of the span */
	unsigned long spanned_pages;  /* with holes, and with other nodes' pages in between */
	unsigned long present_pages;  /* pages of this node's banks */
	unsigned long pages_min, pages_low,
		pages_high; /* watermarks, set at boot; mm/watermark.c */
	/* Pages kept from requests that could have had zone type [i], by i; set at boot. */
	unsigned long lowmem_reserve[MAX_NR_ZONES];
	unsigned long reserved_pages; /* present but never handed over; managed is the rest */
};

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
};
typedef struct pglist_data pg_data_t;

/** Hot or cold half of a per-CPU cache. Belongs to its CPU; see struct mm_cpu. */
struct per_cpu_pages {
	unsigned int count; /* pages on the list */
	unsigned int low;   /* refill when count is not above it */
	unsigned int high;  /* spill before it is passed */
	unsigned int batch; /* pages moved at once */
	struct list_head list;
};

enum { PCP_HOT, PCP_COLD, NR_PCP };

/** One CPU's cache of one zone's order-0 pages. */
struct per_cpu_pageset {
	struct per_cpu_pages pcp[NR_PCP];
};

/** Events of one CPU. Pages unless said otherwise. */
struct mm_cpu_stat {
	unsigned long pgalloc[MAX_NR_ZONES];
	unsigned long pgfree;
	unsigned long pcp_alloc;  /* order-0 allocations served by the cache, refilled or not */
	unsigned long pcp_refill; /* refills of a cache */
	unsigned long pcp_spill;  /* spills of a cache */
	unsigned long pcp_bypass; /* order-0 operations that found the CPU inside its own cache */
};

/** Work for a CPU's caches that another CPU asked for; bits of mm_cpu.pending. */
#define MM_PENDING_DRAIN 0x1U

/**
 * The allocator's state of one CPU, hung from the root and lying on the CPU's node.
 *
 * Its caches are guarded by `busy` alone: set while this CPU is inside them, by plain stores. An
 * interrupt that finds it set goes to the buddy system instead, and a remote request is left in
 * `pending` for the end of the section. Code inside must not be moved to another CPU.
 */
struct mm_cpu {
	struct mm *mm;
	unsigned int id; /* 0 .. mm->nr_cpus - 1 */
	int nid;
	unsigned int busy;
	unsigned int pending;   /* MM_PENDING_*; atomic */
	unsigned int online;    /* takes interrupts; set by the runtime, once; atomic */
	unsigned int irq_depth; /* nested interrupts; kept by the port, read by in_interrupt() */
	struct zonelist *zonelist[GFP_ZONEMASK + 1]; /* of the CPU's node, by gfp; NULL: invalid */
	struct per_cpu_pageset *pageset;             /* by zone->index */
	struct mm_cpu_stat stat;                     /* written inside the busy section */
	struct mm_cpu_stat stat_slow; /* written with interrupts off, outside of it */
};

#endif
