/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the caches of blocks share: machines that have them, and blocks that lie
 * there.
 *
 * Each way is gone with the tails' level off and on: by the fast path, and around it.
 */
#ifndef TESTS_UNIT_MM_PCP_BLOCK_FIXTURE_H
#define TESTS_UNIT_MM_PCP_BLOCK_FIXTURE_H

#include "unit.h"

#define SHARE 32U

static const struct machine_spec one_cpu = {.bank = {{0, 262144, 0}}, .pcp_share = SHARE};
static const struct machine_spec two_cpus = {
	.bank = {{0, 262144, 0}}, .nr_cpus = 2, .pcp_share = SHARE};
/* Two zones, and caches of both. */
static const struct machine_spec two_zones = {
	.layout = &layout_low_4096, .bank = {{0, 65536, 0}}, .nr_cpus = 2, .pcp_share = SHARE};

static inline struct machine *start(const struct machine_spec *spec, bool tails)
{
	struct machine *machine = machine_create(spec);

	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, tails);
	return machine;
}

static inline struct per_cpu_pages *block_cache(const struct machine *machine, unsigned int cpu,
	const struct zone *zone, unsigned int order)
{
	return &machine->mm.cpu[cpu]->pageset[zone->index].block[order - 1];
}

static inline struct page *take(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	assert_non_null(page);
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, order));
	assert_int_equal(page_count(page), 1);
	return page;
}

/* CPU 1 caches a block; CPU 0 asks for it. Returns the block. */
static inline struct page *block_on_cpu_1(struct machine *machine, unsigned int order)
{
	struct page *page = take(GFP_KERNEL, order);

	machine_enter(machine, 1);
	__free_pages(page, order);
	machine_enter(machine, 0);
	assert_int_equal(page_state(page), PAGE_CACHED);
	return page;
}

#endif
