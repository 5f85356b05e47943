/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest threads`: what the scheduler promises, tried on the real machine, as KTAP lines.
 *
 * Every test joins what it starts, and must leave as many free pages as it found. Nothing is
 * measured: the one limit, HANG_SECONDS, is for what would otherwise never end, and a sleep that
 * lasts as long as that has missed its wake-up.
 *
 * Owns the state of the test that runs; the monitor's thread fills it in before threads start.
 */
#include <drivers/block.h>
#include <mm/wait.h>
#include <port/print.h>
#include <port/task.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"
#include "tick.h"

#define HANG_SECONDS 30U
#define WAKES        20000U
#define MANY_THREADS 96U
#define REUSES       64U
/* Threads that allocate side by side must be switched so often while they do. */
#define PREEMPTIONS 64U
/* Naps of a millisecond: as long as some twenty ticks. */
#define NAPS 200U

static uint64_t hang_limit(void)
{
	return cpu_time() + HANG_SECONDS * cpu_time_hz();
}

static struct thread *start(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	return thread_create("selftest", cpu, fn, arg, DEFAULT_PRIO);
}

/* Start fn on args[0] and args[1], on these CPUs, and wait for both. False if they did not start.
 */
static bool run_pair(const unsigned int cpu[2], void (*fn)(void *arg), void *const args[2])
{
	struct thread *first = start(cpu[0], fn, args[0]);
	struct thread *second = start(cpu[1], fn, args[1]);

	if (first)
		thread_join(first);
	if (second)
		thread_join(second);
	return first && second;
}

/* Two that never give the CPU up: each must see the other move. */
struct spinner {
	struct spinner *other;
	_Atomic unsigned long beats;
	_Atomic unsigned int seen;
};

static void spin(void *arg)
{
	struct spinner *me = arg;
	unsigned long last = 0;
	uint64_t limit = hang_limit();

	while (me->seen < 3 && cpu_time() < limit) {
		unsigned long beats = atomic_load(&me->other->beats);

		me->seen += beats != last;
		last = beats;
		atomic_fetch_add(&me->beats, 1);
	}
	/* The other one may still want to see a beat or two. */
	while (me->other->seen < 3 && cpu_time() < limit)
		atomic_fetch_add(&me->beats, 1);
}

static bool test_preemption(void)
{
	static struct spinner spinners[2];
	const unsigned int cpus[2] = {selftest_other_cpu(), selftest_other_cpu()};
	void *const args[2] = {&spinners[0], &spinners[1]};

	spinners[0] = (struct spinner){.other = &spinners[1]};
	spinners[1] = (struct spinner){.other = &spinners[0]};
	EXPECT(run_pair(cpus, spin, args));
	EXPECT(spinners[0].seen >= 3 && spinners[1].seen >= 3);
	return true;
}

/* Sleeps of some lengths, none of which may end before its time. */
static void sleep_some(void *arg)
{
	unsigned int *early = arg;
	struct wait_queue nobody;

	wait_queue_init(&nobody);
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t deadline = cpu_time() + cpu_time_hz() / 1000 * (i * 7 % 20);

		if (wait_event_until(&nobody, false, deadline) || cpu_time() < deadline)
			++*early;
	}
}

static bool test_timeout(void)
{
	static unsigned int early[4];
	struct thread *thread[4];
	unsigned int started = 0;

	for (unsigned int i = 0; i < 4; i++) {
		early[i] = 0;
		thread[i] = start(i < 2 ? 0 : selftest_other_cpu(), sleep_some, &early[i]);
		started += thread[i] != NULL;
	}
	for (unsigned int i = 0; i < 4; i++)
		if (thread[i])
			thread_join(thread[i]);
	EXPECT(started == 4);
	EXPECT(early[0] + early[1] + early[2] + early[3] == 0);
	return true;
}

/* A wake-up that comes while the thread is awake ends its next sleep, and that alone. */
static bool test_token(void)
{
	uint64_t limit = hang_limit(), moment;

	task_wake(mm_current());
	task_sleep(limit);
	EXPECT(cpu_time() < limit);
	moment = cpu_time() + cpu_time_hz() / 100;
	task_sleep(moment);
	EXPECT(cpu_time() >= moment);
	return true;
}

/*
 * One counts up and wakes, at once when the other has caught up; that one looks, and sleeps if it
 * is too early: the wake-up comes before, inside and after its falling asleep.
 */
struct chase {
	_Atomic unsigned int made, seen;
	_Atomic bool lost;
	struct mm_task *sleeper;
};

static void chase_wake(struct chase *chase)
{
	while (atomic_load(&chase->made) < WAKES && !atomic_load(&chase->lost)) {
		unsigned int made = atomic_load(&chase->made);

		if (atomic_load(&chase->seen) != made) {
			thread_yield(); /* it may be a thread of this CPU */
			continue;
		}
		for (unsigned int i = made % 64; i > 0; i--)
			cpu_relax();
		atomic_fetch_add(&chase->made, 1);
		task_wake(chase->sleeper);
	}
}

static void chase_sleep(void *arg)
{
	struct chase *chase = arg;

	while (atomic_load(&chase->seen) < WAKES && !atomic_load(&chase->lost)) {
		uint64_t limit = hang_limit();

		while (atomic_load(&chase->made) == atomic_load(&chase->seen) && cpu_time() < limit)
			task_sleep(limit);
		if (cpu_time() >= limit)
			atomic_store(&chase->lost, true);
		else
			atomic_fetch_add(&chase->seen, 1);
	}
}

static bool test_wake(void)
{
	static struct chase chase;
	struct thread *thread;

	chase = (struct chase){.sleeper = NULL};
	thread = start(selftest_other_cpu(), chase_sleep, &chase);
	EXPECT(thread);
	chase.sleeper = &thread->task;
	chase_wake(&chase);
	thread_join(thread);
	EXPECT(!chase.lost);
	EXPECT(chase.seen == WAKES);
	return true;
}

/* Hand a token to and fro through wait queues, as the allocator's users wait. */
struct pingpong {
	_Atomic unsigned int turn;
	struct wait_queue queue;
	_Atomic bool lost;
};
struct player {
	struct pingpong *game;
	unsigned int side;
};

static void play(void *arg)
{
	const struct player *me = arg;
	struct pingpong *game = me->game;

	for (unsigned int i = me->side; i < WAKES / 10 && !atomic_load(&game->lost); i += 2) {
		uint64_t limit = hang_limit();

		wait_event_until(&game->queue, atomic_load(&game->turn) == i, limit);
		if (cpu_time() >= limit)
			atomic_store(&game->lost, true);
		atomic_store(&game->turn, i + 1);
		wake_up(&game->queue);
	}
}

static bool test_wait_queue(void)
{
	static struct pingpong game;
	static struct player players[2] = {{&game, 0}, {&game, 1}};
	const unsigned int cpus[2] = {0, selftest_other_cpu()};
	void *const args[2] = {&players[0], &players[1]};

	game = (struct pingpong){.turn = 0};
	wait_queue_init(&game.queue);
	EXPECT(run_pair(cpus, play, args));
	EXPECT(!game.lost);
	EXPECT(game.turn == WAKES / 10);
	return true;
}

static _Atomic bool slept_in_tick;

static void sleep_in_tick(void)
{
	if (this_cpu->id == 0 && !atomic_load(&slept_in_tick)) {
		task_sleep(UINT64_MAX);
		atomic_store(&slept_in_tick, true);
	}
}

static bool test_atomic(void)
{
	unsigned long before = kernel.misuse[MISUSE_ATOMIC_SLEEP];
	uint64_t limit = hang_limit();
	irq_flags_t flags;

	atomic_store(&slept_in_tick, false);
	tick_set_hook(sleep_in_tick);
	while (!atomic_load(&slept_in_tick) && cpu_time() < limit)
		cpu_relax();
	tick_set_hook(NULL);
	EXPECT(slept_in_tick);
	EXPECT(kernel.misuse[MISUSE_ATOMIC_SLEEP] == before + 1);
	flags = irq_save();
	EXPECT(!task_may_sleep());
	task_sleep(UINT64_MAX);
	irq_restore(flags);
	EXPECT(kernel.misuse[MISUSE_ATOMIC_SLEEP] == before + 2);
	EXPECT(task_may_sleep());
	return true;
}

/* Threads that take and give pages of one CPU's cache, and are switched in the middle of it. */
static _Atomic bool enough;

static void use_cache(void *arg)
{
	unsigned int *failed = arg;

	while (!atomic_load(&enough)) {
		struct page *page = alloc_pages(GFP_KERNEL, 0);

		if (page)
			__free_pages(page, 0);
		else
			++*failed;
	}
}

static bool test_cache(void)
{
	static unsigned int failed[3];
	unsigned int cpu = selftest_other_cpu(), nr = 0;
	struct thread *thread[3];
	uint64_t limit = hang_limit();

	atomic_store(&enough, false);
	for (; nr < 3; nr++) {
		failed[nr] = 0;
		thread[nr] = start(cpu, use_cache, &failed[nr]);
		if (!thread[nr])
			break;
	}
	while (nr > 0 && cpu_time() < limit && thread[0]->switches < PREEMPTIONS)
		task_sleep(cpu_time() + cpu_time_hz() / 100);
	atomic_store(&enough, true);
	for (unsigned int i = 0; i < nr; i++)
		thread_join(thread[i]);
	EXPECT(nr == 3);
	EXPECT(failed[0] + failed[1] + failed[2] == 0);
	EXPECT(cpu_time() < limit);
	return true;
}

/* As many as stacks take several page tables; all alive at a time. */
static void wait_for_enough(void *unused)
{
	(void)unused;
	while (!atomic_load(&enough))
		task_sleep(cpu_time() + cpu_time_hz() / 100);
}

static bool test_many(void)
{
	static struct thread *thread[MANY_THREADS];
	unsigned int cpu = 0, nr = 0;

	atomic_store(&enough, false);
	for (; nr < MANY_THREADS; nr++) {
		thread[nr] = start(cpu, wait_for_enough, NULL);
		if (!thread[nr])
			break;
		cpu = smp_next_online(cpu + 1) < smp_nr_ids() ? smp_next_online(cpu + 1) : 0;
	}
	atomic_store(&enough, true);
	for (unsigned int i = 0; i < nr; i++)
		thread_join(thread[i]);
	EXPECT(nr == MANY_THREADS);
	return true;
}

/*
 * The addresses of a stack are used again with other pages behind them, on another CPU, and a third
 * one looks: nobody may see the pages that were there before.
 */
struct peek {
	_Atomic(volatile unsigned long *) at;
	_Atomic bool seen;
	unsigned long value;
};

static void show_stack(void *arg)
{
	struct peek *peek = arg;
	volatile unsigned long word = peek->value;
	uint64_t limit = hang_limit();

	atomic_store(&peek->at, &word);
	while (!atomic_load(&peek->seen) && cpu_time() < limit)
		task_sleep(cpu_time() + cpu_time_hz() / 1000);
}

static bool peek_once(unsigned int cpu, unsigned long value)
{
	static struct peek peek;
	struct thread *thread;
	uint64_t limit = hang_limit();
	unsigned long found = 0;

	peek = (struct peek){.value = value};
	thread = start(cpu, show_stack, &peek);
	EXPECT(thread);
	while (!atomic_load(&peek.at) && cpu_time() < limit)
		task_sleep(cpu_time() + cpu_time_hz() / 1000);
	if (atomic_load(&peek.at))
		found = *atomic_load(&peek.at);
	atomic_store(&peek.seen, true);
	thread_join(thread);
	EXPECT(found == value);
	return true;
}

static bool test_reuse(void)
{
	unsigned int cpu = 0;

	for (unsigned int i = 1; i <= REUSES; i++) {
		/* Held meanwhile, so that the stack's pages are others than before. */
		struct page *page = i % 2 ? alloc_pages(GFP_KERNEL, 3) : NULL;
		bool ok = peek_once(cpu, 0x5eed0000UL + i);

		if (page)
			__free_pages(page, 3);
		EXPECT(ok);
		cpu = smp_next_online(cpu + 1) < smp_nr_ids() ? smp_next_online(cpu + 1) : 0;
	}
	return true;
}

/* Where the boot CPU's tick looks for input or at a disk, it comes however its threads nap. */
static bool test_tick(void)
{
	unsigned long before = atomic_load(&kernel.boot_cpu.ticks);

	if (!kernel.console.polled && !block_polled())
		return true;
	for (unsigned int i = 0; i < NAPS; i++)
		task_sleep(cpu_time() + cpu_time_hz() / 1000);
	EXPECT(atomic_load(&kernel.boot_cpu.ticks) - before >= NAPS * TICK_HZ / 1000 / 2);
	return true;
}

static bool test_refused(void)
{
	EXPECT(!thread_create("nowhere", smp_nr_ids(), wait_for_enough, NULL, DEFAULT_PRIO));
	EXPECT(task_may_sleep());
	return true;
}

static bool test_check(void)
{
	EXPECT(mm_check(&kernel.mm, NULL) == 0);
	return true;
}

static const struct selftest tests[] = {
	{"many threads at a time", test_many, false},
	{"threads that never yield share a hart", test_preemption, false},
	{"no sleep ends early", test_timeout, false},
	{"a wake-up before the sleep counts once", test_token, false},
	{"no wake-up is lost", test_wake, false},
	{"wait queues across harts", test_wait_queue, false},
	{"no switch inside the page caches", test_cache, false},
	{"stacks are used again", test_reuse, false},
	{"sleep in atomic context refused", test_atomic, true},
	{"naps do not hold up a tick that polls", test_tick, false},
	{"no thread on a hart that is not online", test_refused, false},
	{"mm_check afterwards", test_check, false},
};

int selftest_threads(int argc, char **argv)
{
	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	/* Page tables for stacks stay once they are there: let all be made that the tests need. */
	test_many();
	return selftest_run(tests, sizeof(tests) / sizeof(tests[0]));
}
