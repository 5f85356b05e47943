/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the slow path share: a machine with so many pages left, and hooks that write
 * down each call as a letter: k wakes kswapd, r reclaims, o is out of memory, w waits.
 *
 * What a request does is one word then: "krwrwr" is a wake-up and three rounds of reclaim with two
 * waits between.
 */
#ifndef TESTS_UNIT_MM_SLOW_FIXTURE_H
#define TESTS_UNIT_MM_SLOW_FIXTURE_H

#include "unit.h"

#define MAX_HELD 16384U
/* A request that calls its hooks so often never comes back on its own. */
#define MAX_CALLS 2000U

static struct {
	struct machine *machine;
	char calls[MAX_CALLS + 1];
	unsigned int nr_calls;
	unsigned int progress_at; /* reclaim says it made progress from this call on; 0: never */
	/* At the `due`th call of hook `freeing`, `frees` of the blocks held are given back. */
	char freeing;
	unsigned int due, frees;
	bool kills; /* then the thread is chosen to die, too */
	/* What the calls were given; all calls of one request get the same. */
	gfp_t gfp;
	unsigned int order;
	const struct zonelist *zonelist;
	const struct zone *woken[MACHINE_MAX_BANKS];
	unsigned int nr_woken, nr_low; /* wake-ups, and those with a zone at its low mark */
	unsigned int wrong_flags; /* calls with PF_MEMALLOC where it should not be, or without */
	/* What the test has taken out of the machine. */
	struct page *held[MAX_HELD];
	unsigned int nr_held, held_order;
	/* An allocation made inside the reclaim hook, until it fails. */
	gfp_t inner_gfp;
	unsigned int inner_got;
} s;

static inline void give_back(unsigned int nr)
{
	while (nr-- && s.nr_held)
		__free_pages(s.held[--s.nr_held], s.held_order);
	drain_local_pages();
}

/* Write a call down, and do what is due then; returns how many of this hook there were. */
static inline unsigned int called(char hook, bool with_memalloc)
{
	unsigned int nr = 1;

	if (s.nr_calls == MAX_CALLS)
		fail_msg("a request that does not end: %.40s...", s.calls);
	for (unsigned int i = 0; i < s.nr_calls; i++)
		nr += s.calls[i] == hook;
	s.calls[s.nr_calls++] = hook;
	s.wrong_flags += (mm_current()->flags & PF_MEMALLOC) != (with_memalloc ? PF_MEMALLOC : 0);
	if (hook == s.freeing && nr == s.due) {
		mm_current()->memdie = s.kills;
		give_back(s.frees);
	}
	return nr;
}

static inline unsigned int record_reclaim(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	const unsigned int nr = called('r', true);

	s.zonelist = zonelist;
	s.gfp = gfp;
	s.order = order;
	while (s.inner_gfp && alloc_page(s.inner_gfp))
		s.inner_got++;
	return s.progress_at && nr >= s.progress_at;
}

static inline void record_oom(gfp_t gfp)
{
	s.gfp = gfp;
	called('o', false);
}

static inline void record_wakeup(struct zone *zone, unsigned int order)
{
	if (s.nr_woken < ARRAY_SIZE(s.woken))
		s.woken[s.nr_woken] = zone;
	s.nr_woken++;
	s.order = order;
	s.nr_low += !zone_watermark_ok(zone, order, zone->pages_low, ZONE_DMA, false, false);
	/* Who reclaims or dies wakes kswapd, too. */
	called('k', mm_current()->flags & PF_MEMALLOC);
}

static uint64_t wait_asked, wait_deadline;

static inline void record_wait(uint64_t deadline)
{
	wait_asked = cpu_time();
	wait_deadline = deadline;
	called('w', false);
}

static const struct mm_hooks recording = {
	.try_to_free_pages = record_reclaim,
	.out_of_memory = record_oom,
	.wakeup_kswapd = record_wakeup,
	.congestion_wait = record_wait,
};

static inline void forget_calls(void)
{
	memset(s.calls, 0, s.nr_calls);
	s.nr_calls = 0;
}

/* Forget the calls and what was to be done; what is held stays. */
static inline void forget(void)
{
	forget_calls();
	s.nr_woken = s.nr_low = s.wrong_flags = 0;
	s.progress_at = s.due = s.frees = s.inner_got = 0;
	s.freeing = 0;
	s.kills = false;
	s.inner_gfp = 0;
	mm_current()->flags = 0;
	mm_current()->memdie = 0;
	mm_current()->prio = DEFAULT_PRIO;
}

/* A machine with the recording hooks, and as many pages left free as said, by blocks of `order`. */
static inline void start(const struct machine_spec *spec, unsigned long left, unsigned int order)
{
	memset(&s, 0, sizeof(s));
	s.machine = machine_create(spec);
	s.machine->mm.hooks = &recording;
	s.held_order = order;
	for (unsigned int i = 0; i < s.machine->mm.nr_cpus; i++)
		s.machine->mm.cpu[i]->task->flags = PF_MEMALLOC;
	while (nr_free_pages(&s.machine->mm) > left) {
		struct page *page = alloc_pages(GFP_ATOMIC, order);

		assert_non_null(page);
		s.held[s.nr_held++] = page;
		forget_calls();
	}
	assert_int_equal(nr_free_pages(&s.machine->mm), left);
	assert_int_equal(nr_cached_pages(&s.machine->mm), 0);
	for (unsigned int i = 0; i < s.machine->mm.nr_cpus; i++)
		s.machine->mm.cpu[i]->task->flags = 0;
	forget();
}

static inline void finish(void)
{
	host_irqs_enabled = true;
	assert_int_equal(s.wrong_flags, 0);
	assert_no_misuse();
	machine_destroy(s.machine);
}

static inline void assert_calls(const char *expected)
{
	if (strcmp(s.calls, expected) != 0)
		fail_msg("the hooks were called as \"%s\", expected \"%s\"", s.calls, expected);
	assert_int_equal(s.wrong_flags, 0);
	assert_int_equal(mm_current()->flags & PF_MEMALLOC, 0);
}

/* At the nth call of this hook, give so many blocks back. */
static inline void free_at(char hook, unsigned int nth, unsigned int nr)
{
	s.freeing = hook;
	s.due = nth;
	s.frees = nr;
}

/* `text` repeated, behind `first` and before `last`. */
static inline const char *rounds(
	const char *first, const char *text, unsigned int nr, const char *last)
{
	static char whole[MAX_CALLS];

	strcpy(whole, first);
	while (nr--)
		strcat(whole, text);
	return strcat(whole, last);
}

static inline unsigned long take_until_null(gfp_t gfp)
{
	unsigned long nr = 0;

	while (alloc_page(gfp | __GFP_NOWARN)) {
		nr++;
		forget_calls();
	}
	return nr;
}

#endif
