/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot arguments: KEY=VALUE words and flags, then " -- " and monitor commands.
 *
 *	panic_on_misuse=1 interactive -- stress seed=7; check; poweroff
 *
 * Owns kernel.bootargs. They are input from outside: a word that is no good costs one line and is
 * ignored; the commands behind "--" are judged by the monitor.
 */
#include <string.h>
#include <mm/debug.h>
#include <port/boot.h>
#include <port/print.h>
#include "cmd.h"
#include "kernel.h"
#include "monitor.h"

#define HART_TIMEOUT_DEFAULT 90U
#define HART_TIMEOUT_MAX     3600U

/* True and `flag` set if `value` is 0 or 1. */
static bool set_flag(const char *value, bool *flag)
{
	uint64_t number;

	if (!parse_number(value, &number) || number > 1)
		return false;
	*flag = number == 1;
	return true;
}

static bool set_panic_on_misuse(const char *value)
{
	return set_flag(value, &kernel.bootargs.panic_on_misuse);
}

static bool set_check_tails(const char *value)
{
	return set_flag(value, &kernel.bootargs.check_tails);
}

static bool set_hart_timeout(const char *value)
{
	uint64_t seconds;

	if (!parse_number(value, &seconds) || seconds == 0 || seconds > HART_TIMEOUT_MAX)
		return false;
	kernel.bootargs.hart_timeout = (unsigned int)seconds;
	return true;
}

/* How much memory there is decides in bootargs_apply(). */
static bool set_min_free_kbytes(const char *value)
{
	if (!parse_number(value, &kernel.bootargs.min_free_kbytes))
		return false;
	kernel.bootargs.min_free_given = true;
	return true;
}

/* "A,B,C", by type of the protected zone. */
static bool set_lowmem_reserve_ratio(const char *value)
{
	unsigned int ratio[MAX_NR_ZONES - 1];

	for (unsigned int i = 0; i < MAX_NR_ZONES - 1; i++) {
		size_t length = strcspn(value, ",");
		bool last = i == MAX_NR_ZONES - 2;
		char digits[24];
		uint64_t number;

		if (length >= sizeof(digits) || (value[length] == '\0') != last)
			return false;
		memcpy(digits, value, length);
		digits[length] = '\0';
		if (!parse_number(digits, &number) || number == 0 || number > UINT32_MAX)
			return false;
		ratio[i] = (unsigned int)number;
		value += length + !last;
	}
	memcpy(kernel.bootargs.lowmem_reserve_ratio, ratio, sizeof(ratio));
	return true;
}

static bool set_pcp_share(const char *value)
{
	uint64_t share;

	if (!parse_number(value, &share) || share > UINT32_MAX)
		return false;
	kernel.bootargs.pcp_share = (unsigned int)share;
	return true;
}

/* Which modes there are is the machine's: port/boot.h. */
static bool set_paging(const char *value)
{
	return paging_request(value);
}

