/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `selftest`: a table of tests that need the real machine, run by name.
 */
#include <string.h>
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/print.h>
#include "cmd.h"
#include "monitor.h"
#include "sched.h"
#include "smp.h"
#include "tick.h"

static int selftest_crash(int argc, char **argv);
static int selftest_oom(int argc, char **argv);
static int selftest_print(int argc, char **argv);
static int selftest_frame(int argc, char **argv);

static const struct command selftests[] = {
	{
		.name = "crash",
		.args = "KIND [CPU [thread]]",
		.help = "commit a fault that must end in a dump",
		.run = selftest_crash,
	},
	{
		.name = "corrupt",
		.args = "CPU",
		.help = "write to a free block's links: the CPU that takes it ends in a dump",
		.run = selftest_corrupt,
	},
	{
		.name = "leak",
		.args = "",
		.help = "forget some blocks, for `mark` and `diff` to find",
		.run = selftest_leak,
	},
	{
		.name = "oom",
		.args = "",
		.help = "eat all memory with nobody to end: must stop the machine",
		.run = selftest_oom,
	},
	{
		.name = "alloc",
		.args = "",
		.help = "what the allocator promises, as KTAP",
		.run = selftest_alloc,
	},
	{
		.name = "misuse",
		.args = "[cheap]",
		.help = "every misuse that must be caught; cheap: without any level of `debug`",
		.run = selftest_misuse,
	},
	{
		.name = "disk",
		.args = "",
		.help = "many pages to the first disk and back; overwrites its end",
		.run = selftest_disk,
	},
	{
		.name = "interrupts",
		.args = "",
		.help = "an interrupt at each instruction inside the caches, as KTAP",
		.run = selftest_interrupts,
	},
	{
		.name = "registers",
		.args = "",
		.help = "what interrupts and switches must keep, as KTAP",
		.run = selftest_registers,
	},
	{
		.name = "threads",
		.args = "",
		.help = "what the scheduler promises, as KTAP",
		.run = selftest_threads,
	},
	{
		.name = "print",
		.args = "",
		.help = "all CPUs print at once: whole lines?",
		.run = selftest_print,
	},
	{
		.name = "frame",
		.args = "[LINES]",
		.help = "a frame, while all CPUs print: its own lines only?",
		.run = selftest_frame,
	},
};
#define NR_SELFTESTS (sizeof(selftests) / sizeof(selftests[0]))

static void list_crashes(void)
{
	print("  kinds of crash:");
	for (unsigned int i = 0; arch_crash_names[i]; i++)
		print(" %s", arch_crash_names[i]);
	print("\n");
}

static bool crash_exists(const char *name)
{
	for (unsigned int i = 0; arch_crash_names[i]; i++)
		if (strcmp(arch_crash_names[i], name) == 0)
			return true;
	return false;
}

/* On the CPU that is to fail. */
static void crash(void *kind)
{
	arch_crash(kind);
}

/* In a thread made for it, or in the one that the CPU has for work. False if there is no CPU. */
static bool run_crash(unsigned int cpu, char *kind, bool in_thread)
{
	struct thread *thread;

	if (!in_thread) {
		if (smp_run_on(cpu, crash, kind) < 0)
			return false;
		smp_wait(cpu);
		return true;
	}
	thread = thread_create("crash", cpu, crash, kind, DEFAULT_PRIO);
	if (thread)
		thread_join(thread);
	return thread != NULL;
}

static int selftest_oom(int argc, char **argv)
{
	(void)argc, (void)argv;
	print("selftest: oom: the free areas, a panic and a failing status must follow\n");
	while (alloc_pages(GFP_KERNEL, 0))
		;
	print("selftest: oom: a request that may not fail got nothing; `show_free_areas` says "
	      "more\n");
	return CMD_FAILED;
}

