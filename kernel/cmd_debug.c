/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands about the debugging levels of <mm/debug.h>: which are on, and what they have found.
 *
 * Owns nothing; the table of levels is the core's.
 */
#include <string.h>
#include <mm/debug.h>
#include <mm/page_owner.h>
#include <port/print.h>
#include "cmd.h"
#include "kernel.h"
#include "monitor.h"

static void list_levels(void)
{
	for (unsigned int i = 0; i < nr_mm_debug_levels; i++) {
		const struct mm_debug_level *level = &mm_debug_levels[i];

		print("debug: %-10s %-3s  %s\n", level->name,
			mm_debug(&kernel.mm) & level->bit ? "on" : "off", level->help);
	}
}

int cmd_debug(int argc, char **argv)
{
	unsigned int levels;
	bool on;

	if (argc == 1) {
		list_levels();
		return CMD_OK;
	}
	if (argc != 3 || !debug_parse(argv[1], &levels))
		return command_usage(argv[0], "which of its levels? `debug` lists them");
	on = strcmp(argv[2], "on") == 0;
	if (!on && strcmp(argv[2], "off") != 0)
		return command_usage(argv[0], "`%s` is neither on nor off", argv[2]);
	return mm_debug_set(&kernel.mm, levels, on) ? CMD_FAILED : CMD_OK;
}

const char *debug_candidate(int argc, char **argv, unsigned int nth)
{
	static const char *const states[] = {"on", "off", NULL};

	(void)argv;
	if (argc == 1)
		return nth < nr_mm_debug_levels ? mm_debug_levels[nth].name : NULL;
	return argc == 2 ? nth_word(states, nth) : NULL;
}

int cmd_owner(int argc, char **argv)
{
	unsigned long pfn;

	if (argc != 2)
		return command_usage(argv[0], "of which page?");
	if (!cmd_parse_page(argv[0], argv[1], &pfn))
		return CMD_USAGE;
	if (!(mm_debug(&kernel.mm) & MM_DEBUG_OWNER)) {
		print("owner: nothing is on record; `debug owner on` keeps it from then on\n");
		return CMD_FAILED;
	}
	show_page_owner(&kernel.mm, pfn);
	return CMD_OK;
}
