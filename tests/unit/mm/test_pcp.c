/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The per-CPU caches: their sizes, when they refill and spill, whom interrupts and other CPUs find.
 */
#include "unit.h"

static struct page *alloc_expecting(gfp_t gfp, unsigned long pfn)
{
	struct page *page = alloc_page(gfp);

	assert_non_null(page);
	assert_int_equal(page_to_pfn(page), pfn);
	return page;
}

/* A block taken apart into pages that never were in a cache. */
static struct page *single_pages(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	assert_non_null(page);
	split_page(page, order);
	return page;
}

static void S1_batch_by_zone_size(void **state)
{
	static const struct {
		unsigned long present;
		unsigned int batch;
	} rows[] = {{1, 1}, {4095, 1}, {8192, 2}, {16384, 4}, {32768, 8}, {65535, 15}, {65536, 16},
		{262144, 16}, {1048576, 16}, {0, 1}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(pcp_batch(rows[i].present), rows[i].batch);
}

static void assert_limits(
	const struct per_cpu_pages *pcp, unsigned int low, unsigned int high, unsigned int batch)
{
	assert_int_equal(pcp->low, low);
	assert_int_equal(pcp->high, high);
	assert_int_equal(pcp->batch, batch);
	assert_int_equal(pcp->count, 0);
	assert_true(list_empty(&pcp->list));
}

static void S2_limits_of_hot_and_cold(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct zone *empty = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	assert_limits(cache_of(machine, 0, zone, PCP_HOT), 32, 96, 16);
	assert_limits(cache_of(machine, 0, zone, PCP_COLD), 0, 32, 16);
	assert_limits(cache_of(machine, 0, empty, PCP_HOT), 2, 6, 1);
	assert_limits(cache_of(machine, 0, empty, PCP_COLD), 0, 2, 1);
	machine_destroy(machine);
}

static void S28_hot_cache_refills_in_batches(void **state)
{
	static const unsigned long free[4] = {262128, 262112, 262096, 262096};
	static const unsigned int count[4] = {15, 30, 45, 44};
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		alloc_expecting(GFP_KERNEL, 261120 + i);
		assert_int_equal(zone->free_pages, free[i]);
		assert_int_equal(hot->count, count[i]);
	}
	for (unsigned int i = 4; i < 16; i++)
		alloc_expecting(GFP_KERNEL, 261120 + i);
	assert_int_equal(hot->count, 32);
	assert_int_equal(zone->free_pages, 262096);
	alloc_expecting(GFP_KERNEL, 261136);
	assert_int_equal(hot->count, 47);
	assert_int_equal(zone->free_pages, 262080);
	assert_int_equal(nr_cached_pages(&machine->mm), 47);
	machine_destroy(machine);
}

static void S30_freed_last_is_handed_out_first(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);

	(void)state;
	__free_page(a);
	__free_page(b);
	assert_ptr_equal(alloc_page(GFP_KERNEL), b);
	assert_ptr_equal(alloc_page(GFP_KERNEL), a);
	/* The cold list likewise, and apart from the hot one. */
	assert_true(put_page_testzero(a));
	free_cold_page(a);
	assert_true(put_page_testzero(b));
	free_cold_page(b);
	assert_ptr_not_equal(alloc_page(GFP_KERNEL), b);
	assert_ptr_equal(alloc_page(GFP_KERNEL | __GFP_COLD), b);
	machine_destroy(machine);
}

static void S31_cold_pages_come_from_a_batch_of_their_own(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page;

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		alloc_expecting(GFP_KERNEL, 261120 + i);
	alloc_expecting(GFP_KERNEL | __GFP_COLD, 261184);
	assert_int_equal(cache_of(machine, 0, zone, PCP_COLD)->count, 15);
	page = alloc_pages(GFP_KERNEL, 3);
	assert_int_equal(page_to_pfn(page), 261200);
	machine_destroy(machine);
}

