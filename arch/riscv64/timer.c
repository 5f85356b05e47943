/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the clock's rate, the periodic tick, the alarm, and waiting with a deadline.
 *
 * Each hart has one timer. It stands at the next tick or the alarm, or earlier: it is not set anew
 * when one of them moves away, as a call of the firmware costs more than an interrupt for nothing
 * now and then. cpu_wait_until() borrows it. struct hart's next_tick, tick_interval, alarm and
 * timer belong to the hart itself, interrupts off.
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

void timer_set(struct hart *hart, uint64_t time)
{
	hart->timer = time;
	sbi_set_timer(time);
}

static uint64_t next_event(const struct hart *hart)
{
	return hart->next_tick < hart->alarm ? hart->next_tick : hart->alarm;
}

/* The timer comes in time for the next event, perhaps too early. */
static void timer_hurry(struct hart *hart)
{
	if (next_event(hart) < hart->timer)
		timer_set(hart, next_event(hart));
}

void irq_start_tick(unsigned int hz)
{
	irq_flags_t flags = irq_save();
	struct hart *hart = this_hart();
	uint64_t interval = hz != 0 ? time_hz / hz : 0;

	/* Started anew again and again, a tick that runs already would never come. */
	if (hz == 0)
		hart->next_tick = UINT64_MAX;
	else if (hart->next_tick == UINT64_MAX || hart->tick_interval != interval)
		hart->next_tick = cpu_time() + interval;
	hart->tick_interval = interval;
	timer_hurry(hart);
	irq_restore(flags);
}

void irq_set_alarm(uint64_t time)
{
	irq_flags_t flags = irq_save();
	struct hart *hart = this_hart();

	hart->alarm = time;
	timer_hurry(hart);
	irq_restore(flags);
}

struct timer_due timer_interrupt(struct hart *hart)
{
	uint64_t now = cpu_time();
	struct timer_due due = {.tick = now >= hart->next_tick, .alarm = now >= hart->alarm};

	/* A hart that was not run for long takes one tick for all that it missed. */
	if (due.tick) {
		hart->next_tick += hart->tick_interval;
		if (hart->next_tick <= now)
			hart->next_tick = now + hart->tick_interval;
	}
	if (due.alarm)
		hart->alarm = UINT64_MAX;
	timer_set(hart, next_event(hart));
	return due;
}

void cpu_wait_until(uint64_t deadline)
{
	irq_flags_t flags = irq_save();
	struct hart *hart = this_hart();

	if (cpu_time() < deadline) {
		timer_set(hart, deadline < next_event(hart) ? deadline : next_event(hart));
		cpu_wait();
		/* What came due meanwhile is pending again at once, and taken later. */
		timer_set(hart, next_event(hart));
	}
	irq_restore(flags);
}
