/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of commands (cmd_*.c) share.
 */
#ifndef KERNEL_CMD_H
#define KERNEL_CMD_H

#include <stdbool.h>

/**
 * The page that `text` names: PFN, physical or linear address; pfn=, pa= and va= say which. False,
 * after a line that starts with `command`, if it names none that has a descriptor.
 */
bool cmd_parse_page(const char *command, const char *text, unsigned long *pfn);

/** Start and end a report for programs, `name`: one line each, nothing but the report between. */
void frame_begin(const char *name);
void frame_end(const char *name);

#endif
