/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random mix at half full: blocks of order 0 to 9, each half as likely as the one before, are
 * allocated and freed in 65536 pages, of which half are in use on average. The rest of memory is
 * taken away before. Each operation is timed by itself.
 *
 * Owns the run's tables, which lie in pages taken for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <port/cpu.h>
#include <port/irq.h>
#include "../kernel.h"
#include "bench.h"

#define PAGES    65536UL
#define ORDERS   10U
#define SEED     0x9e3779b97f4a7c15UL
#define WARM_UP  100000U
#define MEASURED 200000U
/* A slot is occupied half of the time, and a block has 5.5 pages on average. */
#define SLOTS ((unsigned int)(PAGES * 2 / 11))

/* An operation as one number, so that sorting brings together what belongs together. */
#define SAMPLE_FREE        (1U << 31)
#define SAMPLE_ORDER_SHIFT 27
#define SAMPLE_TIME        ((1U << SAMPLE_ORDER_SHIFT) - 1)

struct slot {
	struct page *page; /* NULL: empty */
	unsigned int order;
};

struct mix {
	struct slot slot[SLOTS];
	uint64_t random;
	unsigned int nr; /* samples */
	unsigned int failed, failed_although_free;
	uint64_t reading; /* what a reading of the counter adds */
	struct bench_ballast ballast;
	uint32_t sample[MEASURED];
};
#define MIX_ORDER 9U
_Static_assert(sizeof(struct mix) <= PAGE_SIZE << MIX_ORDER, "its block holds it");

/* xorshift64*. Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
static uint64_t next_random(struct mix *mix)
{
	mix->random ^= mix->random >> 12;
	mix->random ^= mix->random << 25;
	mix->random ^= mix->random >> 27;
	return mix->random * 0x2545f4914f6cdd1dUL;
}

/* Order k with weight 2^-(k+1); the last takes the rest. */
static unsigned int random_order(struct mix *mix)
{
	const uint64_t ones = next_random(mix) | 1UL << (64 - ORDERS);

	return (unsigned int)__builtin_clzl(ones);
}

/* Is there a block that the request could have been cut from? */
static bool is_free_block(unsigned int order)
{
	struct zone *zone;

	for_each_populated_zone (zone, &kernel.mm)
		for (unsigned int o = order; o < MAX_ORDER; o++)
			if (zone->free_area[o].nr_free)
				return true;
	return false;
}

static void keep(struct mix *mix, bool measured, uint32_t kind, unsigned int order, uint64_t time)
{
	time -= mix->reading;
	if (measured)
		mix->sample[mix->nr++] = kind | order << SAMPLE_ORDER_SHIFT |
					 (uint32_t)(time < SAMPLE_TIME ? time : SAMPLE_TIME);
}

static void fill_slot(struct mix *mix, struct slot *slot, bool measured)
{
	const unsigned int order = random_order(mix);
	const irq_flags_t flags = irq_save();
	const uint64_t before = cpu_instructions();
	struct page *page = alloc_pages(BENCH_GFP, order);
	const uint64_t time = cpu_instructions() - before;

	irq_restore(flags);
	slot->page = page;
	slot->order = order;
	if (page) {
		keep(mix, measured, 0, order, time);
		return;
	}
	mix->failed++;
	mix->failed_although_free += is_free_block(order);
}

static void empty_slot(struct mix *mix, struct slot *slot, bool measured)
{
	const irq_flags_t flags = irq_save();
	const uint64_t before = cpu_instructions();
	uint64_t time;

	__free_pages(slot->page, slot->order);
	time = cpu_instructions() - before;
	irq_restore(flags);
	slot->page = NULL;
	keep(mix, measured, SAMPLE_FREE, slot->order, time);
}

static void run_mix(struct mix *mix, unsigned int operations, bool measured)
{
	for (unsigned int i = 0; i < operations; i++) {
		struct slot *slot = &mix->slot[(next_random(mix) >> 32) * SLOTS >> 32];

		if (slot->page)
			empty_slot(mix, slot, measured);
		else
			fill_slot(mix, slot, measured);
	}
}

