/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `bench`: what the allocator's calls cost, in instructions that an emulator counts.
 *
 * A table of groups, run by name. Before the first one the counter is calibrated: against code
 * whose number of instructions is known. Interrupts are masked while something is timed, and let
 * in between: a tick would be counted to whatever it interrupts. All is measured from another
 * translation unit than the allocator's, as any caller's calls are.
 *
 * Owns the figures of the run; boot CPU.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mm/mm.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/mem.h>
#include <port/print.h>
#include "../cmd.h"
#include "../kernel.h"
#include "../monitor.h"
#include "bench.h"

static const struct bench_group *const groups[] = {
	&bench_pairs,
	&bench_batches,
	&bench_mix,
	&bench_worst,
	&bench_boot,
	&bench_scale,
};
#define NR_GROUPS_OF_BENCH (sizeof(groups) / sizeof(groups[0]))

#define MAX_FIGURES        256U
#define MAX_NAME           40U

static struct {
	struct figure {
		char name[MAX_NAME];
		uint64_t value;
	} figure[MAX_FIGURES];
	unsigned int nr;
} figures;

void bench_figure(uint64_t value, const char *format, ...)
{
	struct figure *figure = &figures.figure[figures.nr];
	va_list args;

	if (figures.nr == MAX_FIGURES)
		report_panic("bench: more than %u figures", MAX_FIGURES);
	figures.nr++;
	va_start(args, format);
	vsnprintf(figure->name, sizeof(figure->name), format, args);
	va_end(args);
	figure->value = value;
	print("bench: %-28s %12lu.%03lu\n", figure->name, (unsigned long)(value / BENCH_UNIT),
		(unsigned long)(value % BENCH_UNIT));
}

bool bench_short(const struct bench_group *group, unsigned int order)
{
	print("bench: %s: there is no block of order %u; give the machine more memory\n",
		group->name, order);
	return false;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

uint64_t bench_median(uint64_t *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), by_value);
	return values[nr / 2];
}

uint64_t bench_time(const struct bench_region *region)
{
	const irq_flags_t flags = irq_save();
	const uint64_t time = region->time(region);

	irq_restore(flags);
	return time;
}

uint64_t bench_repeat(const struct bench_region *region, const struct bench_region *empty)
{
	const uint64_t overhead = bench_time(empty);
	uint64_t times[BENCH_REPEATS];

	for (unsigned int i = 0; i < BENCH_REPEATS; i++) {
		times[i] = bench_time(region);
		if (times[i] == BENCH_FAILED)
			return BENCH_FAILED;
	}
	return (bench_median(times, BENCH_REPEATS) - overhead) * BENCH_UNIT / region->nr;
}

uint64_t bench_reading(void)
{
	const irq_flags_t flags = irq_save();
	const uint64_t before = cpu_instructions();
	const uint64_t reading = cpu_instructions() - before;

	irq_restore(flags);
	return reading;
}

#define NOPS(nr)     __asm__ volatile(".rept " #nr "\n\tnop\n\t.endr")
#define LOOP_ROUNDS  200U
#define LOOP_LENGTH  1000U /* instructions: with what counts the rounds and jumps back, two */
#define INSTRUCTIONS (LOOP_ROUNDS * LOOP_LENGTH)

static uint64_t time_nops(const struct bench_region *region)
{
	const uint64_t before = cpu_instructions();

	(void)region;
	NOPS(1000);
	return cpu_instructions() - before;
}

static uint64_t time_loop(const struct bench_region *region)
{
	unsigned int rounds = region->nr;
	const uint64_t before = cpu_instructions();

	do {
		NOPS(998);
	} while (--rounds);
	return cpu_instructions() - before;
}

/* With what a reading takes, or not; of which an instruction may have moved into the region. */
static bool is_near(uint64_t counted, uint64_t instructions)
{
	return counted >= instructions && counted <= instructions + bench_reading() + 1;
}

