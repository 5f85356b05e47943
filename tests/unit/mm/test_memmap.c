/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: which descriptors exist, where they lie, what they say at first, and that
 * blocks shared by holes and nodes never let the wrong pages merge.
 */
#include "unit.h"

/* Bytes of descriptors that lie in pages [start, end). */
static unsigned long map_bytes_in(
	const struct machine *machine, unsigned long start, unsigned long end)
{
	const struct memblock_list *reserved = &machine->memblock.reserved;
	unsigned long bytes = 0;

	for (unsigned int i = 0; i < reserved->nr; i++) {
		const struct memblock_range *range = &reserved->range[i];

		if (strcmp(range->why, "page descriptors") == 0 &&
			range->base >= pfn_to_phys(start) && range->end <= pfn_to_phys(end))
			bytes += range->end - range->base;
	}
	return bytes;
}

static void S13_a_descriptor_at_first(void **state)
{
	struct machine_spec spec = fixture_f4;
	struct machine *machine;

	(void)state;
	spec.layout = &layout_low_2048;
	machine = bare_create(&spec);
	bare_init(machine, &spec, 0);
	for (unsigned long pfn = 0; pfn < 16384; pfn++) {
		const struct page *page = pfn_to_page(pfn);
		unsigned long zone = pfn < 2048 ? ZONE_DMA32 : ZONE_NORMAL;

		assert_int_equal(page_flags(page), pfn / 4096 << 54 | zone << 52 | 0x800);
		assert_int_equal(page->_count, -1);
		assert_int_equal(page_count(page), 0);
		assert_int_equal(page->_mapcount, -1);
		assert_true(PageReserved(page));
		assert_false(PagePrivate(page));
		assert_true(list_empty(&page->lru));
		assert_int_equal(page_state(page), PAGE_NEW);
		assert_null(page->mapping);
	}
	assert_int_equal(page_flags(pfn_to_page(12288)), 0x00e0000000000800);
	assert_int_equal(page_to_nid(pfn_to_page(12288)), 3);
	bare_destroy(machine);
}

static void a_section_half_present_has_one_piece(void **state)
{
	static const struct {
		unsigned long present, bytes;
	} rows[] = {{32768, 2 * MIB}, {16384, 2 * MIB}, {16383, MIB}, {15 * 1024 + 1, MIB},
		{15 * 1024, 15 * 64 * 1024}, {32768 + 1024, 2 * MIB + 64 * 1024}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_spec spec = {.bank = {{0, 0, 0}}, .keep_boot_reserved = true};
		struct machine *machine;

		spec.bank[0].nr_pages = rows[i].present;
		machine = machine_create(&spec);
		assert_int_equal(machine->mm.mem_map_bytes, rows[i].bytes);
		assert_int_equal(map_bytes_in(machine, 0, 65536), rows[i].bytes);
		machine_destroy(machine);
	}
}

/* Present means of any node, and the half need not be the lower one. */
static void half_a_section_in_pieces(void **state)
{
	const struct machine_spec spec = {
		.bank = {{10000, 8192, 0}, {24576, 8192, 1}}, .keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.mem_map_bytes, 2 * MIB);
	assert_int_equal(map_bytes_in(machine, 10000, 18192), 2 * MIB);
	assert_true(pfn_valid(&machine->mm, 10000));
	assert_false(pfn_valid(&machine->mm, 0));
	assert_false(pfn_valid(&machine->mm, 9 * 1024 - 1));
	assert_true(pfn_valid(&machine->mm, 9 * 1024));
	assert_false(pfn_valid(&machine->mm, 18 * 1024));
	assert_false(pfn_valid(&machine->mm, 24575));
	assert_true(pfn_valid(&machine->mm, 24576));
	assert_true(pfn_valid(&machine->mm, 32767));
	assert_false(pfn_valid(&machine->mm, 32768));
	assert_false(pfn_valid(&machine->mm, ~0UL));
	machine_destroy(machine);
}

static void a_whole_section_lies_on_its_own_node(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 32768, 0}, {32768, 32768, 1}, {65536, 20000, 2}},
		.keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(map_bytes_in(machine, 0, 32768), 2 * MIB);
	assert_int_equal(map_bytes_in(machine, 32768, 65536), 2 * MIB);
	assert_int_equal(map_bytes_in(machine, 65536, 98304), 2 * MIB);
	machine_destroy(machine);
}

