/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of the boot. Owns struct log; whoever prints adds to it under the console's lock, and it
 * is read when it is closed.
 *
 * Invariant: character number n, of the last LOG_SIZE, is in text[n % LOG_SIZE].
 */
#include <string.h>
#include <port/print.h>
#include "log.h"

void log_add(struct log *log, const char *text, size_t length)
{
	if (log->closed)
		return;
	for (size_t i = 0; i < length; i++) {
		log->text[log->end++ % LOG_SIZE] = text[i];
		log->lines += text[i] == '\n';
	}
}

/* Where the first whole line starts that is still there. */
static unsigned long oldest(const struct log *log)
{
	unsigned long at;

	if (log->end <= LOG_SIZE)
		return 0;
	/* The character before it must still be there to be looked at. */
	at = log->end - LOG_SIZE + 1;
	while (at < log->end && log->text[(at - 1) % LOG_SIZE] != '\n')
		at++;
	return at;
}

/* Where the last `lines` lines start, at `from` or behind it; `*nr` is how many they are. */
static unsigned long last(
	const struct log *log, unsigned long from, unsigned long lines, unsigned long *nr)
{
	unsigned long at = log->end;

	for (*nr = 0; at > from; at--) {
		if (log->text[(at - 1) % LOG_SIZE] != '\n')
			continue;
		if (*nr == lines)
			break;
		(*nr)++;
	}
	return at;
}

/* Print the rest of a line, or what of it lies in one piece. Returns its length. */
static size_t show_piece(const struct log *log, unsigned long from)
{
	const char *text = &log->text[from % LOG_SIZE], *newline;
	size_t length = LOG_SIZE - from % LOG_SIZE;

	if (length > log->end - from)
		length = log->end - from;
	newline = memchr(text, '\n', length);
	if (newline)
		length = (size_t)(newline - text) + 1;
	print("%.*s", (int)length, text);
	return length;
}

void log_show(const struct log *log, unsigned long lines)
{
	unsigned long from = oldest(log), there, shown;

	last(log, from, LOG_SIZE, &there);
	from = last(log, from, lines, &shown);
	if (there < log->lines && shown == there)
		print("log: the first %lu lines are gone: the log keeps %u KiB\n",
			log->lines - there, LOG_SIZE >> 10);
	while (from < log->end)
		from += show_piece(log, from);
}
