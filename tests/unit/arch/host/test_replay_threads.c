/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay: a trace of this machine happens again, in turn and with threads as CPUs; what can not be
 * is told, with the event.
 */
#include "arch/host/replay/replay.h"
#include "unit.h"

#define NR_CPUS   4U
#define NR_BLOCKS 64U

static struct replay replay;

/* What replay says goes to stderr: into a file, to be looked at. */
static FILE *errors;
static char said[4096];

static int setup(void **state)
{
	(void)state;
	memset(&replay, 0, sizeof(replay));
	fflush(stderr);
	errors = stderr;
	memset(said, 0, sizeof(said));
	stderr = fmemopen(said, sizeof(said) - 1, "w");
	assert_non_null(stderr);
	setbuf(stderr, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fclose(stderr);
	stderr = errors;
	replay_end(&replay);
	return 0;
}

/* Load, build and run the text; true if all of it agrees. */
static bool replays(const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool good;

	assert_non_null(file);
	good = replay_load(&replay, file);
	fclose(file);
	return good && replay_build(&replay) && replay_run(&replay);
}

static void assert_says(const char *text)
{
	if (!strstr(said, text))
		fail_msg("`%s` is not said: %s", text, said);
}

/* One request or end of a block, of any CPU. */
static void something(
	struct machine *machine, struct page **block, unsigned int *order, uint64_t *random)
{
	const unsigned int i = (unsigned int)next_random(random, NR_BLOCKS);

	machine_enter(machine, (unsigned int)next_random(random, NR_CPUS));
	if (block[i]) {
		if (order[i] && next_random(random, 4) == 0) {
			split_page(block[i], order[i]);
			for (unsigned long n = 1; n < 1UL << order[i]; n++)
				__free_page(block[i] + n);
			order[i] = 0;
			return;
		}
		__free_pages(block[i], order[i]);
		block[i] = NULL;
		return;
	}
	order[i] = next_random(random, 4) ? 0 : (unsigned int)next_random(random, 6);
	block[i] = alloc_pages(
		next_random(random, 4) ? GFP_KERNEL : GFP_DMA32 | GFP_ATOMIC, order[i]);
	assert_non_null(block[i]);
}

/* The dump of so many of them; the machine is gone. To be freed. */
static char *trace_of(unsigned int nr, unsigned int ring)
{
	struct machine *machine = machine_create(&fixture_f4);
	uint64_t random = test_seed(42);
	struct page *block[NR_BLOCKS] = {NULL};
	unsigned int order[NR_BLOCKS] = {0};
	char *text;

	host_print_capture_start();
	mm_trace_set_size(&machine->mm, ring);
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_TRACE, true), 0);
	for (unsigned int i = 0; i < nr; i++)
		something(machine, block, order, &random);
	mm_debug_set(&machine->mm, MM_DEBUG_TRACE, false);
	host_print_capture_stop();
	host_print_capture_start();
	show_trace(&machine->mm);
	text = strdup(host_print_captured());
	host_print_capture_stop();
	for (unsigned int i = 0; i < NR_BLOCKS; i++)
		if (block[i])
			__free_pages(block[i], order[i]);
	machine_enter(machine, 0);
	machine_destroy(machine);
	assert_non_null(text);
	return text;
}

static void what_happened_happens_again(void **state)
{
	char *text = trace_of(4000, 8000);

	(void)state;
	assert_true(replays(text));
	assert_true(atomic_load(&replay.served) > 1000);
	assert_int_equal(atomic_load(&replay.missing), 0);
	assert_int_equal(atomic_load(&replay.unknown), 0);
	assert_int_equal(replay.lost, 0);
	free(text);
}

static void with_threads_as_cpus(void **state)
{
	char *text = trace_of(4000, 8000);

	(void)state;
	replay.threads = true;
	assert_true(replays(text));
	assert_true(atomic_load(&replay.served) > 1000);
	free(text);
}

/* From where all rings still have all: what is freed then may come from before. */
static void what_is_lost_is_left_out(void **state)
{
	char *text = trace_of(4000, 300);

	(void)state;
	assert_true(replays(text));
	assert_true(replay.lost > 1000 && replay.first > 1000);
	assert_true(atomic_load(&replay.unknown) > 0);
	free(text);
}

#define MACHINE                                                                             \
	"pageframe-trace 1 1000\nmachine 2 1 64\nlimit 1 0x100000000\nlimit 2 "             \
	"0xffffffffffffffff\nbank 0x0 0x1000000 0\nreserved 0x100000 0x180000 0\ncpu 0 0\n" \
	"cpu 1 0\ndistance 0 0 10\n"

