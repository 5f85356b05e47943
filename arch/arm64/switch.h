/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What common/thread.c asks of arm64: where context_switch() finds the registers of a new context.
 *
 * Source: AAPCS64 (callee-saved registers).
 */
#ifndef ARM64_SWITCH_H
#define ARM64_SWITCH_H

#include "core.h"

/* What context_start needs: to be returned to, and the two registers that it reads. */
#define SWITCH_PC    SWITCH_X(30)
#define SWITCH_ENTRY SWITCH_X(19)
#define SWITCH_ARG   SWITCH_X(20)

/** The running CPU's. */
static inline struct stacks *this_stacks(void)
{
	return &this_core()->stacks;
}

#endif
