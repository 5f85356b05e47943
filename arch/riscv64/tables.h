/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What common/paging.c asks of riscv64: its windows, and when a hart sees that an entry has
 * changed. The same constants hold in every mode but for the linear map, see mode.c; how many
 * levels there are is a value.
 *
 *   linear map    by mode, ends at or below the next
 *   mem_map       0xffffffe000000000  96 GiB: descriptors of pfn 0 to 6 TiB
 *   devices       0xfffffff800000000  16 GiB
 *   stacks        0xfffffffc00000000   8 GiB: a slot for each CPU, then a half for each thread
 *   image         0xffffffff80400000
 *
 * A new mapping needs a fence on the hart that made it; harts that are started later fence when
 * they switch to the tables. Stacks of threads: see thread_context_publish().
 *
 * Source: Privileged Architecture 1.12, 4.2.1 (sfence.vma), 4.3 to 4.5.
 */
#ifndef RISCV64_TABLES_H
#define RISCV64_TABLES_H

#include <arch/csr.h>
#include "pte.h"

#define DEVICE_BASE 0xfffffff800000000UL
#define STACK_BASE  0xfffffffc00000000UL

/** Levels of the final page tables; mode.c. */
unsigned int paging_levels(void);

/** A new table is empty for all harts before an entry leads to it. */
static inline void table_emptied(void)
{
	__asm__ volatile("fence w, w" ::: "memory");
}

/** Page-table entries written before are seen by this hart. */
static inline void tables_written(void)
{
	sfence_vma();
}

/** Entries of these addresses are invalid now; this hart uses nothing that it remembers of them. */
static inline void tlb_forget(uintptr_t va, size_t bytes)
{
	(void)va;
	(void)bytes;
	sfence_vma();
}

#endif
