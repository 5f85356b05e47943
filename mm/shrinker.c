/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shrinkers: caches of objects other than pages, asked for as much as the LRU lists have been.
 *
 * Owns mm->shrinkers and the core's fields of struct shrinker, under mm->shrinker_lock. scan() is
 * called without it. A call under way keeps its shrinker on the list, so a walk can go on from
 * there; who removes one stops new calls, and waits for those under way on mm->congestion.
 *
 * Source: Linux 2.6.11 mm/vmscan.c, shrink_slab().
 */
#include <limits.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include <port/task.h>
#include "internal.h"

void set_shrinker(struct shrinker *shrinker)
{
	struct mm *mm = this_cpu->mm;
	irq_flags_t flags = spin_lock_irqsave(&mm->shrinker_lock);

	shrinker->nr = 0;
	shrinker->running = 0;
	shrinker->leaving = false;
	list_add_tail(&shrinker->node, &mm->shrinkers);
	spin_unlock_irqrestore(&mm->shrinker_lock, flags);
}

/* Off the list, unless a call is under way; no new one begins. */
static bool try_remove(struct mm *mm, struct shrinker *shrinker)
{
	irq_flags_t flags = spin_lock_irqsave(&mm->shrinker_lock);
	const bool idle = shrinker->running == 0;

	shrinker->leaving = true;
	if (idle)
		list_del(&shrinker->node);
	spin_unlock_irqrestore(&mm->shrinker_lock, flags);
	return idle;
}

void remove_shrinker(struct shrinker *shrinker)
{
	struct mm *mm = this_cpu->mm;

	wait_event(&mm->congestion, try_remove(mm, shrinker));
}

/* The first on the list behind `link` that takes calls, with one begun, or NULL. */
static struct shrinker *begin_next_locked(struct mm *mm, const struct list_head *link)
{
	ASSERT(spin_is_mine(&mm->shrinker_lock));
	for (link = link->next; link != &mm->shrinkers; link = link->next) {
		struct shrinker *shrinker = list_entry(link, struct shrinker, node);

		if (!shrinker->leaving) {
			shrinker->running++;
			return shrinker;
		}
	}
	return NULL;
}

/* End the call of `last` (NULL: none was), begin the one of the shrinker behind it. */
static struct shrinker *next_shrinker(struct mm *mm, struct shrinker *last)
{
	irq_flags_t flags = spin_lock_irqsave(&mm->shrinker_lock);
	struct shrinker *next = begin_next_locked(mm, last ? &last->node : &mm->shrinkers);
	bool awaited = false;

	if (last) {
		ASSERT(last->running > 0);
		last->running--;
		awaited = last->leaving;
	}
	spin_unlock_irqrestore(&mm->shrinker_lock, flags);
	if (awaited)
		wake_up(&mm->congestion);
	return next;
}

/* Add to the work carried over; take all of it if `take`. Returns what was taken. */
static unsigned long carry(struct mm *mm, struct shrinker *shrinker, unsigned long more, bool take)
{
	irq_flags_t flags = spin_lock_irqsave(&mm->shrinker_lock);
	unsigned long taken = 0;

	if (__builtin_add_overflow(shrinker->nr, more, &shrinker->nr))
		shrinker->nr = LONG_MAX;
	if (take) {
		taken = shrinker->nr;
		shrinker->nr = 0;
	}
	spin_unlock_irqrestore(&mm->shrinker_lock, flags);
	return taken;
}

/* This shrinker's share: of its objects as much, by cost, as was scanned of the LRU lists. */
static unsigned long work_for(
	struct shrinker *shrinker, unsigned long scanned, gfp_t gfp, unsigned long lru_pages)
{
	const long objects = shrinker->scan(shrinker, 0, gfp);
	const int seeks = shrinker->seeks > 0 ? shrinker->seeks : DEFAULT_SEEKS;
	unsigned long work;

	if (objects <= 0)
		return 0;
	if (__builtin_mul_overflow(
		    4 * scanned / (unsigned int)seeks, (unsigned long)objects, &work))
		work = LONG_MAX;
	return work / (lru_pages + 1);
}

static void run_shrinker(struct mm *mm, struct shrinker *shrinker, unsigned long scanned, gfp_t gfp,
	unsigned long lru_pages)
{
	unsigned long work = work_for(shrinker, scanned, gfp, lru_pages);

	work = carry(mm, shrinker, work, true);
	while (work >= SHRINK_BATCH) {
		if (shrinker->scan(shrinker, SHRINK_BATCH, gfp) == -1)
			break;
		mm_count(slabs_scanned, SHRINK_BATCH);
		work -= SHRINK_BATCH;
		cond_resched();
	}
	carry(mm, shrinker, work, false);
}

void shrink_slab(struct mm *mm, unsigned long scanned, gfp_t gfp, unsigned long lru_pages)
{
	struct shrinker *shrinker = NULL;

	if (scanned == 0)
		scanned = SWAP_CLUSTER_MAX;
	while ((shrinker = next_shrinker(mm, shrinker)))
		run_shrinker(mm, shrinker, scanned, gfp, lru_pages);
}