static void S32_hot_cache_spills_what_was_freed_first(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct page *page = single_pages(7);
	unsigned long free = zone->free_pages;
	struct page *front;

	(void)state;
	for (unsigned int i = 0; i < 96; i++)
		__free_page(page + i);
	assert_int_equal(hot->count, 96);
	assert_int_equal(zone->free_pages, free);
	assert_int_equal(zone->free_area[4].nr_free, 0);
	__free_page(page + 96);
	assert_int_equal(hot->count, 81);
	assert_int_equal(zone->free_pages, free + 16);
	assert_int_equal(zone->free_area[4].nr_free, 1);
	front = list_first_entry(&zone->free_area[4].free_list, struct page, lru);
	assert_ptr_equal(front, page);
	machine_destroy(machine);
}

static void cold_cache_spills_at_its_own_limit(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *cold = cache_of(machine, 0, zone, PCP_COLD);
	struct page *page = single_pages(6);

	(void)state;
	for (unsigned int i = 0; i < 33; i++) {
		assert_int_equal(cold->count, i);
		assert_true(put_page_testzero(page + i));
		free_cold_page(page + i);
	}
	assert_int_equal(cold->count, 17);
	assert_int_equal(cache_of(machine, 0, zone, PCP_HOT)->count, 0);
	assert_int_equal(machine->mm.cpu[0]->stat.pcp_spill, 1);
	machine_destroy(machine);
}

static void S34_small_zone_spills_one_by_one(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct page *page = single_pages(4);
	unsigned long free = zone->free_pages;

	(void)state;
	for (unsigned int i = 1; i <= 12; i++) {
		__free_page(page + i - 1);
		assert_int_equal(hot->count, i < 6 ? i : 6);
		assert_int_equal(zone->free_pages, free + (i > 6 ? i - 6 : 0));
	}
	machine_destroy(machine);
}

static void S35_drain_empties_this_cpu_and_no_other(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct page *page[4];
	unsigned long free, cached;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		page[i] = alloc_page(GFP_KERNEL | (i == 3 ? GFP_DMA : 0));
	machine_enter(machine, 2);
	__free_page(page[0]);
	machine_enter(machine, 0);
	__free_page(page[1]);
	assert_true(put_page_testzero(page[2]));
	free_cold_page(page[2]);
	__free_page(page[3]);
	free = nr_free_pages(&machine->mm);
	cached = cache_of(machine, 0, zone, PCP_HOT)->count +
		 cache_of(machine, 0, zone, PCP_COLD)->count +
		 cache_of(machine, 0, low, PCP_HOT)->count;
	assert_true(cached >= 3);
	assert_int_equal(nr_cached_pages(&machine->mm), cached + 1);

	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), free + cached);
	for (int nid = 0; nid < 4; nid++) {
		assert_int_equal(
			cache_of(machine, 0, machine_zone(machine, nid, ZONE_NORMAL), PCP_HOT)
				->count,
			0);
	}
	assert_int_equal(cache_of(machine, 0, low, PCP_HOT)->count, 0);
	assert_int_equal(cache_of(machine, 0, zone, PCP_COLD)->count, 0);
	assert_int_equal(cache_of(machine, 2, zone, PCP_HOT)->count, 1);
	assert_int_equal(page_state(page[0]), PAGE_CACHED);
	machine_enter(machine, 2);
	drain_local_pages();
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(nr_free_pages(&machine->mm), 16384);
	machine_destroy(machine);
}

static void S35_drain_all_reaches_every_cpu_that_is_online(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page[4];

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		page[i] = alloc_page(GFP_KERNEL);
	for (unsigned int i = 0; i < 4; i++) {
		machine_enter(machine, i);
		__free_page(page[i]);
	}
	machine_enter(machine, 1);
	machine->mm.cpu[3]->online = 0;
	drain_all_pages(&machine->mm);
	assert_ptr_equal(this_cpu, machine->mm.cpu[1]);
	assert_int_equal(nr_cached_pages(&machine->mm), 1);
	assert_int_equal(cache_of(machine, 3, zone, PCP_HOT)->count, 1);
	machine->mm.cpu[3]->online = 1;
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(nr_free_pages(&machine->mm), 16384);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(machine->mm.cpu[i]->pending, 0);
	machine_destroy(machine);
}

