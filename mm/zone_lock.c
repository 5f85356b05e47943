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

void zone_lock_time(struct lock_stat *stat)
{
	const uint64_t held = lock_clock() - stat->since;

	stat->since = 0;
	if (held > stat->longest)
		__atomic_store_n(&stat->longest, held, __ATOMIC_RELAXED);
}

/* Each time it is switched on it finds the longest anew. */
void zone_lock_changed(struct mm *mm, bool on)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm)
		for (unsigned int id = 0; on && id < mm->nr_cpus; id++)
			__atomic_store_n(
				&mm->cpu[id]->lock_stat[zone->index].longest, 0, __ATOMIC_RELAXED);
}

static void add_cpu(struct lock_sum *sum, const struct lock_stat *stat, unsigned int id, bool first)
{
	const unsigned long acquired = __atomic_load_n(&stat->acquired, __ATOMIC_RELAXED);
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
		print("Node %d, zone %8s: acquired %lu, contended %lu, by one cpu %lu (cpu %u) to "
		      "%lu (cpu %u)",
			zone->zone_pgdat->node_id, zone->name, sum.acquired, sum.contended,
			sum.fewest, sum.fewest_cpu, sum.most, sum.most_cpu);
		if (sum.longest)
			print(", longest hold %llu (cpu %u)", (unsigned long long)sum.longest,
				sum.longest_cpu);
		print("\n");
	}
}
