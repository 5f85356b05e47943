/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `threads`.
 */
#include <port/cpu.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

static const char *state_name(const struct thread_info *info)
{
	static const char *const names[] = {
		[THREAD_RUNNABLE] = "runnable",
		[THREAD_SLEEPING] = "sleeping",
		[THREAD_EXITING] = "exiting",
		[THREAD_DEAD] = "dead",
	};

	if (info->running)
		return "running";
	return info->idle ? "idle" : names[info->state];
}

static void show_flags(const struct thread_info *info)
{
	const char *gap = "  ";
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{info->flags & PF_MEMALLOC, "memalloc"},
		{info->flags & PF_KSWAPD, "kswapd"},
		{info->memdie, "memdie"},
	};

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!flags[i].set)
			continue;
		print("%s%s", gap, flags[i].name);
		gap = ",";
	}
}

static void show_thread(const struct thread_info *info)
{
	print("%5u %-15s %4u %6lu  %-8s %4d %9lu %10lu", info->id, info->name, info->cpu,
		(unsigned long)kernel.cpus.cpu[info->cpu].hwid, state_name(info), info->prio,
		info->switches, (unsigned long)(info->run_time * 1000 / cpu_time_hz()));
	if (info->state == THREAD_SLEEPING)
		print("  0x%lx", (unsigned long)info->sleeps_at);
	show_flags(info);
	print("\n");
}

int cmd_threads(int argc, char **argv)
{
	struct thread_info info = {.id = 0};

	(void)argc, (void)argv;
	print("%5s %-15s %4s %6s  %-8s %4s %9s %10s  sleeps at, flags\n", "id", "name", "cpu",
		"hart", "state", "prio", "switches", "ran ms");
	while (thread_next_info(info.id, &info))
		show_thread(&info);
	return CMD_OK;
}
