/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a page back to where it came from.
 *
 *	__free_pages -> the tag says it fits -> last reference -> checks -> pcp or buddy
 *	put_page     -> a page that knows the LRU lists: off them first
 *
 * Owns the descriptors of pages on their way in. No lock: the layers below have theirs.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c and mm/swap.c; split_page() as in 2.6.18. What is ours: the
 * recorded order is checked, and what 2.6.11 calls a bug is reported and refused.
 */
#include "internal.h"
#include "pcp.h"

/* Flags that no page may have when it is freed. */
#define BAD_WHEN_FREED                                                                       \
	(BIT(PG_lru) | BIT(PG_private) | BIT(PG_locked) | BIT(PG_active) | BIT(PG_reclaim) | \
		BIT(PG_slab) | BIT(PG_swapcache) | BIT(PG_writeback))

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

/* Which misuse is it, when a page's tag is not that of an allocated block of `order`? */
static enum misuse why_not_freeable(const struct page *page)
{
	const struct page *head;
	unsigned int its_order;

	if (PageReserved(page) || page_to_nid(page) == NODE_HOLE)
		return MISUSE_RESERVED;
	head = page_block_head(page, &its_order);
	if (head && head != page && page_state(head) != PAGE_FREE &&
		page_state(head) != PAGE_CACHED)
		return MISUSE_NOT_ALLOCATED;
	switch (page_state(page)) {
	case PAGE_ALLOCATED:
		return MISUSE_WRONG_ORDER;
	case PAGE_FREE:
	case PAGE_CACHED:
	case PAGE_QUARANTINED:
		return MISUSE_DOUBLE_FREE;
	default:
		return MISUSE_NOT_ALLOCATED;
	}
}

/* An allocated block of this order that has never been on an LRU list? */
static ALWAYS_INLINE bool fits_plainly(const struct page *page, unsigned int order)
{
	return likely(page_tag(page) == make_tag(PAGE_ALLOCATED, order) && !PageReserved(page));
}

/* May this page be freed as a block of this order? If not, it is reported. */
static bool may_free(const struct page *page, unsigned int order, const void *caller)
{
	if (fits_plainly(page, order))
		return true;
	misuse(why_not_freeable(page), page, order, caller);
	return false;
}

/* One reference of several is gone; `stored` was the count less one. True if it was the last. */
static bool dropped_one(int stored)
{
	explain_add(explain_here(), .kind = EXPLAIN_REFERENCE, .value = {(unsigned long)stored});
	return stored == 0;
}

/* Others hold the block too, or nobody does. */
static __attribute__((noinline)) bool drop_shared(
	struct page *page, unsigned int order, const void *caller)
{
	if (page_count_raw(page) <= 0) {
		misuse(MISUSE_ZERO_COUNT, page, order, caller);
		return false;
	}
	return dropped_one(__atomic_fetch_sub(&page->_count, 1, __ATOMIC_ACQ_REL));
}

static ALWAYS_INLINE bool drop_reference(struct page *page, unsigned int order, const void *caller)
{
	int stored = __atomic_load_n(&page->_count, __ATOMIC_ACQUIRE);

	if (likely(stored == 0)) {
		/*
		 * The only reference is ours, and nobody can take one without having one: a page
		 * that reclaim may find is not dropped here. Two that believe so at once are told
		 * apart by the tag, a moment later.
		 */
		__atomic_store_n(&page->_count, -1, __ATOMIC_RELAXED);
		return true;
	}
	return drop_shared(page, order, caller);
}

/* The same for a page that reclaim may take a reference to at any moment. */
static bool drop_lru_reference(struct page *page, const void *caller)
{
	return drop_shared(page, 0, caller);
}

static bool knows_lru(const struct page *page)
{
	return unlikely(page_tag(page) == (make_tag(PAGE_ALLOCATED, 0) | PAGE_TAG_LRU));
}

