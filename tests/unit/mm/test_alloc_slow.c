/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slow path: which pass comes when, which hook is called with what, and how it ends.
 * Semantics, sections 9 and 20: S43 to S47.
 */
#include <mm/debug.h>
#include <mm/oom.h>
#include <mm/reclaim.h>
#include "slow_fixture.h"

static void S43_reclaim_and_oom_in_turn_until_memory_appears(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 5; n++) {
		start(&fixture_f2, 128, 0);
		free_at('o', n, 1); /* 129: the pass above pages_min, after a wake-up */
		assert_non_null(alloc_page(GFP_KERNEL));
		assert_calls(rounds("", "kro", n, "k"));
		assert_int_equal(nr_free_pages(&s.machine->mm), 128);
		forget();
		free_at('o', n, 33); /* 161: the first pass already */
		assert_non_null(alloc_page(GFP_KERNEL));
		assert_calls(rounds("", "kro", n, ""));
		finish();
	}
}

static void S43_the_second_oom_call_frees_enough(void **state)
{
	unsigned int nr_reclaims = 0;

	(void)state;
	start(&fixture_f2, 128, 0);
	free_at('o', 2, 100);
	assert_non_null(alloc_page(GFP_KERNEL));
	for (const char *at = s.calls; *at; at++)
		nr_reclaims += *at == 'r';
	assert_int_equal(nr_reclaims, 2);
	assert_calls("krokro");
	finish();
}

/* Endless, that is: until reclaim says it has made progress, and there is a block. */
static void S44_a_wait_for_each_reclaim_and_never_oom(void **state)
{
	static const struct {
		gfp_t gfp;
		unsigned int progress_at;
	} rows[] = {{GFP_KERNEL, 1}, {GFP_NOFS, 1}, {GFP_NOFS, 300}, {GFP_NOIO, 300}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int order = 0; order <= 3; order++) {
			start(&fixture_f2, 128, order);
			s.progress_at = rows[i].progress_at;
			free_at('r', 300, 64);
			assert_non_null(alloc_pages(rows[i].gfp, order));
			assert_calls(rounds("k", "rw", 299, "r"));
			finish();
		}
	}
}

static void S44_reclaim_that_frees_at_its_nth_call(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 5; n++) {
		start(&fixture_f2, 128, 0);
		for (gfp_t gfp = GFP_NOFS; gfp <= GFP_KERNEL; gfp += GFP_KERNEL - GFP_NOFS) {
			forget();
			s.progress_at = 1;
			free_at('r', n, 1);
			assert_non_null(alloc_page(gfp));
			assert_calls(rounds("k", "rw", n - 1, "r"));
		}
		finish();
	}
}

/* What a wait brings is found by the pass after the next reclaim. */
static void a_write_that_frees_at_the_nth_wait(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 5; n++) {
		start(&fixture_f2, 128, 0);
		s.progress_at = 1;
		free_at('w', n, 1);
		assert_non_null(alloc_page(GFP_KERNEL));
		assert_calls(rounds("k", "rw", n, "r"));
		finish();
	}
}

static void kswapd_that_frees_at_its_nth_wake_up(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 5; n++) {
		start(&fixture_f2, 128, 0);
		free_at('k', n, 1);
		assert_non_null(alloc_page(GFP_KERNEL));
		assert_calls(rounds("", "kro", n - 1, "k"));
		finish();
	}
}

/* Without __GFP_FS nobody looks whether there is a page, until reclaim says so. */
static void no_progress_and_no_fs_is_no_pass(void **state)
{
	(void)state;
	start(&fixture_f2, 128, 0);
	s.progress_at = 4;
	free_at('r', 1, 1000);
	assert_non_null(alloc_page(GFP_NOFS));
	assert_calls("krwrwrwr");
	finish();
	start(&fixture_f2, 128, 0);
	free_at('r', 1, 1000);
	assert_null(alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN));
	assert_calls("kr");
	finish();
	start(&fixture_f2, 128, 0);
	free_at('r', 1, 1000);
	assert_null(alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	assert_calls("kr");
	finish();
}

