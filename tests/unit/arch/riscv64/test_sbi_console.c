/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/riscv64/sbi_console.c against firmware of several kinds: with the debug console, without
 * it, with one that refuses, with neither.
 *
 * The fake firmware is written by SBI 2.0, chapter 12, and strict: what a call must not have, an
 * address that is none of memory or a wrong number of bytes, fails the test.
 */
#include <port/firmware.h>
#include "arch/riscv64/image.h"
#include "arch/riscv64/sbi.h"
#include "unit.h"

enum { LEGACY_PUTCHAR = 1, LEGACY_GETCHAR = 2, DBCN_WRITE = 0, DBCN_READ = 1, DBCN_WRITE_BYTE = 2 };
enum { SUCCESS = 0, FAILED = -1, NOT_SUPPORTED = -2, DENIED = -4 };

/* Physical addresses are not where the image is linked. */
#define OFFSET 0x100000000UL

static struct {
	bool has_debug_console, has_legacy;
	long write_error, read_error; /* of the debug console */
	const char *typed;
	char debug_written[256], legacy_written[256];
	unsigned int probes;
} firmware;

static void append(char *written, unsigned long byte)
{
	size_t length = strlen(written);

	assert_in_range(byte, 0, 255);
	assert_in_range(length, 0, 254);
	written[length] = (char)byte;
	written[length + 1] = '\0';
}

static struct sbi_result debug_console(
	unsigned long function, unsigned long arg0, unsigned long arg1, unsigned long arg2)
{
	unsigned char *at = (unsigned char *)(arg1 + OFFSET);

	switch (function) {
	case DBCN_WRITE_BYTE:
		if (firmware.write_error == SUCCESS)
			append(firmware.debug_written, arg0);
		return (struct sbi_result){firmware.write_error, 0};
	case DBCN_READ:
		assert_int_equal(arg0, 1);
		assert_int_equal(arg2, 0);
		if (firmware.read_error != SUCCESS || *firmware.typed == '\0')
			return (struct sbi_result){firmware.read_error, 0};
		*at = (unsigned char)*firmware.typed++;
		return (struct sbi_result){SUCCESS, 1};
	default:
		fail_msg("debug console: function %lu", function);
		return (struct sbi_result){NOT_SUPPORTED, 0};
	}
}

struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
	unsigned long arg1, unsigned long arg2)
{
	if (extension == SBI_EXT_DBCN && firmware.has_debug_console)
		return debug_console(function, arg0, arg1, arg2);
	if (extension == LEGACY_PUTCHAR && firmware.has_legacy) {
		append(firmware.legacy_written, arg0);
		return (struct sbi_result){SUCCESS, 0};
	}
	/* It has only the one register; the other is as before. */
	if (extension == LEGACY_GETCHAR && firmware.has_legacy)
		return (struct sbi_result){
			*firmware.typed ? (unsigned char)*firmware.typed++ : -1, 0x77};
	return (struct sbi_result){NOT_SUPPORTED, 0};
}

bool sbi_has(unsigned long extension)
{
	firmware.probes++;
	return extension == SBI_EXT_DBCN && firmware.has_debug_console;
}

phys_addr_t image_to_phys(const void *addr)
{
	return (uintptr_t)addr - OFFSET;
}

static int setup(void **state)
{
	(void)state;
	memset(&firmware, 0, sizeof(firmware));
	firmware.typed = "";
	return 0;
}

/* Firmware with these consoles, and a boot that has not used any of them yet. */
static void boot_on(bool debug, bool legacy)
{
	firmware.has_debug_console = debug;
	firmware.has_legacy = legacy;
	sbi_console_probe();
	assert_int_equal(firmware.probes, 1);
}

static void write_text(const char *text)
{
	firmware_write(text, (unsigned int)strlen(text));
}

static void expect_written(const char *debug, const char *legacy)
{
	assert_string_equal(firmware.debug_written, debug);
	assert_string_equal(firmware.legacy_written, legacy);
}

static void expect_read(const char *text)
{
	firmware.typed = text;
	for (; *text; text++)
		assert_int_equal(firmware_read(), (unsigned char)*text);
	assert_true(firmware_read() < 0);
	assert_true(firmware_read() < 0);
}

/* The first: nothing has been asked for, and a character is written all the same. */
static void first_character_probes(void **state)
{
	(void)state;
	firmware.has_debug_console = firmware.has_legacy = true;
	write_text("!");
	write_text("!!");
	assert_int_equal(firmware.probes, 1);
	expect_written("!!!", "");
}

static void debug_console_is_preferred(void **state)
{
	(void)state;
	boot_on(true, true);
	assert_string_equal(firmware_console(), "debug console");
	write_text("Pageframe\r\n");
	expect_written("Pageframe\r\n", "");
	expect_read("check\r\xff\x80");
	assert_int_equal(firmware.probes, 1);
}

static void debug_console_alone(void **state)
{
	(void)state;
	boot_on(true, false);
	write_text("a\xe9");
	expect_written("a\xe9", "");
	expect_read("b");
}

static void legacy_stands_in(void **state)
{
	(void)state;
	boot_on(false, true);
	assert_string_equal(firmware_console(), "legacy putchar and getchar");
	write_text("Pageframe\xe9");
	expect_written("", "Pageframe\xe9");
	expect_read("check\r\xff");
	assert_int_equal(firmware.probes, 1);
}

static void refused_write_goes_to_the_legacy_call(void **state)
{
	static const long errors[] = {DENIED, FAILED, NOT_SUPPORTED};

	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
		setup(state);
		boot_on(true, true);
		firmware.write_error = errors[i];
		write_text("no character is lost");
		expect_written("", "no character is lost");
		assert_string_equal(firmware_console(), "legacy putchar and getchar");
		expect_read("x");
	}
}

static void refused_read_goes_to_the_legacy_call(void **state)
{
	(void)state;
	boot_on(true, true);
	firmware.read_error = DENIED;
	firmware.typed = "hi";
	assert_true(firmware_read() < 0);
	expect_read("hi");
	write_text("still");
	expect_written("still", "");
}

static void nothing_there_does_no_harm(void **state)
{
	(void)state;
	boot_on(false, false);
	write_text("unheard");
	expect_written("", "");
	assert_true(firmware_read() < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_character_probes, setup),
		cmocka_unit_test_setup(debug_console_is_preferred, setup),
		cmocka_unit_test_setup(debug_console_alone, setup),
		cmocka_unit_test_setup(legacy_stands_in, setup),
		cmocka_unit_test_setup(refused_write_goes_to_the_legacy_call, setup),
		cmocka_unit_test_setup(refused_read_goes_to_the_legacy_call, setup),
		cmocka_unit_test_setup(nothing_there_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