/* Does cpu_instructions() count instructions here? */
static bool calibrate(void)
{
	const struct bench_region nops = {.time = time_nops};
	const struct bench_region loop = {.time = time_loop, .nr = LOOP_ROUNDS};
	const uint64_t reading = bench_reading();
	const uint64_t counted = bench_time(&nops), looped = bench_time(&loop);

	print("bench: %s, compiler %s; interrupts are masked while something is timed\n",
		arch_zone_layout()->name, __VERSION__);
	print("bench: calibration: 1000 nops read as %lu, two readings as %lu, a loop of %u as "
	      "%lu\n",
		(unsigned long)counted, (unsigned long)reading, INSTRUCTIONS,
		(unsigned long)looped);
	return reading > 0 && is_near(counted, 1000) && is_near(looped, INSTRUCTIONS);
}

/* For programs: what was measured on, and the figures. */
static void show_frame(bool counts)
{
	frame_begin("bench");
	print("arch %s\ncompiler %s\nharts %u\ncounts %s\n", arch_zone_layout()->name, __VERSION__,
		smp_nr_online(), counts ? "instructions" : "nothing");
	for (unsigned int i = 0; i < figures.nr; i++)
		print("%s %lu.%03lu\n", figures.figure[i].name,
			(unsigned long)(figures.figure[i].value / BENCH_UNIT),
			(unsigned long)(figures.figure[i].value % BENCH_UNIT));
	frame_end("bench");
}

static bool is_wanted(const struct bench_group *group, int argc, char **argv)
{
	if (argc == 1)
		return true;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], group->name) == 0 ||
			(group->exact && strcmp(argv[i], "exact") == 0))
			return true;
	return false;
}

static bool is_group(const char *name)
{
	for (unsigned int i = 0; i < NR_GROUPS_OF_BENCH; i++)
		if (strcmp(name, groups[i]->name) == 0)
			return true;
	return strcmp(name, "exact") == 0;
}

static bool run_group(const struct bench_group *group)
{
	struct bench_ballast pieces;
	bool ok;

	if (!group->settled)
		return group->run(group);
	bench_settle(&pieces);
	ok = group->run(group);
	bench_ballast_free(&pieces);
	return ok;
}

/*
 * Those that are asked for, in the table's order. A group that can not measure fails the command,
 * and so does a run without any figure.
 */
static int run_groups(bool counts, int argc, char **argv)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < NR_GROUPS_OF_BENCH; i++) {
		if (!is_wanted(groups[i], argc, argv))
			continue;
		if (groups[i]->exact && !counts) {
			print("bench: %s: left out, instructions are not counted here; boot one "
			      "hart with QEMU's -icount shift=0, as scripts/bench does\n",
				groups[i]->name);
			continue;
		}
		failed += !run_group(groups[i]);
	}
	return figures.nr == 0 || failed > 0 ? CMD_FAILED : CMD_OK;
}

static int list_groups(void)
{
	for (unsigned int i = 0; i < NR_GROUPS_OF_BENCH; i++)
		print("  %-10s %s%s\n", groups[i]->name, groups[i]->help,
			groups[i]->exact ? " (exact)" : "");
	return CMD_OK;
}

int cmd_bench(int argc, char **argv)
{
	bool counts;
	int status;

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list_groups();
	for (int i = 1; i < argc; i++)
		if (!is_group(argv[i]))
			return command_usage(argv[0],
				"there is no group `%s`; `bench list` lists them", argv[i]);
	figures.nr = 0;
	counts = calibrate();
	status = run_groups(counts, argc, argv);
	show_frame(counts);
	return status;
}

const char *bench_candidate(int argc, char **argv, unsigned int nth)
{
	static const char *const words[] = {"list", "exact"};
	const unsigned int nr_words = sizeof(words) / sizeof(words[0]);

	(void)argc, (void)argv;
	if (nth < nr_words)
		return words[nth];
	return nth - nr_words < NR_GROUPS_OF_BENCH ? groups[nth - nr_words]->name : NULL;
}
