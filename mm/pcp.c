/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU caches of order-0 pages: a hot and a cold list for each CPU and zone. Those of larger
 * blocks are pcp_block.c's, and guarded in the same way.
 *
 * Pages are taken from the front and given back at the front, so the page used last is handed out
 * next; refills and spills work at the tail, a batch at a time under one hold of zone->lock.
 *
 * Owns mm_cpu.pageset. No lock and no masked interrupts on the common path: mm_cpu.busy marks the
 * section in which this CPU's lists are being changed. An interrupt that finds it set goes to the
 * buddy system instead; a request of another CPU is left in mm_cpu.pending and done at the end.
 *
 * Who allocates and frees looks at busy when it is called (by mm_cpu.attention), not here: once
 * for all of the call, as it can not change under it. An interrupt leaves busy as it was, and a
 * thread inside is not switched away from.
 *
 * Cached pages have count 0 and tag PAGE_CACHED, and are no part of zone->free_pages.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, buffered_rmqueue(), free_hot_cold_page(),
 * free_area_init_core() for the sizes; the busy word in place of masked interrupts is our own.
 */
#include <port/mem.h>
#include <port/smp.h>
#include "internal.h"
#include "pcp.h"

/* Most bytes of a zone's thousandth that count towards the batch. */
#define BATCH_BYTES (256UL << 10)

unsigned int pcp_batch(unsigned long present_pages)
{
	unsigned long batch = present_pages / 1024;

	if (batch * PAGE_SIZE > BATCH_BYTES)
		batch = BATCH_BYTES / PAGE_SIZE;
	batch /= 4;
	return batch ? (unsigned int)batch : 1;
}

void pageset_init(struct per_cpu_pageset *pageset, struct zone *zone)
{
	const uint16_t batch = (uint16_t)pcp_batch(zone ? zone->present_pages : 0);
	struct per_cpu_pages *hot = &pageset->pcp[PCP_HOT];
	struct per_cpu_pages *cold = &pageset->pcp[PCP_COLD];

	pageset->zone = zone;
	/* Without a zone nothing is taken and nothing put: not even a page whose flags are corrupt.
	 */
	*hot = (struct per_cpu_pages){
		.low = 2 * batch, .high = zone ? 6 * batch : 0, .batch = batch};
	*cold = (struct per_cpu_pages){.low = 0, .high = 2 * batch, .batch = batch};
	list_init(&hot->list);
	list_init(&cold->list);
	pcp_init_blocks(pageset);
}

/* A batch to the buddy system, those that were freed first; how many went. */
static ALWAYS_INLINE unsigned int spill(struct zone *zone, struct per_cpu_pageset *set,
	struct per_cpu_pages *pcp, struct mm_explain *explain)
{
	unsigned int went;

	if (explain)
		went = buddy_free_bulk_explained(zone, pcp->batch, &pcp->list, explain);
	else
		went = buddy_free_bulk(zone, pcp->batch, &pcp->list);
	pcp_count_moved(set, pcp, 0, -(int)went);
	return went;
}

/* A batch at a time, so that others need not wait for the lock until all is done. */
static void drain_this_cpu(struct mm_cpu *cpu)
{
	struct mm *mm = cpu->mm;
	struct zone *zone;

	ASSERT(cpu == this_cpu && cpu->busy);
	for_each_populated_zone (zone, mm) {
		struct per_cpu_pageset *set = &cpu->pageset[zone->index];

		for (unsigned int i = 0; i < NR_PCP; i++) {
			while (set->pcp[i].count) {
				const unsigned int went = spill(zone, set, &set->pcp[i], NULL);

				ASSERT(went);
			}
		}
	}
	pcp_drain_blocks(cpu);
}

/* The machine's levels into this CPU's word, beside what is the running thread's. */
static void copy_debug(struct mm_cpu *cpu)
{
	const irq_flags_t flags = irq_save();
	const unsigned int levels = mm_debug(cpu->mm);

	cpu->switches = (uint16_t)((cpu->switches & ~MM_SWITCH_DEBUG) | (levels & MM_SWITCH_DEBUG));
	cpu->block_switches = levels & MM_SWITCH_BLOCKS;
	irq_restore(flags);
}