/* No aligned 2 MiB are left on the node: 64 KiB for each block then. */
static void a_section_falls_back_to_blocks(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 32768, 0}}};
	struct machine *machine = bare_create(&spec);

	(void)state;
	for (unsigned long pfn = 500; pfn < 32768; pfn += 512)
		memblock_reserve(&machine->memblock, pfn_to_phys(pfn), 1, 0, "in the way");
	bare_init(machine, &spec, 0);
	assert_int_equal(machine->mm.mem_map_bytes, 2 * MIB);
	for (unsigned int i = 0; i < machine->memblock.reserved.nr; i++) {
		const struct memblock_range *range = &machine->memblock.reserved.range[i];

		assert_true(range->end - range->base < 2 * MIB);
	}
	assert_true(pfn_valid(&machine->mm, 0));
	assert_true(pfn_valid(&machine->mm, 32767));
	bare_destroy(machine);
}

static void blocks_lie_on_the_nearest_node_of_the_highest_zone(void **state)
{
	/* Node 0 has low memory only: its descriptors go to node 1's NORMAL. */
	const struct machine_spec spec = {.layout = &layout_low_4096,
		.bank = {{0, 4096, 0}, {4096, 4096, 1}, {8192, 4096, 2}},
		.keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(map_bytes_in(machine, 0, 4096), 0);
	assert_int_equal(map_bytes_in(machine, 4096, 8192), 8 * 64 * 1024);
	assert_int_equal(map_bytes_in(machine, 8192, 12288), 4 * 64 * 1024);
	machine_destroy(machine);
}

static void blocks_go_to_a_lower_zone_when_the_higher_is_full(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_low_4096, .bank = {{0, 4096, 0}, {4096, 1024, 0}}};
	struct machine *machine = bare_create(&spec);

	(void)state;
	memblock_reserve(&machine->memblock, pfn_to_phys(4096), 1024 * PAGE_SIZE, 0, "full");
	bare_init(machine, &spec, 0);
	assert_int_equal(map_bytes_in(machine, 0, 4096), 5 * 64 * 1024);
	bare_destroy(machine);
}

static void holes_inside_a_block_are_reserved_and_of_no_zone(void **state)
{
	const struct machine_spec spec = {.bank = {{1024 + 10, 500, 0}, {1024 + 600, 100, 1}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	for (unsigned long pfn = 1024; pfn < 1024 + 700; pfn++) {
		const struct page *page = pfn_to_page(pfn);
		bool first = pfn >= 1034 && pfn < 1534, second = pfn >= 1624;

		assert_true(pfn_valid(&machine->mm, pfn));
		assert_int_equal(PageReserved(page), !first && !second);
		assert_int_equal(page_to_nid(page), first ? 0 : second ? 1 : NODE_HOLE);
		assert_int_equal(page_count(page), 0);
	}
	/* Behind the last bank the block's descriptors are there, but no pfn_valid() tells of them.
	 */
	assert_false(pfn_valid(&machine->mm, 1024 + 700));
	assert_int_equal(page_to_nid(pfn_to_page(2047)), NODE_HOLE);
	assert_true(PageReserved(pfn_to_page(2047)));
	machine_destroy(machine);
}

static void assert_zone_is_full(const struct machine *machine, int nid, enum zone_type type)
{
	const struct memblock_list *memory = &machine->memblock.memory;
	const struct zone *zone = machine_zone(machine, nid, type);
	unsigned long expected[MAX_ORDER] = {0}, start, end;

	for (unsigned int i = 0; i < memory->nr; i++) {
		zone_layout_range(machine->mm.layout, type, &start, &end);
		if (start < pfn_down(memory->range[i].base))
			start = pfn_down(memory->range[i].base);
		if (end > pfn_down(memory->range[i].end))
			end = pfn_down(memory->range[i].end);
		if (memory->range[i].nid == nid)
			add_blocks(expected, start, end);
	}
	assert_nr_free(zone, expected);
	assert_int_equal(zone->free_pages, zone->present_pages);
}

static void assert_machine_is_full(const struct machine *machine)
{
	struct zone *zone;

	for_each_populated_zone (zone, &machine->mm)
		assert_zone_is_full(machine, zone->zone_pgdat->node_id, zone->type);
}

/*
 * Take every page one by one, give all back in random order, from two CPUs: what merges is what
 * was one block at first, no more and no less, whatever lies beside it.
 */
static void take_all_and_give_back(struct machine *machine, uint64_t *random)
{
	unsigned long nr = 0, present = memblock_present(&machine->memblock, -1, 0, ~0UL);
	struct page **held = calloc(present + 1, sizeof(*held));

	assert_non_null(held);
	assert_machine_is_full(machine);
	machine_lift_reserves(machine);
	while ((held[nr] = alloc_page(GFP_KERNEL))) {
		const struct memblock_range *bank = memblock_find_memory(
			&machine->memblock, pfn_to_phys(page_to_pfn(held[nr])));

		assert_non_null(bank);
		assert_int_equal(bank->nid, page_to_nid(held[nr]));
		nr++;
	}
	assert_int_equal(nr, present);
	while (nr) {
		unsigned long i = next_random(random, nr);

		machine_enter(machine, (unsigned int)next_random(random, 2));
		__free_page(held[i]);
		held[i] = held[--nr];
	}
	drain_all_pages(&machine->mm);
	assert_no_misuse();
	assert_machine_is_full(machine);
	free(held);
}

static void nodes_that_meet_inside_a_block_never_merge(void **state)
{
	/* The buddy of the page at each border is of another node, down to order 0. */
	const struct machine_spec spec = {.bank = {{0, 1024 + 301, 0}, {1325, 211, 1},
						  {1536, 256, 0}, {1792, 256, 1}, {2048, 1024, 2}},
		.nr_cpus = 2,
		.cpu_nid = {0, 1}};
	struct machine *machine = machine_create(&spec);
	uint64_t random = test_seed(0x5eed0004);

	(void)state;
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_area[10].nr_free, 1);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_area[9].nr_free, 0);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_area[8].nr_free, 2);
	assert_int_equal(machine_zone(machine, 2, ZONE_NORMAL)->free_area[10].nr_free, 1);
	take_all_and_give_back(machine, &random);
	machine_destroy(machine);
}

