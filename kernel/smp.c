/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the other CPUs, and giving them work: a thread of each CPU runs it.
 *
 * Owns kernel_cpu.state and kernel_cpu.work. A state goes from ABSENT to STARTING (boot CPU), and
 * then by one compare-and-swap either to ONLINE (the CPU itself) or to LEFT_OUT (the boot CPU has
 * waited long enough): a CPU that comes later than that finds out, and stops.
 *
 * Work: whoever asks fills in the argument and then stores `fn` (release); the CPU clears `fn`
 * when it is through (release). So `fn` says who owns the rest, and one thread at a time asks.
 */
#include <assert.h>
#include <stdio.h>
#include <mm/wait.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/print.h>
#include <port/smp.h>
#include <port/task.h>
#include <port/thread.h>
#include "kernel.h"

static_assert(sizeof(struct kernel_cpu) <= PAGE_SIZE, "smp_prepare() allocates one page");

bool smp_online(unsigned int cpu)
{
	return cpu < kernel.nr_cpus && kernel.cpu[cpu] &&
	       atomic_load_explicit(&kernel.cpu[cpu]->state, memory_order_acquire) == CPU_ONLINE;
}

unsigned int smp_nr_ids(void)
{
	return kernel.nr_cpus;
}

unsigned int smp_next_online(unsigned int from)
{
	while (from < kernel.nr_cpus && !smp_online(from))
		from++;
	return from;
}

unsigned int smp_nr_online(void)
{
	unsigned int cpu, nr = 0;

	for_each_online_cpu (cpu)
		nr++;
	return nr;
}

void smp_kick_others(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		if (cpu != this_cpu->id)
			smp_kick(cpu);
}

void smp_interrupt(void)
{
	struct kernel_cpu *dying = atomic_load(&kernel.console.seized_by);

	atomic_fetch_add_explicit(&kernel_this_cpu()->ipis, 1, memory_order_relaxed);
	if (dying && dying != kernel_this_cpu())
		arch_halt();
	mm_cpu_interrupt();
}

/* Run this CPU's work, if it has any. */
static bool run_work(void)
{
	struct smp_work *work = &kernel_this_cpu()->work;
	void (*fn)(void *arg) = atomic_load_explicit(&work->fn, memory_order_acquire);

	if (!fn)
		return false;
	fn(work->arg);
	atomic_store_explicit(&work->fn, NULL, memory_order_release);
	wake_up(&work->done);
	return true;
}

/* Where the arch brings a started CPU: interrupts off, on a stack of its own. The thread hartN. */
static void secondary_entry(void)
{
	struct kernel_cpu *me = kernel_this_cpu();
	enum cpu_state expected = CPU_STARTING;

	me->online_at = cpu_time();
	if (!atomic_compare_exchange_strong(&me->state, &expected, CPU_ONLINE))
		arch_halt();
	__atomic_store_n(&this_cpu->online, 1U, __ATOMIC_RELEASE);
	sched_start();
	smp_kick(0);
	irq_enable();
	for (;;)
		if (!run_work())
			task_sleep(UINT64_MAX);
}

bool smp_idle(unsigned int cpu)
{
	return cpu >= kernel.nr_cpus || !kernel.cpu[cpu] ||
	       !atomic_load_explicit(&kernel.cpu[cpu]->work.fn, memory_order_acquire);
}

int smp_run_on(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct smp_work *work;

	if (!smp_online(cpu) || !smp_idle(cpu))
		return -1;
	work = &kernel.cpu[cpu]->work;
	work->arg = arg;
	atomic_store_explicit(&work->fn, fn, memory_order_release);
	task_wake(&kernel.cpu[cpu]->first.task);
	return 0;
}

void smp_wait(unsigned int cpu)
{
	if (cpu == this_cpu->id)
		run_work();
	if (cpu < kernel.nr_cpus && kernel.cpu[cpu])
		wait_event(&kernel.cpu[cpu]->work.done, smp_idle(cpu));
}

