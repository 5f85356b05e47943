/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /chosen: boot arguments and the console.
 *
 * Aliases are looked up here: libfdt follows an alias that names itself until the stack is used
 * up, and takes a value for a string without looking for its end.
 *
 * Source: Devicetree Specification v0.4, sections 3.3 (/aliases) and 3.6 (/chosen).
 */
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
	if (bytes)
		memcpy(buffer, args, bytes);
	buffer[bytes] = '\0';
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
