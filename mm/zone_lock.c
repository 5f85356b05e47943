/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the zones' locks are used: taken how often, waited for how often, how evenly by the CPUs, and
 * (the level `locks`) how long held.
 *
 * Owns mm_cpu.lock_stat, which is written in zone_lock.h by the CPU that holds the lock. Readers
 * take no lock: the numbers of one CPU are whole, sums may be off by what happened meanwhile.
 */
#include "internal.h"
#include "zone_lock.h"

void zone_lock_wait(struct zone *zone, struct lock_stat *stat)
{
	store_once64(&stat->contended, stat->contended + 1);
	spin_lock_contended(&zone->lock);
}

void zone_lock_time(struct zone *zone)
{
	struct lock_stat *stat = &this_cpu->lock_stat[zone->index];
	const uint64_t held = lock_clock() - zone->locked_since;

	zone->locked_since = 0;
	if (held > stat->longest)
		store_once64(&stat->longest, held);
}

/* Each time it is switched on it finds the longest anew. */
void zone_lock_changed(struct mm *mm, bool on)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		for (unsigned int id = 0; id < mm->nr_cpus; id++) {
			struct lock_stat *stat = &mm->cpu[id]->lock_stat[zone->index];

			if (on)
				store_once64(&stat->longest, 0);
			__atomic_store_n(&stat->timed, on, __ATOMIC_RELAXED);
		}
	}
}

static void add_cpu(struct lock_sum *sum, const struct lock_stat *stat, unsigned int id, bool first)
{
	const uint64_t acquired = __atomic_load_n(&stat->acquired, __ATOMIC_RELAXED);
	const uint64_t longest = __atomic_load_n(&stat->longest, __ATOMIC_RELAXED);

	sum->acquired += acquired;
	sum->contended += __atomic_load_n(&stat->contended, __ATOMIC_RELAXED);
	if (first || longest > sum->longest) {
		sum->longest = longest;
		sum->longest_cpu = id;
	}
	if (first || acquired < sum->fewest) {
		sum->fewest = acquired;
		sum->fewest_cpu = id;
	}
	if (first || acquired > sum->most) {
		sum->most = acquired;
		sum->most_cpu = id;
	}
}

void mm_sum_locks(const struct mm *mm, const struct zone *zone, struct lock_sum *sum)
{
	bool first = true;

	*sum = (struct lock_sum){0};
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		if (!__atomic_load_n(&mm->cpu[id]->online, __ATOMIC_ACQUIRE))
			continue;
		add_cpu(sum, &mm->cpu[id]->lock_stat[zone->index], id, first);
		first = false;
	}
}

void show_locks(const struct mm *mm)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		struct lock_sum sum;

		mm_sum_locks(mm, zone, &sum);
		print("Node %d, zone %8s: acquired %llu, contended %llu, by one cpu %llu (cpu %u) "
		      "to %llu (cpu %u)",
			zone->zone_pgdat->node_id, zone->name, (unsigned long long)sum.acquired,
			(unsigned long long)sum.contended, (unsigned long long)sum.fewest,
			sum.fewest_cpu, (unsigned long long)sum.most, sum.most_cpu);
		if (sum.longest)
			print(", longest hold %llu (cpu %u)", (unsigned long long)sum.longest,
				sum.longest_cpu);
		print("\n");
	}
}
