/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-frame API: from a GFP mask to a page, and back.
 *
 *	alloc_pages -> zonelist of the mask -> walk_zonelist -> take_from_zone -> pcp or buddy
 *	__free_pages -> the tag says it fits -> last reference -> checks -> pcp or buddy
 *
 * Owns the descriptors of pages on their way in and out. No lock: the layers below have theirs.
 * Invariant: a page's tag is PAGE_ALLOCATED with its order from here until here, and no other
 * page's is.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c and mm/swap.c; split_page() as in 2.6.18. What is ours: the
 * order is recorded and checked, and what 2.6.11 calls a bug is reported and refused.
 */
#include "internal.h"

#define CALLER()  __builtin_return_address(0)

#define BIT(flag) (1UL << (flag))

/*
 * Flags that no page may have when it is freed, and when it is handed out. 2.6.11 looks at neither
 * PG_reserved, PG_slab nor the count of a page that it hands out; we do, as a stale user of a free
 * page is caught there or never.
 */
#define BAD_WHEN_FREED                                                                       \
	(BIT(PG_lru) | BIT(PG_private) | BIT(PG_locked) | BIT(PG_active) | BIT(PG_reclaim) | \
		BIT(PG_slab) | BIT(PG_swapcache) | BIT(PG_writeback))
#define BAD_WHEN_TAKEN                                                                       \
	(BIT(PG_private) | BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_dirty) |   \
		BIT(PG_reclaim) | BIT(PG_swapcache) | BIT(PG_writeback) | BIT(PG_reserved) | \
		BIT(PG_slab))
/* Leftovers of the last owner that a new one does not see. */
#define CLEARED_WHEN_TAKEN                                                        \
	(BIT(PG_uptodate) | BIT(PG_error) | BIT(PG_referenced) | BIT(PG_arch_1) | \
		BIT(PG_checked) | BIT(PG_mappedtodisk) | BIT(PG_compound))
/* What the report of a bad page mends. */
#define CLEARED_WHEN_BAD                                                                   \
	(BIT(PG_private) | BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_dirty) | \
		BIT(PG_swapcache) | BIT(PG_writeback))

/* Report a page whose descriptor does not add up, and mend what can be mended. */
static void bad_page(struct page *page, unsigned int order, const void *caller)
{
	misuse(MISUSE_BAD_PAGE, page, order, caller);
	page_write_flags(page, page_flags(page) & ~CLEARED_WHEN_BAD);
	set_page_count(page, 0);
	page->_mapcount = -1;
	page->mapping = NULL;
}

static void prep_compound_page(struct page *page, unsigned int order)
{
	ASSERT(order > 0);
	page[1].mapping = NULL;
	page[1].index = order;
	for (unsigned long i = 0; i < 1UL << order; i++) {
		SetPageCompound(&page[i]);
		set_page_private(&page[i], (unsigned long)page);
	}
}

/* Every part must point to its head, and page[1] must know the order. */
static bool compound_is_whole(const struct page *page, unsigned int order)
{
	if (order == 0 || page[1].index != order)
		return false;
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (!PageCompound(&page[i]) || page_private(&page[i]) != (unsigned long)page)
			return false;
	}
	return true;
}

static void destroy_compound_page(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		ClearPageCompound(&page[i]);
	set_page_private(page, 0);
}

/* Make a block fresh from the buddy system its new owner's; false if it must not be handed out. */
static bool prep_new_page(struct page *page, unsigned int order, const void *caller)
{
	unsigned long flags = page_flags(page);

	if (unlikely(flags & BAD_WHEN_TAKEN || page->mapping || page_mapped(page) ||
		     page_count_raw(page) != 0)) {
		bad_page(page, order, caller);
		return false;
	}
	if (flags & CLEARED_WHEN_TAKEN)
		page_write_flags(page, flags & ~CLEARED_WHEN_TAKEN);
	set_page_private(page, 0);
	set_page_count(page, 1);
	set_page_tag(page, PAGE_ALLOCATED, order);
	return true;
}

static void clear_block(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		clear_page(page_address(page + i));
}

