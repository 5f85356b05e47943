/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `fault`: requests that fail on purpose. Owns nothing; <mm/fault.h> has the rest.
 */
#include <string.h>
#include <mm/debug.h>
#include <mm/fault.h>
#include <port/print.h>
#include "cmd.h"
#include "kernel.h"
#include "monitor.h"

/* The words into the attributes, and fail-nth, which is the thread's and not one of them. */
static bool parse(int argc, char **argv, struct mm_fault_attr *attr, uint64_t *nth)
{
	for (int i = 1; i < argc; i++) {
		const char *value = parse_key(argv[i], "fail-nth");

		if (value) {
			if (!parse_number_in(argv[0], "fail-nth", value, 0, UINT32_MAX, nth))
				return false;
		} else if (!mm_fault_parse(attr, argv[i], strlen(argv[i]))) {
			command_usage(argv[0], "`%s` is none of its settings", argv[i]);
			return false;
		}
	}
	return true;
}

int cmd_fault(int argc, char **argv)
{
	struct mm_fault_attr attr = kernel.mm.fault.attr;
	uint64_t nth = 0;

	if (argc == 2 && strcmp(argv[1], "off") == 0) {
		mm_debug_set(&kernel.mm, MM_DEBUG_FAULT, false);
	} else if (argc > 1) {
		if (!parse(argc, argv, &attr, &nth))
			return CMD_USAGE;
		if (mm_fault_set(&kernel.mm, &attr))
			return CMD_FAILED;
		mm_fault_set_nth((unsigned int)nth);
	}
	show_fault(&kernel.mm);
	return CMD_OK;
}
