/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: of those who have registered, the one with the highest score is told to let go.
 *
 * One thread at a time looks for a victim, and gives it a tick; the others, and whoever comes while
 * a victim is dying, wait for a tick and try their allocation again. A victim has TIF_MEMDIE's
 * rights (it may use all that is left) from the moment it is chosen until it is unregistered.
 *
 * Owns mm->consumers, under oom_lock: score() and kill() are called under it, so that nobody goes
 * away meanwhile. The lock is taken with interrupts off and before those of the runtime; nothing
 * is printed under it. The other oom_* fields belong to who has set oom_running. mm_task.memdie
 * is written under the lock and read without.
 *
 * Pages in other CPUs' caches are free as good as any, though no watermark counts them: they are
 * fetched before anybody dies for want of them. 2.6.11 kills with the caches full.
 *
 * Source: Linux 2.6.11 mm/oom_kill.c.
 */
#include <mm/oom.h>
#include <port/task.h>
#include "internal.h"

#define TICK_HZ 100U

/* Reports in full: so many in a row, then one for each interval. A report is dozens of lines. */
#define REPORT_BURST    3U
#define REPORT_INTERVAL 5U /* seconds */

/* Times that nobody is found to kill, though there are free pages, before that is believed. */
#define NOBODY_TRIES 3U

#define NAME_SIZE    48U

/* What is said of a victim, which may be gone by then. */
struct victim {
	char name[NAME_SIZE];
	unsigned long score;
};

void oom_register(struct oom_consumer *consumer)
{
	struct mm *mm = this_cpu->mm;
	irq_flags_t flags;

	ASSERT(consumer->task && consumer->score && consumer->kill);
	flags = spin_lock_irqsave(&mm->oom_lock);
	list_add_tail(&consumer->node, &mm->consumers);
	spin_unlock_irqrestore(&mm->oom_lock, flags);
}

void oom_unregister(struct oom_consumer *consumer)
{
	struct mm *mm = this_cpu->mm;
	irq_flags_t flags = spin_lock_irqsave(&mm->oom_lock);

	list_del(&consumer->node);
	__atomic_store_n(&consumer->task->memdie, 0, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&mm->oom_lock, flags);
}

static bool victim_is_dying_locked(const struct mm *mm)
{
	const struct oom_consumer *consumer;

	ASSERT(spin_is_mine(&mm->oom_lock));
	list_for_each_entry (consumer, &mm->consumers, struct oom_consumer, node) {
		if (mm_task_dying(consumer->task))
			return true;
	}
	return false;
}

/* The highest score above 0; of equals, who has been registered for longest. */
static struct oom_consumer *choose_locked(const struct mm *mm, unsigned long *score)
{
	struct oom_consumer *consumer, *chosen = NULL;

	ASSERT(spin_is_mine(&mm->oom_lock));
	*score = 0;
	list_for_each_entry (consumer, &mm->consumers, struct oom_consumer, node) {
		unsigned long its = consumer->score(consumer);

		if (its > *score) {
			*score = its;
			chosen = consumer;
		}
	}
	return chosen;
}

enum finding { NOBODY, SOMEBODY, DYING };

static enum finding look_for_victim(struct mm *mm)
{
	irq_flags_t flags = spin_lock_irqsave(&mm->oom_lock);
	enum finding found = NOBODY;
	unsigned long score;

	if (victim_is_dying_locked(mm))
		found = DYING;
	else if (choose_locked(mm, &score))
		found = SOMEBODY;
	spin_unlock_irqrestore(&mm->oom_lock, flags);
	return found;
}

static void copy_name(char *to, const char *from)
{
	unsigned int i = 0;

	for (; i < NAME_SIZE - 1 && from[i]; i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* Choose, give the rights and tell; false if all candidates have gone meanwhile. */
static bool kill_one(struct mm *mm, struct victim *victim)
{
	irq_flags_t flags = spin_lock_irqsave(&mm->oom_lock);
	struct oom_consumer *chosen = choose_locked(mm, &victim->score);

	if (chosen) {
		copy_name(victim->name, chosen->name);
		__atomic_store_n(&chosen->task->memdie, 1, __ATOMIC_RELAXED);
		chosen->kill(chosen);
	}
	spin_unlock_irqrestore(&mm->oom_lock, flags);
	return chosen;
}

/* Zones with more free pages than the last pass before the killer asks for. */
static unsigned int zones_above_high(const struct mm *mm)
{
	unsigned int nr = 0;
	struct zone *zone;

	for_each_populated_zone (zone, mm)
		nr += zone_free_pages(zone) > zone->pages_high;
	return nr;
}

/* Fetch what lies in caches. True if that brought a zone above its mark: it is to be tried first.
 */
static bool caches_had_enough(struct mm *mm)
{
	unsigned int before = zones_above_high(mm);

	drain_all_pages(mm);
	return zones_above_high(mm) > before;
}

static bool may_report(struct mm *mm)
{
	const uint64_t now = cpu_time();

	if (mm->oom_reports >= REPORT_BURST && now < mm->oom_next) {
		mm->oom_unsaid++;
		return false;
	}
	mm->oom_reports++;
	mm->oom_next = now + REPORT_INTERVAL * cpu_time_hz();
	return true;
}

static void report_state(const struct mm *mm, gfp_t gfp)
{
	print("oom-killer: gfp_mask=0x%x\n", gfp);
	show_free_areas(mm);
}

static void report_victim(struct mm *mm, const struct victim *victim)
{
	print("Out of Memory: Killed %s, which holds %lu pages.", victim->name, victim->score);
	if (mm->oom_unsaid)
		print(" %u more were killed since the last report.", mm->oom_unsaid);
	print("\n");
	mm->oom_unsaid = 0;
}

/*
 * Nobody holds anything. Where pages are free nevertheless, somebody may just have let go, after
 * the request that failed had looked: it is to look again before the machine is stopped.
 */
static void find_nobody(struct mm *mm, gfp_t gfp)
{
	if (zones_above_high(mm) && ++mm->oom_nobody < NOBODY_TRIES)
		return;
	show_free_areas(mm);
	report_panic(
		"Out of memory and nobody to end: gfp_mask=0x%x in %s", gfp, mm_current()->name);
}

static void find_and_kill(struct mm *mm, gfp_t gfp)
{
	struct victim victim;
	bool report;

	if (look_for_victim(mm) == DYING || caches_had_enough(mm))
		return;
	if (look_for_victim(mm) == NOBODY) {
		find_nobody(mm, gfp);
		return;
	}
	mm->oom_nobody = 0;
	report = may_report(mm);
	if (report)
		report_state(mm, gfp);
	if (!kill_one(mm, &victim))
		return;
	mm_count(oom_kill, 1);
	if (report)
		report_victim(mm, &victim);
}

void out_of_memory(gfp_t gfp)
{
	struct mm *mm = this_cpu->mm;
	const uint64_t tick = cpu_time() + cpu_time_hz() / TICK_HZ;

	if (__atomic_exchange_n(&mm->oom_running, 1, __ATOMIC_ACQUIRE)) {
		task_sleep(tick);
		return;
	}
	find_and_kill(mm, gfp);
	task_sleep(tick);
	__atomic_store_n(&mm->oom_running, 0, __ATOMIC_RELEASE);
}