/* Take all but PAGES and what the zones keep, in blocks as large as can be. */
static void take_ballast(struct mix *mix)
{
	const unsigned long left = PAGES + bench_reserve();
	unsigned int order = MAX_ORDER - 1;

	drain_all_pages(&kernel.mm);
	while (nr_free_pages(&kernel.mm) > left) {
		const bool fits = nr_free_pages(&kernel.mm) - left >= 1UL << order;

		if (!(fits && bench_ballast_take(&mix->ballast, order)) && order-- == 0)
			break;
		drain_local_pages();
	}
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* As a figure. */
static uint64_t time_of(uint32_t sample)
{
	return (uint64_t)(sample & SAMPLE_TIME) * BENCH_UNIT;
}

/* Samples [from, to), sorted, all of a kind. */
static void show_samples(
	const struct mix *mix, unsigned int from, unsigned int to, const char *name)
{
	const unsigned int nr = to - from;
	uint64_t sum = 0;

	for (unsigned int i = from; i < to; i++)
		sum += mix->sample[i] & SAMPLE_TIME;
	bench_figure(sum * BENCH_UNIT / nr, "mix/%s/mean", name);
	bench_figure(time_of(mix->sample[from + nr / 2]), "mix/%s/p50", name);
	bench_figure(time_of(mix->sample[from + nr * 99 / 100]), "mix/%s/p99", name);
	bench_figure(time_of(mix->sample[to - 1]), "mix/%s/max", name);
}

/* The statistics of each run of samples that agree in the bits of `mask`. */
static void show_kinds(struct mix *mix, uint32_t mask)
{
	unsigned int from = 0;

	qsort(mix->sample, mix->nr, sizeof(mix->sample[0]), by_number);
	for (unsigned int i = 1; i <= mix->nr; i++) {
		const uint32_t kind = mix->sample[from] & mask;
		char name[16];

		if (i < mix->nr && (mix->sample[i] & mask) == kind)
			continue;
		snprintf(name, sizeof(name), "%s", kind & SAMPLE_FREE ? "free" : "alloc");
		if (mask != SAMPLE_FREE)
			snprintf(name, sizeof(name), "%s/%u", kind & SAMPLE_FREE ? "free" : "alloc",
				(kind & ~SAMPLE_FREE) >> SAMPLE_ORDER_SHIFT);
		show_samples(mix, from, i, name);
		from = i;
	}
}

static void show(struct mix *mix)
{
	show_kinds(mix, ~SAMPLE_TIME);
	for (unsigned int i = 0; i < mix->nr; i++)
		mix->sample[i] &= SAMPLE_FREE | SAMPLE_TIME;
	show_kinds(mix, SAMPLE_FREE);
	bench_figure(mix->failed * (uint64_t)BENCH_UNIT, "mix/failed");
	bench_figure(mix->failed_although_free * (uint64_t)BENCH_UNIT, "mix/failed-although-free");
}

static void init(struct mix *mix)
{
	memset(mix, 0, sizeof(*mix));
	mix->random = SEED;
	mix->reading = bench_reading();
	bench_ballast_init(&mix->ballast);
}

static bool run(const struct bench_group *group)
{
	struct page *block = alloc_pages(GFP_KERNEL, MIX_ORDER);
	struct mix *mix;

	if (!block)
		return bench_short(group, MIX_ORDER);
	mix = page_address(block);
	if (!bench_has_free(group, PAGES)) {
		__free_pages(block, MIX_ORDER);
		return false;
	}
	init(mix);
	take_ballast(mix);
	run_mix(mix, WARM_UP, false);
	mix->failed = mix->failed_although_free = 0;
	run_mix(mix, MEASURED, true);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (mix->slot[i].page)
			__free_pages(mix->slot[i].page, mix->slot[i].order);
	bench_ballast_free(&mix->ballast);
	show(mix);
	__free_pages(block, MIX_ORDER);
	return true;
}

const struct bench_group bench_mix = {
	.name = "mix",
	.help = "orders 0 to 9 at random, at half full",
	.exact = true,
	.settled = true,
	.run = run,
};