/* The request is cleared last, inside the section: whoever waits for that sees it done. */
void pcp_do_asked(struct mm_cpu *cpu)
{
	unsigned int work;

	while ((work = __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE)) && pcp_try_enter(cpu)) {
		if (work & MM_PENDING_DRAIN)
			drain_this_cpu(cpu);
		else if (work & MM_PENDING_BLOCKS)
			pcp_drain_blocks(cpu);
		if (work & MM_PENDING_LIMITS)
			pcp_limit_blocks(cpu);
		if (work & MM_PENDING_MAP)
			linear_map_adopt();
		if (work & MM_PENDING_DEBUG)
			copy_debug(cpu);
		__atomic_fetch_and(&cpu->pending, ~work, __ATOMIC_RELEASE);
		pcp_leave(cpu);
	}
}

void mm_cpu_interrupt(void)
{
	pcp_do_asked(this_cpu);
}

void drain_local_pages(void)
{
	struct mm_cpu *cpu = this_cpu;

	__atomic_fetch_or(&cpu->pending, MM_PENDING_DRAIN, __ATOMIC_RELAXED);
	pcp_do_asked(cpu);
}

void count_numa(const struct zone *zone, const struct zone *first)
{
	irq_flags_t flags = irq_save();
	struct per_cpu_pageset *set = this_cpu->pageset;

	pcp_add_numa(&set[zone->index].numa_slow, &set[first->index].numa_slow,
		zone->zone_pgdat == first->zone_pgdat);
	irq_restore(flags);
}

static void explain_cache(struct mm_explain *explain, const struct mm_cpu *cpu,
	const struct zone *zone, const struct per_cpu_pages *pcp, bool cold)
{
	explain_add(explain, .kind = EXPLAIN_CACHE, .zone = zone, .text = cold ? "cold" : "hot",
		.value = {cpu->id, pcp->count, pcp->low, pcp->high, pcp->batch});
}

/* A batch from the buddy system; fewer if it has no more. */
static ALWAYS_INLINE void refill(struct zone *zone, struct per_cpu_pageset *set,
	struct per_cpu_pages *pcp, struct mm_explain *explain)
{
	unsigned int came;

	if (explain)
		came = buddy_take_bulk_explained(zone, pcp->batch, &pcp->list, explain);
	else
		came = buddy_take_bulk(zone, pcp->batch, &pcp->list);
	pcp_count_moved(set, pcp, 0, (int)came);
	explain_add(explain, .kind = EXPLAIN_REFILL, .zone = zone, .value = {came, pcp->batch});
}

static ALWAYS_INLINE struct page *take_cached(
	struct zone *zone, bool cold, const struct zone *first, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct per_cpu_pageset *set = &cpu->pageset[zone->index];
	struct per_cpu_pages *pcp = &set->pcp[cold ? PCP_COLD : PCP_HOT];
	struct page *page = NULL;

	pcp_enter(cpu);
	if (explain)
		explain_cache(explain, cpu, zone, pcp, cold);
	if (unlikely(pcp->count <= pcp->low)) {
		refill(zone, set, pcp, explain);
		cpu->stat.pcp_refill++;
	}
	if (likely(pcp->count)) {
		page = list_first_entry(&pcp->list, struct page, lru);
		list_del(&page->lru);
		pcp_set_count(pcp, pcp->count - 1U);
		pcp_add_numa(&set->numa, &cpu->pageset[first->index].numa,
			zone->zone_pgdat == first->zone_pgdat);
		explain_add(explain, .kind = EXPLAIN_CACHE_HIT, .zone = zone,
			.value = {page_to_pfn(page), pcp->count});
	}
	pcp_exit(cpu);
	return page;
}

struct page *pcp_alloc(struct zone *zone, bool cold, const struct zone *first)
{
	return take_cached(zone, cold, first, NULL);
}

struct page *pcp_alloc_explained(
	struct zone *zone, bool cold, const struct zone *first, struct mm_explain *explain)
{
	ASSERT(!this_cpu->busy);
	return take_cached(zone, cold, first, explain);
}

