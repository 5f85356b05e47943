/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables, as far as all architectures have the same. Boot CPU only, unless said otherwise.
 */
#ifndef COMMON_PAGING_H
#define COMMON_PAGING_H

#include <stdbool.h>
#include <mm/memblock.h>
#include <port/irq.h>
#include <port/thread.h>

/** The windows of devices and of stacks, from DEVICE_BASE and STACK_BASE of tables.h. */
#define DEVICE_BYTES (16ULL << 30)
#define STACK_BYTES  (8ULL << 30)

/** A CPU's slot: emergency stack and stack, each at the start of a half after an unmapped page. */
#define STACK_SLOT (4 * STACK_MAX)
#define STACK_HALF (STACK_SLOT / NR_STACKS)

/**
 * Build the final tables: the linear map, the image, and the registers that are in use already.
 * 0, or -1 with a line if there is no memory for them. The architecture's paging_init() calls it,
 * switches this CPU to them and says so by paging_in_use().
 */
int paging_build(struct memblock *mb);
void paging_in_use(void);

/**
 * Make a second set of tables, whose linear map is of single pages, and let it be the one in use:
 * paging_root() is its root, to which each CPU changes when it can. Returns how many pages its
 * tables take, from the page allocator; 0 if it has not so many: then nothing has changed. Once,
 * by any thread that may sleep.
 */
unsigned long paging_split_linear(void);

/** The banks and reservations, once the final tables are in use; NULL before. Any context. */
const struct memblock *paging_banks(void);

/** Physical address of the final tables' root. */
phys_addr_t paging_root(void);

/** The highest physical address that a page table's entry can hold. The architecture's mode.c. */
phys_addr_t paging_phys_last(void);

/** Device registers before paging_in_use(), as mmio_map(). The architecture's early.c. */
volatile void *early_mmio(phys_addr_t pa, size_t bytes);

/**
 * Piece `i` of those that stay where they are, 2 MiB: where it lies and what it maps; false: there
 * are no more. The architecture's early.c.
 */
bool early_mmio_piece(unsigned int i, uintptr_t *va, phys_addr_t *pa);

/**
 * Map one stack of CPU slot `slot`: [pa, pa + bytes), bytes at most STACK_MAX, with unmapped
 * pages on both sides. Returns its lowest address, or 0 if there is no page for a table.
 * paging_stack.c, as the next.
 */
enum stack_kind { STACK_EMERGENCY, STACK_MAIN, NR_STACKS };
#define STACK_MAX THREAD_STACK_MAX
uintptr_t paging_map_stack(unsigned int slot, enum stack_kind kind, phys_addr_t pa, size_t bytes);
void paging_unmap_stack(unsigned int slot, enum stack_kind kind, size_t bytes);

/**
 * The same for a thread's stack, in the lowest free slot, which is stored; 0 if none is left, too.
 * Any CPU. This CPU remembers nothing of what was mapped there before; others may, until
 * thread_context_publish().
 */
#define MAX_THREAD_STACKS 2048U
uintptr_t paging_map_thread_stack(phys_addr_t pa, size_t bytes, unsigned int *slot);
void paging_unmap_thread_stack(unsigned int slot, size_t bytes);

/**
 * The entry for an address at `level`, above which no leaf maps it, or NULL if it has no table. Any
 * CPU. paging_changed() after it was made valid, or invalid, in another way than by paging_map().
 */
uint64_t *paging_entry(uintptr_t va, unsigned int level);

/** Entries of the stacks' window, and the root, change under this lock. Any context. */
irq_flags_t paging_lock(void);
void paging_unlock(irq_flags_t flags);

/**
 * Map whole pages where nothing is mapped, in leaves as large as fit; `prot` is one of the PROT_ of
 * pte.h. Returns 0, and this CPU may use them; or -1 if there was no memory for a table: what was
 * mapped stays.
 */
int paging_map(uintptr_t va, phys_addr_t pa, uint64_t bytes, uint64_t prot);

/** Entries of the descriptors' window change under this lock, the innermost. Any context. */
irq_flags_t paging_lock_mem_map(void);
void paging_unlock_mem_map(irq_flags_t flags);

/** An entry that mem_map_prepare() has left: its table is empty, and valid from now on. Locked. */
void paging_use_prepared(uint64_t *entry);
void paging_changed(uintptr_t va, unsigned int level);

/** A page for a table, empty; PHYS_ADDR_MAX: there is none. During paging_build(). */
phys_addr_t paging_new_table(void);

/** Have ready what mem_map_lend() needs: 0, or -1 if there is no memory. By paging_build(). lend.c.
 */
int lent_init(void);

/** The entry for `va` at `level` is free again if it was made by mem_map_lend(). lend.c. */
void lent_take_back(uint64_t *entry, uintptr_t va, unsigned int level);

/**
 * Entries of these pages of the linear map are invalid now: this CPU uses nothing that it remembers
 * of them. The others may for a while, if they are few. Any CPU, any context. The architecture's
 * unmap.c.
 */
void linear_map_forget(uintptr_t va, unsigned long nr);

/** What lies at a virtual address, for people: "guard page of a stack", "text of the image". */
const char *paging_name(uintptr_t va);

#endif
