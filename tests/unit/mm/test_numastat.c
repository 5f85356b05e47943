/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/show_stat.c: numastat's text, and whose allocation it counts where.
 */
#include "show_fixture.h"

/* Fails unless the node's numastat has these six numbers, in its order. */
static void check_numastat(const struct machine *machine, int nid, const unsigned long expected[6])
{
	static const char *const names[] = {"numa_hit", "numa_miss", "numa_foreign",
		"interleave_hit", "local_node", "other_node"};
	char text[300];
	int length = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		length += snprintf(&text[length], sizeof(text) - (size_t)length, "%s %lu\n",
			names[i], expected[i]);
	host_print_capture_start();
	show_numastat(&machine->mm, nid);
	assert_all_printed(text);
}

/* One for each call, whatever the order; on the node that served, and on the one first asked. */
static void numastat_counts_calls_by_node(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	machine_enter(machine, 1);
	alloc_pages(GFP_KERNEL, 3);         /* of its own node */
	alloc_page(GFP_KERNEL);             /* by the cache */
	alloc_pages_node(2, GFP_KERNEL, 2); /* of another, which has it */
	/* Node 1 has no DMA32: node 0 is the first on that list, and serves. */
	alloc_page(GFP_KERNEL | __GFP_DMA32);
	check_numastat(machine, 0, (const unsigned long[]){1, 0, 0, 0, 0, 1});
	check_numastat(machine, 1, (const unsigned long[]){2, 0, 0, 0, 2, 0});
	check_numastat(machine, 2, (const unsigned long[]){1, 0, 0, 0, 0, 1});
	check_numastat(machine, 3, (const unsigned long[]){0, 0, 0, 0, 0, 0});
	machine_destroy(machine);
}

/* Node 1 is full: node 2 is the next of its list. Both ways of an allocation count the same. */
static void numastat_miss_and_foreign(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *full = machine_zone(machine, 1, ZONE_NORMAL);
	struct page *block;

	(void)state;
	machine_enter(machine, 1);
	for (unsigned int i = 0; i < 4; i++)
		assert_non_null(buddy_take(full, 10));
	assert_int_equal(full->free_pages, 0);
	alloc_page(GFP_KERNEL);
	block = alloc_pages(GFP_KERNEL, 4);
	assert_int_equal(page_to_nid(block), 2);
	check_numastat(machine, 1, (const unsigned long[]){0, 0, 2, 0, 0, 0});
	check_numastat(machine, 2, (const unsigned long[]){0, 2, 0, 0, 0, 2});
	/* The same for a CPU of node 2 that asks node 1: a miss that is local. */
	machine_enter(machine, 2);
	alloc_pages_node(1, GFP_KERNEL, 0);
	check_numastat(machine, 1, (const unsigned long[]){0, 0, 3, 0, 0, 0});
	check_numastat(machine, 2, (const unsigned long[]){0, 3, 0, 0, 1, 2});
	for (unsigned long pfn = 4096; pfn < 8192; pfn += 1024)
		buddy_free(full, pfn_to_page(pfn), 10);
	machine_destroy(machine);
}

/* Zones of one node are all hits: falling from NORMAL to DMA32 is none of NUMA's matters. */
static void numastat_ignores_zones_of_one_node(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	unsigned long nr = exhaust(GFP_ATOMIC);

	(void)state;
	assert_true(nr > 4096);
	check_numastat(machine, 0, (const unsigned long[]){nr, 0, 0, 0, nr, 0});
	machine_destroy(machine);
}

static void numastat_of_no_node_is_empty(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 4096, 0}, {4096, 4096, 2}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	host_print_capture_start();
	show_numastat(&machine->mm, 1);
	show_numastat(&machine->mm, 3);
	show_numastat(&machine->mm, -1);
	show_node_meminfo(&machine->mm, 1);
	assert_all_printed("");
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numastat_counts_calls_by_node),
		cmocka_unit_test(numastat_miss_and_foreign),
		cmocka_unit_test(numastat_ignores_zones_of_one_node),
		cmocka_unit_test(numastat_of_no_node_is_empty),
	};

	return cmocka_run_group_tests_name("mm/numastat", tests, NULL, NULL);
}
