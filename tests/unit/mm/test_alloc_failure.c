/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the slow path says of a request: the line of one that failed (S48), the report of one that
 * says it may wait where it may not; and what it leaves alone then.
 */
#include "slow_fixture.h"

static void S48_the_line_of_a_request_that_failed(void **state)
{
	(void)state;
	start(&fixture_f2, 128, 0);
	mm_current()->name = "t";
	host_print_capture_start();
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	assert_string_equal(host_print_captured(), "");
	assert_null(alloc_pages(GFP_ATOMIC, 9));
	assert_string_equal(
		host_print_captured(), "t: page allocation failure. order:9, mode:0x20\n");
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | GFP_DMA, 3));
	assert_printed("\nt: page allocation failure. order:3, mode:0x10d1\n");
	assert_int_equal(times_printed("\n"), 2);
	/* Who is served on the way says nothing. */
	forget();
	free_at('k', 1, 100);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_calls("k");
	assert_int_equal(times_printed("\n"), 2);
	host_print_capture_stop();
	finish();
}

static void fail_often(unsigned int nr)
{
	while (nr--) {
		assert_null(alloc_pages(GFP_ATOMIC, 9));
		forget_calls();
	}
}

static void S48_ten_lines_and_then_silence_for_five_seconds(void **state)
{
	struct mm *mm;

	(void)state;
	start(&fixture_f2, 128, 0);
	mm = &s.machine->mm;
	assert_int_equal(mm->failure_since, 0);
	host_print_capture_start();
	fail_often(1);
	assert_int_equal(times_printed("order:9"), 1);
	assert_true(mm->failure_since > 0 && mm->failure_since <= cpu_time());
	/* However slow this machine is, the interval began an hour from now. */
	mm->failure_since = cpu_time() + 3600 * cpu_time_hz();
	fail_often(8);
	assert_int_equal(times_printed("order:9"), 9);
	fail_often(50);
	assert_int_equal(times_printed("order:9"), 10);
	/* NOWARN does not use up what others may print. */
	mm->failure_lines = 9;
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	fail_often(5);
	assert_int_equal(times_printed("order:9"), 11);
	/* Five seconds and one tick after it has begun, the next begins. */
	mm->failure_since = cpu_time() - 5 * cpu_time_hz() - 1;
	fail_often(1);
	assert_int_equal(times_printed("order:9"), 12);
	mm->failure_since = cpu_time() + 3600 * cpu_time_hz();
	fail_often(50);
	assert_int_equal(times_printed("order:9"), 21);
	host_print_capture_stop();
	finish();
}

/* Two pages, asked for from a known place. */
static __attribute__((noinline)) struct page *ask_here(gfp_t gfp)
{
	struct page *page = alloc_pages(gfp, 1);

	__asm__ volatile("" ::: "memory"); /* no tail call: the caller is in here */
	return page;
}

static void assert_atomic_sleep(void)
{
	const char *here = (const char *)(uintptr_t)ask_here;
	const char *caller = host_last_misuse().caller;

	assert_true(here < caller && caller < here + 1024);
	assert_misuse(MISUSE_ATOMIC_SLEEP, NULL, 1);
}

/* Interrupts off, inside the caches, in an interrupt: reported, and served without a wait. */
static void who_may_not_wait_but_says_so_is_reported_and_does_not(void **state)
{
	(void)state;
	start(&fixture_f2, 48, 0);
	host_print_capture_start();
	for (unsigned int i = 0; i < 3; i++) {
		forget();
		host_irqs_enabled = i != 0;
		this_cpu->busy = i == 1;
		this_cpu->irq_depth = i == 2;
		assert_null(ask_here(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN));
		assert_atomic_sleep();
		assert_calls("k");
		/* Who asks for no more than it may is not reported. */
		assert_null(ask_here(GFP_ATOMIC | __GFP_NOFAIL | __GFP_NOWARN));
		assert_no_misuse();
		assert_calls("kk");
		this_cpu->irq_depth = this_cpu->busy = 0;
		host_irqs_enabled = true;
	}
	host_print_capture_stop();
	finish();
}

/* To 96 pages left, as a mask of 0, where a caller that waits ends at 128. */
static void who_may_not_wait_goes_deeper_whatever_it_says(void **state)
{
	(void)state;
	start(&fixture_f2, 98, 1);
	host_print_capture_start();
	host_irqs_enabled = false;
	assert_non_null(ask_here(GFP_KERNEL));
	assert_atomic_sleep();
	assert_null(ask_here(GFP_KERNEL | __GFP_NOWARN));
	assert_atomic_sleep();
	host_irqs_enabled = true;
	assert_calls("kk");
	assert_int_equal(nr_free_pages(&s.machine->mm), 96);
	host_print_capture_stop();
	finish();
}

/* Above the low mark nobody asks: such a caller would not have slept. */
static void no_report_as_long_as_nobody_would_sleep(void **state)
{
	(void)state;
	start(&fixture_f2, 161, 0);
	host_irqs_enabled = false;
	assert_non_null(alloc_page(GFP_KERNEL));
	host_irqs_enabled = true;
	assert_no_misuse();
	assert_calls("");
	finish();
}

static void in_an_interrupt_nothing_is_reclaimed(void **state)
{
	static const gfp_t masks[] = {GFP_ATOMIC, 0, GFP_ATOMIC | __GFP_NOFAIL,
		GFP_ATOMIC | __GFP_REPEAT | __GFP_FS | __GFP_IO};

	(void)state;
	start(&fixture_f2, 48, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(masks) * 2; i++) {
		forget();
		interrupt_begin(i & 1);
		mm_current()->flags = PF_MEMALLOC; /* the interrupted thread's */
		mm_current()->memdie = 1;
		mm_current()->prio = 1;
		assert_null(alloc_page(masks[i / 2] | __GFP_NOWARN));
		assert_int_equal(mm_current()->flags, PF_MEMALLOC);
		mm_current()->flags = 0;
		interrupt_end();
		assert_calls("k");
	}
	finish();
}

/* Other flags of the thread's are as they were, whatever came between. */
static void the_other_flags_stay(void **state)
{
	(void)state;
	start(&fixture_f2, 128, 0);
	mm_current()->flags = 0x4001;
	free_at('o', 2, 100);
	assert_non_null(alloc_page(GFP_KERNEL));
	assert_int_equal(mm_current()->flags, 0x4001);
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 10));
	assert_int_equal(mm_current()->flags, 0x4001);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S48_the_line_of_a_request_that_failed),
		cmocka_unit_test(S48_ten_lines_and_then_silence_for_five_seconds),
		cmocka_unit_test(who_may_not_wait_but_says_so_is_reported_and_does_not),
		cmocka_unit_test(who_may_not_wait_goes_deeper_whatever_it_says),
		cmocka_unit_test(no_report_as_long_as_nobody_would_sleep),
		cmocka_unit_test(in_an_interrupt_nothing_is_reclaimed),
		cmocka_unit_test(the_other_flags_stay),
	};

	return cmocka_run_group_tests_name("mm/alloc_failure", tests, NULL, NULL);
}
