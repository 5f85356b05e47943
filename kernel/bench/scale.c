/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How throughput grows with the harts: millions of pairs a second on 1, 2, 4 ... of them, and the
 * ratios. Each hart allocates and frees for itself, as many pairs as the others, all from the same
 * moment on. And what one hart does beside the yardstick: with single pages, and with calls alone.
 *
 * By the clock: of one run only the ratios mean something, and those as far as the host has cores.
 * All counts of harts are measured in turn, some rounds of it, and a ratio is the median of the
 * rounds' ratios: what disturbs the host for a while disturbs both.
 *
 * Owns what the harts do, struct lane, a cache line and more of each; the boot CPU sets it up.
 */
#include <stdatomic.h>
#include <mm/mm.h>
#include <port/cpu.h>
#include <port/lock.h>
#include <port/print.h>
#include "../kernel.h"
#include "bench.h"
#include "yardstick.h"

#define ROUNDS     5U
#define BATCH      64U
#define MAX_COUNTS 10U /* of harts: 1, 2, 4 ... 512 */
#define WARM_UP    256U
/** A hart alone runs for a tenth of a second or more. */
#define SHARE_OF_SECOND 10U
/** With more harts than this each makes fewer pairs, so that it takes no longer. */
#define FULL_HARTS 4U

/** One hart's part of a run. */
struct lane {
	_Alignas(CACHE_LINE) const struct row *row;
	unsigned long pairs;
	uint64_t start, end; /* cpu_time() */
	bool failed;
	struct yard_cache yard;
	struct yard_page yard_pages[BATCH];
	struct page *held[BATCH];
};

/** What is measured: `pairs` of them, false if there was no block. */
struct row {
	const char *name;
	unsigned int order;
	bool (*run)(struct lane *lane, unsigned long pairs);
};

_Static_assert(sizeof(struct lane) <= PAGE_SIZE, "a page of the hart's node");

static struct {
	struct lane
		*lane[OF_MAX_CPUS]; /* one for each hart that is online, the boot hart's first */
	unsigned int nr;            /* of them */
	unsigned int here;          /* harts that are to start together */
	_Atomic unsigned int arrived;
} scale;

static bool run_single(struct lane *lane, unsigned long pairs)
{
	(void)lane;
	while (pairs--) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return false;
		__free_page(page);
	}
	return true;
}

static bool run_block(struct lane *lane, unsigned long pairs)
{
	const unsigned int order = lane->row->order;

	while (pairs--) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			return false;
		__free_pages(page, order);
	}
	return true;
}

static bool run_batch(struct lane *lane, unsigned long pairs)
{
	for (; pairs >= BATCH; pairs -= BATCH) {
		unsigned int nr = 0;

		while (nr < BATCH && (lane->held[nr] = alloc_page(GFP_KERNEL)))
			nr++;
		for (unsigned int i = 0; i < nr; i++)
			__free_page(lane->held[i]);
		if (nr < BATCH)
			return false;
	}
	return true;
}

static bool run_yardstick(struct lane *lane, unsigned long pairs)
{
	while (pairs--) {
		struct yard_page *page = yard_alloc(&lane->yard);

		if (!page)
			return false;
		yard_free(&lane->yard, page);
	}
	return true;
}

static bool run_calls(struct lane *lane, unsigned long pairs)
{
	while (pairs--) {
		struct yard_page *page = yard_no_alloc(&lane->yard);

		if (!page)
			return false;
		yard_no_free(&lane->yard, page);
	}
	return true;
}

static const struct row rows[] = {
	{"0", 0, run_single},
	{"0/batch64", 0, run_batch},
	{"3", 3, run_block},
	{"4", 4, run_block},
	{"9", 9, run_block},
	{"10", 10, run_block},
};
static const struct row yardstick = {"yardstick", 0, run_yardstick};
static const struct row calls = {"calls", 0, run_calls};

/* All have come: then they start. Who waits for long lets the host run the others. */
static void start_together(void)
{
	unsigned int looks = 0;

	atomic_fetch_add(&scale.arrived, 1);
	while (atomic_load(&scale.arrived) < scale.here) {
		if (looks++ < SPIN_BACKOFF_MAX)
			cpu_relax();
		else
			cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
	}
}

static void run_lane(void *arg)
{
	struct lane *lane = arg;

	lane->failed = !lane->row->run(lane, WARM_UP);
	start_together();
	lane->start = cpu_time();
	lane->failed |= !lane->row->run(lane, lane->pairs);
	lane->end = cpu_time();
}

/* Run it on so many harts, the boot hart first. How long all of it took, or 0 if one had nothing.
 */
