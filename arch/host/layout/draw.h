/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing's parts: a map of the address space above, tables of its numbers below.
 */
#ifndef LAYOUT_DRAW_H
#define LAYOUT_DRAW_H

#include "layout.h"
#include "svg.h"

/** The page, and its columns: labels on the left, then the map. */
#define PAGE_WIDTH 1240.0
#define MARGIN     20.0
#define MAP_LEFT   180.0
#define MAP_RIGHT  (PAGE_WIDTH - MARGIN)

/** CPUs of a node as text: "CPUs 0-3 6", "no CPU". */
void node_cpus_text(const struct mm *mm, int nid, char *text, size_t size);

/** The map, from `y` on; and how high it is. */
double map_height(const struct laid_out *m);
void map_draw(const struct laid_out *m, FILE *file, double y);

/** The tables, from `y` on; without a file nothing is drawn. Returns the y behind them. */
double tables_draw(const struct laid_out *m, FILE *file, double y);

#endif
