/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kswapd: when it is woken, what it balances and where it ends, when it may sleep.
 *
 * kswapd() runs on this very thread, and ends by a jump out of a shrinker.
 */
#include <setjmp.h>
#include <mm/wait.h>
#include "vmscan_fixture.h"

static void assert_balanced(const struct zone *of, unsigned int order)
{
	assert_true(zone_watermark_ok(of, order, of->pages_high, 0, false, false));
}

static void balancing_ends_at_pages_high(void **state)
{
	unsigned long reclaimed;

	(void)state;
	begin(&fixture_f2);
	fill(store_read);
	drain_local_pages();
	assert_true(zone->free_pages < zone->pages_low);
	reclaimed = balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_true(reclaimed >= SWAP_CLUSTER_MAX);
	assert_int_equal(stat_now().kswapd_steal, reclaimed);
	assert_int_equal(stat_now().allocstall, 0);
	assert_int_equal(stat_now().pgscan_direct[ZONE_NORMAL], 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_NORMAL] >= reclaimed);
	/* Not far beyond: a cluster, and what the caches hold. */
	assert_true(zone->free_pages <= zone->pages_high + 4 * SWAP_CLUSTER_MAX);
	/* Then there is nothing to do. */
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	end();
}

static void balancing_for_an_order_makes_blocks_of_it(void **state)
{
	(void)state;
	begin(&fixture_f2);
	fill(store_read);
	assert_false(zone_watermark_ok(zone, 4, zone->pages_high, 0, false, false));
	balance_pgdat(machine->mm.node[0], 4);
	assert_balanced(zone, 4);
	assert_true(store->mapping.nr_pages > 0);
	end();
}

static void lower_zones_are_scanned_with_a_higher_one(void **state)
{
	struct zone *low;

	(void)state;
	begin(&fixture_f3);
	low = machine_zone(machine, 0, ZONE_DMA32);
	store->mapping.gfp = GFP_KERNEL | __GFP_DMA32;
	store_read(store, 0, 1000);
	store->mapping.gfp = GFP_KERNEL;
	for (unsigned long index = 1000; zone->free_pages > zone->pages_low; index++)
		store_read(store, index, index + 1);
	assert_balanced(low, 0);
	low->nr_scan_inactive = SWAP_CLUSTER_MAX;
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_NORMAL] > 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_DMA32] > 0);
	end();
}

static void higher_zones_are_not_scanned_with_a_lower_one(void **state)
{
	struct zone *low;

	(void)state;
	begin(&fixture_f3);
	low = machine_zone(machine, 0, ZONE_DMA32);
	store_read(store, 0, 1000);
	store->mapping.gfp = GFP_KERNEL | __GFP_DMA32;
	for (unsigned long index = 1000; low->free_pages > low->pages_low; index++)
		store_read(store, index, index + 1);
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(low, 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_DMA32] > 0);
	assert_int_equal(stat_now().pgscan_kswapd[ZONE_NORMAL], 0);
	end();
}

static void other_nodes_are_left_alone(void **state)
{
	struct page *page[2];
	struct zone *other;

	(void)state;
	begin(&fixture_f4);
	other = machine_zone(machine, 1, ZONE_NORMAL);
	machine_enter(machine, 1);
	store_read(store, 0, 1000);
	machine_enter(machine, 0);
	list_init(&held);
	for (unsigned long index = 1000; zone->free_pages > zone->pages_low; index++)
		store_read(store, index, index + 1);
	for (unsigned int i = 0; i < 2; i++)
		page[i] = alloc_pages_node((int)i, GFP_KERNEL, 0);
	assert_int_equal(other->nr_inactive, 1000);
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_int_equal(other->nr_inactive, 1000);
	for (unsigned int i = 0; i < 2; i++)
		__free_pages(page[i], 0);
	end();
}

static void empty_lists_mark_the_zone_and_end_the_round(void **state)
{
	(void)state;
	begin(&fixture_f2);
	hold_until(0, GFP_KERNEL, zone, 100);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(zone->all_unreclaimable, 1);
	assert_int_equal(stat_now().pageoutrun, 1);
	assert_int_equal(nr_waits, 0);
	assert_int_equal(zone->temp_priority, DEF_PRIORITY);
	give_all(&held);
	drain_local_pages();
	assert_int_equal(zone->all_unreclaimable, 0);
	assert_int_equal(zone->pages_scanned, 0);
	end();
}

