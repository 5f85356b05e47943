/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The per-CPU caches of blocks above order 0: how much they may hold, what goes in and out, and
 * that nobody goes without for what lies there.
 *
 * Each way is gone with the tails' level off and on: by the fast path, and around it.
 */
#include <mm/page_use.h>
#include <mm/reclaim.h>
#include "unit.h"

#define SHARE 32U

static const struct machine_spec one_cpu = {.bank = {{0, 262144, 0}}, .pcp_share = SHARE};
static const struct machine_spec two_cpus = {
	.bank = {{0, 262144, 0}}, .nr_cpus = 2, .pcp_share = SHARE};
/* Two zones, and caches of both. */
static const struct machine_spec two_zones = {
	.layout = &layout_low_4096, .bank = {{0, 65536, 0}}, .nr_cpus = 2, .pcp_share = SHARE};

static struct machine *start(const struct machine_spec *spec, bool tails)
{
	struct machine *machine = machine_create(spec);

	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, tails);
	return machine;
}

static struct per_cpu_pages *block_cache(const struct machine *machine, unsigned int cpu,
	const struct zone *zone, unsigned int order)
{
	return &machine->mm.cpu[cpu]->pageset[zone->index].block[order - 1];
}

static struct page *take(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	assert_non_null(page);
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, order));
	assert_int_equal(page_count(page), 1);
	return page;
}