static void a_page_goes_to_the_freeing_cpus_cache_of_its_own_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct page *page = alloc_pages_node(3, GFP_KERNEL, 0);
	struct zone *zone = machine_zone(machine, 3, ZONE_NORMAL);

	(void)state;
	assert_ptr_equal(page_zone(page), zone);
	drain_local_pages();
	machine_enter(machine, 1);
	__free_page(page);
	assert_int_equal(cache_of(machine, 1, zone, PCP_HOT)->count, 1);
	assert_int_equal(nr_cached_pages(&machine->mm), 1);
	machine_destroy(machine);
}

/* Cached pages serve their own CPU when the zone is empty, and nobody else. */
static void the_last_pages_of_a_zone(void **state)
{
	const struct machine_spec two_cpus = {.bank = {{0, 64, 0}}, .nr_cpus = 2};
	struct machine *machine = machine_create(&two_cpus);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page[64];

	(void)state;
	machine_lift_reserves(machine);
	for (unsigned int i = 0; i < 64; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		assert_non_null(page[i]);
	}
	assert_null(alloc_page(GFP_KERNEL));
	__free_page(page[0]);
	assert_int_equal(zone->free_pages, 0);
	assert_null(alloc_page(GFP_KERNEL | __GFP_COLD));
	machine_enter(machine, 1);
	assert_null(alloc_page(GFP_KERNEL));
	machine_enter(machine, 0);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page[0]);
	assert_null(alloc_page(GFP_KERNEL));
	for (unsigned int i = 0; i < 64; i++)
		__free_page(page[i]);
	drain_local_pages();
	assert_int_equal(zone->free_area[6].nr_free, 1);
	machine_destroy(machine);
}

static void an_interrupt_inside_the_busy_section_goes_to_the_buddy_system(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct page *page = alloc_page(GFP_KERNEL), *own;
	struct mm_cpu_stat before, after;
	unsigned long free = zone->free_pages;
	unsigned int count = hot->count;

	(void)state;
	mm_sum_stat(&machine->mm, &before);
	interrupt_begin(1);
	own = alloc_page(GFP_ATOMIC);
	assert_int_equal(page_to_pfn(own), 261120 + 16); /* behind what the cache holds */
	assert_int_equal(hot->count, count);
	assert_int_equal(zone->free_pages, free - 1);
	assert_int_equal(page_state(own), PAGE_ALLOCATED);
	assert_int_equal(page_count(own), 1);
	__free_page(page);
	assert_int_equal(hot->count, count);
	assert_int_equal(zone->free_pages, free);
	assert_int_equal(page_state(page), PAGE_FREE);
	__free_page(own);
	assert_int_equal(zone->free_pages, free + 1);
	assert_int_equal(this_cpu->busy, 1);
	interrupt_end();
	mm_sum_stat(&machine->mm, &after);
	assert_int_equal(after.pcp_bypass - before.pcp_bypass, 3);
	assert_int_equal(after.pcp_alloc, before.pcp_alloc);
	assert_int_equal(after.pgalloc[ZONE_NORMAL] - before.pgalloc[ZONE_NORMAL], 1);
	assert_int_equal(after.pgfree - before.pgfree, 2);
	machine_destroy(machine);
}

static void an_interrupt_outside_the_busy_section_uses_the_cache(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int count = hot->count;

	(void)state;
	interrupt_begin(0);
	__free_page(page);
	assert_int_equal(hot->count, count + 1);
	assert_int_equal(this_cpu->busy, 0);
	assert_ptr_equal(alloc_page(GFP_ATOMIC), page);
	assert_int_equal(machine->mm.cpu[0]->stat_slow.pcp_bypass, 0);
	interrupt_end();
	machine_destroy(machine);
}

static void a_drain_that_finds_the_cpu_busy_is_done_at_the_end_of_its_section(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct page *page = single_pages(6), *other;
	unsigned int count = 40; /* above low: nothing but the section happens */

	(void)state;
	for (unsigned int i = 0; i < count; i++)
		__free_page(page + i);
	interrupt_begin(1);
	this_cpu->pending = MM_PENDING_DRAIN;
	mm_cpu_interrupt();
	assert_int_equal(hot->count, count);
	assert_int_equal(this_cpu->pending, MM_PENDING_DRAIN);
	assert_int_equal(this_cpu->busy, 1);
	interrupt_end();

	other = alloc_page(GFP_KERNEL); /* the end of its section */
	assert_int_equal(this_cpu->pending, 0);
	assert_int_equal(this_cpu->busy, 0);
	assert_int_equal(hot->count, 0);
	assert_int_equal(zone->free_pages, 262144 - 25);

	this_cpu->pending = MM_PENDING_DRAIN;
	__free_page(page + count); /* likewise, and the page freed in it goes too */
	assert_int_equal(this_cpu->pending, 0);
	assert_int_equal(hot->count, 0);
	assert_int_equal(zone->free_pages, 262144 - 24);
	__free_page(other);
	machine_destroy(machine);
}

