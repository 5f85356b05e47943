/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that report statistics, each between the two lines of a frame named as Linux's file is,
 * below /proc or /sys/devices/system/node; and the two that set how much memory is kept back.
 */
#include <stdio.h>
#include <port/print.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"

static void show_framed(const char *name, void (*show)(const struct mm *mm))
{
	frame_begin(name);
	show(&kernel.mm);
	frame_end(name);
}

/* One frame for each node that is online, "node0/<name>". */
static void show_nodes_framed(const char *name, void (*show)(const struct mm *mm, int nid))
{
	for (unsigned int nid = 0; nid < kernel.mm.nr_node_ids; nid++) {
		char text[32];

		if (!kernel.mm.node[nid])
			continue;
		snprintf(text, sizeof(text), "node%u/%s", nid, name);
		frame_begin(text);
		show(&kernel.mm, (int)nid);
		frame_end(text);
	}
}

int cmd_buddyinfo(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("buddyinfo", show_buddyinfo);
	return CMD_OK;
}

int cmd_vmstat(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("vmstat", show_vmstat);
	return CMD_OK;
}

int cmd_zoneinfo(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("zoneinfo", show_zoneinfo);
	return CMD_OK;
}

int cmd_show_free_areas(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("show_free_areas", show_free_areas);
	return CMD_OK;
}

int cmd_locks(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("locks", show_locks);
	return CMD_OK;
}

int cmd_numastat(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_nodes_framed("numastat", show_numastat);
	return CMD_OK;
}

int cmd_meminfo(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_framed("meminfo", show_meminfo);
	show_nodes_framed("meminfo", show_node_meminfo);
	return CMD_OK;
}

static void show_watermarks(void)
{
	struct zone *zone;

	print("min_free_kbytes: %lu\n", kernel.mm.min_free_kbytes);
	for_each_populated_zone (zone, &kernel.mm)
		print("Node %d, zone %8s: min %lu, low %lu, high %lu of %lu pages\n",
			zone->zone_pgdat->node_id, zone->name, zone->pages_min, zone->pages_low,
			zone->pages_high, zone->present_pages);
}

int cmd_min_free_kbytes(int argc, char **argv)
{
	uint64_t kbytes;

	if (argc > 2)
		return command_usage(argv[0], "one number of KiB");
	if (argc == 2 && !(parse_number_in(argv[0], "N", argv[1], 0, UINT64_MAX, &kbytes) &&
				 kernel_set_min_free_kbytes(argv[0], kbytes)))
		return CMD_USAGE;
	show_watermarks();
	return CMD_OK;
}

static void show_reserves(void)
{
	struct zone *zone;

	print("lowmem_reserve_ratio:");
	for (unsigned int i = 0; i < MAX_NR_ZONES - 1; i++)
		print(" %u", kernel.mm.lowmem_reserve_ratio[i]);
	print(" for DMA, DMA32, Normal\n");
	for_each_populated_zone (zone, &kernel.mm) {
		print("Node %d, zone %8s: keeps", zone->zone_pgdat->node_id, zone->name);
		for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
			print("%s %lu", i ? "," : "", zone->lowmem_reserve[i]);
		print(" pages from requests for DMA, DMA32, Normal, HighMem\n");
	}
}

int cmd_pcp_share(int argc, char **argv)
{
	uint64_t share;

	if (argc > 2)
		return command_usage(argv[0], "one number");
	if (argc == 2) {
		if (!parse_number_in(argv[0], "N", argv[1], 0, UINT32_MAX, &share))
			return CMD_USAGE;
		mm_set_pcp_share(&kernel.mm, (unsigned int)share);
	}
	print("pcp_share: %u\n", mm_pcp_share(&kernel.mm));
	return CMD_OK;
}

int cmd_lowmem_reserve_ratio(int argc, char **argv)
{
	static const char *const names[MAX_NR_ZONES - 1] = {"DMA", "DMA32", "NORMAL"};
	unsigned int ratio[MAX_NR_ZONES - 1];

	if (argc != 1 && argc != MAX_NR_ZONES)
		return command_usage(argv[0], "all three numbers, or none");
	for (int i = 1; i < argc; i++) {
		uint64_t number;

		if (!parse_number_in(argv[0], names[i - 1], argv[i], 1, UINT32_MAX, &number))
			return CMD_USAGE;
		ratio[i - 1] = (unsigned int)number;
	}
	if (argc > 1)
		mm_set_lowmem_reserve_ratio(&kernel.mm, ratio);
	show_reserves();
	return CMD_OK;
}
