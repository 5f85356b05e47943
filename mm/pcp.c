/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU caches of order-0 pages: a hot and a cold list for each CPU and zone.
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
#include <port/smp.h>
#include "internal.h"

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

void pageset_init(struct per_cpu_pageset *pageset, unsigned long present_pages)
{
	unsigned int batch = pcp_batch(present_pages);
	struct per_cpu_pages *hot = &pageset->pcp[PCP_HOT];
	struct per_cpu_pages *cold = &pageset->pcp[PCP_COLD];

	*hot = (struct per_cpu_pages){.low = 2 * batch, .high = 6 * batch, .batch = batch};
	*cold = (struct per_cpu_pages){.low = 0, .high = 2 * batch, .batch = batch};
	list_init(&hot->list);
	list_init(&cold->list);
}

static void drain_this_cpu(struct mm_cpu *cpu)
{
	struct mm *mm = cpu->mm;
	struct zone *zone;

	ASSERT(cpu == this_cpu && cpu->busy);
	for_each_populated_zone (zone, mm) {
		for (unsigned int i = 0; i < NR_PCP; i++) {
			struct per_cpu_pages *pcp = &cpu->pageset[zone->index].pcp[i];

			if (pcp->count)
				pcp->count -= buddy_free_bulk(zone, pcp->count, &pcp->list);
		}
	}
}

/* Enter the busy section: not in an interrupt in the middle of one. */
static ALWAYS_INLINE void pcp_enter(struct mm_cpu *cpu)
{
	__atomic_store_n(&cpu->busy, 1, __ATOMIC_RELAXED);
	barrier();
}

static inline bool pcp_try_enter(struct mm_cpu *cpu)
{
	if (unlikely(__atomic_load_n(&cpu->busy, __ATOMIC_RELAXED)))
		return false;
	pcp_enter(cpu);
	return true;
}

static void do_pending(struct mm_cpu *cpu);

/* The machine's levels into this CPU's word, beside what is the running thread's. */
static void copy_debug(struct mm_cpu *cpu)
{
	const irq_flags_t flags = irq_save();
	const unsigned int levels = mm_debug(cpu->mm) & MM_SWITCH_DEBUG;

	cpu->switches = (uint16_t)((cpu->switches & ~MM_SWITCH_DEBUG) | levels);
	irq_restore(flags);
}

/*
 * Leave it, and do what was asked for meanwhile. A request that comes after the store finds the
 * CPU not busy and is served by its own interrupt; one before it is seen by the load.
 */
static inline void pcp_exit(struct mm_cpu *cpu)
{
	barrier();
	__atomic_store_n(&cpu->busy, 0, __ATOMIC_RELAXED);
	barrier();
	if (unlikely(__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED)))
		do_pending(cpu);
}

/* The request is cleared last, inside the section: whoever waits for that sees it done. */
static __attribute__((noinline)) void do_pending(struct mm_cpu *cpu)
{
	unsigned int work;

	while ((work = __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE)) && pcp_try_enter(cpu)) {
		if (work & MM_PENDING_DRAIN)
			drain_this_cpu(cpu);
		if (work & MM_PENDING_DEBUG)
			copy_debug(cpu);
		__atomic_fetch_and(&cpu->pending, ~work, __ATOMIC_RELEASE);
		barrier();
		__atomic_store_n(&cpu->busy, 0, __ATOMIC_RELAXED);
		barrier();
	}
}

void mm_cpu_interrupt(void)
{
	do_pending(this_cpu);
}

void drain_local_pages(void)
{
	struct mm_cpu *cpu = this_cpu;

	__atomic_fetch_or(&cpu->pending, MM_PENDING_DRAIN, __ATOMIC_RELAXED);
	do_pending(cpu);
}

/* One more block for the counters of its zone; `foreign` are those of the zone asked first. */
static inline void add_numa(struct numa_stat *numa, struct numa_stat *foreign, bool local)
{
	if (likely(local)) {
		numa->numa_hit++;
	} else {
		numa->numa_miss++;
		foreign->numa_foreign++;
	}
}

