/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `sample`: the allocator's numbers in frames, again and again while another command
 * runs; scripts/plot draws them. Owns nothing.
 */
#include <string.h>
#include <port/cpu.h>
#include <port/print.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"
#include "watch.h"

#define DEFAULT_MS 100U

static void show_sample(void *arg)
{
	(void)arg;
	frame_begin("sample");
	print("time_ms %lu\n", kernel_uptime_ms(cpu_time()));
	show_buddyinfo(&kernel.mm);
	for (unsigned int cpu = 0; cpu < kernel.nr_cpus; cpu++) {
		struct watch_counts counts;

		watch_count(cpu, &counts);
		print("hart %lu pgalloc %lu pgfree %lu pcp_alloc %lu pcp_refill %lu\n",
			(unsigned long)kernel.cpus.cpu[cpu].hwid, counts.allocated, counts.freed,
			counts.pcp_alloc, counts.pcp_refill);
	}
	frame_end("sample");
}

int cmd_sample(int argc, char **argv)
{
	const char *value = argc > 1 ? parse_key(argv[1], "ms") : NULL;
	int first = value ? 2 : 1;
	uint64_t ms = DEFAULT_MS;

	if (value && !parse_number_in("sample", "ms", value, WATCH_MIN_MS, WATCH_MAX_MS, &ms))
		return CMD_USAGE;
	if (argc == first) {
		show_sample(NULL);
		return CMD_OK;
	}
	return watch_command(
		"sample", (unsigned int)ms, show_sample, NULL, argc - first, argv + first);
}
