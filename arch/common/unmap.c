/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single pages of the linear map, mapped and unmapped: for the debugging level `unmap`.
 *
 * Owns by_pages, set once, and from then on the valid bits of the linear map's entries. No lock: an
 * entry keeps its address and its rights, and its valid bit is written in one store. What a CPU
 * remembers of it is never wrong, only old.
 */
#include <mm/mm.h>
#include <port/mem.h>
#include "paging.h"
#include "tables.h"

static bool by_pages;

unsigned long linear_map_split(void)
{
	const unsigned long pages = paging_split_linear();

	if (pages)
		__atomic_store_n(&by_pages, true, __ATOMIC_RELEASE);
	return pages;
}

bool linear_map_by_pages(void)
{
	return __atomic_load_n(&by_pages, __ATOMIC_ACQUIRE);
}

static uintptr_t address_of(const struct page *page)
{
	return (uintptr_t)phys_to_virt(pfn_to_phys(page_to_pfn(page)));
}

/* True if it has changed. One that is 0 was never mapped: not memory, or the firmware's. */
static bool set_valid(uint64_t *entry, bool valid)
{
	const uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);

	if (old == 0 || (old & PTE_V) == (valid ? PTE_V : 0))
		return false;
	__atomic_store_n(entry, old ^ PTE_V, __ATOMIC_RELAXED);
	return true;
}

void kernel_map_pages(const struct page *page, unsigned long nr, bool map)
{
	const uintptr_t base = address_of(page);
	uint64_t *entry = NULL;
	bool changed = false;

	for (unsigned long i = 0; i < nr; i++) {
		const uintptr_t va = base + i * PAGE_SIZE;

		/* Of one table they follow each other. */
		if (i == 0 || pte_index(va, 0) == 0)
			entry = paging_entry(va, 0);
		if (entry)
			changed |= set_valid(entry++, map);
	}
	if (!changed)
		return;
	if (map)
		tables_written();
	else
		linear_map_forget(base, nr);
}

bool kernel_page_present(const struct page *page)
{
	const uint64_t *entry = paging_entry(address_of(page), 0);

	return entry && __atomic_load_n(entry, __ATOMIC_RELAXED) & PTE_V;
}
