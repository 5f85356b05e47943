/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports: what the monitor prints of nodes, zones, lists, caches and single pages.
 *
 * Owns nothing and takes no lock, so a report of a busy machine is a blurred snapshot; it can also
 * be printed when the machine has stopped with a lock held. Formats are Linux's where it has one.
 */
#include "internal.h"

void show_buddyinfo(const struct mm *mm)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		print("Node %d, zone %8s ", zone->zone_pgdat->node_id, zone->name);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			print("%6lu ", zone_nr_blocks(zone, order));
		print("\n");
	}
}

/* "cached of at most" for each order above 0; nothing where none is cached. */
static void show_block_caches(const struct mm_cpu *cpu, const struct zone *zone)
{
	const struct per_cpu_pages *block = cpu->pageset[zone->index].block;

	if (block[0].high == 0)
		return;
	print("cpu %u blocks of order 1 to %u:", cpu->id, MAX_ORDER - 1);
	for (unsigned int i = 0; i < MAX_ORDER - 1; i++)
		print(" %u/%u", block[i].count, block[i].high);
	print("\n");
}

void show_pcp(const struct mm *mm)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		print("Node %d %s per-cpu:\n", zone->zone_pgdat->node_id, zone->name);
		for (unsigned int id = 0; id < mm->nr_cpus; id++) {
			for (unsigned int i = 0; i < NR_PCP; i++) {
				const struct per_cpu_pages *pcp =
					&mm->cpu[id]->pageset[zone->index].pcp[i];

				print("cpu %u %s: low %u, high %u, batch %u, count %u\n", id,
					i == PCP_HOT ? "hot" : "cold", pcp->low, pcp->high,
					pcp->batch, pcp->count);
			}
			show_block_caches(mm->cpu[id], zone);
		}
	}
}

static void show_node_cpus(const struct mm *mm, const struct pglist_data *pgdat)
{
	print("  cpus:");
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		if (mm->cpu[id]->nid == pgdat->node_id)
			print(" %u", id);
	}
	print(pgdat->nr_cpus ? "\n" : " none\n");
}

void show_nodes(const struct mm *mm)
{
	for (unsigned int nid = 0; nid < mm->nr_node_ids; nid++) {
		const struct pglist_data *pgdat = mm->node[nid];

		if (!pgdat)
			continue;
		if (pgdat->node_present_pages)
			print("node %u: pfn 0x%lx-0x%lx, spanned %lu, present %lu pages (%lu "
			      "MiB)\n",
				nid, pgdat->node_start_pfn,
				pgdat->node_start_pfn + pgdat->node_spanned_pages,
				pgdat->node_spanned_pages, pgdat->node_present_pages,
				pages_to_kb(pgdat->node_present_pages) >> 10);
		else
			print("node %u: no memory\n", nid);
		show_node_cpus(mm, pgdat);
		print("  distance:");
		for (unsigned int to = 0; to < mm->nr_node_ids; to++) {
			if (mm->node[to])
				print(" %u:%u", to, mm_distance(mm, (int)nid, (int)to));
		}
		print("\n  fallback:");
		for (unsigned int i = 0; i < pgdat->nr_online; i++)
			print(" %d", pgdat->fallback[i]);
		print("\n");
	}
}

void show_zones(const struct mm *mm)
{
	for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
		const struct zone *zone = mm->zone_table[i];
		unsigned long start, end;

		if (!zone)
			continue;
		zone_layout_range(mm->layout, zone->type, &start, &end);
		if (start == end)
			continue;
		if (zone->present_pages == 0) {
			print("Node %d, zone %8s: empty\n", zone->zone_pgdat->node_id, zone->name);
			continue;
		}
		print("Node %d, zone %8s: pfn 0x%lx-0x%lx, spanned %lu, present %lu, managed %lu, "
		      "free %lu, set aside %lu, offline %lu\n",
			zone->zone_pgdat->node_id, zone->name, zone->zone_start_pfn,
			zone->zone_start_pfn + zone->spanned_pages, zone->spanned_pages,
			zone->present_pages, zone->present_pages - zone->reserved_pages,
			zone->free_pages, zone->set_aside_pages, zone->offline_pages);
	}
}

