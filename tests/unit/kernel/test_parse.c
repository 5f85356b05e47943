/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/parse.c: what is not wholly a number is none.
 */
#include "kernel/monitor.h"
#include "unit.h"

/* A value that no test expects: nothing has been stored. */
#define UNTOUCHED 0xdeadbeefcafef00dULL

static const struct {
	const char *text;
	uint64_t value;
} numbers[] = {
	{"0", 0},
	{"7", 7},
	{"010", 10},
	{"0x0", 0},
	{"0x1F", 31},
	{"0Xabcdef", 0xabcdef},
	{"18446744073709551615", UINT64_MAX},
	{"0xffffffffffffffff", UINT64_MAX},
	{"00000000000000000000000000000000000001", 1},
};

static const char *const no_numbers[] = {"", " ", "x", "0x", "-1", "+1", " 1", "1 ", "1k", "0x1g",
	"1.5", "18446744073709551616", "0x10000000000000000", "99999999999999999999999",
	"12\xc3\xa9", "\\xff"};

static void numbers_are_read(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t value = UNTOUCHED;

		if (!parse_number(numbers[i].text, &value) || value != numbers[i].value)
			fail_msg("\"%s\"", numbers[i].text);
		value = UNTOUCHED;
		if (!parse_bytes(numbers[i].text, &value) || value != numbers[i].value)
			fail_msg("\"%s\" bytes", numbers[i].text);
	}
}

static void what_is_no_number_stores_nothing(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(no_numbers); i++) {
		uint64_t value = UNTOUCHED;

		if (parse_number(no_numbers[i], &value) || value != UNTOUCHED)
			fail_msg("\"%s\"", no_numbers[i]);
	}
}

static void bytes_have_suffixes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"1k", 1 << 10}, {"3K", 3 << 10}, {"16m", 16 << 20}, {"0x10M", 16 << 20},
		{"2G", 2ULL << 30}, {"1T", 1ULL << 40}, {"16777215T", 16777215ULL << 40}};
	static const char *const bad[] = {
		"k", "1kb", "1KK", "1P", "1@", "16777216T", "0xffffffffffffffffK", "1 K", "-1K"};
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++)
		if (!parse_bytes(good[i].text, &value) || value != good[i].value)
			fail_msg("\"%s\"", good[i].text);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		value = UNTOUCHED;
		if (parse_bytes(bad[i], &value) || value != UNTOUCHED)
			fail_msg("\"%s\"", bad[i]);
	}
}

static void keys(void **state)
{
	const char *word = "node=3";

	(void)state;
	assert_ptr_equal(parse_key(word, "node"), word + 5);
	assert_string_equal(parse_key("node=", "node"), "");
	assert_string_equal(parse_key("a=b=c", "a"), "b=c");
	assert_null(parse_key("node", "node"));
	assert_null(parse_key("nodes=3", "node"));
	assert_null(parse_key("nod=3", "node"));
	assert_null(parse_key("", "node"));
}

static void range_is_told(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	host_print_capture_start();
	assert_true(parse_number_in("alloc", "order", "0", 0, 10, &value));
	assert_int_equal(value, 0);
	assert_true(parse_number_in("alloc", "order", "0xa", 0, 10, &value));
	assert_int_equal(value, 10);
	assert_string_equal(host_print_captured(), "");
	value = UNTOUCHED;
	assert_false(parse_number_in("alloc", "order", "11", 0, 10, &value));
	assert_printed("alloc: order: 11 is out of range; use 0 to 10\n");
	assert_false(parse_number_in("alloc", "order", "1x", 0, 10, &value));
	assert_printed("alloc: order: `1x` is no number; ");
	assert_true(value == UNTOUCHED);
	host_print_capture_stop();
}

static void words_are_cut(void **state)
{
	char text[] = "  alloc\t3   ZERO ", empty[] = " \t ", *words[COMMAND_MAX_WORDS + 1];

	(void)state;
	assert_int_equal(parse_words(text, words), 3);
	assert_string_equal(words[0], "alloc");
	assert_string_equal(words[1], "3");
	assert_string_equal(words[2], "ZERO");
	assert_null(words[3]);
	assert_int_equal(parse_words(empty, words), 0);
	assert_null(words[0]);
}

