/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Tab can complete to: names of commands, and the arguments that their rows know. No state.
 */
#include <string.h>
#include "line_edit.h"
#include "monitor.h"

/* The words of the command that the word at line[word] belongs to, up to that word. */
static int words_before(const char *line, unsigned int word, char *copy, char **words)
{
	unsigned int start = word;

	while (start > 0 && line[start - 1] != ';')
		start--;
	memcpy(copy, line + start, word - start);
	copy[word - start] = '\0';
	return parse_words(copy, words);
}

const char *nth_word(const char *const *words, unsigned int nth)
{
	for (unsigned int i = 0; i < nth; i++)
		if (!words[i])
			return NULL;
	return words[nth];
}

/* Candidate number `nth` by the row of a command. */
static const char *row_candidate(const struct command *row, int argc, char **argv, unsigned int nth)
{
	const char *const *words = argc == 1 && row->first ? row->first : row->words;

	if (row->candidate)
		return row->candidate(argc, argv, nth);
	return words ? nth_word(words, nth) : NULL;
}

const char *command_candidate(const struct command *table, unsigned int nr, const char *line,
	unsigned int word, unsigned int nth)
{
	char copy[LINE_MAX_LENGTH + 1], *words[COMMAND_MAX_WORDS + 1];
	const struct command *row;
	int nr_words;

	if (word > LINE_MAX_LENGTH)
		return NULL;
	nr_words = words_before(line, word, copy, words);
	if (nr_words < 0)
		return NULL;
	if (nr_words == 0)
		return nth < nr ? table[nth].name : NULL;
	row = command_find(table, nr, words[0]);
	return row ? row_candidate(row, nr_words, words, nth) : NULL;
}
