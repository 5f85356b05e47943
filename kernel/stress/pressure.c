/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pressure: every zone is held at its low mark while the workers go on.
 *
 *	free_pages   0 ---- pages_min ---- pages_low ---- ...
 *	                      atomic  <------- workers   |<-- hoards take what is above,
 *	                                                 |    give when it is below
 *
 * So most requests find nothing in the first pass: kswapd is woken, who may wait reclaims, and the
 * deeper marks are all that stands between workers and interrupts. At quiet points, with nobody
 * else about, each kind of mask is asked for until there is nothing more, and every single answer
 * is held against the mark that it should have been held to.
 *
 * Owns struct pressure. A zone's hoard belongs to who has set its `busy`.
 */
#include <inttypes.h>
#include <mm/reclaim.h>
#include <port/print.h>
#include <port/task.h>
#include "hoard.h"
#include "victim.h"

/** Steps of a worker between two looks at a zone, and blocks that are moved in one. */
#define PRESSURE_STEPS 8U
#define PRESSURE_MOVES 64U
/** Steps of a worker between two uses of a cached page. */
#define VICTIM_STEPS 16U
/** Requests of a probe with the same mask and order. */
#define PROBE_MOST      4096U
#define PROBE_ORDER_MAX 3U
/** A zone that kswapd fills meanwhile is emptied again, so often. */
#define PROBE_TRIES 4U

struct pressure_zone {
	struct hoard hoard;
	struct holder holder;
	_Atomic unsigned int busy;
};

struct pressure {
	struct pressure_zone zone[STRESS_MAX_ZONES];
	struct victim victim; /* slot 0 opens and shuts it, all others wait meanwhile */
};

/*
 * Shut the victim, and wait until each kswapd is through with what it has in hand: a page that it
 * was about to free is on nobody's account.
 */
static void shut_victim(struct stress *s)
{
	victim_close(&s->pressure->victim);
	wait_for_kswapds(s->mm, cpu_time() + s->patience);
}

int pressure_build(struct stress *s)
{
	struct pressure *pressure = state_alloc(s, s->cpu[0]->id, sizeof(*pressure));

	if (!pressure)
		return -1;
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		struct pressure_zone *at = &pressure->zone[i];

		at->holder = (struct holder){
			.limit = s->zone[i].managed, .owner = OWNER_PRESSURE(i)};
		hoard_init(&at->hoard, &s->zone[i], &at->holder);
	}
	s->pressure = pressure;
	victim_open(&pressure->victim, s);
	return 0;
}

void pressure_free(struct stress *s)
{
	if (s->pressure)
		shut_victim(s);
	state_free(s, s->pressure, sizeof(*s->pressure));
	s->pressure = NULL;
}

unsigned long pressure_held(const struct stress *s)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; s->pressure && i < s->nr_zones; i++)
		nr += atomic_load(&s->pressure->zone[i].holder.pages);
	return nr;
}

/* Take one block, as large as leaves `low` pages; false: there is none of any order. */
static bool take_above(struct stress_cpu *c, struct hoard *hoard, unsigned long above)
{
	unsigned int order = MAX_ORDER - 1;

	while (order && 1UL << order > above)
		order--;
	do {
		switch (hoard_take(c, hoard, order)) {
		case HOARD_TAKEN:
			return true;
		case HOARD_FULL:
			return false;
		default:
			break; /* too large, or below a mark */
		}
	} while (order-- > 0 && !stress_stopped(c->stress));
	return false;
}

/* Bring the zone nearer to its low mark, from above or from below. */
static void level(struct stress_cpu *c, struct hoard *hoard)
{
	const struct zone *zone = hoard->zone->zone;

	for (unsigned int n = 0; n < PRESSURE_MOVES && !stress_stopped(c->stress); n++) {
		unsigned long nr = zone_free_peek(zone);

		if (nr > zone->pages_low) {
			if (!take_above(c, hoard, nr - zone->pages_low))
				return;
		} else if (nr < zone->pages_low && !list_empty(&hoard->blocks)) {
			hoard_give(c, hoard, false);
		} else {
			return;
		}
		if (c->slot == 0)
			stress_look_around(c->stress);
	}
}

