/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The section in which a CPU changes its own caches: what pcp.c and the fast path share of it.
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

#endif
