/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes: which are online, what they span, how far they are apart, whom they fall back to.
 */
#include "unit.h"

static unsigned int by_difference(const void *context, int a, int b)
{
	(void)context;
	return 10 + 10 * (unsigned int)abs(a - b);
}

static unsigned int far_away(const void *context, int a, int b)
{
	(void)context;
	return a == b ? 10 : 1000;
}

/* Fails unless node `nid` falls back to these four, in this order. */
static void assert_fallback(
	const struct machine *machine, int nid, int first, int second, int third, int fourth)
{
	const struct pglist_data *pgdat = machine->mm.node[nid];
	const int expected[] = {first, second, third, fourth};

	assert_int_equal(pgdat->nr_online, 4);
	for (unsigned int i = 0; i < 4; i++) {
		if (pgdat->fallback[i] != expected[i])
			fail_msg("node %d: fallback %u is %d, expected %d", nid, i,
				pgdat->fallback[i], expected[i]);
	}
}

static void S15_equal_distances_go_round(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	assert_fallback(machine, 0, 0, 1, 2, 3);
	assert_fallback(machine, 1, 1, 2, 3, 0);
	assert_fallback(machine, 2, 2, 3, 0, 1);
	assert_fallback(machine, 3, 3, 0, 1, 2);
	machine_destroy(machine);
}

static void S16_a_node_without_cpus_is_preferred(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine;

	(void)state;
	spec.nr_cpus = 3;
	spec.cpu_nid[2] = 3;
	machine = machine_create(&spec);
	assert_int_equal(machine->mm.node[2]->nr_cpus, 0);
	assert_fallback(machine, 0, 0, 2, 1, 3);
	assert_fallback(machine, 1, 1, 2, 3, 0);
	assert_fallback(machine, 2, 2, 3, 0, 1);
	assert_fallback(machine, 3, 3, 2, 0, 1);
	machine_destroy(machine);
}

static void S17_the_nearest_first(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine;

	(void)state;
	spec.distance = by_difference;
	machine = machine_create(&spec);
	assert_fallback(machine, 0, 0, 1, 2, 3);
	assert_fallback(machine, 1, 1, 0, 2, 3);
	assert_fallback(machine, 2, 2, 3, 1, 0);
	assert_fallback(machine, 3, 3, 2, 1, 0);
	machine_destroy(machine);
}

static void S20_the_node_initialised_last_is_first_on_the_list(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct pglist_data *pgdat;
	int nid = 3;

	(void)state;
	for_each_pgdat (pgdat, &machine->mm)
		assert_int_equal(pgdat->node_id, nid--);
	assert_int_equal(nid, -1);
	machine_destroy(machine);
}

static void distances(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine = machine_create(&spec);

	(void)state;
	for (int a = 0; a < 4; a++) {
		for (int b = 0; b < 4; b++)
			assert_int_equal(mm_distance(&machine->mm, a, b), a == b ? 10 : 20);
	}
	machine_destroy(machine);
	spec.distance = by_difference;
	machine = machine_create(&spec);
	assert_int_equal(mm_distance(&machine->mm, 0, 3), 40);
	assert_int_equal(mm_distance(&machine->mm, 3, 1), 30);
	machine_destroy(machine);
	spec.distance = far_away;
	machine = machine_create(&spec);
	assert_int_equal(mm_distance(&machine->mm, 0, 1), 255);
	assert_int_equal(mm_distance(&machine->mm, 1, 1), 10);
	machine_destroy(machine);
}

static void a_span_reaches_over_holes_and_other_nodes(void **state)
{
	const struct machine_spec spec = {
		.bank = {{1024, 1000, 0}, {4096, 1024, 1}, {6000, 144, 0}, {9216, 512, 1}}};
	struct machine *machine = machine_create(&spec);
	const struct pglist_data *zero = machine->mm.node[0], *one = machine->mm.node[1];

	(void)state;
	assert_int_equal(zero->node_start_pfn, 1024);
	assert_int_equal(zero->node_spanned_pages, 6144 - 1024);
	assert_int_equal(zero->node_present_pages, 1144);
	assert_int_equal(one->node_start_pfn, 4096);
	assert_int_equal(one->node_spanned_pages, 9728 - 4096);
	assert_int_equal(one->node_present_pages, 1536);
	assert_int_equal(zero->nr_zones, ZONE_NORMAL + 1);
	machine_destroy(machine);
}

static void a_span_may_start_at_page_0(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 1024, 0}, {2048, 1024, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.node[0]->node_start_pfn, 0);
	assert_int_equal(machine->mm.node[0]->node_spanned_pages, 3072);
	machine_destroy(machine);
}

