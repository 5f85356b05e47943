/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buddy system of one zone.
 *
 * A block of order o starts at a pfn that is a multiple of 2^o; its buddy is the block that
 * differs in that one bit. Freeing merges upward as long as the buddy is free and whole:
 *
 *	order 0   [a][B]   B is freed, a is free   ->  order 1  [ a B ]
 *
 * and taking splits downward, giving back the upper half each time:
 *
 *	order 2   [. . . .]  ->  take 1: [t][.][. .]   lists: order 0, order 1
 *
 * Owns zone->free_pages, under zone->lock, and what is on the lists of free_list.h. Invariants: two
 * free buddies of one order never stay apart; sum of nr_free * 2^order, and offline_pages, are
 * free_pages.
 *
 * A buddy's node and zone are compared first, from its own flags: only then is the rest of its
 * descriptor guarded by the lock that we hold. Its descriptor always exists, because descriptors
 * come in aligned blocks of the largest order.
 *
 * A zone's offline blocks are free blocks of the largest order whose descriptors do not exist yet.
 * They count in free_pages and are on no list. When nothing is listed that will do, the caller
 * brings one online; kswapd does so ahead of need.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, __free_pages_bulk(), __rmqueue(), expand().
 */
#include "free_list.h"
#include "internal.h"

/*
 * Blocks of the largest order that kswapd wants listed, if it has to bring them online: two for a
 * CPU that empties one while the next is made, and as many for others.
 */
#define ONLINE_AHEAD 4UL

/* A counter that others read without the lock. */
static ALWAYS_INLINE void count_pages(struct zone *zone, long nr)
{
	store_once64(&zone->free_pages, zone->free_pages + (unsigned long)nr);
}

/* What keeps it from being a free block of exactly this order in this zone; NULL: it is one. */
static ALWAYS_INLINE const char *why_no_buddy(
	const struct zone *zone, const struct page *page, unsigned int order)
{
	unsigned long flags = page_flags(page);

	if (flags >> ZONE_SHIFT != zone->index)
		return "is of another zone, or of none";
	if ((flags & (1UL << PG_private | 1UL << PG_reserved)) != 1UL << PG_private)
		return flags & 1UL << PG_reserved ? "is reserved" : "heads no free block";
	if (page_private(page) != order)
		return "heads a block of another order";
	return page_count_raw(page) ? "has a count" : NULL;
}

/* Merge upward as far as it goes, and put what comes out on its list; how many orders it was. */
static ALWAYS_INLINE unsigned int merge(
	struct zone *zone, struct page *page, unsigned int order, struct mm_explain *explain)
{
	const unsigned int from = order;
	unsigned long pfn = page_to_pfn(page);

	ASSERT(order < MAX_ORDER);
	ASSERT(is_aligned(pfn, 1UL << order));
	explain_add(explain, .kind = EXPLAIN_BLOCK, .zone = zone, .value = {pfn, order});
	count_pages(zone, 1L << order);
	while (order < MAX_ORDER - 1) {
		unsigned long buddy_pfn = pfn ^ 1UL << order;
		struct page *buddy = pfn_to_page(buddy_pfn);
		const char *why = why_no_buddy(zone, buddy, order);

		if (why) {
			explain_add(explain, .kind = EXPLAIN_NO_MERGE, .zone = zone, .text = why,
				.value = {buddy_pfn, order, page_private(buddy)});
			break;
		}
		remove_free_block(zone, buddy, order);
		pfn &= buddy_pfn;
		explain_add(explain, .kind = EXPLAIN_MERGE, .zone = zone,
			.value = {buddy_pfn, order, pfn});
		order++;
	}
	add_free_block(zone, pfn_to_page(pfn), order);
	explain_add(explain, .kind = EXPLAIN_LISTED, .zone = zone, .value = {pfn, order});
	return order - from;
}

