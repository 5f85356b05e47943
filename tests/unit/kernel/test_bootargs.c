/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/bootargs.c: words that are no good cost a line, and commands are kept whole.
 */
#include <mm/debug.h>
#include <port/boot.h>
#include "kernel/kernel.h"
#include "tree.h"
#include "unit.h"

/* The root of the runtime's state, which start-up owns on a real machine. */
struct kernel kernel;

/* The machine's part. */
const char paging_modes[] = "flat or tall";
static char paging_requested[16];

bool paging_request(const char *name)
{
	if (strcmp(name, "flat") != 0 && strcmp(name, "tall") != 0)
		return false;
	snprintf(paging_requested, sizeof(paging_requested), "%s", name);
	return true;
}

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	paging_requested[0] = '\0';
	host_print_capture_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	return 0;
}

static void boot_with(const char *text)
{
	tree_begin(&tree);
	tree_root(&tree, 2, 2);
	tree_open(&tree, "chosen");
	if (text)
		tree_string(&tree, "bootargs", text);
	tree_close(&tree);
	bootargs_read(tree_end(&tree));
}

static void none(void **state)
{
	(void)state;
	boot_with(NULL);
	assert_null(kernel.bootargs.commands);
	assert_false(kernel.bootargs.interactive);
	assert_false(kernel.bootargs.panic_on_misuse);
	assert_false(kernel.bootargs.check_tails);
	assert_int_equal(kernel.bootargs.hart_timeout, 90);
	assert_false(kernel.bootargs.min_free_given);
	assert_int_equal(kernel.bootargs.lowmem_reserve_ratio[0], 0);
	assert_string_equal(host_print_captured(), "");
}

/* Linux's form and ours add up, in order; what is wrong changes nothing. */
static void faults_are_given(void **state)
{
	const struct mm_fault_attr *attr = &kernel.bootargs.fault;

	(void)state;
	boot_with("fail_page_alloc=2,10,300,-1 fault=min-order=0,verbose=0,seed=5");
	assert_true(kernel.bootargs.fault_given);
	assert_int_equal(attr->interval, 2);
	assert_int_equal(attr->probability, 10);
	assert_int_equal(attr->space, 300);
	assert_int_equal(attr->times, -1);
	assert_int_equal(attr->min_order, 0);
	assert_int_equal(attr->ignore_gfp_wait, 1);
	assert_int_equal(attr->seed, 5);
	boot_with("fail_page_alloc=1,2,3");
	assert_int_equal(times_printed("bootargs: `fail_page_alloc=1,2,3`: the value must be"), 1);
	assert_int_equal(attr->interval, 2);
	kernel.bootargs.fault_given = false;
	boot_with("fault=probability=50,bad=1");
	assert_false(kernel.bootargs.fault_given);
	assert_int_equal(attr->probability, 10);
}

static void words_are_applied(void **state)
{
	(void)state;
	boot_with("panic_on_misuse=1  check_tails=1 hart_timeout=0x10\tpaging=tall interactive");
	assert_true(kernel.bootargs.panic_on_misuse);
	assert_true(kernel.bootargs.check_tails);
	assert_true(kernel.bootargs.interactive);
	assert_int_equal(kernel.bootargs.hart_timeout, 16);
	assert_string_equal(paging_requested, "tall");
	assert_null(kernel.bootargs.commands);
	assert_int_equal(times_printed("\n"), 1); /* the arguments themselves */
}

static void settings_of_the_allocator_are_kept(void **state)
{
	static const unsigned int ratio[] = {1, 0x100, UINT32_MAX};

	(void)state;
	boot_with("min_free_kbytes=0 lowmem_reserve_ratio=1,0x100,4294967295");
	assert_true(kernel.bootargs.min_free_given);
	assert_int_equal(kernel.bootargs.min_free_kbytes, 0);
	assert_memory_equal(kernel.bootargs.lowmem_reserve_ratio, ratio, sizeof(ratio));
	assert_int_equal(times_printed("\n"), 1);
}

/* F3 in the place of the machine that boots. */
static struct machine *machine_at_boot(void)
{
	struct machine *machine = machine_create(&fixture_f3);

	kernel.mm = machine->mm;
	return machine;
}

