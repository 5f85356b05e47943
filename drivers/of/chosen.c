/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /chosen: boot arguments, the initrd and the console.
 *
 * Aliases are looked up here: libfdt follows an alias that names itself until the stack is used
 * up, and takes a value for a string without looking for its end.
 *
 * Source: Devicetree Specification v0.4, sections 3.3 (/aliases) and 3.6 (/chosen); Linux
 * Documentation/devicetree/bindings/chosen.txt (linux,initrd-start and -end).
 */
#include <inttypes.h>
#include <string.h>
#include "of_private.h"

void of_bootargs(const void *fdt, char *buffer, size_t size)
{
	struct of_log log = {.fdt = fdt};
	int length = 0, node = fdt_path_offset(fdt, "/chosen");
	const char *args = node < 0 ? NULL : fdt_getprop(fdt, node, "bootargs", &length);
	size_t bytes = args ? strnlen(args, (size_t)length) : 0;

	if (size == 0)
		return;
	if (args && length > 0 && bytes == (size_t)length)
		of_say(&log, node, "bootargs", "no 0 at its end: its %d bytes used", length);
	if (bytes >= size) {
		of_say(&log, node, "bootargs", "%zu characters: cut to %zu", bytes, size - 1);
		bytes = size - 1;
	}
	of_copy_text(buffer, size, args, bytes);
	for (size_t i = 0; i < bytes; i++) {
		if (args[i] == '\t' || args[i] == '\n' || args[i] == '\r')
			buffer[i] = ' ';
	}
}

/** An address of one or two cells: 1, or 0 if there is none, or -1 after a line. */
static int read_address(struct of_log *log, int node, const char *name, uint64_t *value)
{
	int length;
	const void *data = fdt_getprop(log->fdt, node, name, &length);

	if (!data)
		return 0;
	if (length != 4 && length != 8) {
		of_say(log, node, name, "%d bytes instead of 4 or 8: no initrd kept", length);
		return -1;
	}
	*value = of_number(data, (unsigned int)length / 4);
	return 1;
}

bool of_initrd(const void *fdt, uint64_t *base, uint64_t *end)
{
	static const char start_name[] = "linux,initrd-start", end_name[] = "linux,initrd-end";
	struct of_log log = {.fdt = fdt};
	int node = fdt_path_offset(fdt, "/chosen");
	int has_start, has_end;

	if (node < 0)
		return false;
	has_start = read_address(&log, node, start_name, base);
	has_end = read_address(&log, node, end_name, end);
	if (has_start < 0 || has_end < 0 || (has_start == 0 && has_end == 0))
		return false;
	if (has_start == 0 || has_end == 0) {
		of_say(&log, node, has_start ? end_name : start_name,
			"missing beside the other: no initrd kept");
		return false;
	}
	if (*end <= *base || *end > OF_TOP) {
		of_say(&log, node, start_name,
			"0x%" PRIx64 " to 0x%" PRIx64 " is no range: no initrd kept", *base, *end);
		return false;
	}
	return true;
}

/** The path that alias `name` stands for, up to its end in *length; NULL if there is none. */
static const char *find_alias(const void *fdt, const char *name, int *length)
{
	int aliases = fdt_path_offset(fdt, "/aliases");
	const char *path;

	if (aliases < 0 || *length == 0)
		return NULL;
	path = fdt_getprop_namelen(fdt, aliases, name, *length, length);
	if (!path)
		return NULL;
	*length = (int)strnlen(path, (size_t)*length);
	return path;
}

/** Node that a path or alias of `length` bytes names, options after a colon cut off. */
static int find_console(const void *fdt, const char *path, int length)
{
	const char *colon;

	length = (int)strnlen(path, (size_t)length);
	colon = memchr(path, ':', (size_t)length);
	if (colon)
		length = (int)(colon - path);
	if (length > 0 && path[0] != '/')
		path = find_alias(fdt, path, &length);
	if (!path || length == 0 || path[0] != '/')
		return -1;
	return fdt_path_offset_namelen(fdt, path, length);
}

int of_stdout(const void *fdt)
{
	static const char *const names[] = {"stdout-path", "linux,stdout-path"};
	struct of_log log = {.fdt = fdt};
	int chosen = fdt_path_offset(fdt, "/chosen");

	for (unsigned int i = 0; chosen >= 0 && i < 2; i++) {
		char text[64];
		int length, node;
		const char *path = fdt_getprop(fdt, chosen, names[i], &length);

		if (!path)
			continue;
		node = find_console(fdt, path, length);
		if (node >= 0)
			return node;
		of_copy_text(text, sizeof(text), path, strnlen(path, (size_t)length));
		of_say(&log, chosen, names[i], "'%s' names no node: not used", text);
	}
	return -1;
}
