/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the boot allocator to a working one: the hand-over, whose memory lies where, and how each
 * way of not getting there is said.
 */
#include <arch/zones.h>
#include "unit.h"

static void hand_over_is_in_the_largest_aligned_blocks(void **state)
{
	static const struct {
		unsigned long start, nr_pages;
	} rows[] = {{0, 4096}, {3, 2052}, {1, 1022}, {1023, 1026}, {513, 100}, {512, 3584},
		{5000, 5001}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct machine_spec spec = {.bank = {{rows[i].start, rows[i].nr_pages, 0}}};
		struct machine *machine = machine_create(&spec);
		unsigned long expected[MAX_ORDER] = {0};

		add_blocks(expected, rows[i].start, rows[i].start + rows[i].nr_pages);
		assert_nr_free(machine_zone(machine, 0, ZONE_NORMAL), expected);
		machine_destroy(machine);
	}
}

/* By hand, so that add_blocks() is not its own judge: 3, 4-7, 8-15, ... 512-1023, 1024-2047, ... */
static void hand_over_of_one_odd_bank(void **state)
{
	const struct machine_spec spec = {.bank = {{3, 2052, 0}}};
	const unsigned long expected[MAX_ORDER] = {2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	assert_nr_free(zone, expected);
	/* Ascending: of the two order-0 blocks, the one freed last is first. */
	assert_int_equal(
		page_to_pfn(list_first_entry(&zone->free_area[0].free_list, struct page, lru)),
		2054);
	machine_destroy(machine);
}

static void free_and_reserved_add_up_to_present(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine;
	struct mm_check_result result;
	unsigned long reserved = 0;

	(void)state;
	machine = bare_create(&spec);
	memblock_reserve(&machine->memblock, pfn_to_phys(5000) + 100, 3 * PAGE_SIZE, 0, "odd");
	memblock_reserve(
		&machine->memblock, pfn_to_phys(9000), PAGE_SIZE, MEMBLOCK_NOMAP, "firmware");
	bare_init(machine, &spec, 0);
	for (unsigned int i = 0; i < machine->memblock.reserved.nr; i++)
		reserved += pfn_down(machine->memblock.reserved.range[i].end -
				     machine->memblock.reserved.range[i].base);
	assert_int_equal(nr_free_pages(&machine->mm), 0);
	assert_int_equal(mm_free_boot_memory(&machine->mm), 16384 - reserved);
	assert_int_equal(nr_free_pages(&machine->mm), 16384 - reserved);
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.reserved, reserved);
	assert_int_equal(result.free + result.reserved, result.present);
	assert_int_equal(result.present, 16384);
	for (unsigned long pfn = 4990; pfn < 5010; pfn++)
		assert_int_equal(PageReserved(pfn_to_page(pfn)), pfn >= 5000 && pfn < 5004);
	assert_true(PageReserved(pfn_to_page(9000)));
	bare_destroy(machine);
}

static void nobody_is_given_a_reserved_page(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 1024, 0}}};
	struct machine *machine = bare_create(&spec);
	struct page *page;
	unsigned long nr = 0, handed_over;

	(void)state;
	for (unsigned long pfn = 10; pfn < 1000; pfn += 37)
		memblock_reserve(&machine->memblock, pfn_to_phys(pfn), 1, 0, "mine");
	bare_init(machine, &spec, 0);
	handed_over = mm_free_boot_memory(&machine->mm);
	machine_lift_reserves(machine);
	while ((page = alloc_page(GFP_KERNEL))) {
		assert_null(
			memblock_find_reserved(&machine->memblock, pfn_to_phys(page_to_pfn(page))));
		nr++;
	}
	assert_int_equal(nr, handed_over);
	bare_destroy(machine);
}

static void the_boot_allocator_is_closed_after_the_hand_over(void **state)
{
	struct machine_spec spec = fixture_f2;
	struct machine *machine = bare_create(&spec);

	(void)state;
	bare_init(machine, &spec, 0);
	assert_int_not_equal(
		memblock_alloc(&machine->memblock, PAGE_SIZE, PAGE_SIZE, 0, PHYS_ADDR_MAX, "x"),
		PHYS_ADDR_MAX);
	mm_free_boot_memory(&machine->mm);
	assert_true(machine->memblock.closed);
	assert_int_equal(
		memblock_alloc(&machine->memblock, PAGE_SIZE, PAGE_SIZE, 0, PHYS_ADDR_MAX, "x"),
		PHYS_ADDR_MAX);
	bare_destroy(machine);
}

