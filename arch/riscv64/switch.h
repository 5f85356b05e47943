/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What common/thread.c asks of riscv64: where context_switch() finds the registers of a new
 * context.
 *
 * Source: RISC-V ELF psABI 1.0 (callee-saved registers).
 */
#ifndef RISCV64_SWITCH_H
#define RISCV64_SWITCH_H

#include "hart.h"

/* What context_start needs: to be returned to, and the two registers that it reads. */
#define SWITCH_PC    SWITCH_RA
#define SWITCH_ENTRY SWITCH_S(1)
#define SWITCH_ARG   SWITCH_S(2)

/** The running hart's. */
static inline struct stacks *this_stacks(void)
{
	return &this_hart()->stacks;
}

#endif
