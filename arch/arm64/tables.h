/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What common/paging.c asks of arm64: its windows, and when a CPU sees an entry that has changed.
 *
 *   linear map    0xffff000000000000  128 TiB, see mode.c
 *   mem_map       0xffffc00000000000    4 TiB: descriptors of pfn 0 to 256 TiB
 *   devices       0xffffe00000000000   16 GiB
 *   stacks        0xfffff00000000000    8 GiB: a slot for each CPU, then a half for each thread
 *   image         0xffffffff80200000
 *   early devices 0xffffffffb8000000  128 MiB, see early.c
 *
 * All of them are TTBR1's; TTBR0 has an empty table, but while a CPU starts. That an entry is
 * invalid no CPU can have remembered; where one becomes invalid, all CPUs forget it at once.
 *
 * Source: Arm ARM DDI 0487, D8.13 and D8.14 (what may be cached, and how to have it forgotten).
 */
#ifndef ARM64_TABLES_H
#define ARM64_TABLES_H

#include <arch/sysreg.h>
#include "pte.h"

#define DEVICE_BASE 0xffffe00000000000UL
#define STACK_BASE  0xfffff00000000000UL

/** Levels of the final page tables. */
static inline unsigned int paging_levels(void)
{
	return 4;
}

/** A new table is empty for all CPUs before an entry leads to it. */
static inline void table_emptied(void)
{
	tables_written();
}

/** Entries of these addresses are invalid now; no CPU uses what it remembers of them. */
static inline void tlb_forget(uintptr_t va, size_t bytes)
{
	__asm__ volatile("dsb ishst" ::: "memory");
	for (size_t at = 0; at < bytes; at += PAGE_SIZE)
		__asm__ volatile("tlbi vaae1is, %0"
				 :
				 : "r"((va + at) >> PAGE_SHIFT & ((1UL << 44) - 1))
				 : "memory");
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

#endif
