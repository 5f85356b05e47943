/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: a descriptor for every page of every block that has any memory.
 *
 * mem_map() + pfn is virtually contiguous; only what exists is backed:
 *
 *	section (128 MiB) at least half present:  one 2 MiB piece, on its own node
 *	other sections:                           64 KiB for each present block of 1024 pages
 *
 * Owns the window of descriptors and mm->block_map. One CPU at boot. Invariant: all descriptors
 * of a block with any present page exist; those of its hole pages are PG_reserved and of node
 * NODE_HOLE, in no zone.
 *
 * Source: design rules; initial state of a descriptor as in Linux 2.6.11 memmap_init_zone().
 */
#include "internal.h"

#define SECTION_MAP_BYTES (SECTION_PAGES * sizeof(struct page))
#define BLOCK_MAP_BYTES   (BLOCK_PAGES * sizeof(struct page))

static bool block_is_mapped(const struct mm *mm, unsigned long block)
{
	return mm->block_map[block / 64] >> (block % 64) & 1;
}

bool pfn_valid(const struct mm *mm, unsigned long pfn)
{
	return pfn < mm->max_pfn && block_is_mapped(mm, pfn / BLOCK_PAGES);
}

/* Room for descriptors: highest zone first, and in each the nearest node with room. */
static phys_addr_t alloc_map_piece(struct mm *mm, size_t bytes, const struct pglist_data *pgdat)
{
	for (unsigned int row = mm->layout->nr; row-- > 0;) {
		phys_addr_t min = row ? mm->layout->limit[row - 1].end : 0;
		phys_addr_t max = mm->layout->limit[row].end;

		for (unsigned int i = 0; i < pgdat->nr_online; i++) {
			phys_addr_t pa = memblock_alloc_range(mm->memblock, bytes, PAGE_SIZE,
				pgdat->fallback[i], min, max, "page descriptors");

			if (pa != PHYS_ADDR_MAX)
				return pa;
		}
	}
	return PHYS_ADDR_MAX;
}

static int map_piece(struct mm *mm, unsigned long pfn, phys_addr_t pa, size_t bytes)
{
	if (mem_map_populate(pfn_to_page(pfn), pa, bytes)) {
		print("mm: no room in the memory map's window for pfn 0x%lx\n", pfn);
		return -1;
	}
	mm->mem_map_bytes += bytes;
	for (unsigned long i = 0; i < bytes / BLOCK_MAP_BYTES; i++) {
		unsigned long block = pfn / BLOCK_PAGES + i;

		mm->block_map[block / 64] |= 1UL << (block % 64);
	}
	return 0;
}

/* One 2 MiB piece for a whole section, on its own node; 1 if there is no such piece. */
static int map_section_whole(struct mm *mm, unsigned long pfn, const struct pglist_data *pgdat)
{
	phys_addr_t pa = memblock_alloc(mm->memblock, SECTION_MAP_BYTES, SECTION_MAP_BYTES,
		pgdat->node_id, PHYS_ADDR_MAX, "page descriptors");

	return pa == PHYS_ADDR_MAX ? 1 : map_piece(mm, pfn, pa, SECTION_MAP_BYTES);
}

static int map_block(struct mm *mm, unsigned long block, const struct pglist_data *pgdat)
{
	phys_addr_t pa = alloc_map_piece(mm, BLOCK_MAP_BYTES, pgdat);

	if (pa == PHYS_ADDR_MAX) {
		print("mm: no 64 KiB left for the descriptors of pfn 0x%lx\n", block * BLOCK_PAGES);
		return -1;
	}
	return map_piece(mm, block * BLOCK_PAGES, pa, BLOCK_MAP_BYTES);
}

static int map_bank(struct mm *mm, const struct memblock_range *bank)
{
	const struct pglist_data *pgdat = mm->node[bank->nid];
	unsigned long end = pfn_down(bank->end);
	unsigned long pfn = align_down(pfn_down(bank->base), BLOCK_PAGES);

	for (; pfn < end; pfn += BLOCK_PAGES) {
		unsigned long section = align_down(pfn, SECTION_PAGES);
		int error = 1;

		if (block_is_mapped(mm, pfn / BLOCK_PAGES))
			continue;
		if (pfn == section ||
			memblock_present(mm->memblock, MEMBLOCK_ANY_NODE, section, pfn) == 0) {
			if (memblock_present(mm->memblock, MEMBLOCK_ANY_NODE, section,
				    section + SECTION_PAGES) >= SECTION_PAGES / 2)
				error = map_section_whole(mm, section, pgdat);
		}
		if (error > 0)
			error = map_block(mm, pfn / BLOCK_PAGES, pgdat);
		if (error)
			return -1;
	}
	return 0;
}

/* Set the descriptors of [start, end): reserved, nobody's, of the given node and zone. */
static void init_descriptors(unsigned long start, unsigned long end, unsigned long zone_index)
{
	unsigned long flags = zone_index << ZONE_SHIFT | 1UL << PG_reserved;

	ASSERT(zone_index < 1UL << (MAX_NODES_SHIFT + ZONES_SHIFT));
	for (struct page *page = pfn_to_page(start); page < pfn_to_page(end); page++) {
		*page = (struct page){.flags = flags, ._count = -1, ._mapcount = -1};
		list_init(&page->lru);
	}
}

static void init_bank(const struct mm *mm, const struct memblock_range *bank)
{
	for (unsigned int i = 0; i < mm->layout->nr; i++) {
		enum zone_type type = mm->layout->limit[i].type;
		unsigned long start, end;

		zone_layout_range(mm->layout, type, &start, &end);
		if (start < pfn_down(bank->base))
			start = pfn_down(bank->base);
		if (end > pfn_down(bank->end))
			end = pfn_down(bank->end);
		if (start < end)
			init_descriptors(
				start, end, (unsigned long)bank->nid << ZONES_SHIFT | type);
	}
}

/* Every mapped descriptor outside [bank before, bank after) belongs to a hole. */
static void init_holes(const struct mm *mm)
{
	unsigned long nr_blocks = mm->max_pfn / BLOCK_PAGES + 1;

	for (unsigned long block = 0; block < nr_blocks; block++) {
		unsigned long pfn = block * BLOCK_PAGES;

		if (!block_is_mapped(mm, block))
			continue;
		if (memblock_present(mm->memblock, MEMBLOCK_ANY_NODE, pfn, pfn + BLOCK_PAGES) !=
			BLOCK_PAGES)
			init_descriptors(
				pfn, pfn + BLOCK_PAGES, (unsigned long)NODE_HOLE << ZONES_SHIFT);
	}
}

/* A whole section's piece also backs blocks without memory: their bits go, nobody reads them. */
static void forget_empty_blocks(struct mm *mm)
{
	unsigned long nr_blocks = mm->max_pfn / BLOCK_PAGES + 1;

	for (unsigned long block = 0; block < nr_blocks; block++) {
		unsigned long pfn = block * BLOCK_PAGES;

		if (block_is_mapped(mm, block) && memblock_present(mm->memblock, MEMBLOCK_ANY_NODE,
							  pfn, pfn + BLOCK_PAGES) == 0)
			mm->block_map[block / 64] &= ~(1UL << (block % 64));
	}
}

int memmap_init(struct mm *mm)
{
	const struct memblock_list *memory = &mm->memblock->memory;

	for (unsigned int i = 0; i < memory->nr; i++) {
		if (map_bank(mm, &memory->range[i]))
			return -1;
	}
	forget_empty_blocks(mm);
	init_holes(mm);
	for (unsigned int i = 0; i < memory->nr; i++)
		init_bank(mm, &memory->range[i]);
	return 0;
}
