/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout as one JSON object, for programs: docs/layout-json.md has the schema.
 *
 * Owns nothing. Lines are broken between values, so that none grows with the machine.
 */
#include "internal.h"

/* A string of ours or of the device tree's, with what JSON does not allow in it escaped. */
static void json_string(const char *text)
{
	print("\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			print("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			print("\\u%04x", c);
		else
			print("%c", c);
	}
	print("\"");
}

/* [base, end) as inclusive addresses, the way Linux prints ranges. */
static void json_range(phys_addr_t base, phys_addr_t end)
{
	print("\"start\": \"0x%llx\", \"end\": \"0x%llx\"", (unsigned long long)base,
		(unsigned long long)end - 1);
}

static void json_zone_ranges(const struct mm *mm)
{
	print("\"zone_ranges\": {");
	for (unsigned int i = 0; i < mm->layout->nr; i++) {
		enum zone_type type = mm->layout->limit[i].type;
		unsigned long start, end;

		print("%s\n  \"%s\": ", i ? "," : "", zone_type_name(type));
		if (zone_type_span(mm, type, &start, &end)) {
			print("{");
			json_range(pfn_to_phys(start), pfn_to_phys(end));
			print("}");
		} else {
			print("\"empty\"");
		}
	}
	print("},\n");
}

static void json_node_ranges(const struct mm *mm)
{
	const struct memblock_list *memory = &mm->memblock->memory;

	print("\"early_node_ranges\": [");
	for (unsigned int i = 0; i < memory->nr; i++) {
		print("%s\n  {\"node\": %d, ", i ? "," : "", memory->range[i].nid);
		json_range(memory->range[i].base, memory->range[i].end);
		print("}");
	}
	print("],\n");
}

static void json_zone(const struct zone *zone)
{
	print("    \"%s\": {\"start_pfn\": %lu, \"spanned\": %lu, \"present\": %lu, "
	      "\"managed\": %lu,\n",
		zone->name, zone->zone_start_pfn, zone->spanned_pages, zone->present_pages,
		zone->present_pages - zone->reserved_pages);
	print("      \"min\": %lu, \"low\": %lu, \"high\": %lu, \"protection\": [", zone->pages_min,
		zone->pages_low, zone->pages_high);
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		print("%s%lu", i ? ", " : "", zone->lowmem_reserve[i]);
	print("]}");
}

static void json_node_cpus(const struct mm *mm, int nid, uint64_t (*hwid)(unsigned int cpu))
{
	const char *separator = "";

	print("    \"harts\": [");
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		if (mm->cpu[id]->nid != nid)
			continue;
		print("%s%llu", separator, (unsigned long long)hwid(id));
		separator = ", ";
	}
	print("],\n");
}

static void json_node(
	const struct mm *mm, const struct pglist_data *pgdat, uint64_t (*hwid)(unsigned int cpu))
{
	const char *separator = "";

	print("  \"%d\": {\n", pgdat->node_id);
	json_node_cpus(mm, pgdat->node_id, hwid);
	print("    \"distance\": [");
	for (unsigned int to = 0; to < mm->nr_node_ids; to++) {
		if (!mm->node[to])
			continue;
		print("%s%u", separator, mm_distance(mm, pgdat->node_id, (int)to));
		separator = ", ";
	}
	print("],\n    \"zones\": {");
	for (unsigned int i = 0; i < mm->layout->nr; i++) {
		print("%s\n", i ? "," : "");
		json_zone(&pgdat->node_zones[mm->layout->limit[i].type]);
	}
	print("}}");
}

static void json_fallback(const struct pglist_data *pgdat)
{
	print("  \"%d\": [", pgdat->node_id);
	for (unsigned int i = 0; i < pgdat->nr_online; i++)
		print("%s%d", i ? ", " : "", pgdat->fallback[i]);
	print("]");
}

static void json_zonelist(const struct pglist_data *pgdat)
{
	const struct zonelist *list = pgdat->node_zonelists[0];

	print("  \"%d\": [", pgdat->node_id);
	for (unsigned int i = 0; i < list->nr; i++)
		print("%s\"%d:%s\"", i ? ", " : "", list->zones[i]->zone_pgdat->node_id,
			list->zones[i]->name);
	print("]");
}

/* `show` for every node, as the members of the object `name`. */
static void json_per_node(
	const struct mm *mm, const char *name, void (*show)(const struct pglist_data *pgdat))
{
	const char *separator = "";

	print("\"%s\": {", name);
	for (unsigned int nid = 0; nid < mm->nr_node_ids; nid++) {
		if (!mm->node[nid])
			continue;
		print("%s\n", separator);
		show(mm->node[nid]);
		separator = ",";
	}
	print("},\n");
}

static void json_nodes(const struct mm *mm, uint64_t (*hwid)(unsigned int cpu))
{
	const char *separator = "";

	print("\"nodes\": {");
	for (unsigned int nid = 0; nid < mm->nr_node_ids; nid++) {
		if (!mm->node[nid])
			continue;
		print("%s\n", separator);
		json_node(mm, mm->node[nid], hwid);
		separator = ",";
	}
	print("},\n");
}

static void json_reservations(const struct mm *mm)
{
	const struct memblock_list *reserved = &mm->memblock->reserved;

	print("\"reservations\": [");
	for (unsigned int i = 0; i < reserved->nr; i++) {
		const struct memblock_range *range = &reserved->range[i];

		print("%s\n  {", i ? "," : "");
		json_range(range->base, range->end);
		print(", \"mapped\": %s, \"why\": ",
			range->flags & MEMBLOCK_NOMAP ? "false" : "true");
		json_string(range->why);
		print("}");
	}
	print("]\n");
}

void show_layout_json(const struct mm *mm, uint64_t (*hwid)(unsigned int cpu))
{
	print("{\n\"page_size\": %lu, \"min_free_kbytes\": %lu,\n", PAGE_SIZE, mm->min_free_kbytes);
	json_zone_ranges(mm);
	json_node_ranges(mm);
	json_nodes(mm, hwid);
	json_per_node(mm, "fallback_order", json_fallback);
	json_per_node(mm, "zonelist_of_node", json_zonelist);
	json_reservations(mm);
	print("}\n");
}