static void limits_by_share_and_zone(void **state)
{
	static const struct {
		unsigned long pages;
		unsigned int cpus, share;
		unsigned int high[MAX_ORDER - 1];
	} rows[] = {
		{262144, 1, 0, {0}},
		{262144, 1, 32, {16, 8, 4, 2, 1, 1, 1, 1, 1, 1}},
		{262144, 4, 32, {16, 8, 4, 2, 1, 1, 1, 1, 1, 0}},
		{16384, 1, 32, {16, 8, 4, 2, 1, 1, 1, 0, 0, 0}},
		{4096, 1, 32, {8, 4, 2, 1, 1, 0, 0, 0, 0, 0}},
		{4096, 4, 32, {2, 1, 1, 1, 0, 0, 0, 0, 0, 0}},
		{64, 1, 32, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{63, 1, 32, {0}},
		{262144, 1, UINT32_MAX, {0}},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct machine_spec spec = {.bank = {{0, rows[i].pages, 0}},
			.nr_cpus = rows[i].cpus,
			.pcp_share = rows[i].share};
		struct machine *machine = machine_create(&spec);
		unsigned long most = 0;

		for (unsigned int order = 1; order < MAX_ORDER; order++) {
			const struct per_cpu_pages *pcp = block_cache(machine, rows[i].cpus - 1,
				machine_zone(machine, 0, ZONE_NORMAL), order);

			assert_int_equal(pcp->high, rows[i].high[order - 1]);
			assert_int_equal(pcp->low, 0);
			assert_int_equal(pcp->batch, pcp->high < 4 ? 1 : pcp->high / 4);
			most += (unsigned long)pcp->high << order;
		}
		if (rows[i].share)
			assert_true(most * rows[i].cpus <= rows[i].pages / rows[i].share);
		machine_destroy(machine);
	}
}

static void off_unless_asked_for(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_int_equal(mm_pcp_share(&machine->mm), 0);
	for (unsigned int order = 1; order < MAX_ORDER; order++)
		__free_pages(take(GFP_KERNEL, order), order);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(nr_free_pages(&machine->mm), 262144);
	machine_destroy(machine);
}

/* Nothing is taken ahead of need, and what comes back is not free as the zone counts. */
static void what_was_freed_last_comes_first(bool tails)
{
	struct machine *machine = start(&one_cpu, tails);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	for (unsigned int order = 1; order < MAX_ORDER; order++) {
		const struct per_cpu_pages *pcp = block_cache(machine, 0, zone, order);
		struct page *page = take(GFP_KERNEL, order);
		const unsigned long free = zone->free_pages, cached = nr_cached_pages(&machine->mm);

		assert_int_equal(pcp->count, 0);
		__free_pages(page, order);
		assert_int_equal(pcp->count, 1);
		assert_int_equal(page_tag(page), make_tag(PAGE_CACHED, order));
		assert_int_equal(page_count(page), 0);
		assert_int_equal(zone->free_pages, free);
		assert_int_equal(nr_cached_pages(&machine->mm), cached + (1UL << order));
		assert_int_equal(mm_check(&machine->mm, NULL), 0);
		assert_ptr_equal(take(GFP_KERNEL, order), page);
		assert_int_equal(pcp->count, 0);
		assert_int_equal(pcp->taken, 1);
		__free_pages(page, order);
	}
	drain_local_pages();
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_int_equal(zone->free_area[10].nr_free, 256);
	machine_destroy(machine);
}

static void freed_last_first_out(void **state)
{
	(void)state;
	what_was_freed_last_comes_first(false);
	what_was_freed_last_comes_first(true);
}

static void a_full_cache_spills_its_oldest(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct per_cpu_pages *pcp = block_cache(machine, 0, zone, 1);
	struct page *page[17];
	unsigned long free;

	(void)state;
	for (unsigned int i = 0; i < 17; i++)
		page[i] = take(GFP_KERNEL, 1);
	for (unsigned int i = 0; i < 16; i++)
		__free_pages(page[i], 1);
	free = zone->free_pages;
	assert_int_equal(pcp->count, 16);
	__free_pages(page[16], 1);
	assert_int_equal(pcp->count, 13); /* 4 went, 1 came */
	assert_int_equal(zone->free_pages, free + 8);
	for (unsigned int i = 0; i < 17; i++)
		assert_int_equal(page_state(page[i]), i < 4 ? PAGE_FREE : PAGE_CACHED);
	assert_int_equal(machine->mm.cpu[0]->stat.pcp_spill, 1);
	machine_destroy(machine);
}

static void counters_count_pages_and_calls(void **state)
{
	struct machine *machine = start(&two_zones, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct mm_cpu_stat stat;
	struct numa_sum numa;
	struct page *page[5];

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 5; i++)
			page[i] = take(i == 4 ? GFP_KERNEL | __GFP_COMP : GFP_KERNEL, 3);
		for (unsigned int i = 0; i < 5; i++)
			__free_pages(page[i], 3);
	}
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pgalloc[ZONE_NORMAL], 15 * 8);
	assert_int_equal(stat.pgfree, 15 * 8);
	assert_int_equal(stat.pcp_alloc, 0);
	assert_int_equal(stat.pcp_block, 8); /* 4 of 5 in the second and the third round */
	mm_sum_numa(&machine->mm, zone, &numa);
	assert_int_equal(numa.of.numa_hit, 15);
	assert_int_equal(numa.local_node, 15);
	__free_page(alloc_page(GFP_KERNEL));
	drain_local_pages();
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pgfree, 15 * 8 + 1);
	assert_int_equal(stat.pcp_alloc, 1);
	machine_destroy(machine);
}

/* A CPU counts one after the other, so who looks in between sees a block more than calls. */
static void a_blurred_look_counts_no_less_than_nothing(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct mm_cpu_stat stat;

	(void)state;
	__free_pages(take(GFP_KERNEL, 3), 3);
	block_cache(machine, 0, zone, 3)->taken++;
	mm_cpu_sum_stat(machine->mm.cpu[0], &stat);
	assert_int_equal(stat.pcp_alloc, 0);
	assert_int_equal(stat.pcp_block, 1);
	machine_destroy(machine);
}

/* A cached block of a zone that is not asked first, as a miss of that one. */
static void a_block_of_another_node_is_a_miss(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 32768, 0}, {32768, 32768, 1}},
		.nr_cpus = 2,
		.cpu_nid = {0, 1},
		.pcp_share = 8};
	struct machine *machine = start(&spec, false);
	struct zone *near = machine_zone(machine, 0, ZONE_NORMAL);
	struct zone *far = machine_zone(machine, 1, ZONE_NORMAL);
	struct page *page = alloc_pages_node(1, GFP_KERNEL, 9);
	struct numa_sum before, after;

	(void)state;
	assert_ptr_equal(page_zone(page), far);
	__free_pages(page, 9);
	assert_int_equal(block_cache(machine, 0, far, 9)->count, 1);
	while (zone_watermark_ok(near, 9, near->pages_low, ZONE_NORMAL, false, false))
		assert_ptr_equal(page_zone(take(GFP_KERNEL, 9)), near);
	mm_sum_numa(&machine->mm, far, &before);
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	mm_sum_numa(&machine->mm, far, &after);
	assert_int_equal(after.of.numa_miss - before.of.numa_miss, 1);
	assert_int_equal(after.of.numa_hit, before.of.numa_hit);
	machine_destroy(machine);
}

