/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `map`: memory as a picture of characters, a cell for each run of pages.
 *
 * Owns nothing: cells are drawn as the zone's runs (mm/page_use.c) come by, and kept nowhere.
 *
 *	runs     |free 64        |allocated 1|free 31 ...
 *	cells    |. . . . |. . . . |# . ...             the use that most of its pages have
 */
#include <string.h>
#include <mm/page_use.h>
#include <port/print.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"
#include "terminal_width.h"

/* What the rows of all zones together are scaled to, if nobody says how many pages a cell has. */
#define MAP_ROWS    16UL
#define MIN_WIDTH   20U
#define MAX_WIDTH   1000U
#define MAX_RUN     (1UL << 40)
#define LABEL_WIDTH 13U /* "0x000080000  " */

struct map {
	const struct zone *zone;
	unsigned int cells; /* of a row */
	unsigned long run;  /* pages of a cell */
	bool colour;
	const char *shown;                /* the colour that is on, or NULL */
	unsigned long pfn;                /* where the cell that is being filled starts */
	unsigned long cell[NR_PAGE_USES]; /* its pages so far, by use */
	unsigned long sum[NR_PAGE_USES];  /* the zone's */
};

static const struct {
	char letter;
	const char *name, *colour; /* SGR parameters of ECMA-48 */
} uses[NR_PAGE_USES] = {
	[PAGE_USE_FREE] = {'.', "free", "32"},
	[PAGE_USE_OFFLINE] = {',', "offline", "90"},
	[PAGE_USE_CACHED] = {'c', "cached", "36"},
	[PAGE_USE_ALLOCATED] = {'#', "allocated", "33"},
	[PAGE_USE_LRU] = {'l', "page cache", "34"},
	[PAGE_USE_RESERVED] = {'R', "reserved", "35"},
	[PAGE_USE_QUARANTINED] = {'q', "quarantined", "95"},
	[PAGE_USE_SET_ASIDE] = {'!', "set aside", "31"},
	[PAGE_USE_MOVING] = {'?', "moving", "37"},
	[PAGE_USE_HOLE] = {'_', "hole", "90"},
};

static void set_colour(struct map *map, const char *colour)
{
	if (!map->colour || map->shown == colour)
		return;
	print("\033[%sm", colour ? colour : "0");
	map->shown = colour;
}

/* The use that most pages of the cell have; one page set aside is enough to be seen. */
static enum page_use cell_use(const struct map *map)
{
	enum page_use best = PAGE_USE_FREE;

	if (map->cell[PAGE_USE_SET_ASIDE])
		return PAGE_USE_SET_ASIDE;
	for (enum page_use use = 0; use < NR_PAGE_USES; use++)
		if (map->cell[use] > map->cell[best])
			best = use;
	return best;
}

static unsigned long zone_end(const struct zone *zone)
{
	return zone->zone_start_pfn + zone->spanned_pages;
}

static void end_row(struct map *map)
{
	set_colour(map, NULL);
	print("\n");
}

/* The cell that ends at pfn `end`. */
static void draw_cell(struct map *map, unsigned long end)
{
	unsigned long nr = (map->pfn - map->zone->zone_start_pfn) / map->run;
	enum page_use use = cell_use(map);

	if (nr % map->cells == 0)
		print("0x%09lx  ", map->pfn);
	set_colour(map, uses[use].colour);
	print("%c", uses[use].letter);
	if (nr % map->cells == map->cells - 1 || end == zone_end(map->zone))
		end_row(map);
	memset(map->cell, 0, sizeof(map->cell));
	map->pfn = end;
}

/* Lay a run into cells. */
static void draw_run(struct map *map, const struct page_run *run)
{
	unsigned long at = run->pfn, end = run->pfn + run->nr;

	map->sum[run->use] += run->nr;
	while (at < end) {
		unsigned long full = map->pfn + map->run, stop = end < full ? end : full;

		map->cell[run->use] += stop - at;
		at = stop;
		if (at == full || at == zone_end(map->zone))
			draw_cell(map, at);
	}
}

