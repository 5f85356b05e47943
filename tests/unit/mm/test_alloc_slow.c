/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slow path: which pass comes when, which hook is called with what, and how it ends. Semantics,
 * sections 9 and 20: S37 to S48.
 *
 * The hooks write down each call as a letter: k wakes kswapd, r reclaims, o is out of memory, w
 * waits. What a request does is one word then: "krwrwr" is a wake-up and three rounds of reclaim
 * with two waits between.
 */
#include <mm/debug.h>
#include <mm/oom.h>
#include <mm/reclaim.h>
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

static void give_back(unsigned int nr)
{
	while (nr-- && s.nr_held)
		__free_pages(s.held[--s.nr_held], s.held_order);
	drain_local_pages();
}

/* Write a call down, and do what is due then; returns how many of this hook there were. */
static unsigned int called(char hook, bool with_memalloc)
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

static unsigned int record_reclaim(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	const unsigned int nr = called('r', true);

	s.zonelist = zonelist;
	s.gfp = gfp;
	s.order = order;
	while (s.inner_gfp && alloc_page(s.inner_gfp))
		s.inner_got++;
	return s.progress_at && nr >= s.progress_at;
}

static void record_oom(gfp_t gfp)
{
	s.gfp = gfp;
	called('o', false);
}

static void record_wakeup(struct zone *zone, unsigned int order)
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

static void record_wait(uint64_t deadline)
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

static void forget_calls(void)
{
	memset(s.calls, 0, s.nr_calls);
	s.nr_calls = 0;
}

/* Forget the calls and what was to be done; what is held stays. */
static void forget(void)
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
static void start(const struct machine_spec *spec, unsigned long left, unsigned int order)
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

static void finish(void)
{
	host_irqs_enabled = true;
	assert_int_equal(s.wrong_flags, 0);
	assert_no_misuse();
	machine_destroy(s.machine);
}

static void assert_calls(const char *expected)
{
	if (strcmp(s.calls, expected) != 0)
		fail_msg("the hooks were called as \"%s\", expected \"%s\"", s.calls, expected);
	assert_int_equal(s.wrong_flags, 0);
	assert_int_equal(mm_current()->flags & PF_MEMALLOC, 0);
}

/* At the nth call of this hook, give so many blocks back. */
static void free_at(char hook, unsigned int nth, unsigned int nr)
{
	s.freeing = hook;
	s.due = nth;
	s.frees = nr;
}

/* `text` repeated, behind `first` and before `last`. */
static const char *rounds(const char *first, const char *text, unsigned int nr, const char *last)
{
	static char whole[MAX_CALLS];

	strcpy(whole, first);
	while (nr--)
		strcat(whole, text);
	return strcat(whole, last);
}

static unsigned long take_until_null(gfp_t gfp)
{
	unsigned long nr = 0;

	while (alloc_page(gfp | __GFP_NOWARN)) {
		nr++;
		forget_calls();
	}
	return nr;
}

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
		cmocka_unit_test(S43_reclaim_and_oom_in_turn_until_memory_appears),
		cmocka_unit_test(S43_the_second_oom_call_frees_enough),
		cmocka_unit_test(S44_a_wait_for_each_reclaim_and_never_oom),
		cmocka_unit_test(S44_reclaim_that_frees_at_its_nth_call),
		cmocka_unit_test(a_write_that_frees_at_the_nth_wait),
		cmocka_unit_test(kswapd_that_frees_at_its_nth_wake_up),
		cmocka_unit_test(no_progress_and_no_fs_is_no_pass),
		cmocka_unit_test(the_pass_before_oom_is_above_pages_high),
		cmocka_unit_test(the_pass_after_progress_is_as_deep_as_the_caller_may),
		cmocka_unit_test(S46_noretry_is_one_reclaim_and_beats_nofail),
		cmocka_unit_test(S46_nofail_does_not_help_who_can_not_reclaim),
		cmocka_unit_test(S47_the_thread_has_pf_memalloc_inside_reclaim_alone),
		cmocka_unit_test(S48_the_line_of_a_request_that_failed),
		cmocka_unit_test(S48_ten_lines_and_then_silence_for_five_seconds),
		cmocka_unit_test(the_outcome_table),
		cmocka_unit_test(hooks_get_the_request_and_each_zone_in_order),
		cmocka_unit_test(each_pass_begins_at_the_first_zone),
		cmocka_unit_test(who_is_chosen_by_oom_gets_the_rest),
		cmocka_unit_test(who_is_chosen_while_it_tries_again_gets_the_rest),
		cmocka_unit_test(a_wait_is_a_fiftieth_of_a_second_at_most),
		cmocka_unit_test(who_may_not_wait_but_says_so_is_reported_and_does_not),
		cmocka_unit_test(who_may_not_wait_goes_deeper_whatever_it_says),
		cmocka_unit_test(no_report_as_long_as_nobody_would_sleep),
		cmocka_unit_test(in_an_interrupt_nothing_is_reclaimed),
		cmocka_unit_test(the_other_flags_stay),
		cmocka_unit_test(a_machine_starts_with_the_hooks_of_the_core),
		cmocka_unit_test(nobody_is_woken_for_what_waits),
		cmocka_unit_test(nobody_is_killed_for_what_waits),
		cmocka_unit_test(above_the_low_mark_no_hook_is_called),
		cmocka_unit_test(small_blocks_do_not_count_for_a_large_one),
	};

	return cmocka_run_group_tests_name("mm/alloc_slow", tests, NULL, NULL);
}
