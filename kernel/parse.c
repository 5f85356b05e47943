/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands by name, and arguments of commands and of the boot: words, numbers, byte counts,
 * key=value.
 * No state. Strict: what is not wholly a number is none.
 */
#include <string.h>
#include <port/print.h>
#include "monitor.h"

const struct command *command_find(const struct command *table, unsigned int nr, const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

int parse_words(char *text, char **words)
{
	char *word;
	int nr = 0;

	words[0] = NULL;
	while ((word = strtok_r(text, " \t", &text))) {
		if (nr == COMMAND_MAX_WORDS)
			return -1;
		words[nr++] = word;
		words[nr] = NULL;
	}
	return nr;
}

/* Value of a digit in any base up to 16, or 16. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

/* Digits from `text` on; returns the first character behind them, or NULL. */
static const char *parse_digits(const char *text, uint64_t *value)
{
	unsigned int base = 10;
	const char *start;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	start = text;
	for (*value = 0; digit_value(*text) < base; text++)
		if (__builtin_mul_overflow(*value, base, value) ||
			__builtin_add_overflow(*value, digit_value(*text), value))
			return NULL;
	return text > start ? text : NULL;
}

bool parse_number(const char *text, uint64_t *value)
{
	uint64_t number;
	const char *end = parse_digits(text, &number);

	if (!end || *end)
		return false;
	*value = number;
	return true;
}

bool parse_bytes(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	uint64_t number;
	const char *end = parse_digits(text, &number), *suffix;

	if (!end)
		return false;
	if (*end) {
		suffix = strchr(suffixes, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!suffix || end[1])
			return false;
		if (__builtin_mul_overflow(
			    number, 1UL << (10 * (unsigned int)(suffix - suffixes + 1)), &number))
			return false;
	}
	*value = number;
	return true;
}

const char *parse_key(const char *word, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(word, key, length) != 0 || word[length] != '=')
		return NULL;
	return word + length + 1;
}

bool parse_number_in(const char *command, const char *what, const char *text, uint64_t min,
	uint64_t max, uint64_t *value)
{
	uint64_t number;

	if (!parse_number(text, &number)) {
		print("%s: %s: `%s` is no number; use decimal, or 0x and hexadecimal digits\n",
			command, what, text);
		return false;
	}
	if (number < min || number > max) {
		print("%s: %s: %s is out of range; use %lu to %lu\n", command, what, text,
			(unsigned long)min, (unsigned long)max);
		return false;
	}
	*value = number;
	return true;
}
