/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of stage 1, 4 KiB granule. Levels are counted from the pages up, as in the rest of
 * the project: level 0 here is the architecture's level 3. Source: Arm ARM DDI 0487, D8.3.
 */
#ifndef ARM64_PTE_H
#define ARM64_PTE_H

#include <stdbool.h>
#include <mm/pfn.h>
#include "asm.h"

#define PTE_V          0x1UL
#define PTE_TABLE      0x2UL /* above level 0: another table; at level 0: always set */
#define PTE_MAIR(nr)   ((nr) << 2)
#define PTE_RO         (1UL << 7)
#define PTE_SHARED     (3UL << 8)  /* inner */
#define PTE_AF         (1UL << 10) /* accessed: no fault, set beforehand */
#define PTE_PXN        (1UL << 53)
#define PTE_UXN        (1UL << 54)
#define PTE_ADDRESS    0x0000fffffffff000UL

#define PROT_NORMAL    (PTE_V | PTE_MAIR(MAIR_NORMAL) | PTE_SHARED | PTE_AF | PTE_UXN)
#define PROT_R         (PROT_NORMAL | PTE_RO | PTE_PXN)
#define PROT_RW        (PROT_NORMAL | PTE_PXN)
#define PROT_RX        (PROT_NORMAL | PTE_RO)
#define PROT_RWX       PROT_NORMAL /* early.c */
#define PROT_DEVICE    (PTE_V | PTE_MAIR(MAIR_DEVICE) | PTE_AF | PTE_UXN | PTE_PXN)

#define PTES_PER_TABLE 512U

/** Bits of a virtual address below the index at `level`: 12, 21, 30, 39. */
static inline unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * level;
}

static inline uint64_t make_leaf(phys_addr_t pa, uint64_t prot, unsigned int level)
{
	return pa | prot | (level == 0 ? PTE_TABLE : 0);
}

static inline uint64_t make_table(phys_addr_t pa)
{
	return pa | PTE_V | PTE_TABLE;
}

/** For an entry above level 0 that is valid. */
static inline bool is_leaf(uint64_t pte)
{
	return !(pte & PTE_TABLE);
}

static inline phys_addr_t pte_to_phys(uint64_t pte)
{
	return pte & PTE_ADDRESS;
}

static inline unsigned int pte_index(uintptr_t va, unsigned int level)
{
	return va >> level_shift(level) & (PTES_PER_TABLE - 1);
}

#endif