static uint64_t run_on_harts(const struct row *row, unsigned int harts, unsigned long pairs)
{
	uint64_t start = UINT64_MAX, end = 0;
	unsigned int cpu, nr = 0;

	scale.here = harts;
	atomic_store(&scale.arrived, 0);
	for_each_online_cpu (cpu) {
		struct lane *lane;

		if (nr == harts)
			break;
		lane = scale.lane[nr++];
		lane->row = row;
		lane->pairs = pairs;
		smp_run_on(cpu, run_lane, lane);
	}
	for_each_online_cpu (cpu)
		smp_wait(cpu);
	for (unsigned int i = 0; i < harts; i++) {
		const struct lane *lane = scale.lane[i];

		if (lane->failed)
			return 0;
		start = lane->start < start ? lane->start : start;
		end = lane->end > end ? lane->end : end;
	}
	return end - start ? end - start : 1;
}

/* Thousands of pairs a second on so many harts; 0 if one had nothing. */
static uint64_t measure(const struct row *row, unsigned int harts, unsigned long pairs)
{
	const unsigned long each = harts > FULL_HARTS ? pairs * FULL_HARTS / harts : pairs;
	const uint64_t time = run_on_harts(row, harts, each);

	return time ? (uint64_t)each * harts * (cpu_time_hz() / 1000) / time : 0;
}

/* How many a hart alone needs to be busy for long enough; 0 if it had nothing. */
static unsigned long find_pairs(const struct row *row)
{
	unsigned long pairs = 4096;

	for (;;) {
		const uint64_t time = run_on_harts(row, 1, pairs);

		if (time == 0)
			return 0;
		if (time >= cpu_time_hz() / SHARE_OF_SECOND)
			return pairs;
		pairs *= 2;
	}
}

/* How many harts the n-th count is: powers of two, as far as there are harts; 0 beyond. */
static unsigned int harts_of(unsigned int n)
{
	return n < MAX_COUNTS && 1U << n <= scale.nr ? 1U << n : 0;
}

/* Millions of pairs a second, by count of harts, and each count's against one hart's. */
static bool run_row(const struct row *row)
{
	uint64_t rate[MAX_COUNTS][ROUNDS], ratio[MAX_COUNTS][ROUNDS];
	const unsigned long pairs = find_pairs(row);

	if (!pairs)
		return false;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int n = 0; harts_of(n); n++) {
			rate[n][round] = measure(row, harts_of(n), pairs);
			if (!rate[n][round])
				return false;
			ratio[n][round] = rate[n][round] * BENCH_UNIT / rate[0][round];
		}
	}
	for (unsigned int n = 0; harts_of(n); n++)
		bench_figure(
			bench_median(rate[n], ROUNDS), "scale/%s/harts/%u", row->name, harts_of(n));
	for (unsigned int n = 1; harts_of(n); n++)
		bench_figure(bench_median(ratio[n], ROUNDS), "scale/%s/ratio/%u", row->name,
			harts_of(n));
	return true;
}

/* One hart's rate, against the yardstick's; and that. */
static bool run_beside_yardstick(const struct row *row, bool say_yardstick)
{
	uint64_t rate[ROUNDS], ratio[ROUNDS];
	const unsigned long pairs = find_pairs(&yardstick), ours = find_pairs(row);

	if (!pairs || !ours)
		return false;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const uint64_t single = measure(row, 1, ours);

		rate[round] = measure(&yardstick, 1, pairs);
		if (!single || !rate[round])
			return false;
		ratio[round] = single * BENCH_UNIT / rate[round];
	}
	if (say_yardstick)
		bench_figure(bench_median(rate, ROUNDS), "scale/yardstick/harts/1");
	bench_figure(bench_median(ratio, ROUNDS), "scale/%s/yardsticks", row->name);
	return true;
}

static bool run_all(const struct bench_group *group)
{
	print("bench: scale: millions of pairs a second on 1, 2 ... harts, and the ratios to "
	      "one\n");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!run_row(&rows[i]))
			return bench_short(group, rows[i].order);
	return (run_beside_yardstick(&rows[0], true) && run_beside_yardstick(&calls, false)) ||
	       bench_short(group, 0);
}

/* A lane for each hart, on its node; false if there is no memory. */
static bool make_lanes(void)
{
	unsigned int cpu;

	scale.nr = 0;
	for_each_online_cpu (cpu) {
		const int nid = kernel.mm.cpu[cpu]->nid;
		struct page *page = alloc_pages_node(nid, GFP_KERNEL | __GFP_ZERO, 0);
		struct lane *lane;

		if (!page)
			return false;
		lane = page_address(page);
		yard_fill(&lane->yard, lane->yard_pages, BATCH);
		scale.lane[scale.nr++] = lane;
	}
	return true;
}

static bool run(const struct bench_group *group)
{
	bool done;

	if (smp_nr_online() < 2) {
		print("bench: scale: left out, there is one hart\n");
		return true;
	}
	done = make_lanes() ? run_all(group) : bench_short(group, 0);
	while (scale.nr)
		__free_page(virt_to_page(scale.lane[--scale.nr]));
	return done;
}

const struct bench_group bench_scale = {
	.name = "scale",
	.help = "pairs a second by number of harts, and beside a yardstick",
	.run = run,
};
