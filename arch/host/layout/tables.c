/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers below the map: nodes, zones, banks, reservations.
 *
 * A table is drawn row by row; each cell is text, right-aligned if its column's place is where it
 * ends. Without a file a table only counts its height.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "draw.h"

#define ROW 17.0
#define GAP 22.0
/** Reservations that are listed; of more, `layout --json` has all. */
#define MAX_RESERVATIONS 64U
#define MAX_CELL         400
/** Width of a column of addresses. */
#define ADDRESS 110
/** Characters of a node's distances or fallback order that there is room for. */
#define LIST_CHARS 72

struct column {
	const char *head;
	double x;
	enum svg_anchor anchor;
};

struct table {
	FILE *file; /* or NULL */
	double y;   /* base line of the next row */
	const struct column *column;
	unsigned int at; /* column of the next cell */
};

static void cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void cell(struct table *table, const char *format, ...)
{
	const struct column *column = &table->column[table->at++];
	char text[MAX_CELL];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (table->file)
		svg_text(table->file, "cell", column->anchor, column->x, table->y, "%s", text);
}

static void end_row(struct table *table)
{
	table->y += ROW;
	table->at = 0;
}

static struct table begin_table(
	FILE *file, double y, const char *title, const struct column *column, unsigned int nr)
{
	struct table table = {.file = file, .y = y + 2 * ROW, .column = column};

	if (!file)
		return table;
	svg_text(file, "label", SVG_LEFT,
		column[0].x - (column[0].anchor == SVG_LEFT ? 0 : ADDRESS), y, "%s", title);
	for (unsigned int i = 0; i < nr; i++)
		svg_text(
			file, "head", column[i].anchor, column[i].x, y + ROW, "%s", column[i].head);
	return table;
}

#define BEGIN(file, y, title, columns) \
	begin_table(file, y, title, columns, sizeof(columns) / sizeof((columns)[0]))

void node_cpus_text(const struct mm *mm, int nid, char *text, size_t size)
{
	size_t used = 0;

	snprintf(text, size, "no CPU");
	for (unsigned int first = 0, last; first < mm->nr_cpus && used < size; first = last + 1) {
		last = first;
		if (mm->cpu[first]->nid != nid)
			continue;
		while (last + 1 < mm->nr_cpus && mm->cpu[last + 1]->nid == nid)
			last++;
		used += (size_t)snprintf(text + used, size - used,
			last > first ? "%s%u-%u" : "%s%u", used ? " " : "CPU ", first, last);
	}
	/* Interleaved over many nodes they are more than there is room for. */
	if (used >= size)
		memcpy(text + size - 4, "...", 4);
}

/* Numbers that belong to a node, one after the other, cut where there is no more room. */
struct list_text {
	char text[LIST_CHARS + 1];
	size_t used;
};

static void add_number(struct list_text *list, unsigned int value)
{
	const size_t room = sizeof(list->text) - list->used;

	if (list->used + sizeof("4294967295 ...") < sizeof(list->text))
		list->used += (size_t)snprintf(list->text + list->used, room, "%u ", value);
	else
		snprintf(list->text + list->used, room, "...");
}

static void node_row(const struct mm *mm, struct table *table, const struct pglist_data *pgdat)
{
	struct list_text distance = {.used = 0}, fallback = {.used = 0};
	char cpus[36];

	node_cpus_text(mm, pgdat->node_id, cpus, sizeof(cpus));
	for (unsigned int nid = 0; nid < mm->nr_node_ids; nid++) {
		if (mm->node[nid])
			add_number(&distance, mm_distance(mm, pgdat->node_id, (int)nid));
	}
	for (unsigned int i = 0; i < pgdat->nr_online; i++)
		add_number(&fallback, (unsigned int)pgdat->fallback[i]);
	cell(table, "%d", pgdat->node_id);
	cell(table, "%s", size_text(pfn_to_phys(pgdat->node_present_pages)));
	cell(table, "%s", strncmp(cpus, "CPU ", 4) ? cpus : cpus + 4);
	cell(table, "%s", distance.text);
	cell(table, "%s", fallback.text);
	end_row(table);
}

static double nodes_table(const struct mm *mm, FILE *file, double y)
{
	static const struct column columns[] = {
		{"node", MARGIN, SVG_LEFT},
		{"present", 130, SVG_RIGHT},
		{"CPUs", 150, SVG_LEFT},
		{"distance to each node", 370, SVG_LEFT},
		{"order of fallback", 790, SVG_LEFT},
	};
	struct table table = BEGIN(file, y, "Nodes", columns);

	for (unsigned int i = 0; i < mm->nr_node_ids; i++) {
		if (mm->node[i])
			node_row(mm, &table, mm->node[i]);
	}
	return table.y;
}

