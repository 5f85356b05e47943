/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the clock's rate, the periodic tick, the alarm, and waiting with a deadline.
 *
 * Each CPU has one timer. It stands at the next tick or the alarm, or earlier: it is not set anew
 * when one of them moves away. cpu_wait_until() borrows it. struct core's next_tick, tick_interval,
 * alarm and timer belong to the CPU itself, interrupts off.
 *
 * The clock is the virtual counter; the timer is the virtual one unless the tree has only the
 * physical one's interrupt. Its line is up as long as the time has come, until it is set anew.
 *
 * Owns time_hz and what irq_set_timer() was given: by the boot CPU, before there are others.
 *
 * Source: Arm ARM DDI 0487, D11 (the generic timer); D1.6 (WFI goes on when an interrupt is
 * pending, whatever PSTATE.I says).
 */
#include <port/boot.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/platform.h>
#include "core.h"

/* By the counter's own register; the tree may know better. */
static uint64_t time_hz;

static uint32_t source = IRQ_NONE;
static bool physical;

void timer_init(void)
{
	time_hz = sysreg_read(cntfrq_el0);
	if (time_hz == 0)
		time_hz = 62500000; /* firmware that forgot: QEMU's */
}

uint32_t timer_irq(void)
{
	return source;
}

uint64_t cpu_time_hz(void)
{
	return time_hz;
}

void cpu_set_time_hz(uint64_t hz)
{
	if (hz != 0)
		time_hz = hz;
}

enum { CTL_OFF = 0, CTL_ON = 1 };

/* Both timers off: firmware may have left one on. */
static void timers_off(void)
{
	sysreg_write(cntv_ctl_el0, CTL_OFF);
	sysreg_write(cntp_ctl_el0, CTL_OFF);
}

void timer_set(struct core *core, uint64_t time)
{
	core->timer = time;
	if (time == UINT64_MAX) {
		timers_off();
	} else if (physical) {
		/* The two counters may be apart. */
		isb();
		sysreg_write(
			cntp_cval_el0, time - sysreg_read(cntvct_el0) + sysreg_read(cntpct_el0));
		sysreg_write(cntp_ctl_el0, CTL_ON);
	} else {
		sysreg_write(cntv_cval_el0, time);
		sysreg_write(cntv_ctl_el0, CTL_ON);
	}
	isb();
}

void irq_set_timer(unsigned int irq, bool is_physical)
{
	struct core *core = this_core();

	source = irq;
	physical = is_physical;
	core_init_interrupts(core);
}

static uint64_t next_event(const struct core *core)
{
	return core->next_tick < core->alarm ? core->next_tick : core->alarm;
}

/* The timer comes in time for the next event, perhaps too early. */
static void timer_hurry(struct core *core)
{
	if (next_event(core) < core->timer)
		timer_set(core, next_event(core));
}

void irq_start_tick(unsigned int hz)
{
	irq_flags_t flags = irq_save();
	struct core *core = this_core();
	uint64_t interval = hz != 0 ? time_hz / hz : 0;

	/* Started anew again and again, a tick that runs already would never come. */
	if (hz == 0)
		core->next_tick = UINT64_MAX;
	else if (core->next_tick == UINT64_MAX || core->tick_interval != interval)
		core->next_tick = cpu_time() + interval;
	core->tick_interval = interval;
	timer_hurry(core);
	irq_restore(flags);
}

void irq_set_alarm(uint64_t time)
{
	irq_flags_t flags = irq_save();
	struct core *core = this_core();

	core->alarm = time;
	timer_hurry(core);
	irq_restore(flags);
}

struct timer_due timer_interrupt(struct core *core)
{
	uint64_t now = cpu_time();
	struct timer_due due = {.tick = now >= core->next_tick, .alarm = now >= core->alarm};

	/* A CPU that was not run for long takes one tick for all that it missed. */
	if (due.tick) {
		core->next_tick += core->tick_interval;
		if (core->next_tick <= now)
			core->next_tick = now + core->tick_interval;
	}
	if (due.alarm)
		core->alarm = UINT64_MAX;
	timer_set(core, next_event(core));
	return due;
}

void cpu_wait_until(uint64_t deadline)
{
	irq_flags_t flags = irq_save();
	struct core *core = this_core();

	if (cpu_time() < deadline) {
		timer_set(core, deadline < next_event(core) ? deadline : next_event(core));
		if (core->has_chip && source != IRQ_NONE)
			cpu_wait();
		else
			cpu_relax(); /* nothing would end the wait */
		/* What came due meanwhile is pending again at once, and taken later. */
		timer_set(core, next_event(core));
	}
	irq_restore(flags);
}