static void words_have_a_limit(void **state)
{
	char text[2 * COMMAND_MAX_WORDS + 4] = "", *words[COMMAND_MAX_WORDS + 1];

	(void)state;
	for (unsigned int i = 0; i < COMMAND_MAX_WORDS; i++)
		strcat(text, "a ");
	assert_int_equal(parse_words(text, words), COMMAND_MAX_WORDS);
	assert_null(words[COMMAND_MAX_WORDS]);
	for (unsigned int i = 0; i < COMMAND_MAX_WORDS; i++)
		memcpy(text + 2 * i, "a ", 2);
	strcpy(text + 2 * COMMAND_MAX_WORDS, "a");
	assert_int_equal(parse_words(text, words), -1);
}

/* ---- candidates.c ---- */

static const char *colours(int argc, char **argv, unsigned int nth)
{
	static const char *const names[] = {"red", "green"};

	if (argc == 2 && strcmp(argv[1], "red") == 0)
		return nth == 0 ? "light" : NULL;
	return argc == 1 && nth < ARRAY_SIZE(names) ? names[nth] : NULL;
}

static const struct command table[] = {
	{.name = "paint", .args = "COLOUR", .candidate = colours},
	{.name = "wash", .args = ""},
	{.name = "dry",
		.args = "[KEY=VALUE...]",
		.words = (const char *const[]){"by=", "at=", NULL}},
	{.name = "fold", .args = "[once]", .first = (const char *const[]){"once", NULL}},
	{.name = "iron",
		.args = "SHIRT [KEY=VALUE...]",
		.words = (const char *const[]){"heat=", NULL},
		.first = (const char *const[]){NULL}},
};

static const char *candidate_at_end(const char *line, unsigned int nth)
{
	return command_candidate(table, ARRAY_SIZE(table), line, (unsigned int)strlen(line), nth);
}

static void candidates_for_commands_and_arguments(void **state)
{
	(void)state;
	assert_string_equal(candidate_at_end("", 0), "paint");
	assert_string_equal(candidate_at_end("  ", 1), "wash");
	assert_null(candidate_at_end("", ARRAY_SIZE(table)));
	assert_string_equal(candidate_at_end("wash; ", 0), "paint");
	assert_string_equal(candidate_at_end("paint ", 1), "green");
	assert_null(candidate_at_end("paint ", 2));
	assert_string_equal(candidate_at_end("wash;paint red  ", 0), "light");
	assert_null(candidate_at_end("paint green ", 0));
	assert_null(candidate_at_end("wash ", 0));
	assert_null(candidate_at_end("bananas ", 0));
	/* What stands at the word and behind it does not matter. */
	assert_string_equal(
		command_candidate(table, ARRAY_SIZE(table), "paint re; wash", 6, 0), "red");
}

/* A row that lists words, for any argument or for the first. */
static void candidates_by_lists_of_words(void **state)
{
	(void)state;
	assert_string_equal(candidate_at_end("dry ", 1), "at=");
	assert_null(candidate_at_end("dry ", 2));
	assert_null(candidate_at_end("dry ", 3));
	assert_string_equal(candidate_at_end("dry by=sun ", 0), "by=");
	assert_string_equal(candidate_at_end("fold ", 0), "once");
	assert_null(candidate_at_end("fold ", 1));
	assert_null(candidate_at_end("fold once ", 0));
	assert_null(candidate_at_end("iron ", 0));
	assert_string_equal(candidate_at_end("iron white ", 0), "heat=");
	assert_null(candidate_at_end("iron white ", 1));
}

static void candidates_of_endless_lines(void **state)
{
	char line[2048];

	(void)state;
	memset(line, ' ', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_null(candidate_at_end(line, 0));
	for (unsigned int i = 0; i < 2 * (COMMAND_MAX_WORDS + 1); i += 2)
		line[i] = 'a';
	assert_null(command_candidate(table, ARRAY_SIZE(table), line, 100, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(what_is_no_number_stores_nothing),
		cmocka_unit_test(bytes_have_suffixes),
		cmocka_unit_test(keys),
		cmocka_unit_test(range_is_told),
		cmocka_unit_test(words_are_cut),
		cmocka_unit_test(words_have_a_limit),
		cmocka_unit_test(candidates_for_commands_and_arguments),
		cmocka_unit_test(candidates_by_lists_of_words),
		cmocka_unit_test(candidates_of_endless_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
