/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map: addresses from left to right, to scale.
 *
 *	zones     |------ DMA32 ------|------ Normal ------|
 *	node 0    [####]........[#########].................   banks, coloured by zone, and what is
 *	node 1    ......  [#####]..........[###############]   taken of them; spans of zones below
 *	          0x8000..      0x1000..                       where banks begin and end
 *
 * Dots are memory of other nodes. What is blank here, and drawn darker, is no memory at all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "draw.h"
#include "scale.h"

#define LEGEND_HEIGHT 28.0
#define BAND_HEIGHT   22.0
#define LANE_HEIGHT   54.0 /* of a node */
#define BAR_HEIGHT    34.0 /* of a bank in its lane: above what it is, below what is taken of it */
#define SPAN_HEIGHT   4.0  /* of a zone's span below it */
#define AXIS_HEIGHT   34.0
#define FONT          12.0
#define SMALL_FONT    10.0
/** What is taken is drawn at least so wide. */
#define LEAST_WIDTH 1.5
#define MAX_TIP     160

static struct scale scale;

static const char *const zone_class[MAX_NR_ZONES] = {
	[ZONE_DMA] = "dma",
	[ZONE_DMA32] = "dma32",
	[ZONE_NORMAL] = "normal",
	[ZONE_HIGHMEM] = "highmem",
};

/* Every node has all types of zones, if only by name. */
static const char *zone_name(const struct laid_out *m, unsigned int row)
{
	return m->mm.pgdat_list->node_zones[m->mm.layout->limit[row].type].name;
}

static double text_room(const char *text, double font)
{
	return svg_text_width((int)strlen(text), font) + 6;
}

static double legend_item(FILE *file, double x, double y, const char *class, const char *text)
{
	svg_rect(file, class, x, y, 16, 12, NULL);
	svg_text(file, "text", SVG_LEFT, x + 21, y + 10.5, "%s", text);
	return x + 21 + svg_text_width((int)strlen(text), FONT) + 14;
}

static void draw_legend(const struct laid_out *m, FILE *file, double y)
{
	const struct zone_layout *layout = m->mm.layout;
	double x = MARGIN;

	for (unsigned int i = 0; i < layout->nr; i++)
		x = legend_item(file, x, y, zone_class[layout->limit[i].type], zone_name(m, i));
	x = legend_item(file, x, y, "taken", "reserved by the tree");
	x = legend_item(file, x, y, "nomap", "reserved, never mapped");
	x = legend_item(file, x, y, "own", "taken by the allocator");
	if (m->mm.nr_online > 1)
		x = legend_item(file, x, y, "other", "another node's");
	x = legend_item(file, x, y, "hole", "no memory");
	svg_zigzag(file, "cut", x + 4, y - 1, y + 14);
	svg_text(file, "text", SVG_LEFT, x + 14, y + 10.5, "cut short");
}

/* The ranges of the zones above, and their limits down through all lanes. */
static void draw_band(const struct laid_out *m, FILE *file, double y, double bottom)
{
	const struct zone_layout *layout = m->mm.layout;

	svg_text(file, "label", SVG_LEFT, MARGIN, y + 15, "zones");
	for (unsigned int i = 0; i < layout->nr; i++) {
		const char *name = zone_name(m, i);
		phys_addr_t base = scale.stretch[0].base, end = scale.stretch[scale.nr - 1].end;
		char text[MAX_TIP];
		double x, width;

		if (!cut_to_zone(layout, i, &base, &end))
			continue;
		x = scale_at(&scale, base);
		width = scale_at(&scale, end) - x;
		snprintf(text, sizeof(text), "%s 0x%" PRIx64 "-0x%" PRIx64, name, base, end - 1);
		svg_rect(file, zone_class[layout->limit[i].type], x, y, width, BAND_HEIGHT, text);
		if (text_room(text, FONT) < width)
			svg_text(file, "text", SVG_MIDDLE, x + width / 2, y + 15, "%s", text);
		else if (text_room(name, FONT) < width)
			svg_text(file, "text", SVG_MIDDLE, x + width / 2, y + 15, "%s", name);
		svg_line(file, "limit", x, y, x, bottom);
		svg_line(file, "limit", x + width, y, x + width, bottom);
	}
}

/* The part of a bank that one zone has; nothing if there is none. */
static void draw_piece(const struct laid_out *m, FILE *file, double y,
	const struct memblock_range *bank, unsigned int row)
{
	const enum zone_type type = m->mm.layout->limit[row].type;
	phys_addr_t base = bank->base, end = bank->end;
	char text[MAX_TIP];
	const char *size;
	double x, width;

	if (!cut_to_zone(m->mm.layout, row, &base, &end))
		return;
	size = size_about(end - base);
	x = scale_at(&scale, base);
	width = scale_at(&scale, end) - x;
	snprintf(text, sizeof(text), "node %d %s 0x%" PRIx64 "-0x%" PRIx64 ", %s", bank->nid,
		zone_name(m, row), base, end - 1, size_text(end - base));
	svg_rect(file, zone_class[type], x, y, width > 1 ? width : 1, BAR_HEIGHT, text);
	snprintf(text, sizeof(text), "%s %s", zone_name(m, row), size);
	if (text_room(text, FONT) < width)
		svg_text(file, "text", SVG_MIDDLE, x + width / 2, y + 13, "%s", text);
	else if (text_room(size, SMALL_FONT) < width)
		svg_text(file, "small", SVG_MIDDLE, x + width / 2, y + 12.5, "%s", size);
}

/* Give what is short its least width, not beyond `limit`. */
static void widen(double *x, double *right, double limit)
{
	if (*right - *x >= LEAST_WIDTH)
		return;
	*right = *x + LEAST_WIDTH < limit ? *x + LEAST_WIDTH : limit;
	*x = *right - LEAST_WIDTH;
}

/* What of the node's banks is taken: first by the allocator too, over it what the tree has. */
static void draw_taken(const struct laid_out *m, FILE *file, double y, int nid,
	const struct memblock_list *taken, const char *class)
{
	const struct memblock_list *banks = &m->mm.memblock->memory;

	for (unsigned int b = 0; b < banks->nr; b++) {
		const struct memblock_range *bank = &banks->range[b];

		for (unsigned int i = 0; i < taken->nr && bank->nid == nid; i++) {
			const struct memblock_range *range = &taken->range[i];
			phys_addr_t base = range->base > bank->base ? range->base : bank->base;
			phys_addr_t end = range->end < bank->end ? range->end : bank->end;
			double x = scale_at(&scale, base), right = scale_at(&scale, end);
			bool nomap = range->flags & MEMBLOCK_NOMAP;
			char tip[MAX_TIP];

			if (base >= end)
				continue;
			widen(&x, &right, scale_at(&scale, bank->end));
			snprintf(tip, sizeof(tip), "%s 0x%" PRIx64 "-0x%" PRIx64 ", %s", range->why,
				base, end - 1, size_text(end - base));
			svg_rect(file, nomap ? "nomap" : class, x, y + BAR_HEIGHT / 2, right - x,
				BAR_HEIGHT / 2, tip);
		}
	}
}

static void draw_spans(FILE *file, double y, const struct pglist_data *pgdat)
{
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = &pgdat->node_zones[type];
		char tip[MAX_TIP];
		double x;

		if (zone->present_pages == 0)
			continue;
		snprintf(tip, sizeof(tip), "span of node %d %s: pfn 0x%lx-0x%lx", pgdat->node_id,
			zone->name, zone->zone_start_pfn,
			zone->zone_start_pfn + zone->spanned_pages);
		x = scale_at(&scale, pfn_to_phys(zone->zone_start_pfn));
		svg_rect(file, zone_class[type], x, y,
			scale_at(&scale, pfn_to_phys(zone->zone_start_pfn + zone->spanned_pages)) -
				x,
			SPAN_HEIGHT, tip);
	}
}

/* What is behind the banks of a node: memory of others, and no memory at all. */
static void draw_ground(FILE *file, double y)
{
	char tip[MAX_TIP];

	svg_rect(file, "other", MAP_LEFT, y, MAP_RIGHT - MAP_LEFT, BAR_HEIGHT, NULL);
	for (unsigned int i = 0; i < scale.nr; i++) {
		const struct stretch *stretch = &scale.stretch[i];

		if (stretch->memory)
			continue;
		snprintf(tip, sizeof(tip), "no memory 0x%" PRIx64 "-0x%" PRIx64 ", %s",
			stretch->base, stretch->end - 1, size_text(stretch->end - stretch->base));
		svg_rect(file, "hole", stretch->left, y, stretch->right - stretch->left, BAR_HEIGHT,
			tip);
	}
}

static void draw_lane(
	const struct laid_out *m, FILE *file, double y, const struct pglist_data *pgdat)
{
	const struct memblock_list *banks = &m->mm.memblock->memory;
	const int nid = pgdat->node_id;
	char cpus[24];

	node_cpus_text(&m->mm, nid, cpus, sizeof(cpus));
	svg_text(file, "label", SVG_LEFT, MARGIN, y + 12, "node %d", nid);
	svg_text(file, "small", SVG_LEFT, MARGIN, y + 26, "%s, %s",
		size_about(pfn_to_phys(pgdat->node_present_pages)), cpus);
	draw_ground(file, y);
	for (unsigned int i = 0; i < banks->nr; i++) {
		for (unsigned int row = 0; row < m->mm.layout->nr; row++) {
			if (banks->range[i].nid == nid)
				draw_piece(m, file, y, &banks->range[i], row);
		}
	}
	draw_taken(m, file, y, nid, &m->mm.memblock->reserved, "own");
	draw_taken(m, file, y, nid, &m->tree.reserved, "taken");
	draw_spans(file, y + BAR_HEIGHT + 3, pgdat);
}

/* An address, unless it would touch the text before it. */
static void draw_address(FILE *file, double y, phys_addr_t pa, double *free_from)
{
	const double x = scale_at(&scale, pa);
	char text[24];
	double half;

	snprintf(text, sizeof(text), "0x%" PRIx64, pa);
	half = text_room(text, SMALL_FONT) / 2;
	svg_line(file, "tick", x, y, x, y + 5);
	/* The last one stands left of its place. */
	if ((x + half < MAP_RIGHT ? x - half : MAP_RIGHT - 2 * half) < *free_from)
		return;
	*free_from = x + half;
	if (*free_from < MAP_RIGHT)
		svg_text(file, "small", SVG_MIDDLE, x, y + 17, "%s", text);
	else
		svg_text(file, "small", SVG_RIGHT, MAP_RIGHT, y + 17, "%s", text);
}

/* Below all lanes, which begin at `top`. */
static void draw_axis(const struct laid_out *m, FILE *file, double top, double y)
{
	const struct memblock_list *banks = &m->mm.memblock->memory;
	double free_from = 0;

	svg_line(file, "tick", MAP_LEFT, y, MAP_RIGHT, y);
	for (unsigned int i = 0; i < banks->nr; i++) {
		draw_address(file, y, banks->range[i].base, &free_from);
		if (i + 1 == banks->nr || banks->range[i].end != banks->range[i + 1].base)
			draw_address(file, y, banks->range[i].end, &free_from);
	}
	for (unsigned int i = 0; i < scale.nr; i++) {
		const struct stretch *stretch = &scale.stretch[i];
		const double middle = (stretch->left + stretch->right) / 2;
		const char *size = size_about(stretch->end - stretch->base);

		if (stretch->cut)
			svg_zigzag(file, "cut", middle, top, y);
		if (!stretch->memory &&
			text_room(size, SMALL_FONT) < stretch->right - stretch->left)
			svg_text(file, "faint", SVG_MIDDLE, middle, y + 30, "%s", size);
	}
}

double map_height(const struct laid_out *m)
{
	return LEGEND_HEIGHT + BAND_HEIGHT + 10 + m->mm.nr_online * LANE_HEIGHT + AXIS_HEIGHT;
}

void map_draw(const struct laid_out *m, FILE *file, double y)
{
	const double band = y + LEGEND_HEIGHT;
	const double axis = y + map_height(m) - AXIS_HEIGHT;
	double lane = band + BAND_HEIGHT + 10;

	scale_make(&scale, &m->mm.memblock->memory, MAP_LEFT, MAP_RIGHT);
	draw_legend(m, file, y);
	for (unsigned int nid = 0; nid < m->mm.nr_node_ids; nid++) {
		if (!m->mm.node[nid])
			continue;
		draw_lane(m, file, lane, m->mm.node[nid]);
		lane += LANE_HEIGHT;
	}
	draw_band(m, file, band, axis);
	draw_axis(m, file, band + BAND_HEIGHT + 4, axis);
}
