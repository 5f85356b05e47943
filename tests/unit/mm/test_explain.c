/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: the decisions of a request that are noted are those that were taken, in order, by the
 * numbers that were compared.
 */
#include <mm/mempolicy.h>
#include <mm/reclaim.h>
#include "explain_fixture.h"

/* S41's way down, a step before each of its turns. */
static void S41_fallback_shows_the_numbers(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY;

	(void)state;
	for (unsigned int i = 0; i < 3984; i++)
		assert_non_null(alloc_page(gfp));
	assert_non_null(explained_alloc(gfp, 0));
	CHECK(event_at(1), EXPLAIN_ZONELIST, NULL, (unsigned long)normal, (unsigned long)low, 0);
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 112, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 4096, 112, 112, 16, 1);
	assert_ptr_equal(event_at(record.nr - 1)->zone, low);

	for (unsigned int i = 1; i < 3968; i++)
		assert_non_null(alloc_page(gfp));
	assert_non_null(explained_alloc(gfp, 0));
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 112, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 128, 112, 112, 16, 0);
	CHECK(event_at(5), EXPLAIN_SLOW, NULL, 0);
	CHECK(event_at(6), EXPLAIN_KSWAPD, normal, 0, 1);
	CHECK(event_at(7), EXPLAIN_KSWAPD, low, 0, 0);
	CHECK(event_at(8), EXPLAIN_PASS, NULL, MARK_MIN, 0, 0);
	CHECK(event_at(9), EXPLAIN_WATERMARK, normal, 0, 112, 90, 90, 0, 1);
	assert_ptr_equal(event_at(record.nr - 1)->zone, normal);
	machine_destroy(machine);
}

static void S42_a_failing_atomic_request_shows_its_last_pass(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

	(void)state;
	while (alloc_page(gfp))
		continue;
	assert_null(explained_alloc(gfp, 0));
	assert_int_equal(record.nr, 12);
	CHECK(event_at(3), EXPLAIN_WATERMARK, normal, 0, 34, 112, 112, 0, 0);
	CHECK(event_at(4), EXPLAIN_WATERMARK, low, 0, 50, 112, 112, 16, 0);
	CHECK(event_at(8), EXPLAIN_PASS, NULL, MARK_MIN, 1, 1);
	assert_string_equal(event_at(8)->text, "min");
	/* 90, less its half, less a quarter of that */
	CHECK(event_at(9), EXPLAIN_WATERMARK, normal, 0, 34, 90, 34, 0, 0);
	CHECK(event_at(10), EXPLAIN_WATERMARK, low, 0, 50, 90, 34, 16, 0);
	CHECK(event_at(11), EXPLAIN_FAILED, NULL, 0);
	assert_string_equal(event_at(11)->text, "it may not wait for memory");
	machine_destroy(machine);
}

/* Plenty is free, but in single pages. */
static void the_order_loop_shows_where_it_ends(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned long i = 0; i < 4096; i++)
		assert_non_null(buddy_take(zone, 0));
	for (unsigned long pfn = 0; pfn < 4096; pfn += 2)
		buddy_free(zone, pfn_to_page(pfn), 0);
	for (unsigned long pfn = 1; pfn < 64; pfn += 2)
		buddy_free(zone, pfn_to_page(pfn), 0); /* and one block of order 6 */
	assert_null(explained_alloc(GFP_ATOMIC | __GFP_NOWARN, 7));
	CHECK(event_at(3), EXPLAIN_WATERMARK, zone, 7, 2080, 160, 160, 0, 1);
	CHECK(event_at(4), EXPLAIN_ORDER, zone, 0, 2016, -63, 80, 0); /* 2080 - 127 - 2016 */
	CHECK(event_at(5), EXPLAIN_SLOW, NULL, 0);
	CHECK(nth(EXPLAIN_ORDER, 1), EXPLAIN_ORDER, zone, 0, 2016, -63, 24, 0);
	for (unsigned long pfn = 1; pfn < 4096; pfn += 2)
		if (pfn >= 64)
			buddy_free(zone, pfn_to_page(pfn), 0);

	explained_alloc(GFP_KERNEL, 3);
	for (unsigned int o = 0; o < 3; o++)
		CHECK(nth(EXPLAIN_ORDER, o), EXPLAIN_ORDER, zone, o, 0, 4096 - 7, 80 >> o, 1);
	machine_destroy(machine);
}

static void reserves_and_an_empty_zone_are_noted(void **state)
{
	const struct machine_spec small = {.bank = {{0, 64, 0}}};
	struct machine *machine = machine_create(&small);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	mm_current()->flags |= PF_MEMALLOC;
	explained_alloc(GFP_KERNEL, 5);
	assert_string_equal(event_at(record.nr - 1)->text ? "" : "end", "end");
	CHECK(event_at(record.nr - 1), EXPLAIN_PAGE, zone, 0, 5);
	while (alloc_page(GFP_KERNEL | __GFP_NOWARN))
		continue;
	assert_null(explained_alloc(GFP_KERNEL | __GFP_NOWARN, 0));
	assert_int_equal(count(EXPLAIN_RESERVES), 1);
	CHECK(nth(EXPLAIN_NO_MARK, 0), EXPLAIN_NO_MARK, zone, 0);
	CHECK(nth(EXPLAIN_REFILL, 0), EXPLAIN_REFILL, zone, 0, 1);
	assert_int_equal(count(EXPLAIN_EMPTY), 2); /* the refill, and the block itself */
	assert_string_equal(
		event_at(record.nr - 1)->text, "there is nothing below the marks either");
	mm_current()->flags &= ~PF_MEMALLOC;
	machine_destroy(machine);
}

/* Reclaim that frees a page of the test's at its second call. */
static struct page *kept;
static unsigned int reclaims, kills, waits;

