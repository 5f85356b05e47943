/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bursts: take all of a zone, largest blocks first, wait a moment, and give it back.
 *
 * A zone that runs out goes through every split, every fallback to the next zone and, on the way
 * back, every merge. Only zones that fit the footprint are emptied, and one at a time.
 *
 * The blocks are chained through page->lru, which is the holder's to use, with the order in
 * page->index, so that a burst needs no memory of its own. s->bursting is taken by exchange.
 */
#include <port/cpu.h>
#include "core.h"

/** What other CPUs may give back, each, between our request and our look. */
#define OTHERS_PAGES 32UL
/** Attempts for a single page that get none, though the zone has more than that. */
#define MISSES_MAX 64U
/** A zone stays empty for one of so many parts of a second: a tick. */
#define LINGER_HZ 100U

struct burst {
	struct stress_worker *w;
	const struct stress_zone *zone;
	struct list_head blocks;
	unsigned int missed; /* order-0 requests that went elsewhere, though some were left */
	bool emptied;
};

/* The stamps' key is the same for all of a worker's bursts; the pfn is in the stamps anyhow. */
static uint64_t burst_key(const struct stress_worker *w)
{
	return prng_mix(w->stress->params.seed ^ w->index);
}

/*
 * The zone has given nothing for a single page. Has it run out? Others give back meanwhile, a
 * block or an interrupt's worth; after several attempts nothing is claimed.
 */
static bool ran_out(struct burst *burst)
{
	const struct stress_zone *zone = burst->zone;
	unsigned long others = burst->w->stress->nr_cpus * OTHERS_PAGES;

	if (others > zone->managed / 16)
		others = zone->managed / 16;
	burst->emptied = zone_free_now(zone->zone) <= others;
	return burst->emptied || ++burst->missed > MISSES_MAX;
}

/* Take one block; false if the zone has no more of that order, or the footprint is used up. */
static bool burst_take(struct burst *burst, unsigned int order)
{
	struct stress_worker *w = burst->w;
	struct stress *s = w->stress;
	const struct request request = {
		.gfp = burst->zone->modifier | GFP_ATOMIC | __GFP_NOWARN,
		.order = order,
		.via = VIA_NODE,
		.nid = burst->zone->nid,
	};
	struct block block;
	enum zone_type type;
	enum take_result result;
	int nid;

	result = block_take(w->cpu, &s->burst_holder, &request, burst_key(w), &block);
	if (result == TAKE_NONE && order == 0)
		return !ran_out(burst);
	if (result != TAKE_OK)
		return false;
	if (!stress_locate(s, page_to_pfn(block.page), &nid, &type) || nid != burst->zone->nid ||
		type != burst->zone->type) {
		/* The next zone of the list: the one we want has nothing left of this order. */
		block_give(w->cpu, &block, 0);
		return order == 0 && !ran_out(burst);
	}
	block.page->index = order;
	list_add_tail(&block.page->lru, &burst->blocks);
	if (w->cpu->slot == 0)
		stress_look_around(s); /* it may be a while until the end of this step */
	return true;
}

static void burst_give(struct burst *burst, struct page *page)
{
	struct stress_worker *w = burst->w;
	struct block block = {
		.page = page,
		.holder = &w->stress->burst_holder,
		.key = burst_key(w),
		.order = (uint8_t)page->index,
		.cpu = (uint16_t)w->cpu->slot,
	};

	list_del(&page->lru);
	block_give(w->cpu, &block, 0);
}

/* Leave the zone empty for a moment, so that everybody's requests go on to the next. */
static void linger(const struct burst *burst)
{
	uint64_t until = cpu_time() + cpu_time_hz() / LINGER_HZ;

	while (burst->emptied && !stress_stopped(burst->w->stress) && cpu_time() < until)
		cpu_wait_until(until);
}

void burst_run(struct stress_worker *w, unsigned int which)
{
	struct stress *s = w->stress;
	struct burst burst = {.w = w};

	if (s->nr_zones == 0 || atomic_exchange(&s->bursting, 1))
		return;
	burst.zone = &s->zone[which % s->nr_zones];
	list_init(&burst.blocks);
	atomic_fetch_add(&s->burst_phase, 1);
	for (unsigned int order = MAX_ORDER; order-- > 0 && !stress_stopped(s);) {
		while (!stress_stopped(s) && burst_take(&burst, order))
			;
	}
	if (!stress_stopped(s)) {
		atomic_fetch_add(&s->nr_bursts, 1);
		atomic_fetch_add(&s->nr_emptied, burst.emptied);
	}
	linger(&burst);
	atomic_fetch_add(&s->burst_phase, 1);
	/* From both ends in turn, so that buddies come back in either order. */
	for (bool front = false; !list_empty(&burst.blocks); front = !front)
		burst_give(&burst, front ? list_first_entry(&burst.blocks, struct page, lru)
					 : list_last_entry(&burst.blocks, struct page, lru));
	atomic_fetch_add(&s->burst_phase, 1);
	atomic_store(&s->bursting, 0);
}
