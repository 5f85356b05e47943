/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zones: spans by the layout's limits, and the zonelists over them.
 */
#include "unit.h"

/* DMA below 1024, DMA32 below 4096, NORMAL above: the shape of x86-64. */
static const struct zone_layout layout_x86 = {.name = "x86",
	.nr = 3,
	.limit = {{ZONE_DMA, 1024 * PAGE_SIZE}, {ZONE_DMA32, 4096 * PAGE_SIZE},
		{ZONE_NORMAL, PHYS_ADDR_MAX}}};

/* DMA, NORMAL and HIGHMEM: the shape of i386. */
static const struct zone_layout layout_i386 = {.name = "i386",
	.nr = 3,
	.limit = {{ZONE_DMA, 1024 * PAGE_SIZE}, {ZONE_NORMAL, 4096 * PAGE_SIZE},
		{ZONE_HIGHMEM, PHYS_ADDR_MAX}}};

/* Fails unless a node's zonelist reads so: "1/Normal 0/DMA32". */
static void assert_zonelist(
	const struct machine *machine, int nid, unsigned int modifiers, const char *expected)
{
	const struct zonelist *list = machine->mm.node[nid]->node_zonelists[modifiers];
	char text[200] = "";
	size_t used = 0;

	assert_non_null(list);
	for (unsigned int i = 0; i < list->nr; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d/%s", i ? " " : "",
			list->zones[i]->zone_pgdat->node_id, list->zones[i]->name);
	assert_null(list->zones[list->nr]);
	assert_string_equal(text, expected);
}

static void S14_lists_of_two_zones(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	assert_zonelist(machine, 0, 0, "0/Normal 0/DMA32");
	assert_zonelist(machine, 0, __GFP_HIGHMEM, "0/Normal 0/DMA32");
	assert_zonelist(machine, 0, __GFP_DMA32, "0/DMA32");
	/* There is no DMA: the lowest zone serves (<mm/gfp.h>, GFP_DMA). */
	assert_zonelist(machine, 0, __GFP_DMA, "0/DMA32");
	assert_null(machine->mm.node[0]->node_zonelists[3]);
	machine_destroy(machine);
}

static void S14_only_the_lower_zone_has_pages(void **state)
{
	const struct machine_spec only_low = {.layout = &layout_low_4096, .bank = {{0, 4096, 0}}};
	struct machine *machine = machine_create(&only_low);

	(void)state;
	for (unsigned int modifiers = 0; modifiers < GFP_ZONETYPES; modifiers++) {
		if (modifiers != 3)
			assert_zonelist(machine, 0, modifiers, "0/DMA32");
	}
	assert_int_equal(page_zone(alloc_page(GFP_KERNEL))->type, ZONE_DMA32);
	machine_destroy(machine);
}

/* 2.6.11 leaves list 1 of F2 empty; here GFP_DMA is the lowest zone that has pages: NORMAL. */
static void S14_list_1_of_one_normal_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page;

	(void)state;
	assert_zonelist(machine, 0, 0, "0/Normal");
	assert_zonelist(machine, 0, __GFP_DMA, "0/Normal");
	assert_zonelist(machine, 0, __GFP_DMA32, "");
	page = alloc_pages(GFP_KERNEL | GFP_DMA | __GFP_NOFAIL, 0);
	assert_non_null(page);
	assert_int_equal(page_zone(page)->type, ZONE_NORMAL);
	machine_destroy(machine);
}

static void S15_node_major_lists(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	assert_zonelist(machine, 1, 0, "1/Normal 2/Normal 3/Normal 0/Normal 0/DMA32");
	assert_zonelist(machine, 1, __GFP_DMA, "0/DMA32");
	assert_zonelist(machine, 1, __GFP_DMA32, "0/DMA32");
	assert_zonelist(machine, 0, 0, "0/Normal 0/DMA32 1/Normal 2/Normal 3/Normal");
	for (unsigned int id = 0; id < 4; id++) {
		for (unsigned int list = 0; list < GFP_ZONETYPES; list++)
			assert_ptr_equal(machine->mm.cpu[id]->zonelist[list],
				machine->mm.node[id]->node_zonelists[list]);
		for (unsigned int list = GFP_ZONETYPES; list <= GFP_ZONEMASK; list++)
			assert_null(machine->mm.cpu[id]->zonelist[list]);
	}
	machine_destroy(machine);
}