/* The hooks of those below: what was called. */
static unsigned int reclaims, ooms, wakeups;

static unsigned int no_reclaim(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	reclaims++;
	return 0;
}

static void count_oom(gfp_t gfp)
{
	(void)gfp;
	if (ooms++ > 10)
		fail_msg("out of memory, again and again");
	mm_current()->memdie = 1;
}

static void count_wakeup(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
	wakeups++;
}

static void no_wait(uint64_t deadline)
{
	(void)deadline;
}

static const struct mm_hooks counting = {
	.try_to_free_pages = no_reclaim,
	.out_of_memory = count_oom,
	.wakeup_kswapd = count_wakeup,
	.congestion_wait = no_wait,
};

/* Of the free pages of a machine `left` stay; the others are somebody's, taken as single pages. */
static void fill(struct machine *machine, unsigned long left)
{
	machine->mm.hooks = &counting;
	mm_current()->flags |= PF_MEMALLOC;
	while (nr_free_pages(&machine->mm) + pageset_pages(this_cpu->first[0]) > left)
		assert_non_null(alloc_page(GFP_ATOMIC | __GFP_NOWARN));
	mm_current()->flags &= ~PF_MEMALLOC;
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), left);
	reclaims = ooms = wakeups = 0;
}

/* No block of the order is free in the zone, and the first pass is enough. */
static void ones_own_block_is_had_without_another(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3), *taken[4096];
	unsigned int nr = 0;

	(void)state;
	/* Every other page is free from the low mark on: much, and all of it order 0. */
	fill(machine, 8192);
	mm_current()->flags |= PF_MEMALLOC;
	while (nr < ARRAY_SIZE(taken))
		taken[nr++] = alloc_page(GFP_ATOMIC);
	mm_current()->flags &= ~PF_MEMALLOC;
	for (unsigned int i = 0; i < nr; i += 2)
		__free_page(taken[i]);
	drain_local_pages();
	while (zone_watermark_ok(zone, 3, zone->pages_low, ZONE_NORMAL, false, false))
		take(GFP_ATOMIC, 3);
	drain_local_pages();
	__free_pages(page, 3);
	assert_int_equal(block_cache(machine, 0, zone, 3)->count, 1);
	for (unsigned int around = 0; around < 2; around++) {
		mm_debug_set(&machine->mm, MM_DEBUG_TAILS, around);
		wakeups = 0;
		assert_ptr_equal(take(GFP_ATOMIC, 3), page);
		assert_int_equal(wakeups, 0);
		assert_int_equal(block_cache(machine, 0, zone, 3)->taken, 1 + around);
		__free_pages(page, 3);
	}
	machine_destroy(machine);
}

static void a_zone_that_is_short_gets_what_is_freed(void **state)
{
	(void)state;
	for (unsigned int tails = 0; tails < 2; tails++) {
		struct machine *machine = start(&one_cpu, tails);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page = take(GFP_KERNEL, 3);

		fill(machine, zone->pages_low);
		__free_pages(page, 3);
		assert_int_equal(nr_cached_pages(&machine->mm), 0);
		assert_int_equal(zone->free_pages, zone->pages_low + 8);
		assert_int_equal(page_state(page), PAGE_FREE);
		machine_destroy(machine);
	}
}

