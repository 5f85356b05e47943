/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the boot allocator's ranges to a working allocator, in order:
 *
 *	root tables -> nodes -> zone spans -> fallback order and zonelists -> CPUs -> descriptors
 *	-> (the embedding system does the rest of its boot) -> free ranges to the buddy system
 *
 * Owns the construction of struct mm. One CPU at boot, so no lock is contended.
 *
 * Source: the order of Linux 2.6.11's start-up (semantics: free_area_init, build_all_zonelists,
 * free_all_bootmem); the hand-over is in the largest aligned blocks.
 */
#include <mm/wait.h>
#include "internal.h"
#include "zone_lock.h"

/*
 * Where HIGHMEM starts, whose pages have no address to reach a structure by. (Descriptors may lie
 * there: they are mapped in a window of their own, memmap.c.)
 */
static phys_addr_t boot_limit(const struct mm *mm)
{
	unsigned long start, end;

	zone_layout_range(mm->layout, ZONE_HIGHMEM, &start, &end);
	return start < end ? pfn_to_phys(start) : PHYS_ADDR_MAX;
}

/* From the nodes nearest to `nid`, as far as the order is known; else from any. */
static phys_addr_t alloc_near(struct mm *mm, uint64_t bytes, int nid, const char *why)
{
	const struct pglist_data *pgdat = mm->node ? mm_node(mm, nid) : NULL;
	const phys_addr_t limit = boot_limit(mm);
	phys_addr_t pa = memblock_alloc(mm->memblock, bytes, PAGE_SIZE, nid, limit, why);

	for (unsigned int i = 0; pa == PHYS_ADDR_MAX && pgdat && i < pgdat->nr_online; i++)
		pa = memblock_alloc(mm->memblock, bytes, PAGE_SIZE, pgdat->fallback[i], limit, why);
	if (pa == PHYS_ADDR_MAX)
		pa = memblock_alloc(mm->memblock, bytes, PAGE_SIZE, MEMBLOCK_ANY_NODE, limit, why);
	return pa;
}

void *boot_alloc(struct mm *mm, size_t bytes, int nid, const char *why)
{
	uint64_t size = align_up(bytes, PAGE_SIZE);
	phys_addr_t pa = alloc_near(mm, size, nid, why);
	void *memory;

	if (pa == PHYS_ADDR_MAX) {
		print("mm: no %lu KiB of boot memory left for %s\n", (unsigned long)size >> 10,
			why);
		return NULL;
	}
	memory = phys_to_virt(pa);
	__builtin_memset(memory, 0, size);
	return memory;
}

static unsigned int highest_node_id(const struct mm *mm, const struct mm_config *config)
{
	int highest = 0;

	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		if (mm->memblock->memory.range[i].nid > highest)
			highest = mm->memblock->memory.range[i].nid;
	}
	for (unsigned int i = 0; i < config->nr_cpus; i++) {
		if (config->cpu_nid[i] > highest)
			highest = config->cpu_nid[i];
	}
	return (unsigned int)highest;
}

/* The tables that everything else is found through. */
static int alloc_root(struct mm *mm, const struct mm_config *config)
{
	unsigned long nr_blocks;

	mm->nr_node_ids = 1 + highest_node_id(mm, config);
	if (mm->nr_node_ids > NODE_HOLE) {
		print("mm: node id %u: page flags have room for ids below %d\n",
			mm->nr_node_ids - 1, NODE_HOLE);
		return -1;
	}
	mm->max_pfn = memblock_end_pfn(mm->memblock);
	nr_blocks = mm->max_pfn / BLOCK_PAGES + 1;
	mm->zone_table = boot_alloc(mm,
		((size_t)mm->nr_node_ids << ZONES_SHIFT) * sizeof(*mm->zone_table),
		MEMBLOCK_ANY_NODE, "zone table");
	if (!mm->zone_table)
		return -1;
	mm->distance = boot_alloc(
		mm, (size_t)mm->nr_node_ids * mm->nr_node_ids, MEMBLOCK_ANY_NODE, "node distances");
	if (!mm->distance)
		return -1;
	mm->block_map = boot_alloc(
		mm, (nr_blocks + 63) / 64 * 8, MEMBLOCK_ANY_NODE, "map of page blocks");
	return mm->block_map ? 0 : -1;
}

static void set_zonelist(struct mm_cpu *cpu, unsigned int list, struct zonelist *zonelist)
{
	cpu->zonelist[list] = zonelist;
	cpu->first[list] = zonelist && zonelist->nr ? &cpu->pageset[zonelist->zones[0]->index]
						    : &cpu->no_pageset;
}

