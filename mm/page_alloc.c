/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a GFP mask to a page: the first pass, and the one walk over a zonelist.
 *
 *	alloc_pages -> zonelist of the mask -> walk_zonelist -> take_from_zone -> pcp or buddy
 *	                                   \-- nothing above pages_low --> alloc_slow.c
 *
 * Owns the descriptors of pages on their way out. No lock: the layers below have theirs.
 * Invariant: a block's first page has the tag PAGE_ALLOCATED with its order from here until
 * page_free.c, and no other page has.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c. What is ours: the order is recorded.
 */
#include "internal.h"
#include "pcp.h"

/*
 * Flags that no page may have when it is handed out. 2.6.11 looks at neither PG_reserved, PG_slab
 * nor the count; we do, as a stale user of a free page is caught here or never.
 */
#define BAD_WHEN_TAKEN                                                                       \
	(BIT(PG_private) | BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_dirty) |   \
		BIT(PG_reclaim) | BIT(PG_swapcache) | BIT(PG_writeback) | BIT(PG_reserved) | \
		BIT(PG_slab))
/* Leftovers of the last owner that a new one does not see. */
#define CLEARED_WHEN_TAKEN                                                        \
	(BIT(PG_uptodate) | BIT(PG_error) | BIT(PG_referenced) | BIT(PG_arch_1) | \
		BIT(PG_checked) | BIT(PG_mappedtodisk) | BIT(PG_compound))

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

/* The pages behind a head, as a free block leaves them? A dirty one is nobody's fault. */
static bool tails_are_fresh(struct page *page, unsigned int order, const void *caller)
{
	for (struct page *tail = page + 1; tail < page + (1UL << order); tail++) {
		if ((page_flags(tail) & BAD_WHEN_TAKEN & ~BIT(PG_dirty)) || tail->mapping ||
			page_mapped(tail) || page_count_raw(tail) != 0) {
			bad_page(tail, order, caller);
			return false;
		}
	}
	return true;
}

/* The same for a block of several pages; tails are looked at only if asked to. */
static __attribute__((noinline)) bool prep_new_block(
	struct page *page, unsigned int order, const void *caller)
{
	if (mm_debug(this_cpu->mm) & MM_DEBUG_TAILS && !tails_are_fresh(page, order, caller))
		return false;
	return prep_new_page(page, order, caller);
}

/*
 * HIGHMEM is a zone by name: its pages are mapped, too, and only their users get no address. A
 * kernel that has less room than memory maps each page here. Not inline: a page's clearing is long.
 */
static __attribute__((noinline)) void clear_block(const struct page *page, unsigned int order)
{
	phys_addr_t pa = pfn_to_phys(page_to_pfn(page));

	for (unsigned long i = 0; i < 1UL << order; i++)
		clear_page(phys_to_virt(pa + i * PAGE_SIZE));
}

/*
 * What follows, up to alloc_from(), is inlined into each instance: `request` is known there as far
 * as it is constant, and on the fast path its explain, bypass and debug are. For that its address
 * must stay inside: who is called out of line gets values, or a copy.
 */

/* A page of this CPU's cache. */
static ALWAYS_INLINE struct page *take_cached(
	struct zone *zone, const struct alloc_request *request)
{
	const struct zone *first = request->zonelist->zones[0];
	const bool cold = request->gfp & __GFP_COLD;

	if (unlikely(request->bypass)) {
		mm_count(pcp_bypass, 1);
		return NULL;
	}
	if (request->explain)
		return pcp_alloc_explained(zone, cold, first, request->explain);
	return pcp_alloc(zone, cold, first);
}

/* A block straight from the buddy system. */
static ALWAYS_INLINE struct page *take_block(struct zone *zone, const struct alloc_request *request)
{
	struct page *page;

	if (request->explain)
		page = buddy_take_explained(zone, request->order, request->explain);
	else
		page = buddy_take(zone, request->order);
	if (page)
		count_numa(zone, request->zonelist->zones[0]);
	return page;
}

/* What was done to the block last, and that it is the caller's now. */
static void explain_page(struct mm_explain *explain, gfp_t gfp, unsigned int order,
	const struct zone *zone, const struct page *page)
{
	if (gfp & __GFP_ZERO)
		explain_add(explain, .kind = EXPLAIN_ZEROED, .value = {1UL << order});
	if (order && gfp & __GFP_COMP)
		explain_add(explain, .kind = EXPLAIN_COMPOUND, .value = {order});
	explain_add(explain, .kind = EXPLAIN_PAGE, .zone = zone,
		.value = {page_to_pfn(page), order, (unsigned long)page_address(page)});
}

