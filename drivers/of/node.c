/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One node: its status, its compatible list, its type.
 *
 * Source: Devicetree Specification v0.4, section 2.3 (standard properties).
 */
#include <string.h>
#include "of_private.h"

bool of_available(const void *fdt, int node)
{
	int length;
	const char *status = fdt_getprop(fdt, node, "status", &length);

	if (!status)
		return true;
	return (length == sizeof("okay") && memcmp(status, "okay", sizeof("okay")) == 0) ||
	       (length == sizeof("ok") && memcmp(status, "ok", sizeof("ok")) == 0);
}

bool of_compatible(const void *fdt, int node, const char *name)
{
	return fdt_node_check_compatible(fdt, node, name) == 0;
}

bool of_is_type(const void *fdt, int node, const char *type)
{
	int length;
	const char *name = fdt_getprop(fdt, node, "device_type", &length);
	size_t want = strlen(type);

	if (name)
		return (size_t)length == want + 1 && memcmp(name, type, want + 1) == 0;
	name = fdt_get_name(fdt, node, &length);
	return name && (size_t)length >= want && memcmp(name, type, want) == 0 &&
	       (name[want] == '\0' || name[want] == '@');
}