static void three_zones(void **state)
{
	const struct machine_spec spec = {.layout = &layout_x86, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.lowest_zone, ZONE_DMA);
	assert_zonelist(machine, 0, 0, "0/Normal 0/DMA32 0/DMA");
	assert_zonelist(machine, 0, __GFP_DMA32, "0/DMA32 0/DMA");
	assert_zonelist(machine, 0, __GFP_DMA, "0/DMA");
	assert_zonelist(machine, 0, __GFP_HIGHMEM, "0/Normal 0/DMA32 0/DMA");
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->spanned_pages, 1024);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->spanned_pages, 3072);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->spanned_pages, 4096);
	assert_true(page_to_pfn(alloc_pages(GFP_DMA, 5)) < 1024);
	machine_destroy(machine);
}

/* The lowest zone is a property of the machine, not of the node that asks. */
static void the_lowest_zone_is_one_for_all_nodes(void **state)
{
	const struct machine_spec spec = {.layout = &layout_x86,
		.bank = {{1024, 3072, 0}, {4096, 4096, 1}},
		.nr_cpus = 2,
		.cpu_nid = {0, 1}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.lowest_zone, ZONE_DMA32);
	assert_zonelist(machine, 1, __GFP_DMA, "0/DMA32");
	assert_zonelist(machine, 1, 0, "1/Normal 0/DMA32");
	machine_destroy(machine);
}

static void highmem_where_there_is_one(void **state)
{
	const struct machine_spec spec = {.layout = &layout_i386, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);
	struct page *page;

	(void)state;
	assert_zonelist(machine, 0, __GFP_HIGHMEM, "0/HighMem 0/Normal 0/DMA");
	assert_zonelist(machine, 0, 0, "0/Normal 0/DMA");
	page = alloc_page(GFP_HIGHUSER);
	assert_true(page_to_pfn(page) >= 4096);
	assert_null(page_address(page));
	assert_non_null(page_address(alloc_page(GFP_KERNEL)));
	machine_destroy(machine);
}

/* 2.6.11 gives 0 and loses the page; here the call is refused, and nothing is lost. */
static void highmem_pages_have_no_address(void **state)
{
	const struct machine_spec spec = {.layout = &layout_i386, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	host_print_capture_start();
	assert_int_equal(__get_free_pages(GFP_HIGHUSER, 3), 0);
	assert_misuse(MISUSE_BAD_GFP, NULL, 3);
	assert_int_equal(__get_free_page(GFP_HIGHUSER), 0);
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	assert_int_equal(get_zeroed_page(GFP_HIGHUSER), 0);
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	host_print_capture_stop();
	assert_int_equal(nr_free_pages(&machine->mm) + nr_cached_pages(&machine->mm), 8192);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	machine_destroy(machine);
}

/* The bit alone is no fault: where HIGHMEM is down to its marks, a page with an address serves. */
static void highmem_that_is_low_is_served_from_below(void **state)
{
	const struct machine_spec spec = {.layout = &layout_i386, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);
	unsigned long address;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(page_zone(alloc_pages(GFP_HIGHUSER, 10))->type, ZONE_HIGHMEM);
	address = __get_free_pages(GFP_HIGHUSER, 10);
	assert_int_equal(page_zone(virt_to_page((void *)address))->type, ZONE_NORMAL);
	assert_no_misuse();
	machine_destroy(machine);
}

/* S49: with __GFP_WAIT a HIGHMEM page can be cleared, though it has no address. */
static void highmem_pages_are_zeroed(void **state)
{
	const struct machine_spec spec = {.layout = &layout_i386, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);
	struct page *page = alloc_pages(GFP_HIGHUSER, 1);
	char *bytes = phys_to_virt(pfn_to_phys(page_to_pfn(page)));

	(void)state;
	memset(bytes, 0x5a, 2 * PAGE_SIZE);
	__free_pages(page, 1);
	assert_ptr_equal(alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 1), page);
	for (unsigned long i = 0; i < 2 * PAGE_SIZE; i++)
		assert_int_equal(bytes[i], 0);
	machine_destroy(machine);
}