bool debug_parse(const char *text, unsigned int *levels)
{
	unsigned int found = 0;

	for (;;) {
		const size_t length = strcspn(text, ",");
		const struct mm_debug_level *level = mm_debug_find(text, length);

		if (!level)
			return false;
		found |= level->bit;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	*levels = found;
	return true;
}

static bool set_debug(const char *value)
{
	return debug_parse(value, &kernel.bootargs.debug);
}

/* Both forms start from Linux's defaults, and the later one adds to the earlier. */
static struct mm_fault_attr fault_attr(void)
{
	return kernel.bootargs.fault_given ? kernel.bootargs.fault
					   : (struct mm_fault_attr)MM_FAULT_DEFAULTS;
}

/* All that was given could be read: what could not leaves the level off. */
static bool take_fault(const struct mm_fault_attr *attr)
{
	kernel.bootargs.fault = *attr;
	kernel.bootargs.fault_given = true;
	return true;
}

static bool set_fail_page_alloc(const char *value)
{
	struct mm_fault_attr attr = fault_attr();

	return mm_fault_parse_list(&attr, value) && take_fault(&attr);
}

/* "NAME=VALUE,NAME=VALUE", as `fault` has them. */
static bool set_fault(const char *value)
{
	struct mm_fault_attr attr = fault_attr();

	for (;;) {
		const size_t length = strcspn(value, ",");

		if (!mm_fault_parse(&attr, value, length))
			return false;
		if (value[length] == '\0')
			return take_fault(&attr);
		value += length + 1;
	}
}

/* A word without a value. */
static bool set_interactive(const char *value)
{
	if (value)
		return false;
	kernel.bootargs.interactive = true;
	return true;
}

static bool set_eager(const char *value)
{
	if (value)
		return false;
	kernel.bootargs.eager = true;
	return true;
}

static const struct bootarg {
	const char *key;
	const char *values; /* NULL: a word without a value */
	const char *help;
	bool (*set)(const char *value); /* false: the value is no good */
} table[] = {
	{"panic_on_misuse", "0 or 1", "a report of misuse stops the machine", set_panic_on_misuse},
	{"check_tails", "0 or 1", "look at every page of a freed block", set_check_tails},
	{"debug", "NAME,NAME", "levels of debugging, as `debug` lists them", set_debug},
	{"fail_page_alloc", "INTERVAL,PROBABILITY,SPACE,TIMES", "requests fail, as Linux's",
		set_fail_page_alloc},
	{"fault", "NAME=VALUE,NAME=VALUE", "requests fail, as `help fault` says", set_fault},
	{"hart_timeout", "1 to 3600", "seconds that harts may take to start", set_hart_timeout},
	{"min_free_kbytes", "KiB, at most the memory there is", "what is kept free",
		set_min_free_kbytes},
	{"lowmem_reserve_ratio", "A,B,C, 1 or more each", "reserves of DMA, DMA32, Normal",
		set_lowmem_reserve_ratio},
	{"pcp_share", "a number",
		"a part of memory, one in so many, may be cached in blocks; 0: none",
		set_pcp_share},
	{"eager", NULL, "all memory comes online at boot, not as it is needed", set_eager},
	{"paging", paging_modes, "how addresses are translated", set_paging},
	{"interactive", NULL, "after a failed command: the monitor, not the end", set_interactive},
};
#define NR_BOOTARGS (sizeof(table) / sizeof(table[0]))

void bootargs_help(void)
{
	print("Boot arguments: WORD... -- COMMAND; COMMAND; ...\n");
	for (unsigned int i = 0; i < NR_BOOTARGS; i++)
		print("  %s%-*s  %s%s%s\n", table[i].key, (int)(21 - strlen(table[i].key)),
			table[i].values ? "=" : "", table[i].help, table[i].values ? ": " : "",
			table[i].values ? table[i].values : "");
}

/* False, after a line, if the word is no good. */
static bool apply_word(char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (unsigned int i = 0; i < NR_BOOTARGS; i++) {
		if (strcmp(word, table[i].key) != 0)
			continue;
		if ((value || !table[i].values) && table[i].set(value))
			return true;
		print("bootargs: `%s%s%s`: %s%s; ignored\n", word, value ? "=" : "",
			value ? value : "",
			table[i].values ? "the value must be " : "takes no value",
			table[i].values ? table[i].values : "");
		return false;
	}
	print("bootargs: `%s%s%s` is not known; ignored\n", word, value ? "=" : "",
		value ? value : "");
	return false;
}

void bootargs_read(const void *fdt)
{
	struct bootargs *args = &kernel.bootargs;
	char *next = args->text, *word;
	bool good = true;

	args->hart_timeout = HART_TIMEOUT_DEFAULT;
	args->pcp_share = MM_PCP_SHARE;
	of_bootargs(fdt, args->text, sizeof(args->text));
	args->cut = strlen(args->text) == sizeof(args->text) - 1;
	if (args->cut)
		print("bootargs: %u characters or more: no command is run; use shorter ones\n",
			BOOTARGS_MAX - 1);
	if (args->text[0])
		print("bootargs: %s\n", args->text);
	while ((word = strtok_r(next, " \t\n", &next)) && strcmp(word, "--") != 0)
		good &= apply_word(word);
	if (word && !args->cut)
		args->commands = next;
	if (!good)
		print("bootargs: `help bootargs` in the monitor says which words there are\n");
}

bool kernel_set_min_free_kbytes(const char *who, uint64_t kbytes)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone (zone, &kernel.mm)
		pages += zone->present_pages;
	if (kbytes > pages_to_kb(pages)) {
		print("%s: %lu KiB are more than the %lu KiB of memory; ignored\n", who,
			(unsigned long)kbytes, pages_to_kb(pages));
		return false;
	}
	mm_set_min_free_kbytes(&kernel.mm, (unsigned long)kbytes);
	return true;
}

void bootargs_apply(void)
{
	struct mm *mm = &kernel.mm;
	const struct bootargs *args = &kernel.bootargs;

	mm->panic_on_misuse = args->panic_on_misuse;
	mm_debug_set(mm, MM_DEBUG_TAILS, args->check_tails);
	if (args->min_free_given)
		kernel_set_min_free_kbytes("bootargs: min_free_kbytes", args->min_free_kbytes);
	if (args->lowmem_reserve_ratio[0])
		mm_set_lowmem_reserve_ratio(mm, args->lowmem_reserve_ratio);
}

void bootargs_debug(void)
{
	mm_debug_set(&kernel.mm, kernel.bootargs.debug, true);
	if (kernel.bootargs.fault_given)
		mm_fault_set(&kernel.mm, &kernel.bootargs.fault);
}
