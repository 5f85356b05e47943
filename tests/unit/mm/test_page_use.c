/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of pages by use: a zone's span, each page once, and as what it is.
 */
#include <mm/page_use.h>
#include "unit.h"

/* Pages by use; fails if the runs are not the zone's span without a gap. */
static void count_uses(struct machine *machine, const struct zone *zone, unsigned long *count)
{
	struct page_run run = {.pfn = zone->zone_start_pfn};
	unsigned long next = run.pfn;

	memset(count, 0, sizeof(*count) * NR_PAGE_USES);
	while (mm_next_run(&machine->mm, zone, &run)) {
		assert_int_equal(run.pfn, next);
		assert_true(run.nr > 0);
		count[run.use] += run.nr;
		next += run.nr;
	}
	assert_int_equal(next, zone->zone_start_pfn + zone->spanned_pages);
}

static void uses_are_the_counters(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 8192, 0}}, .keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	unsigned long count[NR_PAGE_USES];
	struct page *one = alloc_page(GFP_KERNEL), *block = alloc_pages(GFP_KERNEL, 4);

	(void)state;
	count_uses(machine, zone, count);
	assert_int_equal(count[PAGE_USE_FREE], zone->free_pages);
	assert_int_equal(count[PAGE_USE_CACHED], nr_cached_pages(&machine->mm));
	assert_true(count[PAGE_USE_CACHED] > 0);
	assert_int_equal(count[PAGE_USE_ALLOCATED], 1 + 16);
	assert_int_equal(count[PAGE_USE_RESERVED], zone->reserved_pages);
	assert_true(count[PAGE_USE_RESERVED] > 0);
	assert_int_equal(count[PAGE_USE_HOLE] + count[PAGE_USE_MOVING], 0);
	SetPageLRU(one);
	count_uses(machine, zone, count);
	assert_int_equal(count[PAGE_USE_LRU], 1);
	assert_int_equal(count[PAGE_USE_ALLOCATED], 16);
	ClearPageLRU(one);
	__free_page(one);
	__free_pages(block, 4);
	machine_destroy(machine);
}

/* node 0 | node 1 | node 0: what lies between is no use of node 0's. */
static void another_nodes_pages_are_a_hole(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 8192, 0}, {8192, 1024, 1}, {9216, 1024, 0}}};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	unsigned long count[NR_PAGE_USES];

	(void)state;
	count_uses(machine, zone, count);
	assert_int_equal(count[PAGE_USE_HOLE], 1024);
	assert_int_equal(count[PAGE_USE_FREE], zone->free_pages);
	machine_destroy(machine);
}

/* Where no descriptors are mapped, nothing is read. */
static void blocks_without_descriptors_are_a_hole(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 8192, 0}, {16384, 1024, 0}}};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	unsigned long count[NR_PAGE_USES];

	(void)state;
	count_uses(machine, zone, count);
	assert_int_equal(count[PAGE_USE_HOLE], 16384 - 8192);
	machine_destroy(machine);
}

/* A free block whose order is being written: a page that moves, and the walk goes on behind it. */
static void an_order_that_can_not_be_is_one_page(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *block = alloc_pages(GFP_KERNEL, 1);
	struct page_run run = {.pfn = page_to_pfn(block)};

	(void)state;
	set_page_tag(block, PAGE_ALLOCATED, MAX_ORDER);
	assert_true(mm_next_run(&machine->mm, zone, &run));
	assert_int_equal(run.use, PAGE_USE_MOVING);
	assert_int_equal(run.nr, 1);
	set_page_tag(block, PAGE_ALLOCATED, 1);
	__free_pages(block, 1);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses_are_the_counters),
		cmocka_unit_test(another_nodes_pages_are_a_hole),
		cmocka_unit_test(blocks_without_descriptors_are_a_hole),
		cmocka_unit_test(an_order_that_can_not_be_is_one_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
