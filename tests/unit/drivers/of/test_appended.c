/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/appended.c: a tree behind the image, and what it takes from the firmware's.
 */
#include "fixture.h"

static struct tree firmware;

/* A machine with a console, and these two properties of /chosen (or NULL, NULL: no /chosen). */
static const void *machine(struct tree *at, const char *args, const char *console)
{
	tree_begin(at);
	tree_root(at, 2, 2);
	tree_memory(at, RAM, GIB, TREE_NO_NODE);
	if (args || console)
		tree_open(at, "chosen");
	if (args)
		tree_string(at, "bootargs", args);
	if (console)
		tree_string(at, "stdout-path", console);
	if (args || console)
		tree_close(at);
	return tree_end(at);
}

/* The firmware's tree with an initrd in it. */
static const void *loader(const char *args, const char *console)
{
	tree_begin(&firmware);
	tree_root(&firmware, 2, 2);
	tree_memory(&firmware, 2 * RAM, GIB, TREE_NO_NODE);
	tree_open(&firmware, "chosen");
	tree_string(&firmware, "bootargs", args);
	tree_cells(&firmware, "linux,initrd-start", 0x88000000);
	tree_cells(&firmware, "linux,initrd-end", 0x0, 0x88001000);
	if (console)
		tree_string(&firmware, "stdout-path", console);
	tree_close(&firmware);
	return tree_end(&firmware);
}

static const char *chosen(const char *name)
{
	return fdt_getprop(tree.blob, fdt_path_offset(tree.blob, "/chosen"), name, NULL);
}

static void take(const void *from)
{
	size_t bytes = of_appended(tree.blob, sizeof(tree.blob), from);

	assert_int_equal(bytes, fdt_totalsize(tree.blob));
	assert_int_equal(of_check(tree.blob, bytes), bytes);
	/* Its memory stays its own. */
	assert_int_equal(of_scan_memory(tree.blob, &mb, &numa), 1);
	EXPECT_BANKS({RAM, GIB, 0});
	expect_output("");
}

static void loaders_properties(void **state)
{
	uint64_t base, end;

	(void)state;
	machine(&tree, "its own", "/board");
	take(loader("-- check; poweroff", "/firmware"));
	assert_string_equal(chosen("bootargs"), "-- check; poweroff");
	assert_string_equal(chosen("stdout-path"), "/board");
	assert_true(of_initrd(tree.blob, &base, &end));
	assert_int_equal(base, 0x88000000);
	assert_int_equal(end, 0x88001000);
}

static void console_where_it_has_none(void **state)
{
	(void)state;
	machine(&tree, NULL, NULL);
	take(loader("quiet", "/firmware"));
	assert_string_equal(chosen("bootargs"), "quiet");
	assert_string_equal(chosen("stdout-path"), "/firmware");
}

static void own_where_the_loader_says_nothing(void **state)
{
	(void)state;
	machine(&tree, "its own", "/board");
	take(machine(&firmware, NULL, NULL));
	assert_string_equal(chosen("bootargs"), "its own");
	machine(&tree, "its own", "/board");
	memset(&mb, 0, sizeof(mb));
	take(NULL);
	assert_string_equal(chosen("bootargs"), "its own");
}

static void nothing_appended(void **state)
{
	(void)state;
	memset(tree.blob, 0, sizeof(tree.blob));
	assert_int_equal(of_appended(tree.blob, sizeof(tree.blob), loader("quiet", NULL)), 0);
	expect_output("");
}

static void too_long(void **state)
{
	(void)state;
	machine(&tree, NULL, NULL);
	fdt_set_totalsize(tree.blob, 0xfffffff0);
	assert_int_equal(of_appended(tree.blob, sizeof(tree.blob), NULL), 0);
	expect_output("devicetree: appended to the image: 4294967280 bytes, but only 524288 can be "
		      "there: not used\n");
}

static void cut_off(void **state)
{
	(void)state;
	machine(&tree, NULL, NULL);
	fdt_set_totalsize(tree.blob, 64);
	assert_int_equal(of_appended(tree.blob, sizeof(tree.blob), NULL), 0);
	assert_non_null(strstr(host_print_captured(),
		"devicetree: appended to the image: can not be read, see above: not used\n"));
}

/* It just fits, and what the loader says does not. */
static void no_room_for_more(void **state)
{
	(void)state;
	fdt_pack((void *)(uintptr_t)machine(&tree, NULL, NULL));
	assert_int_equal(
		of_appended(tree.blob, fdt_totalsize(tree.blob), loader("quiet", NULL)), 0);
	expect_output("devicetree: appended to the image: the firmware's /chosen can not be added: "
		      "FDT_ERR_NOSPACE: not used\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loaders_properties),
		TEST(console_where_it_has_none),
		TEST(own_where_the_loader_says_nothing),
		TEST(nothing_appended),
		TEST(too_long),
		TEST(cut_off),
		TEST(no_room_for_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
