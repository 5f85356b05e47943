/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics as text: what Linux shows in /proc/vmstat, /proc/zoneinfo, /proc/meminfo, in
 * /sys/devices/system/node/, and when memory is short.
 *
 * Owns nothing and takes no lock, as mm/show.c: a report of a busy machine is a blurred snapshot,
 * and it can be printed when the machine has stopped with a lock held. Counters of one CPU are
 * whole, sums over CPUs may be off by what happened meanwhile.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c (show_free_areas, the names in /proc/vmstat), the node
 * files of drivers/base/node.c; zoneinfo's keys as in Linux 6.12, which 2.6.11 does not have.
 */
#include <stddef.h>
#include "internal.h"

/* Sums over all zones, in pages. */
struct zone_sums {
	unsigned long managed, free, free_high, active, inactive;
};

static unsigned long peek(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static unsigned long managed_pages(const struct zone *zone)
{
	unsigned long reserved = peek(&zone->reserved_pages);

	ASSERT(reserved <= zone->present_pages);
	return zone->present_pages - reserved;
}

/* A level that some CPUs count up and others down: a blurred sum may be below 0 for a moment. */
static unsigned long level(unsigned long sum)
{
	return (long)sum < 0 ? 0 : sum;
}

static void add_zone(struct zone_sums *sums, const struct zone *zone)
{
	sums->managed += managed_pages(zone);
	sums->free += zone_free_pages(zone);
	if (zone->type == ZONE_HIGHMEM)
		sums->free_high += zone_free_pages(zone);
	sums->active += peek(&zone->nr_active);
	sums->inactive += peek(&zone->nr_inactive);
}

static void sum_zones(const struct mm *mm, struct zone_sums *sums)
{
	struct zone *zone;

	*sums = (struct zone_sums){0};
	for_each_populated_zone (zone, mm)
		add_zone(sums, zone);
}

/*
 * All zones in the order of 2.6.11's for_each_zone(): nodes by mm->pgdat_list, zone types
 * ascending, those without memory too.
 */
static void for_all_zones(
	const struct mm *mm, void (*show)(const struct mm *mm, const struct zone *zone))
{
	struct pglist_data *pgdat;

	for_each_pgdat (pgdat, mm) {
		for (enum zone_type type = 0; type < MAX_NR_ZONES; type++) {
			print("Node %d %s", pgdat->node_id, pgdat->node_zones[type].name);
			show(mm, &pgdat->node_zones[type]);
		}
	}
}

static void show_zone_caches(const struct mm *mm, const struct zone *zone)
{
	print(zone->present_pages ? " per-cpu:\n" : " per-cpu: empty\n");
	for (unsigned int id = 0; id < mm->nr_cpus && zone->present_pages; id++) {
		for (unsigned int i = 0; i < NR_PCP; i++) {
			const struct per_cpu_pages *pcp = &mm->cpu[id]->pageset[zone->index].pcp[i];

			print("cpu %u %s: low %u, high %u, batch %u\n", id,
				i == PCP_HOT ? "hot" : "cold", pcp->low, pcp->high, pcp->batch);
		}
	}
}

static void show_zone_levels(const struct mm *mm, const struct zone *zone)
{
	(void)mm;
	print(" free:%lukB min:%lukB low:%lukB high:%lukB active:%lukB inactive:%lukB "
	      "present:%lukB pages_scanned:%lu all_unreclaimable? %s\nlowmem_reserve[]:",
		pages_to_kb(zone_free_pages(zone)), pages_to_kb(zone->pages_min),
		pages_to_kb(zone->pages_low), pages_to_kb(zone->pages_high),
		pages_to_kb(peek(&zone->nr_active)), pages_to_kb(peek(&zone->nr_inactive)),
		pages_to_kb(zone->present_pages), peek(&zone->pages_scanned),
		__atomic_load_n(&zone->all_unreclaimable, __ATOMIC_RELAXED) ? "yes" : "no");
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		print(" %lu", zone->lowmem_reserve[i]);
	print("\n");
}

static void show_zone_blocks(const struct mm *mm, const struct zone *zone)
{
	unsigned long total = 0;

	(void)mm;
	if (zone->present_pages == 0) {
		print(": empty\n");
		return;
	}
	print(": ");
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long nr = zone_nr_blocks(zone, order);

		total += nr << order;
		print("%lu*%lukB ", nr, pages_to_kb(1UL << order));
	}
	print("= %lukB\n", pages_to_kb(total));
}

