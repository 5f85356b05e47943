/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at the allocator again and again, also while a command is at work: for `top`, `sample`.
 */
#ifndef KERNEL_WATCH_H
#define KERNEL_WATCH_H

#include <stdbool.h>
#include <mm/mmzone.h>

#define WATCH_MIN_MS 10U
#define WATCH_MAX_MS 3600000U

/** One CPU's counters since boot, both contexts'. */
struct watch_counts {
	unsigned long allocated, freed; /* pages */
	unsigned long pcp_alloc,
		pcp_refill; /* calls: served by the cache; that refilled it first */
};
void watch_count(unsigned int cpu, struct watch_counts *counts);

/** Pages of a zone in the caches of all CPUs. A snapshot. */
unsigned long watch_cached(const struct zone *zone);

/**
 * Run the command in argv, a name and its arguments up to a NULL, and call look(arg) from a thread
 * meanwhile: at once, every `ms` milliseconds, and once more when the command has ended. `who` is
 * named in messages. Returns what the command does, or CMD_USAGE or CMD_FAILED if it was not run.
 * One at a time: a command that is watched can not watch. Task context of the boot CPU.
 */
int watch_command(const char *who, unsigned int ms, void (*look)(void *arg), void *arg, int argc,
	char **argv);

#endif
