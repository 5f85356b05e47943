/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: contexts, what a scheduler switches between.
 *
 * <arch/thread.h> defines struct thread_context: the registers of a context that does not run, and
 * its stack. A context belongs to one CPU from its creation on. Stacks have unmapped pages below
 * and above, and an overflow ends in a dump.
 */
#ifndef PORT_THREAD_H
#define PORT_THREAD_H

#include <stddef.h>
#include <stdint.h>
#include <arch/thread.h>

/** Largest stack, in bytes; also that of the boot CPU and of those that smp_start_cpu() starts. */
#define THREAD_STACK_MAX (32UL << 10)

/**
 * Make a context that calls entry(arg) when it is first switched to, interrupts off, on a stack of
 * its own of `bytes` (a power of two of pages, at most THREAD_STACK_MAX) on node `nid` or near it.
 * `entry` must not return.
 *
 * Returns 0, or -1 if there is no memory or no address left. May sleep.
 */
int thread_context_create(
	struct thread_context *context, size_t bytes, int nid, void (*entry)(void *arg), void *arg);

/**
 * Let every running CPU use the stacks made so far: a thread that waits may leave nodes of lists on
 * its own. After thread_context_create(), before the context is switched to; not needed for CPUs
 * that are started later.
 */
void thread_context_publish(void);

/** Free the stack. The context is not running, and never will again. */
void thread_context_destroy(struct thread_context *context);

/** Fill in the context that the calling CPU runs in: its first. Interrupts off. */
void thread_context_adopt(struct thread_context *context);

/**
 * Save the running context in `from` and go on with `to`. Returns when somebody switches back.
 * Both belong to the calling CPU; interrupts off, outside of interrupts (a handler's exit is
 * outside, see irq_handlers.exit).
 */
void thread_context_switch(struct thread_context *from, struct thread_context *to);

#endif