static void zones_that_meet_inside_a_block_never_merge(void **state)
{
	static const struct zone_layout odd = {.name = "odd",
		.nr = 2,
		.limit = {{ZONE_DMA32, 1301 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
	const struct machine_spec spec = {
		.layout = &odd, .bank = {{0, 3000, 0}}, .nr_cpus = 2, .cpu_nid = {0, 0}};
	struct machine *machine = machine_create(&spec);
	uint64_t random = test_seed(0x5eed0005);

	(void)state;
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->free_pages, 1301);
	take_all_and_give_back(machine, &random);
	machine_destroy(machine);
}

/* Banks of random sizes, gaps and nodes, whose spans interleave. */
static void random_banks(void **state)
{
	uint64_t random = test_seed(0x5eed0006);

	(void)state;
	for (unsigned int round = 0; round < 12; round++) {
		struct machine_spec spec = {
			.layout = &layout_low_2048, .nr_cpus = 2, .cpu_nid = {0, 1}};
		unsigned long pfn = next_random(&random, 700);
		struct machine *machine;

		for (unsigned int i = 0; i < 8; i++) {
			spec.bank[i].start_pfn = pfn;
			spec.bank[i].nr_pages = 100 + next_random(&random, 900);
			spec.bank[i].nid = (int)next_random(&random, 3);
			pfn += spec.bank[i].nr_pages;
			if (next_random(&random, 2))
				pfn += next_random(&random, 2000);
		}
		machine = machine_create(&spec);
		take_all_and_give_back(machine, &random);
		machine_destroy(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S13_a_descriptor_at_first),
		cmocka_unit_test(a_section_half_present_has_one_piece),
		cmocka_unit_test(half_a_section_in_pieces),
		cmocka_unit_test(a_whole_section_lies_on_its_own_node),
		cmocka_unit_test(a_section_falls_back_to_blocks),
		cmocka_unit_test(blocks_lie_on_the_nearest_node_of_the_highest_zone),
		cmocka_unit_test(blocks_go_to_a_lower_zone_when_the_higher_is_full),
		cmocka_unit_test(holes_inside_a_block_are_reserved_and_of_no_zone),
		cmocka_unit_test(nodes_that_meet_inside_a_block_never_merge),
		cmocka_unit_test(zones_that_meet_inside_a_block_never_merge),
		cmocka_unit_test(random_banks),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
