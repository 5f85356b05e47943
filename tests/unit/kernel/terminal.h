/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal for the line editor's tests: one row at a time, wider than any line. It knows what the
 * editor may send: printable characters, newline, backspace, bell; anything else fails the test.
 */
#ifndef TESTS_UNIT_KERNEL_TERMINAL_H
#define TESTS_UNIT_KERNEL_TERMINAL_H

#include <stddef.h>
#include <string.h>
#include "unit.h"

#define TERMINAL_COLUMNS 1024U

struct terminal {
	char row[TERMINAL_COLUMNS + 1]; /* the one with the cursor; ends in a NUL */
	unsigned int column;            /* of the cursor */
	char before[65536];             /* the rows before it, each with a newline; the newest */
	unsigned int rows;              /* how many those were */
	unsigned int bells;
};

static inline void terminal_next_row(struct terminal *terminal)
{
	size_t used = strlen(terminal->before), more = strlen(terminal->row) + 1;

	if (used + more >= sizeof(terminal->before))
		used = 0;
	snprintf(terminal->before + used, sizeof(terminal->before) - used, "%s\n", terminal->row);
	terminal->row[0] = '\0';
	terminal->column = 0;
	terminal->rows++;
}

static inline void terminal_put(struct terminal *terminal, char c)
{
	if (c == '\n') {
		terminal_next_row(terminal);
	} else if (c == '\b') {
		assert_true(terminal->column > 0);
		terminal->column--;
	} else if (c == '\a') {
		terminal->bells++;
	} else {
		assert_in_range((unsigned char)c, ' ', '~');
		assert_in_range(terminal->column, 0, TERMINAL_COLUMNS - 1);
		if (terminal->row[terminal->column] == '\0')
			terminal->row[terminal->column + 1] = '\0';
		terminal->row[terminal->column++] = c;
	}
}

static inline void terminal_write(struct terminal *terminal, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		terminal_put(terminal, text[i]);
}

/** Fails the test unless the row reads `text`, and blanks, and the cursor is in `column`. */
static inline void assert_row(const struct terminal *terminal, const char *text, size_t column)
{
	size_t length = strlen(text);

	if (strncmp(terminal->row, text, length) != 0 ||
		terminal->row[length + strspn(terminal->row + length, " ")] != '\0')
		fail_msg("the row is \"%s\", not \"%s\"", terminal->row, text);
	assert_int_equal(terminal->column, column);
}

#endif