void pressure_step(struct stress_worker *w)
{
	struct stress *s = w->stress;
	struct pressure_zone *at;

	if (!s->pressure || s->nr_zones == 0)
		return;
	if (w->done % VICTIM_STEPS == 0)
		victim_use(&s->pressure->victim, prng_mix(w->digest));
	if (w->done % PRESSURE_STEPS)
		return;
	at = &s->pressure->zone[(w->index + w->done / PRESSURE_STEPS) % s->nr_zones];
	if (atomic_exchange(&at->busy, 1))
		return;
	level(w->cpu, &at->hoard);
	atomic_store(&at->busy, 0);
}

void pressure_empty(struct stress_cpu *c)
{
	struct stress *s = c->stress;

	if (s->pressure && c->slot == 0)
		shut_victim(s);
	for (unsigned int i = c->slot; s->pressure && i < s->nr_zones; i += s->nr_cpus) {
		while (!list_empty(&s->pressure->zone[i].hoard.blocks))
			hoard_give(c, &s->pressure->zone[i].hoard, true);
	}
}

bool pressure_is_on(const struct stress *s)
{
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		const struct zone *zone = s->zone[i].zone;

		if (zone_free_peek(zone) > zone->pages_low + marks_slack(s, zone))
			return false;
	}
	return s->pressure && s->nr_zones;
}

void pressure_count(
	struct stress_count *count, bool low, const struct request *request, bool served)
{
	if (!low || request->order || !in_interrupt())
		return;
	count_add(&count->low_asked, 1);
	count_add(&count->low_served, served);
}

/* The probe: one CPU works, all others wait, interrupts idle. kswapd may still free something. */
struct probe {
	struct stress *s;
	const struct stress_zone *zone;
	struct list_head blocks;
};

static const struct zonelist *list_of(const struct probe *probe)
{
	return probe->zone->zone->zone_pgdat->node_zonelists[probe->zone->modifier];
}

/* The first zone of the list that has to serve a single page, as things are now; NULL: none. */
static const struct zone *must_serve(const struct probe *probe, gfp_t gfp)
{
	const struct zonelist *list = list_of(probe);

	for (unsigned int i = 0; i < list->nr; i++) {
		if (zone_free_peek(list->zones[i]) >
			mark_limit(list->zones[i], gfp, list->zones[0]->type))
			return list->zones[i];
	}
	return NULL;
}

static void refused(const struct probe *probe, gfp_t gfp, const struct zone *zone)
{
	stress_violation(probe->s, STRESS_WATERMARK, STRESS_NO_PFN,
		"a page for gfp 0x%x on node %d: zone %s of node %d has %lu free, and %lu have to "
		"stay",
		gfp, probe->zone->nid, zone->name, zone->zone_pgdat->node_id, zone_free_peek(zone),
		mark_limit(zone, gfp, list_of(probe)->zones[0]->type));
}

/* How many pages of the zone were free when it was asked, at most. */
static unsigned long was_free(
	const struct probe *probe, const struct zone *zone, unsigned int order)
{
	unsigned long batch = probe->s->mm->cpu[0]->pageset[zone->index].pcp[PCP_HOT].batch;

	return zone_free_peek(zone) + (order ? 1UL << order : batch);
}

static void judge(const struct probe *probe, gfp_t gfp, unsigned int order, struct page *page)
{
	const struct zone *zone = page_zone(page);
	unsigned long limit = mark_limit(zone, gfp, list_of(probe)->zones[0]->type);

	if (was_free(probe, zone, order) > limit + (1UL << order) - 1)
		return;
	stress_violation(probe->s, STRESS_WATERMARK, page_to_pfn(page),
		"gfp 0x%x order %u to leave %lu pages in zone %s of node %d, not %lu", gfp, order,
		limit, zone->name, zone->zone_pgdat->node_id, zone_free_peek(zone));
}

