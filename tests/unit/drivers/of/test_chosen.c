/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/of/chosen.c: boot arguments, the initrd and the console.
 */
#include "fixture.h"

static char buffer[16];

/* The buffer after reading a tree whose bootargs are these bytes. */
static const char *bootargs(const void *value, size_t bytes)
{
	tree_root(&tree, 2, 2);
	tree_open(&tree, "chosen");
	tree_bytes(&tree, "bootargs", value, bytes);
	tree_close(&tree);
	memset(buffer, '#', sizeof(buffer));
	of_bootargs(tree_end(&tree), buffer, sizeof(buffer));
	return buffer;
}

static void args(void **state)
{
	(void)state;
	assert_string_equal(bootargs("quiet -- check", 15), "quiet -- check");
	expect_output("");
}

static void args_missing(void **state)
{
	(void)state;
	tree_root(&tree, 2, 2);
	memset(buffer, '#', sizeof(buffer));
	of_bootargs(tree_end(&tree), buffer, sizeof(buffer));
	assert_string_equal(buffer, "");
	expect_output("");
}

static void args_empty(void **state)
{
	(void)state;
	assert_string_equal(bootargs(NULL, 0), "");
	expect_output("");
}

static void args_too_long(void **state)
{
	(void)state;
	assert_string_equal(bootargs("0123456789abcdef", 17), "0123456789abcde");
	expect_output("devicetree: /chosen bootargs: 16 characters: cut to 15\n");
}

static void args_just_fit(void **state)
{
	(void)state;
	assert_string_equal(bootargs("0123456789abcde", 16), "0123456789abcde");
	expect_output("");
}

static void args_without_end(void **state)
{
	(void)state;
	assert_string_equal(bootargs("quiet", 5), "quiet");
	expect_output("devicetree: /chosen bootargs: no 0 at its end: its 5 bytes used\n");
}

/* What could move a cursor does not get to whoever prints them. */
static void args_unprintable(void **state)
{
	(void)state;
	assert_string_equal(bootargs("a\tb\nc\r\33[2J\x9b\x7f", 13), "a b c ?[2J??");
	expect_output("");
}

/* A property of an address in so many cells; 0: none. */
static void put_address(const char *name, unsigned int cells, uint64_t value)
{
	unsigned char bytes[12] = {0};

	for (unsigned int i = 0; i < cells * 4 && i < 8; i++)
		bytes[cells * 4 - 1 - i] = (unsigned char)(value >> 8 * i);
	if (cells)
		tree_bytes(&tree, name, bytes, cells * 4);
}

static uint64_t initrd_base, initrd_end;

/* of_initrd() of a tree with these two properties. */
static bool initrd(unsigned int start_cells, uint64_t start, unsigned int end_cells, uint64_t end)
{
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	tree_open(&tree, "chosen");
	put_address("linux,initrd-start", start_cells, start);
	put_address("linux,initrd-end", end_cells, end);
	tree_close(&tree);
	return of_initrd(tree_end(&tree), &initrd_base, &initrd_end);
}

static void expect_initrd(uint64_t base, uint64_t end)
{
	assert_int_equal(initrd_base, base);
	assert_int_equal(initrd_end, end);
	expect_output("");
}

static void initrd_found(void **state)
{
	(void)state;
	assert_true(initrd(1, 0x88200000, 1, 0x884dc6c1));
	expect_initrd(0x88200000, 0x884dc6c1);
	assert_true(initrd(2, 0x1ffffffff, 2, 0x200000000));
	expect_initrd(0x1ffffffff, 0x200000000);
	/* Loaders write what they like: each property counts by its own length. */
	assert_true(initrd(1, 0xfffff000, 2, 0x100000000));
	expect_initrd(0xfffff000, 0x100000000);
	assert_true(initrd(2, 0, 2, 0xfffffffffffff000));
	expect_initrd(0, 0xfffffffffffff000);
}

static void initrd_not_named(void **state)
{
	(void)state;
	assert_false(initrd(0, 0, 0, 0));
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	assert_false(of_initrd(tree_end(&tree), &initrd_base, &initrd_end));
	expect_output("");
}

static void initrd_half_named(void **state)
{
	(void)state;
	assert_false(initrd(2, 0x88000000, 0, 0));
	expect_output("devicetree: /chosen linux,initrd-end: missing beside the other: no initrd "
		      "kept\n");
	assert_false(initrd(0, 0, 2, 0x88000000));
	expect_output("devicetree: /chosen linux,initrd-start: missing beside the other: no initrd "
		      "kept\n");
}

