/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: the table of commands, and lines of them from the boot arguments or typed.
 *
 * Runs on the boot CPU, in task context. Owns nothing but the line that is being typed. A line
 * holds commands separated by ';', a command holds words separated by blanks, no quoting.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

#define BLANKS " \t"

static const struct command commands[] = {
	{"help", "[COMMAND]", "list the commands, or explain one", "`help bootargs` too.",
		cmd_help},
	{"banks", "", "each physical range, who owns it and why", NULL, cmd_banks},
	{"layout", "[json]", "nodes and zones, the memory map, address windows", NULL, cmd_layout},
	{"nodes", "", "nodes, their spans, CPUs and distances", NULL, cmd_nodes},
	{"zones", "", "zones: spans, present, managed and free pages", NULL, cmd_zones},
	{"zonelists", "", "where an allocation looks, in order", NULL, cmd_zonelists},
	{"buddyinfo", "", "free blocks by order, as Linux shows them", NULL, cmd_buddyinfo},
	{"pcp", "", "the per-CPU page caches", NULL, cmd_pcp},
	{"harts", "", "CPUs: state, ticks, interrupts, allocator events", NULL, cmd_harts},
	{"page", "PFN|ADDRESS", "everything known about one page",
		"A plain number is a pfn if memory reaches that far, else a physical or\n"
		"  a linear address; pfn=N, pa=N and va=N say which.",
		cmd_page},
	{"alloc", "ORDER [GFP...] [node=N]", "allocate a block of 2^ORDER pages and hold it",
		"GFP: a number, or words such as KERNEL, ATOMIC, DMA, DMA32, HIGHMEM, ZERO, COMP,\n"
		"  COLD, with or without GFP_ or __GFP_ before them. Default: KERNEL.",
		cmd_alloc},
	{"free", "PFN|ADDRESS|all [ORDER]", "free a block, or all that is held",
		"Without ORDER: a block that `alloc` handed out. With it, any page: the allocator\n"
		"  reports and refuses what does not fit.",
		cmd_free},
	{"held", "", "the blocks that `alloc` handed out", NULL, cmd_held},
	{"drain", "", "give the pages in all per-CPU caches back", NULL, cmd_drain},
	{"check", "", "recount everything; 0 only if it adds up", NULL, cmd_check},
	{"stress", "[KEY=VALUE...]", "SMP stress of the allocator, ends with a verdict",
		"seed=N, ops=N, seconds=N, workers=N, footprint=BYTES.", cmd_stress},
	{"selftest", "[NAME [ARGS]]", "tests on the target; without NAME: which there are", NULL,
		cmd_selftest},
	{"reboot", "", "reset the machine", NULL, cmd_reboot},
	{"poweroff", "", "end; status 0, or 1 if a command failed before", NULL, cmd_poweroff},
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const struct command *table, unsigned int nr, const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

void command_list(const struct command *table, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		print("  %-10s %-24s %s\n", table[i].name, table[i].args, table[i].help);
}

int command_usage(const char *command, const char *format, ...)
{
	const struct command *row = command_find(commands, NR_COMMANDS, command);
	va_list args;

	print("%s: ", command);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("; usage: %s%s%s\n", command, row && row->args[0] ? " " : "", row ? row->args : "");
	return CMD_USAGE;
}

int cmd_help(int argc, char **argv)
{
	const struct command *row;

	if (argc > 2)
		return command_usage(argv[0], "one command at a time");
	if (argc == 1) {
		print("Commands, separated by ';'. Numbers are decimal or 0x and hexadecimal.\n");
		command_list(commands, NR_COMMANDS);
		return CMD_OK;
	}
	if (strcmp(argv[1], "bootargs") == 0) {
		bootargs_help();
		return CMD_OK;
	}
	row = command_find(commands, NR_COMMANDS, argv[1]);
	if (!row)
		return command_usage(argv[0], "there is no command `%s`", argv[1]);
	print("%s %s\n  %s\n", row->name, row->args, row->help);
	if (row->more)
		print("  %s\n", row->more);
	return CMD_OK;
}

/* Cut `text` into words. Returns their number, or -1 if there are too many. */
static int split_words(char *text, char **words)
{
	char *word;
	int nr = 0;

	while ((word = strtok_r(text, BLANKS, &text))) {
		if (nr == COMMAND_MAX_WORDS)
			return -1;
		words[nr++] = word;
	}
	words[nr] = NULL;
	return nr;
}

/* Run one command; `text` is cut up. Empty ones succeed. */
static int run_command(char *text)
{
	char *argv[COMMAND_MAX_WORDS + 1];
	const struct command *row;
	int argc = split_words(text, argv);

	if (argc == 0)
		return CMD_OK;
	if (argc < 0) {
		print("monitor: a command may have %d words at most\n", COMMAND_MAX_WORDS);
		return CMD_USAGE;
	}
	row = command_find(commands, NR_COMMANDS, argv[0]);
	if (!row) {
		print("monitor: there is no command `%s`; `help` lists them\n", argv[0]);
		return CMD_UNKNOWN;
	}
	if (argc > 1 && row->args[0] == '\0')
		return command_usage(argv[0], "takes no arguments");
	return row->run(argc, argv);
}

/* `text` without blanks at its ends; changed in place. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(BLANKS, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/*
 * Run the commands of a line in order, up to the first that fails, and return its status.
 * `scripted`: nobody typed it, so print each before it runs. Say which command failed, unless
 * that is plain: a single one was typed, and has told itself what is wrong.
 */
static int run_line(char *line, bool scripted)
{
	char copy[COMMAND_MAX_LINE + 1], *text;
	unsigned int number = 0;
	bool single = !strchr(line, ';');

	while ((text = strsep(&line, ";"))) {
		int status;

		number++;
		text = trim(text);
		if (scripted && text[0])
			print("monitor: %s\n", text);
		snprintf(copy, sizeof(copy), "%s", text); /* for the message: run_command() cuts */
		status = run_command(text);
		if (status == CMD_OK)
			continue;
		if (scripted || !single)
			print("monitor: command %u `%s` failed: status %d\n", number, copy, status);
		return status;
	}
	return CMD_OK;
}

/* One more character of the line being typed. True if the line is complete. */
static bool edit(char *line, unsigned int *length, int c)
{
	if (c == '\r' || c == '\n') {
		print("\n");
		return true;
	}
	if (c == '\b' || c == 0x7f) {
		if (*length > 0) {
			(*length)--;
			print("\b \b");
		}
	} else if (c == 0x15) { /* Ctrl-U: the whole line */
		for (; *length > 0; (*length)--)
			print("\b \b");
	} else if (c == 0x03) { /* Ctrl-C: a fresh line */
		*length = 0;
		print("^C\n");
		return true;
	} else if (c == '\t') {
		c = ' ';
	}
	if (c >= ' ' && c < 0x7f) {
		if (*length < COMMAND_MAX_LINE) {
			line[(*length)++] = (char)c;
			print("%c", c);
		} else {
			print("\a");
		}
	}
	print_flush();
	return false;
}

static void read_line(char *line)
{
	unsigned long lost = atomic_exchange(&kernel.console.lost, 0);
	unsigned int length = 0;

	if (lost)
		print("console: %lu characters came too fast and were lost\n", lost);
	print("pageframe> ");
	print_flush();
	while (!edit(line, &length, console_getc()))
		;
	line[length] = '\0';
}

_Noreturn static void monitor_loop(void)
{
	char line[COMMAND_MAX_LINE + 1];

	print("monitor: `help` lists the commands\n");
	for (;;) {
		int status;

		read_line(line);
		console_break(); /* one typed at the prompt is not meant for the command */
		status = run_line(line, false);
		/* What was mistyped and did nothing is not held against the run. */
		if (status != CMD_OK && status != CMD_USAGE && status != CMD_UNKNOWN)
			power_failed();
	}
}

void monitor_start(void)
{
	char *script = kernel.bootargs.commands;

	if (script && run_line(script, true) != CMD_OK) {
		power_failed();
		if (!kernel.bootargs.interactive)
			power_off(1);
	}
	monitor_loop();
}
