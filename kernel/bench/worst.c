/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worst single operations: pages are allocated one by one until there is nothing left but what
 * the zones keep, and then freed one by one. Each is timed by itself.
 *
 * Owns the list of what is held; it goes through page->lru, so it needs no memory.
 */
#include <mm/list.h>
#include <mm/mmzone.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/print.h>
#include "bench.h"

/* Over all operations of a kind. */
struct extremes {
	uint64_t max;
	unsigned long nr, over; /* operations, and those over LIMIT */
};
#define LIMIT 2000U

static void add(struct extremes *extremes, uint64_t time)
{
	extremes->nr++;
	extremes->over += time > LIMIT;
	if (time > extremes->max)
		extremes->max = time;
}

static struct page *timed_alloc(struct extremes *extremes, uint64_t reading)
{
	const irq_flags_t flags = irq_save();
	const uint64_t before = cpu_instructions();
	struct page *page = alloc_page(BENCH_GFP);
	const uint64_t time = cpu_instructions() - before;

	irq_restore(flags);
	if (page)
		add(extremes, time - reading);
	return page;
}

static void timed_free(struct page *page, struct extremes *extremes, uint64_t reading)
{
	const irq_flags_t flags = irq_save();
	const uint64_t before = cpu_instructions();
	uint64_t time;

	__free_page(page);
	time = cpu_instructions() - before;
	irq_restore(flags);
	add(extremes, time - reading);
}

static void show(const struct extremes *extremes, const char *name)
{
	bench_figure(extremes->max * BENCH_UNIT, "worst/%s/max", name);
	bench_figure(extremes->over * BENCH_UNIT, "worst/%s/over-%u", name, LIMIT);
}

static bool run(const struct bench_group *group)
{
	struct extremes alloc = {.max = 0}, free = {.max = 0};
	const uint64_t reading = bench_reading();
	struct list_head held;
	struct page *page;

	list_init(&held);
	while ((page = timed_alloc(&alloc, reading)))
		list_add_tail(&page->lru, &held);
	while (!list_empty(&held)) {
		page = list_first_entry(&held, struct page, lru);
		list_del(&page->lru);
		timed_free(page, &free, reading);
	}
	if (alloc.nr == 0)
		return bench_short(group, 0);
	print("bench: worst: of %lu pages\n", alloc.nr);
	show(&alloc, "alloc");
	show(&free, "free");
	return true;
}

const struct bench_group bench_worst = {
	.name = "worst",
	.help = "single pages until nothing is left, and back: the slowest",
	.exact = true,
	.settled = true,
	.run = run,
};