static void a_drain_request_of_ones_own_inside_the_section_is_kept(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	interrupt_begin(1);
	drain_local_pages();
	assert_int_equal(nr_cached_pages(&machine->mm), 15);
	interrupt_end();
	__free_page(page);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(nr_free_pages(&machine->mm), 262144);
	machine_destroy(machine);
}

static void an_interrupt_that_finds_nothing_asked_for_does_nothing(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	alloc_page(GFP_KERNEL);
	interrupt_begin(0);
	mm_cpu_interrupt();
	interrupt_end();
	assert_int_equal(nr_cached_pages(&machine->mm), 15);
	machine_destroy(machine);
}

/* What comes while the fast path looks at a cache, and finds that it can not serve. */
static void work_asked_for_during_a_refusal_is_done(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct mm_cpu *cpu = machine->mm.cpu[0];
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	assert_true(nr_cached_pages(&machine->mm) > 0);
	cpu->pending = MM_PENDING_DRAIN;
	assert_null(alloc_page(__GFP_DMA | __GFP_DMA32));
	assert_int_equal(cpu->pending, 0);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	get_page(page);
	cpu->pending = MM_PENDING_DRAIN;
	__free_page(page);
	assert_int_equal(cpu->pending, 0);
	machine_destroy(machine);
}

static void counters_of_the_caches(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = single_pages(7);
	struct mm_cpu_stat stat;

	(void)state;
	for (unsigned int i = 0; i < 113; i++)
		__free_page(page + i);
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pcp_spill, 2); /* the 97th and the 113th */
	assert_int_equal(stat.pgfree, 113);
	for (unsigned int i = 0; i < 50; i++)
		alloc_page(GFP_KERNEL);
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pcp_alloc, 50); /* 81 cached, down to 32 */
	assert_int_equal(stat.pcp_refill, 1);
	assert_int_equal(stat.pgalloc[ZONE_NORMAL], 128 + 50); /* as a block, and single */
	assert_int_equal(stat.pgfree, 113);
	drain_local_pages();
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pgfree, 113);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S1_batch_by_zone_size),
		cmocka_unit_test(S2_limits_of_hot_and_cold),
		cmocka_unit_test(S28_hot_cache_refills_in_batches),
		cmocka_unit_test(S30_freed_last_is_handed_out_first),
		cmocka_unit_test(S31_cold_pages_come_from_a_batch_of_their_own),
		cmocka_unit_test(S32_hot_cache_spills_what_was_freed_first),
		cmocka_unit_test(cold_cache_spills_at_its_own_limit),
		cmocka_unit_test(S34_small_zone_spills_one_by_one),
		cmocka_unit_test(S35_drain_empties_this_cpu_and_no_other),
		cmocka_unit_test(S35_drain_all_reaches_every_cpu_that_is_online),
		cmocka_unit_test(a_page_goes_to_the_freeing_cpus_cache_of_its_own_zone),
		cmocka_unit_test(the_last_pages_of_a_zone),
		cmocka_unit_test(an_interrupt_inside_the_busy_section_goes_to_the_buddy_system),
		cmocka_unit_test(an_interrupt_outside_the_busy_section_uses_the_cache),
		cmocka_unit_test(a_drain_that_finds_the_cpu_busy_is_done_at_the_end_of_its_section),
		cmocka_unit_test(a_drain_request_of_ones_own_inside_the_section_is_kept),
		cmocka_unit_test(an_interrupt_that_finds_nothing_asked_for_does_nothing),
		cmocka_unit_test(work_asked_for_during_a_refusal_is_done),
		cmocka_unit_test(counters_of_the_caches),
	};

	return cmocka_run_group_tests_name("pcp", tests, NULL, NULL);
}