static int selftest_crash(int argc, char **argv)
{
	uint64_t cpu = this_cpu->id;

	if (argc < 2 || argc > 4 || !crash_exists(argv[1]) ||
		(argc == 4 && strcmp(argv[3], "thread") != 0)) {
		print("selftest: crash needs one of these kinds, and may have a CPU, and `thread` "
		      "for one of its own\n");
		list_crashes();
		return CMD_USAGE;
	}
	if (argc >= 3 && !parse_number_in("selftest", "CPU", argv[2], 0, smp_nr_ids() - 1, &cpu))
		return CMD_USAGE;
	print("selftest: crash %s on cpu %u: a dump and a failing status must follow\n", argv[1],
		(unsigned int)cpu);
	if (!run_crash((unsigned int)cpu, argv[1], argc == 4)) {
		print("selftest: cpu %s is not online; `harts` lists them\n", argv[2]);
		return CMD_USAGE;
	}
	print("selftest: crash %s: the fault went unnoticed; `layout` shows what is mapped\n",
		argv[1]);
	return CMD_FAILED;
}

#define PRINT_LINES   40U
#define PRINT_PATTERN "abcdefghijklmnopqrstuvwxyz0123456789"

static void print_from_tick(void)
{
	print("selftest: print from tick, cpu %u: " PRINT_PATTERN "\n", this_cpu->id);
}

/* Pieces, so that a line is made over some time. */
static void print_from_task(void *unused)
{
	(void)unused;
	for (unsigned int i = 1; i <= PRINT_LINES; i++) {
		print("selftest: print from task, ");
		print("cpu %u: ", this_cpu->id);
		print(PRINT_PATTERN);
		print("\n");
	}
}

/* The reader of the console judges: lines of these two forms only, and as many as said. */
static int selftest_print(int argc, char **argv)
{
	unsigned int cpu;

	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	tick_set_hook(print_from_tick);
	for_each_online_cpu (cpu)
		smp_run_on(cpu, print_from_task, NULL);
	for_each_online_cpu (cpu)
		smp_wait(cpu);
	tick_set_hook(NULL);
	print("selftest: print: %u lines from tasks of %u cpus, and those from ticks\n",
		PRINT_LINES * smp_nr_online(), smp_nr_online());
	return CMD_OK;
}

/* Lines of the report, and of each other CPU meanwhile. */
#define FRAME_LINES 20U

static void print_lines(void *nr)
{
	for (unsigned int i = 1; i <= *(const unsigned int *)nr; i++)
		print("selftest: frame: outside, cpu %u: " PRINT_PATTERN "\n", this_cpu->id);
}

/*
 * As selftest_print(), but the others, and the ticks, print while a frame is open. The reader of
 * the console judges: all of it comes, and nothing of others inside.
 */
static int selftest_frame(int argc, char **argv)
{
	uint64_t lines = FRAME_LINES;
	unsigned int cpu, nr;

	if (argc > 2)
		return command_usage("selftest", "%s takes a number of lines", argv[0]);
	if (argc == 2 && !parse_number_in("selftest", "LINES", argv[1], 1, 10000, &lines))
		return CMD_USAGE;
	nr = (unsigned int)lines;
	frame_begin("selftest");
	tick_set_hook(print_from_tick);
	for_each_online_cpu (cpu)
		if (cpu != this_cpu->id)
			smp_run_on(cpu, print_lines, &nr);
	for (unsigned int i = 1; i <= FRAME_LINES; i++)
		print("selftest: frame: line %u of %u\n", i, FRAME_LINES);
	for_each_online_cpu (cpu)
		if (cpu != this_cpu->id)
			smp_wait(cpu);
	tick_set_hook(NULL);
	frame_end("selftest");
	return CMD_OK;
}

int cmd_selftest(int argc, char **argv)
{
	const struct command *test;

	if (argc == 1) {
		command_list(selftests, NR_SELFTESTS);
		list_crashes();
		return CMD_OK;
	}
	test = command_find(selftests, NR_SELFTESTS, argv[1]);
	if (!test)
		return command_usage(
			argv[0], "there is no test `%s`; `selftest` lists them", argv[1]);
	return test->run(argc - 1, argv + 1);
}

const char *selftest_candidate(int argc, char **argv, unsigned int nth)
{
	if (argc == 1)
		return nth < NR_SELFTESTS ? selftests[nth].name : NULL;
	if (argc > 2 || strcmp(argv[1], "crash") != 0)
		return NULL;
	return nth_word(arch_crash_names, nth);
}