static void a_zone_is_its_nodes_span_cut_to_the_limits(void **state)
{
	const struct machine_spec spec = {.layout = &layout_low_4096,
		.bank = {{1000, 1000, 0}, {3000, 3000, 1}, {8000, 1000, 0}}};
	struct machine *machine = machine_create(&spec);
	const struct zone *zone;

	(void)state;
	/* Node 0 spans [1000, 9000), node 1 [3000, 6000). */
	zone = machine_zone(machine, 0, ZONE_DMA32);
	assert_int_equal(zone->zone_start_pfn, 1000);
	assert_int_equal(zone->spanned_pages, 3096);
	assert_int_equal(zone->present_pages, 1000);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	assert_int_equal(zone->zone_start_pfn, 4096);
	assert_int_equal(zone->spanned_pages, 9000 - 4096);
	assert_int_equal(zone->present_pages, 1000);
	zone = machine_zone(machine, 1, ZONE_DMA32);
	assert_int_equal(zone->zone_start_pfn, 3000);
	assert_int_equal(zone->spanned_pages, 1096);
	assert_int_equal(zone->present_pages, 1096);
	zone = machine_zone(machine, 1, ZONE_NORMAL);
	assert_int_equal(zone->present_pages, 1904);
	assert_int_equal(zone->index, 1 << ZONES_SHIFT | ZONE_NORMAL);
	assert_string_equal(zone->name, "Normal");
	assert_ptr_equal(zone->zone_pgdat, machine->mm.node[1]);
	machine_destroy(machine);
}

/* Between two banks of a node there is a span but not a page: no zone there. */
static void a_zone_without_pages_has_no_span(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_x86, .bank = {{0, 1024, 0}, {4096, 1024, 0}}};
	struct machine *machine = machine_create(&spec);
	const struct zone *empty = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	assert_int_equal(empty->present_pages, 0);
	assert_int_equal(empty->spanned_pages, 0);
	assert_zonelist(machine, 0, __GFP_DMA32, "0/DMA");
	assert_int_equal(machine->mm.node[0]->nr_zones, ZONE_NORMAL + 1);
	machine_destroy(machine);
}

static void populated_zones_are_walked_by_node_and_type(void **state)
{
	static const struct {
		int nid;
		enum zone_type type;
	} expected[] = {{0, ZONE_DMA32}, {0, ZONE_NORMAL}, {1, ZONE_NORMAL}, {2, ZONE_NORMAL},
		{3, ZONE_NORMAL}};
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone;
	unsigned int i = 0;

	(void)state;
	for_each_populated_zone (zone, &machine->mm) {
		assert_true(i < ARRAY_SIZE(expected));
		assert_ptr_equal(zone, machine_zone(machine, expected[i].nid, expected[i].type));
		assert_ptr_equal(machine->mm.zone_table[zone->index], zone);
		i++;
	}
	assert_int_equal(i, ARRAY_SIZE(expected));
	machine_destroy(machine);
}

static void ranges_and_names_of_a_layout(void **state)
{
	unsigned long start, end;

	(void)state;
	zone_layout_range(&layout_x86, ZONE_DMA, &start, &end);
	assert_int_equal(start, 0);
	assert_int_equal(end, 1024);
	zone_layout_range(&layout_x86, ZONE_DMA32, &start, &end);
	assert_int_equal(start, 1024);
	assert_int_equal(end, 4096);
	zone_layout_range(&layout_x86, ZONE_HIGHMEM, &start, &end);
	assert_int_equal(start, end);
	zone_layout_range(&layout_low_2048, ZONE_DMA, &start, &end);
	assert_int_equal(start, end);
	zone_layout_range(arch_zone_layout(), ZONE_DMA32, &start, &end);
	assert_int_equal(end, pfn_down(4 * GIB));
	assert_string_equal(zone_type_name(ZONE_DMA), "DMA");
	assert_string_equal(zone_type_name(ZONE_DMA32), "DMA32");
	assert_string_equal(zone_type_name(ZONE_NORMAL), "Normal");
	assert_string_equal(zone_type_name(ZONE_HIGHMEM), "HighMem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S14_lists_of_two_zones),
		cmocka_unit_test(S14_only_the_lower_zone_has_pages),
		cmocka_unit_test(S14_list_1_of_one_normal_zone),
		cmocka_unit_test(S15_node_major_lists),
		cmocka_unit_test(three_zones),
		cmocka_unit_test(the_lowest_zone_is_one_for_all_nodes),
		cmocka_unit_test(highmem_where_there_is_one),
		cmocka_unit_test(highmem_pages_have_no_address),
		cmocka_unit_test(highmem_that_is_low_is_served_from_below),
		cmocka_unit_test(highmem_pages_are_zeroed),
		cmocka_unit_test(a_zone_is_its_nodes_span_cut_to_the_limits),
		cmocka_unit_test(a_zone_without_pages_has_no_span),
		cmocka_unit_test(populated_zones_are_walked_by_node_and_type),
		cmocka_unit_test(ranges_and_names_of_a_layout),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