void buddy_free_locked(struct zone *zone, struct page *page, unsigned int order)
{
	merge(zone, page, order, NULL);
}

/* What reclaim has found out about the zone no longer holds. */
static void zone_has_freed(struct zone *zone)
{
	__atomic_store_n(&zone->pages_scanned, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&zone->all_unreclaimable, 0, __ATOMIC_RELAXED);
}

static ALWAYS_INLINE void free_block(
	struct zone *zone, struct page *page, unsigned int order, struct mm_explain *explain)
{
	irq_flags_t flags = zone_lock(zone);

	this_cpu->stat_slow.pgfree += 1UL << order;
	zone_has_freed(zone);
	set_page_tag(page, PAGE_FREE, 0);
	merge(zone, page, order, explain);
	unlock_zone(zone, flags);
}

void buddy_free(struct zone *zone, struct page *page, unsigned int order)
{
	free_block(zone, page, order, NULL);
}

void buddy_free_explained(
	struct zone *zone, struct page *page, unsigned int order, struct mm_explain *explain)
{
	free_block(zone, page, order, explain);
}

/* Split a block of order `have` down to `want`, keeping the lower half each time. */
static ALWAYS_INLINE void expand(struct zone *zone, struct page *page, unsigned int have,
	unsigned int want, struct mm_explain *explain)
{
	while (have > want) {
		struct page *upper;

		have--;
		upper = page + (1UL << have);
		add_free_block(zone, upper, have);
		explain_add(explain, .kind = EXPLAIN_SPLIT, .zone = zone,
			.value = {page_to_pfn(page), page_to_pfn(upper), have});
	}
}

static bool wants_online(const struct zone *zone)
{
	return zone->offline_pages && !zone->online_held &&
	       zone->free_area[MAX_ORDER - 1].nr_free < ONLINE_AHEAD;
}

bool buddy_wants_online(struct zone *zone)
{
	irq_flags_t flags = zone_lock(zone);
	const bool wants = wants_online(zone);

	unlock_zone(zone, flags);
	return wants;
}

/* An online block of the largest order, wholly free, is listed where the rest of them ends. */
static void list_online_block(struct zone *zone, struct page *page)
{
	const unsigned int order = MAX_ORDER - 1;

	add_free_block(zone, page, order);
	list_del(&page->lru);
	list_add_tail(&page->lru, &zone->free_area[order].free_list);
	__atomic_store_n(&zone->offline_pages, zone->offline_pages - BLOCK_PAGES, __ATOMIC_RELAXED);
}

/*
 * Bring a block online, or let go of the lock while another CPU is about to. Its descriptors are
 * written without the lock: it is nobody's but this CPU's, which takes no interrupt meanwhile, so
 * that nobody waits for it for long. True if it was this CPU.
 */
static __attribute__((noinline)) bool online_locked(struct zone *zone, struct mm_explain *explain)
{
	const unsigned long pfn = offline_claim(zone);
	irq_flags_t flags = irq_save();

	zone->onlining += pfn != ~0UL;
	zone_unlock(zone, flags);
	if (pfn == ~0UL)
		cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
	else
		memmap_online(zone->zone_pgdat->mm, zone, pfn);
	flags = zone_lock(zone);
	irq_restore(flags);
	if (pfn == ~0UL)
		return false;
	zone->onlining--;
	list_online_block(zone, pfn_to_page(pfn));
	explain_add(
		explain, .kind = EXPLAIN_ONLINE, .zone = zone, .value = {pfn, zone->offline_pages});
	return true;
}

bool mm_online_block(struct zone *zone)
{
	irq_flags_t flags = zone_lock(zone);
	bool came = zone->offline_pages && !zone->online_held && online_locked(zone, NULL);

	unlock_zone(zone, flags);
	return came;
}

