/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one walk over all invariants: lists against counters against descriptors.
 *
 * Nobody may be allocating or reclaiming, and kswapd brings nothing online meanwhile. Reads all and
 * changes nothing; a fault costs one line. Each page of a zone is visited as the head of something
 * or skipped as a part of it:
 *
 *	reserved | free block (its order) | cached block (its order) | allocated block (its order)
 *	| set aside | block in quarantine, which counts as cached | offline: free, or the memory
 *	map's
 *
 * What is none of these has been lost. An allocated page may be on an LRU list besides. Source:
 * semantics S27.
 */
#include <stdarg.h>
#include "internal.h"

#define MAX_LINES 16U

/* What is being checked, and what has been counted so far in this zone. */
struct check {
	struct mm *mm;
	struct zone *zone;
	struct mm_check_result count;
	unsigned long offline_map;    /* pages of the memory map that are not online */
	unsigned long listed, marked; /* pages on the LRU lists, pages with PG_lru */
};

/* A list of pages to be walked. */
struct page_list {
	const char *name; /* "<name> list" in messages */
	const struct list_head *head;
	unsigned long limit; /* its counter; a longer one may be a circle */
	unsigned int order;  /* of the blocks that the pages head */
	void (*visit)(struct check *check, const struct page *page, const struct page_list *list);
};

static const char *const order_names[MAX_ORDER] = {"order-0", "order-1", "order-2", "order-3",
	"order-4", "order-5", "order-6", "order-7", "order-8", "order-9", "order-10"};

static __attribute__((format(printf, 2, 3))) void fault(
	struct check *check, const char *format, ...)
{
	va_list args;

	if (check->count.errors++ >= MAX_LINES)
		return;
	print("check: node %d zone %s: ", check->zone->zone_pgdat->node_id, check->zone->name);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
}

static bool in_zone(const struct check *check, const struct page *page)
{
	return page_zone_index(page) == check->zone->index;
}

static void check_free_head(
	struct check *check, const struct page *page, const struct page_list *list)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned int order = list->order;

	if (!in_zone(check, page))
		fault(check, "pfn 0x%lx of another zone is on the order-%u list", pfn, order);
	if (!PagePrivate(page) || page_private(page) != order || page_state(page) != PAGE_FREE ||
		PageReserved(page))
		fault(check, "pfn 0x%lx on the order-%u list is not marked free of that order", pfn,
			order);
	if (page_count_raw(page) != 0)
		fault(check, "pfn 0x%lx is free with count %d", pfn, page_count_raw(page));
	if (!is_aligned(pfn, 1UL << order))
		fault(check, "pfn 0x%lx is free as order %u but not aligned to it", pfn, order);
}

bool link_is_valid(const struct mm *mm, const struct list_head *head, const struct list_head *link)
{
	uintptr_t offset = (uintptr_t)link - offsetof(struct page, lru) - (uintptr_t)mem_map();

	if (link == head)
		return true;
	return offset % sizeof(struct page) == 0 && pfn_valid(mm, offset / sizeof(struct page));
}

/* Walk a list of pages; returns its length, or stops at a broken link or beyond its limit. */
static unsigned long check_list(struct check *check, const struct page_list *list)
{
	const struct list_head *link = list->head;
	unsigned long nr = 0;

	for (;; nr++) {
		const struct list_head *next = link->next;

		if (!link_is_valid(check->mm, list->head, next) || next->prev != link) {
			fault(check, "%s list: entry %lu is linked wrongly", list->name, nr);
			return nr;
		}
		if (next == list->head)
			return nr;
		if (nr == list->limit) {
			fault(check, "%s list: longer than its counter, %lu", list->name,
				list->limit);
			return nr + 1;
		}
		list->visit(check, list_entry(next, struct page, lru), list);
		link = next;
	}
}

