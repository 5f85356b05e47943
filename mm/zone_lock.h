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

static ALWAYS_INLINE void lock_count(unsigned long *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/** The hold that is timed ends: out of line. */
void zone_lock_time(struct lock_stat *stat);

/** Mask interrupts and take the zone's lock; the value goes to zone_unlock(). */
static ALWAYS_INLINE irq_flags_t zone_lock(struct zone *zone)
{
	const irq_flags_t flags = irq_save();
	struct lock_stat *stat = &this_cpu->lock_stat[zone->index];

	if (unlikely(!spin_trylock(&zone->lock))) {
		lock_count(&stat->contended);
		spin_lock_contended(&zone->lock);
	}
	lock_count(&stat->acquired);
	if (unlikely(mm_debug(this_cpu->mm) & MM_DEBUG_LOCKS))
		stat->since = lock_clock();
	return flags;
}

static ALWAYS_INLINE void zone_unlock(struct zone *zone, irq_flags_t flags)
{
	struct lock_stat *stat = &this_cpu->lock_stat[zone->index];

	if (unlikely(stat->since))
		zone_lock_time(stat);
	spin_unlock_irqrestore(&zone->lock, flags);
}

#endif
