/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that are not there: where one is used, a frame of descriptors that mean nothing is
 * seen, so that whoever used it goes on and meets the checks of the core.
 *
 * Owns the pages in `lent`: the frame, and a table for each level, which stand for all that is
 * missing on the way to it. Taken at boot; from then on nothing is allocated and no lock taken: an
 * entry that leads to one of them is set where there is none, by one compare-and-swap, and cleared
 * again. Two that lend at once share all of it.
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

/* On the way to `va`: the entry at `level`, and its value. False if another CPU has cut the way. */
static bool look(uintptr_t va, unsigned int level, uint64_t **entry, uint64_t *found)
{
	*entry = paging_entry(va, level);
	if (*entry)
		*found = __atomic_load_n(*entry, __ATOMIC_RELAXED);
	return *entry;
}

struct page *mem_map_lend(const void *addr)
{
	const uintptr_t va = (uintptr_t)addr;
	unsigned int level = paging_levels();
	uint64_t *entry, found = 0;

	while (level-- > 0 && look(va, level, &entry, &found)) {
		if (found & PTE_V && ends_at(found, level))
			break;
		if (found & PTE_V)
			continue;
		if (found) {
			paging_use_prepared(entry);
			continue;
		}
		/* The table is seen before what leads to it. */
		tables_written();
		if (__atomic_compare_exchange_n(entry, &found, lent_entry(level), false,
			    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			paging_changed(va, level);
	}
	tables_written();
	return phys_to_virt(lent[0]);
}

void lent_take_back(uint64_t *entry, uintptr_t va, unsigned int level)
{
	if (!is_lent(__atomic_load_n(entry, __ATOMIC_RELAXED), level))
		return;
	__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	paging_changed(va, level);
	linear_map_forget(align_down(va, PAGE_SIZE), ALL_PAGES);
}

void mem_map_take_back(const void *addr)
{
	const uintptr_t va = (uintptr_t)addr;
	unsigned int level = paging_levels();
	uint64_t *entry, found;

	while (level-- > 0 && look(va, level, &entry, &found)) {
		lent_take_back(entry, va, level);
		if (!(found & PTE_V) || is_lent(found, level) || ends_at(found, level))
			return;
	}
}
