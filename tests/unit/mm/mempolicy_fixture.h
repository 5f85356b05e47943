/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of NUMA memory policy share: fixture F4, four nodes of 4096 pages with a CPU
 * each, node 0 half DMA32.
 *
 * A policy takes a page. Where numbers matter it is made by CPU 1, of its node's memory.
 */
#ifndef TESTS_UNIT_MM_MEMPOLICY_FIXTURE_H
#define TESTS_UNIT_MM_MEMPOLICY_FIXTURE_H

#include <mm/mempolicy.h>
#include "unit.h"

#define NODE(nid) (1ULL << (nid))

static struct machine *machine;

static inline int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f4);
	return 0;
}

/* Every test ends without a policy, and with all pages back. */
static inline int teardown(void **state)
{
	(void)state;
	if (in_interrupt()) /* a test that failed in one */
		interrupt_end();
	machine_enter(machine, 0);
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	assert_int_equal(this_cpu->attention, 0);
	assert_no_misuse();
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_free_pages(&machine->mm), 4 * 4096);
	machine_destroy(machine);
	return 0;
}

/* A policy whose page is node 1's. */
static inline struct mempolicy *new_policy(enum mpol_mode mode, nodemask_t nodes)
{
	struct mempolicy *policy = NULL;

	machine_enter(machine, 1);
	assert_int_equal(mpol_new(mode, nodes, &policy), 0);
	drain_local_pages();
	machine_enter(machine, 0);
	return policy;
}

/* The node that a single page comes from; the page goes back. */
static inline int node_of(struct page *page)
{
	int nid;

	assert_non_null(page);
	nid = page_to_nid(page);
	__free_page(page);
	return nid;
}

static inline int node_asked(gfp_t gfp)
{
	return node_of(alloc_pages(gfp, 0));
}

static inline void assert_numa(int nid, enum zone_type type, struct numa_sum expected)
{
	struct numa_sum sum;

	mm_sum_numa(&machine->mm, machine_zone(machine, nid, type), &sum);
	assert_int_equal(sum.of.numa_hit, expected.of.numa_hit);
	assert_int_equal(sum.of.numa_miss, expected.of.numa_miss);
	assert_int_equal(sum.of.numa_foreign, expected.of.numa_foreign);
	assert_int_equal(sum.of.interleave_hit, expected.of.interleave_hit);
	assert_int_equal(sum.local_node, expected.local_node);
	assert_int_equal(sum.other_node, expected.other_node);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