/* Make a block its new owner's, as he wants it; false: it is corrupt, and set aside. */
static ALWAYS_INLINE bool make_ready(
	struct page *page, struct zone *zone, const struct alloc_request *request)
{
	const gfp_t gfp = request->gfp;
	const unsigned int order = request->order;
	bool good = !request->debug || debug_take(request->debug, page, order, request->caller);

	if (good)
		good = order == 0 ? prep_new_page(page, 0, request->caller)
				  : prep_new_block(page, order, request->caller);
	if (unlikely(!good)) {
		buddy_set_aside(zone, page, order);
		return false;
	}
	if (gfp & __GFP_ZERO)
		clear_block(page, order);
	if (order && gfp & __GFP_COMP)
		prep_compound_page(page, order);
	if (request->debug) {
		const struct alloc_request copy = *request;

		debug_taken(copy.debug, page, &copy);
	}
	if (request->explain)
		explain_page(request->explain, gfp, order, zone, page);
	return true;
}

/* A block of one zone, ready for its owner, or NULL. */
static ALWAYS_INLINE struct page *take_from_zone(
	struct zone *zone, const struct alloc_request *request)
{
	for (;;) {
		struct page *page = NULL;

		if (request->order == 0)
			page = take_cached(zone, request);
		if (!page)
			page = take_block(zone, request);
		if (!page || likely(make_ready(page, zone, request)))
			return page;
	}
}

/* May this zone be asked, as far as the pass goes? */
static ALWAYS_INLINE bool may_take(
	const struct zone *zone, const struct alloc_request *request, const struct alloc_pass *pass)
{
	const enum zone_type classzone = request->zonelist->zones[0]->type;
	const unsigned long mark = zone_mark(zone, pass->mark);

	if (pass->mark == MARK_NONE) {
		explain_add(request->explain, .kind = EXPLAIN_NO_MARK, .zone = zone,
			.value = {zone_free_pages(zone)});
		return true;
	}
	if (request->explain)
		return zone_watermark_ok_explained(zone, request->order, mark, classzone,
			pass->harder, pass->high, request->explain);
	return zone_watermark_ok(zone, request->order, mark, classzone, pass->harder, pass->high);
}

/*
 * A block above order 0 that this CPU caches, or NULL. The zone's free lists stay as they are, so
 * that all it has to have is what it takes for a single page.
 */
static __attribute__((noinline)) struct page *take_own_block(
	struct zone *zone, const struct alloc_request *request, const struct alloc_pass *pass)
{
	const struct alloc_request single = {
		.zonelist = request->zonelist, .explain = request->explain};
	struct page *page;

	if (!may_take(zone, &single, pass))
		return NULL;
	do {
		page = pcp_alloc_block(
			zone, request->order, request->zonelist->zones[0], request->explain);
	} while (page && !make_ready(page, zone, request));
	return page;
}

static ALWAYS_INLINE bool may_have_own_block(
	const struct zone *zone, const struct alloc_request *request)
{
	return request->order && !request->bypass && pcp_has_block(zone, request->order);
}

/* The one walk: try the zones in turn, if the pass lets them go so low. */
static ALWAYS_INLINE struct page *walk_zonelist(
	const struct alloc_request *request, const struct alloc_pass *pass)
{
	explain_add(request->explain, .kind = EXPLAIN_PASS, .text = pass->name,
		.value = {pass->mark, pass->harder, pass->high});
	for (struct zone *const *at = request->zonelist->zones; *at; at++) {
		struct page *page = NULL;

		if (may_have_own_block(*at, request)) {
			const struct alloc_request copy = *request;

			page = take_own_block(*at, &copy, pass);
		}
		if (!page && may_take(*at, request, pass))
			page = take_from_zone(*at, request);
		if (page)
			return page;
	}
	return NULL;
}

static const struct alloc_pass first_pass = {.name = "low", .mark = MARK_LOW};

__attribute__((noinline)) struct page *alloc_walk(
	const struct alloc_request *request, const struct alloc_pass *pass)
{
	return walk_zonelist(request, pass);
}

/* A mask that leads to no zone: say so, once for each machine. */
static __attribute__((noinline)) void say_no_zonelist(gfp_t gfp, const struct zonelist *zonelist)
{
	struct mm *mm = this_cpu->mm;

	explain_add(explain_here(), .kind = EXPLAIN_NO_LIST, .value = {gfp});
	if (!__atomic_exchange_n(&mm->said_bad_zonelist, 1, __ATOMIC_RELAXED))
		print("mm: alloc_pages: gfp 0x%x %s: NULL (said once)\n", gfp,
			zonelist ? "asks for zones that have no memory on this machine"
				 : "has zone modifiers that exclude each other");
}

