/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a zone is short nobody goes without for what lies in the caches of blocks: who is served
 * from them, who has them given back, and before what.
 */
#include <mm/reclaim.h>
#include "pcp_block_fixture.h"

/* The hooks of those below: what was called. */
static unsigned int reclaims, ooms, wakeups;

static unsigned int no_reclaim(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	reclaims++;
	return 0;
}

static void count_oom(gfp_t gfp)
{
	(void)gfp;
	if (ooms++ > 10)
		fail_msg("out of memory, again and again");
	mm_current()->memdie = 1;
}

static void count_wakeup(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
	wakeups++;
}

static void no_wait(uint64_t deadline)
{
	(void)deadline;
}

static const struct mm_hooks counting = {
	.try_to_free_pages = no_reclaim,
	.out_of_memory = count_oom,
	.wakeup_kswapd = count_wakeup,
	.congestion_wait = no_wait,
};

/* Of the free pages of a machine `left` stay; the others are somebody's, taken as single pages. */
static void fill(struct machine *machine, unsigned long left)
{
	machine->mm.hooks = &counting;
	mm_current()->flags |= PF_MEMALLOC;
	while (nr_free_pages(&machine->mm) + pageset_pages(this_cpu->first[0]) > left)
		assert_non_null(alloc_page(GFP_ATOMIC | __GFP_NOWARN));
	mm_current()->flags &= ~PF_MEMALLOC;
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), left);
	reclaims = ooms = wakeups = 0;
}

/* No block of the order is free in the zone, and the first pass is enough. */
static void ones_own_block_is_had_without_another(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3), *taken[4096];
	unsigned int nr = 0;

	(void)state;
	/* Every other page is free from the low mark on: much, and all of it order 0. */
	fill(machine, 8192);
	mm_current()->flags |= PF_MEMALLOC;
	while (nr < ARRAY_SIZE(taken))
		taken[nr++] = alloc_page(GFP_ATOMIC);
	mm_current()->flags &= ~PF_MEMALLOC;
	for (unsigned int i = 0; i < nr; i += 2)
		__free_page(taken[i]);
	drain_local_pages();
	while (zone_watermark_ok(zone, 3, zone->pages_low, ZONE_NORMAL, false, false))
		take(GFP_ATOMIC, 3);
	drain_local_pages();
	__free_pages(page, 3);
	assert_int_equal(block_cache(machine, 0, zone, 3)->count, 1);
	for (unsigned int around = 0; around < 2; around++) {
		mm_debug_set(&machine->mm, MM_DEBUG_TAILS, around);
		wakeups = 0;
		assert_ptr_equal(take(GFP_ATOMIC, 3), page);
		assert_int_equal(wakeups, 0);
		assert_int_equal(block_cache(machine, 0, zone, 3)->taken, 1 + around);
		__free_pages(page, 3);
	}
	machine_destroy(machine);
}

static void a_zone_that_is_short_gets_what_is_freed(void **state)
{
	(void)state;
	for (unsigned int tails = 0; tails < 2; tails++) {
		struct machine *machine = start(&one_cpu, tails);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page = take(GFP_KERNEL, 3);

		fill(machine, zone->pages_low);
		__free_pages(page, 3);
		assert_int_equal(nr_cached_pages(&machine->mm), 0);
		assert_int_equal(zone->free_pages, zone->pages_low + 8);
		assert_int_equal(page_state(page), PAGE_FREE);
		machine_destroy(machine);
	}
}

/* What a CPU has is not had below the mark: kswapd is to know first. */
static void a_zone_that_is_short_is_not_served_from(void **state)
{
	static const unsigned int orders[] = {0, 3};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		struct machine *machine = start(&one_cpu, false);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page[40];

		for (unsigned int j = 0; j < ARRAY_SIZE(page); j++)
			page[j] = take(GFP_KERNEL, orders[i]);
		for (unsigned int j = 0; j < ARRAY_SIZE(page); j++)
			__free_pages(page[j], orders[i]);
		machine->mm.hooks = &counting;
		wakeups = 0;
		__free_pages(take(GFP_ATOMIC, orders[i]), orders[i]);
		assert_int_equal(wakeups, 0);
		zone->pages_low = zone->free_pages + nr_cached_pages(&machine->mm);
		__free_pages(take(GFP_ATOMIC, orders[i]), orders[i]);
		assert_int_equal(wakeups, 1);
		machine_destroy(machine);
	}
}

