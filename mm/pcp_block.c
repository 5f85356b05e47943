/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU caches of blocks above order 0: a short list for each order, CPU and zone.
 *
 * They hold what this CPU has freed, and are never filled ahead of need: a CPU that has freed
 * nothing hides nothing. The block freed last is the next one handed out; when a list is full, a
 * batch of its oldest goes to the buddy system under one hold of zone->lock.
 *
 * A cached block is no part of the zone's free pages, as a cached page is not (pcp.c). Its head has
 * count 0 and the tag PAGE_CACHED with its order; the tails are as their last owner left them. To
 * hand one out leaves the zone's free lists as they are, so what is asked of the zone is what is
 * asked for a single page: that its free pages are above the mark.
 *
 * That nobody goes without for what lies here: a zone at its low mark gets what is freed, and not
 * the caches. A request that finds nothing gives back what its own CPU has, a batch at a time and
 * larger blocks first, which are split, and looks again. Who may sleep fetches back what others
 * have before he fails or has somebody killed, and kswapd does before it reclaims.
 *
 * Owns per_cpu_pageset.block, guarded as pcp.c says, and mm->pcp_share. No source in 2.6.11, which
 * has order 0 only.
 */
#include "internal.h"
#include "pcp.h"

/*
 * What one order's list may hold: this many bytes, or one block. Enough for what comes and goes:
 * more would make the longest operation longer, and hide more on an idle CPU, for a few more hits.
 */
#define SLICE_PAGES ((128UL << 10) / PAGE_SIZE)
/* Where a CPU's part of the zone is small, a list has one in so many of it: the orders share. */
#define SLICES 8U
/* Blocks moved at once: this part of a list. */
#define BATCHES 4U

static unsigned long least(unsigned long a, unsigned long b)
{
	return a < b ? a : b;
}

/* Pages that a CPU may keep of a zone. */
static unsigned long budget_of(const struct mm *mm, const struct zone *zone)
{
	const unsigned int share = mm_pcp_share(mm);

	return share && zone ? zone->present_pages / share / mm->nr_cpus : 0;
}

/* The smaller orders first: there is more of them, and they are more often asked for. */
static void set_limits(struct per_cpu_pageset *set, unsigned long budget)
{
	const unsigned long slice = least(SLICE_PAGES, budget / SLICES);

	for (unsigned int order = 1; order < MAX_ORDER; order++) {
		struct per_cpu_pages *pcp = pcp_of_order(set, order);
		unsigned long most = slice >> order ? slice >> order : 1;

		if (most << order > budget)
			most = budget = 0;
		budget -= most << order;
		pcp->high = (uint16_t)most;
		pcp->batch = (uint16_t)(most < BATCHES ? 1 : most / BATCHES);
	}
}

void pcp_init_blocks(struct per_cpu_pageset *set)
{
	for (unsigned int order = 1; order < MAX_ORDER; order++)
		list_init(&pcp_of_order(set, order)->list);
	set_limits(set, budget_of(this_cpu->mm, set->zone));
}

static void explain_cache(struct mm_explain *explain, const struct mm_cpu *cpu,
	const struct zone *zone, const struct per_cpu_pages *pcp, unsigned int order)
{
	explain_add(explain, .kind = EXPLAIN_BLOCKS, .zone = zone,
		.value = {cpu->id, order, pcp->count, pcp->high, pcp->batch});
}

bool pcp_has_block(const struct zone *zone, unsigned int order)
{
	return pcp_count(pcp_of_order(&this_cpu->pageset[zone->index], order)) != 0;
}

struct page *pcp_alloc_block(
	struct zone *zone, unsigned int order, const struct zone *first, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct per_cpu_pageset *set = &cpu->pageset[zone->index];
	struct per_cpu_pages *pcp = pcp_of_order(set, order);
	struct page *page = NULL;

	ASSERT(!cpu->busy);
	pcp_enter(cpu);
	explain_cache(explain, cpu, zone, pcp, order);
	if (pcp->count) {
		page = list_first_entry(&pcp->list, struct page, lru);
		list_del(&page->lru);
		pcp_set_count(pcp, pcp->count - 1U);
		pcp->taken++;
		pcp_add_numa(&set->numa, &cpu->pageset[first->index].numa,
			zone->zone_pgdat == first->zone_pgdat);
		explain_add(explain, .kind = EXPLAIN_CACHE_HIT, .zone = zone,
			.value = {page_to_pfn(page), pcp->count});
	}
	pcp_exit(cpu);
	return page;
}