/* Clearing a HIGHMEM page means mapping it, which may sleep. */
static inline bool gfp_makes_sense(gfp_t gfp)
{
	return (gfp & (__GFP_ZERO | __GFP_HIGHMEM | __GFP_WAIT)) != (__GFP_ZERO | __GFP_HIGHMEM);
}

/* Who asks for what, and where it will be looked for. */
static void explain_request(struct alloc_request request)
{
	const struct zonelist *list = request.zonelist;

	explain_add(request.explain, .kind = EXPLAIN_ALLOC, .text = mm_current()->name,
		.value = {request.gfp, request.order, (unsigned long)request.caller, this_cpu->id});
	for (unsigned int i = 0; list && i < list->nr; i += MM_EXPLAIN_VALUES) {
		struct mm_explain_event event = {.kind = EXPLAIN_ZONELIST};

		for (unsigned int j = 0; j < MM_EXPLAIN_VALUES && i + j < list->nr; j++)
			event.value[j] = (unsigned long)list->zones[i + j];
		mm_explain_add(request.explain, &event);
	}
}

static ALWAYS_INLINE struct page *alloc_from(const struct alloc_request *request)
{
	struct page *page;

	if (request->explain)
		explain_request(*request);
	if (request->debug) {
		const struct alloc_request copy = *request;

		if (!debug_alloc(copy.debug, &copy))
			return NULL;
	}
	if (unlikely(!request->zonelist || request->zonelist->nr == 0)) {
		say_no_zonelist(request->gfp, request->zonelist);
		return NULL;
	}
	if (unlikely(!gfp_makes_sense(request->gfp))) {
		misuse(MISUSE_BAD_GFP, NULL, request->order, request->caller);
		return NULL;
	}
	page = walk_zonelist(request, &first_pass);
	if (unlikely(!page)) {
		const struct alloc_request slow = *request;

		page = alloc_slow(&slow);
		if (!page && request->debug)
			debug_not_taken(slow.debug, &slow);
	}
	return page;
}

struct page *alloc_from_list(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order, const void *caller)
{
	const struct alloc_request request = {
		gfp, order, zonelist, caller, explain_here(), this_cpu->busy, debug_here()};

	return alloc_from(&request);
}

/* The fast path: this CPU's attention is 0. */
static ALWAYS_INLINE struct page *alloc_fast(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order, const void *caller)
{
	const struct alloc_request request = {gfp, order, zonelist, caller, NULL, false, 0};

	return alloc_from(&request);
}

struct page *alloc_any(gfp_t gfp, unsigned int order)
{
	struct mm_cpu *cpu = this_cpu;

	/* The fast path may have been inside the caches when it was asked for. */
	if (pcp_is_asked(cpu))
		pcp_do_asked(cpu);
	if (unlikely(order >= MAX_ORDER))
		return NULL;
	if (unlikely(cpu->attention))
		return alloc_pages_current(gfp, order, CALLER());
	return alloc_fast(cpu->zonelist[gfp & GFP_ZONEMASK], gfp, order, CALLER());
}

struct page *alloc_finish(struct page *page, gfp_t gfp, unsigned int order)
{
	if (pcp_is_asked(this_cpu))
		pcp_do_asked(this_cpu);
	if (unlikely(!prep_new_page(page, order, CALLER()))) {
		buddy_set_aside(page_zone(page), page, order);
		return alloc_from_list(
			this_cpu->zonelist[gfp & GFP_ZONEMASK], gfp, order, CALLER());
	}
	if (gfp & __GFP_ZERO)
		clear_block(page, order);
	return page;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	const struct pglist_data *pgdat = mm_node(this_cpu->mm, nid);
	unsigned int list = gfp & GFP_ZONEMASK;
	const struct zonelist *zonelist;

	if (unlikely(order >= MAX_ORDER))
		return NULL;
	if (unlikely(!pgdat)) {
		misuse(MISUSE_BAD_NODE, NULL, order, CALLER());
		return NULL;
	}
	zonelist = list < GFP_ZONETYPES ? pgdat->node_zonelists[list] : NULL;
	if (unlikely(this_cpu->attention))
		return alloc_from_list(zonelist, gfp, order, CALLER());
	return alloc_fast(zonelist, gfp, order, CALLER());
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);
	void *address;

	if (!page)
		return 0;
	address = page_address(page);
	if (ARCH_HAS_HIGHMEM && unlikely(!address)) {
		misuse(MISUSE_BAD_GFP, NULL, order, CALLER());
		__free_pages(page, order);
	}
	return (unsigned long)address;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	if (unlikely(gfp & __GFP_HIGHMEM)) {
		misuse(MISUSE_BAD_GFP, NULL, 0, CALLER());
		return 0;
	}
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}