static void draw_numbers(const struct map *map)
{
	print(" ");
	for (enum page_use use = 0; use < NR_PAGE_USES; use++)
		print(" %s %lu,", uses[use].name, map->sum[use]);
	print(" in all %lu pages\n", map->zone->spanned_pages);
}

static void draw_zone(struct map *map, const struct zone *zone)
{
	struct page_run run = {.pfn = zone->zone_start_pfn};

	map->zone = zone;
	map->pfn = zone->zone_start_pfn;
	memset(map->sum, 0, sizeof(map->sum));
	print("Node %d, zone %8s: pfn 0x%lx-0x%lx\n", zone->zone_pgdat->node_id, zone->name,
		zone->zone_start_pfn, zone_end(zone));
	while (mm_next_run(&kernel.mm, zone, &run))
		draw_run(map, &run);
	draw_numbers(map);
}

static void draw_legend(struct map *map)
{
	print("map: a cell is %lu pages (%lu KiB), and shows what most of them are:\nmap:",
		map->run, pages_to_kb(map->run));
	for (enum page_use use = 0; use < NR_PAGE_USES; use++) {
		print(" ");
		set_colour(map, uses[use].colour);
		print("%c %s", uses[use].letter, uses[use].name);
		set_colour(map, NULL);
	}
	print("\n");
}

/* Rows of all zones with cells of so many pages. */
static unsigned long count_rows(unsigned int cells, unsigned long run)
{
	unsigned long rows = 0, row = cells * run;
	struct zone *zone;

	for_each_populated_zone (zone, &kernel.mm)
		rows += (zone->spanned_pages + row - 1) / row;
	return rows;
}

/* The least power of two whose rows are few enough, or one for each zone. */
static unsigned long fit_run(unsigned int cells)
{
	unsigned long least = count_rows(cells, MAX_RUN / cells), run = 1;

	while (count_rows(cells, run) > (least > MAP_ROWS ? least : MAP_ROWS))
		run *= 2;
	return run;
}

static bool parse_map(int argc, char **argv, bool *plain, uint64_t *width, uint64_t *run)
{
	for (int i = 1; i < argc; i++) {
		const char *value;

		if (strcmp(argv[i], "plain") == 0) {
			*plain = true;
		} else if ((value = parse_key(argv[i], "width"))) {
			if (!parse_number_in("map", "width", value, MIN_WIDTH, MAX_WIDTH, width))
				return false;
		} else if ((value = parse_key(argv[i], "run"))) {
			if (!parse_number_in("map", "run", value, 1, MAX_RUN / MAX_WIDTH, run))
				return false;
		} else {
			command_usage("map", "`%s` is none of these", argv[i]);
			return false;
		}
	}
	return true;
}

/* In sixteens where there is room, so that rows start at round pfns. */
static unsigned int cells_of_row(unsigned int width)
{
	unsigned int cells = (width < MIN_WIDTH ? MIN_WIDTH : width) - LABEL_WIDTH;

	return cells >= 16 ? cells / 16 * 16 : cells;
}

int cmd_map(int argc, char **argv)
{
	bool plain = !terminal_is_attended();
	uint64_t width = 0, run = 0;
	struct map map = {0};
	struct zone *zone;

	if (!parse_map(argc, argv, &plain, &width, &run))
		return CMD_USAGE;
	if (width == 0)
		width = plain ? TERMINAL_COLUMNS : terminal_columns();
	map.cells = cells_of_row((unsigned int)width);
	map.run = run ? run : fit_run(map.cells);
	map.colour = !plain;
	console_frame_open(); /* a picture is not to be cut by the lines of others */
	for_each_populated_zone (zone, &kernel.mm)
		draw_zone(&map, zone);
	draw_legend(&map);
	console_frame_close();
	return CMD_OK;
}
