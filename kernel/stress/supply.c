/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is free: was a request rightly refused, or rightly sent to another node?
 *
 * Only single pages are judged: for those, free pages in zones that may serve the request mean
 * success. A burst empties a zone in one phase and fills it in the next, so what is ample before
 * and after a call, all in one phase, was ample during it; others' shares move far slower.
 *
 * Reads zone->free_pages under zone->lock. That puts CPUs in an order which the allocator itself
 * does not ask for, and could hide its races: so before a call only some requests are looked at.
 */
#include "core.h"

/** One in so many requests has its node looked at. */
#define LOOK_ONE_IN 16U
/** Zones with less, all in all, are not judged: a handful of requests may move all of it. */
#define MANAGED_MIN 1024UL

unsigned long zone_free_now(struct zone *zone)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lock);
	unsigned long nr = zone->free_pages;

	spin_unlock_irqrestore(&zone->lock, flags);
	return nr;
}

unsigned int burst_phase(const struct stress *s)
{
	return atomic_load(&s->burst_phase);
}

/* By the limits that were worked out from the banks and the layout, not by any zonelist. */
bool may_serve(const struct stress *s, const struct zone *zone, gfp_t modifier)
{
	return zone->zone_start_pfn < s->limit_pfn[modifier] &&
	       (zone->type != ZONE_HIGHMEM || modifier == __GFP_HIGHMEM);
}

/* At least a quarter free, of all zones of these nodes that may serve the modifier? */
static bool is_ample(const struct stress *s, gfp_t modifier, nodemask_t nodes)
{
	unsigned long nr = 0, managed = 0;
	struct zone *zone;

	for_each_populated_zone (zone, s->mm) {
		if (!may_serve(s, zone, modifier) || !(nodes >> zone->zone_pgdat->node_id & 1))
			continue;
		managed += zone->present_pages - zone->reserved_pages;
		nr += zone_free_now(zone);
	}
	return managed >= MANAGED_MIN && nr >= managed / 4;
}

/* The most that is kept in the zone from anybody who may not use all of it. */
static unsigned long highest_reserve(const struct zone *zone)
{
	unsigned long most = 0;

	for (unsigned int i = 0; i < MAX_NR_ZONES; i++) {
		if (zone->lowmem_reserve[i] > most)
			most = zone->lowmem_reserve[i];
	}
	return most;
}

/* Under pressure: does a zone have more than its mark, and than all others may be taking? */
static bool is_above_mark(const struct stress *s, const struct request *request, nodemask_t nodes)
{
	struct zone *zone;

	for_each_populated_zone (zone, s->mm) {
		if (may_serve(s, zone, request->gfp & GFP_ZONEMASK) &&
			nodes >> zone->zone_pgdat->node_id & 1 &&
			zone_free_peek(zone) > mark_of(zone, request->gfp) + highest_reserve(zone) +
						       marks_slack(s, zone))
			return true;
	}
	return false;
}

bool supply_is_ample(const struct stress *s, const struct request *request)
{
	const nodemask_t nodes = policy_nodes(s, request);

	if (request->order)
		return false;
	if (s->pressure)
		return is_above_mark(s, request, nodes);
	return s->footprint_pages <= s->free_before / 2 &&
	       is_ample(s, request->gfp & GFP_ZONEMASK, nodes);
}

static bool node_is_ample(const struct stress *s, const struct request *request, int nid)
{
	return is_ample(s, request->gfp & GFP_ZONEMASK, 1ULL << nid);
}

struct node_supply node_supply_before(
	const struct stress_cpu *c, const struct request *request, uint64_t key)
{
	const struct stress *s = c->stress;
	struct node_supply supply = {.nid = policy_node(c, request), .phase = burst_phase(s)};

	supply.ample = request->order == 0 && key % LOOK_ONE_IN == 0 &&
		       node_is_ample(s, request, supply.nid);
	return supply;
}

void node_supply_judge(struct stress *s, const struct node_supply *before,
	const struct request *request, unsigned long pfn)
{
	enum zone_type type;
	int nid;

	if (!before->ample || !stress_locate(s, pfn, &nid, &type) || nid == before->nid)
		return;
	if (!node_is_ample(s, request, before->nid) || burst_phase(s) != before->phase)
		return;
	stress_violation(s, policy_applies(s, request) ? STRESS_POLICY : STRESS_ZONE, pfn,
		"gfp 0x%x served by node %d, which has plenty of free pages, not by node %d",
		request->gfp, before->nid, nid);
}
