/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The periodic tick, of each CPU while a thread runs on it (see sched.h); on the boot CPU always if
 * that has to look for console input.
 */
#ifndef KERNEL_TICK_H
#define KERNEL_TICK_H

#define TICK_HZ 100U

/** A thread runs on the calling CPU from now on, or none. Interrupts off. */
void tick_start(void);
void tick_idle(void);

/**
 * Have `hook` called at every tick of every CPU, with interrupts off and in_interrupt() true; it
 * must be short. NULL: no longer; on return no CPU is inside the old hook any more. One hook at a
 * time. Task context.
 */
void tick_set_hook(void (*hook)(void));

/** The tick interrupt, for the port's irq_handlers. */
void tick_interrupt(void);

#endif