/* One request; false if it got nothing, or broke a rule. */
static bool probe_once(struct probe *probe, gfp_t gfp, unsigned int order)
{
	const struct zone *expected = order ? NULL : must_serve(probe, gfp);
	struct page *page = alloc_pages_node(
		probe->zone->nid, gfp | probe->zone->modifier | __GFP_NOWARN, order);

	probe->s->probed++;
	if (!page) {
		if (expected)
			refused(probe, gfp, expected);
		return false;
	}
	judge(probe, gfp, order, page);
	page->index = order;
	list_add(&page->lru, &probe->blocks);
	return !stress_stopped(probe->s);
}

static void probe_marks(struct probe *probe)
{
	/* From the highest mark down. */
	static const gfp_t kinds[] = {
		GFP_KERNEL | __GFP_NORETRY, 0, GFP_KERNEL | __GFP_NORETRY | __GFP_HIGH, GFP_ATOMIC};

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (unsigned int order = PROBE_ORDER_MAX + 1; order-- > 0;) {
			for (unsigned int n = 0;
				n < PROBE_MOST && probe_once(probe, kinds[i], order); n++)
				;
		}
	}
}

/* For who frees memory no mark counts: all zones of the list go to 0. */
static void probe_reserves(struct probe *probe)
{
	struct mm_task *task = mm_current();
	unsigned long left = 0;

	for (unsigned int tries = 0; tries < PROBE_TRIES; tries++) {
		struct page *page;

		task->flags |= PF_MEMALLOC;
		while ((page = alloc_pages_node(probe->zone->nid,
				GFP_ATOMIC | __GFP_NOWARN | probe->zone->modifier, 0))) {
			page->index = 0;
			list_add(&page->lru, &probe->blocks);
			probe->s->probed++;
		}
		task->flags &= ~PF_MEMALLOC;
		left = 0;
		for (unsigned int i = 0; i < list_of(probe)->nr; i++)
			left += zone_free_peek(list_of(probe)->zones[i]);
		if (left == 0)
			return;
	}
	stress_violation(probe->s, STRESS_WATERMARK, STRESS_NO_PFN,
		"PF_MEMALLOC to get all pages that node %d may serve, and %lu are left",
		probe->zone->nid, left);
}

void pressure_pause(struct stress *s)
{
	if (s->pressure)
		shut_victim(s);
}

void pressure_resume(struct stress *s)
{
	if (s->pressure)
		victim_open(&s->pressure->victim, s);
}

void pressure_probe(struct stress *s)
{
	for (unsigned int i = 0; i < s->nr_zones && !stress_stopped(s); i++) {
		struct probe probe = {.s = s, .zone = &s->zone[i]};

		list_init(&probe.blocks);
		drain_all_pages(s->mm);
		probe_marks(&probe);
		if (!stress_stopped(s))
			probe_reserves(&probe);
		while (!list_empty(&probe.blocks)) {
			struct page *page = list_first_entry(&probe.blocks, struct page, lru);

			list_del(&page->lru);
			__free_pages(page, (unsigned int)page->index);
		}
	}
}

unsigned long pressure_stolen(const struct stress *s)
{
	struct mm_cpu_stat now;
	unsigned long nr = 0;

	mm_sum_stat(s->mm, &now);
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		nr += now.pgsteal[i] - s->stat_before.pgsteal[i];
	return nr;
}

void pressure_print(const struct stress *s)
{
	struct mm_cpu_stat now;
	unsigned long asked = 0, served = 0;

	mm_sum_stat(s->mm, &now);
	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		asked += count_get(&s->cpu[i]->irq.low_asked);
		served += count_get(&s->cpu[i]->irq.low_served);
	}
	print("stress: pressure on %u zones: with all of them low, interrupts asked for %lu single "
	      "pages and got %lu\n",
		s->nr_zones, asked, served);
	print("stress: %lu direct reclaims, %lu rounds of kswapd; of a cache %lu pages filled, %lu "
	      "written, %lu reclaimed; %lu requests probed\n",
		now.allocstall - s->stat_before.allocstall,
		now.pageoutrun - s->stat_before.pageoutrun,
		atomic_load(&s->pressure->victim.filled), atomic_load(&s->pressure->victim.written),
		pressure_stolen(s), s->probed);
}
