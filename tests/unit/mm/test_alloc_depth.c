/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far down the slow path takes a zone: marks, reserves and favours, by who asks. Semantics,
 * sections 8 and 20: S37 to S41.
 */
#include "slow_fixture.h"

/* S37: how far down each caller gets on F2. */
struct depth {
	gfp_t gfp;
	unsigned int flags;
	int prio;
	unsigned int memdie;
	bool interrupt;
	unsigned long left;
};

static void assert_depth(const struct depth *row)
{
	start(&fixture_f2, 4096, 0);
	mm_current()->flags = row->flags;
	mm_current()->prio = row->prio ? row->prio : DEFAULT_PRIO;
	mm_current()->memdie = row->memdie;
	if (row->interrupt)
		interrupt_begin(0);
	assert_int_equal(take_until_null(row->gfp), 4096 - row->left);
	if (row->interrupt)
		interrupt_end();
	assert_int_equal(nr_free_pages(&s.machine->mm), row->left);
	mm_current()->flags = 0;
	finish();
}

static void S37_how_deep_each_caller_gets(void **state)
{
	static const struct depth rows[] = {
		{.gfp = GFP_ATOMIC, .left = 48},
		{.gfp = 0, .left = 96},
		{.gfp = GFP_KERNEL | __GFP_NORETRY, .left = 128},
		{.gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_HIGH, .left = 64},
		{.gfp = GFP_KERNEL | __GFP_NORETRY, .prio = 99, .left = 96},
		{.gfp = GFP_KERNEL | __GFP_NORETRY, .prio = 100, .left = 128},
		{.gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_HIGH, .prio = 1, .left = 48},
		{.gfp = GFP_ATOMIC, .flags = PF_MEMALLOC, .left = 0},
		{.gfp = GFP_KERNEL, .flags = PF_MEMALLOC, .left = 0},
		{.gfp = GFP_ATOMIC, .flags = PF_KSWAPD, .left = 48},
		{.gfp = GFP_ATOMIC, .flags = PF_MEMALLOC, .interrupt = true, .left = 48},
		{.gfp = GFP_ATOMIC, .interrupt = true, .left = 48},
		{.gfp = 0, .interrupt = true, .left = 96},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_depth(&rows[i]);
}

/* TIF_MEMDIE is as good as PF_MEMALLOC, and as bad in an interrupt. */
static void S37_who_is_to_die_gets_all(void **state)
{
	static const struct depth rows[] = {
		{.gfp = GFP_KERNEL, .memdie = 1, .left = 0},
		{.gfp = GFP_KERNEL | __GFP_NOFAIL, .memdie = 1, .left = 0},
		{.gfp = 0, .memdie = 1, .left = 0},
		{.gfp = GFP_ATOMIC, .memdie = 1, .interrupt = true, .left = 48},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_depth(&rows[i]);
}

static void S39_each_request_that_fails_the_first_pass_wakes_kswapd_once(void **state)
{
	(void)state;
	start(&fixture_f2, 4096, 0);
	assert_int_equal(take_until_null(GFP_ATOMIC), 4048);
	assert_int_equal(s.nr_low, 113);
	assert_int_equal(s.nr_woken, 113);
	finish();
	start(&fixture_f2, 4096, 0);
	assert_int_equal(take_until_null(GFP_KERNEL | __GFP_NORETRY), 3968);
	assert_int_equal(s.nr_low, 33);
	assert_int_equal(s.nr_woken, 33);
	assert_calls("kr"); /* the last */
	finish();
}

static void S41_low_marks_of_all_zones_before_any_goes_to_its_min(void **state)
{
	static const struct {
		enum zone_type type;
		unsigned long nr, left;
	} rows[] = {{ZONE_NORMAL, 3984, 112}, {ZONE_DMA32, 3968, 128}, {ZONE_NORMAL, 22, 90},
		{ZONE_DMA32, 22, 106}};

	(void)state;
	start(&fixture_f3, 8192, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned long nr = 0; nr < rows[i].nr; nr++) {
			struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY);

			assert_non_null(page);
			assert_int_equal(page_zone(page)->type, rows[i].type);
		}
		assert_int_equal(
			machine_zone(s.machine, 0, rows[i].type)->free_pages, rows[i].left);
	}
	assert_null(alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	assert_int_equal(3984 + 3968 + 22 + 22, 7996);
	finish();
}

/* The reserve is kept from requests that could have had NORMAL, not from those for DMA32. */
static void the_class_is_the_first_zone_of_the_list(void **state)
{
	(void)state;
	start(&fixture_f3, 8192, 0);
	assert_int_equal(take_until_null(GFP_KERNEL | __GFP_NORETRY), 7996);
	assert_int_equal(take_until_null(GFP_KERNEL | GFP_DMA32 | __GFP_NORETRY), 16);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_DMA32)->free_pages, 90);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_NORMAL)->free_pages, 90);
	finish();
}