bool put_page_testzero(struct page *page)
{
	return knows_lru(page) ? drop_lru_reference(page, CALLER())
			       : drop_reference(page, 0, CALLER());
}

/* The last owner's traces that must be gone; an anonymous mapping is forgiven for single pages. */
static ALWAYS_INLINE bool page_is_clean(struct page *page, bool single)
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

/* One call of a free. On the fast path the last two are constants, as in an alloc_request. */
struct free_request {
	struct page *page;
	unsigned int order;
	bool put;                   /* by put_page(), which may find the page on an LRU list */
	bool cold;                  /* into the cold cache */
	const void *caller;         /* return address of the entry point */
	struct mm_explain *explain; /* NULL: nobody wants to know */
	bool bypass;                /* an interrupt inside its CPU's caches: not through them */
	unsigned int debug;         /* MM_DEBUG_* that are on for this CPU */
};

/* As of now, for what is off the fast path. */
static struct free_request free_request_here(
	struct page *page, unsigned int order, bool put, bool cold, const void *caller)
{
	return (struct free_request){
		page, order, put, cold, caller, explain_here(), this_cpu->busy, debug_here()};
}

/* Back to the zone's buddy system. */
static ALWAYS_INLINE void put_block(const struct free_request *request)
{
	struct zone *zone = page_zone(request->page);

	if (request->explain)
		buddy_free_explained(zone, request->page, request->order, request->explain);
	else
		buddy_free(zone, request->page, request->order);
}

/* A block above order 0: into the cache, or back to the zone's buddy system. */
static ALWAYS_INLINE void put_whole_block(const struct free_request *request)
{
	if (request->bypass || !pcp_free_block(request->page, request->order, request->explain))
		put_block(request);
}

static ALWAYS_INLINE void free_single(const struct free_request *request)
{
	if (unlikely(!page_is_clean(request->page, true))) {
		set_aside(request->page, 0, request->caller);
		return;
	}
	explain_add(request->explain, .kind = EXPLAIN_CHECKED);
	if (request->debug && debug_freed(request->debug, request->page, 0, request->caller))
		return;
	if (unlikely(request->bypass)) {
		mm_count(pcp_bypass, 1);
		put_block(request);
	} else if (request->explain) {
		pcp_free_explained(request->page, request->cold, request->explain);
	} else {
		pcp_free(request->page, request->cold);
	}
}

/* The first page of the block that is not clean, or NULL; tails are looked at only if asked to. */
static struct page *find_unclean(struct page *page, unsigned int order)
{
	unsigned long nr = mm_debug(this_cpu->mm) & MM_DEBUG_TAILS ? 1UL << order : 1;

	for (unsigned long i = 0; i < nr; i++) {
		if (!page_is_clean(&page[i], false))
			return &page[i];
	}
	return NULL;
}

/* No longer compound, and clean; false if it was refused, or can not be trusted: set aside. */
static bool prepare_block(struct page *page, unsigned int order, const void *caller)
{
	struct page *unclean;

	if (unlikely(spin_is_mine(&page_zone(page)->lock))) {
		set_page_count(page, 1);
		misuse(MISUSE_ZONE_LOCKED, page, order, caller);
		return false;
	}
	if (PageCompound(page)) {
		if (!compound_is_whole(page, order)) {
			misuse(MISUSE_BAD_COMPOUND, page, order, caller);
			buddy_set_aside(page_zone(page), page, order);
			return false;
		}
		destroy_compound_page(page, order);
	}
	unclean = find_unclean(page, order);
	if (unlikely(unclean)) {
		bad_page(unclean, order, caller);
		buddy_set_aside(page_zone(page), page, order);
		return false;
	}
	return true;
}

/* The last reference to a page that LRU lists know is gone. */
static void free_lru_page(struct page *page, bool put, bool cold, const void *caller)
{
	const struct free_request request = free_request_here(page, 0, put, cold, caller);
	const bool listed = lru_remove(page);

	/* Only put_page() takes a page off its list: another free that finds it there is wrong. */
	if (listed && !put)
		set_aside(page, 0, caller);
	else
		free_single(&request);
}