/* What a CPU has is not had below the mark: kswapd is to know first. */
static void a_zone_that_is_short_is_not_served_from(void **state)
{
	static const unsigned int orders[] = {0, 3};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		struct machine *machine = start(&one_cpu, false);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page[40];

		for (unsigned int j = 0; j < ARRAY_SIZE(page); j++)
			page[j] = take(GFP_KERNEL, orders[i]);
		for (unsigned int j = 0; j < ARRAY_SIZE(page); j++)
			__free_pages(page[j], orders[i]);
		machine->mm.hooks = &counting;
		wakeups = 0;
		__free_pages(take(GFP_ATOMIC, orders[i]), orders[i]);
		assert_int_equal(wakeups, 0);
		zone->pages_low = zone->free_pages + nr_cached_pages(&machine->mm);
		__free_pages(take(GFP_ATOMIC, orders[i]), orders[i]);
		assert_int_equal(wakeups, 1);
		machine_destroy(machine);
	}
}

/* Larger ones first, split; then smaller ones, that may merge; then there is nothing. */
static void an_atomic_request_gets_what_its_cpu_caches(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page[4], *five = take(GFP_KERNEL, 5);

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		page[i] = take(GFP_KERNEL, 1);
	assert_int_equal(page_to_pfn(page[0]) % 8, 0);
	assert_ptr_equal(page[3], page[0] + 6);
	machine_lift_reserves(machine);
	__free_pages(five, 5);
	for (unsigned int i = 0; i < 4; i++)
		__free_pages(page[i], 1);
	while (nr_free_pages(&machine->mm))
		assert_non_null(alloc_page(GFP_ATOMIC));
	machine->mm.hooks = &counting;
	wakeups = 0;
	/* A mark of 0 is not passed by a zone without a free page: only the slow path is left. */
	for (unsigned int i = 0; i < 4; i++)
		assert_ptr_equal(take(GFP_ATOMIC, 3), five + 8 * i);
	assert_int_equal(machine->mm.cpu[0]->pageset[0].block[0].count, 0);
	assert_ptr_equal(take(GFP_ATOMIC, 3), page[0]);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 3));
	machine_destroy(machine);
}

/* Of whatever zone of the list. */
static void it_is_given_back_to_a_lower_zone_too(void **state)
{
	struct machine *machine = start(&two_zones, false);
	struct page *page = take(GFP_KERNEL | __GFP_DMA32, 4);

	(void)state;
	assert_ptr_equal(page_zone(page), machine_zone(machine, 0, ZONE_DMA32));
	machine_lift_reserves(machine);
	__free_pages(page, 4);
	assert_int_equal(page_state(page), PAGE_CACHED);
	while (nr_free_pages(&machine->mm))
		assert_non_null(alloc_page(GFP_ATOMIC));
	assert_ptr_equal(take(GFP_ATOMIC, 3), page);
	machine_destroy(machine);
}

/* CPU 1 caches a block; CPU 0 asks for it. Returns the block. */
static struct page *block_on_cpu_1(struct machine *machine, unsigned int order)
{
	struct page *page = take(GFP_KERNEL, order);

	machine_enter(machine, 1);
	__free_pages(page, order);
	machine_enter(machine, 0);
	assert_int_equal(page_state(page), PAGE_CACHED);
	return page;
}

static void who_may_sleep_fetches_back_before_he_fails(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	assert_int_equal(page_state(page), PAGE_CACHED);
	/* One that takes no interrupts would never answer. */
	machine->mm.cpu[1]->online = 0;
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9));
	assert_int_equal(page_state(page), PAGE_CACHED);
	machine->mm.cpu[1]->online = 1;
	reclaims = 0;
	assert_ptr_equal(take(GFP_KERNEL | __GFP_NORETRY, 9), page);
	assert_int_equal(reclaims, 1);
	/* Nobody has any more, and nobody is asked. */
	assert_false(pcp_fetch_back(&machine->mm, this_cpu->zonelist[0]->zones, MM_PENDING_DRAIN));
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 9));
	__free_pages(page, 9);
	machine_destroy(machine);
}

static void nobody_is_killed_for_what_is_cached(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9), *single = take(GFP_KERNEL, 0);

	(void)state;
	machine_enter(machine, 1);
	__free_page(single);
	machine_enter(machine, 0);
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	assert_int_equal(ooms, 0);
	assert_int_equal(reclaims, 1);
	assert_int_equal(page_state(single), PAGE_FREE);
	assert_null(alloc_pages(GFP_KERNEL, 9)); /* who is chosen gets all there is */
	assert_int_equal(ooms, 1);
	mm_current()->memdie = 0;
	machine_destroy(machine);
}

