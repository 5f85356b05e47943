/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the page cache's tests share: a machine, a store, and waits that are counted, and may do
 * something instead.
 */
#ifndef TESTS_UNIT_MM_FILEMAP_FIXTURE_H
#define TESTS_UNIT_MM_FILEMAP_FIXTURE_H

#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include "store.h"
#include "unit.h"

static struct machine *machine;
static struct zone *zone;
static struct store *store;
static unsigned int nr_waits;
static void (*on_wait)(void);
static struct mm_hooks hooks;

static inline void count_wait(uint64_t deadline)
{
	(void)deadline;
	nr_waits++;
	if (on_wait)
		on_wait();
}

static inline int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f2);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	hooks = mm_default_hooks;
	hooks.congestion_wait = count_wait;
	machine->mm.hooks = &hooks;
	nr_waits = 0;
	on_wait = NULL;
	store = store_create(2000, GFP_KERNEL);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	store_destroy(store);
	assert_all_is_back(machine);
	machine_destroy(machine);
	return 0;
}

static inline struct mm_cpu_stat stat_now(void)
{
	return sum_of(machine);
}

static inline unsigned long nr_allocated(void)
{
	struct mm_check_result result;

	assert_int_equal(mm_check(&machine->mm, &result), 0);
	return result.allocated;
}

#endif