static void explain_free(struct free_request request)
{
	explain_add(request.explain, .kind = EXPLAIN_FREE, .text = mm_current()->name,
		.value = {page_to_pfn(request.page), request.order, (unsigned long)request.caller,
			this_cpu->id, (unsigned long)page_count_raw(request.page)});
}

/* Out of line: not an allocated block of this order, or a page that LRU lists know. */
static __attribute__((noinline)) void free_oddly(
	struct page *page, unsigned int order, bool put, const void *caller)
{
	if (order || !knows_lru(page) || PageReserved(page))
		misuse(why_not_freeable(page), page, order, caller);
	else if (drop_lru_reference(page, caller))
		free_lru_page(page, put, false, caller);
}

static ALWAYS_INLINE void free_by(const struct free_request *request)
{
	struct page *page = request->page;
	const unsigned int order = request->order;

	if (request->explain)
		explain_free(*request);
	if (!fits_plainly(page, order)) {
		free_oddly(page, order, request->put, request->caller);
		return;
	}
	if (request->debug && !debug_free(request->debug, page, order, request->caller))
		return;
	if (!drop_reference(page, order, request->caller))
		return;
	if (order == 0) {
		free_single(request);
	} else if (prepare_block(page, order, request->caller)) {
		explain_add(request->explain, .kind = EXPLAIN_CHECKED);
		if (!request->debug || !debug_freed(request->debug, page, order, request->caller))
			put_whole_block(request);
	}
}

/* The body for all that mm_cpu.attention stands for. */
static __attribute__((noinline)) void free_attentively(
	struct page *page, unsigned int order, bool put, const void *caller)
{
	const struct free_request request = free_request_here(page, order, put, false, caller);

	free_by(&request);
}

static ALWAYS_INLINE void free_reference(
	struct page *page, unsigned int order, bool put, const void *caller)
{
	const struct free_request request = {page, order, put, false, caller, NULL, false, 0};

	if (unlikely(this_cpu->attention))
		free_attentively(page, order, put, caller);
	else
		free_by(&request);
}

void free_any(struct page *page, unsigned int order)
{
	/* The fast path may have been inside the caches when it was asked for. */
	if (pcp_is_asked(this_cpu))
		pcp_do_asked(this_cpu);
	free_reference(page, order, false, CALLER());
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr == 0)
		return;
	if (unlikely(!virt_addr_valid(this_cpu->mm, (const void *)addr))) {
		misuse(MISUSE_BAD_ADDRESS, NULL, order, CALLER());
		return;
	}
	free_reference(virt_to_page((const void *)addr), order, false, CALLER());
}

/* The count is 0 already. */
static void free_unheld(struct page *page, bool cold, const void *caller)
{
	const struct free_request request = free_request_here(page, 0, false, cold, caller);

	if (request.explain)
		explain_free(request);
	if (knows_lru(page) && page_count_raw(page) == 0)
		free_lru_page(page, false, cold, caller);
	else if (may_free(page, 0, caller))
		free_single(&request);
}

void free_hot_page(struct page *page)
{
	free_unheld(page, false, CALLER());
}

void free_cold_page(struct page *page)
{
	free_unheld(page, true, CALLER());
}

void put_page_cold(struct page *page)
{
	ASSERT(knows_lru(page));
	if (drop_lru_reference(page, CALLER()))
		free_lru_page(page, true, true, CALLER());
}

void put_page(struct page *page)
{
	struct page *head = compound_head(page);

	free_reference(head, PageCompound(head) ? page_tag_order(head) : 0, true, CALLER());
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
	debug_split(debug_here(), page, order, CALLER());
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (i)
			set_page_private(&page[i], 0);
		set_page_count(&page[i], 1);
		set_page_tag(&page[i], PAGE_ALLOCATED, 0);
	}
}
