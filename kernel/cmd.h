/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of commands (cmd_*.c) share.
 */
#ifndef KERNEL_CMD_H
#define KERNEL_CMD_H

#include <stdbool.h>
#include <mm/explain.h>

/**
 * The page that `text` names: PFN, physical or linear address; pfn=, pa= and va= say which. False,
 * after a line that starts with `command`, if it names none that has a descriptor.
 */
bool cmd_parse_page(const char *command, const char *text, unsigned long *pfn);

/**
 * `alloc` and `free` of one block, with the arguments from argv[1] on, of which there is one at
 * least (and two at most, for the second). Messages start with `command`. `explain` keeps what the
 * allocator decides, and is printed; NULL: it is not asked. Return as commands do. cmd_alloc.c
 */
int alloc_by_hand(const char *command, int argc, char **argv, struct mm_explain *explain);
int free_by_hand(const char *command, int argc, char **argv, struct mm_explain *explain);

/** "NAME,NAME" as levels of <mm/debug.h>. False if one of them has no such name. bootargs.c */
bool debug_parse(const char *text, unsigned int *levels);

/** Start and end a report for programs, `name`: one line each, nothing but the report between. */
void frame_begin(const char *name);
void frame_end(const char *name);

#endif