void buddy_hold_offline(struct zone *zone, bool hold)
{
	irq_flags_t flags = zone_lock(zone);

	zone->online_held = hold;
	while (hold && zone->onlining) {
		zone_unlock(zone, flags);
		cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
		flags = zone_lock(zone);
	}
	if (wants_online(zone))
		zone->after_unlock |= AFTER_WAKE;
	unlock_zone(zone, flags);
}

static ALWAYS_INLINE struct page *take_listed(
	struct zone *zone, unsigned int order, struct mm_explain *explain)
{
	for (unsigned int have = order; have < MAX_ORDER; have++) {
		struct free_area *area = &zone->free_area[have];
		struct page *page;

		trust_link(zone, have, &area->free_list);
		if (list_empty(&area->free_list))
			continue;
		page = list_first_entry(&area->free_list, struct page, lru);
		remove_free_block(zone, page, have);
		if (unlikely(have == MAX_ORDER - 1) && wants_online(zone))
			zone->after_unlock |= AFTER_WAKE;
		count_pages(zone, -(1L << order));
		explain_add(explain, .kind = EXPLAIN_FOUND, .zone = zone,
			.value = {order, have, page_to_pfn(page)});
		expand(zone, page, have, order, explain);
		return page;
	}
	explain_add(explain, .kind = EXPLAIN_EMPTY, .zone = zone, .value = {order});
	return NULL;
}

/* Under the lock, which is let go meanwhile where a block must be brought online first. */
static ALWAYS_INLINE struct page *take_locked(
	struct zone *zone, unsigned int order, struct mm_explain *explain)
{
	struct page *page = take_listed(zone, order, explain);

	while (unlikely(!page) && zone->offline_pages) {
		online_locked(zone, explain);
		page = take_listed(zone, order, explain);
	}
	return page;
}

static ALWAYS_INLINE struct page *take_block(
	struct zone *zone, unsigned int order, struct mm_explain *explain)
{
	irq_flags_t flags = zone_lock(zone);
	struct page *page = take_locked(zone, order, explain);

	if (page)
		this_cpu->stat_slow.pgalloc[zone->type] += 1UL << order;
	unlock_zone(zone, flags);
	return page;
}

struct page *buddy_take(struct zone *zone, unsigned int order)
{
	return take_block(zone, order, NULL);
}

struct page *buddy_take_explained(struct zone *zone, unsigned int order, struct mm_explain *explain)
{
	return take_block(zone, order, explain);
}

/*
 * The order of the block that so many single pages would be taken from, one after the other: the
 * smallest that is free, or a part of it if it has more.
 */
static unsigned int whole_order(const struct zone *zone, unsigned int count)
{
	unsigned int order = 0;

	while (2U << order <= count && list_empty(&zone->free_area[order].free_list))
		order++;
	return order;
}

/* The pages of a block to the end of a CPU's list, in their order. */
static ALWAYS_INLINE void cache_pages(struct list_head *list, struct page *page, unsigned int order)
{
	const struct page *end = page + (1U << order);
	struct list_head *last = list->prev;

	for (; page < end; page++) {
		set_page_tag(page, PAGE_CACHED, 0);
		page->lru.prev = last;
		last->next = &page->lru;
		last = &page->lru;
	}
	last->next = list;
	list->prev = last;
}

static ALWAYS_INLINE unsigned int take_bulk(
	struct zone *zone, unsigned int count, struct list_head *list, struct mm_explain *explain)
{
	irq_flags_t flags = zone_lock(zone);
	unsigned int taken = 0;

	while (taken < count) {
		/* Who explains sees each page come; it is the same pages, and blocks that stay. */
		const unsigned int order = explain ? 0 : whole_order(zone, count - taken);
		struct page *page = take_locked(zone, order, explain);

		if (!page)
			break;
		cache_pages(list, page, order);
		taken += 1U << order;
	}
	unlock_zone(zone, flags);
	return taken;
}

unsigned int buddy_take_bulk(struct zone *zone, unsigned int count, struct list_head *list)
{
	return take_bulk(zone, count, list, NULL);
}

