/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports: the text of each, byte for byte where Linux has the format.
 */
#include "show_fixture.h"

/* "Node %d, zone %8s " and eleven times "%6lu ", as Linux's /proc/buddyinfo. */
static void buddyinfo_is_linuxs_text(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	alloc_pages(GFP_KERNEL, 1);
	host_print_capture_start();
	show_buddyinfo(&machine->mm);
	assert_all_printed(
		"Node 0, zone    DMA32      0      0      0      0      0      0      0      0 "
		"     0      0      4 \n"
		"Node 0, zone   Normal      0      1      1      1      1      1      1      1 "
		"     1      1      3 \n");
	machine_destroy(machine);
}

static void buddyinfo_has_populated_zones_by_node(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	/* Wider than its column, a number pushes the rest to the right. */
	machine_zone(machine, 2, ZONE_NORMAL)->free_area[0].nr_free = 1234567;
	host_print_capture_start();
	show_buddyinfo(&machine->mm);
	machine_zone(machine, 2, ZONE_NORMAL)->free_area[0].nr_free = 0;
	assert_all_printed(
		"Node 0, zone    DMA32      0      0      0      0      0      0      0      0 "
		"     0      0      2 \n"
		"Node 0, zone   Normal      0      0      0      0      0      0      0      0 "
		"     0      0      2 \n"
		"Node 1, zone   Normal      0      0      0      0      0      0      0      0 "
		"     0      0      4 \n"
		"Node 2, zone   Normal 1234567      0      0      0      0      0      0      0 "
		"     0      0      4 \n"
		"Node 3, zone   Normal      0      0      0      0      0      0      0      0 "
		"     0      0      4 \n");
	machine_destroy(machine);
}

static void pcp_has_a_line_for_each_half(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 262144, 0}}, .nr_cpus = 2};
	struct machine *machine = machine_create(&spec);

	(void)state;
	machine_enter(machine, 1);
	alloc_page(GFP_KERNEL);
	alloc_page(GFP_KERNEL | __GFP_COLD);
	alloc_page(GFP_KERNEL | __GFP_COLD);
	host_print_capture_start();
	show_pcp(&machine->mm);
	assert_all_printed("Node 0 Normal per-cpu:\n"
			   "cpu 0 hot: low 32, high 96, batch 16, count 0\n"
			   "cpu 0 cold: low 0, high 32, batch 16, count 0\n"
			   "cpu 1 hot: low 32, high 96, batch 16, count 15\n"
			   "cpu 1 cold: low 0, high 32, batch 16, count 14\n");
	machine_destroy(machine);
}

static void nodes_say_cpus_distances_and_fallback(void **state)
{
	const struct machine_spec spec = {
		.bank = {{1024, 2048, 0}, {4096, 4096, 2}, {8192, 256, 0}},
		.nr_cpus = 3,
		.cpu_nid = {0, 1, 0}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	host_print_capture_start();
	show_nodes(&machine->mm);
	assert_all_printed("node 0: pfn 0x400-0x2100, spanned 7424, present 2304 pages (9 MiB)\n"
			   "  cpus: 0 2\n"
			   "  distance: 0:10 1:20 2:20\n"
			   "  fallback: 0 2 1\n"
			   "node 1: no memory\n"
			   "  cpus: 1\n"
			   "  distance: 0:20 1:10 2:20\n"
			   "  fallback: 1 2 0\n"
			   "node 2: pfn 0x1000-0x2000, spanned 4096, present 4096 pages (16 MiB)\n"
			   "  cpus: none\n"
			   "  distance: 0:20 1:20 2:10\n"
			   "  fallback: 2 0 1\n");
	machine_destroy(machine);
}

static void zones_with_their_spans_and_counters(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_low_4096, .bank = {{0, 8192, 0}, {8192, 1024, 1}}};
	struct machine *machine = machine_create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	buddy_set_aside(zone, buddy_take(zone, 2), 2);
	host_print_capture_start();
	show_zones(&machine->mm);
	assert_all_printed("Node 0, zone    DMA32: pfn 0x0-0x1000, spanned 4096, present 4096, "
			   "managed 4096, free 4096, set aside 0, offline 0\n"
			   "Node 0, zone   Normal: pfn 0x1000-0x2000, spanned 4096, present 4096, "
			   "managed 4096, free 4092, set aside 4, offline 0\n"
			   "Node 1, zone    DMA32: empty\n"
			   "Node 1, zone   Normal: pfn 0x2000-0x2400, spanned 1024, present 1024, "
			   "managed 1024, free 1024, set aside 0, offline 0\n");
	machine_destroy(machine);
}

