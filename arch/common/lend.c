/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that are not there: where one is used, a frame of descriptors that mean nothing is
 * seen, so that whoever used it goes on and meets the checks of the core.
 *
 * Owns the pages in `lent`: the frame, and a table for each level, which stand for all that is
 * missing on the way to it. Taken at boot; from then on nothing is allocated: an entry that leads
 * to one of them is set where there is none, and cleared again, under the lock of the descriptors'
 * entries, so that it is never in the way of one that is mapped. Two that lend share all of it.
 *
 * An entry that becomes valid may not be seen by the other CPUs yet: they fault, and come here,
 * too. One that is cleared is forgotten by all of them before anything else stands there.
 */
#include <mm/mm.h>
#include <port/boot.h>
#include <port/mem.h>
#include "paging.h"
#include "tables.h"

/* The frame, and a table for each level below the root, on any machine. */
#define MAX_LENT 5U

/* linear_map_forget() puts so many off on no machine. */
#define ALL_PAGES 4096U

/* Physical addresses, by the level of the entry that leads there. Constant since lent_init(). */
static phys_addr_t lent[MAX_LENT];

int lent_init(void)
{
	for (unsigned int i = 0; i < paging_levels(); i++) {
		lent[i] = paging_new_table();
		if (lent[i] == PHYS_ADDR_MAX)
			return -1;
	}
	return 0;
}

static bool is_lent(uint64_t entry, unsigned int level)
{
	return entry & PTE_V && pte_to_phys(entry) == lent[level];
}

static uint64_t lent_entry(unsigned int level)
{
	return level == 0 ? make_leaf(lent[0], PROT_RW, 0) : make_table(lent[level]);
}

/* Is `entry`, of this level, a leaf? */
static bool ends_at(uint64_t entry, unsigned int level)
{
	return level == 0 || is_leaf(entry);
}

struct page *mem_map_lend(const void *addr)
{
	const uintptr_t va = (uintptr_t)addr;
	const irq_flags_t flags = paging_lock_mem_map();

	for (unsigned int level = paging_levels(); level-- > 0;) {
		uint64_t *entry = paging_entry(va, level);

		if (*entry & PTE_V && ends_at(*entry, level))
			break;
		if (*entry & PTE_V)
			continue;
		if (*entry) {
			paging_use_prepared(entry);
			continue;
		}
		/* The table is seen before what leads to it. */
		table_emptied();
		*entry = lent_entry(level);
		paging_changed(va, level);
	}
	tables_written();
	paging_unlock_mem_map(flags);
	return phys_to_virt(lent[0]);
}

void lent_take_back(uint64_t *entry, uintptr_t va, unsigned int level)
{
	if (!is_lent(*entry, level))
		return;
	*entry = 0;
	paging_changed(va, level);
	linear_map_forget(align_down(va, PAGE_SIZE), ALL_PAGES);
}

void mem_map_take_back(const void *addr)
{
	const uintptr_t va = (uintptr_t)addr;
	const irq_flags_t flags = paging_lock_mem_map();

	for (unsigned int level = paging_levels(); level-- > 0;) {
		uint64_t *entry = paging_entry(va, level);

		lent_take_back(entry, va, level);
		if (!(*entry & PTE_V) || ends_at(*entry, level))
			break;
	}
	paging_unlock_mem_map(flags);
}
