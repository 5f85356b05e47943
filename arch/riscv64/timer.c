/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the clock's rate, the periodic tick, and waiting with a deadline.
 *
 * Each hart has one timer. It stands at the next tick except while cpu_wait_until() borrows it.
 * struct hart's next_tick and tick_interval belong to the hart itself, interrupts off.
 *
 * Source: SBI 2.0 chapter 6 (TIME); Privileged Architecture 1.12, 3.3.3 (wfi goes on when an
 * interrupt that sie enables is pending, whatever sstatus.SIE says).
 */
#include <port/boot.h>
#include <port/cpu.h>
#include <port/irq.h>
#include "hart.h"
#include "sbi.h"

/* Until the tree tells: that of QEMU's virt. */
static uint64_t time_hz = 10000000;

uint64_t cpu_time_hz(void)
{
	return time_hz;
}

void cpu_set_time_hz(uint64_t hz)
{
	if (hz != 0)
		time_hz = hz;
}

void irq_start_tick(unsigned int hz)
{
	irq_flags_t flags = irq_save();
	struct hart *hart = this_hart();

	hart->tick_interval = hz != 0 ? time_hz / hz : 0;
	hart->next_tick = hz != 0 ? cpu_time() + hart->tick_interval : UINT64_MAX;
	sbi_set_timer(hart->next_tick);
	irq_restore(flags);
}

bool timer_interrupt(struct hart *hart)
{
	uint64_t now = cpu_time();
	bool due = now >= hart->next_tick;

	/* A hart that was not run for long takes one tick for all that it missed. */
	if (due) {
		hart->next_tick += hart->tick_interval;
		if (hart->next_tick <= now)
			hart->next_tick = now + hart->tick_interval;
	}
	sbi_set_timer(hart->next_tick);
	return due;
}

void cpu_wait_until(uint64_t deadline)
{
	irq_flags_t flags = irq_save();
	struct hart *hart = this_hart();

	if (cpu_time() < deadline) {
		sbi_set_timer(deadline < hart->next_tick ? deadline : hart->next_tick);
		cpu_wait();
		/* A tick that came due meanwhile is pending again at once, and taken later. */
		sbi_set_timer(hart->next_tick);
	}
	irq_restore(flags);
}
