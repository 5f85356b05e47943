/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs: bringing them up, and having one run something for another.
 *
 * Each CPU but the one that boots has a thread for this, hart1 and so on: it is given work by
 * smp_run_on(), one piece at a time, and sleeps in between. Other threads of the CPU take turns
 * with it (see sched.h). Nothing is ever moved to another CPU.
 *
 *	for_each_online_cpu(cpu)
 *		smp_run_on(cpu, worker, &arg[cpu]);
 *	for_each_online_cpu(cpu)
 *		smp_wait(cpu);
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <mm/task.h>

/** What a CPU runs next, or runs now. Belongs to who fills it until `fn` is stored, see smp.c. */
struct smp_work {
	void (*_Atomic fn)(void *arg); /* NULL: nothing to do */
	void *arg;
	struct wait_queue done; /* who waits for the end of it */
};

/**
 * Start every other CPU of the tree at once and wait until each is online, or has been given
 * `timeout_seconds`: then it is left out for good, and named in a line. Boot CPU, once, interrupts
 * on, after mm_free_boot_memory().
 */
void smp_start_all(unsigned int timeout_seconds);

/** True if `cpu` is a CPU that takes work. */
bool smp_online(unsigned int cpu);

/** CPUs online; their ids need not be dense (one that did not come is left out). */
unsigned int smp_nr_online(void);

/** The lowest online CPU id that is at least `from`, or smp_nr_ids() if there is none. */
unsigned int smp_next_online(unsigned int from);

/** One past the highest CPU id, online or not. */
unsigned int smp_nr_ids(void);

#define for_each_online_cpu(cpu) \
	for ((cpu) = smp_next_online(0); (cpu) < smp_nr_ids(); (cpu) = smp_next_online((cpu) + 1))

/**
 * Have `cpu` call fn(arg) in task context, with interrupts on; `arg` must last until it is done.
 *
 * The calling CPU itself may be named: its work runs in its own smp_wait(). What the caller wrote
 * before is visible to `fn`. Task context. Returns 0, or -1 if the CPU is not online or has work.
 */
int smp_run_on(unsigned int cpu, void (*fn)(void *arg), void *arg);

/** True if `cpu` has nothing to do; what its last work wrote is then visible. Any context. */
bool smp_idle(unsigned int cpu);

/** Sleep until `cpu` has finished what it was given, at once if that is nothing. Task context. */
void smp_wait(unsigned int cpu);

/** Interrupt every other online CPU. Any context. */
void smp_kick_others(void);

/** The inter-processor interrupt, for the port's irq_handlers. */
void smp_interrupt(void);

#endif