/* Its part of the runtime's state, on its node, and its first threads. */
static bool smp_prepare(unsigned int id)
{
	struct page *page = alloc_pages_node(kernel.cpus.cpu[id].nid, GFP_KERNEL | __GFP_ZERO, 0);
	char name[THREAD_NAME_MAX];

	if (!page)
		return false;
	kernel.cpu[id] = page_address(page);
	wait_queue_init(&kernel.cpu[id]->work.done);
	snprintf(name, sizeof(name), "hart%lu", (unsigned long)kernel.cpus.cpu[id].hwid);
	if (sched_prepare(id, name))
		return true;
	kernel.cpu[id] = NULL;
	__free_page(page);
	return false;
}

/* Ask the firmware for CPU `id`. False, after a line, if it will not come. */
static bool smp_request(unsigned int id)
{
	uint64_t hwid = kernel.cpus.cpu[id].hwid;
	int error;

	if (!smp_prepare(id)) {
		print("harts: hart %lu: no memory for its state; left out: give node %d more\n",
			(unsigned long)hwid, kernel.cpus.cpu[id].nid);
		return false;
	}
	atomic_store(&kernel.cpu[id]->state, CPU_STARTING);
	error = smp_start_cpu(kernel.mm.cpu[id], hwid, secondary_entry);
	if (error == 0)
		return true;
	atomic_store(&kernel.cpu[id]->state, CPU_LEFT_OUT);
	print("harts: hart %lu: the firmware does not start it, error %d; left out: `harts` lists "
	      "the others\n",
		(unsigned long)hwid, error);
	return false;
}

/* True once no CPU is still on its way. */
static bool smp_all_came(void)
{
	for (unsigned int id = 1; id < kernel.nr_cpus; id++)
		if (kernel.cpu[id] && atomic_load(&kernel.cpu[id]->state) == CPU_STARTING)
			return false;
	return true;
}

static void smp_leave_out_late(unsigned int timeout_seconds)
{
	bool late = false;

	for (unsigned int id = 1; id < kernel.nr_cpus; id++) {
		enum cpu_state expected = CPU_STARTING;

		if (!kernel.cpu[id] || !atomic_compare_exchange_strong(
					       &kernel.cpu[id]->state, &expected, CPU_LEFT_OUT))
			continue;
		late = true;
		print("harts: hart %lu: did not come within %u s; left out\n",
			(unsigned long)kernel.cpus.cpu[id].hwid, timeout_seconds);
	}
	if (late)
		print("harts: the boot argument hart_timeout=N waits N s for them\n");
}

static void smp_report(void)
{
	print("harts: %u of %u online, boot hart %lu", smp_nr_online(), kernel.nr_cpus,
		(unsigned long)kernel.cpus.cpu[0].hwid);
	if (smp_nr_online() < kernel.nr_cpus)
		print("; left out:");
	for (unsigned int id = 0; id < kernel.nr_cpus; id++)
		if (!smp_online(id))
			print(" %lu", (unsigned long)kernel.cpus.cpu[id].hwid);
	if (kernel.cpus.nr_disabled)
		print("; %u disabled by the tree", kernel.cpus.nr_disabled);
	print("\n");
}

void smp_start_all(unsigned int timeout_seconds)
{
	uint64_t deadline = cpu_time() + timeout_seconds * cpu_time_hz();

	for (unsigned int id = 0; id < kernel.nr_cpus; id++)
		smp_set_hwid(id, kernel.cpus.cpu[id].hwid);
	for (unsigned int id = 1; id < kernel.nr_cpus; id++)
		smp_request(id);
	/* The tick wakes us, so a look that is a moment too early costs nothing; or none comes. */
	while (!smp_all_came() && cpu_time() < deadline)
		cpu_wait_until(deadline);
	smp_leave_out_late(timeout_seconds);
	thread_context_publish();
	smp_report();
}