static void zone_row(const struct mm *mm, struct table *table, const struct zone *zone)
{
	const struct per_cpu_pages *hot = &mm->cpu[0]->pageset[zone->index].pcp[PCP_HOT];
	const unsigned long *reserve = zone->lowmem_reserve;

	cell(table, "%d %s", zone->zone_pgdat->node_id, zone->name);
	cell(table, "0x%lx-0x%lx", zone->zone_start_pfn,
		zone->zone_start_pfn + zone->spanned_pages);
	cell(table, "%lu", zone->spanned_pages);
	cell(table, "%lu", zone->present_pages);
	cell(table, "%s", size_text(pfn_to_phys(zone->present_pages)));
	cell(table, "%lu", zone->present_pages - zone->reserved_pages);
	cell(table, "%lu", zone->pages_min);
	cell(table, "%lu", zone->pages_low);
	cell(table, "%lu", zone->pages_high);
	cell(table, "%lu %lu %lu %lu", reserve[ZONE_DMA], reserve[ZONE_DMA32], reserve[ZONE_NORMAL],
		reserve[ZONE_HIGHMEM]);
	cell(table, "%u of %u-%u", hot->batch, hot->low, hot->high);
	end_row(table);
}

static double zones_table(const struct mm *mm, FILE *file, double y)
{
	static const struct column columns[] = {
		{"node, zone", MARGIN, SVG_LEFT},
		{"span, pfn", 280, SVG_RIGHT},
		{"spanned", 370, SVG_RIGHT},
		{"present", 460, SVG_RIGHT},
		{"", 550, SVG_RIGHT},
		{"managed", 640, SVG_RIGHT},
		{"min", 710, SVG_RIGHT},
		{"low", 780, SVG_RIGHT},
		{"high", 850, SVG_RIGHT},
		{"kept from DMA DMA32 Normal HighMem", 1090, SVG_RIGHT},
		{"per-CPU batch, hot", 1220, SVG_RIGHT},
	};
	struct table table = BEGIN(file, y, "Zones, in pages of 4 KiB", columns);
	const struct zone *zone;

	for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
		zone = mm->zone_table[i];
		if (zone && zone->present_pages)
			zone_row(mm, &table, zone);
	}
	return table.y;
}

static double banks_table(const struct mm *mm, FILE *file, double y)
{
	static const struct column columns[] = {
		{"first byte", 130, SVG_RIGHT},
		{"last byte", 250, SVG_RIGHT},
		{"size", 340, SVG_RIGHT},
		{"node", 390, SVG_RIGHT},
	};
	struct table table = BEGIN(file, y, "Banks", columns);

	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		const struct memblock_range *bank = &mm->memblock->memory.range[i];

		cell(&table, "0x%" PRIx64, bank->base);
		cell(&table, "0x%" PRIx64, bank->end - 1);
		cell(&table, "%s", size_text(bank->end - bank->base));
		cell(&table, "%d", bank->nid);
		end_row(&table);
	}
	return table.y;
}

/* Bytes of banks in the reservations of a list. */
static uint64_t taken_bytes(const struct laid_out *m, const struct memblock_list *taken)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < taken->nr; i++)
		pages += memblock_present(&m->tree, MEMBLOCK_ANY_NODE,
			pfn_down(taken->range[i].base), pfn_down(taken->range[i].end));
	return pfn_to_phys(pages);
}

static double reservations_table(const struct laid_out *m, FILE *file, double y)
{
	static const struct column columns[] = {
		{"first byte", 580, SVG_RIGHT},
		{"last byte", 700, SVG_RIGHT},
		{"size", 790, SVG_RIGHT},
		{"for", 810, SVG_LEFT},
	};
	const struct memblock_list *taken = &m->tree.reserved;
	struct table table = BEGIN(file, y, "Reservations", columns);

	for (unsigned int i = 0; i < taken->nr && i < MAX_RESERVATIONS; i++) {
		const struct memblock_range *range = &taken->range[i];

		cell(&table, "0x%" PRIx64, range->base);
		cell(&table, "0x%" PRIx64, range->end - 1);
		cell(&table, "%s", size_text(range->end - range->base));
		cell(&table, "%s%s", range->why,
			range->flags & MEMBLOCK_NOMAP ? " (not mapped)" : "");
		end_row(&table);
	}
	if (taken->nr > MAX_RESERVATIONS) {
		table.at = 3;
		cell(&table, "and %u more, see layout --json", taken->nr - MAX_RESERVATIONS);
		end_row(&table);
	}
	table.at = 2;
	cell(&table, "%s",
		size_text(taken_bytes(m, &m->memblock.reserved) - taken_bytes(m, taken)));
	cell(&table, "the allocator: page descriptors %s, and its tables",
		size_text(m->mm.mem_map_bytes));
	end_row(&table);
	return table.y;
}

double tables_draw(const struct laid_out *m, FILE *file, double y)
{
	double banks, reservations;

	y = nodes_table(&m->mm, file, y) + GAP;
	y = zones_table(&m->mm, file, y) + GAP;
	banks = banks_table(&m->mm, file, y);
	reservations = reservations_table(m, file, y);
	return banks > reservations ? banks : reservations;
}