static void initrd_wrong_length(void **state)
{
	(void)state;
	assert_false(initrd(3, 0x88000000, 2, 0x88001000));
	expect_output("devicetree: /chosen linux,initrd-start: 12 bytes instead of 4 or 8: no "
		      "initrd kept\n");
	assert_false(initrd(1, 0x88000000, 3, 0x88001000));
	expect_output("devicetree: /chosen linux,initrd-end: 12 bytes instead of 4 or 8: no initrd "
		      "kept\n");
}

static void initrd_no_range(void **state)
{
	(void)state;
	assert_false(initrd(1, 0x88000000, 1, 0x88000000));
	expect_output("devicetree: /chosen linux,initrd-start: 0x88000000 to 0x88000000 is no "
		      "range: no initrd kept\n");
	assert_false(initrd(1, 0x88000000, 1, 0x87ffffff));
	expect_output("devicetree: /chosen linux,initrd-start: 0x88000000 to 0x87ffffff is no "
		      "range: no initrd kept\n");
	assert_false(initrd(2, 0, 2, 0xfffffffffffff001));
	expect_output("devicetree: /chosen linux,initrd-start: 0x0 to 0xfffffffffffff001 is no "
		      "range: no initrd kept\n");
}

/* A tree with a UART and two aliases, and these two properties of /chosen (or NULL). */
static const void *console_tree(const char *path, const char *linux_path)
{
	tree_root(&tree, 2, 2);
	tree_open(&tree, "soc");
	tree_open(&tree, "serial@10000000");
	tree_close(&tree);
	tree_close(&tree);
	tree_open(&tree, "aliases");
	tree_string(&tree, "serial0", "/soc/serial@10000000");
	tree_string(&tree, "loop", "loop");
	tree_bytes(&tree, "open", "/soc", 4);
	tree_close(&tree);
	tree_open(&tree, "chosen");
	if (path)
		tree_string(&tree, "stdout-path", path);
	if (linux_path)
		tree_string(&tree, "linux,stdout-path", linux_path);
	tree_close(&tree);
	return tree_end(&tree);
}

static void expect_uart(const char *path, const char *linux_path)
{
	const void *fdt;

	tree_begin(&tree);
	fdt = console_tree(path, linux_path);
	assert_string_equal(fdt_get_name(fdt, of_stdout(fdt), NULL), "serial@10000000");
}

static void console(void **state)
{
	(void)state;
	expect_uart("/soc/serial@10000000", NULL);
	expect_uart("/soc/serial@10000000:115200n8", NULL);
	expect_uart("serial0", NULL);
	expect_uart("serial0:115200n8", NULL);
	expect_uart(NULL, "/soc/serial@10000000");
	expect_uart("serial0", "/soc");
	expect_output("");
}

static void console_not_named(void **state)
{
	(void)state;
	assert_int_equal(of_stdout(console_tree(NULL, NULL)), -1);
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	assert_int_equal(of_stdout(tree_end(&tree)), -1);
	expect_output("");
}

/* One that names nothing gives way to the other property. */
static void console_fallback(void **state)
{
	(void)state;
	expect_uart("/soc/serial@9", "serial0");
	expect_output("devicetree: /chosen stdout-path: '/soc/serial@9' names no node: not used\n");
}

static void console_faults(void **state)
{
	static const char *const paths[] = {"serial9", "loop", "", ":115200", "soc\n"};
	char line[120];

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		tree_begin(&tree);
		assert_int_equal(of_stdout(console_tree(paths[i], NULL)), -1);
		snprintf(line, sizeof(line),
			"devicetree: /chosen stdout-path: '%s' names no node: not used\n",
			i == 4 ? "soc?" : paths[i]);
		expect_output(line);
	}
}

/* An alias whose value has no 0 at its end is taken up to its end. */
static void alias_without_end(void **state)
{
	const void *fdt = console_tree("open", NULL);

	(void)state;
	assert_string_equal(fdt_get_name(fdt, of_stdout(fdt), NULL), "soc");
	expect_output("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(args),
		TEST(args_missing),
		TEST(args_empty),
		TEST(args_too_long),
		TEST(args_just_fit),
		TEST(args_without_end),
		TEST(args_unprintable),
		TEST(initrd_found),
		TEST(initrd_not_named),
		TEST(initrd_half_named),
		TEST(initrd_wrong_length),
		TEST(initrd_no_range),
		TEST(console),
		TEST(console_not_named),
		TEST(console_fallback),
		TEST(console_faults),
		TEST(alias_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
