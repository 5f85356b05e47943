/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the machine half needs of the page tables. Boot CPU only, unless said otherwise.
 */
#ifndef ARM64_PAGING_H
#define ARM64_PAGING_H

#include <stdbool.h>
#include <mm/pfn.h>
#include <port/thread.h>

/** The early tables of the lower half: afterwards, those by which a CPU starts. early.c. */
phys_addr_t early_ttbr0(void);

/** Device registers before paging_init(), as mmio_map(). early.c. */
volatile void *early_mmio(phys_addr_t pa, size_t bytes);

/** Piece `i` of those, 2 MiB: where it lies and what it maps; false: there are no more. early.c. */
bool early_mmio_piece(unsigned int i, uintptr_t *va, phys_addr_t *pa);

/** early_ptr() is over: keep what secondary_start needs to switch the MMU on. early.c. */
void early_done(void);

/** A table without an entry: TTBR0 while the kernel runs. early.c. */
extern uint64_t empty_table[];

/** This CPU uses the upper half only, from here on. early.c. */
void drop_ttbr0(void);

/** For a CPU that is being started: the tables in use. */
uint64_t paging_ttbr1(void);

/**
 * start.S: with the code at its physical address (TTBR0 has to map that), take `ttbr1` for the
 * upper half, with nothing of the old tables remembered. Interrupts off.
 */
void switch_ttbr1(uint64_t ttbr1, uint64_t empty, uintptr_t offset);

/**
 * Map one stack of CPU slot `slot`: [pa, pa + bytes), bytes at most STACK_MAX, with unmapped
 * pages on both sides. Returns its lowest address, or 0 if there is no page for a table.
 */
enum stack_kind { STACK_EMERGENCY, STACK_MAIN, NR_STACKS };
#define STACK_MAX THREAD_STACK_MAX
uintptr_t paging_map_stack(unsigned int slot, enum stack_kind kind, phys_addr_t pa, size_t bytes);
void paging_unmap_stack(unsigned int slot, enum stack_kind kind, size_t bytes);

/**
 * The same for a thread's stack, in the lowest free slot, which is stored; 0 if none is left, too.
 * Any CPU. No CPU remembers what was mapped there before.
 */
#define MAX_THREAD_STACKS 2048U
uintptr_t paging_map_thread_stack(phys_addr_t pa, size_t bytes, unsigned int *slot);
void paging_unmap_thread_stack(unsigned int slot, size_t bytes);

/** What lies at a virtual address, for people: "guard page of a stack", "text of the image". */
const char *paging_name(uintptr_t va);

#endif