static void who_frees_memory_fetches_back_too(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct page *page = block_on_cpu_1(machine, 9);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 0);
	fill(machine, 0);
	mm_current()->flags |= PF_MEMALLOC;
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9));
	assert_ptr_equal(take(GFP_KERNEL, 9), page);
	assert_int_equal(reclaims, 0);
	machine_destroy(machine);
}

static void kswapd_fetches_back_before_it_reclaims(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = block_on_cpu_1(machine, 9), *single = take(GFP_KERNEL, 0);

	(void)state;
	machine_enter(machine, 1);
	__free_page(single);
	machine_enter(machine, 0);
	fill(machine, zone->pages_high);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(page_state(page), PAGE_FREE);
	assert_int_equal(zone->all_unreclaimable, 0);      /* it has not been scanned in vain */
	assert_int_equal(page_state(single), PAGE_CACHED); /* as in 2.6.11 */
	machine_destroy(machine);
}

static void misuse_of_a_cached_block(bool tails)
{
	struct machine *machine = start(&one_cpu, tails);
	struct page *page = take(GFP_KERNEL, 3);

	__free_pages(page, 3);
	__free_pages(page, 3);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 3);
	__free_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	put_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	__free_pages(page + 4, 2);
	assert_int_equal(host_misuse_count(), 1);
	host_misuse_reset();
	assert_ptr_equal(take(GFP_KERNEL, 3), page);
	__free_pages(page, 2);
	assert_misuse(MISUSE_WRONG_ORDER, page, 2);
	__free_pages(page, 11);
	assert_misuse(MISUSE_WRONG_ORDER, page, 11);
	__free_pages(page + 2, 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, page + 2, 1);
	SetPageLocked(page);
	__free_pages(page, 3);
	assert_misuse(MISUSE_BAD_PAGE, page, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	machine_destroy(machine);
}

static void misuse_is_told_as_without_caches(void **state)
{
	(void)state;
	misuse_of_a_cached_block(false);
	misuse_of_a_cached_block(true);
}

/* Who writes to the descriptor of a block in a cache is found when that is handed out. */
static void a_cached_block_that_was_used_is_set_aside(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct page *page = take(GFP_KERNEL, 3), *other;

	(void)state;
	__free_pages(page, 3);
	SetPageSlab(page);
	other = take(GFP_KERNEL, 3);
	assert_ptr_not_equal(other, page);
	assert_misuse(MISUSE_BAD_PAGE, page, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	__free_pages(other, 3);
	machine_destroy(machine);
}

static void under_the_zone_lock_it_is_refused(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3);
	const irq_flags_t flags = spin_lock_irqsave(&zone->lock);

	(void)state;
	__free_pages(page, 3);
	spin_unlock_irqrestore(&zone->lock, flags);
	assert_misuse(MISUSE_ZONE_LOCKED, page, 3);
	assert_int_equal(page_count(page), 1);
	__free_pages(page, 3);
	machine_destroy(machine);
}

static void tails_are_looked_at_if_that_is_on(void **state)
{
	struct machine *machine = start(&one_cpu, true);
	struct page *page = take(GFP_KERNEL, 3);

	(void)state;
	SetPageLocked(page + 5);
	__free_pages(page, 3);
	assert_misuse(MISUSE_BAD_PAGE, page + 5, 3);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	page = take(GFP_KERNEL, 3);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	SetPageLocked(page + 5);
	__free_pages(page, 3);
	assert_int_equal(page_state(page), PAGE_CACHED);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, true);
	assert_ptr_not_equal(take(GFP_KERNEL, 3), page);
	assert_misuse(MISUSE_BAD_PAGE, page + 5, 3);
	machine_destroy(machine);
}

