/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree that was appended to the image, for machines whose loader would change the one that it is
 * given. It says what the machine is; the firmware's tree still says what this boot is about.
 *
 * The tree is changed where it lies, in the room behind it; nothing is owned or locked here.
 *
 * Source: Devicetree Specification v0.4, section 3.6 (/chosen); Linux
 * Documentation/devicetree/bindings/chosen.txt.
 */
#include <port/print.h>
#include "of_private.h"

/** Properties of /chosen that a loader writes; and one that is as good as the board's. */
static const struct {
	const char *name;
	bool keep; /* the appended tree's own, if it has one */
} taken[] = {
	{"bootargs", false},
	{"linux,initrd-start", false},
	{"linux,initrd-end", false},
	{"stdout-path", true},
};

/** One property of the firmware's /chosen into `chosen` of `fdt`; 0 or an error of libfdt's. */
static int take(void *fdt, int chosen, const void *firmware, int from, unsigned int i)
{
	int length;
	const void *value = fdt_getprop(firmware, from, taken[i].name, &length);

	if (!value || (taken[i].keep && fdt_getprop(fdt, chosen, taken[i].name, NULL)))
		return 0;
	return fdt_setprop(fdt, chosen, taken[i].name, value, length);
}

static int take_chosen(void *fdt, const void *firmware)
{
	const int from = firmware ? fdt_path_offset(firmware, "/chosen") : -1;
	int error = 0, chosen;

	if (from < 0)
		return 0;
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	for (unsigned int i = 0; error == 0 && i < sizeof(taken) / sizeof(taken[0]); i++)
		error = take(fdt, chosen, firmware, from, i);
	return error;
}

size_t of_appended(void *fdt, size_t room, const void *firmware)
{
	int error;

	if (fdt_magic(fdt) != FDT_MAGIC)
		return 0;
	if (fdt_totalsize(fdt) > room) {
		print("devicetree: appended to the image: %u bytes, but only %zu can be there: not "
		      "used\n",
			(unsigned int)fdt_totalsize(fdt), room);
		return 0;
	}
	if (of_check(fdt, room) == 0) {
		print("devicetree: appended to the image: can not be read, see above: not used\n");
		return 0;
	}
	error = fdt_open_into(fdt, fdt, (int)room);
	if (error == 0)
		error = take_chosen(fdt, firmware);
	if (error == 0)
		error = fdt_pack(fdt);
	if (error) {
		print("devicetree: appended to the image: the firmware's /chosen can not be added: "
		      "%s: not used\n",
			fdt_strerror(error));
		return 0;
	}
	return fdt_totalsize(fdt);
}
