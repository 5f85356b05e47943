/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of `layout` share: main.c reads options and the tree, machine.c makes a machine
 * of it, map.c and tables.c draw it with svg.c. Calls go in that order.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <arch/host.h>
#include <arch/zones.h>
#include <drivers/of.h>
#include <mm/mm.h>
#include <port/print.h>

/** A machine as a tree has it, built and not running. */
struct laid_out {
	const char *arch; /* name of the zone layout */
	struct of_numa numa;
	struct of_cpus cpus; /* at least one */
	struct zone_layout zones;
	struct memblock tree; /* as the tree has it: reservations before the allocator's own */
	struct memblock memblock;
	struct mm mm;
	struct host_machine host;
	struct mm_cpu boot_cpu;
	bool pages; /* there are descriptors, and all that is free is in free lists */
};

/** Say "layout: ..." on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Make a machine of a tree of `bytes` bytes, 8-byte aligned. `m` is zero but for `arch` and
 * `pages`; that becomes false where there is too much memory for descriptors. Once: the calling
 * thread is on that machine then. Returns 0, or -1 after lines that say why.
 */
int lay_out(struct laid_out *m, const void *fdt, size_t bytes);

/**
 * Cut [*base, *end) to the addresses of row `row` of the zone layout; false if nothing is left.
 */
bool cut_to_zone(
	const struct zone_layout *layout, unsigned int row, phys_addr_t *base, phys_addr_t *end);

/** Draw the machine; `title` is text for people. Returns 0, or -1 if `file` could not take it. */
int draw(const struct laid_out *m, const char *title, FILE *file);

/**
 * A number of bytes, in the largest unit that it is a whole number of. Valid until 2 later calls of
 * this and of size_about().
 */
const char *size_text(uint64_t bytes);

/** The same in at most four digits; "~" says that it is rounded. */
const char *size_about(uint64_t bytes);

#endif