/* Larger ones first, split; then smaller ones, that may merge; then there is nothing. */
static void an_atomic_request_gets_what_its_cpu_caches(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page[4], *five = take(GFP_KERNEL, 5);

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		page[i] = take(GFP_KERNEL, 1);
	assert_int_equal(page_to_pfn(page[0]) % 8, 0);
	assert_ptr_equal(page[3], page[0] + 6);
	machine_lift_reserves(machine);
	__free_pages(five, 5);
	for (unsigned int i = 0; i < 4; i++)
		__free_pages(page[i], 1);
	while (nr_free_pages(&machine->mm))
		assert_non_null(alloc_page(GFP_ATOMIC));
	machine->mm.hooks = &counting;
	wakeups = 0;
	/* A mark of 0 is not passed by a zone without a free page: only the slow path is left. */
	for (unsigned int i = 0; i < 4; i++)
		assert_ptr_equal(take(GFP_ATOMIC, 3), five + 8 * i);
	assert_int_equal(machine->mm.cpu[0]->pageset[0].block[0].count, 0);
	assert_ptr_equal(take(GFP_ATOMIC, 3), page[0]);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 3));
	machine_destroy(machine);
}

/* Of whatever zone of the list. */
static void it_is_given_back_to_a_lower_zone_too(void **state)
{
	struct machine *machine = start(&two_zones, false);
	struct page *page = take(GFP_KERNEL | __GFP_DMA32, 4);

	(void)state;
	assert_ptr_equal(page_zone(page), machine_zone(machine, 0, ZONE_DMA32));
	machine_lift_reserves(machine);
	__free_pages(page, 4);
	assert_int_equal(page_state(page), PAGE_CACHED);
	while (nr_free_pages(&machine->mm))
		assert_non_null(alloc_page(GFP_ATOMIC));
	assert_ptr_equal(take(GFP_ATOMIC, 3), page);
	machine_destroy(machine);
}

static void who_may_sleep_fetches_back_before_he_fails(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	assert_int_equal(page_state(page), PAGE_CACHED);
	/* One that takes no interrupts would never answer. */
	machine->mm.cpu[1]->online = 0;
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9));
	assert_int_equal(page_state(page), PAGE_CACHED);
	machine->mm.cpu[1]->online = 1;
	reclaims = 0;
	assert_ptr_equal(take(GFP_KERNEL | __GFP_NORETRY, 9), page);
	assert_int_equal(reclaims, 1);
	/* Nobody has any more, and nobody is asked. */
	assert_false(pcp_fetch_back(&machine->mm, this_cpu->zonelist[0]->zones, MM_PENDING_DRAIN));
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9));
	__free_pages(page, 9);
	machine_destroy(machine);
}

static void nobody_is_killed_for_what_is_cached(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9), *single = take(GFP_KERNEL, 0);

	(void)state;
	machine_enter(machine, 1);
	__free_page(single);
	machine_enter(machine, 0);
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	assert_int_equal(ooms, 0);
	assert_int_equal(reclaims, 1);
	assert_int_equal(page_state(single), PAGE_FREE);
	assert_null(alloc_pages(GFP_KERNEL, 9)); /* who is chosen gets all there is */
	assert_int_equal(ooms, 1);
	mm_current()->memdie = 0;
	machine_destroy(machine);
}

static void who_frees_memory_fetches_back_too(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	mm_current()->flags |= PF_MEMALLOC;
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	assert_int_equal(reclaims, 0);
	machine_destroy(machine);
}

static void kswapd_fetches_back_before_it_reclaims(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = block_on_cpu_1(machine, 9), *single = take(GFP_KERNEL, 0);

	(void)state;
	machine_enter(machine, 1);
	__free_page(single);
	machine_enter(machine, 0);
	fill(machine, zone->pages_high);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(page_state(page), PAGE_FREE);
	assert_int_equal(zone->all_unreclaimable, 0);      /* it has not been scanned in vain */
	assert_int_equal(page_state(single), PAGE_CACHED); /* as in 2.6.11 */
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ones_own_block_is_had_without_another),
		cmocka_unit_test(a_zone_that_is_short_gets_what_is_freed),
		cmocka_unit_test(a_zone_that_is_short_is_not_served_from),
		cmocka_unit_test(an_atomic_request_gets_what_its_cpu_caches),
		cmocka_unit_test(it_is_given_back_to_a_lower_zone_too),
		cmocka_unit_test(who_may_sleep_fetches_back_before_he_fails),
		cmocka_unit_test(nobody_is_killed_for_what_is_cached),
		cmocka_unit_test(who_frees_memory_fetches_back_too),
		cmocka_unit_test(kswapd_fetches_back_before_it_reclaims),
	};

	return cmocka_run_group_tests_name("pcp_block_short", tests, NULL, NULL);
}
