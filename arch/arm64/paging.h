/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the machine half needs of the page tables. Boot CPU only, unless said otherwise.
 */
#ifndef ARM64_PAGING_H
#define ARM64_PAGING_H

#include "common/paging.h"

/** The early tables of the lower half: afterwards, those by which a CPU starts. early.c. */
phys_addr_t early_ttbr0(void);

/** early_ptr() is over: keep what secondary_start needs to switch the MMU on. early.c. */
void early_done(void);

/** A table without an entry: TTBR0 while the kernel runs. early.c. */
extern uint64_t empty_table[];

/** This CPU uses the upper half only, from here on. Any CPU. early.c. */
void drop_ttbr0(void);

/**
 * start.S: with the code at its physical address (TTBR0 has to map that), take `ttbr1` for the
 * upper half, with nothing of the old tables remembered. Any CPU, interrupts off.
 */
void switch_ttbr1(uint64_t ttbr1, uint64_t empty, uintptr_t offset);

#endif
