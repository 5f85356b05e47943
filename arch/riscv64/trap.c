/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps: interrupts go to the runtime's handlers, everything else ends in a dump, but for what the
 * core can mend: an access to a free page that was unmapped.
 *
 * Owns the table of handlers, set once at boot before an interrupt is unmasked.
 *
 * A fatal trap must not lead to another for ever: struct hart counts them. The second one, in the
 * dump, is told by the firmware in one line, and the runtime ends the machine; the third does
 * without the runtime.
 */
#include <stdio.h>
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/report.h>
#include "hart.h"

static struct irq_handlers handlers;

void irq_set_handlers(const struct irq_handlers *set)
{
	handlers = *set;
}

/* A trap in the dump of a trap: say so through the firmware, whatever state the rest is in. */
static void tell_nested(const struct trap_frame *frame)
{
	char text[120];
	int length = snprintf(text, sizeof(text),
		"\r\nTRAP: again, in the dump: scause 0x%lx, sepc 0x%lx, stval 0x%lx\r\n",
		frame->scause, frame->sepc, frame->stval);

	firmware_write(text, (unsigned int)length);
}

static _Noreturn void fatal(const struct trap_frame *frame)
{
	switch (this_hart()->dumping++) {
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

/* False for an interrupt that is not one of ours. */
static bool interrupt(unsigned long cause)
{
	struct timer_due due;

	switch (cause) {
	case IRQ_S_SOFT:
		/* First cleared, then looked: a kick that comes while we look is not lost. */
		csr_clear(sip, 1UL << IRQ_S_SOFT);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (handlers.ipi)
			handlers.ipi();
		return true;
	case IRQ_S_TIMER:
		due = timer_interrupt(this_hart());
		if (due.alarm && handlers.alarm)
			handlers.alarm();
		if (due.tick && handlers.tick)
			handlers.tick();
		return true;
	case IRQ_S_EXTERNAL:
		if (handlers.external)
			handlers.external();
		return true;
	default:
		return false;
	}
}

/*
 * Back out of the outermost interrupt: the runtime may go on with another thread, here on the
 * stack of this one. Not where the stack was so full that the frame had to go to the emergency
 * stack, which is the hart's: then the next interrupt will do.
 */
static void leave(const struct trap_frame *frame)
{
	const struct hart *hart = this_hart();
	bool on_own_stack = (uintptr_t)frame - hart->stacks.low <= hart->stacks.room + TRAP_MARGIN;

	if (this_cpu->irq_depth == 0 && on_own_stack && handlers.exit)
		handlers.exit();
}

void trap_handler(struct trap_frame *frame)
{
	if (frame->scause & SCAUSE_INTERRUPT) {
		bool known;

		this_cpu->irq_depth++;
		known = interrupt(frame->scause & ~SCAUSE_INTERRUPT);
		this_cpu->irq_depth--;
		if (known) {
			leave(frame);
			return;
		}
	} else if (unmapped_access(frame)) {
		return;
	}
	if (probe_refused(frame))
		return;
	fatal(frame);
}