static void compound_and_zeroed_blocks_come_from_there(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct page *page = take(GFP_KERNEL | __GFP_COMP, 4);
	unsigned char *bytes = page_address(page);

	(void)state;
	memset(bytes, 0xa5, PAGE_SIZE << 4);
	put_page(page + 7);
	assert_int_equal(page_tag(page), make_tag(PAGE_CACHED, 4));
	assert_ptr_equal(take(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, 4), page);
	for (unsigned int i = 0; i < 16; i++)
		assert_ptr_equal(compound_head(page + i), page);
	for (unsigned long i = 0; i < PAGE_SIZE << 4; i++)
		assert_int_equal(bytes[i], 0);
	__free_pages(page, 4);
	assert_false(PageCompound(page + 5));
	assert_ptr_equal(take(GFP_KERNEL, 4), page);
	assert_false(PageCompound(page));
	__free_pages(page, 4);
	machine_destroy(machine);
}

static void an_interrupt_inside_the_section_goes_to_the_buddy_system(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = take(GFP_KERNEL, 3), *own;
	const unsigned long free = zone->free_pages;

	(void)state;
	__free_pages(page, 3);
	interrupt_begin(1);
	own = take(GFP_ATOMIC, 3);
	assert_ptr_not_equal(own, page);
	assert_int_equal(zone->free_pages, free - 8);
	__free_pages(own, 3);
	assert_int_equal(zone->free_pages, free);
	assert_false(pcp_give_back(this_cpu->zonelist[0], 0));
	interrupt_end();
	interrupt_begin(0);
	assert_ptr_equal(take(GFP_ATOMIC, 3), page);
	__free_pages(page, 3);
	assert_int_equal(zone->free_pages, free);
	interrupt_end();
	machine_destroy(machine);
}

/* A request of another CPU that comes inside a block's section is done at its end. */
static void what_is_asked_for_meanwhile_is_done_at_the_end(void **state)
{
	static const unsigned int works[] = {
		MM_PENDING_DRAIN, MM_PENDING_BLOCKS, MM_PENDING_LIMITS};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		struct machine *machine = start(&one_cpu, false);
		struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
		struct page *page = take(GFP_KERNEL, 3);

		__free_page(alloc_page(GFP_KERNEL));
		this_cpu->pending = works[i];
		__free_pages(page, 3);
		assert_int_equal(this_cpu->pending, 0);
		assert_int_equal(page_state(page), PAGE_FREE);
		assert_int_equal(cache_of(machine, 0, zone, PCP_HOT)->count,
			works[i] == MM_PENDING_DRAIN ? 0 : 16);
		__free_pages(take(GFP_KERNEL, 3), 3);
		page = list_first_entry(&block_cache(machine, 0, zone, 3)->list, struct page, lru);
		this_cpu->pending = works[i];
		assert_ptr_equal(take(GFP_KERNEL, 3), page);
		assert_int_equal(this_cpu->pending, 0);
		this_cpu->pending = works[i];
		take(GFP_KERNEL, 3); /* from the buddy system */
		assert_int_equal(this_cpu->pending, 0);
		machine_destroy(machine);
	}
}

