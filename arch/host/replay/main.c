/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program `replay`: scripts/replay builds and runs it. Status 0, 1 if it diverged, 2 for a
 * file that is no trace, or wrong usage.
 */
#include <errno.h>
#include <string.h>
#include "replay.h"

static struct replay replay;

int main(int argc, char **argv)
{
	const bool threads = argc == 3 && strcmp(argv[1], "--threads") == 0;
	const char *path = argv[argc - 1];
	FILE *file;
	bool good;

	if (argc != 2 && !threads) {
		fprintf(stderr, "usage: replay [--threads] FILE\n");
		return 2;
	}
	file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (!file) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return 2;
	}
	replay.threads = threads;
	host_print_to(stderr);
	good = replay_load(&replay, file) && replay_build(&replay) && replay_run(&replay);
	fclose(file);
	if (good)
		replay_print(&replay);
	replay_end(&replay);
	if (!good && !atomic_load(&replay.diverged))
		return 2;
	return good ? 0 : 1;
}
