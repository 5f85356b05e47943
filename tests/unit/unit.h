/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every unit test of the core starts from: cmocka, a machine, seeded chance, and questions
 * about what was printed and reported.
 *
 * A statement of the semantics, section 20, is tested by a function that begins with its number.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "machine.h"
#include "mm/internal.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/** Seed of a randomized test: `otherwise`, or what PAGEFRAME_TEST_SEED says. Printed. */
static inline uint64_t test_seed(uint64_t otherwise)
{
	const char *text = getenv("PAGEFRAME_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : otherwise;

	printf("seed 0x%llx (PAGEFRAME_TEST_SEED)\n", (unsigned long long)seed);
	fflush(stdout);
	return seed ? seed : 1;
}

/** The next of a sequence of pseudo-random numbers below `limit` (xorshift64*). */
static inline unsigned long next_random(uint64_t *state, unsigned long limit)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (unsigned long)((*state * 0x2545f4914f6cdd1dULL) >> 16) % limit;
}

/** Fails unless exactly one misuse was reported since the last look, and it was this one. */
static inline void assert_misuse(enum misuse kind, const struct page *page, unsigned int order)
{
	struct misuse_report last = host_last_misuse();

	if (host_misuse_count() != 1 || last.kind != kind)
		fail_msg("%u reports, the last: %s; expected one: %s", host_misuse_count(),
			last.kind == NR_MISUSE ? "none" : misuse_name(last.kind),
			misuse_name(kind));
	assert_ptr_equal(last.page, page);
	assert_int_equal(last.order, order);
	assert_non_null(last.caller);
	host_misuse_reset();
}

static inline void assert_no_misuse(void)
{
	if (host_misuse_count())
		fail_msg("%u reports, the last: %s", host_misuse_count(),
			misuse_name(host_last_misuse().kind));
}

/** How often `text` stands in what print() has been given since host_print_capture_start(). */
static inline unsigned int times_printed(const char *text)
{
	unsigned int nr = 0;

	for (const char *at = host_print_captured(); (at = strstr(at, text)); at += strlen(text))
		nr++;
	return nr;
}

static inline void assert_printed(const char *text)
{
	if (times_printed(text) == 0)
		fail_msg("\"%s\" is not in:\n%s", text, host_print_captured());
}

/** Fails unless just this was printed since the last look. */
static inline void expect_output(const char *lines)
{
	assert_string_equal(host_print_captured(), lines);
	host_print_capture_start();
}

/**
 * A machine that mm_init() has not seen yet: banks and windows, this thread its boot CPU. Then
 * bare_init(), whose result must be `expected`, and bare_destroy().
 */
static inline struct machine *bare_create(const struct machine_spec *spec)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	unsigned long end;

	assert_non_null(machine);
	for (unsigned int i = 0; i < MACHINE_MAX_BANKS && spec->bank[i].nr_pages; i++)
		memblock_add(&machine->memblock, pfn_to_phys(spec->bank[i].start_pfn),
			pfn_to_phys(spec->bank[i].nr_pages), spec->bank[i].nid);
	end = memblock_end_pfn(&machine->memblock);
	host_machine_create(&machine->host, pfn_to_phys(end ? end : 1));
	host_machine_enter(&machine->host);
	host_become(&machine->boot_cpu);
	host_misuse_reset();
	return machine;
}

static inline void bare_init(struct machine *machine, const struct machine_spec *spec, int expected)
{
	struct mm_config config = {
		.zones = spec->layout ? spec->layout : &layout_normal,
		.nr_cpus = spec->nr_cpus ? spec->nr_cpus : 1,
		.cpu_nid = spec->cpu_nid,
		.distance = spec->distance,
		.eager = !spec->lazy,
	};

	assert_int_equal(mm_init(&machine->mm, &machine->memblock, &config), expected);
}

static inline void bare_destroy(struct machine *machine)
{
	host_machine_destroy(&machine->host);
	free(machine);
}

/** Add to nr_free[] the blocks that [start, end) falls into: aligned ones, as large as can be. */
static inline void add_blocks(
	unsigned long nr_free[MAX_ORDER], unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned int order = MAX_ORDER - 1;

		while (start % (1UL << order) || start + (1UL << order) > end)
			order--;
		nr_free[order]++;
		start += 1UL << order;
	}
}

/** What all CPUs of the machine have counted. */
static inline struct mm_cpu_stat sum_of(const struct machine *machine)
{
	struct mm_cpu_stat sum;

	mm_sum_stat(&machine->mm, &sum);
	return sum;
}

/** Free the single pages that are chained on a list, by their lru. */
static inline void give_all(struct list_head *taken)
{
	while (!list_empty(taken)) {
		struct page *page = list_first_entry(taken, struct page, lru);

		list_del(&page->lru);
		__free_page(page);
	}
}

/** Fails unless all pages are back, none is dirty or being written, and nothing was reported. */
static inline void assert_all_is_back(struct machine *machine)
{
	const struct mm_cpu_stat sum = sum_of(machine);
	struct mm_check_result result;

	assert_no_misuse();
	assert_int_equal(sum.nr_dirty, 0);
	assert_int_equal(sum.nr_writeback, 0);
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.allocated, 0);
}

/** Hot or cold cache of a CPU in a zone. */
static inline struct per_cpu_pages *cache_of(
	const struct machine *machine, unsigned int cpu, const struct zone *zone, int which)
{
	return &machine->mm.cpu[cpu]->pageset[zone->index].pcp[which];
}

/** Become a CPU of the machine, inside its busy section, in an interrupt; and back. */
static inline void interrupt_begin(unsigned int busy)
{
	this_cpu->busy = busy;
	this_cpu->irq_depth++;
	host_irqs_enabled = false;
}

static inline void interrupt_end(void)
{
	this_cpu->irq_depth--;
	this_cpu->busy = 0;
	host_irqs_enabled = true;
}

#endif
