/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: interrupts of the running CPU.
 *
 * <arch/irq.h> defines: irq_flags_t, irq_save(), irq_restore(), irq_enable(), irqs_enabled().
 */
#ifndef PORT_IRQ_H
#define PORT_IRQ_H

#include <stdbool.h>
#include <stdint.h>
#include <arch/irq.h>

/*
 * irq_flags_t irq_save(void);            mask interrupts, return the state before
 * void irq_restore(irq_flags_t flags);   back to that state
 * void irq_enable(void);                 unmask
 * bool irqs_enabled(void);
 */

/** True inside an interrupt handler: this_cpu->irq_depth is not 0. A macro, as it needs mm_cpu. */
#define in_interrupt() (this_cpu->irq_depth != 0)

/** What the runtime wants to be called for; each with interrupts off, in_interrupt() true. */
struct irq_handlers {
	void (*tick)(void);  /* the periodic timer, on every CPU that called irq_start_tick() */
	void (*alarm)(void); /* the time given to irq_set_alarm() has come */
	void (*ipi)(void);   /* smp_kick() was called for this CPU; the cause is cleared already */
	void (*external)(void); /* the interrupt controller has something */
	/**
	 * The last thing in the outermost interrupt: in_interrupt() is false, interrupts are still
	 * off. May switch to another context, and returns when the interrupted one is to go on.
	 */
	void (*exit)(void);
};

/** Register the handlers; before any interrupt is unmasked. Unset ones are ignored. */
void irq_set_handlers(const struct irq_handlers *set);

/** Start this CPU's periodic tick, `hz` times a second; one that runs so goes on. 0 stops it. */
void irq_start_tick(unsigned int hz);

/** Have irq_handlers.alarm called once on this CPU at cpu_time() = `time`; UINT64_MAX: not. */
void irq_set_alarm(uint64_t time);

#endif
