/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings: one line each, with the node and the property that it is about.
 *
 * Text of the tree is outside input: it is cut, and what could move a terminal's cursor is shown
 * as '?'. A call prints at most OF_MAX_LINES findings, as each costs a walk of the tree for the
 * node's path and 10 ms of a UART.
 */
#include <stdarg.h>
#include <string.h>
#include <port/print.h>
#include "of_private.h"

void of_copy_text(char *to, size_t size, const char *text, size_t length)
{
	size_t n = length < size - 1 ? length : size - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	to[n] = '\0';
}

void of_copy_name(const void *fdt, int node, char *to, size_t size)
{
	int length = 0;
	const char *name = fdt_get_name(fdt, node, &length);

	of_copy_text(to, size, name ? name : "?", name ? (size_t)length : 1);
}

/** Path of `node`; of one that is too long, the name alone. */
static void copy_path(const void *fdt, int node, char *to)
{
	if (node == OF_MEMRESERVE)
		strcpy(to, "/memreserve/");
	else if (fdt_get_path(fdt, node, to, OF_PATH_BYTES) == 0)
		of_copy_text(to, OF_PATH_BYTES, to, strlen(to));
	else
		of_copy_name(fdt, node, to, OF_PATH_BYTES);
}

void of_say(struct of_log *log, int node, const char *property, const char *format, ...)
{
	char path[OF_PATH_BYTES];
	va_list args;

	if (log->nr++ >= OF_MAX_LINES)
		return;
	copy_path(log->fdt, node, path);
	print("devicetree: %s%s%s: ", path, property ? " " : "", property ? property : "");
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
}

void of_log_end(struct of_log *log)
{
	if (log->nr > OF_MAX_LINES)
		print("devicetree: /: %u more findings are not shown\n", log->nr - OF_MAX_LINES);
}