/* Nothing here counts unstable, mapped and page-table pages. */
void show_free_areas(const struct mm *mm)
{
	struct mm_cpu_stat stat;
	struct zone_sums sums;

	for_all_zones(mm, show_zone_caches);
	mm_sum_stat(mm, &stat);
	sum_zones(mm, &sums);
	print("\nFree pages: %11lukB (%lukB HighMem)\n", pages_to_kb(sums.free),
		pages_to_kb(sums.free_high));
	print("Active:%lu inactive:%lu dirty:%lu writeback:%lu unstable:0 free:%lu slab:%lu "
	      "mapped:0 pagetables:0\n",
		sums.active, sums.inactive, level(stat.nr_dirty), level(stat.nr_writeback),
		sums.free, level(stat.nr_slab));
	for_all_zones(mm, show_zone_levels);
	for_all_zones(mm, show_zone_blocks);
}

/* A line of vmstat, or one for each zone type: where in struct mm_cpu_stat it is. */
struct vmstat_row {
	const char *name;
	size_t offset;
	bool by_zone;
};
/* 2.6.11 has such events, we have not. */
#define NO_EVENTS SIZE_MAX
/* Name and place of a field. */
#define AT(name) #name, offsetof(struct mm_cpu_stat, name)

/* In 2.6.11's order. */
static const struct vmstat_row vmstat_rows[] = {
	{AT(nr_dirty), false},
	{AT(nr_writeback), false},
	{"nr_unstable", NO_EVENTS, false},
	{"nr_page_table_pages", NO_EVENTS, false},
	{"nr_mapped", NO_EVENTS, false},
	{AT(nr_slab), false},
	{AT(pgpgin), false},
	{AT(pgpgout), false},
	{"pswpin", NO_EVENTS, false},
	{"pswpout", NO_EVENTS, false},
	{AT(pgalloc), true},
	{AT(pgfree), false},
	{AT(pgactivate), false},
	{AT(pgdeactivate), false},
	{"pgfault", NO_EVENTS, false},
	{"pgmajfault", NO_EVENTS, false},
	{AT(pgrefill), true},
	{AT(pgsteal), true},
	{AT(pgscan_kswapd), true},
	{AT(pgscan_direct), true},
	{"pginodesteal", NO_EVENTS, false},
	{AT(slabs_scanned), false},
	{AT(kswapd_steal), false},
	{"kswapd_inodesteal", NO_EVENTS, false},
	{AT(pageoutrun), false},
	{AT(allocstall), false},
	{AT(pgrotated), false},
};

static void show_vmstat_row(const struct vmstat_row *row, const struct mm_cpu_stat *stat)
{
	static const struct {
		const char *name;
		enum zone_type type;
	} zones[] = {{"high", ZONE_HIGHMEM}, {"normal", ZONE_NORMAL}, {"dma32", ZONE_DMA32},
		{"dma", ZONE_DMA}};
	const unsigned long *at = (const unsigned long *)(const void *)((const char *)stat +
									row->offset);

	ASSERT(row->offset < sizeof(*stat));
	if (!row->by_zone) {
		print("%s %lu\n", row->name, level(*at));
		return;
	}
	for (unsigned int i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		print("%s_%s %lu\n", row->name, zones[i].name, level(at[zones[i].type]));
}

void show_vmstat(const struct mm *mm)
{
	struct mm_cpu_stat stat;

	mm_sum_stat(mm, &stat);
	for (unsigned int i = 0; i < sizeof(vmstat_rows) / sizeof(vmstat_rows[0]); i++) {
		if (vmstat_rows[i].offset == NO_EVENTS)
			print("%s 0\n", vmstat_rows[i].name);
		else
			show_vmstat_row(&vmstat_rows[i], &stat);
	}
}

void show_numastat(const struct mm *mm, int nid)
{
	const struct pglist_data *pgdat = mm_node(mm, nid);
	struct numa_sum sum = {0};

	if (!pgdat)
		return;
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++) {
		struct numa_sum of;

		mm_sum_numa(mm, &pgdat->node_zones[type], &of);
		sum.of.numa_hit += of.of.numa_hit;
		sum.of.numa_miss += of.of.numa_miss;
		sum.of.numa_foreign += of.of.numa_foreign;
		sum.of.interleave_hit += of.of.interleave_hit;
		sum.local_node += of.local_node;
		sum.other_node += of.other_node;
	}
	print("numa_hit %lu\n", sum.of.numa_hit);
	print("numa_miss %lu\n", sum.of.numa_miss);
	print("numa_foreign %lu\n", sum.of.numa_foreign);
	print("interleave_hit %lu\n", sum.of.interleave_hit);
	print("local_node %lu\n", sum.local_node);
	print("other_node %lu\n", sum.other_node);
}

