/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the line editor's tests share: keys in, and a terminal that has to show the line at all
 * times.
 */
#ifndef TESTS_UNIT_KERNEL_LINE_FIXTURE_H
#define TESTS_UNIT_KERNEL_LINE_FIXTURE_H

#include "kernel/line_edit.h"
#include "terminal.h"

#define PROMPT "pageframe> "
#define MARGIN "(scrolled) " /* as wide as the prompt */
#define WIDTH  (sizeof(PROMPT) - 1)

#define LEFT   "\033[D"
#define RIGHT  "\033[C"
#define UP     "\033[A"
#define DOWN   "\033[B"
#define HOME   "\033[H"
#define END    "\033[F"
#define DELETE "\033[3~"

static struct terminal terminal;
static struct line_edit edit;

static inline void echo(const char *text, size_t length)
{
	terminal_write(&terminal, text, length);
}

/* Commands at the start and behind a ';', arguments of some of them. */
static inline const char *candidate(const char *line, unsigned int word, unsigned int nth)
{
	static const char *const names[] = {
		"check", "stress", "selftest", "seek", "zones", "zonelists"};
	static const char *const options[] = {"seed=", "ops="};

	while (word > 0 && line[word - 1] == ' ')
		word--;
	if (word == 0 || line[word - 1] == ';')
		return nth < ARRAY_SIZE(names) ? names[nth] : NULL;
	if (word >= 6 && strncmp(line + word - 6, "stress", 6) == 0)
		return nth < ARRAY_SIZE(options) ? options[nth] : NULL;
	return NULL;
}

static const struct line_edit_ops ops = {.write = echo, .candidate = candidate};

static inline int setup(void **state)
{
	(void)state;
	memset(&terminal, 0, sizeof(terminal));
	line_edit_init(&edit, &ops, PROMPT);
	line_edit_begin(&edit);
	return 0;
}

/* Type bytes; all but the last must lead to nothing. Returns what the last leads to. */
static inline enum line_event type_bytes(const char *bytes, size_t length)
{
	enum line_event event = LINE_MORE;

	for (size_t i = 0; i < length; i++) {
		assert_int_equal(event, LINE_MORE);
		event = line_edit_byte(&edit, (unsigned char)bytes[i]);
	}
	return event;
}

static inline enum line_event type(const char *keys)
{
	return type_bytes(keys, strlen(keys));
}

/* Type keys, and expect the line and the row to be `line` with the cursor before line[cursor]. */
static inline void expect(const char *keys, const char *line, unsigned int cursor)
{
	char row[TERMINAL_COLUMNS];

	assert_int_equal(type(keys), LINE_MORE);
	assert_string_equal(edit.text, line);
	assert_int_equal(edit.length, strlen(line));
	assert_int_equal(edit.cursor, cursor);
	snprintf(row, sizeof(row), "%s%s", PROMPT, line);
	assert_row(&terminal, row, WIDTH + cursor);
}

/* Enter: this line comes out; then start the next. */
static inline void enter(const char *line)
{
	assert_int_equal(type("\r"), LINE_READY);
	assert_string_equal(edit.text, line);
	assert_int_equal(terminal.column, 0);
	line_edit_begin(&edit);
}

static inline void type_times(char c, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		assert_int_equal(line_edit_byte(&edit, (unsigned char)c), LINE_MORE);
}

#endif
