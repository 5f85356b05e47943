/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress of the OOM killer on the host: threads are its eaters, one on each CPU but the first,
 * whose thread watches. Under the thread sanitizer too.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "kernel/stress/oom.h"
#include "ticks.h"
#include "unit.h"

/* Whoever fetches caches waits for all CPUs: their threads are interrupted time and again. */
#define TICK_NANOSECONDS 1000000L

/* 16 MiB on two nodes. */
static const struct machine_spec board = {
	.layout = &layout_low_2048,
	.bank = {{0, 3072, 0}, {3072, 1024, 1}},
	.nr_cpus = 4,
	.cpu_nid = {0, 0, 1, 1},
};

static struct machine *machine;
static struct oom_run run;

static void *eat(void *arg)
{
	unsigned int id = *(unsigned int *)arg;
	timer_t timer;

	machine_enter(machine, id);
	host_cpu_register(NULL);
	timer = tick_start(TICK_NANOSECONDS);
	oom_eat(&run, id - 1);
	timer_delete(timer);
	host_cpu_unregister();
	return NULL;
}

static bool run_oom(const struct oom_params *params, bool (*interrupted)(void))
{
	unsigned int id[MACHINE_MAX_CPUS];
	pthread_t thread[MACHINE_MAX_CPUS];
	timer_t timer;
	bool passed;

	machine = machine_create(&board);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	/* No reports in full: they read everybody's counters as they change, on purpose. */
	machine->mm.oom_reports = 1000;
	machine->mm.oom_next = UINT64_MAX;
	oom_begin(&run, &machine->mm, params, board.nr_cpus - 1);
	run.interrupted = interrupted;
	for (unsigned int i = 1; i < board.nr_cpus; i++) {
		id[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, eat, &id[i]), 0);
	}
	host_cpu_register(NULL);
	timer = tick_start(TICK_NANOSECONDS);
	passed = oom_coordinate(&run, board.nr_cpus - 1);
	timer_delete(timer);
	host_cpu_unregister();
	for (unsigned int i = 1; i < board.nr_cpus; i++)
		pthread_join(thread[i], NULL);
	return passed;
}

static void many_are_killed_and_no_page_is_lost(void **state)
{
	const struct oom_params params = {.seed = test_seed(1), .kills = 40};
	unsigned long large = 0;

	(void)state;
	host_print_capture_start();
	assert_true(run_oom(&params, NULL));
	assert_printed("oom: PASS kills=");
	host_print_capture_stop();
	assert_true(run.kills >= 40);
	for (unsigned int i = 0; i < run.nr; i++)
		large += run.eater[i].large;
	assert_true(large > 0);
	assert_true(list_empty(&machine->mm.consumers));
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	assert_no_misuse();
	machine_destroy(machine);
}

/* One page of somebody who is still at work. */
static bool plant_lost_page(void)
{
	static bool planted;

	if (!planted && run.kills > 2)
		planted = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 0) != NULL;
	return false;
}

static void a_lost_page_is_found(void **state)
{
	const struct oom_params params = {.seed = 1, .kills = 40};

	(void)state;
	host_print_capture_start();
	assert_false(run_oom(&params, plant_lost_page));
	assert_printed("oom: FAIL kills=");
	assert_printed("leaked=1 ");
	host_print_capture_stop();
	machine_destroy(machine);
}

static bool break_off(void)
{
	return run.kills > 2;
}

static void a_run_broken_off_does_not_pass(void **state)
{
	const struct oom_params params = {.seed = 1, .kills = 1000000};

	(void)state;
	host_print_capture_start();
	assert_false(run_oom(&params, break_off));
	assert_printed("oom: INTERRUPTED kills=");
	host_print_capture_stop();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_killed_and_no_page_is_lost),
		cmocka_unit_test(a_lost_page_is_found),
		cmocka_unit_test(a_run_broken_off_does_not_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