static void check_free_lists(struct check *check)
{
	const struct zone *zone = check->zone;

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		const struct free_area *area = &zone->free_area[order];
		const struct page_list list = {order_names[order], &area->free_list, area->nr_free,
			order, check_free_head};
		unsigned long nr = check_list(check, &list);

		if (nr != area->nr_free)
			fault(check, "order %u: nr_free is %lu, the list has %lu", order,
				area->nr_free, nr);
		check->count.free += nr << order;
	}
	if (check->count.free + zone->offline_pages != zone->free_pages)
		fault(check, "free_pages is %lu, the lists hold %lu", zone->free_pages,
			check->count.free + zone->offline_pages);
}

/* The zone's blocks that have no descriptors, and shall have none. */
static void check_offline(struct check *check)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; i < check->mm->nr_offline; i++) {
		const struct offline_range *range = &check->mm->offline[i];

		if (range->zone != check->zone)
			continue;
		for (unsigned long pfn = range->start_pfn; pfn < range->end_pfn; pfn += BLOCK_PAGES)
			if (pfn_valid(check->mm, pfn))
				fault(check, "pfn 0x%lx is offline and has a descriptor", pfn);
		*(range->reserved ? &check->offline_map : &nr) += range->end_pfn - range->start_pfn;
	}
	if (nr != check->zone->offline_pages)
		fault(check, "offline_pages is %lu, the ranges hold %lu",
			check->zone->offline_pages, nr);
	check->count.free += nr;
}

static void check_cached_page(
	struct check *check, const struct page *page, const struct page_list *list)
{
	unsigned long pfn = page_to_pfn(page);

	if (!in_zone(check, page))
		fault(check, "pfn 0x%lx of another zone is in a cache", pfn);
	if (page_tag(page) != make_tag(PAGE_CACHED, list->order) || page_count_raw(page) != 0 ||
		PagePrivate(page))
		fault(check, "pfn 0x%lx is in a cache but not marked so", pfn);
}

/* One list of a CPU's caches, `name`, of blocks of this order. */
static void check_cache(struct check *check, unsigned int id, const char *name,
	const struct per_cpu_pages *pcp, unsigned int order)
{
	const struct page_list list = {"cached", &pcp->list, pcp->count, order, check_cached_page};
	unsigned long nr = check_list(check, &list);

	if (nr != pcp->count)
		fault(check, "cpu %u's %s cache counts %u %s and holds %lu", id, name, pcp->count,
			order ? "blocks" : "pages", nr);
	if (pcp->count > pcp->high)
		fault(check, "cpu %u's %s cache holds %u %s, %u at most", id, name, pcp->count,
			order ? "blocks" : "pages", pcp->high);
	check->count.cached += nr << order;
}

static void check_caches(struct check *check)
{
	for (unsigned int id = 0; id < check->mm->nr_cpus; id++) {
		const struct per_cpu_pageset *set =
			&check->mm->cpu[id]->pageset[check->zone->index];

		check_cache(check, id, "hot", &set->pcp[PCP_HOT], 0);
		check_cache(check, id, "cold", &set->pcp[PCP_COLD], 0);
		for (unsigned int order = 1; order < MAX_ORDER; order++)
			check_cache(check, id, order_names[order], &set->block[order - 1], order);
	}
}

/* Its blocks are of all zones: those of this one count as cached. */
static void check_quarantined(
	struct check *check, const struct page *page, const struct page_list *list)
{
	(void)list;
	if (page_state(page) != PAGE_QUARANTINED || page_count_raw(page) != 0)
		fault(check, "pfn 0x%lx is in quarantine but not marked so", page_to_pfn(page));
	else if (in_zone(check, page))
		check->count.cached += 1UL << page_tag_order(page);
}

static void check_quarantine(struct check *check)
{
	const struct quarantine *quarantine = &check->mm->quarantine;
	const struct page_list list = {
		"quarantine", &quarantine->blocks, quarantine->pages, 0, check_quarantined};

	check_list(check, &list);
}