static void settings_reach_the_allocator(void **state)
{
	struct machine *machine = machine_at_boot();
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	boot_with("min_free_kbytes=800 lowmem_reserve_ratio=256,64,32 check_tails=0 "
		  "panic_on_misuse=1");
	bootargs_apply();
	assert_int_equal(kernel.mm.min_free_kbytes, 800);
	assert_int_equal(low->pages_min, 100);
	assert_int_equal(low->pages_high, 150);
	assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 64);
	assert_int_equal(kernel.mm.lowmem_reserve_ratio[ZONE_NORMAL], 32);
	assert_true(kernel.mm.panic_on_misuse);
	assert_int_equal(mm_debug(&kernel.mm), 0);
	machine_destroy(machine);
}

static void settings_that_were_not_given_stay(void **state)
{
	struct machine *machine = machine_at_boot();
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	boot_with("check_tails=1");
	bootargs_apply();
	assert_int_equal(kernel.mm.min_free_kbytes, 724);
	assert_int_equal(low->pages_min, 90);
	assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 16);
	assert_int_equal(mm_debug(&kernel.mm), MM_DEBUG_TAILS);
	machine_destroy(machine);
}

/* All of memory is the limit: one KiB more is refused, with the limit in the line. */
static void min_free_kbytes_is_at_most_memory(void **state)
{
	struct machine *machine = machine_at_boot();

	(void)state;
	boot_with("min_free_kbytes=32769");
	bootargs_apply();
	assert_printed("bootargs: min_free_kbytes: 32769 KiB are more than the 32768 KiB of "
		       "memory; ignored\n");
	assert_int_equal(kernel.mm.min_free_kbytes, 724);
	assert_false(kernel_set_min_free_kbytes("x", UINT64_MAX));
	assert_printed("x: 18446744073709551615 KiB are more");
	assert_true(kernel_set_min_free_kbytes("x", 32768));
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->pages_min, 4096);
	assert_true(kernel_set_min_free_kbytes("x", 0));
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->pages_high, 0);
	machine_destroy(machine);
}

static void last_word_wins(void **state)
{
	(void)state;
	boot_with("panic_on_misuse=1 hart_timeout=5 panic_on_misuse=0 hart_timeout=7");
	assert_false(kernel.bootargs.panic_on_misuse);
	assert_int_equal(kernel.bootargs.hart_timeout, 7);
}

static void commands_are_kept_as_they_are(void **state)
{
	(void)state;
	boot_with("interactive -- stress seed=7;  check -- x; poweroff");
	assert_true(kernel.bootargs.interactive);
	assert_string_equal(kernel.bootargs.commands, "stress seed=7;  check -- x; poweroff");
}

static void commands_without_words(void **state)
{
	(void)state;
	boot_with("-- check");
	assert_string_equal(kernel.bootargs.commands, "check");
	setup(state);
	boot_with("check_tails=1 --");
	assert_string_equal(kernel.bootargs.commands, "");
}

static void only_a_word_of_two_dashes_starts_commands(void **state)
{
	(void)state;
	boot_with("--check ---");
	assert_null(kernel.bootargs.commands);
	assert_printed("bootargs: `--check` is not known; ignored\n");
	assert_printed("bootargs: `---` is not known; ignored\n");
}

static void levels_of_debugging_by_name(void **state)
{
	(void)state;
	boot_with("debug=poison");
	assert_int_equal(kernel.bootargs.debug, MM_DEBUG_POISON);
	boot_with("debug=owner,tails,poison");
	assert_int_equal(kernel.bootargs.debug, MM_DEBUG_OWNER | MM_DEBUG_TAILS | MM_DEBUG_POISON);
	assert_int_equal(times_printed("ignored"), 0);
}

