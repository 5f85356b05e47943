/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest registers`: nothing that a context has in its registers is lost to an interrupt or a
 * switch, as KTAP lines.
 *
 * The interrupt is the tick, whose hook allocates, fills and prints as a handler may, with whatever
 * registers the C library likes, and then fills all there are. Registers are filled and compared by
 * the machine half, which knows them (registers.S); the last test watches memset() in their place.
 *
 * Owns `interrupted`: `cpu` is set while the hook is not, the rest is written by that CPU's ticks.
 */
#include <stdatomic.h>
#include <string.h>
#include <port/boot.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"
#include "tick.h"

#define TICKS     16U
#define YIELDS    500U
#define SEED      0x5a17c0de0badf00dUL
#define TICK_SEED 0x0f1e2d3c4b5a6978UL
#define TICK_BYTE 0xa5

/* Large enough for the tick to come while it is being filled, as often as while it is read. */
#define BUFFER_ORDER 7U

static struct {
	unsigned int cpu;
	volatile unsigned long ticks;
	unsigned long bad; /* what the hook itself found wrong */
} interrupted;

static void allocate_and_print(void)
{
	static const volatile unsigned long now;
	unsigned long page;

	if (this_cpu->id != interrupted.cpu)
		return;
	page = get_zeroed_page(GFP_ATOMIC);
	if (page && selftest_all_zero((void *)page, PAGE_SIZE))
		memset((void *)page, TICK_BYTE, PAGE_SIZE);
	else
		interrupted.bad++;
	print("# tick %lu on cpu %u: page 0x%lx\n", interrupted.ticks, this_cpu->id, page);
	if (page)
		free_page(page);
	if (arch_hold_registers(TICK_SEED, &now, 0) != 0)
		interrupted.bad++;
	interrupted.ticks++;
}

/* What a thread does while the ticks of its CPU interrupt it. */
struct job {
	unsigned long seed;
	unsigned int changed; /* registers, or rounds with a wrong byte */
};

/* Run fn(job) in a thread of `cpu` for each of the jobs, while the hook is at work there. */
static bool run_interrupted(
	unsigned int cpu, void (*fn)(void *arg), struct job *jobs, unsigned int nr)
{
	struct thread *thread[2];
	unsigned int started = 0;

	interrupted.cpu = cpu;
	interrupted.ticks = 0;
	interrupted.bad = 0;
	tick_set_hook(allocate_and_print);
	for (unsigned int i = 0; i < nr; i++) {
		thread[i] = thread_create("selftest", cpu, fn, &jobs[i], DEFAULT_PRIO);
		started += thread[i] != NULL;
	}
	for (unsigned int i = 0; i < nr; i++)
		if (thread[i])
			thread_join(thread[i]);
	tick_set_hook(NULL);
	for (unsigned int i = 0; i < nr; i++)
		if (jobs[i].changed != 0)
			print("# cpu %u: %u changed\n", cpu, jobs[i].changed);
	return started == nr && interrupted.bad == 0;
}

static void hold(void *arg)
{
	struct job *job = arg;

	job->changed = arch_hold_registers(job->seed, &interrupted.ticks, TICKS);
}

static bool test_interrupt(void)
{
	const unsigned int cpus[] = {0, selftest_other_cpu()};

	for (unsigned int i = 0; i < 2; i++) {
		static struct job job;

		job = (struct job){.seed = SEED + i};
		EXPECT(run_interrupted(cpus[i], hold, &job, 1));
		EXPECT(job.changed == 0);
	}
	return true;
}

/* The tick takes the CPU from one and gives it to the other. */
static bool test_preemption(void)
{
	static struct job jobs[2];

	jobs[0] = (struct job){.seed = SEED};
	jobs[1] = (struct job){.seed = ~SEED};
	EXPECT(run_interrupted(selftest_other_cpu(), hold, jobs, 2));
	EXPECT(jobs[0].changed == 0 && jobs[1].changed == 0);
	return true;
}

/* Threads that are about to give the CPU to each other. */
static atomic_uint yielding;

static void yield(void *arg)
{
	struct job *job = arg;

	/* One that is alone gives it to nobody. */
	atomic_fetch_add(&yielding, 1);
	while (atomic_load(&yielding) < 2 && interrupted.ticks < 2 * TICKS)
		thread_yield();
	for (unsigned int i = 0; i < YIELDS; i++)
		job->changed += arch_call_with_registers(job->seed, thread_yield);
}

/* They give the CPU to each other themselves. */
static bool test_switch(void)
{
	static struct job jobs[2];

	jobs[0] = (struct job){.seed = SEED};
	jobs[1] = (struct job){.seed = ~SEED};
	atomic_store(&yielding, 0);
	EXPECT(run_interrupted(selftest_other_cpu(), yield, jobs, 2));
	EXPECT(atomic_load(&yielding) == 2);
	EXPECT(jobs[0].changed == 0 && jobs[1].changed == 0);
	return true;
}

static bool is_filled(const unsigned char *data, unsigned char byte, size_t bytes)
{
	/* Each byte is the first one, if each is the one before it. */
	return data[0] == byte && memcmp(data, data + 1, bytes - 1) == 0;
}

/*
 * Fill the same memory again and again, with zeroes now and then, which may be done in another way.
 * Most of the time goes into filling: what gets lost stays lost to the last byte, and all bytes are
 * looked at once in a while.
 */
static void fill(void *arg)
{
	struct job *job = arg;
	unsigned char *buffer = (void *)__get_free_pages(GFP_KERNEL, BUFFER_ORDER);
	size_t bytes = PAGE_SIZE << BUFFER_ORDER;

	job->changed += !buffer;
	for (unsigned int i = 0; buffer && interrupted.ticks < 2 * TICKS; i++) {
		unsigned char byte = i % 4 == 0 ? 0 : (unsigned char)(job->seed + i);

		memset(buffer, byte, bytes);
		job->changed += buffer[bytes - 1] != byte;
		if (i % 8 == 7)
			job->changed += !is_filled(buffer, byte, bytes);
	}
	free_pages((unsigned long)buffer, BUFFER_ORDER);
}

static bool test_memset(void)
{
	static struct job job;

	job = (struct job){.seed = SEED};
	EXPECT(run_interrupted(selftest_other_cpu(), fill, &job, 1));
	EXPECT(job.changed == 0);
	return true;
}

static const struct selftest tests[] = {
	{"an interrupt keeps all registers", test_interrupt, false},
	{"threads that are preempted keep theirs", test_preemption, false},
	{"a switch keeps what a called function keeps", test_switch, false},
	{"interrupts change no byte of what is filled", test_memset, false},
};

int selftest_registers(int argc, char **argv)
{
	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	return selftest_run(tests, sizeof(tests) / sizeof(tests[0]));
}