static void check_lru_page(
	struct check *check, const struct page *page, const struct page_list *list)
{
	const bool active = list->head == &check->zone->active_list;
	unsigned long pfn = page_to_pfn(page);

	if (!in_zone(check, page))
		fault(check, "pfn 0x%lx of another zone is on the %s list", pfn, list->name);
	if (page_tag(page) != (make_tag(PAGE_ALLOCATED, 0) | PAGE_TAG_LRU) ||
		page_count_raw(page) <= 0)
		fault(check, "pfn 0x%lx on the %s list is not a single page that somebody holds",
			pfn, list->name);
	if (!PageLRU(page) || PageActive(page) != active)
		fault(check, "pfn 0x%lx on the %s list is not marked so", pfn, list->name);
}

static void check_lru_lists(struct check *check)
{
	const struct zone *zone = check->zone;
	const struct page_list lists[] = {
		{"active", &zone->active_list, zone->nr_active, 0, check_lru_page},
		{"inactive", &zone->inactive_list, zone->nr_inactive, 0, check_lru_page}};

	for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		unsigned long nr = check_list(check, &lists[i]);

		if (nr != lists[i].limit)
			fault(check, "nr_%s is %lu, the list has %lu", lists[i].name,
				lists[i].limit, nr);
		check->listed += nr;
	}
}

/* The pages behind a block's head: of the same zone, and heads of nothing themselves. */
static void check_tails(struct check *check, const struct page *head, unsigned int order)
{
	for (unsigned long i = 1; i < 1UL << order; i++) {
		const struct page *tail = head + i;

		if (!in_zone(check, tail) || page_count_raw(tail) != 0 || PageReserved(tail) ||
			page_state(tail) == PAGE_ALLOCATED ||
			(PagePrivate(tail) && page_state(head) == PAGE_FREE)) {
			fault(check,
				"pfn 0x%lx lies inside the order-%u block at 0x%lx but is not part "
				"of it",
				page_to_pfn(tail), order, page_to_pfn(head));
			return;
		}
	}
}

/* Two free buddies of one order ought to have been merged. */
static void check_merged(struct check *check, const struct page *page, unsigned int order)
{
	const struct page *buddy = pfn_to_page(page_to_pfn(page) ^ 1UL << order);

	if (order < MAX_ORDER - 1 && in_zone(check, buddy) && PagePrivate(buddy) &&
		page_state(buddy) == PAGE_FREE && page_private(buddy) == order)
		fault(check, "pfn 0x%lx and its buddy are both free at order %u", page_to_pfn(page),
			order);
}

/* Can a block of this order start here? If not, what follows its head can not be told. */
static bool check_head_order(
	struct check *check, const struct page *page, const char *what, unsigned long order)
{
	if (order < MAX_ORDER && is_aligned(page_to_pfn(page), 1UL << order))
		return true;
	fault(check, "pfn 0x%lx can not head %s block of order %lu", page_to_pfn(page), what,
		order);
	return false;
}

static unsigned long check_free_block(
	struct check *check, const struct page *page, struct mm_check_result *seen)
{
	unsigned int order = (unsigned int)page_private(page);

	if (!check_head_order(check, page, "a free", page_private(page)))
		return 1;
	check_tails(check, page, order);
	check_merged(check, page, order);
	seen->free += 1UL << order;
	return 1UL << order;
}

static unsigned long check_allocated_block(
	struct check *check, const struct page *page, struct mm_check_result *seen)
{
	unsigned int order = page_tag_order(page);

	if (!check_head_order(check, page, "an allocated", order))
		return 1;
	if (page_count_raw(page) <= 0)
		fault(check, "pfn 0x%lx is allocated with count %d", page_to_pfn(page),
			page_count_raw(page));
	check_tails(check, page, order);
	check->marked += PageLRU(page);
	seen->allocated += 1UL << order;
	return 1UL << order;
}

