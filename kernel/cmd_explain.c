/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command that allocates and frees by hand and shows what the allocator decided.
 *
 * Owns the record of it; the monitor runs one command at a time.
 */
#include <string.h>
#include <mm/explain.h>
#include "cmd.h"
#include "monitor.h"

static struct mm_explain record;

const char *explain_candidate(int argc, char **argv, unsigned int nth)
{
	static const char *const calls[] = {"alloc", "free", NULL};
	static const char *const frees[] = {"last", "pfn=", "pa=", "va=", NULL};

	if (argc == 1)
		return nth_word(calls, nth);
	if (strcmp(argv[1], "alloc") == 0)
		return alloc_candidate(argc - 1, argv + 1, nth);
	if (strcmp(argv[1], "free") == 0 && argc == 2)
		return nth_word(frees, nth);
	return NULL;
}

int cmd_explain(int argc, char **argv)
{
	if (argc < 2)
		return command_usage(argv[0], "an alloc, or a free?");
	if (strcmp(argv[1], "alloc") == 0) {
		if (argc < 3)
			return command_usage(argv[0], "which order?");
		return alloc_by_hand("explain alloc", argc - 1, argv + 1, &record);
	}
	if (strcmp(argv[1], "free") == 0) {
		if (argc < 3 || argc > 4)
			return command_usage(argv[0], "which block?");
		return free_by_hand("explain free", argc - 1, argv + 1, &record);
	}
	return command_usage(argv[0], "`%s` is neither alloc nor free", argv[1]);
}