unsigned int buddy_take_bulk_explained(
	struct zone *zone, unsigned int count, struct list_head *list, struct mm_explain *explain)
{
	return take_bulk(zone, count, list, explain);
}

/* Pages of one page of descriptors: as these are aligned to it, their addresses tell of a block. */
#define RUN_MAX ((unsigned int)(PAGE_SIZE / sizeof(struct page)))

/*
 * Pages at the end of `list` that make up a whole block, freed one after the other: its order, and
 * in `before` the link in front of them. Freed singly they would merge to the same.
 */
static ALWAYS_INLINE unsigned int run_order(
	struct list_head *list, unsigned int count, struct list_head **before)
{
	const uintptr_t last = (uintptr_t)list->prev;
	struct list_head *link = list->prev->prev;
	unsigned int order = 0;

	*before = link;
	if (count > RUN_MAX)
		count = RUN_MAX;
	for (; 2U << order <= count; order++) {
		const size_t block = sizeof(struct page) << (order + 1);

		for (unsigned int i = 0; i < 1U << order; i++, link = link->prev) {
			if (link == list || ((uintptr_t)link ^ last) >= block)
				return order;
		}
		*before = link;
	}
	return order;
}

/* A block of single pages off the end of a list, where `before` is in front of them; its head. */
static ALWAYS_INLINE struct page *take_run(
	struct list_head *list, struct list_head *before, unsigned int order)
{
	const struct page *last = list_last_entry(list, struct page, lru);
	struct page *head = (void *)align_down((uintptr_t)last, sizeof(struct page) << order);

	list->prev = before;
	before->next = list;
	for (unsigned int i = 0; i < 1U << order; i++)
		set_page_tag(&head[i], PAGE_FREE, 0);
	return head;
}

/* Merges under one hold of the lock, and those of one block more. */
#define MERGES_MAX 48U

static ALWAYS_INLINE unsigned int free_bulk(struct zone *zone, unsigned int order,
	unsigned int count, struct list_head *list, struct mm_explain *explain)
{
	irq_flags_t flags = zone_lock(zone);
	unsigned int freed = 0, merges = 0;

	zone_has_freed(zone);
	while (freed < count && !list_empty(list) && merges < MERGES_MAX) {
		struct list_head *before;
		const unsigned int limit = order || explain ? 1 : count - freed;
		const unsigned int run = run_order(list, limit, &before);

		merges += merge(zone, take_run(list, before, run), order + run, explain);
		freed += 1U << run;
	}
	unlock_zone(zone, flags);
	return freed;
}

unsigned int buddy_free_bulk(struct zone *zone, unsigned int count, struct list_head *list)
{
	return free_bulk(zone, 0, count, list, NULL);
}

unsigned int buddy_free_bulk_explained(
	struct zone *zone, unsigned int count, struct list_head *list, struct mm_explain *explain)
{
	return free_bulk(zone, 0, count, list, explain);
}

unsigned int buddy_free_blocks(
	struct zone *zone, unsigned int order, unsigned int count, struct list_head *list)
{
	return free_bulk(zone, order, count, list, NULL);
}

unsigned int buddy_free_blocks_explained(struct zone *zone, unsigned int order, unsigned int count,
	struct list_head *list, struct mm_explain *explain)
{
	return free_bulk(zone, order, count, list, explain);
}

void buddy_set_aside(struct zone *zone, struct page *page, unsigned int order)
{
	irq_flags_t flags = zone_lock(zone);

	ASSERT(page_state(page) != PAGE_SET_ASIDE);
	set_page_tag(page, PAGE_SET_ASIDE, order);
	zone->set_aside_pages += 1UL << order;
	explain_add(explain_here(), .kind = EXPLAIN_SET_ASIDE, .zone = zone,
		.value = {page_to_pfn(page), order});
	unlock_zone(zone, flags);
}