static void S46_noretry_is_one_reclaim_and_beats_nofail(void **state)
{
	static const gfp_t more[] = {0, __GFP_NOFAIL, __GFP_REPEAT, __GFP_NOFAIL | __GFP_REPEAT};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(more) * 4; i++) {
		gfp_t gfp = i & 1 ? GFP_KERNEL : GFP_NOFS;

		start(&fixture_f2, 128, 0);
		s.progress_at = i >> 1 & 1;
		gfp |= __GFP_NORETRY | __GFP_NOWARN | more[i / 4];
		assert_null(alloc_page(gfp));
		assert_calls("kr");
		forget();
		s.progress_at = i >> 1 & 1;
		assert_null(alloc_pages(gfp, 5));
		assert_calls("kr");
		finish();
	}
}

static void S46_nofail_does_not_help_who_can_not_reclaim(void **state)
{
	(void)state;
	start(&fixture_f2, 0, 0);
	assert_null(alloc_page(GFP_ATOMIC | __GFP_NOFAIL | __GFP_NOWARN));
	assert_calls("k");
	forget();
	for (unsigned int i = 0; i < 2; i++) {
		forget_calls();
		mm_current()->flags = i ? 0 : PF_MEMALLOC;
		mm_current()->memdie = i;
		assert_null(alloc_page(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN));
		mm_current()->flags = 0;
		assert_calls("k");
	}
	finish();
}

static void S47_the_thread_has_pf_memalloc_inside_reclaim_alone(void **state)
{
	(void)state;
	start(&fixture_f2, 48, 0);
	s.inner_gfp = GFP_KERNEL | __GFP_NOWARN;
	assert_null(alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	assert_int_equal(s.inner_got, 48);
	assert_int_equal(nr_free_pages(&s.machine->mm), 0);
	/* One reclaim; the 49 requests inside it each woke kswapd. */
	assert_calls(rounds("kr", "k", 49, ""));
	forget();
	/* Of the hooks, called() has seen PF_MEMALLOC in reclaim and in none of the others. */
	s.progress_at = 3;
	free_at('r', 4, 200);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_calls("krokrokrwr");
	finish();
}

/* The outcome table of section 9: waiting callers without PF_MEMALLOC, nothing is ever freed. */
enum end { OOM_LOOP, WAIT_LOOP, GIVES_UP };

static const struct {
	gfp_t gfp;
	unsigned int order, progress;
	enum end end;
} outcomes[] = {
	/* FS, no progress: out of memory for ever, whatever the order and whatever else is asked.
	 */
	{GFP_KERNEL, 0, 0, OOM_LOOP},
	{GFP_KERNEL, 3, 0, OOM_LOOP},
	{GFP_KERNEL, 4, 0, OOM_LOOP},
	{GFP_KERNEL, 10, 0, OOM_LOOP},
	{GFP_KERNEL | __GFP_NOFAIL, 4, 0, OOM_LOOP},
	{GFP_KERNEL | __GFP_REPEAT, 10, 0, OOM_LOOP},
	{__GFP_WAIT | __GFP_FS, 0, 0, OOM_LOOP},
	/* No FS, no progress. */
	{GFP_NOFS, 0, 0, WAIT_LOOP},
	{GFP_NOFS, 3, 0, WAIT_LOOP},
	{GFP_NOIO, 3, 0, WAIT_LOOP},
	{GFP_NOFS, 4, 0, GIVES_UP},
	{GFP_NOFS, 10, 0, GIVES_UP},
	{GFP_NOFS | __GFP_REPEAT, 4, 0, WAIT_LOOP},
	{GFP_NOFS | __GFP_NOFAIL, 4, 0, WAIT_LOOP},
	{GFP_NOFS | __GFP_NOFAIL, 10, 0, WAIT_LOOP},
	/* Progress, but no page. */
	{GFP_KERNEL, 0, 1, WAIT_LOOP},
	{GFP_KERNEL, 3, 1, WAIT_LOOP},
	{GFP_KERNEL, 4, 1, GIVES_UP},
	{GFP_KERNEL, 10, 1, GIVES_UP},
	{GFP_NOFS, 4, 1, GIVES_UP},
	{GFP_KERNEL | __GFP_REPEAT, 4, 1, WAIT_LOOP},
	{GFP_KERNEL | __GFP_NOFAIL, 10, 1, WAIT_LOOP},
	/* NORETRY in any form. */
	{GFP_KERNEL | __GFP_NORETRY, 0, 0, GIVES_UP},
	{GFP_KERNEL | __GFP_NORETRY, 10, 0, GIVES_UP},
	{GFP_KERNEL | __GFP_NORETRY, 0, 1, GIVES_UP},
	{GFP_NOFS | __GFP_NORETRY, 3, 0, GIVES_UP},
	{GFP_KERNEL | __GFP_NORETRY | __GFP_NOFAIL, 0, 0, GIVES_UP},
	{GFP_NOFS | __GFP_NORETRY | __GFP_REPEAT, 4, 1, GIVES_UP},
};

/* A loop is one that has gone round 100 times, and still ends when all memory is given back. */
static void the_outcome_table(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(outcomes); i++) {
		struct page *page;

		start(&fixture_f2, 0, 10);
		s.progress_at = outcomes[i].progress;
		if (outcomes[i].end == OOM_LOOP) {
			free_at('o', 100, 4);
		} else if (outcomes[i].end == WAIT_LOOP) {
			free_at('r', 100, 4);
			s.progress_at = s.progress_at ? 1 : 100;
		}
		page = alloc_pages(outcomes[i].gfp | __GFP_NOWARN, outcomes[i].order);
		if (outcomes[i].end == GIVES_UP) {
			assert_null(page);
			assert_calls("kr");
		} else {
			assert_non_null(page);
			assert_calls(outcomes[i].end == OOM_LOOP ? rounds("", "kro", 100, "")
								 : rounds("k", "rw", 99, "r"));
		}
		assert_int_equal(s.gfp, outcomes[i].gfp | __GFP_NOWARN);
		assert_int_equal(s.order, outcomes[i].order);
		finish();
	}
}

