/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor's row on the terminal: scrolled where the line is longer, and right after any
 * keys.
 */
#include "line_fixture.h"

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
		cmocka_unit_test_setup(echo_of_a_long_paste_is_the_paste, setup),
		cmocka_unit_test_setup(long_line_from_the_history_is_scrolled, setup),
		cmocka_unit_test_setup(any_keys_keep_line_and_row_together, setup),
		cmocka_unit_test_setup(any_bytes_end_in_a_prompt_that_works, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
