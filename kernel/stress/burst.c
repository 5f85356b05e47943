/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bursts: take all of a zone, largest blocks first, wait a moment, and give it back.
 *
 *	by node           down to pages_low; what is asked for then comes from the next zone
 *	as PF_MEMALLOC    to the last page, where no other zone comes first
 *
 * A zone that runs out goes through every split, every fallback to the next zone and, on the way
 * back, every merge. Only zones that fit the footprint are emptied, and one at a time.
 *
 * A zone is taken below pages_low only when all of its list are that low: so the second part is
 * made where the zone can be a list of its own, bound to its node by a policy. s->bursting is
 * taken by exchange.
 */
#include <port/cpu.h>
#include "hoard.h"

/** What other CPUs may give back, each, between our request and our look. */
#define OTHERS_PAGES 32UL
/** Attempts for a single page that get none, though the zone has more than that. */
#define MISSES_MAX 64U
/** A zone stays empty for one of so many parts of a second: a tick. */
#define LINGER_HZ 100U

struct burst {
	struct stress_worker *w;
	const struct stress_zone *zone;
	struct hoard hoard;
	unsigned long mark;  /* pages that have to stay in the zone */
	unsigned int missed; /* order-0 requests that went elsewhere, though some were left */
	bool down;           /* to the mark */
};

/*
 * The zone has given nothing for a single page. Is it down to the mark? Others give back meanwhile,
 * a block or an interrupt's worth; after several attempts nothing is claimed.
 */
static bool ran_out(struct burst *burst)
{
	const struct stress_zone *zone = burst->zone;
	struct stress *s = burst->w->stress;
	unsigned long others = s->nr_cpus * OTHERS_PAGES, nr = zone_free_now(zone->zone);

	if (others > zone->managed / 16)
		others = zone->managed / 16;
	burst->down = nr <= burst->mark + others;
	atomic_fetch_add(&s->nr_passed_on, burst->down && nr > 0);
	return burst->down || ++burst->missed > MISSES_MAX;
}

/* Take one block; false if the zone has no more of that order, or the footprint is used up. */
static bool burst_take(struct burst *burst, unsigned int order)
{
	struct stress_worker *w = burst->w;

	switch (hoard_take(w->cpu, &burst->hoard, order)) {
	case HOARD_TAKEN:
		break;
	case HOARD_FULL:
		return false;
	default:
		return order == 0 && !ran_out(burst);
	}
	if (w->cpu->slot == 0)
		stress_look_around(w->stress); /* it may be a while until the end of this step */
	return true;
}

/* Down to where the next zone of the list is asked first. */
static void take_to_mark(struct burst *burst)
{
	struct stress *s = burst->w->stress;

	burst->mark = burst->zone->zone->pages_low;
	for (unsigned int order = MAX_ORDER; order-- > 0 && !stress_stopped(s);) {
		while (!stress_stopped(s) && burst_take(burst, order))
			;
	}
	if (!stress_stopped(s)) {
		atomic_fetch_add(&s->nr_bursts, 1);
		atomic_fetch_add(&s->nr_lowered, burst->down);
	}
}

/* And what is below that. */
static void take_reserves(struct burst *burst)
{
	struct stress *s = burst->w->stress;
	struct mm_task *task = mm_current();
	struct policy_use bind;

	if (!burst->zone->bind.policy || !burst->down)
		return;
	policy_use(&bind, &burst->zone->bind);
	burst->hoard.policy = &bind;
	burst->mark = 0;
	burst->missed = 0;
	burst->down = false;
	task->flags |= PF_MEMALLOC;
	while (!stress_stopped(s) && burst_take(burst, 0))
		;
	task->flags &= ~PF_MEMALLOC;
	burst->hoard.policy = NULL;
	if (!stress_stopped(s))
		atomic_fetch_add(&s->nr_emptied, burst->down);
}

/* Leave the zone empty for a moment, so that everybody's requests go on to the next. */
static void linger(const struct burst *burst)
{
	uint64_t until = cpu_time() + cpu_time_hz() / LINGER_HZ;

	while (burst->down && !stress_stopped(burst->w->stress) && cpu_time() < until)
		cpu_wait_until(until);
}

void burst_run(struct stress_worker *w, unsigned int which)
{
	struct stress *s = w->stress;
	struct burst burst = {.w = w};

	if (s->nr_zones == 0 || s->pressure || atomic_exchange(&s->bursting, 1))
		return;
	burst.zone = &s->zone[which % s->nr_zones];
	hoard_init(&burst.hoard, burst.zone, &s->burst_holder);
	atomic_fetch_add(&s->burst_phase, 1);
	take_to_mark(&burst);
	take_reserves(&burst);
	linger(&burst);
	atomic_fetch_add(&s->burst_phase, 1);
	/* From both ends in turn, so that buddies come back in either order. */
	for (bool front = false; !list_empty(&burst.hoard.blocks); front = !front)
		hoard_give(w->cpu, &burst.hoard, front);
	atomic_fetch_add(&s->burst_phase, 1);
	atomic_store(&s->bursting, 0);
}