static void pages_scanned_four_times_in_vain_give_the_zone_up(void **state)
{
	(void)state;
	begin(&fixture_f2);
	store->write_mode = STORE_REFUSE;
	store_dirty(store, 0, 1000);
	hold_until(0, GFP_KERNEL, zone, 100);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(zone->all_unreclaimable, 1);
	assert_true(zone->pages_scanned >= 4000);
	assert_true(nr_waits > 0);
	assert_int_equal(store->mapping.nr_pages, 1000);
	assert_int_equal(stat_now().nr_dirty, 1000);
	/* From now on a wake-up is a look at the lists, and no more. */
	nr_waits = 0;
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(nr_waits, 0);
	store->write_mode = STORE_NOW;
	give_all(&held);
	end();
}

static void waking_is_for_short_zones_and_remembers_the_largest_order(void **state)
{
	struct pglist_data *pgdat;
	struct waiter waiter;
	struct zone *empty;

	(void)state;
	begin(&fixture_f2);
	pgdat = machine->mm.node[0];
	empty = machine_zone(machine, 0, ZONE_DMA32);
	wait_begin(&pgdat->kswapd_wait, &waiter);
	wakeup_kswapd(zone, 3);
	wakeup_kswapd(empty, 3);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(pgdat->kswapd_max_order, 0);
	hold_until(0, GFP_KERNEL, zone, zone->pages_low);
	wakeup_kswapd(zone, 3);
	assert_int_equal(mm_current()->woken, 1);
	assert_int_equal(pgdat->kswapd_max_order, 3);
	mm_current()->woken = 0;
	wakeup_kswapd(zone, 1);
	assert_int_equal(mm_current()->woken, 1);
	assert_int_equal(pgdat->kswapd_max_order, 3);
	wait_end(&pgdat->kswapd_wait, &waiter);
	mm_current()->woken = 0;
	wakeup_kswapd(zone, 5);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(pgdat->kswapd_max_order, 5);
	pgdat->kswapd_max_order = 0;
	give_all(&held);
	end();
}

static unsigned int nr_low;

/* wakeup_kswapd(), and a look at whether it has woken anybody. */
static void count_low(struct zone *of, unsigned int order)
{
	mm_current()->woken = 0;
	wakeup_kswapd(of, order);
	nr_low += mm_current()->woken;
}

static unsigned int no_progress(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	return 0;
}

static void S39_the_zone_is_low_in_so_many_wakeups(void **state)
{
	static const struct {
		gfp_t gfp;
		unsigned int nr_low;
	} rows[] = {{GFP_ATOMIC, 113}, {GFP_KERNEL | __GFP_NORETRY, 33}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct waiter waiter;
		struct page *page;

		machine = machine_create(&fixture_f2);
		hooks = mm_default_hooks;
		hooks.wakeup_kswapd = count_low;
		hooks.try_to_free_pages = no_progress;
		machine->mm.hooks = &hooks;
		nr_low = 0;
		list_init(&held);
		wait_begin(&machine->mm.node[0]->kswapd_wait, &waiter);
		while ((page = alloc_page(rows[i].gfp | __GFP_NOWARN)))
			hold(page);
		assert_int_equal(nr_low, rows[i].nr_low);
		wait_end(&machine->mm.node[0]->kswapd_wait, &waiter);
		give_all(&held);
		machine_destroy(machine);
	}
}

/* kswapd() itself, on this thread: each balancing of a short node asks this shrinker. */
static jmp_buf out_of_kswapd;
static unsigned int nr_scans, asked_order;
static unsigned long rounds[4];

static long script(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	struct pglist_data *pgdat = machine->mm.node[0];

	(void)shrinker, (void)nr;
	assert_int_equal(gfp, GFP_KERNEL);
	assert_true(list_empty(&pgdat->kswapd_wait.waiters));
	assert_true(nr_scans < ARRAY_SIZE(rounds));
	rounds[nr_scans++] = stat_now().pageoutrun;
	if (nr_scans == 1)
		wakeup_kswapd(machine_zone(machine, 0, ZONE_NORMAL), asked_order);
	else
		longjmp(out_of_kswapd, 1);
	return 0;
}

