/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line in its row. Keeps in struct line_screen what stands there, and sends what differs:
 *
 *	shown       c h e c k   0         columns 7, column 2
 *	                ^
 *	wanted      c h a r t s           send "arts", a blank over the 0, back to the cursor
 *
 * Backspaces go left, and what stands there already is sent again to go right.
 *
 * Invariant: column <= columns <= LINE_WINDOW unless overflown, when neither means anything.
 */
#include <string.h>
#include "line_edit.h"

/** Scrolling leaves this much of the line in view beside the cursor. */
#define SCROLL_STEP 16U

/* In place of the prompt, in a row that goes on with a line that had overflown its own. */
static const char margin[] = "\n(scrolled) ";

void line_screen_clear(struct line_screen *screen)
{
	*screen = (struct line_screen){.columns = 0};
}

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Which part of the line to show: all, or around the cursor, moving no more than needed. */
static void scroll(struct line_screen *screen, unsigned int length, unsigned int cursor)
{
	if (length <= LINE_WINDOW)
		screen->left = 0;
	else if (cursor < screen->left)
		screen->left = cursor - min(cursor, SCROLL_STEP);
	else if (cursor > screen->left + LINE_WINDOW)
		screen->left = cursor - LINE_WINDOW + SCROLL_STEP;
}

static void repeat(const struct line_edit_ops *ops, char c, unsigned int times)
{
	char text[LINE_WINDOW];

	memset(text, c, times);
	if (times > 0)
		ops->write(text, times);
}

/* Put the cursor at a column in use, or just behind those. */
static void move(struct line_screen *screen, const struct line_edit_ops *ops, unsigned int column)
{
	if (column < screen->column)
		repeat(ops, '\b', screen->column - column);
	else if (column > screen->column)
		ops->write(screen->shown + screen->column, column - screen->column);
	screen->column = column;
}

/* Make the row show `nr` characters of `text`; the cursor is where that ends. */
static void replace(struct line_screen *screen, const struct line_edit_ops *ops, const char *text,
	unsigned int nr)
{
	unsigned int same = 0, before = screen->columns;

	while (same < min(nr, before) && screen->shown[same] == text[same])
		same++;
	if (same == nr && same == before)
		return;
	move(screen, ops, same);
	if (nr > same)
		ops->write(text + same, nr - same);
	memcpy(screen->shown, text, nr);
	screen->columns = screen->column = nr;
	if (before > nr) {
		repeat(ops, ' ', before - nr);
		repeat(ops, '\b', before - nr);
	}
}

void line_draw(struct line_screen *screen, const struct line_edit_ops *ops, const char *text,
	unsigned int length, unsigned int cursor)
{
	if (screen->overflown) {
		ops->write(margin, sizeof(margin) - 1);
		line_screen_clear(screen);
	}
	scroll(screen, length, cursor);
	replace(screen, ops, text + screen->left, min(length - screen->left, LINE_WINDOW));
	move(screen, ops, cursor - screen->left);
}
