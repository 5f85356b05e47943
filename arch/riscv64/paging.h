/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the machine half needs of the page tables. Boot hart only, unless said
 * otherwise.
 */
#ifndef RISCV64_PAGING_H
#define RISCV64_PAGING_H

#include <stdbool.h>
#include <mm/pfn.h>
#include <port/thread.h>

/** Most levels that the boot hart's satp accepts, 3 to 5; found out by early.c. */
extern unsigned int satp_levels;

/** Levels of the final page tables; mode.c. */
unsigned int paging_levels(void);

/** The final tables will map nothing at or above `end`: early_limit() is no higher. early.c. */
void early_lower_limit(phys_addr_t end);

/** For a hart that is being started: the tables in use. */
unsigned long paging_satp(void);

/**
 * Map one stack of hart slot `slot`: [pa, pa + bytes), bytes at most STACK_MAX, with unmapped
 * pages on both sides. Returns its lowest address, or 0 if there is no page for a table.
 */
enum stack_kind { STACK_EMERGENCY, STACK_MAIN, NR_STACKS };
#define STACK_MAX THREAD_STACK_MAX
uintptr_t paging_map_stack(unsigned int slot, enum stack_kind kind, phys_addr_t pa, size_t bytes);
void paging_unmap_stack(unsigned int slot, enum stack_kind kind, size_t bytes);

/**
 * The same for a thread's stack, in the lowest free slot, which is stored; 0 if none is left, too.
 * Any hart. This hart's cached translations are up to date afterwards, the others' may not be.
 */
#define MAX_THREAD_STACKS 2048U
uintptr_t paging_map_thread_stack(phys_addr_t pa, size_t bytes, unsigned int *slot);
void paging_unmap_thread_stack(unsigned int slot, size_t bytes);

/** What lies at a virtual address, for people: "guard page of a stack", "text of the image". */
const char *paging_name(uintptr_t va);

/** Any byte of the firmware's range, or PHYS_ADDR_MAX if none is known. */
phys_addr_t paging_firmware(void);

#endif
