/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two stacks that a CPU is on: that of the thread it runs, and the emergency stack.
 */
#ifndef COMMON_STACKS_H
#define COMMON_STACKS_H

#include <stdint.h>
#include "asm.h"

/** A part of the architecture's state of one CPU, in an order that its trap.S knows. */
struct stacks {
	uintptr_t low;           /* lowest byte of the stack */
	unsigned long room;      /* bytes of the stack above TRAP_MARGIN */
	uintptr_t emergency_top; /* end of the emergency stack */
	uintptr_t emergency_low;
};

/** [low, top) is the stack from now on. Interrupts off, if it is this CPU's. */
static inline void stacks_set(struct stacks *stacks, uintptr_t low, uintptr_t top)
{
	stacks->low = low;
	stacks->room = top - low - TRAP_MARGIN;
}

/** One past the last byte of the stack. */
static inline uintptr_t stacks_top(const struct stacks *stacks)
{
	return stacks->low + stacks->room + TRAP_MARGIN;
}

#endif
