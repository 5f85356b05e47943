/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot arguments: KEY=VALUE words and flags, then " -- " and monitor commands.
 *
 *	panic_on_misuse=1 interactive -- stress seed=7; check; poweroff
 *
 * Owns kernel.bootargs. They are input from outside: a word that is no good costs one line and is
 * ignored; the commands behind "--" are judged by the monitor.
 */
#include <string.h>
#include <port/boot.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

#define HART_TIMEOUT_DEFAULT 90U
#define HART_TIMEOUT_MAX     3600U

/* True and `flag` set if `value` is 0 or 1. */
static bool set_flag(const char *value, bool *flag)
{
	uint64_t number;

	if (!parse_number(value, &number) || number > 1)
		return false;
	*flag = number == 1;
	return true;
}

static bool set_panic_on_misuse(const char *value)
{
	return set_flag(value, &kernel.bootargs.panic_on_misuse);
}

static bool set_check_tails(const char *value)
{
	return set_flag(value, &kernel.bootargs.check_tails);
}

static bool set_hart_timeout(const char *value)
{
	uint64_t seconds;

	if (!parse_number(value, &seconds) || seconds == 0 || seconds > HART_TIMEOUT_MAX)
		return false;
	kernel.bootargs.hart_timeout = (unsigned int)seconds;
	return true;
}

/* Which modes there are is the machine's: port/boot.h. */
static bool set_paging(const char *value)
{
	return paging_request(value);
}

/* A word without a value. */
static bool set_interactive(const char *value)
{
	if (value)
		return false;
	kernel.bootargs.interactive = true;
	return true;
}

static const struct bootarg {
	const char *key;
	const char *values; /* NULL: a word without a value */
	const char *help;
	bool (*set)(const char *value); /* false: the value is no good */
} table[] = {
	{"panic_on_misuse", "0 or 1", "a report of misuse stops the machine", set_panic_on_misuse},
	{"check_tails", "0 or 1", "look at every page of a freed block", set_check_tails},
	{"hart_timeout", "1 to 3600", "seconds that harts may take to start", set_hart_timeout},
	{"paging", paging_modes, "how addresses are translated", set_paging},
	{"interactive", NULL, "after a failed command: the monitor, not the end", set_interactive},
};
#define NR_BOOTARGS (sizeof(table) / sizeof(table[0]))

void bootargs_help(void)
{
	print("Boot arguments: WORD... -- COMMAND; COMMAND; ...\n");
	for (unsigned int i = 0; i < NR_BOOTARGS; i++)
		print("  %s%-*s  %s%s%s\n", table[i].key, (int)(16 - strlen(table[i].key)),
			table[i].values ? "=" : "", table[i].help, table[i].values ? ": " : "",
			table[i].values ? table[i].values : "");
}

/* False, after a line, if the word is no good. */
static bool apply_word(char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (unsigned int i = 0; i < NR_BOOTARGS; i++) {
		if (strcmp(word, table[i].key) != 0)
			continue;
		if ((value || !table[i].values) && table[i].set(value))
			return true;
		print("bootargs: `%s%s%s`: %s%s; ignored\n", word, value ? "=" : "",
			value ? value : "",
			table[i].values ? "the value must be " : "takes no value",
			table[i].values ? table[i].values : "");
		return false;
	}
	print("bootargs: `%s%s%s` is not known; ignored\n", word, value ? "=" : "",
		value ? value : "");
	return false;
}

void bootargs_read(const void *fdt)
{
	struct bootargs *args = &kernel.bootargs;
	char *next = args->text, *word;
	bool good = true;

	args->hart_timeout = HART_TIMEOUT_DEFAULT;
	of_bootargs(fdt, args->text, sizeof(args->text));
	args->cut = strlen(args->text) == sizeof(args->text) - 1;
	if (args->cut)
		print("bootargs: %u characters or more: no command is run; use shorter ones\n",
			BOOTARGS_MAX - 1);
	if (args->text[0])
		print("bootargs: %s\n", args->text);
	while ((word = strtok_r(next, " \t\n", &next)) && strcmp(word, "--") != 0)
		good &= apply_word(word);
	if (word && !args->cut)
		args->commands = next;
	if (!good)
		print("bootargs: `help bootargs` in the monitor says which words there are\n");
}
