/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace: what is written into the rings, in which order, and what is lost.
 */
#include "debug_fixture.h"

static int teardown_trace(void **state)
{
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE | MM_DEBUG_FAULT, false);
	return teardown(state);
}

static void trace_on(void)
{
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_TRACE, true), 0);
}

/* The nth event of a CPU. */
static const struct mm_trace_event *event(unsigned int cpu, unsigned int nth)
{
	assert_true(nth < machine->mm.trace->ring[cpu].total);
	return &machine->mm.trace->ring[cpu].event[nth];
}

static void assert_event(unsigned int cpu, unsigned int nth, enum mm_trace_op op,
	const struct page *page, unsigned int order)
{
	const struct mm_trace_event *e = event(cpu, nth);

	assert_int_equal(e->op, op);
	assert_int_equal(e->pfn, page ? page_to_pfn(page) : 0);
	assert_int_equal(e->order, order);
	assert_int_not_equal(e->caller, 0);
}

static void each_call_is_an_event(void **state)
{
	struct page *page;

	(void)state;
	trace_on();
	machine_enter(machine, 2);
	page = alloc_pages(GFP_KERNEL | __GFP_COLD, 2);
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++)
		__free_page(&page[i]);
	assert_int_equal(machine->mm.trace->ring[2].total, 6);
	assert_event(2, 0, MM_TRACE_ALLOC, page, 2);
	assert_int_equal(event(2, 0)->gfp, GFP_KERNEL | __GFP_COLD);
	assert_int_equal(event(2, 0)->nid, 2);
	assert_event(2, 1, MM_TRACE_SPLIT, page, 2);
	for (unsigned int i = 0; i < 4; i++)
		assert_event(2, 2 + i, MM_TRACE_FREE, &page[i], 0);
	assert_int_equal(machine->mm.trace->ring[0].total, 0);
}

/* Not the last reference: it is still somebody's. */
static void a_reference_less_is_none(void **state)
{
	struct page *page;

	(void)state;
	trace_on();
	page = alloc_page(GFP_KERNEL);
	get_page(page);
	put_page(page);
	assert_int_equal(machine->mm.trace->ring[0].total, 1);
	put_page(page);
	assert_int_equal(machine->mm.trace->ring[0].total, 2);
	assert_event(0, 1, MM_TRACE_FREE, page, 0);
}

static void nothing_is_an_event_too(void **state)
{
	struct mm_fault_attr attr = MM_FAULT_DEFAULTS;
	const gfp_t gfp = __GFP_NOWARN | __GFP_NORETRY;

	(void)state;
	trace_on();
	mm_set_min_free_kbytes(&machine->mm, 1UL << 30);
	assert_null(alloc_pages(gfp, 3));
	assert_event(0, 0, MM_TRACE_NULL, NULL, 3);
	attr.probability = 100;
	attr.verbose = 0;
	assert_int_equal(mm_fault_set(&machine->mm, &attr), 0);
	assert_null(alloc_pages(gfp, 1));
	assert_event(0, 1, MM_TRACE_FAULT, NULL, 1);
	assert_int_equal(machine->mm.trace->ring[0].total, 2);
}

/* The node is that of the first zone asked, not of the zone that serves. */
static void the_node_is_the_one_asked(void **state)
{
	struct page *page;

	(void)state;
	trace_on();
	page = alloc_pages_node(3, GFP_KERNEL, 0);
	assert_int_equal(event(0, 0)->nid, 3);
	__free_page(page);
	assert_int_equal(event(0, 1)->nid, -1);
}

static void interrupts_are_marked(void **state)
{
	struct page *page;

	(void)state;
	trace_on();
	interrupt_begin(0);
	page = alloc_page(GFP_ATOMIC);
	interrupt_end();
	__free_page(page);
	assert_int_equal(event(0, 0)->op, MM_TRACE_ALLOC | MM_TRACE_INTERRUPT);
	assert_int_equal(event(0, 1)->op, MM_TRACE_FREE);
}

/* Numbers of all CPUs together, times that do not go back. */
static void events_have_an_order(void **state)
{
	uint64_t before = 0;

	(void)state;
	trace_on();
	for (unsigned int i = 0; i < 8; i++) {
		machine_enter(machine, i % 4);
		__free_page(alloc_page(GFP_KERNEL));
	}
	for (unsigned int i = 0; i < 16; i++) {
		const struct mm_trace_event *e = event(i / 2 % 4, i / 8 * 2 + i % 2);

		assert_int_equal(e->seq, i);
		assert_true(e->time >= before);
		before = e->time;
	}
}

