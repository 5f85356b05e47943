/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watermarks and reserves: how much of a zone is kept back, and from whom.
 *
 *	free_pages  0 ---- pages_min ---- pages_low ---- pages_high ---- present
 *
 * Owns the pages_* and lowmem_reserve fields of all zones, mm->min_free_kbytes and the ratios.
 * Set once at boot from the present pages.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, init_per_zone_pages_min(), setup_per_zone_pages_min(),
 * setup_per_zone_lowmem_reserve(), with two mends: present pages are counted over one node's
 * zonelist, not over every node's, and the root is exact where 2.6.11's saturates at 65535.
 */
#include "internal.h"

#define MIN_FREE_KBYTES_LEAST 128UL
#define MIN_FREE_KBYTES_MOST  65536UL

/* A HIGHMEM zone keeps a thousandth, within these: nothing vital is allocated from it. */
#define HIGHMEM_LEAST 32UL
#define HIGHMEM_MOST  128UL

/* Of which share of the higher zones a zone is protected from their requests; 2.6.18's. */
static const unsigned int default_ratio[MAX_NR_ZONES - 1] = {
	[ZONE_DMA] = 256,
	[ZONE_DMA32] = 256,
	[ZONE_NORMAL] = 32,
};

/* Largest r with r * r <= n, a bit of the root at a time. */
static unsigned long int_sqrt(unsigned long n)
{
	unsigned long root = 0;

	for (unsigned long bit = 1UL << 31; bit; bit >>= 1) {
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	}
	return root;
}

unsigned long nr_free_zone_pages(const struct mm *mm, unsigned int modifiers)
{
	const struct zonelist *list = NULL;
	unsigned long sum = 0;

	if (modifiers < GFP_ZONETYPES)
		list = mm->node[mm->cpu[0]->nid]->node_zonelists[modifiers];
	if (!list)
		return 0;
	for (unsigned int i = 0; i < list->nr; i++) {
		if (list->zones[i]->present_pages > list->zones[i]->pages_high)
			sum += list->zones[i]->present_pages - list->zones[i]->pages_high;
	}
	return sum;
}

static unsigned long lowmem_pages(const struct mm *mm)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		if (zone->type != ZONE_HIGHMEM)
			sum += zone->present_pages;
	}
	return sum;
}

static unsigned long clamp(unsigned long value, unsigned long least, unsigned long most)
{
	return value < least ? least : value > most ? most : value;
}

void mm_set_min_free_kbytes(struct mm *mm, unsigned long kbytes)
{
	unsigned long pages = kbytes >> (PAGE_SHIFT - 10);
	unsigned long lowmem = lowmem_pages(mm);

	mm->min_free_kbytes = kbytes;
	for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
		struct zone *zone = mm->zone_table[i];

		if (!zone)
			continue;
		if (zone->type == ZONE_HIGHMEM)
			zone->pages_min = clamp(
				zone->present_pages / 1024, HIGHMEM_LEAST, HIGHMEM_MOST);
		else
			zone->pages_min = lowmem ? pages * zone->present_pages / lowmem : 0;
		zone->pages_low = zone->pages_min * 5 / 4;
		zone->pages_high = zone->pages_min * 6 / 4;
	}
}

/* Zone `idx` keeps from requests for zone j a share of what lies between the two. */
static void set_node_reserve(const struct mm *mm, struct pglist_data *pgdat)
{
	for (unsigned int j = 0; j < MAX_NR_ZONES; j++) {
		unsigned long present = 0;

		pgdat->node_zones[j].lowmem_reserve[j] = 0;
		ASSERT(j == MAX_NR_ZONES - 1 || mm->lowmem_reserve_ratio[j] > 0);
		for (unsigned int idx = j; idx-- > 0;) {
			present += pgdat->node_zones[idx + 1].present_pages;
			pgdat->node_zones[idx].lowmem_reserve[j] = present /
								   mm->lowmem_reserve_ratio[idx];
		}
	}
}

void watermarks_init(struct mm *mm)
{
	struct pglist_data *pgdat;
	unsigned long kbytes = pages_to_kb(nr_free_zone_pages(mm, 0));

	mm_set_min_free_kbytes(
		mm, clamp(int_sqrt(kbytes * 16), MIN_FREE_KBYTES_LEAST, MIN_FREE_KBYTES_MOST));
	for (unsigned int i = 0; i < MAX_NR_ZONES - 1; i++)
		mm->lowmem_reserve_ratio[i] = default_ratio[i];
	for_each_pgdat (pgdat, mm)
		set_node_reserve(mm, pgdat);
}
