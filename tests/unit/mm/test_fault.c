/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection: which requests fail, in Linux's order of questions, and what is said.
 */
#include <mm/explain.h>
#include "debug_fixture.h"

static int setup_f2(void **state)
{
	(void)state;
	start_on(&fixture_f2);
	return 0;
}

static int teardown_fault(void **state)
{
	mm_fault_set_nth(0);
	mm_debug_set(&machine->mm, MM_DEBUG_FAULT, false);
	return teardown(state);
}

/* Linux's, but that single pages of anybody fail, always, and nothing is printed. */
static struct mm_fault_attr always(void)
{
	struct mm_fault_attr attr = MM_FAULT_DEFAULTS;

	attr.probability = 100;
	attr.times = -1;
	attr.min_order = 0;
	attr.ignore_gfp_wait = 0;
	attr.verbose = 0;
	return attr;
}

static void inject(struct mm_fault_attr attr)
{
	assert_int_equal(mm_fault_set(&machine->mm, &attr), 0);
}

/* Is this request served? */
static bool served(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	if (page)
		__free_pages(page, order);
	return page;
}

/* Of so many requests, each a digit: 1 is served, 0 is not. */
static const char *pattern(unsigned int nr)
{
	static char text[64];

	for (unsigned int i = 0; i < nr; i++)
		text[i] = served(GFP_KERNEL, 0) ? '1' : '0';
	text[nr] = '\0';
	return text;
}

static void defaults_are_linuxs(void **state)
{
	struct mm_fault_attr attr = MM_FAULT_DEFAULTS;

	(void)state;
	assert_memory_equal(&machine->mm.fault.attr, &attr, sizeof(attr));
	attr.probability = 100;
	attr.times = -1;
	inject(attr);
	assert_true(served(GFP_ATOMIC, 0));
	assert_true(served(GFP_KERNEL, 1));
	assert_false(served(GFP_ATOMIC, 1));
	assert_int_equal(mm_fault_injected(&machine->mm), 1);
}

static void nofail_is_served(void **state)
{
	(void)state;
	inject(always());
	assert_true(served(GFP_KERNEL | __GFP_NOFAIL, 0));
	assert_false(served(GFP_KERNEL, 0));
}

static void times_run_out(void **state)
{
	struct mm_fault_attr attr = always();

	(void)state;
	attr.times = 3;
	inject(attr);
	assert_string_equal(pattern(6), "000111");
	assert_int_equal(machine->mm.fault.attr.times, 0);
	inject(machine->mm.fault.attr);
	assert_string_equal(pattern(2), "11");
}

static void space_comes_first(void **state)
{
	struct mm_fault_attr attr = always();

	(void)state;
	attr.space = 6;
	inject(attr);
	assert_true(served(GFP_KERNEL, 2)); /* 2 are left: not above the next 2 */
	assert_true(served(GFP_KERNEL, 0));
	assert_false(served(GFP_KERNEL, 0));
}

static void one_in_an_interval(void **state)
{
	struct mm_fault_attr attr = always();

	(void)state;
	attr.interval = 3;
	inject(attr);
	assert_string_equal(pattern(7), "1101101");
}

static void probability_is_a_share_and_repeats(void **state)
{
	struct mm_fault_attr attr = always();
	unsigned int nr = 0;
	char first[64];

	(void)state;
	attr.probability = 25;
	attr.seed = 7;
	inject(attr);
	strcpy(first, pattern(60));
	inject(attr);
	assert_string_equal(pattern(60), first);
	attr.seed = 8;
	inject(attr);
	assert_string_not_equal(pattern(60), first);
	for (unsigned int i = 0; i < 4000; i++)
		nr += !served(GFP_KERNEL, 0);
	assert_in_range(nr, 900, 1100);
	attr.probability = 0;
	inject(attr);
	assert_string_equal(pattern(10), "1111111111");
	attr.probability = 101;
	assert_int_equal(mm_fault_set(&machine->mm, &attr), -MM_EINVAL);
}

static void the_nth_of_the_thread(void **state)
{
	struct mm_fault_attr attr = always();
	struct mm_task other = {.name = "other"}, *mine = this_cpu->task;

	(void)state;
	attr.probability = 0;
	inject(attr);
	mm_fault_set_nth(3);
	assert_true(served(GFP_KERNEL, 0));
	mm_switch_task(&other);
	assert_string_equal(pattern(5), "11111");
	mm_switch_task(mine);
	interrupt_begin(0);
	assert_true(served(GFP_ATOMIC, 0));
	interrupt_end();
	assert_string_equal(pattern(4), "1011");
	assert_int_equal(mine->faults, 1);
	assert_int_equal(other.faults, 0);
}