static void show_zoneinfo_levels(const struct zone *zone)
{
	print("Node %d, zone %8s\n", zone->zone_pgdat->node_id, zone->name);
	print("  pages free     %lu\n", zone_free_pages(zone));
	print("        min      %lu\n", zone->pages_min);
	print("        low      %lu\n", zone->pages_low);
	print("        high     %lu\n", zone->pages_high);
	print("        spanned  %lu\n", zone->spanned_pages);
	print("        present  %lu\n", zone->present_pages);
	print("        managed  %lu\n", managed_pages(zone));
	print("        protection: (");
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		print("%s%lu", i ? ", " : "", zone->lowmem_reserve[i]);
	print(")\n");
}

/* Our lists hold pages of files, which 6.12 tells from anonymous ones. */
static void show_zoneinfo_counters(const struct mm *mm, const struct zone *zone)
{
	struct numa_sum sum;

	mm_sum_numa(mm, zone, &sum);
	print("      %-12s %lu\n", "nr_free_pages", zone_free_pages(zone));
	print("      %-12s %lu\n", "nr_zone_inactive_file", peek(&zone->nr_inactive));
	print("      %-12s %lu\n", "nr_zone_active_file", peek(&zone->nr_active));
	print("      %-12s %lu\n", "numa_hit", sum.of.numa_hit);
	print("      %-12s %lu\n", "numa_miss", sum.of.numa_miss);
	print("      %-12s %lu\n", "numa_foreign", sum.of.numa_foreign);
	print("      %-12s %lu\n", "numa_interleave", sum.of.interleave_hit);
	print("      %-12s %lu\n", "numa_local", sum.local_node);
	print("      %-12s %lu\n", "numa_other", sum.other_node);
}

/* 6.12 has one list for each CPU: count and high are the sums of our two. */
static void show_zoneinfo_pagesets(const struct mm *mm, const struct zone *zone)
{
	print("  pagesets\n");
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		const struct per_cpu_pages *pcp = mm->cpu[id]->pageset[zone->index].pcp;

		print("    cpu: %u\n", id);
		print("              count:    %u\n", pcp[PCP_HOT].count + pcp[PCP_COLD].count);
		print("              high:     %u\n", pcp[PCP_HOT].high + pcp[PCP_COLD].high);
		print("              batch:    %u\n", pcp[PCP_HOT].batch);
	}
}

void show_zoneinfo(const struct mm *mm)
{
	for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
		const struct zone *zone = mm->zone_table[i];
		unsigned long start, end;

		if (!zone)
			continue;
		zone_layout_range(mm->layout, zone->type, &start, &end);
		if (start == end)
			continue;
		show_zoneinfo_levels(zone);
		if (zone->present_pages == 0)
			continue;
		show_zoneinfo_counters(mm, zone);
		show_zoneinfo_pagesets(mm, zone);
		print("  start_pfn:           %lu\n", zone->zone_start_pfn);
	}
}

/* "MemTotal:             1024 kB"; the name ends in a colon. */
static void show_kb(const char *name, unsigned long pages)
{
	print("%-15s %8lu kB\n", name, pages_to_kb(pages));
}

void show_meminfo(const struct mm *mm)
{
	struct mm_cpu_stat stat;
	struct zone_sums sums;

	mm_sum_stat(mm, &stat);
	sum_zones(mm, &sums);
	show_kb("MemTotal:", sums.managed);
	show_kb("MemFree:", sums.free);
	show_kb("Active:", sums.active);
	show_kb("Inactive:", sums.inactive);
	show_kb("Dirty:", level(stat.nr_dirty));
	show_kb("Writeback:", level(stat.nr_writeback));
	show_kb("Slab:", level(stat.nr_slab));
}

void show_node_meminfo(const struct mm *mm, int nid)
{
	const struct pglist_data *pgdat = mm_node(mm, nid);
	struct zone_sums sums = {0};

	if (!pgdat)
		return;
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++)
		add_zone(&sums, &pgdat->node_zones[type]);
	print("Node %d ", nid);
	show_kb("MemTotal:", sums.managed);
	print("Node %d ", nid);
	show_kb("MemFree:", sums.free);
	print("Node %d ", nid);
	show_kb("Active:", sums.active);
	print("Node %d ", nid);
	show_kb("Inactive:", sums.inactive);
}