static int cpu_init(struct mm *mm, unsigned int id, int nid)
{
	size_t nr_sets = (size_t)mm->nr_node_ids << ZONES_SHIFT;
	size_t head = align_up(sizeof(struct mm_cpu), CACHE_LINE);
	size_t sets = nr_sets * sizeof(struct per_cpu_pageset);
	struct pglist_data *pgdat = mm->node[nid];
	struct mm_cpu *cpu = boot_alloc(
		mm, head + sets + nr_sets * sizeof(struct lock_stat), nid, "per-CPU caches");

	if (!cpu)
		return -1;
	cpu->mm = mm;
	cpu->id = id;
	cpu->nid = nid;
	cpu->boot_task = (struct mm_task){.name = "swapper", .prio = DEFAULT_PRIO};
	cpu->task = &cpu->boot_task;
	cpu->pageset = (struct per_cpu_pageset *)((char *)cpu + head);
	cpu->lock_stat = (struct lock_stat *)((char *)cpu + head + sets);
	for (size_t i = 0; i < nr_sets; i++)
		pageset_init(&cpu->pageset[i], mm->zone_table[i]);
	for (unsigned int i = 0; i <= GFP_ZONEMASK; i++)
		set_zonelist(cpu, i, i < GFP_ZONETYPES ? pgdat->node_zonelists[i] : NULL);
	mm->cpu[id] = cpu;
	return 0;
}

static int cpus_init(struct mm *mm, const struct mm_config *config)
{
	mm->nr_cpus = config->nr_cpus;
	mm->cpu = boot_alloc(
		mm, config->nr_cpus * sizeof(*mm->cpu), config->cpu_nid[0], "table of CPUs");
	if (!mm->cpu)
		return -1;
	for (unsigned int i = 0; i < config->nr_cpus; i++) {
		if (cpu_init(mm, i, config->cpu_nid[i]))
			return -1;
	}
	mm->cpu[0]->irq_depth = this_cpu->irq_depth;
	this_cpu = mm->cpu[0];
	return 0;
}

int mm_init(struct mm *mm, struct memblock *mb, const struct mm_config *config)
{
	mm->memblock = mb;
	mm->layout = config->zones;
	mm->eager = config->eager;
	mm->hooks = &mm_default_hooks;
	mm->pcp_share = config->pcp_share;
	mm->fault.attr = (struct mm_fault_attr)MM_FAULT_DEFAULTS;
	wait_queue_init(&mm->congestion);
	list_init(&mm->shrinkers);
	list_init(&mm->consumers);
	this_cpu->mm = mm;
	if (mb->memory.nr == 0 || config->nr_cpus == 0) {
		print("mm: nothing to manage: %u banks, %u CPUs\n", mb->memory.nr, config->nr_cpus);
		return -1;
	}
	if (alloc_root(mm, config) || nodes_init(mm, config) || zonelists_build(mm) ||
		wait_tables_init(mm) || cpus_init(mm, config))
		return -1;
	quarantine_init(mm);
	watermarks_init(mm);
	return memmap_init(mm) || offline_prepare(mm) ? -1 : 0;
}

/* Largest order of a block that starts at `pfn`, is aligned, and ends at or before `end`. */
static unsigned int largest_order(unsigned long pfn, unsigned long end)
{
	unsigned int order = MAX_ORDER - 1;

	while (!is_aligned(pfn, 1UL << order) || pfn + (1UL << order) > end)
		order--;
	return order;
}

/* Free [pfn, end), online pages of one zone that have been reserved since boot. */
static void hand_over(struct zone *zone, unsigned long pfn, unsigned long end)
{
	ASSERT(pfn >= zone->zone_start_pfn && end <= zone->zone_start_pfn + zone->spanned_pages);
	ASSERT(zone->reserved_pages >= end - pfn);
	while (pfn < end) {
		unsigned int order = largest_order(pfn, end);
		struct page *page = pfn_to_page(pfn);
		irq_flags_t flags;

		for (unsigned long i = 0; i < 1UL << order; i++)
			page_write_flags(&page[i], page_flags(&page[i]) & ~(1UL << PG_reserved));
		flags = zone_lock(zone);
		zone->reserved_pages -= 1UL << order;
		buddy_free_locked(zone, page, order);
		zone_unlock(zone, flags);
		pfn += 1UL << order;
	}
}

/* The same, but for whole blocks, which stay offline. */
static void hand_over_edges(struct zone *zone, unsigned long pfn, unsigned long end)
{
	const unsigned long first = align_up(pfn, BLOCK_PAGES), last = align_down(end, BLOCK_PAGES);

	if (first >= last || !mm_offline_range(zone->zone_pgdat->mm, first)) {
		hand_over(zone, pfn, end);
	} else {
		hand_over(zone, pfn, first);
		hand_over(zone, last, end);
	}
}

unsigned long mm_free_boot_memory(struct mm *mm)
{
	struct memblock_free run = {.end = 0};
	unsigned long nr = 0;

	ASSERT(!mm->memblock->closed);
	if (!mm->eager) {
		offline_init(mm);
		memmap_write(mm);
	}
	mm->memblock->closed = true;
	while (memblock_next_free(mm->memblock, run.end, &run)) {
		unsigned long pfn = pfn_down(run.base), end = pfn_down(run.end);

		nr += end - pfn;
		while (pfn < end) {
			struct zone *zone = zone_at(mm, run.nid, pfn);
			unsigned long zone_end = zone->zone_start_pfn + zone->spanned_pages;
			unsigned long stop = end < zone_end ? end : zone_end;

			hand_over_edges(zone, pfn, stop);
			pfn = stop;
		}
	}
	return nr;
}
