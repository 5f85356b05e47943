/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: keys in, lines out, and a terminal that has to show the line at all times.
 */
#include "kernel/line_edit.h"
#include "terminal.h"

#define PROMPT "pageframe> "
#define MARGIN "(scrolled) " /* as wide as the prompt */
#define WIDTH  (sizeof(PROMPT) - 1)

#define LEFT   "\033[D"
#define RIGHT  "\033[C"
#define UP     "\033[A"
#define DOWN   "\033[B"
#define HOME   "\033[H"
#define END    "\033[F"
#define DELETE "\033[3~"

static struct terminal terminal;
static struct line_edit edit;

static void echo(const char *text, size_t length)
{
	terminal_write(&terminal, text, length);
}

/* Commands at the start and behind a ';', arguments of some of them. */
static const char *candidate(const char *line, unsigned int word, unsigned int nth)
{
	static const char *const names[] = {
		"check", "stress", "selftest", "seek", "zones", "zonelists"};
	static const char *const options[] = {"seed=", "ops="};

	while (word > 0 && line[word - 1] == ' ')
		word--;
	if (word == 0 || line[word - 1] == ';')
		return nth < ARRAY_SIZE(names) ? names[nth] : NULL;
	if (word >= 6 && strncmp(line + word - 6, "stress", 6) == 0)
		return nth < ARRAY_SIZE(options) ? options[nth] : NULL;
	return NULL;
}

static const struct line_edit_ops ops = {.write = echo, .candidate = candidate};

static int setup(void **state)
{
	(void)state;
	memset(&terminal, 0, sizeof(terminal));
	line_edit_init(&edit, &ops, PROMPT);
	line_edit_begin(&edit);
	return 0;
}

/* Type bytes; all but the last must lead to nothing. Returns what the last leads to. */
static enum line_event type_bytes(const char *bytes, size_t length)
{
	enum line_event event = LINE_MORE;

	for (size_t i = 0; i < length; i++) {
		assert_int_equal(event, LINE_MORE);
		event = line_edit_byte(&edit, (unsigned char)bytes[i]);
	}
	return event;
}

static enum line_event type(const char *keys)
{
	return type_bytes(keys, strlen(keys));
}

/* Type keys, and expect the line and the row to be `line` with the cursor before line[cursor]. */
static void expect(const char *keys, const char *line, unsigned int cursor)
{
	char row[TERMINAL_COLUMNS];

	assert_int_equal(type(keys), LINE_MORE);
	assert_string_equal(edit.text, line);
	assert_int_equal(edit.length, strlen(line));
	assert_int_equal(edit.cursor, cursor);
	snprintf(row, sizeof(row), "%s%s", PROMPT, line);
	assert_row(&terminal, row, WIDTH + cursor);
}

/* Enter: this line comes out; then start the next. */
static void enter(const char *line)
{
	assert_int_equal(type("\r"), LINE_READY);
	assert_string_equal(edit.text, line);
	assert_int_equal(terminal.column, 0);
	line_edit_begin(&edit);
}

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

static void type_times(char c, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		assert_int_equal(line_edit_byte(&edit, (unsigned char)c), LINE_MORE);
}

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

/* ---- the row ---- */

/* What the row has to look like, by the line, the cursor, and how far it has been scrolled. */
static void assert_shown(bool scrolled)
{
	const struct line_screen *screen = &edit.screen;
	unsigned int columns = screen->overflown ? LINE_MAX_LENGTH : LINE_WINDOW;
	char row[TERMINAL_COLUMNS];

	assert_in_range(edit.cursor, screen->left, screen->left + columns);
	snprintf(row, sizeof(row), "%s%.*s", scrolled ? MARGIN : PROMPT, (int)columns,
		edit.text + screen->left);
	assert_row(&terminal, row, WIDTH + edit.cursor - screen->left);
}

static void echo_of_a_long_paste_is_the_paste(void **state)
{
	char line[200], row[TERMINAL_COLUMNS];

	(void)state;
	for (unsigned int i = 0; i < sizeof(line); i++)
		line[i] = (char)('a' + i % 26);
	line[sizeof(line) - 1] = '\0';
	snprintf(row, sizeof(row), "%s%s", PROMPT, line);
	assert_int_equal(type(line), LINE_MORE);
	assert_row(&terminal, row, strlen(row));
	assert_int_equal(terminal.rows, 0);
	/* To change it, it gets a row of its own. */
	assert_int_equal(type(LEFT), LINE_MORE);
	assert_int_equal(terminal.rows, 1);
	assert_shown(true);
	type(HOME "X");
	assert_shown(true);
	assert_int_equal(edit.screen.left, 0);
	type(END "Y");
	assert_shown(true);
	assert_int_equal(terminal.rows, 1);
	line[0] = 'X';
	assert_int_equal(edit.text[0], 'X');
	assert_int_equal(edit.text[edit.length - 1], 'Y');
}