static void the_share_changes_at_run_time(void **state)
{
	struct machine *machine = start(&two_cpus, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = block_on_cpu_1(machine, 2);

	(void)state;
	__free_pages(take(GFP_KERNEL, 4), 4);
	machine->mm.cpu[1]->online = 0;
	mm_set_pcp_share(&machine->mm, 0);
	assert_int_equal(block_cache(machine, 1, zone, 2)->high, 0);
	machine->mm.cpu[1]->online = 1;
	mm_set_pcp_share(&machine->mm, 64);
	mm_set_pcp_share(&machine->mm, 0);
	assert_int_equal(page_state(page), PAGE_FREE);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	__free_pages(take(GFP_KERNEL, 4), 4);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	mm_set_pcp_share(&machine->mm, 64);
	assert_int_equal(block_cache(machine, 1, zone, 9)->high, 1);
	assert_int_equal(block_cache(machine, 0, zone, 10)->high, 0);
	__free_pages(take(GFP_KERNEL, 4), 4);
	assert_int_equal(nr_cached_pages(&machine->mm), 16);
	machine_destroy(machine);
}

static void check_looks_at_them(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct per_cpu_pages *pcp = block_cache(
		machine, 0, machine_zone(machine, 0, ZONE_NORMAL), 3);
	struct page *page = take(GFP_KERNEL, 3);

	(void)state;
	__free_pages(page, 3);
	host_print_capture_start();
	pcp->count = 2;
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("cpu 0's order-3 cache counts 2 blocks and holds 1");
	pcp->count = 1;
	pcp->high = 0;
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("cpu 0's order-3 cache holds 1 blocks, 0 at most");
	pcp->high = 4;
	set_page_tag(page, PAGE_CACHED, 2);
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("is in a cache but not marked so");
	set_page_tag(page, PAGE_CACHED, 3);
	set_page_count(page + 5, 1);
	assert_true(mm_check(&machine->mm, NULL) > 0);
	assert_printed("lies inside the order-3 block at");
	set_page_count(page + 5, 0);
	host_print_capture_stop();
	machine_destroy(machine);
}

static void reports_show_them(void **state)
{
	struct machine *machine = start(&one_cpu, false);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *before = take(GFP_KERNEL, 3), *page = take(GFP_KERNEL, 3);
	struct page_run run = {.pfn = page_to_pfn(page)};
	unsigned int order;

	(void)state;
	__free_pages(page, 3);
	host_print_capture_start();
	show_pcp(&machine->mm);
	assert_printed("cpu 0 blocks of order 1 to 10: 0/16 0/8 1/4 0/2 0/1 0/1 0/1 0/1 0/1 0/1\n");
	show_page(&machine->mm, page_to_pfn(page) + 3);
	assert_printed("inside a block that is in a per-CPU cache, order 3");
	host_print_capture_stop();
	assert_true(mm_next_run(&machine->mm, zone, &run));
	assert_int_equal(run.use, PAGE_USE_CACHED);
	assert_int_equal(run.nr, 8);
	assert_ptr_equal(page_block_head(page + 7, &order), page);
	assert_int_equal(order, 3);
	/* What has been cached is no head any more. */
	__free_pages(before, 3);
	drain_local_pages();
	assert_ptr_equal(page_block_head(page + 7, &order), before);
	assert_int_equal(order, 10);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_by_share_and_zone),
		cmocka_unit_test(off_unless_asked_for),
		cmocka_unit_test(freed_last_first_out),
		cmocka_unit_test(a_full_cache_spills_its_oldest),
		cmocka_unit_test(counters_count_pages_and_calls),
		cmocka_unit_test(a_blurred_look_counts_no_less_than_nothing),
		cmocka_unit_test(a_block_of_another_node_is_a_miss),
		cmocka_unit_test(ones_own_block_is_had_without_another),
		cmocka_unit_test(a_zone_that_is_short_gets_what_is_freed),
		cmocka_unit_test(a_zone_that_is_short_is_not_served_from),
		cmocka_unit_test(an_atomic_request_gets_what_its_cpu_caches),
		cmocka_unit_test(it_is_given_back_to_a_lower_zone_too),
		cmocka_unit_test(who_may_sleep_fetches_back_before_he_fails),
		cmocka_unit_test(nobody_is_killed_for_what_is_cached),
		cmocka_unit_test(who_frees_memory_fetches_back_too),
		cmocka_unit_test(kswapd_fetches_back_before_it_reclaims),
		cmocka_unit_test(misuse_is_told_as_without_caches),
		cmocka_unit_test(a_cached_block_that_was_used_is_set_aside),
		cmocka_unit_test(under_the_zone_lock_it_is_refused),
		cmocka_unit_test(tails_are_looked_at_if_that_is_on),
		cmocka_unit_test(compound_and_zeroed_blocks_come_from_there),
		cmocka_unit_test(an_interrupt_inside_the_section_goes_to_the_buddy_system),
		cmocka_unit_test(what_is_asked_for_meanwhile_is_done_at_the_end),
		cmocka_unit_test(the_share_changes_at_run_time),
		cmocka_unit_test(check_looks_at_them),
		cmocka_unit_test(reports_show_them),
	};

	return cmocka_run_group_tests_name("pcp_block", tests, NULL, NULL);
}
