/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass of reclaim, for who begins it: direct reclaim and kswapd.
 *
 * Each goes down the priorities, from DEF_PRIORITY to 0, and asks at each of them for a share of
 * the pages of its zones, and the shrinkers for the same share of theirs.
 */
#ifndef MM_VMSCAN_H
#define MM_VMSCAN_H

#include "internal.h"

/** Priorities above this go on without a pause. */
#define PAUSE_BELOW (DEF_PRIORITY - 2)

/** One pass of reclaim: who, how deep, and what came of it. */
struct scan_control {
	gfp_t gfp;
	int priority;
	bool kswapd;
	unsigned long nr_scanned;   /* pages of inactive lists that could be locked */
	unsigned long nr_reclaimed; /* pages freed, shrinkers' included */
};

/** Has kswapd given the zone up? */
static inline bool all_unreclaimable(const struct zone *zone)
{
	return __atomic_load_n(&zone->all_unreclaimable, __ATOMIC_RELAXED);
}

/** Scan a zone's lists as deep as sc->priority says, or until a cluster is freed. May sleep. */
void shrink_zone(struct zone *zone, struct scan_control *sc);
/** Let the shrinkers do their share; what they free in this thread counts. May sleep. */
void shrink_others(struct scan_control *sc, unsigned long nr_scanned, unsigned long lru_pages);
/** Sleep until a write has ended, but for a tenth of a second at most. */
void wait_for_writes(void);

/** How hard it is in a zone: before the first priority, at each of them, and after the last. */
void begin_priorities(struct zone *zone);
void note_priority(struct zone *zone, int priority);
void end_priorities(struct zone *zone);

#endif
