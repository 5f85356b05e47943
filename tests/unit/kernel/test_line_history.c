/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the line editor knows of: lines that were entered before, and the words that a tab
 * completes.
 */
#include "line_fixture.h"

/* ---- history ---- */

static void history_goes_back_and_forth(void **state)
{
	(void)state;
	type("one\r");
	line_edit_begin(&edit);
	type("second\r");
	line_edit_begin(&edit);
	expect("thi", "thi", 3);
	expect(UP, "second", 6);
	expect("\020", "one", 3);
	expect(UP, "one", 3);
	assert_int_equal(terminal.bells, 1);
	expect(DOWN, "second", 6);
	expect("\016", "thi", 3);
	expect(DOWN, "thi", 3);
	assert_int_equal(terminal.bells, 2);
	expect("\033OA", "second", 6);
	expect("\033OBrd", "third", 5);
	enter("third");
	expect(UP, "third", 5);
}

static void history_line_is_edited_as_a_copy(void **state)
{
	(void)state;
	type("alloc 3\r");
	line_edit_begin(&edit);
	expect(UP "\177"
		  "4",
		"alloc 4", 7);
	enter("alloc 4");
	expect(UP, "alloc 4", 7);
	expect(UP, "alloc 3", 7);
}

static void history_keeps_no_empty_nor_repeated_line(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		type("same\r");
		line_edit_begin(&edit);
		type("\r");
		line_edit_begin(&edit);
	}
	expect(UP, "same", 4);
	expect(UP, "same", 4);
	assert_int_equal(terminal.bells, 1);
}

static void history_is_bounded(void **state)
{
	char line[16];

	(void)state;
	for (unsigned int i = 0; i < LINE_HISTORY * 3 + 5; i++) {
		snprintf(line, sizeof(line), "line %u\r", i);
		type(line);
		line_edit_begin(&edit);
	}
	for (unsigned int i = 0; i < LINE_HISTORY; i++) {
		snprintf(line, sizeof(line), "line %u", LINE_HISTORY * 3 + 4 - i);
		expect(UP, line, (unsigned int)strlen(line));
	}
	expect(UP, line, (unsigned int)strlen(line));
	assert_int_equal(terminal.bells, 1);
	for (unsigned int i = 1; i < LINE_HISTORY; i++)
		type(DOWN);
	expect(DOWN, "", 0);
}

/* ---- completion ---- */

static void tab_completes_what_is_sure(void **state)
{
	(void)state;
	expect("c\t", "check ", 6);
	expect("\025st\t", "stress ", 7);
	expect("o\t", "stress ops=", 11);
	expect("7 s\t", "stress ops=7 s ", 15); /* only the first argument is known here */
	expect("\025check;st\t", "check;stress ", 13);
	expect("\025check; se\t", "check; se", 9);
	expect("l\t", "check; selftest ", 16);
}

static void tab_in_the_middle(void **state)
{
	(void)state;
	expect("c 5" LEFT LEFT "\t", "check 5", 5);
	expect(HOME "st;" LEFT "\t", "stress ;check 5", 7);
}

static void second_tab_lists(void **state)
{
	(void)state;
	expect("se\t", "se", 2);
	assert_int_equal(terminal.bells, 1);
	expect("\t", "se", 2);
	assert_string_equal(terminal.before, PROMPT "se\n  selftest  seek\n");
	expect("e\t", "seek ", 5);
	assert_int_equal(terminal.rows, 2);
	/* A Tab that completes a part counts as the first. */
	expect("\025z\t", "zone", 4);
	expect("\t", "zone", 4);
	assert_int_equal(terminal.rows, 4);
	expect("s\t", "zones ", 6);
}

static void tabs_of_an_empty_line(void **state)
{
	(void)state;
	expect("\t", "", 0);
	expect("\t", "", 0);
	assert_string_equal(
		terminal.before, PROMPT "\n  check  stress  selftest  seek  zones  zonelists\n");
	expect("c\t", "check ", 6);
	expect("\t\t\t", "check ", 6);
}

static void tabs_in_a_paste_are_blanks(void **state)
{
	(void)state;
	expect("alloc\t3\tDMA", "alloc 3 DMA", 11);
	enter("alloc 3 DMA");
	expect("\tcheck\t", "check ", 6);
}

static void tab_at_the_limit(void **state)
{
	(void)state;
	type_times(';', LINE_MAX_LENGTH - 2);
	assert_int_equal(type("ch\t"), LINE_MORE);
	assert_int_equal(edit.length, LINE_MAX_LENGTH);
	assert_int_equal(type("\r"), LINE_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(history_goes_back_and_forth, setup),
		cmocka_unit_test_setup(history_line_is_edited_as_a_copy, setup),
		cmocka_unit_test_setup(history_keeps_no_empty_nor_repeated_line, setup),
		cmocka_unit_test_setup(history_is_bounded, setup),
		cmocka_unit_test_setup(tab_completes_what_is_sure, setup),
		cmocka_unit_test_setup(tab_in_the_middle, setup),
		cmocka_unit_test_setup(second_tab_lists, setup),
		cmocka_unit_test_setup(tabs_of_an_empty_line, setup),
		cmocka_unit_test_setup(tabs_in_a_paste_are_blanks, setup),
		cmocka_unit_test_setup(tab_at_the_limit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
