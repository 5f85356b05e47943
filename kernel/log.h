/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: what was printed while the machine booted, kept for the command `log`.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_SIZE 32768U

/** A ring of text: the newest LOG_SIZE characters. Zero-initialised is empty. */
struct log {
	unsigned long end;   /* characters ever added */
	unsigned long lines; /* newlines among them */
	bool closed;         /* boot is over: nothing is added any more */
	char text[LOG_SIZE];
};

/** Add characters, unless it is closed. The caller serialises. */
void log_add(struct log *log, const char *text, size_t length);

/** Print the last `lines` lines, and say so if there were more that have made room. */
void log_show(const struct log *log, unsigned long lines);

#endif