static void a_run_across_two_zones_is_cut(void **state)
{
	static const struct zone_layout layout = {.name = "odd",
		.nr = 2,
		.limit = {{ZONE_DMA32, 1500 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
	const struct machine_spec spec = {.layout = &layout, .bank = {{0, 4096, 0}}};
	unsigned long low[MAX_ORDER] = {0}, normal[MAX_ORDER] = {0};
	struct machine *machine = machine_create(&spec);

	(void)state;
	add_blocks(low, 0, 1500);
	add_blocks(normal, 1500, 4096);
	assert_nr_free(machine_zone(machine, 0, ZONE_DMA32), low);
	assert_nr_free(machine_zone(machine, 0, ZONE_NORMAL), normal);
	machine_destroy(machine);
}

static void the_calling_cpu_becomes_cpu_0(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine = bare_create(&spec);

	(void)state;
	machine->boot_cpu.irq_depth = 1;
	bare_init(machine, &spec, 0);
	assert_ptr_equal(this_cpu, machine->mm.cpu[0]);
	assert_ptr_equal(this_cpu->mm, &machine->mm);
	assert_int_equal(this_cpu->irq_depth, 1);
	for (unsigned int id = 0; id < 4; id++) {
		assert_int_equal(machine->mm.cpu[id]->id, id);
		assert_int_equal(machine->mm.cpu[id]->nid, (int)id);
		assert_ptr_equal(machine->mm.cpu[id]->mm, &machine->mm);
		assert_int_equal(machine->mm.cpu[id]->online, 0);
		assert_int_equal(machine->mm.node[id]->nr_cpus, 1);
	}
	bare_destroy(machine);
}

static void each_cpu_has_a_cache_for_each_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct mm *mm = &machine->mm;

	(void)state;
	for (unsigned int id = 0; id < 4; id++) {
		for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
			const struct per_cpu_pageset *set = &mm->cpu[id]->pageset[i];

			assert_int_equal(set->pcp[PCP_HOT].high, 6);
			assert_true(list_empty(&set->pcp[PCP_HOT].list));
			assert_true(list_empty(&set->pcp[PCP_COLD].list));
			assert_true(id == 0 || set != &mm->cpu[0]->pageset[i]);
		}
	}
	machine_destroy(machine);
}

/* Fails unless mm_init() refuses the machine with exactly this line. */
static void assert_refused(const struct machine_spec *spec, const char *line)
{
	struct machine *machine = bare_create(spec);

	host_print_capture_start();
	bare_init(machine, spec, -1);
	assert_string_equal(host_print_captured(), line);
	host_print_capture_stop();
	bare_destroy(machine);
}

static void what_can_not_be_managed_is_refused_by_name(void **state)
{
	const struct machine_spec no_memory = {.nr_cpus = 1};
	const struct machine_spec bank_id = {.bank = {{0, 4096, 1023}}};
	const struct machine_spec cpu_id = {
		.bank = {{0, 4096, 0}}, .nr_cpus = 2, .cpu_nid = {0, 5000}};

	(void)state;
	assert_refused(&no_memory, "mm: nothing to manage: 0 banks, 1 CPUs\n");
	assert_refused(&bank_id, "mm: node id 1023: page flags have room for ids below 1023\n");
	assert_refused(&cpu_id, "mm: node id 5000: page flags have room for ids below 1023\n");
}

/* i386's HIGHMEM starts at 896 MiB: a node that has nothing else has its structures on another. */
static void what_boot_takes_has_an_address(void **state)
{
	const struct machine_spec spec = {.layout = host_zones("i386"),
		.bank = {{0, 51200, 0}, {225280, 16384, 1}, {247808, 8192, 2}},
		.nr_cpus = 3,
		.cpu_nid = {0, 1, 2}};
	const struct machine_spec high_only = {
		.layout = host_zones("i386"), .bank = {{247808, 8192, 0}}};
	struct machine *machine = bare_create(&spec);
	unsigned int nr = 0;

	(void)state;
	bare_init(machine, &spec, 0);
	for (unsigned int i = 0; i < machine->memblock.reserved.nr; i++) {
		const struct memblock_range *range = &machine->memblock.reserved.range[i];

		/* Descriptors are mapped elsewhere, wherever they lie. */
		if (strcmp(range->why, "page descriptors") == 0)
			continue;
		assert_true(range->end <= 896 * MIB);
		nr += strcmp(range->why, "per-CPU caches") == 0;
	}
	assert_true(nr > 0);
	assert_true(virt_to_phys(machine->mm.node[2]) < 896 * MIB);
	assert_true(virt_to_phys(machine->mm.node[1]) >= 880 * MIB);
	bare_destroy(machine);
	assert_refused(&high_only, "mm: no 4 KiB of boot memory left for zone table\n");
}

static void no_cpu_is_refused(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 4096, 0}}};
	const struct mm_config config = {.zones = &layout_normal, .nr_cpus = 0};
	struct machine *machine = bare_create(&spec);

	(void)state;
	host_print_capture_start();
	assert_int_equal(mm_init(&machine->mm, &machine->memblock, &config), -1);
	assert_string_equal(host_print_captured(), "mm: nothing to manage: 1 banks, 0 CPUs\n");
	host_print_capture_stop();
	bare_destroy(machine);
}

