/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The periodic tick, and the one hook that is called from it.
 *
 * Owns struct tick and kernel_cpu.in_hook. A CPU sets in_hook before it reads the hook, and who
 * removes the hook looks at in_hook afterwards, both in the one order that all sequentially
 * consistent accesses have: either the CPU sees that the hook is gone, or the remover waits.
 */
#include <drivers/block.h>
#include <port/cpu.h>
#include <port/irq.h>
#include "kernel.h"
#include "tick.h"

void tick_start(void)
{
	irq_start_tick(TICK_HZ);
}

void tick_idle(void)
{
	if (this_cpu->id != 0 || !(kernel.console.polled || block_polled()))
		irq_start_tick(0);
}

void tick_interrupt(void)
{
	struct kernel_cpu *cpu = kernel_this_cpu();
	void (*hook)(void);

	atomic_fetch_add_explicit(&cpu->ticks, 1, memory_order_relaxed);
	if (this_cpu->id == 0) {
		console_poll();
		block_poll();
	}
	atomic_store(&cpu->in_hook, true);
	hook = atomic_load(&kernel.tick_hook);
	if (hook)
		hook();
	atomic_store(&cpu->in_hook, false);
	sched_tick();
}

void tick_set_hook(void (*hook)(void))
{
	atomic_store(&kernel.tick_hook, hook);
	for (unsigned int i = 0; i < kernel.nr_cpus; i++)
		while (kernel.cpu[i] && atomic_load(&kernel.cpu[i]->in_hook))
			cpu_relax();
}
