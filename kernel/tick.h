/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The periodic tick: on the boot CPU always, on the others while they run work (see smp.h).
 */
#ifndef KERNEL_TICK_H
#define KERNEL_TICK_H

#define TICK_HZ 100U

/** Start, stop the tick of the calling CPU. */
void tick_start(void);
void tick_stop(void);

/**
 * Have `hook` called at every tick of every CPU, with interrupts off and in_interrupt() true; it
 * must be short. NULL: no longer; on return no CPU is inside the old hook any more. One hook at a
 * time. Task context.
 */
void tick_set_hook(void (*hook)(void));

/** The tick interrupt, for the port's irq_handlers. */
void tick_interrupt(void);

#endif
