/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone->lock, taken and counted: for who works on a zone's buddy system.
 *
 * The counts are this CPU's own (mm_cpu.lock_stat), so there is nothing atomic about them and no
 * line of another CPU is written. Holds are timed only while the level `locks` is on: reading the
 * counter may cost more than the hold.
 */
#ifndef MM_ZONE_LOCK_H
#define MM_ZONE_LOCK_H

#include "internal.h"

/** What holds are timed by: instructions where they can be counted, else ticks of the clock. */
static inline uint64_t lock_clock(void)
{
	const uint64_t instructions = cpu_instructions();

	return instructions ? instructions : cpu_time();
}

/** Out of line: somebody else has the lock. */
void zone_lock_wait(struct zone *zone, struct lock_stat *stat);
/** Out of line: the hold that is timed ends. */
void zone_lock_time(struct zone *zone);

/** Mask interrupts and take the zone's lock; the value goes to zone_unlock(). */
static ALWAYS_INLINE irq_flags_t zone_lock(struct zone *zone)
{
	const irq_flags_t flags = irq_save();
	struct lock_stat *stat = &this_cpu->lock_stat[zone->index];

	if (unlikely(!spin_trylock(&zone->lock)))
		zone_lock_wait(zone, stat);
	store_once64(&stat->acquired, stat->acquired + 1);
	if (unlikely(__atomic_load_n(&stat->timed, __ATOMIC_RELAXED)))
		zone->locked_since = lock_clock();
	return flags;
}

static ALWAYS_INLINE void zone_unlock(struct zone *zone, irq_flags_t flags)
{
	if (unlikely(zone->locked_since))
		zone_lock_time(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

#endif