static void zonelists_by_node_and_modifier(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_low_4096, .bank = {{4096, 4096, 0}, {8192, 1024, 1}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	host_print_capture_start();
	show_zonelists(&machine->mm);
	assert_all_printed("Node 0, zonelist  NORMAL: 0:Normal 1:Normal\n"
			   "Node 0, zonelist     DMA: 0:Normal 1:Normal\n"
			   "Node 0, zonelist HIGHMEM: 0:Normal 1:Normal\n"
			   "Node 0, zonelist   DMA32: empty\n"
			   "Node 1, zonelist  NORMAL: 1:Normal 0:Normal\n"
			   "Node 1, zonelist     DMA: 1:Normal 0:Normal\n"
			   "Node 1, zonelist HIGHMEM: 1:Normal 0:Normal\n"
			   "Node 1, zonelist   DMA32: empty\n");
	machine_destroy(machine);
}

static void layout_has_linuxs_lines(void **state)
{
	struct machine_spec spec = fixture_f3;
	struct machine *machine;
	char line[120];

	(void)state;
	spec.keep_boot_reserved = true;
	machine = machine_create(&spec);
	alloc_pages(GFP_KERNEL, 2);
	alloc_page(GFP_KERNEL); /* a cached page is still free memory; batch 1 leaves none */
	host_print_capture_start();
	show_layout(&machine->mm);
	assert_printed("Zone ranges:\n"
		       "  DMA32    [mem 0x0000000000000000-0x0000000000ffffff]\n"
		       "  Normal   [mem 0x0000000001000000-0x0000000001ffffff]\n"
		       "Early memory node ranges:\n"
		       "  node   0: [mem 0x0000000000000000-0x0000000001ffffff]\n");
	assert_printed("  DMA32 zone: 4096 pages, LIFO batch:1\n"
		       "  Normal zone: 4096 pages, LIFO batch:1\n"
		       "Built 1 zonelists\n");
	snprintf(line, sizeof(line),
		"Memory: %luk free / 32768k present, %luk reserved, of that 512k page "
		"descriptors\n",
		4 * nr_free_pages(&machine->mm), 32768 - 4 * nr_free_pages(&machine->mm) - 5 * 4);
	assert_printed(line);
	host_print_capture_stop();
	machine_destroy(machine);
}

static void layout_says_which_zones_are_empty(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_low_4096, .bank = {{4096, 4096, 0}, {8192, 1024, 1}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	host_print_capture_start();
	show_layout(&machine->mm);
	assert_printed("  DMA32    empty\n");
	assert_printed("  Normal   [mem 0x0000000001000000-0x00000000023fffff]\n");
	assert_printed("Built 2 zonelists\n");
	host_print_capture_stop();
	machine_destroy(machine);
}

static void banks_are_cut_at_reservations(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct memblock *mb = &machine->memblock;

	(void)state;
	memblock_add(mb, pfn_to_phys(16384), 16 * PAGE_SIZE, 1);
	memblock_reserve(mb, pfn_to_phys(0), 2 * PAGE_SIZE, MEMBLOCK_NOMAP, "firmware");
	memblock_reserve(mb, pfn_to_phys(16), PAGE_SIZE, 0, "tree");
	memblock_reserve(mb, pfn_to_phys(8190), 100 * PAGE_SIZE, 0, "over the end");
	memblock_reserve(mb, pfn_to_phys(10000), PAGE_SIZE, 0, "device");
	memblock_reserve(mb, pfn_to_phys(16380), 100 * PAGE_SIZE, 0, "around");
	host_print_capture_start();
	show_banks(&machine->mm);
	assert_all_printed("bank 0: 0x0-0x2000000, 32 MiB, node 0\n"
			   "  0x000000000000-0x000000002000         8 KiB  firmware (not mapped)\n"
			   "  0x000000002000-0x000000010000        56 KiB  page allocator\n"
			   "  0x000000010000-0x000000011000         4 KiB  tree\n"
			   "  0x000000011000-0x000001ffe000     32692 KiB  page allocator\n"
			   "  0x000001ffe000-0x000002000000         8 KiB  over the end\n"
			   "bank 1: 0x4000000-0x4010000, 0 MiB, node 1\n"
			   "  0x000004000000-0x000004010000        64 KiB  around\n"
			   "outside all banks: 0x2710000-0x2711000  device\n");
	machine_destroy(machine);
}

/* Fails unless the report of a page has this text. */
static void assert_page_says(const struct machine *machine, unsigned long pfn, const char *text)
{
	host_print_capture_start();
	show_page(&machine->mm, pfn);
	assert_printed(text);
	host_print_capture_stop();
}

static void a_page_in_each_state(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_COMP, 3); /* 0x1c00 */
	struct page *page = alloc_page(GFP_KERNEL), *bad;

	(void)state;
	assert_page_says(machine, 0x1c00,
		"  pfn 0x1c00 at 0x1c00000: node 0 zone Normal, allocated, order 3\n    count 1 "
		"mapcount 0 flags 0x0020000000008000 [compound] private 0x");
	assert_page_says(
		machine, 0x1c05, "inside a block that is allocated, order 3, head pfn 0x1c00\n");
	assert_page_says(machine, 0xc00,
		"zone DMA32, free, order 10\n    count 0 mapcount 0 flags 0x0010000000001000 "
		"[private] private 0xa index 0x0 mapping (nil) tag 0x100\n");
	assert_page_says(machine, 0xfff, "inside a block that is free, order 10, head pfn 0xc00\n");
	__free_page(page);
	assert_page_says(machine, page_to_pfn(page), "zone Normal, in a per-CPU cache\n");
	bad = alloc_pages(GFP_KERNEL, 2);
	buddy_set_aside(machine_zone(machine, 0, ZONE_NORMAL), bad, 2);
	assert_page_says(machine, page_to_pfn(bad), "set aside, order 2\n");
	assert_page_says(
		machine, page_to_pfn(bad) + 3, "inside a block that is set aside, order 2");
	SetPageDirty(block);
	SetPageLocked(block);
	assert_page_says(machine, 0x1c00, "[locked|dirty|compound]");
	assert_page_says(machine, 8192, "  pfn 0x2000: no memory there, and no descriptor\n");
	machine_destroy(machine);
}

static void reserved_pages_and_holes(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 500, 0}, {600, 500, 0}}, .keep_boot_reserved = true};
	struct machine *machine = machine_create(&spec);
	const struct memblock_range *tables =
		&machine->memblock.reserved.range[machine->memblock.reserved.nr - 1];
	char text[100];

	(void)state;
	assert_page_says(machine, 550, "  pfn 0x226 at 0x226000: a hole between banks\n");
	snprintf(text, sizeof(text), "zone Normal, reserved (%s)\n", tables->why);
	assert_page_says(machine, pfn_down(tables->base), text);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buddyinfo_is_linuxs_text),
		cmocka_unit_test(buddyinfo_has_populated_zones_by_node),
		cmocka_unit_test(pcp_has_a_line_for_each_half),
		cmocka_unit_test(nodes_say_cpus_distances_and_fallback),
		cmocka_unit_test(zones_with_their_spans_and_counters),
		cmocka_unit_test(zonelists_by_node_and_modifier),
		cmocka_unit_test(layout_has_linuxs_lines),
		cmocka_unit_test(layout_says_which_zones_are_empty),
		cmocka_unit_test(banks_are_cut_at_reservations),
		cmocka_unit_test(a_page_in_each_state),
		cmocka_unit_test(reserved_pages_and_holes),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
