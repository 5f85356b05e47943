/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of reclaim share: a machine, a store, and pages that nobody can reclaim. Waits
 * for writes do not wait: they are counted, and may do something instead.
 */
#ifndef TESTS_UNIT_MM_VMSCAN_FIXTURE_H
#define TESTS_UNIT_MM_VMSCAN_FIXTURE_H

#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include "store.h"
#include "unit.h"

static struct machine *machine;
static struct zone *zone;
static struct store *store;
static unsigned int nr_waits, nr_ooms;
static void (*on_wait)(void), (*on_oom)(void);
static struct mm_hooks hooks;

static inline void count_wait(uint64_t deadline)
{
	assert_true(deadline <= cpu_time() + cpu_time_hz());
	assert_true(mm_current()->flags & PF_MEMALLOC || nr_ooms == 0);
	nr_waits++;
	if (on_wait)
		on_wait();
}

static inline void count_oom(gfp_t gfp)
{
	assert_true(gfp & __GFP_FS);
	nr_ooms++;
	assert_non_null(on_oom);
	on_oom();
}

static inline void begin(const struct machine_spec *spec)
{
	machine = machine_create(spec);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	hooks = mm_default_hooks;
	hooks.congestion_wait = count_wait;
	hooks.out_of_memory = count_oom;
	machine->mm.hooks = &hooks;
	nr_waits = nr_ooms = 0;
	on_wait = on_oom = NULL;
	store = store_create(20000, GFP_KERNEL);
}

static inline void end(void)
{
	store_destroy(store);
	assert_all_is_back(machine);
	assert_int_equal(mm_current()->flags, 0);
	machine_destroy(machine);
}

static inline struct mm_cpu_stat stat_now(void)
{
	return sum_of(machine);
}

static inline const struct zonelist *zonelist_of(int nid)
{
	return machine->mm.node[nid]->node_zonelists[0];
}

static inline unsigned int reclaim(gfp_t gfp)
{
	unsigned int progress;

	mm_current()->flags |= PF_MEMALLOC;
	progress = try_to_free_pages(zonelist_of(0), gfp, 0);
	mm_current()->flags &= ~PF_MEMALLOC;
	return progress;
}

/* Blocks that nobody can reclaim, in a list of their own. */
static struct list_head held;

static inline void hold(struct page *page)
{
	list_add(&page->lru, &held);
}

/* Take single pages from a zone's lists until `left` are free. */
static inline void hold_until(int nid, gfp_t gfp, struct zone *from, unsigned long left)
{
	list_init(&held);
	mm_current()->flags |= PF_MEMALLOC;
	while (from->free_pages + nr_cached_pages(&machine->mm) > left) {
		struct page *page = alloc_pages_node(nid, gfp, 0);

		assert_non_null(page);
		hold(page);
	}
	mm_current()->flags &= ~PF_MEMALLOC;
	drain_local_pages();
}

static inline void fill(void (*with)(struct store *, unsigned long, unsigned long))
{
	unsigned long index = 0;

	while (zone->free_pages > zone->pages_min)
		with(store, index, index + 1), index++;
}

#endif