static void the_oldest_are_overwritten(void **state)
{
	const struct mm_trace *trace;
	const struct mm_trace_ring *ring;

	(void)state;
	assert_true(mm_trace_set_size(&machine->mm, 90));
	trace_on();
	trace = machine->mm.trace;
	assert_int_equal(trace->size, PAGE_SIZE / sizeof(struct mm_trace_event));
	ring = &trace->ring[0];
	for (unsigned int i = 0; i < 100; i++)
		__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(ring->total, 200);
	assert_int_equal(mm_trace_kept(&machine->mm), trace->size);
	assert_int_equal(mm_trace_lost(&machine->mm), 200 - trace->size);
	assert_int_equal(ring->event[(ring->next + trace->size - 1) % trace->size].seq, 199);
	assert_int_equal(ring->event[ring->next].seq, 200 - trace->size);
	assert_false(mm_trace_set_size(&machine->mm, 1));
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	assert_int_equal(mm_trace_kept(&machine->mm), trace->size);
	trace_on();
	assert_int_equal(mm_trace_kept(&machine->mm), 0);
	assert_int_equal(mm_trace_lost(&machine->mm), 0);
	assert_ptr_equal(machine->mm.trace, trace);
}

/*
 * Calls that know of the level before all CPUs do, or after one was told that it is off: a free on
 * another CPU would be missing between such events.
 */
static void all_note_or_nobody(void **state)
{
	(void)state;
	trace_on();
	__free_page(alloc_page(GFP_KERNEL));
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	this_cpu->switches |= MM_DEBUG_TRACE;
	machine->mm.trace->complete = true; /* not all have been told */
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(mm_trace_kept(&machine->mm), 2);
	machine->mm.trace->complete = false;
	machine->mm.debug |= MM_DEBUG_TRACE; /* the next time */
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(mm_trace_kept(&machine->mm), 2);
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	assert_int_equal(this_cpu->attention, 0);
}

static void sizes_have_a_limit(void **state)
{
	(void)state;
	assert_false(mm_trace_set_size(&machine->mm, 0));
	assert_false(mm_trace_set_size(&machine->mm, 1UL << 40));
}

static void without_memory_it_stays_off(void **state)
{
	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 1UL << 30);
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_TRACE, true), -MM_ENOMEM);
	assert_null(machine->mm.trace);
	assert_int_equal(this_cpu->attention, 0);
	assert_int_equal(times_printed("trace: no memory for its rings; it stays off\n"), 1);
}

static void the_dump_has_the_machine_and_the_events(void **state)
{
	struct page *page;
	char line[128];

	(void)state;
	show_trace(&machine->mm);
	assert_string_equal(host_print_captured(), "");
	trace_on();
	machine_enter(machine, 1);
	page = alloc_pages(GFP_KERNEL, 1);
	__free_pages(page, 1);
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	show_trace(&machine->mm);
	assert_int_equal(times_printed("pageframe-trace 1 1000000000\nmachine 4 4 "), 1);
	assert_int_equal(times_printed("bank 0x1000000 0x2000000 1\n"), 1);
	assert_int_equal(times_printed("cpu 3 3\n"), 1);
	assert_int_equal(times_printed("distance 2 3 20\n"), 1);
	assert_int_equal(times_printed("ring 1 2 0\n"), 1);
	assert_int_equal(times_printed("ring 2 0 0\n"), 1);
	snprintf(line, sizeof(line), "A 0 %llu 1 0 1 0xd0 0x%lx 1 0x",
		(unsigned long long)event(1, 0)->time, page_to_pfn(page));
	assert_int_equal(times_printed(line), 1);
	snprintf(line, sizeof(line), "F 1 %llu 1 0 1 0x0 0x%lx -1 0x",
		(unsigned long long)event(1, 1)->time, page_to_pfn(page));
	assert_int_equal(times_printed(line), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_trace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_call_is_an_event),
		TEST(a_reference_less_is_none),
		TEST(nothing_is_an_event_too),
		TEST(the_node_is_the_one_asked),
		TEST(interrupts_are_marked),
		TEST(events_have_an_order),
		TEST(the_oldest_are_overwritten),
		TEST(all_note_or_nobody),
		TEST(sizes_have_a_limit),
		TEST(without_memory_it_stays_off),
		TEST(the_dump_has_the_machine_and_the_events),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