/* A batch to the buddy system, those that were freed first; how many went. */
static unsigned int spill(struct zone *zone, unsigned int order, struct mm_explain *explain)
{
	struct per_cpu_pageset *set = &this_cpu->pageset[zone->index];
	struct per_cpu_pages *pcp = pcp_of_order(set, order);
	unsigned int went;

	if (explain)
		went = buddy_free_blocks_explained(zone, order, pcp->batch, &pcp->list, explain);
	else
		went = buddy_free_blocks(zone, order, pcp->batch, &pcp->list);
	pcp_count_moved(set, pcp, order, -(int)went);
	return went;
}

bool pcp_free_block(struct page *page, unsigned int order, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct zone *zone = page_zone(page);
	struct per_cpu_pages *pcp = pcp_of_order(&cpu->pageset[zone->index], order);

	ASSERT(!cpu->busy);
	pcp_enter(cpu);
	if (pcp->high == 0 || zone_is_short(zone)) {
		pcp_exit(cpu);
		return false;
	}
	explain_cache(explain, cpu, zone, pcp, order);
	if (pcp->count >= pcp->high) {
		explain_add(
			explain, .kind = EXPLAIN_SPILL, .zone = zone, .value = {pcp->batch, order});
		spill(zone, order, explain);
		cpu->stat.pcp_spill++;
	}
	set_page_tag(page, PAGE_CACHED, order);
	list_add(&page->lru, &pcp->list);
	pcp_set_count(pcp, pcp->count + 1U);
	explain_add(explain, .kind = EXPLAIN_CACHED, .zone = zone,
		.value = {page_to_pfn(page), pcp->count, order});
	pcp_exit(cpu);
	return true;
}

void pcp_drain_blocks(struct mm_cpu *cpu)
{
	struct zone *zone;

	ASSERT(cpu == this_cpu && cpu->busy);
	for_each_populated_zone (zone, cpu->mm) {
		for (unsigned int order = 1; order < MAX_ORDER; order++)
			while (pcp_has_block(zone, order)) {
				const unsigned int went = spill(zone, order, NULL);

				ASSERT(went);
			}
	}
}

static void set_all_limits(struct mm_cpu *cpu)
{
	struct zone *zone;

	for_each_populated_zone (zone, cpu->mm)
		set_limits(&cpu->pageset[zone->index], budget_of(cpu->mm, zone));
}

void pcp_limit_blocks(struct mm_cpu *cpu)
{
	pcp_drain_blocks(cpu);
	set_all_limits(cpu);
}

/* The order whose blocks serve `order` best when given back, or 0: there are none. */
static unsigned int best_order(const struct zone *zone, unsigned int order)
{
	for (unsigned int larger = order + 1; larger < MAX_ORDER; larger++)
		if (pcp_has_block(zone, larger))
			return larger;
	while (order && !pcp_has_block(zone, order))
		order--;
	return order;
}

bool pcp_give_back(const struct zonelist *zonelist, unsigned int order)
{
	struct mm_cpu *cpu = this_cpu;
	unsigned int best = 0;

	if (!pcp_try_enter(cpu))
		return false;
	for (struct zone *const *zone = zonelist->zones; *zone && !best; zone++) {
		best = best_order(*zone, order);
		if (best)
			spill(*zone, best, NULL);
	}
	pcp_exit(cpu);
	return best != 0;
}

void mm_set_pcp_share(struct mm *mm, unsigned int share)
{
	__atomic_store_n(&mm->pcp_share, share, __ATOMIC_RELAXED);
	pcp_ask_all(mm, MM_PENDING_LIMITS);
	/* One that has not run yet caches nothing. */
	for (unsigned int id = 0; id < mm->nr_cpus; id++)
		if (!cpu_is_online(mm->cpu[id]) && mm->cpu[id] != this_cpu)
			set_all_limits(mm->cpu[id]);
}

unsigned int mm_pcp_share(const struct mm *mm)
{
	return __atomic_load_n(&mm->pcp_share, __ATOMIC_RELAXED);
}
