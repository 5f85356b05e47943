/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The per-CPU caches of blocks above order 0: how much they may hold, what goes in and out, how it
 * is counted, checked and shown.
 */
#include <mm/page_use.h>
#include "pcp_block_fixture.h"

static void limits_by_share_and_zone(void **state)
{
	static const struct {
		unsigned long pages;
		unsigned int cpus, share;
		unsigned int high[MAX_ORDER - 1];
	} rows[] = {
		{262144, 1, 0, {0}},
		{262144, 1, 32, {16, 8, 4, 2, 1, 1, 1, 1, 1, 1}},
		{262144, 4, 32, {16, 8, 4, 2, 1, 1, 1, 1, 1, 0}},
		{16384, 1, 32, {16, 8, 4, 2, 1, 1, 1, 0, 0, 0}},
		{4096, 1, 32, {8, 4, 2, 1, 1, 0, 0, 0, 0, 0}},
		{4096, 4, 32, {2, 1, 1, 1, 0, 0, 0, 0, 0, 0}},
		{64, 1, 32, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{63, 1, 32, {0}},
		{262144, 1, UINT32_MAX, {0}},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct machine_spec spec = {.bank = {{0, rows[i].pages, 0}},
			.nr_cpus = rows[i].cpus,
			.pcp_share = rows[i].share};
		struct machine *machine = machine_create(&spec);
		unsigned long most = 0;

		for (unsigned int order = 1; order < MAX_ORDER; order++) {
			const struct per_cpu_pages *pcp = block_cache(machine, rows[i].cpus - 1,
				machine_zone(machine, 0, ZONE_NORMAL), order);

			assert_int_equal(pcp->high, rows[i].high[order - 1]);
			assert_int_equal(pcp->low, 0);
			assert_int_equal(pcp->batch, pcp->high < 4 ? 1 : pcp->high / 4);
			most += (unsigned long)pcp->high << order;
		}
		if (rows[i].share)
			assert_true(most * rows[i].cpus <= rows[i].pages / rows[i].share);
		machine_destroy(machine);
	}
}

static void off_unless_asked_for(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_int_equal(mm_pcp_share(&machine->mm), 0);
	for (unsigned int order = 1; order < MAX_ORDER; order++)
		__free_pages(take(GFP_KERNEL, order), order);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(nr_free_pages(&machine->mm), 262144);
	machine_destroy(machine);
}

/* Nothing is taken ahead of need, and what comes back is not free as the zone counts. */
static void what_was_freed_last_comes_first(bool tails)
{
	struct machine *machine = start(&one_cpu, tails);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	for (unsigned int order = 1; order < MAX_ORDER; order++) {
		const struct per_cpu_pages *pcp = block_cache(machine, 0, zone, order);
		struct page *page = take(GFP_KERNEL, order);
		const unsigned long free = zone->free_pages, cached = nr_cached_pages(&machine->mm);

		assert_int_equal(pcp->count, 0);
		__free_pages(page, order);
		assert_int_equal(pcp->count, 1);
		assert_int_equal(page_tag(page), make_tag(PAGE_CACHED, order));
		assert_int_equal(page_count(page), 0);
		assert_int_equal(zone->free_pages, free);
		assert_int_equal(nr_cached_pages(&machine->mm), cached + (1UL << order));
		assert_int_equal(mm_check(&machine->mm, NULL), 0);
		assert_ptr_equal(take(GFP_KERNEL, order), page);
		assert_int_equal(pcp->count, 0);
		assert_int_equal(pcp->taken, 1);
		__free_pages(page, order);
	}
	drain_local_pages();
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(zone->free_area[10].nr_free, 256);
	machine_destroy(machine);
}

static void freed_last_first_out(void **state)
{
	(void)state;
	what_was_freed_last_comes_first(false);
	what_was_freed_last_comes_first(true);
}

static void a_full_cache_spills_its_oldest(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *pcp = block_cache(machine, 0, zone, 1);
	struct page *page[17];
	unsigned long free;

	(void)state;
	for (unsigned int i = 0; i < 17; i++)
		page[i] = take(GFP_KERNEL, 1);
	for (unsigned int i = 0; i < 16; i++)
		__free_pages(page[i], 1);
	free = zone->free_pages;
	assert_int_equal(pcp->count, 16);
	__free_pages(page[16], 1);
	assert_int_equal(pcp->count, 13); /* 4 went, 1 came */
	assert_int_equal(zone->free_pages, free + 8);
	for (unsigned int i = 0; i < 17; i++)
		assert_int_equal(page_state(page[i]), i < 4 ? PAGE_FREE : PAGE_CACHED);
	assert_int_equal(machine->mm.cpu[0]->stat.pcp_spill, 1);
	machine_destroy(machine);
}

static void counters_count_pages_and_calls(void **state)
{
	struct machine *machine = start(&two_zones, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct mm_cpu_stat stat;
	struct numa_sum numa;
	struct page *page[5];

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 5; i++)
			page[i] = take(i == 4 ? GFP_KERNEL | __GFP_COMP : GFP_KERNEL, 3);
		for (unsigned int i = 0; i < 5; i++)
			__free_pages(page[i], 3);
	}
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pgalloc[ZONE_NORMAL], 15 * 8);
	assert_int_equal(stat.pgfree, 15 * 8);
	assert_int_equal(stat.pcp_alloc, 0);
	assert_int_equal(stat.pcp_block, 8); /* 4 of 5 in the second and the third round */
	mm_sum_numa(&machine->mm, zone, &numa);
	assert_int_equal(numa.of.numa_hit, 15);
	assert_int_equal(numa.local_node, 15);
	__free_page(alloc_page(GFP_KERNEL));
	drain_local_pages();
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pgfree, 15 * 8 + 1);
	assert_int_equal(stat.pcp_alloc, 1);
	machine_destroy(machine);
}