static ALWAYS_INLINE void put_cached(struct page *page, bool cold, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct zone *zone = page_zone(page);
	struct per_cpu_pageset *set = &cpu->pageset[zone->index];
	struct per_cpu_pages *pcp = &set->pcp[cold ? PCP_COLD : PCP_HOT];

	pcp_enter(cpu);
	if (explain)
		explain_cache(explain, cpu, zone, pcp, cold);
	if (unlikely(pcp->count >= pcp->high)) {
		explain_add(explain, .kind = EXPLAIN_SPILL, .zone = zone, .value = {pcp->batch});
		spill(zone, set, pcp, explain);
		cpu->stat.pcp_spill++;
	}
	set_page_tag(page, PAGE_CACHED, 0);
	list_add(&page->lru, &pcp->list);
	pcp_set_count(pcp, pcp->count + 1U);
	explain_add(explain, .kind = EXPLAIN_CACHED, .zone = zone,
		.value = {page_to_pfn(page), pcp->count});
	pcp_exit(cpu);
}

void pcp_free(struct page *page, bool cold)
{
	put_cached(page, cold, NULL);
}

void pcp_free_explained(struct page *page, bool cold, struct mm_explain *explain)
{
	ASSERT(!this_cpu->busy);
	put_cached(page, cold, explain);
}

static bool is_pending(const struct mm_cpu *cpu, unsigned int work)
{
	return __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE) & work;
}

static void ask(struct mm_cpu *cpu, unsigned int work)
{
	if (cpu == this_cpu) {
		__atomic_fetch_or(&cpu->pending, work, __ATOMIC_RELAXED);
		pcp_do_asked(cpu);
	} else {
		ASSERT(!in_interrupt() && irqs_enabled());
		__atomic_fetch_or(&cpu->pending, work, __ATOMIC_RELEASE);
		smp_kick(cpu->id);
	}
}

static void wait_until_done(const struct mm *mm, unsigned int work)
{
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		while (is_pending(mm->cpu[id], work))
			cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
	}
}

void pcp_ask_all(struct mm *mm, unsigned int work)
{
	ask(this_cpu, work);
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		if (mm->cpu[id] != this_cpu && cpu_is_online(mm->cpu[id]))
			ask(mm->cpu[id], work);
	}
	wait_until_done(mm, work);
}

/* Does it cache anything that `work` would give back to the zone? Others may be changing it. */
static bool caches_some(const struct mm_cpu *cpu, const struct zone *zone, unsigned int work)
{
	const struct per_cpu_pageset *set = &cpu->pageset[zone->index];

	for (unsigned int i = 0; work & MM_PENDING_DRAIN && i < NR_PCP; i++)
		if (pcp_count(&set->pcp[i]))
			return true;
	for (unsigned int i = 0; i < MAX_ORDER - 1; i++)
		if (pcp_count(&set->block[i]))
			return true;
	return false;
}

bool pcp_fetch_back(struct mm *mm, struct zone *const *zones, unsigned int work)
{
	bool some = false;

	ASSERT(work == MM_PENDING_DRAIN || work == MM_PENDING_BLOCKS);
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		struct mm_cpu *cpu = mm->cpu[id];

		if (!cpu_is_online(cpu))
			continue;
		for (struct zone *const *zone = zones; *zone; zone++) {
			if (caches_some(cpu, *zone, work)) {
				ask(cpu, work);
				some = true;
				break;
			}
		}
	}
	if (some)
		wait_until_done(mm, work);
	return some;
}

void drain_all_pages(struct mm *mm)
{
	ASSERT(!in_interrupt() && irqs_enabled());
	pcp_ask_all(mm, MM_PENDING_DRAIN);
	quarantine_release(mm, 0);
}

void pcp_adopt_map(struct mm *mm)
{
	pcp_ask_all(mm, MM_PENDING_MAP);
}

void pcp_tell_debug(struct mm *mm)
{
	pcp_ask_all(mm, MM_PENDING_DEBUG);
	for (unsigned int id = 0; id < mm->nr_cpus; id++)
		if (!cpu_is_online(mm->cpu[id]))
			copy_debug(mm->cpu[id]);
}