/* The count stands above chance: a thread that counts sees no other fault. */
static void who_counts_sees_no_other(void **state)
{
	(void)state;
	inject(always());
	mm_fault_set_nth(2);
	assert_string_equal(pattern(3), "100");
}

static void each_context_has_its_count(void **state)
{
	unsigned long before;

	(void)state;
	inject(always());
	before = mm_fault_injected_here();
	assert_false(served(GFP_KERNEL, 0));
	assert_int_equal(mm_fault_injected_here(), before + 1);
	interrupt_begin(0);
	assert_int_equal(mm_fault_injected_here(), 0);
	assert_false(served(GFP_ATOMIC, 0));
	assert_int_equal(mm_fault_injected_here(), 1);
	interrupt_end();
	assert_int_equal(mm_fault_injected_here(), before + 1);
	assert_int_equal(mm_fault_injected(&machine->mm), 2);
}

static void off_is_off(void **state)
{
	(void)state;
	inject(always());
	assert_false(served(GFP_KERNEL, 0));
	mm_debug_set(&machine->mm, MM_DEBUG_FAULT, false);
	assert_true(served(GFP_KERNEL, 0));
	assert_int_equal(this_cpu->attention, 0);
}

static void a_line_for_each(void **state)
{
	static struct mm_explain record;
	struct mm_fault_attr attr = always();

	(void)state;
	attr.verbose = 1;
	inject(attr);
	served(GFP_KERNEL, 2);
	served(GFP_KERNEL | __GFP_NOWARN, 2);
	assert_int_equal(times_printed("FAULT_INJECTION: forcing a failure. order:2, mode:0xd0, "
				       "task swapper, cpu 0, from 0x"),
		1);
	mm_explain_begin(&record);
	served(GFP_KERNEL | __GFP_NOWARN, 0);
	mm_explain_end();
	mm_explain_print(&record);
	assert_int_equal(times_printed("NULL: a fault was injected\n"), 1);
	show_fault(&machine->mm);
	assert_int_equal(times_printed("fault: on, 3 injected since boot\n"), 1);
	assert_int_equal(times_printed("interval=1 probability=100 space=0 times=-1 min-order=0 "
				       "ignore-gfp-wait=0 verbose=1 seed=0\n"),
		1);
}

static bool parse(struct mm_fault_attr *attr, const char *text)
{
	return mm_fault_parse(attr, text, strlen(text));
}

static void settings_have_linuxs_names(void **state)
{
	struct mm_fault_attr attr = MM_FAULT_DEFAULTS;

	(void)state;
	assert_true(parse(&attr, "interval=5") && parse(&attr, "probability=20"));
	assert_true(parse(&attr, "space=300") && parse(&attr, "times=-1"));
	assert_true(parse(&attr, "min_order=2") && parse(&attr, "ignore-gfp-wait=N"));
	assert_true(parse(&attr, "verbose=0") && parse(&attr, "seed=18446744073709551615"));
	assert_int_equal(attr.interval, 5);
	assert_int_equal(attr.probability, 20);
	assert_int_equal(attr.space, 300);
	assert_int_equal(attr.times, -1);
	assert_int_equal(attr.min_order, 2);
	assert_int_equal(attr.ignore_gfp_wait, 0);
	assert_int_equal(attr.verbose, 0);
	assert_true(attr.seed == UINT64_MAX);
	assert_true(mm_fault_parse_list(&attr, "2,30,400,9"));
	assert_int_equal(attr.probability, 30);
	assert_int_equal(attr.times, 9);
}

static void what_is_none_of_them_is_refused(void **state)
{
	static const char *const bad[] = {"", "interval", "interval=", "interval=x", "=1",
		"probability=101", "times=-2", "verbose=3", "ignore-gfp-wait=2", "interval=1 ",
		"seed=18446744073709551616", "intervals=1", "min-order=12"};
	static const char *const bad_lists[] = {
		"", "1", "1,2,3", "1,2,3,4,5", "1,2,3,", "1,101,0,1"};
	struct mm_fault_attr attr = MM_FAULT_DEFAULTS, before = attr;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(parse(&attr, bad[i]));
	for (unsigned int i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++)
		assert_false(mm_fault_parse_list(&attr, bad_lists[i]));
	assert_memory_equal(&attr, &before, sizeof(attr));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_f2, teardown_fault)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_linuxs),
		TEST(nofail_is_served),
		TEST(times_run_out),
		TEST(space_comes_first),
		TEST(one_in_an_interval),
		TEST(probability_is_a_share_and_repeats),
		TEST(the_nth_of_the_thread),
		TEST(who_counts_sees_no_other),
		TEST(each_context_has_its_count),
		TEST(off_is_off),
		TEST(a_line_for_each),
		TEST(settings_have_linuxs_names),
		TEST(what_is_none_of_them_is_refused),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