/* A CPU counts one after the other, so who looks in between sees a block more than calls. */
static void a_blurred_look_counts_no_less_than_nothing(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct mm_cpu_stat stat;

	(void)state;
	__free_pages(take(GFP_KERNEL, 3), 3);
	block_cache(machine, 0, zone, 3)->taken++;
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pcp_alloc, 0);
	assert_int_equal(stat.pcp_block, 1);
	machine_destroy(machine);
}

/* A cached block of a zone that is not asked first, as a miss of that one. */
static void a_block_of_another_node_is_a_miss(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 32768, 0}, {32768, 32768, 1}},
		.nr_cpus = 2,
		.cpu_nid = {0, 1},
		.pcp_share = 8};
	struct machine *machine = start(&spec, false);
	struct zone *near = machine_zone(machine, 0, ZONE_NORMAL);
	struct zone *far = machine_zone(machine, 1, ZONE_NORMAL);
	struct page *page = alloc_pages_node(1, GFP_KERNEL, 9);
	struct numa_sum before, after;

	(void)state;
	assert_ptr_equal(page_zone(page), far);
	__free_pages(page, 9);
	assert_int_equal(block_cache(machine, 0, far, 9)->count, 1);
	while (zone_watermark_ok(near, 9, near->pages_low, ZONE_NORMAL, false, false))
		assert_ptr_equal(page_zone(take(GFP_KERNEL, 9)), near);
	mm_sum_numa(&machine->mm, far, &before);
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	mm_sum_numa(&machine->mm, far, &after);
	assert_int_equal(after.of.numa_miss - before.of.numa_miss, 1);
	assert_int_equal(after.of.numa_hit, before.of.numa_hit);
	machine_destroy(machine);
}

static void compound_and_zeroed_blocks_come_from_there(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct page *page = take(GFP_KERNEL | __GFP_COMP, 4);
	unsigned char *bytes = page_address(page);

	(void)state;
	memset(bytes, 0xa5, PAGE_SIZE << 4);
	put_page(page + 7);
	assert_int_equal(page_tag(page), make_tag(PAGE_CACHED, 4));
	assert_ptr_equal(take(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, 4), page);
	for (unsigned int i = 0; i < 16; i++)
		assert_ptr_equal(compound_head(page + i), page);
	for (unsigned long i = 0; i < PAGE_SIZE << 4; i++)
		assert_int_equal(bytes[i], 0);
	__free_pages(page, 4);
	assert_false(PageCompound(page + 5));
	assert_ptr_equal(take(GFP_KERNEL, 4), page);
	assert_false(PageCompound(page));
	__free_pages(page, 4);
	machine_destroy(machine);
}

static void an_interrupt_inside_the_section_goes_to_the_buddy_system(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3), *own;
	const unsigned long free = zone->free_pages;

	(void)state;
	__free_pages(page, 3);
	interrupt_begin(1);
	own = take(GFP_ATOMIC, 3);
	assert_ptr_not_equal(own, page);
	assert_int_equal(zone->free_pages, free - 8);
	__free_pages(own, 3);
	assert_int_equal(zone->free_pages, free);
	assert_false(pcp_give_back(this_cpu->zonelist[0], 0));
	interrupt_end();
	interrupt_begin(0);
	assert_ptr_equal(take(GFP_ATOMIC, 3), page);
	__free_pages(page, 3);
	assert_int_equal(zone->free_pages, free);
	interrupt_end();
	machine_destroy(machine);
}

