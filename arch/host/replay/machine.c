/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a dump: the same banks, nodes, CPUs and zones, and the same pages reserved.
 */
#include <stdlib.h>
#include "replay.h"

static unsigned int distance_of(const void *context, int a, int b)
{
	const struct replay *r = context;

	return r->distance[a][b];
}

/* Nobody can be reclaimed from, or killed: what the target got by that is not asked for here. */
static unsigned int free_nothing(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	return 0;
}

static void kill_nobody(gfp_t gfp)
{
	(void)gfp;
}

static void wake_nobody(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
}

static void wait_for_nothing(uint64_t deadline)
{
	(void)deadline;
}

static const struct mm_hooks hooks = {
	.try_to_free_pages = free_nothing,
	.out_of_memory = kill_nobody,
	.wakeup_kswapd = wake_nobody,
	.congestion_wait = wait_for_nothing,
};

/* Descriptors and all lie elsewhere on the host: what is reserved is what was on the target. */
static bool reserve_as_there(struct replay *r)
{
	host_machine_switch_memory(&r->host);
	r->memblock.reserved.nr = 0;
	for (unsigned int i = 0; i < r->banks.reserved.nr; i++) {
		const struct memblock_range *range = &r->banks.reserved.range[i];

		if (memblock_reserve(
			    &r->memblock, range->base, range->end - range->base, 0, range->why) < 0)
			return false;
	}
	return true;
}

bool replay_build(struct replay *r)
{
	struct mm_config config = {
		.zones = &r->layout,
		.nr_cpus = r->nr_cpus,
		.cpu_nid = r->cpu_nid,
		.distance = distance_of,
		.context = r,
		.eager = true,
	};

	r->layout.name = "the target's";
	r->memblock.memory = r->banks.memory;
	host_machine_create(&r->host, pfn_to_phys(memblock_end_pfn(&r->banks)));
	r->built = true;
	host_machine_enter(&r->host);
	host_become(&r->boot_cpu);
	if (mm_init(&r->mm, &r->memblock, &config) || !reserve_as_there(r)) {
		fprintf(stderr, "replay: the machine could not be built, see above\n");
		return false;
	}
	mm_free_boot_memory(&r->mm);
	mm_set_min_free_kbytes(&r->mm, r->min_free_kbytes);
	r->mm.hooks = &hooks;
	for (unsigned int i = 0; i < r->nr_cpus; i++)
		r->mm.cpu[i]->online = 1;
	r->held = calloc(r->mm.max_pfn, sizeof(*r->held));
	r->free_pages = nr_free_pages(&r->mm);
	host_misuse_reset();
	return r->held;
}

void replay_end(struct replay *r)
{
	if (r->built)
		host_machine_destroy(&r->host);
	free((void *)r->held);
	free(r->event);
}