void count_numa(const struct zone *zone, const struct zone *first)
{
	irq_flags_t flags = irq_save();
	struct per_cpu_pageset *set = this_cpu->pageset;

	add_numa(&set[zone->index].numa_slow, &set[first->index].numa_slow,
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
static ALWAYS_INLINE void refill(
	struct zone *zone, struct per_cpu_pages *pcp, struct mm_explain *explain)
{
	unsigned int came;

	if (explain)
		came = buddy_take_bulk_explained(zone, pcp->batch, &pcp->list, explain);
	else
		came = buddy_take_bulk(zone, pcp->batch, &pcp->list);
	pcp->count += came;
	explain_add(explain, .kind = EXPLAIN_REFILL, .zone = zone, .value = {came, pcp->batch});
}

static ALWAYS_INLINE struct page *take_cached(
	struct zone *zone, bool cold, const struct zone *first, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct per_cpu_pages *pcp;
	struct page *page = NULL;

	pcp_enter(cpu);
	pcp = &cpu->pageset[zone->index].pcp[cold ? PCP_COLD : PCP_HOT];
	if (explain)
		explain_cache(explain, cpu, zone, pcp, cold);
	if (unlikely(pcp->count <= pcp->low)) {
		refill(zone, pcp, explain);
		cpu->stat.pcp_refill++;
	}
	if (likely(pcp->count)) {
		page = list_first_entry(&pcp->list, struct page, lru);
		list_del(&page->lru);
		pcp->count--;
		cpu->stat.pcp_alloc++;
		cpu->stat.pgalloc[zone->type]++;
		add_numa(&cpu->pageset[zone->index].numa, &cpu->pageset[first->index].numa,
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

/* A batch to the buddy system, those that were freed first. */
static ALWAYS_INLINE void spill(
	struct zone *zone, struct per_cpu_pages *pcp, struct mm_explain *explain)
{
	explain_add(explain, .kind = EXPLAIN_SPILL, .zone = zone, .value = {pcp->batch});
	if (explain)
		pcp->count -= buddy_free_bulk_explained(zone, pcp->batch, &pcp->list, explain);
	else
		pcp->count -= buddy_free_bulk(zone, pcp->batch, &pcp->list);
}

static ALWAYS_INLINE void put_cached(struct page *page, bool cold, struct mm_explain *explain)
{
	struct mm_cpu *cpu = this_cpu;
	struct zone *zone = page_zone(page);
	struct per_cpu_pages *pcp;

	pcp_enter(cpu);
	pcp = &cpu->pageset[zone->index].pcp[cold ? PCP_COLD : PCP_HOT];
	if (explain)
		explain_cache(explain, cpu, zone, pcp, cold);
	if (unlikely(pcp->count >= pcp->high)) {
		spill(zone, pcp, explain);
		cpu->stat.pcp_spill++;
	}
	set_page_tag(page, PAGE_CACHED, 0);
	list_add(&page->lru, &pcp->list);
	pcp->count++;
	cpu->stat.pgfree++;
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

static bool cpu_is_online(const struct mm_cpu *cpu)
{
	return __atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE);
}

static bool is_pending(const struct mm_cpu *cpu, unsigned int work)
{
	return __atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE) & work;
}

/* Ask this of every CPU, and wait until it is done. One that is not online is left out. */
static void ask_all(struct mm *mm, unsigned int work)
{
	__atomic_fetch_or(&this_cpu->pending, work, __ATOMIC_RELAXED);
	do_pending(this_cpu);
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		if (mm->cpu[id] == this_cpu || !cpu_is_online(mm->cpu[id]))
			continue;
		ASSERT(!in_interrupt() && irqs_enabled());
		__atomic_fetch_or(&mm->cpu[id]->pending, work, __ATOMIC_RELEASE);
		smp_kick(id);
	}
	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		while (is_pending(mm->cpu[id], work))
			cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
	}
}

void drain_all_pages(struct mm *mm)
{
	ASSERT(!in_interrupt() && irqs_enabled());
	ask_all(mm, MM_PENDING_DRAIN);
	quarantine_release(mm, 0);
}

void pcp_tell_debug(struct mm *mm)
{
	ask_all(mm, MM_PENDING_DEBUG);
	for (unsigned int id = 0; id < mm->nr_cpus; id++)
		if (!cpu_is_online(mm->cpu[id]))
			copy_debug(mm->cpu[id]);
}
