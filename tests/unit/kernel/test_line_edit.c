/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: keys in, lines out; lines that are too long or torn.
 */
#include "line_fixture.h"

static void typing_and_enter(void **state)
{
	(void)state;
	expect("check", "check", 5);
	enter("check");
	assert_string_equal(terminal.before, PROMPT "check\n");
	enter("");
	expect("two words", "two words", 9);
	assert_int_equal(type("\n"), LINE_READY);
}

static void carriage_return_and_newline_are_one(void **state)
{
	(void)state;
	expect("a", "a", 1);
	enter("a");
	expect("\nb", "b", 1);
	enter("b");
	enter("");
	expect("\n", "", 0);
	assert_int_equal(type("\n"), LINE_READY);
	line_edit_begin(&edit);
	assert_int_equal(type("\n"), LINE_READY);
}

static void moving_and_inserting(void **state)
{
	(void)state;
	expect("cek" LEFT LEFT "h", "chek", 2);
	expect(RIGHT "c", "check", 4);
	expect(HOME "x", "xcheck", 1);
	expect(END "y", "xchecky", 7);
	expect("\001a", "axchecky", 1);
	expect("\005z", "axcheckyz", 9);
	expect("\002\002-", "axcheck-yz", 8);
	expect("\006+", "axcheck-y+z", 10);
	assert_int_equal(terminal.bells, 0);
	enter("axcheck-y+z");
	assert_int_equal(terminal.rows, 1);
}

static void moving_beyond_the_ends_rings(void **state)
{
	(void)state;
	expect(LEFT RIGHT DELETE "\177\025\013\027", "", 0);
	assert_int_equal(terminal.bells, 7);
	expect("ab" RIGHT, "ab", 2);
	expect(HOME LEFT, "ab", 0);
	assert_int_equal(terminal.bells, 9);
}

static void deleting(void **state)
{
	(void)state;
	expect("abcdef\177", "abcde", 5);
	expect("\b", "abcd", 4);
	expect(LEFT "\177", "abd", 2);
	expect(HOME DELETE, "bd", 0);
	expect("\004", "d", 0);
	expect(DELETE, "", 0);
}

static void killing(void **state)
{
	(void)state;
	expect("one two  three\027", "one two  ", 9);
	expect("\027", "one ", 4);
	expect("two three" LEFT LEFT "\025", "ee", 0);
	expect("x y", "x yee", 3);
	expect("\013", "x y", 3);
	expect(LEFT LEFT "\013", "x", 1);
	expect("  \027", "", 0);
}

static void keys_of_other_terminals(void **state)
{
	static const char *const homes[] = {"\033[H", "\033[1~", "\033[7~", "\033OH", "\033[1;5H"};
	static const char *const ends[] = {"\033[F", "\033[4~", "\033[8~", "\033OF", "\033[1;2F"};

	(void)state;
	expect("abc", "abc", 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(homes); i++) {
		expect(homes[i], "abc", 0);
		expect(ends[i], "abc", 3);
	}
	expect("\033OD", "abc", 2);
	expect("\033[1;5D", "abc", 1);
	expect("\033OC", "abc", 2);
}

static void unknown_sequences_are_swallowed_whole(void **state)
{
	static const char *const sequences[] = {"\033[5~", "\033[200~", "\033[201~", "\033OP",
		"\033[[A", "\033[1;2;3;4;5;6;7;8;9;10z", "\033[?1;2c", "\033[99999999999999999~",
		"\033[12;34R", "\033[ q"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sequences); i++) {
		expect("x", "x", 1);
		expect(sequences[i], "x", 1);
		expect("y", "xy", 2);
		expect("\025", "", 0);
	}
}

static void broken_sequences_hold_nothing_back(void **state)
{
	(void)state;
	expect("\033x", "x", 1); /* Escape alone, then a letter */
	expect("\033\033[Dy", "yx", 1);
	expect("\033[\177", "x", 0);
	expect("\033[3\005z", "xz", 2);
	assert_int_equal(type("\033[\r"), LINE_READY);
	line_edit_begin(&edit);
	assert_int_equal(type("a\033O\003"), LINE_DROPPED);
	line_edit_begin(&edit);
	expect("b", "b", 1);
}

static void dropping(void **state)
{
	(void)state;
	assert_int_equal(type("stress ops=1\003"), LINE_DROPPED);
	assert_string_equal(terminal.before, PROMPT "stress ops=1^C\n");
	line_edit_begin(&edit);
	expect("", "", 0);
	expect(UP, "", 0); /* it is not kept either */
}

static void closing(void **state)
{
	(void)state;
	assert_int_equal(type("\004"), LINE_CLOSED);
	assert_int_equal(terminal.column, 0);
	line_edit_begin(&edit);
	expect("a\004", "a", 1);
	assert_int_equal(terminal.bells, 1);
}

