/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands `mark` and `diff`: what was allocated since, and by whom.
 *
 * Owns the mark and the last result; the monitor runs one command at a time.
 */
#include <string.h>
#include <mm/debug.h>
#include <mm/leak.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

static uint64_t mark; /* 0: none is set */
static struct mm_leaks leaks;

int cmd_mark(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return command_usage("mark", "it takes nothing");
	if (mm_debug_set(&kernel.mm, MM_DEBUG_OWNER, true))
		return CMD_FAILED;
	mark = mm_leak_mark();
	print("mark: set; `diff` tells what is allocated from now on and not freed\n");
	return CMD_OK;
}

int cmd_diff(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return command_usage("diff", "it takes nothing");
	if (!mark || !(mm_debug(&kernel.mm) & MM_DEBUG_OWNER) ||
		kernel.mm.page_owner_since > mark) {
		print("diff: there is no mark, or `debug owner` was switched off since; `mark` "
		      "sets one\n");
		return CMD_FAILED;
	}
	mm_leak_diff(&kernel.mm, mark, &leaks);
	show_leaks(&leaks);
	return CMD_OK;
}
