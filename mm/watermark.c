/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watermarks and reserves: how much of a zone is kept back, and from whom.
 *
 *	free_pages  0 ---- pages_min ---- pages_low ---- pages_high ---- present
 *
 * Owns the pages_* and lowmem_reserve fields of all zones, mm->min_free_kbytes and the ratios.
 * Set at boot from the present pages, and again by mm_set_*().
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

/* A zone's part of `pages`, which all zones of `lowmem` pages keep together; no overflow. */
static unsigned long share(const struct zone *zone, unsigned long pages, unsigned long lowmem)
{
	if (zone->type == ZONE_HIGHMEM)
		return clamp(zone->present_pages / 1024, HIGHMEM_LEAST, HIGHMEM_MOST);
	if (lowmem == 0)
		return 0;
	return pages / lowmem * zone->present_pages + pages % lowmem * zone->present_pages / lowmem;
}

/* Allocations read the marks meanwhile, without the lock. */
static void set_marks(struct zone *zone, unsigned long min)
{
	irq_flags_t flags = spin_lock_irqsave(&zone->lru_lock);

	__atomic_store_n(&zone->pages_min, min, __ATOMIC_RELAXED);
	__atomic_store_n(&zone->pages_low, min + min / 4, __ATOMIC_RELAXED);
	__atomic_store_n(&zone->pages_high, min + min / 2, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void mm_set_min_free_kbytes(struct mm *mm, unsigned long kbytes)
{
	unsigned long pages = kbytes >> (PAGE_SHIFT - 10);
	unsigned long lowmem = lowmem_pages(mm);

	mm->min_free_kbytes = kbytes;
	for (unsigned int i = 0; i < mm->nr_node_ids << ZONES_SHIFT; i++) {
		struct zone *zone = mm->zone_table[i];

		if (zone)
			set_marks(zone, share(zone, pages, lowmem));
	}
}

/*
 * Zone `idx` keeps from requests for zone j a share of what lies between the two. The rest, from
 * requests for itself and for lower zones, is 0 since boot.
 */
static void set_node_reserve(const struct mm *mm, struct pglist_data *pgdat)
{
	for (unsigned int j = 0; j < MAX_NR_ZONES; j++) {
		unsigned long present = 0;

		for (unsigned int idx = j; idx-- > 0;) {
			present += pgdat->node_zones[idx + 1].present_pages;
			__atomic_store_n(&pgdat->node_zones[idx].lowmem_reserve[j],
				present / mm->lowmem_reserve_ratio[idx], __ATOMIC_RELAXED);
		}
	}
}

int mm_set_lowmem_reserve_ratio(struct mm *mm, const unsigned int ratio[MAX_NR_ZONES - 1])
{
	struct pglist_data *pgdat;

	for (unsigned int i = 0; i < MAX_NR_ZONES - 1; i++) {
		if (ratio[i] == 0)
			return -1;
	}
	for (unsigned int i = 0; i < MAX_NR_ZONES - 1; i++)
		mm->lowmem_reserve_ratio[i] = ratio[i];
	for_each_pgdat (pgdat, mm)
		set_node_reserve(mm, pgdat);
	return 0;
}

/* Is there a block of `order` in what is free above `min`? */
static ALWAYS_INLINE bool large_enough(const struct zone *zone, unsigned int order, long free,
	long min, struct mm_explain *explain)
{
	/* What is free in lower orders is no use; but fewer large blocks will do, too. */
	for (unsigned int o = 0; o < order; o++) {
		const unsigned long blocks = zone_nr_free(zone, o);

		free -= (long)(blocks << o);
		min >>= 1;
		explain_add(explain, .kind = EXPLAIN_ORDER, .zone = zone,
			.value = {o, blocks, (unsigned long)free, (unsigned long)min, free > min});
		if (free <= min)
			return false;
	}
	return true;
}

static ALWAYS_INLINE bool watermark_ok(const struct zone *zone, unsigned int order,
	unsigned long mark, long reserve, bool harder, bool high, struct mm_explain *explain)
{
	const unsigned long free_pages = zone_free_pages(zone);
	const long free = (long)free_pages - (1L << order) + 1;
	long min = (long)mark;

	if (high)
		min -= min / 2;
	if (harder)
		min -= min / 4;
	explain_add(explain, .kind = EXPLAIN_WATERMARK, .zone = zone,
		.value = {order, free_pages, mark, (unsigned long)min, (unsigned long)reserve,
			free > min + reserve});
	return free > min + reserve && large_enough(zone, order, free, min, explain);
}

static ALWAYS_INLINE long reserve_against(const struct zone *zone, enum zone_type classzone)
{
	return (long)__atomic_load_n(&zone->lowmem_reserve[classzone], __ATOMIC_RELAXED);
}

bool zone_watermark_ok(const struct zone *zone, unsigned int order, unsigned long mark,
	enum zone_type classzone, bool harder, bool high)
{
	return watermark_ok(
		zone, order, mark, reserve_against(zone, classzone), harder, high, NULL);
}

bool zone_watermark_ok_explained(const struct zone *zone, unsigned int order, unsigned long mark,
	enum zone_type classzone, bool harder, bool high, struct mm_explain *explain)
{
	return watermark_ok(
		zone, order, mark, reserve_against(zone, classzone), harder, high, explain);
}

void watermarks_init(struct mm *mm)
{
	unsigned long kbytes = pages_to_kb(nr_free_zone_pages(mm, 0));

	mm_set_min_free_kbytes(
		mm, clamp(int_sqrt(kbytes * 16), MIN_FREE_KBYTES_LEAST, MIN_FREE_KBYTES_MOST));
	mm_set_lowmem_reserve_ratio(mm, default_ratio);
}
