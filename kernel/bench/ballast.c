/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is taken away from what is measured, and given back afterwards. Owns nothing: the
 * blocks hang from the caller's struct, by page->lru.
 */
#include <mm/mm.h>
#include <mm/reclaim.h>
#include <port/print.h>
#include "../kernel.h"
#include "bench.h"

void bench_ballast_init(struct bench_ballast *ballast)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		list_init(&ballast->block[order]);
}

bool bench_ballast_take(struct bench_ballast *ballast, unsigned int order)
{
	struct page *page = alloc_pages(BENCH_GFP, order);

	if (page)
		list_add(&page->lru, &ballast->block[order]);
	return page != NULL;
}

static void free_order(struct bench_ballast *ballast, unsigned int order)
{
	while (!list_empty(&ballast->block[order])) {
		struct page *page = list_first_entry(&ballast->block[order], struct page, lru);

		list_del(&page->lru);
		__free_pages(page, order);
	}
}

void bench_ballast_free(struct bench_ballast *ballast)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		free_order(ballast, order);
}

unsigned long bench_reserve(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone (zone, &kernel.mm)
		pages += zone->pages_high;
	return pages;
}

bool bench_has_free(const struct bench_group *group, unsigned long pages)
{
	drain_all_pages(&kernel.mm);
	if (nr_free_pages(&kernel.mm) >= pages + bench_reserve())
		return true;
	print("bench: %s: needs %lu MiB free\n", group->name, pages * PAGE_SIZE >> 20);
	return false;
}

/*
 * All memory is taken, the largest blocks first, the zones' reserves included; then those are given
 * back. What stays are the pieces around what was allocated before.
 */
void bench_settle(struct bench_ballast *pieces)
{
	struct mm_task *task = mm_current();
	const unsigned long flags = task->flags;

	bench_ballast_init(pieces);
	drain_all_pages(&kernel.mm);
	task->flags |= PF_MEMALLOC;
	for (unsigned int order = MAX_ORDER; order-- > 0;)
		while (bench_ballast_take(pieces, order))
			;
	task->flags = flags;
	free_order(pieces, MAX_ORDER - 1);
	drain_all_pages(&kernel.mm);
}
