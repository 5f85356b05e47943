/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many blocks are allocated, then freed in the same order: refills and spills of the caches are
 * part of it. The array that the blocks are kept in is not counted. Owns nothing.
 */
#include <mm/mm.h>
#include <port/cpu.h>
#include "bench.h"

static const struct {
	unsigned int order, nr;
} batches[] = {{0, 64}, {0, 4096}, {0, BENCH_MAX_BATCH}, {3, 64}, {9, 16}};
#define NR_BATCHES (sizeof(batches) / sizeof(batches[0]))

/* The array's pages. */
#define ARRAY_ORDER 7U
_Static_assert(sizeof(struct page *) * BENCH_MAX_BATCH <= PAGE_SIZE << ARRAY_ORDER, "");

static uint64_t time_alloc_pages(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++)
		*held = alloc_page(GFP_KERNEL);
	return cpu_instructions() - before;
}

static uint64_t time_free_pages(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++)
		__free_page(*held);
	return cpu_instructions() - before;
}

static uint64_t time_alloc_blocks(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	const unsigned int order = region->order;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++)
		*held = alloc_pages(GFP_KERNEL, order);
	return cpu_instructions() - before;
}

static uint64_t time_free_blocks(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	const unsigned int order = region->order;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++)
		__free_pages(*held, order);
	return cpu_instructions() - before;
}

/* The loops around nothing. */
static uint64_t time_store(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	struct page *page = NULL;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++) {
		BENCH_OPAQUE(page);
		*held = page;
	}
	return cpu_instructions() - before;
}

static uint64_t time_load(const struct bench_region *region)
{
	struct page **held = region->held, **end = held + region->nr;
	const uint64_t before = cpu_instructions();

	for (; held < end; held++) {
		struct page *page = *held;

		BENCH_OPAQUE(page);
	}
	return cpu_instructions() - before;
}

/* One batch and back: instructions of both halves. False, and nothing held, if memory is short. */
static bool time_batch(const struct bench_region *alloc, const struct bench_region *free,
	uint64_t *took, uint64_t *gave)
{
	bool complete = true;

	*took = bench_time(alloc);
	for (unsigned int i = 0; i < alloc->nr; i++)
		complete &= alloc->held[i] != NULL;
	if (complete) {
		*gave = bench_time(free);
		return true;
	}
	for (unsigned int i = 0; i < alloc->nr; i++)
		if (alloc->held[i])
			__free_pages(alloc->held[i], alloc->order);
	return false;
}

/* The median, for one operation, less the loop. */
static uint64_t each(uint64_t *times, uint64_t loop, unsigned int nr)
{
	return (bench_median(times, BENCH_REPEATS) - loop) * BENCH_UNIT / nr;
}

static bool run_batch(
	const struct bench_group *group, struct page **held, unsigned int order, unsigned int nr)
{
	const struct bench_region base = {.order = order, .nr = nr, .held = held};
	struct bench_region alloc = base, free = base, store = base, load = base;
	uint64_t took[BENCH_REPEATS], gave[BENCH_REPEATS], both[BENCH_REPEATS];
	uint64_t stores, loads;

	alloc.time = order ? time_alloc_blocks : time_alloc_pages;
	free.time = order ? time_free_blocks : time_free_pages;
	store.time = time_store;
	load.time = time_load;
	/* They may not reclaim, with interrupts masked. */
	if (!bench_has_free(group, (unsigned long)nr << order))
		return false;
	stores = bench_time(&store);
	loads = bench_time(&load);
	for (unsigned int i = 0; i < BENCH_REPEATS; i++) {
		if (!time_batch(&alloc, &free, &took[i], &gave[i]))
			return bench_short(group, order);
		both[i] = took[i] + gave[i];
	}
	bench_figure(each(took, stores, nr), "batch/%u/%u/alloc", order, nr);
	bench_figure(each(gave, loads, nr), "batch/%u/%u/free", order, nr);
	bench_figure(each(both, stores + loads, nr), "batch/%u/%u/pair", order, nr);
	return true;
}

static bool run(const struct bench_group *group)
{
	struct page *array = alloc_pages(GFP_KERNEL, ARRAY_ORDER);
	bool ok = array != NULL;

	if (!array)
		return bench_short(group, ARRAY_ORDER);
	for (unsigned int i = 0; i < NR_BATCHES && ok; i++)
		ok = run_batch(group, page_address(array), batches[i].order, batches[i].nr);
	__free_pages(array, ARRAY_ORDER);
	return ok;
}

const struct bench_group bench_batches = {
	.name = "batches",
	.help = "allocate many, then free them, refills and spills included",
	.exact = true,
	.settled = true,
	.run = run,
};
