/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: the record itself. Decisions are the same with and without it, its room ends, it is one
 * thread's; and each event has a line.
 */
#include <mm/mempolicy.h>
#include "explain_fixture.h"

/* The same calls on two machines, one of which explains all of them. */
enum { STEPS = 4000, HELD = 300 };

static void run_sequence(struct machine *machine, bool explain, unsigned long pfn[STEPS])
{
	uint64_t chance = 0x5eed;
	struct page *held[HELD] = {NULL};
	unsigned int order[HELD] = {0};

	machine_enter(machine, 0);
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned long slot = next_random(&chance, HELD);
		gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

		if (explain)
			mm_explain_begin(&record);
		if (next_random(&chance, 4) == 0)
			gfp |= __GFP_DMA32;
		if (held[slot]) {
			__free_pages(held[slot], order[slot]);
			held[slot] = NULL;
			pfn[i] = 0;
		} else {
			order[slot] = next_random(&chance, 2)
					      ? 0
					      : (unsigned int)next_random(&chance, 10);
			held[slot] = alloc_pages(gfp, order[slot]);
			pfn[i] = held[slot] ? page_to_pfn(held[slot]) : 1;
		}
		if (explain) {
			mm_explain_end();
			assert_int_not_equal(record.nr, 0);
		}
	}
}

static void explained_or_not_the_pages_are_the_same(void **state)
{
	static unsigned long plain[STEPS], explained[STEPS];
	struct machine *a = machine_create(&fixture_f3);
	struct machine *b = machine_create(&fixture_f3);
	unsigned int failed = 0;

	(void)state;
	run_sequence(a, false, plain);
	run_sequence(b, true, explained);
	for (unsigned int i = 0; i < STEPS; i++) {
		assert_int_equal(plain[i], explained[i]);
		failed += plain[i] == 1;
	}
	assert_int_not_equal(failed, 0); /* the slow path was a part of it */
	for (unsigned int i = 0; i < a->mm.nr_node_ids << ZONES_SHIFT; i++) {
		const struct zone *zone = a->mm.zone_table[i], *twin = b->mm.zone_table[i];

		if (zone)
			assert_int_equal(zone->free_pages, twin->free_pages);
	}
	machine_destroy(b);
	machine_enter(a, 0);
	machine_destroy(a);
}

static void when_there_is_no_room_the_end_is_kept(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = NULL;

	(void)state;
	mm_explain_begin(&record);
	for (unsigned int i = 0; i < 200; i++)
		page = alloc_page(GFP_KERNEL);
	mm_explain_end();
	assert_int_equal(record.nr, MM_EXPLAIN_EVENTS);
	assert_int_not_equal(record.lost, 0);
	CHECK(event_at(0), EXPLAIN_ALLOC, NULL, GFP_KERNEL, 0);
	CHECK(event_at(MM_EXPLAIN_EVENTS - 1), EXPLAIN_PAGE, page_zone(page), page_to_pfn(page));

	mm_explain_begin(&record);
	assert_int_equal(record.lost, 0);
	for (unsigned long i = 0; i < MM_EXPLAIN_EVENTS + 88; i++)
		mm_explain_add(&record, &(struct mm_explain_event){.value = {i}});
	mm_explain_end();
	assert_int_equal(record.lost, 88);
	assert_int_equal(event_at(MM_EXPLAIN_EVENTS - 2)->value[0], MM_EXPLAIN_EVENTS - 2);
	assert_int_equal(event_at(MM_EXPLAIN_EVENTS - 1)->value[0], MM_EXPLAIN_EVENTS + 87);
	machine_destroy(machine);
}

static void an_interrupt_is_not_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	mm_explain_begin(&record);
	for (unsigned int busy = 0; busy < 2; busy++) {
		interrupt_begin(busy);
		__free_page(page);
		page = alloc_page(GFP_ATOMIC);
		interrupt_end();
		assert_non_null(page);
	}
	assert_int_equal(record.nr, 0);
	__free_page(page);
	assert_int_not_equal(record.nr, 0);
	mm_explain_end();
	machine_destroy(machine);
}

static void another_thread_is_not_noted(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct mm_task *task = mm_current();
	struct mm_task other = {.name = "other", .prio = DEFAULT_PRIO};

	(void)state;
	mm_explain_begin(&record);
	mm_switch_task(&other);
	assert_int_equal(this_cpu->attention, 0);
	alloc_page(GFP_KERNEL);
	assert_int_equal(record.nr, 0);
	mm_switch_task(task);
	assert_int_not_equal(this_cpu->attention, 0);
	alloc_page(GFP_KERNEL);
	assert_int_not_equal(record.nr, 0);
	mm_explain_end();
	machine_destroy(machine);
}

