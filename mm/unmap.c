/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level MM_DEBUG_UNMAP: what is freed is taken out of the linear map, so that who still uses it
 * traps there and then. The page is mapped again, the access repeated, and all goes on.
 *
 * Owns nothing: the page tables say which pages are mapped, and are changed through <port/mem.h>,
 * once all CPUs have a linear map of single pages: from when the level is first switched on.
 * No lock. Invariant: a page that is mapped although it is free may be used unseen, and no worse;
 * so whoever is in doubt maps. A call that began while the level was off may hand out an unmapped
 * page: its new owner's first access traps, is found to be right, and nobody hears of it.
 *
 * With MM_DEBUG_POISON a page is filled before it is unmapped, and looked at after it is mapped;
 * what is unmapped is not looked at meanwhile. What was free before it was switched on stays mapped
 * until it is freed once.
 *
 * Linux has the like as debug_pagealloc, where the access ends in an oops.
 */
#include <port/mem.h>
#include "internal.h"

void unmap_end(const struct page *page, unsigned int order)
{
	if (linear_map_by_pages())
		kernel_map_pages(page, 1UL << order, true);
}

void unmap_begin(const struct page *page, unsigned int order)
{
	kernel_map_pages(page, 1UL << order, false);
}

bool unmap_may_read(const struct page *page)
{
	return !linear_map_by_pages() || kernel_page_present(page);
}

int unmap_prepare(struct mm *mm)
{
	unsigned long pages;

	if (linear_map_by_pages())
		return 0;
	pages = linear_map_split();
	if (pages == 0) {
		print("debug: unmap: no memory for a linear map of single pages; it stays off\n");
		return -MM_ENOMEM;
	}
	print("debug: unmap: the linear map is of single pages now, %lu KiB of tables\n",
		pages_to_kb(pages));
	pcp_adopt_map(mm);
	return 0;
}

void unmap_changed(struct mm *mm, bool on)
{
	if (on)
		return;
	for (unsigned long pfn = 0; pfn < mm->max_pfn; pfn += BLOCK_PAGES)
		if (pfn_valid(mm, pfn))
			kernel_map_pages(pfn_to_page(pfn), BLOCK_PAGES, true);
}

/* Is the page a part of a block that has an owner? */
static bool is_held(const struct page *page)
{
	unsigned int order;
	const struct page *head = page_block_head(page, &order);

	return head && page_state(head) == PAGE_ALLOCATED && page_count_raw(head) > 0;
}

bool unmap_fault(const struct mm *mm, const void *addr, bool write, const void *pc)
{
	const struct page *page;
	struct report_turn turn;
	bool in_order;

	if (!linear_map_by_pages() || !virt_addr_valid(mm, addr))
		return false;
	page = virt_to_page(addr);
	/* What is mapped otherwise than to be read and written is reserved: the image. */
	if (PageReserved(page) || page_to_nid(page) == NODE_HOLE)
		return false;
	/* Another CPU may have mapped it since, or have handed it out unmapped: see above. */
	in_order = kernel_page_present(page) || is_held(page);
	kernel_map_pages(page, 1, true);
	if (in_order)
		return true;
	turn = report_begin();
	print("pagealloc: %s after free: pfn 0x%lx, byte 0x%lx of the page, by the instruction at "
	      "%p\n",
		write ? "write" : "read", page_to_pfn(page),
		(unsigned long)((uintptr_t)addr % PAGE_SIZE), pc);
	misuse(write ? MISUSE_WRITE_AFTER_FREE : MISUSE_READ_AFTER_FREE, page, 0, pc);
	report_end(turn);
	return true;
}
