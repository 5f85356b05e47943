/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion: Tab in the line editor. What words there are, line_edit_ops.candidate() knows; a word
 * ends at a blank or at a ';'.
 *
 * As far as all candidates agree, the word grows; a second Tab lists them. One that is complete is
 * followed by a blank, unless it ends in '=' and wants a value. So is a word that is no candidate:
 * in a paste, Tabs are blanks.
 */
#include <string.h>
#include "line_edit.h"

/** Columns of a list of candidates. */
#define LIST_COLUMNS 72U

/* Those of the candidates that start as the word does. */
struct matches {
	unsigned int word, typed; /* where the word starts, characters up to the cursor */
	unsigned int nr;
	const char *first;
	unsigned int common; /* characters that they all start with */
};

static unsigned int word_at(const struct line_edit *edit)
{
	unsigned int at = edit->cursor;

	while (at > 0 && edit->text[at - 1] != ' ' && edit->text[at - 1] != ';')
		at--;
	return at;
}

/* The next candidate from number *nth on that fits, or NULL; *nth is then the one after it. */
static const char *next_match(
	const struct line_edit *edit, const struct matches *matches, unsigned int *nth)
{
	const char *name;

	while ((name = edit->ops->candidate(edit->text, matches->word, (*nth)++)))
		if (strncmp(name, edit->text + matches->word, matches->typed) == 0)
			return name;
	return NULL;
}

static void find(const struct line_edit *edit, struct matches *matches)
{
	unsigned int word = word_at(edit), nth = 0;
	const char *name;

	*matches = (struct matches){.word = word, .typed = edit->cursor - word};
	while ((name = next_match(edit, matches, &nth))) {
		unsigned int same = 0;

		if (matches->nr++ == 0) {
			matches->first = name;
			matches->common = (unsigned int)strlen(name);
		}
		while (same < matches->common && name[same] == matches->first[same])
			same++;
		matches->common = same;
	}
}

static void list(struct line_edit *edit, const struct matches *matches)
{
	unsigned int nth = 0, column = 0;
	const char *name;

	edit->ops->write("\n", 1);
	while ((name = next_match(edit, matches, &nth))) {
		size_t length = strlen(name);

		if (column > 0 && column + 2 + length > LIST_COLUMNS) {
			edit->ops->write("\n", 1);
			column = 0;
		}
		edit->ops->write("  ", 2);
		edit->ops->write(name, length);
		column += 2 + (unsigned int)length;
	}
	edit->ops->write("\n", 1);
	line_edit_redraw(edit);
}

/* What Tab puts in: the rest that is sure, and a blank if that makes a word. Returns its length. */
static unsigned int grow(struct line_edit *edit, const struct matches *matches)
{
	unsigned int rest = matches->common - matches->typed;
	const char *end = matches->first + matches->common;

	if (!line_edit_insert(edit, end - rest, rest))
		return 0;
	if (matches->nr > 1 || end[-1] == '=' || edit->text[edit->cursor] == ' ')
		return rest;
	return rest + (line_edit_insert(edit, " ", 1) ? 1 : 0);
}

void line_edit_complete(struct line_edit *edit)
{
	struct matches matches;

	find(edit, &matches);
	if (matches.nr == 0 && matches.typed > 0 && line_edit_insert(edit, " ", 1)) {
		edit->tab_again = false;
	} else if (matches.nr > 0 && grow(edit, &matches) > 0) {
		edit->tab_again = matches.nr > 1;
	} else if (matches.nr > 1 && edit->tab_again) {
		list(edit, &matches);
	} else {
		edit->ops->write("\a", 1);
		edit->tab_again = true;
	}
}