static void redrawing(void **state)
{
	(void)state;
	expect("abcd" LEFT, "abcd", 3);
	expect("\014", "abcd", 3);
	assert_string_equal(terminal.before, PROMPT "abcd\n");
	terminal_write(&terminal, "\nnews from elsewhere\n", 21);
	line_edit_redraw(&edit);
	expect("x", "abcxd", 4);
}

static void every_byte_is_a_key_or_shown(void **state)
{
	/* Keys, and what fills time: all other control characters are shown. */
	static const char keys[] =
		"\001\002\003\004\005\006\b\t\n\013\014\r\016\020\025\027\033\021\023";

	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		char line[8], in = (char)byte;

		if (byte == 0 || byte == 0x7f || (byte < ' ' && strchr(keys, (int)byte)))
			continue;
		if (byte >= ' ' && byte < 0x7f)
			snprintf(line, sizeof(line), "x%c", in);
		else
			snprintf(line, sizeof(line), "x\\x%02x", byte);
		expect("x", "x", 1);
		assert_int_equal(type_bytes(&in, 1), LINE_MORE);
		expect("!", strcat(line, "!"), (unsigned int)strlen(line));
		enter(line);
	}
	expect("a", "a", 1);
	type_bytes("\0\021\023", 3);
	expect("b", "ab", 2);
}

static void utf8_is_not_run_in_part(void **state)
{
	(void)state;
	expect("page \303\251", "page \\xc3\\xa9", 13);
	enter("page \\xc3\\xa9");
}

/* ---- too long, torn ---- */

static void longest_line_is_taken(void **state)
{
	(void)state;
	type_times('a', LINE_MAX_LENGTH);
	assert_int_equal(terminal.bells, 0);
	assert_int_equal(type("\r"), LINE_READY);
	assert_int_equal(strlen(edit.text), LINE_MAX_LENGTH);
}

static void longer_line_is_refused_whole(void **state)
{
	(void)state;
	type_times('a', LINE_MAX_LENGTH + 100);
	assert_int_equal(terminal.bells, 1);
	assert_int_equal(type("; poweroff" LEFT "\025\177\004\t" UP "x"), LINE_MORE);
	assert_int_equal(type("\r"), LINE_REFUSED);
	assert_int_equal(edit.fault, LINE_TOO_LONG);
	line_edit_begin(&edit);
	expect(UP, "", 0);
	expect("b", "b", 1);
	enter("b");
}

static void what_does_not_fit_is_not_inserted_in_part(void **state)
{
	(void)state;
	type_times('a', LINE_MAX_LENGTH - 3);
	assert_int_equal(type("\377"), LINE_MORE); /* four characters */
	assert_int_equal(edit.length, LINE_MAX_LENGTH - 3);
	assert_int_equal(type("\r"), LINE_REFUSED);
}

static void long_line_can_be_dropped(void **state)
{
	(void)state;
	type_times('a', LINE_MAX_LENGTH + 1);
	assert_int_equal(type("\003"), LINE_DROPPED);
	line_edit_begin(&edit);
	expect("b", "b", 1);
}

static void torn_line_is_refused(void **state)
{
	(void)state;
	expect("free 0x8", "free 0x8", 8);
	line_edit_tear(&edit);
	assert_int_equal(type("0 3"), LINE_MORE);
	assert_int_equal(type("\r"), LINE_REFUSED);
	assert_int_equal(edit.fault, LINE_TORN);
	line_edit_begin(&edit);
	expect("check", "check", 5);
	enter("check");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(typing_and_enter, setup),
		cmocka_unit_test_setup(carriage_return_and_newline_are_one, setup),
		cmocka_unit_test_setup(moving_and_inserting, setup),
		cmocka_unit_test_setup(moving_beyond_the_ends_rings, setup),
		cmocka_unit_test_setup(deleting, setup),
		cmocka_unit_test_setup(killing, setup),
		cmocka_unit_test_setup(keys_of_other_terminals, setup),
		cmocka_unit_test_setup(unknown_sequences_are_swallowed_whole, setup),
		cmocka_unit_test_setup(broken_sequences_hold_nothing_back, setup),
		cmocka_unit_test_setup(dropping, setup),
		cmocka_unit_test_setup(closing, setup),
		cmocka_unit_test_setup(redrawing, setup),
		cmocka_unit_test_setup(every_byte_is_a_key_or_shown, setup),
		cmocka_unit_test_setup(utf8_is_not_run_in_part, setup),
		cmocka_unit_test_setup(longest_line_is_taken, setup),
		cmocka_unit_test_setup(longer_line_is_refused_whole, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_not_inserted_in_part, setup),
		cmocka_unit_test_setup(long_line_can_be_dropped, setup),
		cmocka_unit_test_setup(torn_line_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
