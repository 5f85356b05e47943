/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The width of the terminal. Nobody tells a UART: the cursor is sent as far to the right as it
 * goes, and the terminal asked where it is (DSR 6, answered by CPR). The answer comes as input,
 * among what is typed; it is taken from there only if nothing stands before it.
 *
 * Owns nothing. Source of facts: ECMA-48, 8.3.14 CPR and 8.3.35 DSR; DECSC and DECRC of the VT100.
 */
#include <port/cpu.h>
#include <port/print.h>
#include <port/task.h>
#include "kernel.h"
#include "terminal_width.h"

#define ANSWER_MAX 16U
#define LOOK_MS    5U

bool terminal_is_attended(void)
{
	return kernel.typed;
}

/* A number of at most four digits from *at on; false if something else is there. */
static bool take_number(const char *text, unsigned int length, unsigned int *at, int *number)
{
	unsigned int start = *at;

	*number = 0;
	while (*at < length && *at < start + 4 && text[*at] >= '0' && text[*at] <= '9')
		*number = *number * 10 + (text[(*at)++] - '0');
	return *at > start || *at == length;
}

int terminal_parse_answer(const char *text, unsigned int length, unsigned int *used)
{
	static const char shape[] = "\033[0;0R"; /* 0: a number */
	unsigned int at = 0;
	int number = 0;

	for (unsigned int i = 0; shape[i]; i++) {
		if (at == length)
			return 0;
		if (shape[i] == '0' ? !take_number(text, length, &at, &number)
				    : text[at++] != shape[i])
			return -1;
	}
	*used = at;
	return number > 0 ? number : -1;
}

unsigned int terminal_columns(void)
{
	uint64_t hz = cpu_time_hz(), until = cpu_time() + hz / 1000 * TERMINAL_ANSWER_MS;
	char text[ANSWER_MAX];
	unsigned int used;
	int columns;

	if (console_peek(text, sizeof(text)) > 0)
		return TERMINAL_COLUMNS;
	print("\0337\033[999C\033[6n\0338");
	print_flush();
	while ((columns = terminal_parse_answer(text, console_peek(text, sizeof(text)), &used)) ==
			0 &&
		cpu_time() < until)
		task_sleep(cpu_time() + hz / 1000 * LOOK_MS);
	if (columns <= 0)
		return TERMINAL_COLUMNS;
	console_skip(used);
	return (unsigned int)columns;
}
