/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys to changes of the line. Owns struct line_edit but for what the other parts own in it.
 *
 * A line is handed out as it was typed or not at all: one that is too long, or of which something
 * was lost on the way, is skipped to its end and refused. A byte that is no text and no key gets
 * into the line as it is shown, \x7e, four characters that no command takes for anything else.
 *
 * Invariant: cursor <= length <= LINE_MAX_LENGTH, text[length] is NUL, all before is printable.
 */
#include <string.h>
#include "line_edit.h"

static void bell(struct line_edit *edit)
{
	edit->ops->write("\a", 1);
}

static void draw(struct line_edit *edit)
{
	line_draw(&edit->screen, edit->ops, edit->text, edit->length, edit->cursor);
}

void line_edit_init(struct line_edit *edit, const struct line_edit_ops *ops, const char *prompt)
{
	*edit = (struct line_edit){.ops = ops, .prompt = prompt};
}

static void show_prompt(struct line_edit *edit)
{
	edit->ops->write(edit->prompt, strlen(edit->prompt));
	line_screen_clear(&edit->screen);
}

void line_edit_begin(struct line_edit *edit)
{
	edit->length = edit->cursor = 0;
	edit->text[0] = '\0';
	edit->fault = LINE_GOOD;
	edit->history.back = 0;
	show_prompt(edit);
}

void line_edit_redraw(struct line_edit *edit)
{
	show_prompt(edit);
	draw(edit);
}

/* Take `nr` characters out, from `at` on. */
static void cut(struct line_edit *edit, unsigned int at, unsigned int nr)
{
	memmove(edit->text + at, edit->text + at + nr, edit->length - at - nr + 1);
	edit->length -= nr;
	edit->cursor = at;
	draw(edit);
}

/* Show what was typed at the cursor. */
static void draw_inserted(struct line_edit *edit, unsigned int nr)
{
	bool at_end = edit->cursor == edit->length;

	if (at_end && edit->length > LINE_WINDOW && edit->screen.left == 0) {
		/* The terminal knows best how to go on. */
		edit->ops->write(edit->text + edit->length - nr, nr);
		edit->screen.overflown = true;
		return;
	}
	draw(edit);
}

bool line_edit_insert(struct line_edit *edit, const char *text, unsigned int length)
{
	char *at = edit->text + edit->cursor;

	if (length > LINE_MAX_LENGTH - edit->length)
		return false;
	memmove(at + length, at, edit->length - edit->cursor + 1);
	memcpy(at, text, length);
	edit->length += length;
	edit->cursor += length;
	draw_inserted(edit, length);
	return true;
}

static void type(struct line_edit *edit, const char *text, unsigned int length)
{
	if (line_edit_insert(edit, text, length))
		return;
	edit->fault = LINE_TOO_LONG;
	bell(edit);
}

static void type_junk(struct line_edit *edit, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	char text[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};

	type(edit, text, sizeof(text));
}

void line_edit_tear(struct line_edit *edit)
{
	edit->fault = LINE_TORN;
	edit->length = edit->cursor = 0;
	edit->text[0] = '\0';
}

/* Start of the word before the cursor: blanks back, then what is none. */
static unsigned int word_start(const struct line_edit *edit)
{
	unsigned int at = edit->cursor;

	while (at > 0 && edit->text[at - 1] == ' ')
		at--;
	while (at > 0 && edit->text[at - 1] != ' ')
		at--;
	return at;
}

/* From the history. */
static void recall(struct line_edit *edit, const char *line)
{
	if (!line) {
		bell(edit);
		return;
	}
	edit->length = edit->cursor = (unsigned int)strlen(line);
	memcpy(edit->text, line, edit->length + 1);
	draw(edit);
}

static void move(struct line_edit *edit, enum line_key key)
{
	if (key == KEY_LEFT && edit->cursor > 0)
		edit->cursor--;
	else if (key == KEY_RIGHT && edit->cursor < edit->length)
		edit->cursor++;
	else if (key == KEY_HOME)
		edit->cursor = 0;
	else if (key == KEY_END)
		edit->cursor = edit->length;
	else
		bell(edit);
	draw(edit);
}

static void remove_by(struct line_edit *edit, enum line_key key)
{
	unsigned int from = edit->cursor, to = edit->cursor;

	if (key == KEY_KILL_BEFORE)
		from = 0;
	else if (key == KEY_KILL_WORD)
		from = word_start(edit);
	else if (key == KEY_KILL_AFTER)
		to = edit->length;
	else if (key == KEY_BACKSPACE && from > 0)
		from--;
	else if (key == KEY_DELETE && to < edit->length)
		to++;
	if (from == to)
		bell(edit);
	else
		cut(edit, from, to - from);
}

/* A key that changes the line, or where the cursor is. */
static void edit_by(struct line_edit *edit, enum line_key key, unsigned char byte)
{
	char c = (char)byte;

	switch (key) {
	case KEY_TEXT:
		type(edit, &c, 1);
		break;
	case KEY_JUNK:
		type_junk(edit, byte);
		break;
	case KEY_OLDER:
		recall(edit, line_history_older(&edit->history, edit->text));
		break;
	case KEY_NEWER:
		recall(edit, line_history_newer(&edit->history));
		break;
	case KEY_COMPLETE:
		line_edit_complete(edit);
		break;
	case KEY_REDRAW:
		edit->ops->write("\n", 1);
		line_edit_redraw(edit);
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
	case KEY_HOME:
	case KEY_END:
		move(edit, key);
		break;
	default:
		remove_by(edit, key);
		break;
	}
}

/* The line's end has come. */
static enum line_event enter(struct line_edit *edit)
{
	edit->ops->write("\n", 1);
	if (edit->fault != LINE_GOOD)
		return LINE_REFUSED;
	line_history_add(&edit->history, edit->text);
	return LINE_READY;
}

static enum line_event drop(struct line_edit *edit)
{
	edit->ops->write("^C\n", 3);
	return LINE_DROPPED;
}

enum line_event line_edit_byte(struct line_edit *edit, unsigned char byte)
{
	enum line_key key = line_key_decode(&edit->decoder, byte);

	if (key == KEY_NONE)
		return LINE_MORE;
	if (key != KEY_COMPLETE)
		edit->tab_again = false;
	if (key == KEY_ENTER)
		return enter(edit);
	if (key == KEY_DROP)
		return drop(edit);
	if (edit->fault != LINE_GOOD)
		return LINE_MORE;
	if (key == KEY_CLOSE && edit->length == 0) {
		edit->ops->write("\n", 1);
		return LINE_CLOSED;
	}
	edit_by(edit, key == KEY_CLOSE ? KEY_DELETE : key, byte);
	return LINE_MORE;
}
