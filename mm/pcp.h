/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The section in which a CPU changes its own caches: what pcp.c, pcp_block.c and the fast path
 * share of it.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include <mm/section.h>
#include "internal.h"

/** Enter the section: not in an interrupt in the middle of one. */
static ALWAYS_INLINE void pcp_enter(struct mm_cpu *cpu)
{
	/* Any value but 0; this one is at hand where a count has just become that of a free page.
	 */
	__atomic_store_n(&cpu->busy, UINT16_MAX, __ATOMIC_RELAXED);
	SECTION_MARK(SECTION_ENTERED);
}

/**
 * Leave it. Then look if work was asked for meanwhile: a request that comes after the store finds
 * the CPU not busy and is served by its own interrupt; one before it is seen by pcp_is_asked().
 */
static ALWAYS_INLINE void pcp_leave(struct mm_cpu *cpu)
{
	barrier();
	__atomic_store_n(&cpu->busy, 0, __ATOMIC_RELAXED);
	SECTION_MARK(SECTION_LEFT);
}

static ALWAYS_INLINE bool pcp_is_asked(const struct mm_cpu *cpu)
{
	return unlikely(__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED));
}

/** Do what was asked for. */
void pcp_do_asked(struct mm_cpu *cpu);

static ALWAYS_INLINE void pcp_exit(struct mm_cpu *cpu)
{
	pcp_leave(cpu);
	if (pcp_is_asked(cpu))
		pcp_do_asked(cpu);
}

static inline bool pcp_try_enter(struct mm_cpu *cpu)
{
	if (unlikely(__atomic_load_n(&cpu->busy, __ATOMIC_RELAXED)))
		return false;
	pcp_enter(cpu);
	return true;
}

/** The list of an order above 0. */
static ALWAYS_INLINE struct per_cpu_pages *pcp_of_order(
	struct per_cpu_pageset *set, unsigned int order)
{
	return &set->block[order - 1];
}

static ALWAYS_INLINE unsigned int pcp_count(const struct per_cpu_pages *pcp)
{
	return __atomic_load_n(&pcp->count, __ATOMIC_RELAXED);
}

/** Only its own CPU does, inside the section. */
static ALWAYS_INLINE void pcp_set_count(struct per_cpu_pages *pcp, unsigned int count)
{
	__atomic_store_n(&pcp->count, (uint16_t)count, __ATOMIC_RELAXED);
}

/** Blocks came from the buddy system, or went there (`nr` below 0). */
static ALWAYS_INLINE void pcp_count_moved(
	struct per_cpu_pageset *set, struct per_cpu_pages *pcp, unsigned int order, int nr)
{
	pcp_set_count(pcp, (unsigned int)((int)pcp->count + nr));
	set->borrowed += (unsigned long)(long)nr << order;
}

/** One more block for the counters of its zone; `foreign` are those of the zone asked first. */
static inline void pcp_add_numa(struct numa_stat *numa, struct numa_stat *foreign, bool local)
{
	if (likely(local)) {
		numa->numa_hit++;
	} else {
		numa->numa_miss++;
		foreign->numa_foreign++;
	}
}

static inline bool cpu_is_online(const struct mm_cpu *cpu)
{
	return __atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE);
}

/** Too little is free in the zone for blocks to be kept from it. */
static ALWAYS_INLINE bool zone_is_short(const struct zone *zone)
{
	return zone_free_pages(zone) <= zone_mark(zone, MARK_LOW);
}

/* pcp_block.c; all but the first inside the section. */

/** The limits by the zone's size and mm->pcp_share; the lists are empty. */
void pcp_init_blocks(struct per_cpu_pageset *set);
/** All blocks of a CPU back to the buddy system. */
void pcp_drain_blocks(struct mm_cpu *cpu);
/** The same, and the limits anew. */
void pcp_limit_blocks(struct mm_cpu *cpu);

/* pcp.c */

/** Ask this of every CPU, and wait until it is done. One that is not online is left out. */
void pcp_ask_all(struct mm *mm, unsigned int work);

#endif