/* The state that S60 prints: 90 halved is 45, less a quarter of that is 34; DMA32 keeps 16 more. */
static void atomic_requests_leave_34_pages_and_the_reserve(void **state)
{
	(void)state;
	start(&fixture_f3, 8192, 0);
	assert_int_equal(take_until_null(GFP_ATOMIC), 8192 - 34 - 50);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_NORMAL)->free_pages, 34);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_DMA32)->free_pages, 50);
	assert_int_equal(take_until_null(GFP_ATOMIC | GFP_DMA32), 16);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_DMA32)->free_pages, 34);
	finish();
}

/* The last look before OOM asks for more than pages_high, 192, with no favour to anybody. */
static void the_pass_before_oom_is_above_pages_high(void **state)
{
	static const gfp_t masks[] = {GFP_KERNEL, GFP_KERNEL | __GFP_HIGH};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(masks) * 2; i++) {
		start(&fixture_f2, 48, 0);
		mm_current()->prio = i % 2 ? 1 : DEFAULT_PRIO;
		free_at('r', 1, 192 - 48);
		assert_non_null(alloc_page(masks[i / 2]));
		assert_calls("kro"); /* then the first pass: 192 is above pages_low */
		finish();
		start(&fixture_f2, 48, 0);
		mm_current()->prio = i % 2 ? 1 : DEFAULT_PRIO;
		free_at('r', 1, 193 - 48);
		assert_non_null(alloc_page(masks[i / 2]));
		assert_calls("kr");
		finish();
	}
}

/* After progress it is the pass above pages_min again, with the caller's favours. */
static void the_pass_after_progress_is_as_deep_as_the_caller_may(void **state)
{
	static const struct {
		gfp_t gfp;
		int prio;
		unsigned long left;
	} rows[] = {{GFP_KERNEL, DEFAULT_PRIO, 128}, {GFP_KERNEL | __GFP_HIGH, DEFAULT_PRIO, 64},
		{GFP_KERNEL, 1, 96}, {GFP_KERNEL | __GFP_HIGH, 1, 48}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		start(&fixture_f2, rows[i].left - 1, 0);
		mm_current()->prio = rows[i].prio;
		s.progress_at = 1;
		free_at('r', 1, 1);
		assert_null(alloc_page(rows[i].gfp | __GFP_NORETRY | __GFP_NOWARN));
		assert_calls("kr");
		forget();
		mm_current()->prio = rows[i].prio;
		s.progress_at = 1;
		free_at('r', 1, 1);
		assert_non_null(alloc_page(rows[i].gfp | __GFP_NORETRY));
		assert_calls("kr");
		finish();
	}
}

/* What a fast allocation must not do: look at hooks at all. */
static void above_the_low_mark_no_hook_is_called(void **state)
{
	(void)state;
	start(&fixture_f2, 4096, 0);
	for (unsigned int i = 0; i < 4096 - 160; i++)
		assert_non_null(alloc_page(i & 1 ? GFP_KERNEL : GFP_ATOMIC));
	assert_calls("");
	assert_int_equal(nr_free_pages(&s.machine->mm), 160);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_calls("k");
	finish();
}

/* The order loop: enough pages, but in blocks that are too small. */
static void small_blocks_do_not_count_for_a_large_one(void **state)
{
	(void)state;
	start(&fixture_f2, 1024, 0);
	/* One block of 1024 is left; every second page of the rest makes 400 single ones. */
	for (unsigned int i = 0; i < 400; i++) {
		__free_page(s.held[2 * i]);
		s.held[2 * i] = NULL;
	}
	drain_local_pages();
	assert_int_equal(nr_free_pages(&s.machine->mm), 1424);
	assert_int_equal(machine_zone(s.machine, 0, ZONE_NORMAL)->free_area[0].nr_free, 400);
	/* 1424 - 511 are 913, and 513 without the single ones: above every mark. */
	assert_non_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY, 9));
	assert_calls("");
	/* 912 - 511 are 401, above 128; but 1 without the single ones, and not above 128 / 2. */
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9));
	assert_calls("kr");
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S37_how_deep_each_caller_gets),
		cmocka_unit_test(S37_who_is_to_die_gets_all),
		cmocka_unit_test(S39_each_request_that_fails_the_first_pass_wakes_kswapd_once),
		cmocka_unit_test(S41_low_marks_of_all_zones_before_any_goes_to_its_min),
		cmocka_unit_test(the_class_is_the_first_zone_of_the_list),
		cmocka_unit_test(atomic_requests_leave_34_pages_and_the_reserve),
		cmocka_unit_test(the_pass_before_oom_is_above_pages_high),
		cmocka_unit_test(the_pass_after_progress_is_as_deep_as_the_caller_may),
		cmocka_unit_test(above_the_low_mark_no_hook_is_called),
		cmocka_unit_test(small_blocks_do_not_count_for_a_large_one),
	};

	return cmocka_run_group_tests_name("mm/alloc_depth", tests, NULL, NULL);
}
