/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zones: a node's span cut by the layout's limits, and the zonelists over them.
 *
 * Owns the constant part of struct zone, mm->zone_table and the zonelists. Invariant: a zone's
 * span is its node's span cut to the zone's range, so the spans of two nodes may overlap; which
 * zone a page is in is said by its own flags alone.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, build_zonelists(), free_area_init_core(); spans as real
 * Linux prints them; highest zone of a list as in 2.6.18.
 */
#include <mm/reclaim.h>
#include "internal.h"

const char *zone_type_name(enum zone_type type)
{
	static const char *const names[MAX_NR_ZONES] = {"DMA", "DMA32", "Normal", "HighMem"};

	return names[type];
}

void zone_layout_range(const struct zone_layout *layout, enum zone_type type,
	unsigned long *start_pfn, unsigned long *end_pfn)
{
	phys_addr_t start = 0;

	for (unsigned int i = 0; i < layout->nr; i++) {
		const struct zone_limit *row = &layout->limit[i];

		if (row->type == type) {
			*start_pfn = pfn_down(start);
			*end_pfn = pfn_down(row->end);
			return;
		}
		start = row->end;
	}
	*start_pfn = *end_pfn = 0;
}

bool zone_type_span(
	const struct mm *mm, enum zone_type type, unsigned long *start_pfn, unsigned long *end_pfn)
{
	unsigned long first = pfn_down(mm->memblock->memory.range[0].base);

	zone_layout_range(mm->layout, type, start_pfn, end_pfn);
	if (*start_pfn < first)
		*start_pfn = first;
	if (*end_pfn > mm->max_pfn)
		*end_pfn = mm->max_pfn;
	return *start_pfn < *end_pfn;
}

static void zone_init(struct mm *mm, struct pglist_data *pgdat, enum zone_type type)
{
	struct zone *zone = &pgdat->node_zones[type];
	unsigned long node_end = pgdat->node_start_pfn + pgdat->node_spanned_pages;
	unsigned long start, end;

	zone->type = type;
	zone->index = (unsigned int)pgdat->node_id << ZONES_SHIFT | type;
	zone->name = zone_type_name(type);
	zone->zone_pgdat = pgdat;
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		list_init(&zone->free_area[order].free_list);
	list_init(&zone->active_list);
	list_init(&zone->inactive_list);
	zone->temp_priority = zone->prev_priority = DEF_PRIORITY;
	mm->zone_table[zone->index] = zone;

	zone_layout_range(mm->layout, type, &start, &end);
	if (start < pgdat->node_start_pfn)
		start = pgdat->node_start_pfn;
	if (end > node_end)
		end = node_end;
	if (start >= end)
		return;
	zone->present_pages = memblock_present(mm->memblock, pgdat->node_id, start, end);
	if (zone->present_pages == 0)
		return;
	ASSERT(zone->present_pages <= end - start);
	zone->zone_start_pfn = start;
	zone->spanned_pages = end - start;
	zone->reserved_pages = zone->present_pages;
	pgdat->nr_zones = type + 1;
}

void zones_init(struct mm *mm, struct pglist_data *pgdat)
{
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++)
		zone_init(mm, pgdat, type);
}

struct zone *mm_next_zone(const struct mm *mm, const struct zone *after)
{
	unsigned int nr = mm->nr_node_ids << ZONES_SHIFT;

	for (unsigned int i = after ? after->index + 1 : 0; i < nr; i++) {
		if (mm->zone_table[i] && mm->zone_table[i]->present_pages)
			return mm->zone_table[i];
	}
	return NULL;
}

/* DMA is tested last, so it wins. */
enum zone_type highest_zone(const struct mm *mm, unsigned int modifiers)
{
	enum zone_type type = ZONE_NORMAL;

	if (modifiers & __GFP_HIGHMEM)
		type = ZONE_HIGHMEM;
	if (modifiers & __GFP_DMA32)
		type = ZONE_DMA32;
	if (modifiers & __GFP_DMA)
		type = mm->lowest_zone;
	return type;
}

/* Node by node, within each from the highest zone down, populated ones only. */
static void fill_zonelist(const struct mm *mm, const struct pglist_data *pgdat,
	enum zone_type highest, struct zonelist *list)
{
	for (unsigned int i = 0; i < pgdat->nr_online; i++) {
		struct pglist_data *from = mm->node[pgdat->fallback[i]];

		for (int type = (int)highest; type >= 0; type--) {
			if (from->node_zones[type].present_pages)
				list->zones[list->nr++] = &from->node_zones[type];
		}
	}
}

static int node_zonelists_build(struct mm *mm, struct pglist_data *pgdat)
{
	size_t zones = (size_t)mm->nr_online * MAX_NR_ZONES + 1;
	size_t bytes = align_up(sizeof(struct zonelist) + zones * sizeof(struct zone *), 64);
	char *memory = boot_alloc(mm, 4 * bytes, pgdat->node_id, "zonelists");

	if (!memory)
		return -1;
	for (unsigned int modifiers = 0; modifiers < GFP_ZONETYPES; modifiers++) {
		if (modifiers & (modifiers - 1))
			continue;
		pgdat->node_zonelists[modifiers] = (struct zonelist *)memory;
		fill_zonelist(
			mm, pgdat, highest_zone(mm, modifiers), pgdat->node_zonelists[modifiers]);
		memory += bytes;
	}
	return 0;
}

int zonelists_build(struct mm *mm)
{
	struct zone *zone;
	struct pglist_data *pgdat;

	mm->lowest_zone = MAX_NR_ZONES - 1;
	for_each_populated_zone (zone, mm) {
		if (zone->type < mm->lowest_zone)
			mm->lowest_zone = zone->type;
	}
	for_each_pgdat (pgdat, mm) {
		if (node_zonelists_build(mm, pgdat))
			return -1;
	}
	return 0;
}