static void long_line_from_the_history_is_scrolled(void **state)
{
	(void)state;
	type_times('a', 150);
	type("\r");
	line_edit_begin(&edit);
	type(UP);
	assert_int_equal(edit.length, 150);
	assert_shown(false);
	type("b");
	assert_shown(false);
	assert_int_equal(terminal.rows, 1);
}

/* The same keys on a string, without thinking of screens. */
struct model {
	char text[LINE_MAX_LENGTH + 1];
	unsigned int length, cursor;
};

static void model_cut(struct model *model, unsigned int from, unsigned int to)
{
	memmove(model->text + from, model->text + to, model->length + 1 - to);
	model->length -= to - from;
	model->cursor = from;
}

static void model_text(struct model *model, char c)
{
	memmove(model->text + model->cursor + 1, model->text + model->cursor,
		model->length + 1 - model->cursor);
	model->text[model->cursor++] = c;
	model->length++;
}

static const char *random_key(struct model *model, uint64_t *seed)
{
	static char text[2];
	unsigned int word = model->cursor;

	switch (next_random(seed, 24)) {
	case 0:
		model->cursor -= model->cursor > 0;
		return LEFT;
	case 1:
		model->cursor += model->cursor < model->length;
		return RIGHT;
	case 2:
		model->cursor = 0;
		return next_random(seed, 2) ? HOME : "\001";
	case 3:
		model->cursor = model->length;
		return END;
	case 4:
	case 5:
		if (model->cursor > 0)
			model_cut(model, model->cursor - 1, model->cursor);
		return next_random(seed, 2) ? "\177" : "\b";
	case 6:
		if (model->cursor < model->length)
			model_cut(model, model->cursor, model->cursor + 1);
		return DELETE;
	case 7:
		while (word > 0 && model->text[word - 1] == ' ')
			word--;
		while (word > 0 && model->text[word - 1] != ' ')
			word--;
		model_cut(model, word, model->cursor);
		return "\027";
	case 8:
		if (next_random(seed, 16))
			return "\033[200~";
		model_cut(model, 0, model->cursor);
		return "\025";
	case 9:
		if (next_random(seed, 16))
			return "\033[5~";
		model_cut(model, model->cursor, model->length);
		return "\013";
	default:
		if (model->length == LINE_MAX_LENGTH)
			return "\033";
		text[0] = (char)(next_random(seed, 5) ? 'a' + next_random(seed, 26) : ' ');
		model_text(model, text[0]);
		return text;
	}
}

static void any_keys_keep_line_and_row_together(void **state)
{
	uint64_t seed = test_seed(0x11e7);
	struct model model = {.length = 0};
	bool scrolled = false;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		unsigned int rows = terminal.rows;

		assert_int_equal(type(random_key(&model, &seed)), LINE_MORE);
		assert_string_equal(edit.text, model.text);
		assert_int_equal(edit.length, model.length);
		assert_int_equal(edit.cursor, model.cursor);
		scrolled |= terminal.rows != rows;
		assert_shown(scrolled);
	}
	/* Only a line that was longer than the row has been given another. */
	assert_true(scrolled);
}

static void any_bytes_end_in_a_prompt_that_works(void **state)
{
	uint64_t seed = test_seed(0xb17e5);

	(void)state;
	for (unsigned int i = 0; i < 1000000; i++) {
		unsigned char byte = (unsigned char)next_random(&seed, 256);

		if (line_edit_byte(&edit, byte) != LINE_MORE) {
			for (const char *c = edit.text; *c; c++)
				assert_in_range(*c, ' ', '~');
			assert_int_equal(terminal.column, 0);
			line_edit_begin(&edit);
		}
		assert_in_range(edit.cursor, 0, edit.length);
		assert_int_equal(strlen(edit.text), edit.length);
	}
	line_edit_byte(&edit, '\003');
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
		cmocka_unit_test_setup(echo_of_a_long_paste_is_the_paste, setup),
		cmocka_unit_test_setup(long_line_from_the_history_is_scrolled, setup),
		cmocka_unit_test_setup(any_keys_keep_line_and_row_together, setup),
		cmocka_unit_test_setup(any_bytes_end_in_a_prompt_that_works, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
