/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries and the translation modes. Source: Privileged Architecture 1.12, 4.3 to 4.5.
 */
#ifndef RISCV64_PTE_H
#define RISCV64_PTE_H

#include <stdbool.h>
#include <mm/pfn.h>

#define PTE_V 0x01UL
#define PTE_R 0x02UL
#define PTE_W 0x04UL
#define PTE_X 0x08UL
#define PTE_G 0x20UL
#define PTE_A 0x40UL
#define PTE_D 0x80UL
/** A leaf has one of these. */
#define PTE_LEAF (PTE_R | PTE_W | PTE_X)

/* Accessed and dirty are set beforehand: a machine may trap instead of setting them. */
#define PROT_R          (PTE_V | PTE_G | PTE_A | PTE_R)
#define PROT_RW         (PROT_R | PTE_W | PTE_D)
#define PROT_RX         (PROT_R | PTE_X)
#define PROT_DEVICE     PROT_RW /* what is not to be cached, the machine knows itself */

#define PTES_PER_TABLE  512U
#define PTE_PPN_SHIFT   10

#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39  8UL

/** Bits of a virtual address below the index at `level`: 12, 21, 30, 39, 48. */
static inline unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * level;
}

static inline uint64_t make_leaf(phys_addr_t pa, uint64_t prot, unsigned int level)
{
	(void)level;
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | prot;
}

static inline uint64_t make_table(phys_addr_t pa)
{
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | PTE_V;
}

/** For an entry that is valid. */
static inline bool is_leaf(uint64_t pte)
{
	return pte & PTE_LEAF;
}

static inline phys_addr_t pte_to_phys(uint64_t pte)
{
	return pte >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

static inline unsigned int pte_index(uintptr_t va, unsigned int level)
{
	return va >> level_shift(level) & (PTES_PER_TABLE - 1);
}

/** satp for a table with 3 (Sv39), 4 (Sv48) or 5 (Sv57) levels. */
static inline unsigned long make_satp(phys_addr_t root, unsigned int levels)
{
	return (SATP_MODE_SV39 + levels - 3) << SATP_MODE_SHIFT | root >> PAGE_SHIFT;
}

#endif