void show_zonelists(const struct mm *mm)
{
	static const struct {
		unsigned int modifiers;
		const char *name;
	} lists[] = {{0, "NORMAL"}, {__GFP_DMA, "DMA"}, {__GFP_HIGHMEM, "HIGHMEM"},
		{__GFP_DMA32, "DMA32"}};

	for (unsigned int nid = 0; nid < mm->nr_node_ids; nid++) {
		if (!mm->node[nid])
			continue;
		for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
			const struct zonelist *list =
				mm->node[nid]->node_zonelists[lists[i].modifiers];

			print("Node %u, zonelist %7s:", nid, lists[i].name);
			for (unsigned int z = 0; z < list->nr; z++)
				print(" %d:%s", list->zones[z]->zone_pgdat->node_id,
					list->zones[z]->name);
			print(list->nr ? "\n" : " empty\n");
		}
	}
}

static void show_zone_ranges(const struct mm *mm)
{
	print("Zone ranges:\n");
	for (unsigned int i = 0; i < mm->layout->nr; i++) {
		enum zone_type type = mm->layout->limit[i].type;
		unsigned long start, end;

		if (zone_type_span(mm, type, &start, &end))
			print("  %-8s [mem 0x%016llx-0x%016llx]\n", zone_type_name(type),
				(unsigned long long)pfn_to_phys(start),
				(unsigned long long)pfn_to_phys(end) - 1);
		else
			print("  %-8s empty\n", zone_type_name(type));
	}
}

void show_layout(const struct mm *mm)
{
	unsigned long present = 0, reserved = 0;
	struct zone *zone;

	show_zone_ranges(mm);
	print("Early memory node ranges:\n");
	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		const struct memblock_range *bank = &mm->memblock->memory.range[i];

		print("  node %3d: [mem 0x%016llx-0x%016llx]\n", bank->nid,
			(unsigned long long)bank->base, (unsigned long long)bank->end - 1);
	}
	show_nodes(mm);
	show_zones(mm);
	show_zonelists(mm);
	for_each_populated_zone (zone, mm) {
		print("  %s zone: %lu pages, LIFO batch:%u\n", zone->name, zone->present_pages,
			mm->cpu[0]->pageset[zone->index].pcp[PCP_HOT].batch);
		present += zone->present_pages;
		reserved += zone->reserved_pages;
	}
	print("Built %u zonelists\n", mm->nr_online);
	print("Memory: %luk free / %luk present, %luk reserved, of that %luk page descriptors\n",
		pages_to_kb(nr_free_pages(mm) + nr_cached_pages(mm)), pages_to_kb(present),
		pages_to_kb(reserved), mm->mem_map_bytes >> 10);
}

static void show_range(phys_addr_t base, phys_addr_t end, const char *owner)
{
	print("  0x%012llx-0x%012llx %9llu KiB  %s\n", (unsigned long long)base,
		(unsigned long long)end, (unsigned long long)(end - base) >> 10, owner);
}

/* One bank, cut at every reservation: what is left over is the allocator's. */
static void show_bank(const struct memblock *mb, const struct memblock_range *bank)
{
	phys_addr_t at = bank->base;

	for (unsigned int i = 0; i < mb->reserved.nr; i++) {
		const struct memblock_range *taken = &mb->reserved.range[i];

		if (taken->end <= at || taken->base >= bank->end)
			continue;
		if (taken->base > at)
			show_range(at, taken->base, "page allocator");
		at = taken->end < bank->end ? taken->end : bank->end;
		print("  0x%012llx-0x%012llx %9llu KiB  %s%s\n",
			(unsigned long long)(taken->base > bank->base ? taken->base : bank->base),
			(unsigned long long)at,
			(unsigned long long)(at - (taken->base > bank->base ? taken->base
									    : bank->base)) >>
				10,
			taken->why, taken->flags & MEMBLOCK_NOMAP ? " (not mapped)" : "");
	}
	if (at < bank->end)
		show_range(at, bank->end, "page allocator");
}

