/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps: interrupts go to the runtime's handlers, everything else ends in a dump, but for what the
 * core can mend: an access to a free page that was unmapped.
 *
 * Owns the table of handlers and the interrupt controller: both set once at boot before an
 * interrupt is unmasked. All interrupts of a CPU come through the controller: the other CPUs' (SGI
 * 0), the timer's, and devices', which the runtime asks the driver about once more.
 *
 * A fatal trap must not lead to another for ever: struct core counts them. The second one, in the
 * dump, is told in one line, and the runtime ends the machine; the third does without the runtime.
 *
 * Source: Arm ARM DDI 0487, D1.3.
 */
#include <stdio.h>
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/platform.h>
#include <port/report.h>
#include "core.h"
#include "psci.h"

/* GIC: shared sources start here. */
#define FIRST_SHARED 32U

static struct irq_handlers handlers;
static const struct irq_chip *chip;

void irq_set_handlers(const struct irq_handlers *set)
{
	handlers = *set;
}

const struct irq_chip *irq_chip(void)
{
	return chip;
}

int irq_set_chip(const struct irq_chip *new_chip)
{
	if (!chip) {
		chip = new_chip;
		core_init_interrupts(this_core());
	}
	return chip == new_chip ? 0 : -1;
}

/* A trap in the dump of a trap: say so through the firmware, whatever state the rest is in. */
static void tell_nested(const struct trap_frame *frame)
{
	char text[120];
	int length = snprintf(text, sizeof(text),
		"\r\nTRAP: again, in the dump: esr 0x%lx, elr 0x%lx, far 0x%lx\r\n", frame->esr,
		frame->elr, frame->far);

	firmware_write(text, (unsigned int)length);
}

static _Noreturn void fatal(const struct trap_frame *frame)
{
	switch (this_core()->dumping++) {
	case 0:
		report_fatal_begin();
		dump_trap(frame);
		report_fatal_end();
	case 1:
		tell_nested(frame);
		report_fatal_end();
	default:
		firmware_poweroff(1);
		arch_halt();
	}
}

/*
 * The source is ended before the handlers run: they may wait for a lock, asleep until the timer
 * comes again, and a source that is active does not come. (For the same reason drivers give the
 * shared sources, which the runtime ends last, a lower priority than the CPUs' own.)
 */
static void timer(uint32_t irq)
{
	struct timer_due due = timer_interrupt(this_core());

	chip->complete(irq);
	if (due.alarm && handlers.alarm)
		handlers.alarm();
	if (due.tick && handlers.tick)
		handlers.tick();
}

static void serve(uint32_t irq)
{
	if (irq == timer_irq()) {
		timer(irq);
	} else if (irq < 16) {
		/* First ended, then looked: a kick that comes while we look is not lost. */
		chip->complete(irq);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (handlers.ipi)
			handlers.ipi();
	} else {
		/* The runtime claims a shared one from the driver, and ends it; or the last line
		 * does. */
		if (irq >= FIRST_SHARED && handlers.external)
			handlers.external();
		chip->complete(irq);
	}
}

static void interrupts(void)
{
	uint32_t irq;

	while ((irq = chip->claim()) != IRQ_NONE)
		serve(irq);
}

/*
 * Back out of the outermost interrupt: the runtime may go on with another thread, here on the
 * stack of this one. Not where the stack was so full that the frame had to go to the emergency
 * stack, which is the CPU's: then the next interrupt will do.
 */
static void leave(const struct trap_frame *frame)
{
	const struct core *core = this_core();
	bool on_own_stack = (uintptr_t)frame - core->stacks.low <= core->stacks.room + TRAP_MARGIN;

	if (this_cpu->irq_depth == 0 && on_own_stack && handlers.exit)
		handlers.exit();
}

void trap_handler(struct trap_frame *frame)
{
	if (frame->kind == KIND_EL1H + KIND_IRQ && chip) {
		this_cpu->irq_depth++;
		interrupts();
		this_cpu->irq_depth--;
		leave(frame);
		return;
	}
	if (frame->kind == KIND_EL1H + KIND_SYNC && (call_refused(frame) || probe_refused(frame)))
		return;
	if (unmapped_access(frame))
		return;
	fatal(frame);
}