static void the_highest_node_id_works(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 4096, 1022}}, .nr_cpus = 1, .cpu_nid = {1022}};
	struct machine *machine = machine_create(&spec);
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	assert_int_equal(page_to_nid(page), 1022);
	assert_ptr_equal(page_zone(page), machine_zone(machine, 1022, ZONE_NORMAL));
	__free_pages(page, 3);
	assert_int_equal(machine_zone(machine, 1022, ZONE_NORMAL)->free_area[10].nr_free, 4);
	machine_destroy(machine);
}

/*
 * With less and less memory, down to nothing, boot memory runs out at each place where it is
 * asked for. Each ends in one line that says for what; with enough, in none.
 */
static void too_little_memory_is_said_in_one_line(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 256, 0}, {256, 256, 1}}, .nr_cpus = 2, .cpu_nid = {0, 1}};
	static const char *const wanted[] = {"zone table", "node distances", "map of page blocks",
		"table of nodes", "node structure", "fallback order of nodes", "zonelists",
		"table of CPUs", "per-CPU caches", "64 KiB left for the descriptors"};
	bool said[ARRAY_SIZE(wanted)] = {false};
	unsigned long nr_pages;

	(void)state;
	for (nr_pages = 0; nr_pages < 512; nr_pages++) {
		struct machine *machine = bare_create(&spec);
		const struct mm_config config = {
			.zones = &layout_normal, .nr_cpus = 2, .cpu_nid = spec.cpu_nid};
		int error;

		memblock_reserve(&machine->memblock, pfn_to_phys(nr_pages),
			pfn_to_phys(512 - nr_pages), 0, "taken");
		host_print_capture_start();
		error = mm_init(&machine->mm, &machine->memblock, &config);
		assert_int_equal(times_printed("\n"), error ? 1 : 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++)
			said[i] |= times_printed(wanted[i]) != 0;
		if (error == 0)
			mm_free_boot_memory(&machine->mm);
		host_print_capture_stop();
		bare_destroy(machine);
		if (error == 0)
			break;
		assert_int_equal(error, -1);
	}
	assert_in_range(nr_pages, 20, 100);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!said[i])
			fail_msg("nobody lacked memory for: %s", wanted[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hand_over_is_in_the_largest_aligned_blocks),
		cmocka_unit_test(hand_over_of_one_odd_bank),
		cmocka_unit_test(free_and_reserved_add_up_to_present),
		cmocka_unit_test(nobody_is_given_a_reserved_page),
		cmocka_unit_test(the_boot_allocator_is_closed_after_the_hand_over),
		cmocka_unit_test(a_run_across_two_zones_is_cut),
		cmocka_unit_test(the_calling_cpu_becomes_cpu_0),
		cmocka_unit_test(each_cpu_has_a_cache_for_each_zone),
		cmocka_unit_test(what_can_not_be_managed_is_refused_by_name),
		cmocka_unit_test(what_boot_takes_has_an_address),
		cmocka_unit_test(no_cpu_is_refused),
		cmocka_unit_test(the_highest_node_id_works),
		cmocka_unit_test(too_little_memory_is_said_in_one_line),
	};

	return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
