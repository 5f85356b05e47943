/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `trace`: the allocator's events, kept and dumped. Owns nothing.
 */
#include <string.h>
#include <mm/debug.h>
#include <mm/trace.h>
#include <port/print.h>
#include "cmd.h"
#include "kernel.h"
#include "monitor.h"

static void show_state(void)
{
	print("trace: %s, %lu events kept, %lu lost\n",
		mm_debug(&kernel.mm) & MM_DEBUG_TRACE ? "on" : "off", mm_trace_kept(&kernel.mm),
		mm_trace_lost(&kernel.mm));
}

static int switch_on(int argc, char **argv)
{
	uint64_t events;

	if (argc == 3) {
		if (!parse_number_in("trace", "EVENTS", argv[2], 1, UINT32_MAX, &events))
			return CMD_USAGE;
		if (!mm_trace_set_size(&kernel.mm, events)) {
			print("trace: the rings have their size already, or a block is less than "
			      "that\n");
			return CMD_FAILED;
		}
	}
	/* Anew, also if it is on. */
	mm_debug_set(&kernel.mm, MM_DEBUG_TRACE, false);
	return mm_debug_set(&kernel.mm, MM_DEBUG_TRACE, true) ? CMD_FAILED : CMD_OK;
}

static int dump(void)
{
	mm_debug_set(&kernel.mm, MM_DEBUG_TRACE, false);
	if (!kernel.mm.trace) {
		print("trace: there is none; `trace on` begins one\n");
		return CMD_FAILED;
	}
	frame_begin("trace");
	show_trace(&kernel.mm);
	frame_end("trace");
	return CMD_OK;
}

int cmd_trace(int argc, char **argv)
{
	if (argc == 1) {
		show_state();
		return CMD_OK;
	}
	if (strcmp(argv[1], "on") == 0 && argc <= 3)
		return switch_on(argc, argv);
	if (argc == 2 && strcmp(argv[1], "off") == 0)
		return mm_debug_set(&kernel.mm, MM_DEBUG_TRACE, false) ? CMD_FAILED : CMD_OK;
	if (argc == 2 && strcmp(argv[1], "dump") == 0)
		return dump();
	return command_usage(argv[0], "`%s` is none of its words", argv[1]);
}
