/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages and their addresses, and sums over all zones and CPUs.
 *
 * Owns nothing. The sums are snapshots: taken without locks, exact when nobody allocates.
 */
#include "internal.h"

void *page_address(const struct page *page)
{
	if (ARCH_HAS_HIGHMEM && (page_zone_index(page) & ((1U << ZONES_SHIFT) - 1)) == ZONE_HIGHMEM)
		return NULL;
	return phys_to_virt(pfn_to_phys(page_to_pfn(page)));
}

struct page *virt_to_page(const void *addr)
{
	return pfn_to_page(pfn_down(virt_to_phys(addr)));
}

bool virt_addr_valid(const struct mm *mm, const void *addr)
{
	return virt_in_linear_map(addr) && pfn_valid(mm, pfn_down(virt_to_phys(addr)));
}

const struct page *page_block_head(const struct page *page, unsigned int *order)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned int least = 0; least < MAX_ORDER; least++) {
		const struct page *head = pfn_to_page(align_down(pfn, 1UL << least));
		enum page_state state = page_state(head);
		unsigned long its_order = page_tag_order(head);

		if (state == PAGE_FREE && PagePrivate(head))
			its_order = page_private(head);
		else if (state != PAGE_ALLOCATED && state != PAGE_SET_ASIDE &&
			 state != PAGE_QUARANTINED && (state != PAGE_CACHED || its_order == 0))
			continue;
		if (its_order >= least && its_order < MAX_ORDER) {
			*order = (unsigned int)its_order;
			return head;
		}
	}
	return NULL;
}

unsigned long nr_free_pages(const struct mm *mm)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone (zone, mm)
		sum += zone_free_pages(zone);
	return sum;
}

unsigned long pageset_pages(const struct per_cpu_pageset *set)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < NR_PCP; i++)
		sum += __atomic_load_n(&set->pcp[i].count, __ATOMIC_ACQUIRE);
	for (unsigned int order = 1; order < MAX_ORDER; order++)
		sum += (unsigned long)__atomic_load_n(
			       &set->block[order - 1].count, __ATOMIC_ACQUIRE)
		       << order;
	return sum;
}

unsigned long nr_cached_pages(const struct mm *mm)
{
	unsigned long sum = 0;
	struct zone *zone;

	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		for_each_populated_zone (zone, mm) {
			sum += pageset_pages(&mm->cpu[id]->pageset[zone->index]);
		}
	}
	return sum;
}

/* Add up two structs that consist of unsigned long. */
static void add_counters(void *sum, const void *more, size_t bytes)
{
	unsigned long *to = sum;
	const unsigned long *from = more;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* How often a look at a busy CPU's counters is repeated, until two agree. */
#define LOOKS 8

/* What a pageset's caches have handed out. */
struct handed_out {
	unsigned long calls, blocks; /* in all, and of them above order 0 */
	unsigned long pages;
};

static struct handed_out handed_out(const struct per_cpu_pageset *set)
{
	struct handed_out out = {.calls = 0};

	for (unsigned int order = 1; order < MAX_ORDER; order++) {
		unsigned long taken = __atomic_load_n(
			&set->block[order - 1].taken, __ATOMIC_ACQUIRE);

		out.blocks += taken;
		out.pages += (taken << order) - taken;
	}
	out.calls = __atomic_load_n(&set->numa.numa_hit, __ATOMIC_ACQUIRE) +
		    __atomic_load_n(&set->numa.numa_miss, __ATOMIC_ACQUIRE);
	/* Each is counted as a block first, and then as a call. */
	if (out.calls < out.blocks)
		out.calls = out.blocks;
	out.pages += out.calls;
	return out;
}

/* The same, less what came from the buddy system. */
static unsigned long handed_out_own(const struct per_cpu_pageset *set)
{
	return handed_out(set).pages - __atomic_load_n(&set->borrowed, __ATOMIC_ACQUIRE);
}

/*
 * Pages freed to a cache: what is in it, and was handed out, less what came otherwise. A counter of
 * its own would cost each free, and this one costs who reads it. Exact while the CPU is quiet, and
 * near it else.
 */
static unsigned long pageset_freed(const struct per_cpu_pageset *set)
{
	unsigned long before, cached, freed;
	unsigned int looks = 0;

	do {
		before = handed_out_own(set);
		cached = pageset_pages(set);
	} while (handed_out_own(set) != before && ++looks < LOOKS);
	freed = cached + before;
	return (long)freed < 0 ? 0 : freed;
}

static void add_cpu_stat(struct mm_cpu_stat *sum, const struct mm_cpu *cpu)
{
	struct zone *zone;

	add_counters(sum, &cpu->stat, sizeof(*sum));
	add_counters(sum, &cpu->stat_slow, sizeof(*sum));
	for_each_populated_zone (zone, cpu->mm) {
		const struct per_cpu_pageset *set = &cpu->pageset[zone->index];
		const struct handed_out out = handed_out(set);

		sum->pcp_alloc += out.calls - out.blocks;
		sum->pcp_block += out.blocks;
		sum->pgalloc[zone->type] += out.pages;
		sum->pgfree += pageset_freed(set);
	}
}

void mm_cpu_sum_stat(const struct mm_cpu *cpu, struct mm_cpu_stat *sum)
{
	*sum = (struct mm_cpu_stat){0};
	add_cpu_stat(sum, cpu);
}

void mm_sum_stat(const struct mm *mm, struct mm_cpu_stat *sum)
{
	*sum = (struct mm_cpu_stat){0};
	for (unsigned int id = 0; id < mm->nr_cpus; id++)
		add_cpu_stat(sum, mm->cpu[id]);
}

void mm_sum_numa(const struct mm *mm, const struct zone *zone, struct numa_sum *sum)
{
	*sum = (struct numa_sum){0};
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		const struct per_cpu_pageset *set = &mm->cpu[id]->pageset[zone->index];
		struct numa_stat of = {0};

		add_counters(&of, &set->numa, sizeof(of));
		add_counters(&of, &set->numa_slow, sizeof(of));
		add_counters(&sum->of, &of, sizeof(of));
		if (mm->cpu[id]->nid == zone->zone_pgdat->node_id)
			sum->local_node += of.numa_hit + of.numa_miss;
		else
			sum->other_node += of.numa_hit + of.numa_miss;
	}
}