/* Count what `page` heads; returns how many pages that is. */
static unsigned long check_head(
	struct check *check, const struct page *page, struct mm_check_result *seen)
{
	if (PageReserved(page) && page_state(page) != PAGE_SET_ASIDE) {
		seen->reserved++;
		return 1;
	}
	if (PagePrivate(page) && page_state(page) == PAGE_FREE)
		return check_free_block(check, page, seen);
	switch (page_state(page)) {
	case PAGE_ALLOCATED:
		return check_allocated_block(check, page, seen);
	case PAGE_CACHED:
	case PAGE_QUARANTINED:
		if (!check_head_order(check, page,
			    page_state(page) == PAGE_CACHED ? "a cached" : "a quarantined",
			    page_tag_order(page)))
			return 1;
		check_tails(check, page, page_tag_order(page));
		seen->cached += 1UL << page_tag_order(page);
		return 1UL << page_tag_order(page);
	case PAGE_SET_ASIDE:
		if (!check_head_order(check, page, "a set-aside", page_tag_order(page)))
			return 1;
		seen->set_aside += 1UL << page_tag_order(page);
		return 1UL << page_tag_order(page);
	default:
		fault(check, "pfn 0x%lx is on no list and belongs to nobody", page_to_pfn(page));
		return 1;
	}
}

static void walk_descriptors(struct check *check, struct mm_check_result *seen)
{
	unsigned long pfn = check->zone->zone_start_pfn;
	unsigned long end = pfn + check->zone->spanned_pages;

	while (pfn < end) {
		if (!pfn_valid(check->mm, pfn))
			pfn = align_down(pfn, BLOCK_PAGES) + BLOCK_PAGES;
		else if (!in_zone(check, pfn_to_page(pfn)))
			pfn++;
		else
			pfn += check_head(check, pfn_to_page(pfn), seen);
	}
}

static void compare(
	struct check *check, const char *what, unsigned long seen, unsigned long counted)
{
	if (seen != counted)
		fault(check, "%lu pages are %s by their descriptors, %lu by the records", seen,
			what, counted);
}

static void check_zone(struct check *check)
{
	const struct zone *zone = check->zone;
	struct mm_check_result seen = {0};

	check_free_lists(check);
	check_caches(check);
	check_quarantine(check);
	check_lru_lists(check);
	walk_descriptors(check, &seen);
	check_offline(check);
	seen.free += zone->offline_pages;
	seen.reserved += check->offline_map;
	compare(check, "free", seen.free, check->count.free);
	compare(check, "cached", seen.cached, check->count.cached);
	compare(check, "on the LRU lists", check->marked, check->listed);
	compare(check, "reserved", seen.reserved, zone->reserved_pages);
	compare(check, "set aside", seen.set_aside, zone->set_aside_pages);
	compare(check, "accounted for",
		seen.free + seen.cached + seen.allocated + seen.reserved + seen.set_aside,
		zone->present_pages);
	check->count.allocated = seen.allocated;
	check->count.reserved = seen.reserved;
	check->count.set_aside = seen.set_aside;
	check->count.present = zone->present_pages;
}

static void add_result(struct mm_check_result *sum, const struct mm_check_result *one)
{
	sum->free += one->free;
	sum->cached += one->cached;
	sum->allocated += one->allocated;
	sum->reserved += one->reserved;
	sum->set_aside += one->set_aside;
	sum->present += one->present;
	sum->errors = one->errors;
}

unsigned long mm_check(struct mm *mm, struct mm_check_result *result)
{
	struct mm_check_result sum = {0};
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		struct check check = {.mm = mm, .zone = zone, .count.errors = sum.errors};

		buddy_hold_offline(zone, true);
		check_zone(&check);
		buddy_hold_offline(zone, false);
		add_result(&sum, &check.count);
	}
	if (sum.errors > MAX_LINES)
		print("check: %lu more faults not printed\n", sum.errors - MAX_LINES);
	if (result)
		*result = sum;
	return sum.errors;
}