static void ended_it_leaves_nothing_behind(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_int_equal(this_cpu->attention, 0);
	explained_alloc(GFP_KERNEL, 0);
	assert_int_equal(this_cpu->attention, 0);
	assert_null(mm_current()->explain);
	assert_true(irqs_enabled());
	record.nr = 0;
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(record.nr, 0);

	assert_int_equal(set_mempolicy(MPOL_PREFERRED, 0), 0); /* the other switch stays */
	explained_alloc(GFP_KERNEL, 0);
	assert_int_equal(this_cpu->switches, MM_SWITCH_POLICY);
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	assert_int_equal(this_cpu->attention, 0);
	machine_destroy(machine);
}

static void lines_of_an_allocation(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = explained_alloc(GFP_ATOMIC, 1);

	(void)state;
	host_print_capture_start();
	mm_explain_print(&record);
	explained_free(page, 1);
	mm_explain_print(&record);
	assert_printed("alloc order 1, gfp 0x20 (HIGH), thread ");
	assert_printed("\nzonelist: 0:Normal\npass low: a zone must keep pages_low\n");
	assert_printed("\n  0:Normal free 4096 less 1 (order 1) > mark 160 + reserve 0: yes\n");
	assert_printed("\n    without order 0 (0 free blocks): 4095 > 80: yes\n");
	assert_printed("\n  0:Normal buddy: takes pfn 0xc00 of order 10, as there is none of "
		       "orders 1 to 9\n");
	assert_printed("\n    split: keeps pfn 0xc00, lists pfn 0xe00, order 9 each\n");
	assert_printed("\nhanded out: pfn 0xc00 of order 1, address 0x");
	assert_printed("\nfree pfn 0xc00 order 1, count 1, thread ");
	assert_printed("\n    buddy pfn 0xc02 is free, too: now pfn 0xc00 of order 2\n");
	assert_printed("\n    listed: pfn 0xc00 of order 10\n");
	host_print_capture_stop();
	machine_destroy(machine);
}

/* Values as large as they come, by kind; for the kinds that are not here any will do. */
static const unsigned long large[NR_EXPLAIN_KINDS][MM_EXPLAIN_VALUES] = {
	[EXPLAIN_ALLOC] = {GFP_KERNEL | __GFP_ZERO, 10, -1UL << 31, 127},
	[EXPLAIN_PASS] = {MARK_HIGH, 1, 1},
	[EXPLAIN_WATERMARK] = {10, 1UL << 28, 1UL << 20, 1UL << 19, 1UL << 20, 0},
	[EXPLAIN_ORDER] = {10, 1UL << 28, 1UL << 28, 1UL << 20, 0},
	[EXPLAIN_CACHE] = {127, 96, 32, 96, 16},
	[EXPLAIN_FOUND] = {1, 10, 1UL << 28},
	[EXPLAIN_SPLIT] = {1UL << 28, 1UL << 28, 10},
	[EXPLAIN_PAGE] = {1UL << 28, 10, -1UL << 40},
	[EXPLAIN_RECLAIM] = {1, 1UL << 28, 1UL << 28, 10000, 10000},
	[EXPLAIN_FREE] = {1UL << 28, 10, -1UL << 31, 127, 1},
	[EXPLAIN_MERGE] = {1UL << 28, 9, 1UL << 28},
	[EXPLAIN_NO_MERGE] = {1UL << 28, 10},
};

static void every_kind_has_a_line_that_fits(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	record.nr = 0;
	for (unsigned int kind = 0; kind < NR_EXPLAIN_KINDS; kind++) {
		struct mm_explain_event event = {.kind = (enum mm_explain_kind)kind,
			.text = "interleave",
			.zone = machine_zone(machine, 0, ZONE_NORMAL)};

		for (unsigned int i = 0; i < MM_EXPLAIN_VALUES; i++)
			event.value[i] = kind == EXPLAIN_ZONELIST ? (unsigned long)event.zone
								  : large[kind][i];
		mm_explain_add(&record, &event);
	}
	record.lost = 3;
	host_print_capture_start();
	mm_explain_print(&record);
	assert_int_equal(times_printed("\n"), NR_EXPLAIN_KINDS + 1);
	assert_printed("(3 decisions are left out: no room)\n");
	for (const char *at = host_print_captured(); *at; at = strchr(at, '\n') + 1) {
		if (strcspn(at, "\n") > 100)
			fail_msg("over 100 columns: %.*s", (int)strcspn(at, "\n"), at);
	}
	host_print_capture_stop();
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explained_or_not_the_pages_are_the_same),
		cmocka_unit_test(when_there_is_no_room_the_end_is_kept),
		cmocka_unit_test(an_interrupt_is_not_noted),
		cmocka_unit_test(another_thread_is_not_noted),
		cmocka_unit_test(ended_it_leaves_nothing_behind),
		cmocka_unit_test(lines_of_an_allocation),
		cmocka_unit_test(every_kind_has_a_line_that_fits),
	};

	return cmocka_run_group_tests_name("explain_record", tests, NULL, NULL);
}
