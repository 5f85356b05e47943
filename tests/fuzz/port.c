/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime half of the port contract for the fuzz target, in place of arch/host/print.c: lines are
 * formatted, judged and counted, and shown only on request. A report of misuse is a finding.
 *
 * Owns the line being printed. One thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <port/print.h>
#include <port/report.h>
#include "fuzz.h"

/** Longest piece of one print(); what the tree says is cut far below. */
#define MAX_PIECE 1024

static unsigned int nr_lines;
static bool shown, line_open;

void fuzz_print_begin(bool echo)
{
	nr_lines = 0;
	line_open = false;
	shown = echo;
}

unsigned int fuzz_print_lines(void)
{
	require(!line_open);
	return nr_lines;
}

_Noreturn void fuzz_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* The text of a tree must not reach a terminal: no byte but printable ones and newlines. */
void vprint(const char *format, va_list args)
{
	char piece[MAX_PIECE];
	int length = vsnprintf(piece, sizeof(piece), format, args);

	require(length >= 0 && length < MAX_PIECE);
	for (const char *at = piece; *at; at++) {
		require(*at == '\n' || (*at >= ' ' && *at <= '~'));
		line_open = *at != '\n';
		nr_lines += *at == '\n';
	}
	if (shown)
		fputs(piece, stdout);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

void report_misuse(const struct misuse_report *report)
{
	fprintf(stderr, "misuse %d reported, order %u\n", (int)report->kind, report->order);
	abort();
}

unsigned int report_callers(uintptr_t *callers, unsigned int max)
{
	(void)callers, (void)max;
	return 0;
}

void report_stack(void)
{
}

void report_panic(const char *format, ...)
{
	va_list args;

	fputs("PANIC: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	abort();
}