/* A request of each kind, and all that can be the end of a block. */
#define EVENTS                                      \
	"ring 0 8 0\n"                              \
	"A 0 100 0 0 0 0xd0 0x200 0 0x80000010\n"   \
	"A 1 101 0 0 3 0xd0 0x208 0 0x80000010\n"   \
	"A 4 104 0 0 2 0x40d0 0x210 0 0x80000010\n" \
	"F 5 105 0 0 2 0x0 0x210 -1 0x80000010\n"   \
	"X 6 106 0 0 1 0x20 0x0 0 0x80000010\n"     \
	"S 8 108 0 0 3 0x0 0x208 -1 0x80000010\n"   \
	"F 9 109 0 0 0 0x0 0x20a -1 0x80000010\n"   \
	"F 10 110 0 0 0 0x0 0x900 -1 0x80000010\n"  \
	"ring 1 4 0\n"                              \
	"A 2 102 1 1 0 0x20 0x201 0 0x80000010\n"   \
	"F 3 103 1 0 0 0x0 0x200 -1 0x80000010\n"   \
	"N 7 107 1 0 10 0x20 0x0 0 0x80000010\n"    \
	"A 11 111 1 0 10 0x1004 0x400 0 0x80000010\n"

static void a_fixed_trace(void **state)
{
	(void)state;
	assert_true(replays(MACHINE EVENTS));
	assert_int_equal(replay.free_pages, 4096 - 128);
	assert_int_equal(atomic_load(&replay.served), 5);
	assert_int_equal(atomic_load(&replay.extra), 1);
	assert_int_equal(atomic_load(&replay.unknown), 1);
}

static void a_page_of_two_is_told(void **state)
{
	(void)state;
	assert_false(replays(MACHINE "ring 0 2 0\nA 0 100 0 0 2 0xd0 0x200 0 0x8000\n"
				     "A 1 1500 0 0 0 0xd0 0x203 0 0x8000\nring 1 0 0\n"));
	assert_says("DIVERGED at event 1, an allocation of order 0, gfp 0xd0, pfn 0x203 on cpu 0 "
		    "at 1.500000 s, called from 0x8000: on the target, pfn 0x203 is event 0's");
	assert_true(atomic_load(&replay.diverged));
}

static void a_wrong_end_is_told(void **state)
{
	(void)state;
	assert_false(replays(MACHINE "ring 0 2 0\nA 0 100 0 0 2 0xd0 0x200 0 0x8000\n"
				     "F 1 101 0 0 1 0x0 0x200 -1 0x8000\nring 1 0 0\n"));
	assert_says("DIVERGED at event 1, a free of order 1");
}

/* More than there is: nothing is asked for that can not be. */
static void what_is_not_there_is_missing(void **state)
{
	(void)state;
	assert_true(replays(MACHINE "ring 0 5 0\nA 0 1 0 0 10 0x20 0x400 0 0x8000\n"
				    "A 1 1 0 0 10 0x20 0x800 0 0x8000\n"
				    "A 2 1 0 0 10 0x20 0xc00 0 0x8000\n"
				    "A 3 1 0 0 10 0x20 0x0 0 0x8000\n"
				    "F 4 1 0 0 10 0x0 0x0 -1 0x8000\nring 1 0 0\n"));
	assert_int_equal(atomic_load(&replay.served), 3);
	assert_int_equal(atomic_load(&replay.missing), 1);
}

static void what_is_no_trace_is_refused(void **state)
{
	static const char *const bad[] = {
		"\n",
		"hello\n",
		"pageframe-trace 2 1000\n",
		MACHINE "ring 0 1 0\nA 0 100 7 0 0 0xd0 0x200 0 0x8000\n",
		MACHINE "ring 0 1 0\nA 0 100 0 0 11 0xd0 0x200 0 0x8000\n",
		MACHINE "ring 0 1 0\nA 0 100 0 0 0 0xd0 0x1000 0 0x8000\n",
		MACHINE "ring 0 1 0\nA 0 100 0 0 0 0xd0 0x200 1 0x8000\n",
		MACHINE "ring 0 1 0\nQ 0 100 0 0 0 0xd0 0x200 0 0x8000\n",
		MACHINE "bank 0x1000000 0x2000000 1\n",
		MACHINE "ring 0 1 0\nA 1 100 0 0 0 0xd0 0x200 0 0x8000\n",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		FILE *file = fmemopen((void *)bad[i], strlen(bad[i]), "r");

		memset(&replay, 0, sizeof(replay));
		if (replay_load(&replay, file))
			fail_msg("taken for a trace: %s", bad[i]);
		fclose(file);
		free(replay.event);
	}
	memset(&replay, 0, sizeof(replay));
	assert_says("replay: line 1 is none of a trace: hello");
	assert_says("replay: event 0 is not there: the dump is not whole");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_happened_happens_again),
		TEST(with_threads_as_cpus),
		TEST(what_is_lost_is_left_out),
		TEST(a_fixed_trace),
		TEST(a_page_of_two_is_told),
		TEST(a_wrong_end_is_told),
		TEST(what_is_not_there_is_missing),
		TEST(what_is_no_trace_is_refused),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
