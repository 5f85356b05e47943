/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: commands by name, from the boot arguments or typed.
 */
#ifndef KERNEL_MONITOR_H
#define KERNEL_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a command returns; any other positive number is a failure too. */
enum {
	CMD_OK = 0,
	CMD_FAILED = 1,    /* it ran, and what it did or found is bad; it has said so */
	CMD_USAGE = 2,     /* wrong arguments: nothing was done; it has said what is wrong */
	CMD_UNKNOWN = 127, /* there is no such command */
};

/** Under which heading `help` lists a command. */
enum command_group { GROUP_MEMORY, GROUP_HAND, GROUP_TEST, GROUP_MACHINE, GROUP_HELP, NR_GROUPS };

/** A row of a table of commands. Texts of several lines have no newline at their end. */
struct command {
	enum command_group group;
	const char *name;
	const char *args;      /* for people; "" if it takes none */
	const char *help;      /* a few words */
	const char *arguments; /* what each of `args` may be, a line each, or NULL */
	const char *prints;    /* what comes out, or NULL */
	const char *example;   /* a line that could be typed, or NULL */
	/** argv[0] is the name, argv[argc] is NULL; the strings may be changed. Task context. */
	int (*run)(int argc, char **argv);
	/**
	 * For Tab: candidate number `nth` for a word behind the `argc` words in argv, or NULL
	 * after the last. NULL: none known.
	 */
	const char *(*candidate)(int argc, char **argv, unsigned int nth);
	/** If `candidate` is NULL: they are these, wherever the word is. Ends in NULL; or NULL. */
	const char *const *words;
	/** And instead of those, if it is not NULL, for the first argument these. Ends in NULL. */
	const char *const *first;
};

/** Most words that a command may have, its name included. */
#define COMMAND_MAX_WORDS 32