static void bad_words_cost_a_line_each(void **state)
{
	static const char *const bad[] = {"bananas", "=3", "x=", "panic_on_misuse=7",
		"panic_on_misuse=", "panic_on_misuse", "check_tails=yes", "hart_timeout=0",
		"hart_timeout=3601", "hart_timeout=-1", "paging=round", "paging", "interactive=1",
		"Interactive", "min_free_kbytes=", "min_free_kbytes", "min_free_kbytes=4k",
		"min_free_kbytes=18446744073709551616", "lowmem_reserve_ratio",
		"lowmem_reserve_ratio=", "lowmem_reserve_ratio=1", "lowmem_reserve_ratio=1,2",
		"lowmem_reserve_ratio=1,2,", "lowmem_reserve_ratio=1,2,3,4",
		"lowmem_reserve_ratio=1,,3", "lowmem_reserve_ratio=0,2,3",
		"lowmem_reserve_ratio=1,2,0", "lowmem_reserve_ratio=1,2,4294967296",
		"lowmem_reserve_ratio=1,2,x", "lowmem_reserve_ratio=1,2,000000000000000000000001",
		"lowmem_reserve_ratio=1;2;3", "debug", "debug=", "debug=bananas", "debug=owner,",
		"debug=,owner", "debug=own", "debug=owners"};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		char line[80];

		setup(state);
		boot_with(bad[i]);
		snprintf(line, sizeof(line), "bootargs: `%s`", bad[i]);
		assert_int_equal(times_printed(line), 1);
		assert_printed("; ignored\n");
		assert_printed("`help bootargs` in the monitor");
		assert_false(kernel.bootargs.panic_on_misuse || kernel.bootargs.check_tails ||
			     kernel.bootargs.interactive);
		assert_int_equal(kernel.bootargs.debug, 0);
		assert_int_equal(kernel.bootargs.hart_timeout, 90);
		assert_string_equal(paging_requested, "");
		assert_false(kernel.bootargs.min_free_given);
		assert_int_equal(kernel.bootargs.lowmem_reserve_ratio[0], 0);
	}
}

static void bad_word_leaves_the_others(void **state)
{
	(void)state;
	boot_with("bananas check_tails=1 peaches -- check");
	assert_true(kernel.bootargs.check_tails);
	assert_string_equal(kernel.bootargs.commands, "check");
	assert_int_equal(times_printed("; ignored\n"), 2);
	assert_int_equal(times_printed("help bootargs"), 1);
}

static void what_must_be_is_said(void **state)
{
	(void)state;
	boot_with("hart_timeout=x paging=x interactive=x");
	assert_printed("bootargs: `hart_timeout=x`: the value must be 1 to 3600; ignored\n");
	assert_printed("bootargs: `paging=x`: the value must be flat or tall; ignored\n");
	assert_printed("bootargs: `interactive=x`: takes no value; ignored\n");
}

/* Half of a command may be another one: if something was cut off, none is run. */
static void cut_arguments_run_no_commands(void **state)
{
	char text[BOOTARGS_MAX + 100];

	for (size_t length = BOOTARGS_MAX - 2; length < sizeof(text); length++) {
		setup(state);
		memset(text, 'x', length);
		memcpy(text, "interactive -- ", 15);
		text[length] = '\0';
		boot_with(text);
		assert_true(kernel.bootargs.interactive);
		assert_int_equal(kernel.bootargs.cut, length > BOOTARGS_MAX - 2);
		assert_int_equal(kernel.bootargs.commands == NULL, length > BOOTARGS_MAX - 2);
	}
	assert_printed("no command is run");
}

static void help_lists_every_word(void **state)
{
	static const char *const words[] = {"panic_on_misuse=", "check_tails=", "debug=",
		"hart_timeout=", "paging=", "interactive ",
		"min_free_kbytes=", "lowmem_reserve_ratio="};

	(void)state;
	bootargs_help();
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		assert_printed(words[i]);
	assert_printed("flat or tall");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(none),
		TEST(words_are_applied),
		TEST(faults_are_given),
		TEST(settings_of_the_allocator_are_kept),
		TEST(settings_reach_the_allocator),
		TEST(settings_that_were_not_given_stay),
		TEST(min_free_kbytes_is_at_most_memory),
		TEST(last_word_wins),
		TEST(commands_are_kept_as_they_are),
		TEST(commands_without_words),
		TEST(only_a_word_of_two_dashes_starts_commands),
		TEST(levels_of_debugging_by_name),
		TEST(bad_words_cost_a_line_each),
		TEST(bad_word_leaves_the_others),
		TEST(what_must_be_is_said),
		TEST(cut_arguments_run_no_commands),
		TEST(help_lists_every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
