/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: bytes typed in, echo out, lines out.
 *
 * A state machine without a terminal, a console or a clock: it can be run anywhere, one byte at a
 * time, however the bytes of a key come. Four parts, one file each:
 *
 *	line_key.c      bytes to keys
 *	line_edit.c     keys to changes of the line
 *	line_history.c  the lines before
 *	line_draw.c     the line to the terminal's row
 *
 * The echo is plain characters, newline and backspace, no escape sequences: any terminal will do.
 * The row used is PROMPT + LINE_WINDOW columns wide whatever the terminal's width is: what is
 * longer scrolls sideways. Only what is typed at the end of a line that has not been scrolled goes
 * on beyond that, as the terminal likes, so that the echo of a paste is the paste.
 */
#ifndef KERNEL_LINE_EDIT_H
#define KERNEL_LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

/** Longest line, in characters. A longer one is refused whole, not cut. */
#define LINE_MAX_LENGTH 512U
/** Lines kept. */
#define LINE_HISTORY 32U
/** Columns behind the prompt in which a line is edited. */
#define LINE_WINDOW 64U

/* ---- line_key.c ---- */

enum line_key {
	KEY_NONE, /* not a key (yet) */
	KEY_TEXT, /* the byte is a printable character */
	KEY_JUNK, /* the byte is neither that nor a key */
	KEY_ENTER,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_OLDER,
	KEY_NEWER,
	KEY_BACKSPACE,
	KEY_DELETE,
	KEY_KILL_BEFORE,
	KEY_KILL_AFTER,
	KEY_KILL_WORD,
	KEY_COMPLETE,
	KEY_REDRAW,
	KEY_DROP,
	KEY_CLOSE, /* Ctrl-D: deletes, or closes an empty line */
	NR_LINE_KEYS
};

/** Where in an escape sequence the input stands. Zero-initialised is outside of any. */
struct line_decoder {
	enum { IN_TEXT, IN_ESCAPE, IN_CSI, IN_SS3, IN_FUNCTION } state;
	unsigned int number; /* first parameter of a control sequence */
	bool number_ended;   /* it has been read */
	bool after_cr;       /* the byte before was a carriage return: a newline belongs to it */
};

/** What `byte` is, after those before it. */
enum line_key line_key_decode(struct line_decoder *decoder, unsigned char byte);

/* ---- line_history.c ---- */

/** The lines before, in a ring. */
struct line_history {
	unsigned int nr;   /* lines ever added */
	unsigned int back; /* lines gone back from the one being typed, 0: at it */
	char line[LINE_HISTORY][LINE_MAX_LENGTH + 1];
	char typed[LINE_MAX_LENGTH + 1]; /* the one being typed, while back > 0 */
};

/** Add a line, unless it is empty or the last one again; and go to the end. */
void line_history_add(struct line_history *history, const char *line);
/** The next older line, or NULL. `current` is kept if it is the one being typed. */
const char *line_history_older(struct line_history *history, const char *current);
/** The next newer line, in the end the one that was being typed; or NULL. */
const char *line_history_newer(struct line_history *history);

/* ---- line_draw.c ---- */

/** What stands in the row behind the prompt. */
struct line_screen {
	char shown[LINE_WINDOW];
	unsigned int columns; /* of them in use */
	unsigned int column;  /* of the cursor */
	unsigned int left;    /* the line's first character in the row */
	bool overflown;       /* more has been written than the row has columns */
};

struct line_edit_ops {
	/** Send echo to the terminal; a newline goes to the start of the next row. */
	void (*write)(const char *text, size_t length);
	/**
	 * Candidate number `nth` for a word at line[word], or NULL after the last. `line` ends in
	 * a NUL; what stands at `word` and behind does not matter.
	 */
	const char *(*candidate)(const char *line, unsigned int word, unsigned int nth);
};

/** Nothing stands behind the prompt. */
void line_screen_clear(struct line_screen *screen);
/** Show `length` characters of `text` with the cursor before text[cursor], by what has changed. */
void line_draw(struct line_screen *screen, const struct line_edit_ops *ops, const char *text,
	unsigned int length, unsigned int cursor);

/* ---- line_edit.c ---- */

/** Why a line is not handed out. */
enum line_fault {
	LINE_GOOD,
	LINE_TOO_LONG, /* over LINE_MAX_LENGTH */
	LINE_TORN,     /* line_edit_tear() */
};

struct line_edit {
	const struct line_edit_ops *ops;
	const char *prompt;
	struct line_decoder decoder;
	struct line_screen screen;
	char text[LINE_MAX_LENGTH + 1]; /* ends in a NUL at all times */
	unsigned int length, cursor;
	enum line_fault fault; /* if there is one, everything up to the line's end is skipped */
	bool tab_again;        /* the key before was a Tab, and more than one word is possible */
	struct line_history history;
};

/** What a byte has brought about. */
enum line_event {
	LINE_MORE,    /* nothing to do */
	LINE_READY,   /* `text` is a line */
	LINE_DROPPED, /* Ctrl-C: there is none */
	LINE_CLOSED,  /* Ctrl-D in an empty line */
	LINE_REFUSED, /* its end has come, and `fault` says why it must not be run */
};

/** An editor with an empty history. `ops` and `prompt` must last. */
void line_edit_init(struct line_edit *edit, const struct line_edit_ops *ops, const char *prompt);

/** Start a line: print the prompt. After each event but LINE_MORE, and first of all. */
void line_edit_begin(struct line_edit *edit);

/** Take one byte. After any event but LINE_MORE the terminal is at the start of a row. */
enum line_event line_edit_byte(struct line_edit *edit, unsigned char byte);

/** Bytes that were typed here are lost: forget the line that they belong to, and refuse it. */
void line_edit_tear(struct line_edit *edit);

/** The prompt and the line again, in a fresh row: something else has been printed. */
void line_edit_redraw(struct line_edit *edit);

/* ---- line_complete.c ---- */

/** Tab: complete the word before the cursor, or list what it may become. */
void line_edit_complete(struct line_edit *edit);

/** Insert `length` characters at the cursor, all or none; false if there is no room. */
bool line_edit_insert(struct line_edit *edit, const char *text, unsigned int length);

#endif