static void kswapd_does_not_sleep_when_more_was_asked_meanwhile(void **state)
{
	struct shrinker shrinker = {.name = "script", .scan = script};

	(void)state;
	begin(&fixture_f2);
	hold_until(0, GFP_KERNEL, zone, 100);
	set_shrinker(&shrinker);
	nr_scans = 0;
	asked_order = 2;
	machine->mm.node[0]->kswapd_reclaims = 0;
	mm_current()->woken = 1; /* the first sleep ends at once; there is to be no second */
	mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
	if (setjmp(out_of_kswapd) == 0)
		kswapd(machine->mm.node[0]);
	mm_current()->flags = 0;
	assert_int_equal(nr_scans, 2);
	assert_int_equal(rounds[0], 1);
	assert_int_equal(rounds[1], 2);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(machine->mm.node[0]->kswapd_max_order, 0);
	assert_true(list_empty(&machine->mm.node[0]->kswapd_wait.waiters));
	/* The call that we jumped out of. */
	shrinker.running = 0;
	remove_shrinker(&shrinker);
	give_all(&held);
	end();
}

/* Asked for while it was awake to bring blocks online: nobody wakes it for that any more. */
static void kswapd_does_not_sleep_over_a_request(void **state)
{
	static const struct {
		unsigned int order, reclaims, onlines;
	} rows[] = {{0, 1, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
	struct shrinker shrinker = {.name = "script", .scan = script};
	struct pglist_data *pgdat;

	(void)state;
	begin(&fixture_f2);
	pgdat = machine->mm.node[0];
	hold_until(0, GFP_KERNEL, zone, 100);
	set_shrinker(&shrinker);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		pgdat->kswapd_max_order = rows[i].order;
		pgdat->kswapd_reclaims = rows[i].reclaims;
		pgdat->kswapd_onlines = rows[i].onlines;
		mm_current()->woken = 1; /* what would end its sleep */
		mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
		nr_scans = 1;
		if (setjmp(out_of_kswapd) == 0)
			kswapd(pgdat);
		mm_current()->flags = 0;
		assert_int_equal(mm_current()->woken, 1);
		shrinker.running = 0;
	}
	mm_current()->woken = 0;
	remove_shrinker(&shrinker);
	give_all(&held);
	end();
}

/* In the queue it is asleep only if it was not asked for anything; without one nobody is waited
 * for. */
static void who_waits_for_kswapds_waits_for_what_they_are_asked(void **state)
{
	struct pglist_data *pgdat;
	struct waiter waiter;

	(void)state;
	begin(&fixture_f2);
	pgdat = machine->mm.node[0];
	assert_false(kswapd_sleeps(pgdat));
	assert_true(wait_for_kswapds(&machine->mm, 0));
	pgdat->kswapd = mm_current();
	assert_false(wait_for_kswapds(&machine->mm, 0));
	wait_begin(&pgdat->kswapd_wait, &waiter);
	assert_true(kswapd_sleeps(pgdat));
	assert_true(wait_for_kswapds(&machine->mm, 0));
	pgdat->kswapd_reclaims = 1;
	assert_false(kswapd_sleeps(pgdat));
	assert_false(wait_for_kswapds(&machine->mm, 0));
	pgdat->kswapd_reclaims = 0;
	pgdat->kswapd_onlines = 1;
	assert_false(kswapd_sleeps(pgdat));
	pgdat->kswapd_onlines = 0;
	assert_true(wait_for_kswapds(&machine->mm, 0));
	wait_end(&pgdat->kswapd_wait, &waiter);
	pgdat->kswapd = NULL;
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balancing_ends_at_pages_high),
		cmocka_unit_test(balancing_for_an_order_makes_blocks_of_it),
		cmocka_unit_test(lower_zones_are_scanned_with_a_higher_one),
		cmocka_unit_test(higher_zones_are_not_scanned_with_a_lower_one),
		cmocka_unit_test(other_nodes_are_left_alone),
		cmocka_unit_test(empty_lists_mark_the_zone_and_end_the_round),
		cmocka_unit_test(pages_scanned_four_times_in_vain_give_the_zone_up),
		cmocka_unit_test(waking_is_for_short_zones_and_remembers_the_largest_order),
		cmocka_unit_test(S39_the_zone_is_low_in_so_many_wakeups),
		cmocka_unit_test(kswapd_does_not_sleep_when_more_was_asked_meanwhile),
		cmocka_unit_test(kswapd_does_not_sleep_over_a_request),
		cmocka_unit_test(who_waits_for_kswapds_waits_for_what_they_are_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