void show_banks(const struct mm *mm)
{
	const struct memblock *mb = mm->memblock;

	for (unsigned int i = 0; i < mb->memory.nr; i++) {
		const struct memblock_range *bank = &mb->memory.range[i];

		print("bank %u: 0x%llx-0x%llx, %llu MiB, node %d\n", i,
			(unsigned long long)bank->base, (unsigned long long)bank->end,
			(unsigned long long)(bank->end - bank->base) >> 20, bank->nid);
		show_bank(mb, bank);
	}
	for (unsigned int i = 0; i < mb->reserved.nr; i++) {
		const struct memblock_range *taken = &mb->reserved.range[i];

		if (memblock_present(mb, MEMBLOCK_ANY_NODE, pfn_down(taken->base),
			    pfn_down(taken->end)) == 0)
			print("outside all banks: 0x%llx-0x%llx  %s\n",
				(unsigned long long)taken->base, (unsigned long long)taken->end,
				taken->why);
	}
}

static void show_flags(unsigned long flags)
{
	static const char *const names[NR_PAGE_FLAGS] = {"locked", "error", "referenced",
		"uptodate", "dirty", "lru", "active", "slab", "highmem", "checked", "arch_1",
		"reserved", "private", "writeback", "nosave", "compound", "swapcache",
		"mappedtodisk", "reclaim", "nosave_free"};
	const char *separator = "";

	for (unsigned int i = 0; i < NR_PAGE_FLAGS; i++) {
		if (flags >> i & 1) {
			print("%s%s", separator, names[i]);
			separator = "|";
		}
	}
}

/* What the page is, or is a part of. */
static void show_page_state(const struct page *page)
{
	static const char *const names[NR_PAGE_STATES] = {"never handed out", "free",
		"in a per-CPU cache", "allocated", "set aside", "freed, in quarantine"};
	const struct page *head;
	unsigned int order;

	head = PageReserved(page) ? NULL : page_block_head(page, &order);
	if (!head)
		print("%s", PageReserved(page) ? "reserved" : names[page_state(page)]);
	else if (head == page)
		print("%s, order %u", names[page_state(page)], order);
	else
		print("inside a block that is %s, order %u, head pfn 0x%lx",
			names[page_state(head)], order, page_to_pfn(head));
}

void show_page(const struct mm *mm, unsigned long pfn)
{
	const struct page *page;
	const struct memblock_range *why;

	if (!pfn_valid(mm, pfn)) {
		const struct offline_range *range = mm_offline_range(mm, pfn);

		if (range)
			print("  pfn 0x%lx at 0x%llx: node %d zone %s, %s; offline, no descriptor "
			      "yet\n",
				pfn, (unsigned long long)pfn_to_phys(pfn),
				range->zone->zone_pgdat->node_id, range->zone->name,
				range->reserved ? "reserved (page descriptors)" : "free");
		else
			print("  pfn 0x%lx: no memory there, and no descriptor\n", pfn);
		return;
	}
	page = pfn_to_page(pfn);
	why = memblock_find_reserved(mm->memblock, pfn_to_phys(pfn));
	print("  pfn 0x%lx at 0x%llx: ", pfn, (unsigned long long)pfn_to_phys(pfn));
	if (page_to_nid(page) == NODE_HOLE) {
		print("a hole between banks\n");
		return;
	}
	print("node %d zone %s, ", page_to_nid(page), page_zone(page)->name);
	show_page_state(page);
	if (PageReserved(page) && why)
		print(" (%s)", why->why);
	print("\n    count %d mapcount %d flags 0x%016lx [", page_count_raw(page),
		page->_mapcount + 1, page_flags(page));
	show_flags(page_flags(page));
	print("] private 0x%lx index 0x%lx mapping %p tag 0x%x\n", page_private(page), page->index,
		page->mapping, (unsigned int)page_tag(page));
}
