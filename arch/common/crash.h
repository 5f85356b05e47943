/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The faults that every architecture can commit on purpose.
 */
#ifndef COMMON_CRASH_H
#define COMMON_CRASH_H

/** Names of the faults, the first of arch_crash_names[]. */
#define CRASH_NAMES "overflow", "text", "exec", "null"

/**
 * Commit one of them. `code` is a function that returns at once, in memory that is not to be
 * executed. -1 with a line if there is none of that name.
 */
int crash_commit(const char *name, void *code);

/** Store to an address, whatever it is. */
void crash_store(void *at);

#endif
