/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the watermarks let pass, by arithmetic of our own: a second opinion on zone_watermark_ok().
 *
 *	pages_min; half of that with __GFP_HIGH; three quarters of what is left without __GFP_WAIT
 *
 * While all CPUs work no single request can be judged exactly: between its look at the mark and
 * ours at the result every other context may have taken something. So what is judged then is the
 * deepest mark of all, less what the others may have taken; pressure.c judges each mark exactly
 * when all are quiet. No state, no lock.
 */
#include "core.h"

unsigned long mark_of(const struct zone *zone, gfp_t gfp)
{
	unsigned long mark = zone->pages_min;

	if (gfp & __GFP_HIGH)
		mark -= mark / 2;
	if (!(gfp & __GFP_WAIT))
		mark -= mark / 4;
	return mark;
}

unsigned long mark_limit(const struct zone *zone, gfp_t gfp, enum zone_type classzone)
{
	return mark_of(zone, gfp) + zone->lowmem_reserve[classzone];
}

/* Task and interrupt of each CPU: a batch for its cache, or one block. */
unsigned long marks_slack(const struct stress *s, const struct zone *zone)
{
	unsigned long batch = s->mm->cpu[0]->pageset[zone->index].pcp[PCP_HOT].batch;
	unsigned long block = 1UL << s->order_max;

	return 2UL * s->nr_cpus * (batch > block ? batch : block);
}

void marks_judge(struct stress *s, const struct request *request, unsigned long pfn)
{
	const struct zone *zone = page_zone(pfn_to_page(pfn));
	unsigned long slack = marks_slack(s, zone), mark = mark_of(zone, GFP_ATOMIC);
	unsigned long nr = zone_free_peek(zone);

	if (!s->pressure || nr + slack > mark)
		return;
	stress_violation(s, STRESS_WATERMARK, pfn,
		"gfp 0x%x order %u to leave %lu pages in zone %s of node %d, less %lu that others "
		"may have taken meanwhile, not %lu",
		request->gfp, request->order, mark, zone->name, zone->zone_pgdat->node_id, slack,
		nr);
}