static void hooks_get_the_request_and_each_zone_in_order(void **state)
{
	/* Node 1's order is 1 2 3 0; node 0 has its NORMAL before its DMA32. */
	static const struct {
		int nid;
		enum zone_type type;
	} zones[] = {{1, ZONE_NORMAL}, {2, ZONE_NORMAL}, {3, ZONE_NORMAL}, {0, ZONE_NORMAL},
		{0, ZONE_DMA32}};
	const struct pglist_data *pgdat;

	(void)state;
	start(&fixture_f4, 16384, 10);
	mm_set_min_free_kbytes(&s.machine->mm, 16384 * 4); /* each zone may keep all it has */
	pgdat = mm_node(&s.machine->mm, 1);
	assert_null(alloc_pages_node(1, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 2));
	assert_calls("kkkkkr");
	for (unsigned int i = 0; i < ARRAY_SIZE(zones); i++)
		assert_ptr_equal(s.woken[i], machine_zone(s.machine, zones[i].nid, zones[i].type));
	assert_int_equal(s.gfp, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	assert_int_equal(s.order, 2);
	assert_ptr_equal(s.zonelist, pgdat->node_zonelists[0]);
	forget();
	assert_null(alloc_pages(GFP_DMA | GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 0));
	assert_calls("kr");
	assert_ptr_equal(s.woken[0], machine_zone(s.machine, 0, ZONE_DMA32));
	assert_ptr_equal(s.zonelist, s.machine->mm.cpu[0]->zonelist[__GFP_DMA]);
	forget();
	/* The mask of out_of_memory() is the whole one, too. */
	free_at('o', 1, 0);
	mm_set_min_free_kbytes(&s.machine->mm, 16384 * 4);
	s.kills = true;
	assert_non_null(alloc_page(GFP_KERNEL | __GFP_COLD));
	assert_int_equal(s.gfp, GFP_KERNEL | __GFP_COLD);
	mm_current()->memdie = 0;
	finish();
}

/* The zone that was found short is the one that serves in the end, if it is first in the list. */
static void each_pass_begins_at_the_first_zone(void **state)
{
	struct page *page;

	(void)state;
	start(&fixture_f4, 16384, 0);
	mm_set_min_free_kbytes(&s.machine->mm, 16384 * 4);
	s.kills = true;
	free_at('o', 1, 0);
	page = alloc_pages_node(2, GFP_KERNEL, 3);
	assert_non_null(page);
	assert_int_equal(page_to_nid(page), 2);
	assert_calls("kkkkkrokkkkk"); /* then the pass without a mark */
	finish();
}

static void who_is_chosen_by_oom_gets_the_rest(void **state)
{
	(void)state;
	start(&fixture_f2, 20, 0);
	s.kills = true;
	free_at('o', 2, 0);
	for (unsigned int i = 0; i < 20; i++) {
		assert_non_null(alloc_page(GFP_KERNEL));
		assert_calls(i ? "k" : "krokrok");
		forget_calls();
	}
	assert_null(alloc_page(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN));
	assert_calls("k");
	finish();
}

/* Others wait for it to let go: it is not to wait for memory any more. */
static void who_is_chosen_while_it_tries_again_gets_the_rest(void **state)
{
	(void)state;
	start(&fixture_f2, 1, 0);
	s.kills = true;
	free_at('w', 3, 0);
	assert_non_null(alloc_page(GFP_NOFS));
	assert_calls("krwrwrwk");
	forget();
	s.kills = true;
	free_at('w', 2, 0);
	assert_null(alloc_page(GFP_NOFS | __GFP_NOFAIL | __GFP_NOWARN));
	assert_calls("krwrwk");
	finish();
}

static void a_wait_is_a_fiftieth_of_a_second_at_most(void **state)
{
	uint64_t before;

	(void)state;
	start(&fixture_f2, 128, 0);
	s.progress_at = 2;
	free_at('r', 2, 1);
	before = cpu_time();
	assert_non_null(alloc_page(GFP_NOFS));
	assert_calls("krwr");
	assert_true(wait_deadline >= before + cpu_time_hz() / 50);
	assert_true(wait_deadline <= wait_asked + cpu_time_hz() / 50);
	finish();
}

static void a_machine_starts_with_the_hooks_of_the_core(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	assert_ptr_equal(machine->mm.hooks, &mm_default_hooks);
	assert_ptr_equal(mm_default_hooks.try_to_free_pages, try_to_free_pages);
	assert_ptr_equal(mm_default_hooks.out_of_memory, out_of_memory);
	assert_ptr_equal(mm_default_hooks.wakeup_kswapd, wakeup_kswapd);
	assert_ptr_equal(mm_default_hooks.congestion_wait, congestion_wait);
	machine_destroy(machine);
}

/* What waits in quarantine serves before anybody is woken for more. */
static void nobody_is_woken_for_what_waits(void **state)
{
	(void)state;
	start(&fixture_f2, 8, 0);
	mm_set_min_free_kbytes(&s.machine->mm, 16 * 4);
	assert_int_equal(mm_debug_set(&s.machine->mm, MM_DEBUG_QUARANTINE, true), 0);
	give_back(100);
	assert_int_equal(nr_quarantined_pages(&s.machine->mm), 100);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_calls("");
	finish();
}

/* What one that was killed has freed waits in quarantine: it is looked at before the next kill. */
static void nobody_is_killed_for_what_waits(void **state)
{
	(void)state;
	start(&fixture_f2, 8, 0);
	mm_set_min_free_kbytes(&s.machine->mm, 16 * 4);
	assert_int_equal(mm_debug_set(&s.machine->mm, MM_DEBUG_QUARANTINE, true), 0);
	free_at('o', 1, 100);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_calls("kro");
	assert_int_equal(nr_quarantined_pages(&s.machine->mm), 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S43_reclaim_and_oom_in_turn_until_memory_appears),
		cmocka_unit_test(S43_the_second_oom_call_frees_enough),
		cmocka_unit_test(S44_a_wait_for_each_reclaim_and_never_oom),
		cmocka_unit_test(S44_reclaim_that_frees_at_its_nth_call),
		cmocka_unit_test(a_write_that_frees_at_the_nth_wait),
		cmocka_unit_test(kswapd_that_frees_at_its_nth_wake_up),
		cmocka_unit_test(no_progress_and_no_fs_is_no_pass),
		cmocka_unit_test(S46_noretry_is_one_reclaim_and_beats_nofail),
		cmocka_unit_test(S46_nofail_does_not_help_who_can_not_reclaim),
		cmocka_unit_test(S47_the_thread_has_pf_memalloc_inside_reclaim_alone),
		cmocka_unit_test(the_outcome_table),
		cmocka_unit_test(hooks_get_the_request_and_each_zone_in_order),
		cmocka_unit_test(each_pass_begins_at_the_first_zone),
		cmocka_unit_test(who_is_chosen_by_oom_gets_the_rest),
		cmocka_unit_test(who_is_chosen_while_it_tries_again_gets_the_rest),
		cmocka_unit_test(a_wait_is_a_fiftieth_of_a_second_at_most),
		cmocka_unit_test(a_machine_starts_with_the_hooks_of_the_core),
		cmocka_unit_test(nobody_is_woken_for_what_waits),
		cmocka_unit_test(nobody_is_killed_for_what_waits),
	};

	return cmocka_run_group_tests_name("mm/alloc_slow", tests, NULL, NULL);
}