static void node_ids_may_have_gaps(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 2048, 2}, {2048, 2048, 7}}, .nr_cpus = 2, .cpu_nid = {7, 4}};
	struct machine *machine = machine_create(&spec);
	struct mm *mm = &machine->mm;

	(void)state;
	assert_int_equal(mm->nr_node_ids, 8);
	assert_int_equal(mm->nr_online, 3);
	for (int nid = -1; nid < 10; nid++) {
		if (nid == 2 || nid == 4 || nid == 7)
			assert_int_equal(mm_node(mm, nid)->node_id, nid);
		else
			assert_null(mm_node(mm, nid));
	}
	/* Node 2 has no CPU, so it comes before 7 for 4 although 7 is next when counting up. */
	assert_int_equal(mm->node[4]->fallback[0], 4);
	assert_int_equal(mm->node[4]->fallback[1], 2);
	assert_int_equal(mm->node[4]->fallback[2], 7);
	assert_int_equal(mm->pgdat_list->node_id, 7);
	assert_int_equal(page_to_nid(alloc_page(GFP_KERNEL)), 7);
	machine_destroy(machine);
}

static void a_node_without_memory_allocates_from_the_nearest(void **state)
{
	struct machine_spec spec = {.bank = {{0, 2048, 0}, {2048, 2048, 2}},
		.nr_cpus = 3,
		.cpu_nid = {0, 1, 2},
		.distance = by_difference};
	struct machine *machine = machine_create(&spec);
	const struct pglist_data *pgdat = machine->mm.node[1];

	(void)state;
	assert_int_equal(pgdat->node_present_pages, 0);
	assert_int_equal(pgdat->node_spanned_pages, 0);
	assert_int_equal(pgdat->nr_zones, 0);
	assert_int_equal(pgdat->nr_cpus, 1);
	assert_int_equal(pgdat->nr_online, 3);
	assert_int_equal(pgdat->fallback[0], 1);
	machine_enter(machine, 1);
	/* Both are at 20; 2 has been first of its distance once before, for node 0. */
	assert_int_equal(page_to_nid(alloc_page(GFP_KERNEL)), 0);
	assert_int_equal(page_to_nid(alloc_pages_node(1, GFP_KERNEL, 3)), 0);
	assert_int_equal(page_to_nid(alloc_pages_node(1, GFP_KERNEL, 10)), 0);
	assert_int_equal(page_to_nid(alloc_pages_node(1, GFP_KERNEL, 10)), 2);
	machine_destroy(machine);
}

static void structures_lie_on_their_own_nodes(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine;

	(void)state;
	spec.keep_boot_reserved = true;
	machine = machine_create(&spec);
	for (int nid = 0; nid < 4; nid++) {
		const struct memblock_range *pgdat, *cpu, *zonelist, *last;
		const struct mm_cpu *itself = machine->mm.cpu[nid];

		pgdat = memblock_find_memory(
			&machine->memblock, virt_to_phys(machine->mm.node[nid]));
		cpu = memblock_find_memory(&machine->memblock, virt_to_phys(machine->mm.cpu[nid]));
		zonelist = memblock_find_memory(
			&machine->memblock, virt_to_phys(machine->mm.node[nid]->node_zonelists[0]));
		/* The last of what lies behind the CPU: its caches, its counts of each lock. */
		last = memblock_find_memory(&machine->memblock,
			virt_to_phys(&itself->lock_stat[(4 << ZONES_SHIFT) - 1]));
		assert_int_equal(pgdat->nid, nid);
		assert_int_equal(cpu->nid, nid);
		assert_int_equal(last->nid, nid);
		assert_int_equal(zonelist->nid, nid);
	}
	machine_destroy(machine);
}

static void a_node_without_memory_lies_on_the_nearest(void **state)
{
	struct machine_spec spec = {.bank = {{0, 4096, 0}, {4096, 4096, 1}, {8192, 4096, 5}},
		.nr_cpus = 2,
		.cpu_nid = {0, 2},
		.distance = by_difference,
		.keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);
	const struct mm *mm = &machine->mm;
	const void *on_node_1[] = {mm->node[2], mm->cpu[1], mm->node[2]->node_zonelists[0]};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(on_node_1); i++)
		assert_int_equal(
			memblock_find_memory(&machine->memblock, virt_to_phys(on_node_1[i]))->nid,
			1);
	machine_destroy(machine);
}

static void one_node_falls_back_to_nobody(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const struct pglist_data *pgdat = machine->mm.node[0];

	(void)state;
	assert_int_equal(pgdat->nr_online, 1);
	assert_int_equal(pgdat->fallback[0], 0);
	assert_null(pgdat->pgdat_next);
	assert_int_equal(machine->mm.nr_online, 1);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S15_equal_distances_go_round),
		cmocka_unit_test(S16_a_node_without_cpus_is_preferred),
		cmocka_unit_test(S17_the_nearest_first),
		cmocka_unit_test(S20_the_node_initialised_last_is_first_on_the_list),
		cmocka_unit_test(distances),
		cmocka_unit_test(a_span_reaches_over_holes_and_other_nodes),
		cmocka_unit_test(a_span_may_start_at_page_0),
		cmocka_unit_test(node_ids_may_have_gaps),
		cmocka_unit_test(a_node_without_memory_allocates_from_the_nearest),
		cmocka_unit_test(structures_lie_on_their_own_nodes),
		cmocka_unit_test(a_node_without_memory_lies_on_the_nearest),
		cmocka_unit_test(one_node_falls_back_to_nobody),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
