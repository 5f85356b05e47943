/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands about the machine: its CPUs, how it booted, and its end.
 */
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

static const char *state_name(unsigned int id)
{
	static const char *const names[] = {
		[CPU_ABSENT] = "absent",
		[CPU_STARTING] = "starting",
		[CPU_ONLINE] = "online",
		[CPU_LEFT_OUT] = "left out",
	};

	return kernel.cpu[id] ? names[atomic_load(&kernel.cpu[id]->state)] : names[CPU_LEFT_OUT];
}

/* Of an allocator's CPU: pages allocated, pages freed. */
static void count_pages(const struct mm_cpu *cpu, unsigned long *allocated, unsigned long *freed)
{
	struct mm_cpu_stat stat;

	mm_cpu_sum_stat(cpu, &stat);
	*allocated = 0;
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		*allocated += stat.pgalloc[i];
	*freed = stat.pgfree;
}

static void show_cpu(unsigned int id)
{
	const struct kernel_cpu *cpu = kernel.cpu[id];
	unsigned long allocated, freed;

	count_pages(kernel.mm.cpu[id], &allocated, &freed);
	print("%4u %6lu %4d  %-8s", id, (unsigned long)kernel.cpus.cpu[id].hwid,
		kernel.cpus.cpu[id].nid, state_name(id));
	if (smp_online(id))
		print(" %7lu %9lu %8lu %11lu %11lu", kernel_uptime_ms(cpu->online_at),
			atomic_load(&cpu->ticks), atomic_load(&cpu->ipis), allocated, freed);
	print("\n");
}

int cmd_harts(int argc, char **argv)
{
	(void)argc, (void)argv;
	print("%4s %6s %4s  %-8s %7s %9s %8s %11s %11s\n", "cpu", "hart", "node", "state",
		"came ms", "ticks", "ipis", "pgalloc", "pgfree");
	for (unsigned int id = 0; id < kernel.nr_cpus; id++)
		show_cpu(id);
	print("harts: %u of %u online, %u disabled by the tree, clock %lu Hz\n", smp_nr_online(),
		kernel.nr_cpus, kernel.cpus.nr_disabled, (unsigned long)cpu_time_hz());
	return CMD_OK;
}

int cmd_log(int argc, char **argv)
{
	uint64_t lines = LOG_SIZE;

	if (argc > 2)
		return command_usage(argv[0], "how many lines?");
	if (argc == 2 && !parse_number_in(argv[0], "N", argv[1], 1, LOG_SIZE, &lines))
		return CMD_USAGE;
	log_show(&kernel.log, (unsigned long)lines);
	return CMD_OK;
}

int cmd_reboot(int argc, char **argv)
{
	(void)argc, (void)argv;
	power_reset();
}

int cmd_poweroff(int argc, char **argv)
{
	(void)argc, (void)argv;
	power_off(0);
}
