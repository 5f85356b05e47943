/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the table of commands says to people: the command `help`, lists, and usage messages. Owns
 * nothing.
 */
#include <stdarg.h>
#include <string.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

static void keys_help(void)
{
	print("Keys at the prompt:\n"
	      "  Tab                    complete a command or an argument; twice: list them\n"
	      "  Up, Down (^P ^N)       earlier and later lines\n"
	      "  Left, Right (^B ^F), Home (^A), End (^E)\n"
	      "  Backspace, Delete      the character before, at the cursor\n"
	      "  ^U ^K ^W               all before the cursor, all behind it, the word before it\n"
	      "  ^L                     the line again, in a fresh row\n"
	      "  ^C                     drop the line, and what waits behind it; while `stress`\n"
	      "                         runs: end it\n"
	      "A line has %u characters at most. A byte that is no text is shown as \\x7f is.\n",
		LINE_MAX_LENGTH);
}

/* What `help` explains beside commands. */
static const struct {
	const char *name;
	void (*show)(void);
} topics[] = {
	{"bootargs", bootargs_help},
	{"keys", keys_help},
};
#define NR_TOPICS (sizeof(topics) / sizeof(topics[0]))

/* A long name takes room from the arguments. */
static void list_row(const struct command *row)
{
	int length = (int)strlen(row->name);

	print("  %-9s %-*s %s\n", row->name, 32 - (length > 9 ? length : 9), row->args, row->help);
}

void command_list(const struct command *table, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		list_row(&table[i]);
}

int command_usage(const char *command, const char *format, ...)
{
	const struct command *row = command_find(commands, nr_commands, command);
	va_list args;

	print("%s: ", command);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("; usage: %s%s%s\n", command, row && row->args[0] ? " " : "", row ? row->args : "");
	return CMD_USAGE;
}

static void help_list(void)
{
	static const char *const headings[NR_GROUPS] = {
		[GROUP_MEMORY] = "Memory",
		[GROUP_HAND] = "Allocating by hand",
		[GROUP_TEST] = "Tests",
		[GROUP_MACHINE] = "The machine",
		[GROUP_HELP] = "Help",
	};

	print("Commands, separated by ';'. Numbers are decimal or 0x and hexadecimal.\n");
	for (unsigned int group = 0; group < NR_GROUPS; group++) {
		print("%s:\n", headings[group]);
		for (unsigned int i = 0; i < nr_commands; i++)
			if (commands[i].group == group)
				list_row(&commands[i]);
	}
	print("`help COMMAND` explains one; so do `help keys` and `help bootargs`.\n");
}

/* A heading and the lines of a text below it, indented. */
static void help_part(const char *heading, const char *text)
{
	if (!text)
		return;
	print("%s:\n", heading);
	while (*text) {
		size_t length = strcspn(text, "\n");

		print("  %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void help_command(const struct command *row)
{
	print("%s%s%s: %s\n", row->name, row->args[0] ? " " : "", row->args, row->help);
	help_part("Arguments", row->arguments);
	help_part("Prints", row->prints);
	help_part("Example", row->example);
}

int cmd_help(int argc, char **argv)
{
	const struct command *row;

	if (argc > 2)
		return command_usage(argv[0], "explains one command at a time");
	if (argc == 1) {
		help_list();
		return CMD_OK;
	}
	for (unsigned int i = 0; i < NR_TOPICS; i++) {
		if (strcmp(argv[1], topics[i].name) == 0) {
			topics[i].show();
			return CMD_OK;
		}
	}
	row = command_find(commands, nr_commands, argv[1]);
	if (!row)
		return command_usage(
			argv[0], "there is no command `%s`; `help` lists them", argv[1]);
	help_command(row);
	return CMD_OK;
}

const char *help_candidate(int argc, char **argv, unsigned int nth)
{
	(void)argv;
	if (argc > 1)
		return NULL;
	if (nth < nr_commands)
		return commands[nth].name;
	return nth - nr_commands < NR_TOPICS ? topics[nth - nr_commands].name : NULL;
}
