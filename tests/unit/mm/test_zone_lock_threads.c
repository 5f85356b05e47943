/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zones' locks, as their statistics tell of them: with threads as CPUs the counts are exact,
 * whoever waited is counted, and a hold is timed while that is switched on.
 */
#include <pthread.h>
#include <sched.h>
#include "mm/zone_lock.h"
#include "unit.h"

#define NR_CPUS  4U
#define NR_PAIRS 20000UL

static const struct machine_spec board = {
	.bank = {{0, 4096, 0}, {4096, 4096, 1}}, .nr_cpus = NR_CPUS, .cpu_nid = {0, 0, 1, 1}};
static struct machine *machine;

static uint64_t peek(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static const struct lock_stat *stat_of(unsigned int cpu, const struct zone *zone)
{
	return &machine->mm.cpu[cpu]->lock_stat[zone->index];
}

/* Two uses for each. */
static void take_and_free(struct zone *zone, unsigned long pairs)
{
	while (pairs--)
		buddy_free(zone, buddy_take(zone, 4), 4);
}

static void each_use_counts_for_its_cpu_and_zone(void **state)
{
	struct lock_sum before, sum;
	struct zone *zone;

	(void)state;
	machine = machine_create(&board);
	zone = machine_zone(machine, 1, ZONE_NORMAL);
	mm_sum_locks(&machine->mm, zone, &before);
	assert_true(before.acquired > 0); /* the zone's pages were handed over, by CPU 0 */
	assert_int_equal(before.most_cpu, 0);
	assert_int_equal(before.most, before.acquired);
	machine_enter(machine, 3);
	take_and_free(zone, before.most);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.acquired, 3 * before.acquired);
	assert_int_equal(sum.most, 2 * before.acquired);
	assert_int_equal(sum.most_cpu, 3);
	assert_int_equal(sum.fewest, 0);
	assert_int_equal(sum.fewest_cpu, 1);
	assert_int_equal(sum.contended, 0);
	machine->mm.cpu[1]->online = 0; /* one that never came is not the one with the fewest */
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.fewest_cpu, 2);
	machine->mm.cpu[1]->online = 1;
	machine_destroy(machine);
}

/* What the caches are for. */
static void a_pair_from_a_cache_takes_no_lock(void **state)
{
	struct lock_sum before, sum;
	struct zone *zone;

	(void)state;
	machine = machine_create(&board);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	for (unsigned int i = 0; i < 10; i++) /* until the cache is above its mark */
		__free_pages(alloc_pages(GFP_KERNEL, 0), 0);
	mm_sum_locks(&machine->mm, zone, &before);
	for (unsigned int i = 0; i < 100; i++)
		__free_pages(alloc_pages(GFP_KERNEL, 0), 0);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.acquired, before.acquired);
	machine_destroy(machine);
}

static void *pairs_here(void *id)
{
	machine_enter(machine, *(unsigned int *)id);
	take_and_free(machine_zone(machine, 0, ZONE_NORMAL), NR_PAIRS);
	return NULL;
}

static void no_count_is_lost_among_threads(void **state)
{
	unsigned int id[NR_CPUS];
	pthread_t thread[NR_CPUS];
	struct lock_sum before, sum;
	struct zone *zone;

	(void)state;
	machine = machine_create(&board);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	mm_sum_locks(&machine->mm, zone, &before);
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		id[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, pairs_here, &id[i]), 0);
	}
	mm_sum_locks(&machine->mm, zone, &sum); /* a reader beside them */
	for (unsigned int i = 0; i < NR_CPUS; i++)
		pthread_join(thread[i], NULL);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.acquired, before.acquired + NR_CPUS * 2 * NR_PAIRS);
	assert_int_equal(sum.fewest, 2 * NR_PAIRS);
	assert_true(sum.contended <= sum.acquired);
	machine_destroy(machine);
}

static void *one_pair_on_cpu_1(void *zone)
{
	machine_enter(machine, 1);
	take_and_free(zone, 1);
	return NULL;
}

static void who_waits_is_counted(void **state)
{
	irq_flags_t flags;
	struct lock_sum sum;
	pthread_t thread;
	struct zone *zone;

	(void)state;
	machine = machine_create(&board);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	flags = zone_lock(zone);
	assert_int_equal(pthread_create(&thread, NULL, one_pair_on_cpu_1, zone), 0);
	do {
		sched_yield();
		mm_sum_locks(&machine->mm, zone, &sum);
	} while (sum.contended == 0);
	assert_int_equal(peek(&stat_of(1, zone)->acquired), 0);
	zone_unlock(zone, flags);
	pthread_join(thread, NULL);
	assert_int_equal(stat_of(1, zone)->contended, 1);
	assert_int_equal(stat_of(1, zone)->acquired, 2);
	assert_int_equal(stat_of(0, zone)->contended, 0);
	machine_destroy(machine);
}

/* Hold it until the clock has gone on by `ticks` at least. */
static void hold(struct zone *zone, uint64_t ticks)
{
	const irq_flags_t flags = zone_lock(zone);
	const uint64_t start = lock_clock();

	while (lock_clock() - start < ticks)
		cpu_relax();
	zone_unlock(zone, flags);
}

static void holds_are_timed_while_that_is_on(void **state)
{
	struct lock_sum sum;
	struct zone *zone;
	irq_flags_t flags;

	(void)state;
	machine = machine_create(&board);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	hold(zone, 1000);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.longest, 0);
	mm_debug_set(&machine->mm, MM_DEBUG_LOCKS, true);
	machine_enter(machine, 2);
	hold(zone, 1000);
	hold(zone, 0);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_true(sum.longest >= 1000);
	assert_int_equal(sum.longest_cpu, 2);
	assert_int_equal(stat_of(2, zone)->longest, sum.longest);
	assert_int_equal(stat_of(0, zone)->longest, 0);
	/* One that is under way ends as it began. */
	flags = zone_lock(zone);
	mm_debug_set(&machine->mm, MM_DEBUG_LOCKS, false);
	assert_int_not_equal(zone->locked_since, 0);
	zone_unlock(zone, flags);
	assert_int_equal(zone->locked_since, 0);
	mm_debug_set(&machine->mm, MM_DEBUG_LOCKS, true);
	mm_sum_locks(&machine->mm, zone, &sum);
	assert_int_equal(sum.longest, 0);
	machine_destroy(machine);
}

static void the_report_has_a_line_for_each_zone(void **state)
{
	char line[128];
	struct lock_sum sum;

	(void)state;
	machine = machine_create(&board);
	machine_enter(machine, 1);
	take_and_free(machine_zone(machine, 0, ZONE_NORMAL), 500);
	mm_sum_locks(&machine->mm, machine_zone(machine, 0, ZONE_NORMAL), &sum);
	snprintf(line, sizeof(line),
		"Node 0, zone   Normal: acquired %lu, contended 0, by one cpu 0 (cpu 2) to 1000 "
		"(cpu 1)\n",
		(unsigned long)sum.acquired);
	host_print_capture_start();
	show_locks(&machine->mm);
	assert_printed(line);
	assert_printed("Node 1, zone   Normal: acquired ");
	host_print_capture_stop();
	machine_destroy(machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_use_counts_for_its_cpu_and_zone),
		cmocka_unit_test(a_pair_from_a_cache_takes_no_lock),
		cmocka_unit_test(no_count_is_lost_among_threads),
		cmocka_unit_test(who_waits_is_counted),
		cmocka_unit_test(holds_are_timed_while_that_is_on),
		cmocka_unit_test(the_report_has_a_line_for_each_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
