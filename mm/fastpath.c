/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages and blocks to and from this CPU's caches: what nearly all calls of the allocator are.
 *
 *	alloc_pages -> nothing unusual? -> a page of the cache -> nothing left by its last owner?
 *	__free_pages -> nothing unusual? -> into the cache
 *
 * Orders above 0 take one jump more, so that order 0 does not pay for them; nothing that they do
 * depends on the order.
 *
 * Whatever is unusual goes to page_alloc.c or page_free.c, which serve all calls and come to the
 * same result; so this file has no reports, no explanations and no loops. It leaves for them by
 * tail calls: a function here needs no stack frame, which would cost as much as its work, and who
 * is called finds as its return address who called here. (Compilers make jumps of them with -O2;
 * without, reports name this file's functions.) Only a refill is called, and comes back.
 *
 * Owns nothing; the caches' section is pcp.c's (enter, exit, and why that is enough). The order of
 * the tests is free: each has only to be true while nothing has been changed yet.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, buffered_rmqueue(), free_hot_cold_page().
 */
#include "internal.h"
#include "pcp.h"

/*
 * No flag set, no mapping, and these counts. Some owners leave flags that are harmless
 * (PG_uptodate): page_alloc.c and page_free.c know which, here all are unusual.
 */
static ALWAYS_INLINE bool is_plain(
	unsigned long flags, const void *mapping, uint64_t counts, uint64_t expected)
{
	return likely((flags << (64 - ZONE_SHIFT) | (uintptr_t)mapping) == 0) &&
	       likely(counts == expected);
}

/*
 * Inside the section: may the first zone serve a page, from a cache that need not be refilled? The
 * pageset of a mask that leads to no zone is always empty.
 */
static ALWAYS_INLINE bool has_hot(const struct per_cpu_pageset *set, unsigned int count)
{

	/* zone_watermark_ok() of one page; no zone keeps a reserve from requests for itself. */
	return likely(count > set->pcp[PCP_HOT].low) && !zone_is_short(set->zone);
}

/* Such a page, of `count`. */
static ALWAYS_INLINE struct page *take_hot(struct per_cpu_pageset *set, unsigned int count)
{
	struct per_cpu_pages *hot = &set->pcp[PCP_HOT];
	struct page *page = list_first_entry(&hot->list, struct page, lru);

	list_del(&page->lru);
	pcp_set_count(hot, count - 1);
	set->numa.numa_hit++;
	return page;
}

/* One more in a zone's number is so much more in the flags. */
#define ZONE_UNIT (1UL << ZONE_SHIFT)

/* The page is as it should be, and there is no work that was asked for during the section. */
static ALWAYS_INLINE bool is_done(const struct mm_cpu *cpu, const struct page *page)
{
	return is_plain(page_flags(page), page->mapping,
		       __atomic_load_n((const page_counts_t *)&page->_count, __ATOMIC_RELAXED),
		       PAGE_COUNTS(0)) &&
	       !pcp_is_asked(cpu);
}

static ALWAYS_INLINE void hand_out(struct page *page, unsigned int order)
{
	set_page_private(page, 0);
	set_page_count(page, 1);
	set_page_tag(page, PAGE_ALLOCATED, order);
}

/* What page_address() is made of; as one product, as the descriptors have its size. */
static ALWAYS_INLINE phys_addr_t lowmem_phys(const struct page *page)
{
	return ((uintptr_t)page - (uintptr_t)mem_map()) * (PAGE_SIZE / sizeof(*page));
}

/* The hot cache is at its low mark, or its zone at its own: a batch first, if the zone may give. */
static __attribute__((noinline)) struct page *alloc_refilled(
	gfp_t gfp, const struct per_cpu_pageset *set)
{
	struct page *page = NULL;

	if (likely(set->zone) && likely(!zone_is_short(set->zone)))
		page = pcp_alloc(set->zone, false, set->zone);
	return likely(page) ? alloc_finish(page, gfp, 0) : alloc_any(gfp, 0);
}

/* A single page, to be cleared or not. */
static ALWAYS_INLINE struct page *alloc_single(
	gfp_t gfp, struct mm_cpu *cpu, struct per_cpu_pageset *set, const bool zero)
{
	unsigned int count;
	struct page *page;

	pcp_enter(cpu);
	count = set->pcp[PCP_HOT].count;
	if (unlikely(!has_hot(set, count))) {
		pcp_leave(cpu);
		return alloc_refilled(gfp, set);
	}
	page = take_hot(set, count);
	pcp_leave(cpu);
	if (unlikely(!is_done(cpu, page)))
		return alloc_finish(page, gfp, 0);
	hand_out(page, 0);
	if (zero)
		clear_page(phys_to_virt(lowmem_phys(page)));
	return page;
}

/* Only __GFP_ZERO is unusual. What the caller has at hand it gives, where it has it. */
static __attribute__((noinline)) struct page *alloc_zeroed(
	gfp_t gfp, struct mm_cpu *cpu, struct per_cpu_pageset *set)
{
	return alloc_single(gfp, cpu, set, true);
}

/* The list of an order; not to be taken apart again, which GCC does for each of its fields. */
static ALWAYS_INLINE struct per_cpu_pages *list_of(struct per_cpu_pageset *set, long order)
{
	struct per_cpu_pages *pcp = &set->block[order - 1];

	__asm__("" : "+r"(pcp));
	return pcp;
}

/* Inside the section: a block of the first zone, if that may serve a page and it is cached. */
static ALWAYS_INLINE struct page *take_block(struct per_cpu_pageset *set, long order)
{
	struct per_cpu_pages *pcp = list_of(set, order);
	const unsigned int count = pcp->count;
	struct page *page;

	if (unlikely(count == 0) || unlikely(zone_is_short(set->zone)))
		return NULL;
	page = list_first_entry(&pcp->list, struct page, lru);
	list_del(&page->lru);
	pcp_set_count(pcp, count - 1);
	pcp->taken++;
	set->numa.numa_hit++;
	return page;
}

/*
 * Is there a cache of blocks of this order? Callers pass it sign-extended, by most ABIs, so a
 * signed one is at hand as an index.
 */
static ALWAYS_INLINE bool is_block_order(long order)
{
	return likely((unsigned long)order - 1 < MAX_ORDER - 1);
}

/* Any order; order 0 if the CPU needs attention. What the caller has at hand it gives. */
static __attribute__((noinline)) struct page *alloc_block(
	gfp_t gfp, unsigned int order, struct mm_cpu *cpu, struct per_cpu_pageset *set)
{
	struct page *page;

	if (unlikely(cpu->block_attention | (gfp & (__GFP_ZERO | __GFP_COMP))) ||
		!is_block_order((int)order))
		return alloc_any(gfp, order);
	pcp_enter(cpu);
	page = take_block(set, (int)order);
	pcp_leave(cpu);
	if (unlikely(!page))
		return alloc_any(gfp, order);
	if (unlikely(!is_done(cpu, page)))
		return alloc_finish(page, gfp, order);
	hand_out(page, order);
	return page;
}

static ALWAYS_INLINE struct page *alloc_hot(gfp_t gfp, unsigned int order)
{
	struct mm_cpu *cpu = this_cpu;
	struct per_cpu_pageset *set = cpu->first[gfp & GFP_ZONEMASK];

	if (unlikely(order | cpu->attention))
		return alloc_block(gfp, order, cpu, set);
	/* HIGHMEM that is to be cleared is refused to some, also where there is no such zone. */
	if (unlikely(gfp & (__GFP_ZERO | __GFP_COLD)))
		return gfp & (__GFP_COLD | __GFP_HIGHMEM) ? alloc_any(gfp, 0)
							  : alloc_zeroed(gfp, cpu, set);
	return alloc_single(gfp, cpu, set, false);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	return alloc_hot(gfp, order);
}

struct page *alloc_page(gfp_t gfp)
{
	return alloc_hot(gfp, 0);
}

/* Nothing is in a plain page's flags but its zone's number: &cpu->pageset[number]. */
static ALWAYS_INLINE struct per_cpu_pageset *pageset_of(struct mm_cpu *cpu, unsigned long flags)
{
	return (void *)((char *)cpu->pageset +
			flags / (ZONE_UNIT / sizeof(struct per_cpu_pageset)));
}

static ALWAYS_INLINE void put_first(
	struct page *page, struct per_cpu_pages *pcp, unsigned int order)
{
	set_page_count(page, 0);
	set_page_tag(page, PAGE_CACHED, order);
	list_add(&page->lru, &pcp->list);
	pcp_set_count(pcp, pcp->count + 1U);
}

/* Any order; order 0 if the CPU needs attention. What the caller has at hand it gives. */
static __attribute__((noinline)) void free_block(struct page *page, unsigned int order,
	struct mm_cpu *cpu, uint64_t counts, unsigned long flags)
{
	struct per_cpu_pageset *set;
	struct per_cpu_pages *pcp;

	if (unlikely(cpu->block_attention) || !is_block_order((int)order) ||
		page_tag(page) != make_tag(PAGE_ALLOCATED, order) ||
		!is_plain(flags, page->mapping, counts, PAGE_COUNTS(1))) {
		free_any(page, order);
		return;
	}
	set = pageset_of(cpu, flags);
	pcp = list_of(set, (int)order);
	pcp_enter(cpu);
	if (unlikely(pcp->count >= pcp->high) || unlikely(zone_is_short(set->zone)) ||
		unlikely(spin_is_mine(&set->zone->lock))) {
		pcp_leave(cpu);
		free_any(page, order);
		return;
	}
	put_first(page, pcp, order);
	pcp_leave(cpu);
	if (pcp_is_asked(cpu))
		pcp_do_asked(cpu);
}

/* The hot cache is full: a batch goes first. The page has been looked at. */
static __attribute__((noinline)) void free_spilling(struct page *page)
{
	set_page_count(page, 0);
	pcp_free(page, false);
}

static ALWAYS_INLINE void free_hot(struct page *page, unsigned int order)
{
	struct mm_cpu *cpu = this_cpu;
	/* Others dropped their references after all that they did to the page. */
	const uint64_t counts = page_counts(page);
	const unsigned long flags = page_flags(page);
	struct per_cpu_pages *hot;

	if (unlikely(order | cpu->attention)) {
		free_block(page, order, cpu, counts, flags);
		return;
	}
	if (page_tag(page) != make_tag(PAGE_ALLOCATED, 0) ||
		!is_plain(flags, page->mapping, counts, PAGE_COUNTS(1))) {
		free_any(page, 0);
		return;
	}
	hot = &pageset_of(cpu, flags)->pcp[PCP_HOT];
	pcp_enter(cpu);
	if (unlikely(hot->count >= hot->high)) {
		pcp_leave(cpu);
		free_spilling(page);
		return;
	}
	put_first(page, hot, 0);
	pcp_leave(cpu);
	if (pcp_is_asked(cpu))
		pcp_do_asked(cpu);
}

void __free_pages(struct page *page, unsigned int order)
{
	free_hot(page, order);
}

void __free_page(struct page *page)
{
	free_hot(page, 0);
}
