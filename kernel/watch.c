/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at the allocator while a command is at work: a thread beside the monitor's, on the same
 * CPU, which sleeps from one look to the next.
 *
 * Owns the one struct watch of this machine. The thread's page and stack are allocated before the
 * command starts and freed after its end, so the command's own accounts are not touched.
 */
#include <stdatomic.h>
#include <port/cpu.h>
#include <port/print.h>
#include <port/task.h>
#include "kernel.h"
#include "monitor.h"
#include "watch.h"

static struct watch {
	bool running;      /* the monitor's */
	atomic_bool ended; /* the command has */
	uint64_t period;   /* cpu_time() units */
	void (*look)(void *arg);
	void *arg;
} watch;

void watch_count(unsigned int cpu, struct watch_counts *counts)
{
	struct mm_cpu_stat stat;

	mm_cpu_sum_stat(kernel.mm.cpu[cpu], &stat);
	*counts = (struct watch_counts){
		.freed = stat.pgfree,
		.pcp_alloc = stat.pcp_alloc,
		.pcp_refill = stat.pcp_refill,
	};
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++)
		counts->allocated += stat.pgalloc[type];
}

unsigned long watch_cached(const struct zone *zone)
{
	unsigned long cached = 0;

	for (unsigned int cpu = 0; cpu < kernel.mm.nr_cpus; cpu++)
		cached += pageset_pages(&kernel.mm.cpu[cpu]->pageset[zone->index]);
	return cached;
}

/* The last look is at the end, however soon that comes. */
static void watcher(void *arg)
{
	struct watch *w = arg;
	uint64_t next = cpu_time();
	bool ended;

	do {
		while (!(ended = atomic_load(&w->ended)) && cpu_time() < next)
			task_sleep(next);
		w->look(w->arg);
		next += w->period;
		if (next < cpu_time()) /* late: those that are missed are left out */
			next = cpu_time() + w->period;
	} while (!ended);
}

int watch_command(
	const char *who, unsigned int ms, void (*look)(void *arg), void *arg, int argc, char **argv)
{
	struct thread *thread;
	int status;

	if (watch.running)
		return command_usage(who, "another command is watched already");
	watch = (struct watch){
		.running = true, .period = cpu_time_hz() * ms / 1000, .look = look, .arg = arg};
	thread = thread_create(who, this_cpu->id, watcher, &watch, DEFAULT_PRIO);
	if (!thread) {
		print("%s: no memory for a thread\n", who);
		watch.running = false;
		return CMD_FAILED;
	}
	thread_yield(); /* the first look is before the command */
	status = monitor_run(argc, argv);
	atomic_store(&watch.ended, true);
	task_wake(&thread->task);
	thread_join(thread);
	watch.running = false;
	return status;
}
