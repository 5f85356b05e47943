/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is not online yet: whole blocks of 1024 pages without descriptors.
 *
 *	bank    |--------------------------------------------------|
 *	blocks  |online|          free: offline       |map: offline|
 *	                                       <- come online
 *
 * At the hand-over from the boot allocator a block that is wholly free is put here instead of on a
 * list: boot costs what is used, not what is there. It counts as free, in its zone's free_pages and
 * offline_pages, and comes online when an allocation finds nothing else, or before (kswapd). What
 * the memory map itself takes in whole blocks stays offline and reserved.
 *
 * Owns mm->offline. Constant after boot but for the ranges' ends, which are under the lock of their
 * zone. Invariant: a zone's offline_pages are what its free ranges hold, and what has been claimed
 * and is not listed yet. Facts: Linux has the like as deferred_init_memmap(), by sections and all
 * at once.
 */
#include <port/task.h>
#include "internal.h"

const struct offline_range *mm_offline_range(const struct mm *mm, unsigned long pfn)
{
	unsigned int low = 0, high = mm->nr_offline;

	/* By the starts, which stay: the last range that starts at or below `pfn`. */
	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (mm->offline[mid].start_pfn > pfn)
			high = mid;
		else
			low = mid + 1;
	}
	return low && pfn < offline_end(&mm->offline[low - 1]) ? &mm->offline[low - 1] : NULL;
}

/* Sorted by start. */
static void insert_range(struct mm *mm, const struct offline_range *range)
{
	unsigned int i = mm->nr_offline++;

	for (; i > 0 && mm->offline[i - 1].start_pfn > range->start_pfn; i--)
		mm->offline[i] = mm->offline[i - 1];
	mm->offline[i] = *range;
}

/* The whole blocks of each zone in a range of one bank. */
static void add_blocks(struct mm *mm, phys_addr_t base, phys_addr_t end, int nid, bool reserved)
{
	unsigned long pfn = pfn_down(base);

	while (pfn < pfn_down(end)) {
		struct zone *zone = zone_at(mm, nid, pfn);
		const unsigned long zone_end = zone->zone_start_pfn + zone->spanned_pages;
		const unsigned long stop = pfn_down(end) < zone_end ? pfn_down(end) : zone_end;
		const struct offline_range range = {
			align_up(pfn, BLOCK_PAGES), align_down(stop, BLOCK_PAGES), zone, reserved};
		const unsigned long pages = range.end_pfn - range.start_pfn;

		pfn = stop;
		/* Where the room ends, as after many late reservations, the rest is online at once.
		 */
		if (range.start_pfn >= range.end_pfn || mm->nr_offline == mm->max_offline)
			continue;
		insert_range(mm, &range);
		if (reserved)
			continue;
		zone->offline_pages += pages;
		zone->free_pages += pages;
		zone->reserved_pages -= pages;
	}
}

/* The memory map's own room, which may reach over banks of its node that touch. */
static void add_piece(struct mm *mm, const struct map_piece *piece)
{
	const phys_addr_t end = piece->pa +
				(piece->end_pfn - piece->start_pfn) * sizeof(struct page);

	for (phys_addr_t at = piece->pa; at < end;) {
		const struct memblock_range *bank = memblock_find_memory(mm->memblock, at);
		const phys_addr_t stop = bank->end < end ? bank->end : end;

		add_blocks(mm, at, stop, bank->nid, true);
		at = stop;
	}
}

int offline_prepare(struct mm *mm)
{
	const struct memblock *mb = mm->memblock;
	/* Free runs, and pieces, as many as there can be, one more for each limit that cuts one. */
	const unsigned int most = mb->memory.nr + mb->reserved.nr + mm->nr_map_pieces + 2 +
				  2 * mm->layout->nr;
	const size_t bytes = align_up(most * sizeof(*mm->offline), PAGE_SIZE);

	if (mm->eager)
		return 0;
	mm->offline = boot_alloc(mm, bytes, MEMBLOCK_ANY_NODE, "ranges of offline blocks");
	mm->max_offline = bytes / sizeof(*mm->offline);
	return mm->offline ? 0 : -1;
}

void offline_init(struct mm *mm)
{
	struct memblock_free run = {.end = 0};
	struct zone *zone;

	for (unsigned int i = 0; i < mm->nr_map_pieces; i++)
		add_piece(mm, &mm->map_piece[i]);
	while (memblock_next_free(mm->memblock, run.end, &run))
		add_blocks(mm, run.base, run.end, run.nid, false);
	for_each_populated_zone (zone, mm)
		zone->offline_next = mm->nr_offline;
}

void mm_online_node(struct pglist_data *pgdat)
{
	for (unsigned int type = 0; type < pgdat->nr_zones; type++) {
		struct zone *zone = &pgdat->node_zones[type];

		/* Also while others bring the last of them, or look: mm_check(). */
		while (zone_offline_pages(zone)) {
			mm_online_block(zone);
			cond_resched();
		}
	}
}

unsigned long offline_claim(struct zone *zone)
{
	struct mm *mm = zone->zone_pgdat->mm;

	ASSERT(spin_is_mine(&zone->lock));
	for (; zone->offline_next > 0; zone->offline_next--) {
		struct offline_range *range = &mm->offline[zone->offline_next - 1];
		const unsigned long end = offline_end(range);

		if (range->zone != zone || range->reserved || range->start_pfn == end)
			continue;
		__atomic_store_n(&range->end_pfn, end - BLOCK_PAGES, __ATOMIC_RELAXED);
		return end - BLOCK_PAGES;
	}
	return ~0UL;
}