/* The commands, by the file that has them. */
int cmd_help(int argc, char **argv);  /* help.c */
int cmd_banks(int argc, char **argv); /* cmd_mm.c */
int cmd_layout(int argc, char **argv);
int cmd_nodes(int argc, char **argv);
int cmd_zones(int argc, char **argv);
int cmd_zonelists(int argc, char **argv);
int cmd_pcp(int argc, char **argv);
int cmd_page(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_map(int argc, char **argv);       /* cmd_map.c */
int cmd_top(int argc, char **argv);       /* cmd_top.c */
int cmd_sample(int argc, char **argv);    /* cmd_sample.c */
int cmd_buddyinfo(int argc, char **argv); /* cmd_stat.c */
int cmd_vmstat(int argc, char **argv);
int cmd_zoneinfo(int argc, char **argv);
int cmd_numastat(int argc, char **argv);
int cmd_locks(int argc, char **argv);
int cmd_meminfo(int argc, char **argv);
int cmd_show_free_areas(int argc, char **argv);
int cmd_min_free_kbytes(int argc, char **argv);
int cmd_pcp_share(int argc, char **argv);
int cmd_lowmem_reserve_ratio(int argc, char **argv);
int cmd_alloc(int argc, char **argv); /* cmd_alloc.c */
int cmd_free(int argc, char **argv);
int cmd_held(int argc, char **argv);
int cmd_explain(int argc, char **argv); /* cmd_explain.c */
int cmd_debug(int argc, char **argv);   /* cmd_debug.c */
int cmd_owner(int argc, char **argv);
int cmd_mark(int argc, char **argv); /* cmd_leak.c */
int cmd_diff(int argc, char **argv);
int cmd_trace(int argc, char **argv); /* cmd_trace.c */
int cmd_fault(int argc, char **argv); /* cmd_fault.c */
int cmd_harts(int argc, char **argv); /* cmd_system.c */
int cmd_log(int argc, char **argv);
int cmd_reboot(int argc, char **argv);
int cmd_poweroff(int argc, char **argv);
int cmd_threads(int argc, char **argv);  /* cmd_threads.c */
int cmd_selftest(int argc, char **argv); /* cmd_selftest.c */
int cmd_stress(int argc, char **argv);   /* stress/ */
int cmd_bench(int argc, char **argv);    /* bench/ */
int cmd_thrash(int argc, char **argv);   /* cmd_thrash.c */
int cmd_disk(int argc, char **argv);     /* cmd_disk.c */

/** `selftest alloc`: print KTAP lines; CMD_FAILED if a test failed. Nobody else may allocate. */
int selftest_alloc(int argc, char **argv); /* selftest_alloc.c */

/** `selftest misuse`: every misuse is committed, and must be caught; KTAP, as above. */
int selftest_misuse(int argc, char **argv); /* selftest_misuse.c */

/** Faults that are planted, to be looked for: docs/debugging.md (selftest_planted.c). */
int selftest_corrupt(int argc, char **argv);
int selftest_leak(int argc, char **argv);

/** `selftest disk`: many pages to the first disk and back; overwrites its end. */
int selftest_disk(int argc, char **argv); /* selftest_disk.c */

/** An interrupt at each instruction inside the caches. */
int selftest_interrupts(int argc, char **argv); /* selftest_interrupts.c */

/** `selftest registers`: as `selftest threads`. */
int selftest_registers(int argc, char **argv); /* selftest_registers.c */

/** `selftest threads`: print KTAP lines; CMD_FAILED if a test failed. Nobody else may allocate. */
int selftest_threads(int argc, char **argv); /* selftest_threads.c */

/* Candidates for arguments, for the rows of the table; by the file of the command. */
const char *help_candidate(int argc, char **argv, unsigned int nth);
const char *alloc_candidate(int argc, char **argv, unsigned int nth);
const char *explain_candidate(int argc, char **argv, unsigned int nth);
const char *debug_candidate(int argc, char **argv, unsigned int nth);
const char *stress_candidate(int argc, char **argv, unsigned int nth);
const char *bench_candidate(int argc, char **argv, unsigned int nth);
const char *selftest_candidate(int argc, char **argv, unsigned int nth);

/** Run the boot arguments' commands, and then what is typed. Task context of the boot CPU. */
_Noreturn void monitor_start(void);

/** Run the command in argv, a name and its arguments up to a NULL. Context as of that command. */
int monitor_run(int argc, char **argv);

/** The table of all commands (commands.c). */
extern const struct command commands[];
extern const unsigned int nr_commands;

/** The row called `name` in a table of `nr`, or NULL (parse.c). */
const struct command *command_find(const struct command *table, unsigned int nr, const char *name);

/** Print a table's rows: name, arguments, help (help.c, as the next). */
void command_list(const struct command *table, unsigned int nr);

/**
 * "COMMAND: <message>; usage: COMMAND ARGS". Returns CMD_USAGE, so a command can return the call.
 */
int command_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Candidate number `nth` for the word that starts at line[word], or NULL after the last: names of
 * `table`, or what the row of the command before says (candidates.c). Commands end at a ';'.
 */
const char *command_candidate(const struct command *table, unsigned int nr, const char *line,
	unsigned int word, unsigned int nth);

/** Word number `nth` of a list that ends in NULL; NULL behind its end (candidates.c). */
const char *nth_word(const char *const *words, unsigned int nth);

/*
 * Arguments (parse.c). Numbers are decimal or 0x and hexadecimal digits, nothing else.
 */

/**
 * Cut `text` into words at its blanks and tabs, at most COMMAND_MAX_WORDS, and put a NULL behind
 * them in `words`. Returns their number, or -1 if there are more.
 */
int parse_words(char *text, char **words);

/** All of `text` as a number. False, and nothing stored, if it is none or over 64 bits. */
bool parse_number(const char *text, uint64_t *value);

/** As parse_number(), with an optional suffix K, M, G or T: times 2^10, 2^20, 2^30, 2^40. */
bool parse_bytes(const char *text, uint64_t *value);

/** What follows `key=` in `word`, or NULL if it does not start that way. */
const char *parse_key(const char *word, const char *key);

/**
 * As parse_number() within [min, max]; says what is wrong ("COMMAND: WHAT: ...") if it is not.
 */
bool parse_number_in(const char *command, const char *what, const char *text, uint64_t min,
	uint64_t max, uint64_t *value);

#endif