static unsigned int reclaim_at_second(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	assert_null(mm_current()->explain);
	if (++reclaims < 2)
		return 0;
	if (kept)
		__free_pages(kept, 8);
	kept = NULL;
	return 1;
}

static void count_kill(gfp_t gfp)
{
	(void)gfp;
	kills++;
}

static void count_wait(uint64_t deadline)
{
	(void)deadline;
	waits++;
}

static const struct mm_hooks counting_hooks = {
	.try_to_free_pages = reclaim_at_second,
	.out_of_memory = count_kill,
	.wakeup_kswapd = wakeup_kswapd,
	.congestion_wait = count_wait,
};

static struct machine *short_machine(void)
{
	struct machine *machine = machine_create(&fixture_f2);

	kept = alloc_pages(GFP_KERNEL, 8);
	reclaims = kills = waits = 0;
	machine->mm.hooks = &counting_hooks;
	while (alloc_page(GFP_ATOMIC | __GFP_NOWARN))
		continue;
	return machine;
}

static void reclaim_and_oom_are_noted(void **state)
{
	struct machine *machine = short_machine();

	(void)state;
	assert_non_null(explained_alloc(GFP_KERNEL, 0));
	assert_int_equal(kills, 1);
	assert_int_equal(count(EXPLAIN_RECLAIM), 2);
	CHECK(nth(EXPLAIN_RECLAIM, 0), EXPLAIN_RECLAIM, NULL, 0, 48, 48, 0, 0);
	CHECK(nth(EXPLAIN_RECLAIM, 1), EXPLAIN_RECLAIM, NULL, 1, 48, 304, 0, 0);
	assert_int_equal(count(EXPLAIN_OOM), 1);
	assert_int_equal(count(EXPLAIN_FREE), 0); /* reclaim's own free */
	assert_string_equal(nth(EXPLAIN_PASS, 2)->text, "high");
	CHECK(nth(EXPLAIN_PASS, 2), EXPLAIN_PASS, NULL, MARK_HIGH, 0, 0);
	assert_string_equal(nth(EXPLAIN_PASS, 3)->text, "low");
	machine_destroy(machine);
}

static void waits_and_giving_up_are_noted(void **state)
{
	struct machine *machine = short_machine();

	(void)state;
	assert_non_null(explained_alloc(GFP_NOFS, 0));
	assert_int_equal(waits, 1);
	assert_int_equal(count(EXPLAIN_RETRY), 1);
	assert_string_equal(nth(EXPLAIN_RETRY, 0)->text, "its order is small");
	while (alloc_page(GFP_ATOMIC | __GFP_NOWARN))
		continue;
	assert_null(explained_alloc(GFP_NOFS | __GFP_NOWARN, 4));
	assert_int_equal(count(EXPLAIN_RETRY), 0);
	assert_string_equal(event_at(record.nr - 1)->text,
		"not to be tried again: NORETRY, or large without REPEAT or NOFAIL");
	machine_destroy(machine);
}

static void a_policy_is_noted_with_its_first_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	const struct zone *zone = machine_zone(machine, 2, ZONE_NORMAL);

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, 1 << 2), 0);
	explained_alloc(GFP_KERNEL, 2);
	CHECK(event_at(0), EXPLAIN_POLICY, zone, 0);
	assert_string_equal(event_at(0)->text, "interleave");
	CHECK(event_at(record.nr - 1), EXPLAIN_PAGE, zone, 11264, 2);
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, 1 << 3), 0);
	explained_alloc(GFP_KERNEL, 2);
	assert_string_equal(event_at(0)->text, "preferred");
	assert_ptr_equal(event_at(0)->zone, machine_zone(machine, 3, ZONE_NORMAL));
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	explained_alloc(GFP_KERNEL, 2);
	assert_int_equal(count(EXPLAIN_POLICY), 0);
	assert_int_equal(count(EXPLAIN_ZONELIST), 1);
	assert_int_equal(nth(EXPLAIN_ZONELIST, 0)->value[1],
		(unsigned long)machine_zone(machine, 0, ZONE_DMA32));
	machine_destroy(machine);
}

static void the_whole_zonelist_is_noted(void **state)
{
	struct machine_spec spec = {.layout = &layout_low_2048};
	struct machine *machine;
	unsigned int seen = 0;

	(void)state;
	for (unsigned int nid = 0; nid < 8; nid++) {
		spec.bank[nid].start_pfn = 4096UL * nid;
		spec.bank[nid].nr_pages = 4096;
		spec.bank[nid].nid = (int)nid;
	}
	machine = machine_create(&spec);
	explained_alloc(GFP_KERNEL, 2);
	assert_int_equal(count(EXPLAIN_ZONELIST), 2);
	for (unsigned int i = 0; i < 2; i++) {
		const struct mm_explain_event *event = nth(EXPLAIN_ZONELIST, i);

		for (unsigned int j = 0; j < MM_EXPLAIN_VALUES && event->value[j]; j++)
			assert_int_equal(event->value[j],
				(unsigned long)this_cpu->zonelist[0]->zones[seen++]);
	}
	assert_int_equal(seen, 9);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S41_fallback_shows_the_numbers),
		cmocka_unit_test(S42_a_failing_atomic_request_shows_its_last_pass),
		cmocka_unit_test(the_order_loop_shows_where_it_ends),
		cmocka_unit_test(reserves_and_an_empty_zone_are_noted),
		cmocka_unit_test(reclaim_and_oom_are_noted),
		cmocka_unit_test(waits_and_giving_up_are_noted),
		cmocka_unit_test(a_policy_is_noted_with_its_first_zone),
		cmocka_unit_test(the_whole_zonelist_is_noted),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
