/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: lines of commands, from the boot arguments or typed.
 *
 * Runs on the boot CPU, in task context. Owns kernel.line, the editor of the line that is being
 * typed. A line holds commands separated by ';', a command holds words separated by blanks, no
 * quoting. The commands themselves are in commands.c.
 */
#include <stdio.h>
#include <string.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"

#define PROMPT "pageframe> "

int monitor_run(int argc, char **argv)
{
	const struct command *row = command_find(commands, nr_commands, argv[0]);

	if (!row) {
		print("monitor: there is no command `%s`; `help` lists them\n", argv[0]);
		return CMD_UNKNOWN;
	}
	if (argc > 1 && row->args[0] == '\0')
		return command_usage(argv[0], "takes no arguments");
	return row->run(argc, argv);
}

/* Run one command; `text` is cut up. Empty ones succeed. */
static int run_command(char *text)
{
	char *argv[COMMAND_MAX_WORDS + 1];
	int argc = parse_words(text, argv);

	if (argc == 0)
		return CMD_OK;
	if (argc < 0) {
		print("monitor: a command may have %d words at most; `help` lists the commands\n",
			COMMAND_MAX_WORDS);
		return CMD_USAGE;
	}
	return monitor_run(argc, argv);
}

/* `text` without blanks at its ends; changed in place. */
static char *trim(char *text)
{
	static const char blanks[] = " \t";
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length > 0 && strchr(blanks, text[length - 1]))
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
	char copy[LINE_MAX_LENGTH + 1], *text;
	unsigned int number = 0;
	bool single = !strchr(line, ';');

	kernel.typed = !scripted;
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

static void echo(const char *text, size_t length)
{
	print("%.*s", (int)length, text);
	print_flush();
}

static const char *candidate(const char *line, unsigned int word, unsigned int nth)
{
	return command_candidate(commands, nr_commands, line, word, nth);
}

static void tell_lost(void)
{
	unsigned long lost = console_lost();

	if (lost > 0)
		print("console: %lu characters came too fast and were lost: %u can wait; paste "
		      "less "
		      "at a time\n",
			lost, CONSOLE_INPUT_MAX);
}

/* Input was lost here: the line that it was a part of must not run. */
static void tear_line(void)
{
	print("\n");
	tell_lost();
	print("monitor: what comes up to the next Enter is dropped\n");
	line_edit_tear(&kernel.line);
}

static void tell_refused(enum line_fault fault)
{
	if (fault == LINE_TOO_LONG)
		print("monitor: that line was not run: it has more than %u characters; type its "
		      "commands one by one\n",
			LINE_MAX_LENGTH);
	else
		print("monitor: that line was not run: a part of it was lost; type it again\n");
}

/* What a byte has led to, but for a line that is ready. */
static void handle_event(enum line_event event)
{
	if (event == LINE_REFUSED)
		tell_refused(kernel.line.fault);
	else if (event == LINE_DROPPED)
		tell_lost();
	else if (event == LINE_CLOSED)
		print("monitor: `poweroff` ends the machine, `help` lists the commands\n");
	if (event != LINE_MORE)
		line_edit_begin(&kernel.line);
}

/* Edit lines until one is ready; returns it, to be cut up. */
static char *read_line(void)
{
	struct line_edit *line = &kernel.line;

	line_edit_begin(line);
	for (;;) {
		int c = console_getc();
		enum line_event event;

		if (c == CONSOLE_LOST) {
			tear_line();
			continue;
		}
		/* Somebody has printed since: the cursor is at the start of a row. */
		if (!print_in_line())
			line_edit_redraw(line);
		event = line_edit_byte(line, (unsigned char)c);
		if (event == LINE_READY)
			return line->text;
		handle_event(event);
	}
}

_Noreturn static void monitor_loop(void)
{
	static const struct line_edit_ops ops = {.write = echo, .candidate = candidate};

	line_edit_init(&kernel.line, &ops, PROMPT);
	print("monitor: `help` lists the commands, Tab completes them\n");
	for (;;) {
		char *line = read_line();
		int status;

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

	if (kernel.bootargs.cut || (script && run_line(script, true) != CMD_OK)) {
		power_failed();
		if (!kernel.bootargs.interactive)
			power_off(1);
	}
	monitor_loop();
}
