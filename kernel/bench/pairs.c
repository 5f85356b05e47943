/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block is allocated and freed, again and again, so that all of it is in the caches: the hot
 * pair of each order, and what clearing a page adds. The calls and their arguments are counted, the
 * loop is not. Owns nothing.
 */
#include <port/cpu.h>
#include <mm/mmzone.h>
#include "bench.h"

#define PAIRS 1000U

/* Order 0, by the calls that are for it. */
static uint64_t time_pages(const struct bench_region *region)
{
	const gfp_t gfp = region->gfp;
	const uint64_t before = cpu_instructions();

	for (unsigned int i = region->nr; i; i--) {
		struct page *page = alloc_page(gfp);

		if (!page)
			return BENCH_FAILED;
		__free_page(page);
	}
	return cpu_instructions() - before;
}

static uint64_t time_blocks(const struct bench_region *region)
{
	const gfp_t gfp = region->gfp;
	const unsigned int order = region->order;
	const uint64_t before = cpu_instructions();

	for (unsigned int i = region->nr; i; i--) {
		struct page *page = alloc_pages(gfp, order);

		if (!page)
			return BENCH_FAILED;
		__free_pages(page, order);
	}
	return cpu_instructions() - before;
}

/* The same loop around nothing. */
static uint64_t time_nothing(const struct bench_region *region)
{
	const void *page = region;
	const uint64_t before = cpu_instructions();

	for (unsigned int i = region->nr; i; i--) {
		BENCH_OPAQUE(page);
		if (!page)
			return BENCH_FAILED;
	}
	return cpu_instructions() - before;
}

static uint64_t pair(gfp_t gfp, unsigned int order)
{
	const struct bench_region region = {
		.time = order ? time_blocks : time_pages, .gfp = gfp, .order = order, .nr = PAIRS};
	const struct bench_region empty = {.time = time_nothing, .nr = PAIRS};

	return bench_repeat(&region, &empty);
}

static bool run(const struct bench_group *group)
{
	uint64_t plain = 0, value;

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		value = pair(GFP_KERNEL, order);
		if (value == BENCH_FAILED)
			return bench_short(group, order);
		bench_figure(value, "pair/%u", order);
		if (order == 0)
			plain = value;
	}
	value = pair(GFP_KERNEL | __GFP_ZERO, 0);
	if (value == BENCH_FAILED)
		return bench_short(group, 0);
	bench_figure(value, "pair/0/zeroed");
	bench_figure(value - plain, "pair/0/zeroing");
	return true;
}

const struct bench_group bench_pairs = {
	.name = "pairs",
	.help = "allocate and free, again and again, by order",
	.exact = true,
	.settled = true,
	.run = run,
};