/* A request of another CPU that comes inside a block's section is done at its end. */
static void what_is_asked_for_meanwhile_is_done_at_the_end(void **state)
{
	static const unsigned int works[] = {
		MM_PENDING_DRAIN, MM_PENDING_BLOCKS, MM_PENDING_LIMITS};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		struct machine *machine = start(&one_cpu, false);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page = take(GFP_KERNEL, 3);

		__free_page(alloc_page(GFP_KERNEL));
		this_cpu->pending = works[i];
		__free_pages(page, 3);
		assert_int_equal(this_cpu->pending, 0);
		assert_int_equal(page_state(page), PAGE_FREE);
		assert_int_equal(cache_of(machine, 0, zone, PCP_HOT)->count,
			works[i] == MM_PENDING_DRAIN ? 0 : 16);
		__free_pages(take(GFP_KERNEL, 3), 3);
		page = list_first_entry(&block_cache(machine, 0, zone, 3)->list, struct page, lru);
		this_cpu->pending = works[i];
		assert_ptr_equal(take(GFP_KERNEL, 3), page);
		assert_int_equal(this_cpu->pending, 0);
		this_cpu->pending = works[i];
		take(GFP_KERNEL, 3); /* from the buddy system */
		assert_int_equal(this_cpu->pending, 0);
		machine_destroy(machine);
	}
}

static void the_share_changes_at_run_time(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = block_on_cpu_1(machine, 2);

	(void)state;
	__free_pages(take(GFP_KERNEL, 4), 4);
	machine->mm.cpu[1]->online = 0;
	mm_set_pcp_share(&machine->mm, 0);
	assert_int_equal(block_cache(machine, 1, zone, 2)->high, 0);
	machine->mm.cpu[1]->online = 1;
	mm_set_pcp_share(&machine->mm, 64);
	mm_set_pcp_share(&machine->mm, 0);
	assert_int_equal(page_state(page), PAGE_FREE);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	__free_pages(take(GFP_KERNEL, 4), 4);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	mm_set_pcp_share(&machine->mm, 64);
	assert_int_equal(block_cache(machine, 1, zone, 9)->high, 1);
	assert_int_equal(block_cache(machine, 0, zone, 10)->high, 0);
	__free_pages(take(GFP_KERNEL, 4), 4);
	assert_int_equal(nr_cached_pages(&machine->mm), 16);
	machine_destroy(machine);
}

static void check_looks_at_them(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct per_cpu_pages *pcp = block_cache(
		machine, 0, machine_zone(machine, 0, ZONE_NORMAL), 3);
	struct page *page = take(GFP_KERNEL, 3);

	(void)state;
	__free_pages(page, 3);
	host_print_capture_start();
	pcp->count = 2;
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("cpu 0's order-3 cache counts 2 blocks and holds 1");
	pcp->count = 1;
	pcp->high = 0;
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("cpu 0's order-3 cache holds 1 blocks, 0 at most");
	pcp->high = 4;
	set_page_tag(page, PAGE_CACHED, 2);
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("is in a cache but not marked so");
	set_page_tag(page, PAGE_CACHED, 3);
	set_page_count(page + 5, 1);
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("lies inside the order-3 block at");
	set_page_count(page + 5, 0);
	host_print_capture_stop();
	machine_destroy(machine);
}

static void reports_show_them(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *before = take(GFP_KERNEL, 3), *page = take(GFP_KERNEL, 3);
	struct page_run run = {.pfn = page_to_pfn(page)};
	unsigned int order;

	(void)state;
	__free_pages(page, 3);
	host_print_capture_start();
	show_pcp(&machine->mm);
	assert_printed("cpu 0 blocks of order 1 to 10: 0/16 0/8 1/4 0/2 0/1 0/1 0/1 0/1 0/1 0/1\n");
	show_page(&machine->mm, page_to_pfn(page) + 3);
	assert_printed("inside a block that is in a per-CPU cache, order 3");
	host_print_capture_stop();
	assert_true(mm_next_run(&machine->mm, zone, &run));
	assert_int_equal(run.use, PAGE_USE_CACHED);
	assert_int_equal(run.nr, 8);
	assert_ptr_equal(page_block_head(page + 7, &order), page);
	assert_int_equal(order, 3);
	/* What has been cached is no head any more. */
	__free_pages(before, 3);
	drain_local_pages();
	assert_ptr_equal(page_block_head(page + 7, &order), before);
	assert_int_equal(order, 10);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_by_share_and_zone),
		cmocka_unit_test(off_unless_asked_for),
		cmocka_unit_test(freed_last_first_out),
		cmocka_unit_test(a_full_cache_spills_its_oldest),
		cmocka_unit_test(counters_count_pages_and_calls),
		cmocka_unit_test(a_blurred_look_counts_no_less_than_nothing),
		cmocka_unit_test(a_block_of_another_node_is_a_miss),
		cmocka_unit_test(compound_and_zeroed_blocks_come_from_there),
		cmocka_unit_test(an_interrupt_inside_the_section_goes_to_the_buddy_system),
		cmocka_unit_test(what_is_asked_for_meanwhile_is_done_at_the_end),
		cmocka_unit_test(the_share_changes_at_run_time),
		cmocka_unit_test(check_looks_at_them),
		cmocka_unit_test(reports_show_them),
	};

	return cmocka_run_group_tests_name("pcp_block", tests, NULL, NULL);
}
