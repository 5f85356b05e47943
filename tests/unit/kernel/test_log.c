/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/log.c: the newest lines of the boot, all or some.
 */
#include "kernel/log.h"
#include "unit.h"

static struct log boot_log;

static int setup(void **state)
{
	(void)state;
	memset(&boot_log, 0, sizeof(boot_log));
	return 0;
}

static void add(const char *text)
{
	log_add(&boot_log, text, strlen(text));
}

static void expect_shown(unsigned long lines, const char *text)
{
	host_print_capture_start();
	log_show(&boot_log, lines);
	assert_string_equal(host_print_captured(), text);
	host_print_capture_stop();
}

static void lines_come_back(void **state)
{
	(void)state;
	expect_shown(10, "");
	add("one\n");
	add("two ");
	add("halves\n");
	add("three\n");
	expect_shown(LOG_SIZE, "one\ntwo halves\nthree\n");
	expect_shown(3, "one\ntwo halves\nthree\n");
	expect_shown(2, "two halves\nthree\n");
	expect_shown(1, "three\n");
}

static void empty_lines_count(void **state)
{
	(void)state;
	add("one\n\n\ntwo\n");
	expect_shown(2, "\ntwo\n");
	expect_shown(4, "one\n\n\ntwo\n");
}

static void closed_log_stays(void **state)
{
	(void)state;
	add("boot\n");
	boot_log.closed = true;
	add("later\n");
	expect_shown(10, "boot\n");
}

/* One line more than there is room for, each 64 characters: whole lines, and how many are gone. */
static void oldest_lines_make_room(void **state)
{
	const unsigned int lines = LOG_SIZE / 64;
	char line[128];

	(void)state;
	for (unsigned int i = 0; i < 3 * lines; i++) {
		snprintf(line, sizeof(line), "%063u\n", i);
		add(line);
		if (i % 61 != 0)
			continue;
		host_print_capture_start();
		log_show(&boot_log, LOG_SIZE);
		/* Once it is full: a line about those that are gone, and one that is cut. */
		assert_int_equal(times_printed("\n"), i < lines ? i + 1 : lines);
		assert_printed(line);
		host_print_capture_stop();
	}
	host_print_capture_start();
	log_show(&boot_log, LOG_SIZE);
	snprintf(line, sizeof(line),
		"log: the first %u lines are gone: the log keeps %u KiB\n%063u\n", 2 * lines + 1,
		LOG_SIZE >> 10, 2 * lines + 1);
	assert_int_equal(strncmp(host_print_captured(), line, strlen(line)), 0);
	host_print_capture_stop();
	snprintf(line, sizeof(line), "%063u\n", 3 * lines - 1);
	expect_shown(1, line);
}

static void cut_line_is_not_shown(void **state)
{
	char tail[LOG_SIZE];

	(void)state;
	memset(tail, 'x', sizeof(tail));
	tail[10] = '\n';
	tail[sizeof(tail) - 1] = '\n';
	add("this one is cut");
	log_add(&boot_log, tail + 10, sizeof(tail) - 10);
	add("12345678901234567890\n");
	host_print_capture_start();
	log_show(&boot_log, LOG_SIZE);
	assert_int_equal(times_printed("cut"), 0);
	assert_int_equal(times_printed("x"), 0);
	assert_printed("log: the first 2 lines are gone");
	assert_printed("\n12345678901234567890\n");
	host_print_capture_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_come_back, setup),
		cmocka_unit_test_setup(empty_lines_count, setup),
		cmocka_unit_test_setup(closed_log_stays, setup),
		cmocka_unit_test_setup(oldest_lines_make_room, setup),
		cmocka_unit_test_setup(cut_line_is_not_shown, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