/* A block of one zone, ready for its owner, or NULL. Corrupt blocks are set aside on the way. */
static struct page *take_from_zone(
	struct zone *zone, gfp_t gfp, unsigned int order, const void *caller)
{
	for (;;) {
		struct page *page = NULL;

		if (order == 0)
			page = pcp_alloc(zone, gfp & __GFP_COLD);
		if (!page)
			page = buddy_take(zone, order);
		if (!page)
			return NULL;
		if (unlikely(!prep_new_page(page, order, caller))) {
			buddy_set_aside(zone, page, order);
			continue;
		}
		if (gfp & __GFP_ZERO)
			clear_block(page, order);
		if (order && gfp & __GFP_COMP)
			prep_compound_page(page, order);
		return page;
	}
}

/* Try the zones in turn. What a zone must keep back (watermarks, reserves) will be asked here. */
static struct page *walk_zonelist(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order, const void *caller)
{
	for (struct zone *const *zone = zonelist->zones; *zone; zone++) {
		struct page *page = take_from_zone(*zone, gfp, order, caller);

		if (page)
			return page;
	}
	return NULL;
}

/* A mask that leads to no zone: say so, once for each machine. */
static struct page *no_zonelist(gfp_t gfp, const struct zonelist *zonelist)
{
	struct mm *mm = this_cpu->mm;

	if (!__atomic_exchange_n(&mm->said_bad_zonelist, 1, __ATOMIC_RELAXED))
		print("mm: alloc_pages: gfp 0x%x %s: NULL (said once)\n", gfp,
			zonelist ? "asks for zones that have no memory on this machine"
				 : "has zone modifiers that exclude each other");
	return NULL;
}

static struct page *alloc_from(
	struct zonelist *zonelist, gfp_t gfp, unsigned int order, const void *caller)
{
	if (unlikely(!zonelist || zonelist->nr == 0))
		return no_zonelist(gfp, zonelist);
	if (unlikely((gfp & (__GFP_ZERO | __GFP_HIGHMEM | __GFP_WAIT)) ==
		     (__GFP_ZERO | __GFP_HIGHMEM))) {
		/* Clearing a HIGHMEM page means mapping it, which may sleep. */
		misuse(MISUSE_BAD_GFP, NULL, order, caller);
		return NULL;
	}
	return walk_zonelist(zonelist, gfp, order, caller);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	if (unlikely(order >= MAX_ORDER))
		return NULL;
	return alloc_from(this_cpu->zonelist[gfp & GFP_ZONEMASK], gfp, order, CALLER());
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	const struct pglist_data *pgdat = mm_node(this_cpu->mm, nid);
	unsigned int list = gfp & GFP_ZONEMASK;

	if (unlikely(order >= MAX_ORDER))
		return NULL;
	if (unlikely(!pgdat)) {
		misuse(MISUSE_BAD_NODE, NULL, order, CALLER());
		return NULL;
	}
	return alloc_from(
		list < GFP_ZONETYPES ? pgdat->node_zonelists[list] : NULL, gfp, order, CALLER());
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	if (unlikely(gfp & __GFP_HIGHMEM)) {
		misuse(MISUSE_BAD_GFP, NULL, 0, CALLER());
		return 0;
	}
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* Which misuse is it, when a page's tag is not that of an allocated block of `order`? */
static enum misuse why_not_freeable(const struct page *page)
{
	const struct page *head;
	unsigned int its_order;

