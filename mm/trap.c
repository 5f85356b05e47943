/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fault in the core's own windows is taken for: a page that the level MM_DEBUG_UNMAP has
 * unmapped (unmap.c), or a descriptor that is not there. Who uses one got a `struct page` of no
 * memory from somewhere: that is reported, descriptors of a hole are lent for it, and he goes on.
 * If he wants to free the page, the checks refuse that, as they do for any hole.
 *
 * Owns mm->stray: the page whose use has been reported, until it is refused, so that one free is
 * not told twice. No lock: two CPUs at once may each be told once more than needed.
 */
#include <port/mem.h>
#include "internal.h"

#define HOLE_FLAGS ((unsigned long)NODE_HOLE << (ZONE_SHIFT + ZONES_SHIFT) | BIT(PG_reserved))

/* Whatever was written to them before. */
static void fill_with_holes(struct page *frame)
{
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*frame); i++) {
		frame[i] = (struct page){.flags = HOLE_FLAGS, ._count = -1, ._mapcount = -1};
		list_init(&frame[i].lru);
	}
}

static bool stray_fault(struct mm *mm, uintptr_t addr, bool write, const void *pc)
{
	const uintptr_t at = addr - (uintptr_t)mem_map();
	const struct page *page = mem_map() + at / sizeof(*page);
	struct report_turn turn;
	struct page *frame;

	/* Another CPU may have mapped it a moment ago. */
	if (pfn_valid(mm, page_to_pfn(page)))
		return true;
	frame = mem_map_lend(page);
	if (!frame)
		return false;
	fill_with_holes(frame);
	turn = report_begin();
	print("memmap: %s of the descriptor of pfn 0x%lx, which is not there, by the instruction "
	      "at "
	      "%p\n",
		write ? "write" : "read", page_to_pfn(page), pc);
	misuse(MISUSE_NO_DESCRIPTOR, page, 0, pc);
	report_end(turn);
	__atomic_store_n(&mm->stray, page, __ATOMIC_RELAXED);
	return true;
}

bool stray_was_told(struct mm *mm, const struct page *page)
{
	if (likely(__atomic_load_n(&mm->stray, __ATOMIC_RELAXED) != page))
		return false;
	__atomic_store_n(&mm->stray, NULL, __ATOMIC_RELAXED);
	/* It has come online since: what is told of it now is another matter. */
	if (pfn_valid(mm, page_to_pfn(page)))
		return false;
	mem_map_take_back(page);
	return true;
}

bool mm_fault(const void *addr, bool write, const void *pc)
{
	struct mm *mm = this_cpu->mm;

	if (!mm)
		return false;
	if (virt_in_mem_map(addr))
		return stray_fault(mm, (uintptr_t)addr, write, pc);
	return unmap_fault(mm, addr, write, pc);
}
