/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime half of the port contract on the host: print() to stdout or into a buffer that a test
 * reads, and reports of misuse, kept for the test.
 *
 * Owns the capture buffer and the last report, under one mutex.
 */
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <arch/host.h>
#include <port/print.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *output; /* NULL: stdout */
static FILE *capture;
static char *captured;
static size_t captured_size;
static struct misuse_report last = {.kind = NR_MISUSE};
static unsigned int nr_reports;

void vprint(const char *format, va_list args)
{
	pthread_mutex_lock(&lock);
	vfprintf(capture ? capture : output ? output : stdout, format, args);
	pthread_mutex_unlock(&lock);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

void host_print_to(FILE *file)
{
	output = file;
}

void host_print_capture_stop(void)
{
	if (capture)
		fclose(capture);
	free(captured);
	capture = NULL;
	captured = NULL;
}

void host_print_capture_start(void)
{
	host_print_capture_stop();
	capture = open_memstream(&captured, &captured_size);
	if (!capture)
		abort();
}

const char *host_print_captured(void)
{
	fflush(capture);
	return captured;
}

void report_misuse(const struct misuse_report *report)
{
	pthread_mutex_lock(&lock);
	last = *report;
	nr_reports++;
	pthread_mutex_unlock(&lock);
}

struct misuse_report host_last_misuse(void)
{
	return last;
}

unsigned int host_misuse_count(void)
{
	return nr_reports;
}

void host_misuse_reset(void)
{
	last = (struct misuse_report){.kind = NR_MISUSE};
	nr_reports = 0;
}

unsigned int report_callers(uintptr_t *callers, unsigned int max)
{
	const int nr = backtrace((void **)callers, (int)max);

	return nr > 0 ? (unsigned int)nr : 0;
}

/* Debuggers and sanitizers tell more. */
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