	if (PageReserved(page) || page_to_nid(page) == NODE_HOLE)
		return MISUSE_RESERVED;
	head = page_block_head(page, &its_order);
	if (head && head != page && page_state(head) != PAGE_FREE)
		return MISUSE_NOT_ALLOCATED;
	switch (page_state(page)) {
	case PAGE_ALLOCATED:
		return MISUSE_WRONG_ORDER;
	case PAGE_FREE:
	case PAGE_CACHED:
		return MISUSE_DOUBLE_FREE;
	default:
		return MISUSE_NOT_ALLOCATED;
	}
}

/* May this page be freed as a block of this order? If not, it is reported. */
static bool may_free(const struct page *page, unsigned int order, const void *caller)
{
	if (likely(page_tag(page) == make_tag(PAGE_ALLOCATED, order) && !PageReserved(page)))
		return true;
	misuse(why_not_freeable(page), page, order, caller);
	return false;
}

static bool drop_reference(struct page *page, unsigned int order, const void *caller)
{
	int stored = __atomic_load_n(&page->_count, __ATOMIC_ACQUIRE);

	if (likely(stored == 0)) {
		/*
		 * The only reference is ours, and nobody can take one without having one. Two
		 * that believe so at once are told apart by the tag, a moment later.
		 */
		__atomic_store_n(&page->_count, -1, __ATOMIC_RELAXED);
		return true;
	}
	if (stored < 0) {
		misuse(MISUSE_ZERO_COUNT, page, order, caller);
		return false;
	}
	return __atomic_fetch_sub(&page->_count, 1, __ATOMIC_ACQ_REL) == 0;
}

bool put_page_testzero(struct page *page)
{
	return drop_reference(page, 0, CALLER());
}

/* The last owner's traces that must be gone; an anonymous mapping is forgiven for single pages. */
static bool page_is_clean(struct page *page, bool single)
{
	if (single && PageAnon(page))
		page->mapping = NULL;
	if (page_flags(page) & BAD_WHEN_FREED || page->mapping || page_mapped(page) ||
		page_count_raw(page) != 0)
		return false;
	if (PageDirty(page))
		ClearPageDirty(page);
	return true;
}

/* Put a block that can not be trusted where nobody gets it. */
static void set_aside(struct page *page, unsigned int order, const void *caller)
{
	bad_page(page, order, caller);
	buddy_set_aside(page_zone(page), page, order);
}

static void free_single(struct page *page, bool cold, const void *caller)
{
	if (unlikely(!page_is_clean(page, true)))
		set_aside(page, 0, caller);
	else
		pcp_free(page, cold);
}

/* The first page of the block that is not clean, or NULL; tails are looked at only if asked to. */
static struct page *find_unclean(struct page *page, unsigned int order)
{
	unsigned long nr = this_cpu->mm->check_tails ? 1UL << order : 1;

	for (unsigned long i = 0; i < nr; i++) {
		if (!page_is_clean(&page[i], false))
			return &page[i];
	}
	return NULL;
}

static void free_block(struct page *page, unsigned int order, const void *caller)
{
	struct page *unclean;

	if (PageCompound(page)) {
		if (!compound_is_whole(page, order)) {
			misuse(MISUSE_BAD_COMPOUND, page, order, caller);
			buddy_set_aside(page_zone(page), page, order);
			return;
		}
		destroy_compound_page(page, order);
	}
	unclean = find_unclean(page, order);
	if (unlikely(unclean)) {
		bad_page(unclean, order, caller);
		buddy_set_aside(page_zone(page), page, order);
		return;
	}
	buddy_free(page_zone(page), page, order);
}

static void free_reference(struct page *page, unsigned int order, const void *caller)
{
	if (!may_free(page, order, caller) || !drop_reference(page, order, caller))
		return;
	if (order == 0)
		free_single(page, false, caller);
	else
		free_block(page, order, caller);
}

void __free_pages(struct page *page, unsigned int order)
{
	free_reference(page, order, CALLER());
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr == 0)
		return;
	if (unlikely(!virt_addr_valid(this_cpu->mm, (const void *)addr))) {
		misuse(MISUSE_BAD_ADDRESS, NULL, order, CALLER());
		return;
	}
	free_reference(virt_to_page((const void *)addr), order, CALLER());
}

void free_hot_page(struct page *page)
{
	if (may_free(page, 0, CALLER()))
		free_single(page, false, CALLER());
}

void free_cold_page(struct page *page)
{
	if (may_free(page, 0, CALLER()))
		free_single(page, true, CALLER());
}

void put_page(struct page *page)
{
	struct page *head = compound_head(page);

	free_reference(head, PageCompound(head) ? page_tag_order(head) : 0, CALLER());
}

void split_page(struct page *page, unsigned int order)
{
	if (!may_free(page, order, CALLER()))
		return;
	if (PageCompound(page)) {
		misuse(MISUSE_BAD_COMPOUND, page, order, CALLER());
		return;
	}
	if (page_count_raw(page) != 1) {
		misuse(MISUSE_SHARED, page, order, CALLER());
		return;
	}
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (i)
			set_page_private(&page[i], 0);
		set_page_count(&page[i], 1);
		set_page_tag(&page[i], PAGE_ALLOCATED, 0);
	}
}
