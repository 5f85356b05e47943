/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reclaim by priorities: direct reclaim, kswapd's balancing, what happens to each kind of page.
 *
 * Waits for writes do not wait: they are counted, and may do something instead. kswapd() runs on
 * this very thread, and ends by a jump out of a shrinker.
 */
#include <setjmp.h>
#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include "store.h"
#include "unit.h"

static struct machine *machine;
static struct zone *zone;
static struct store *store;
static unsigned int nr_waits, nr_ooms;
static void (*on_wait)(void), (*on_oom)(void);
static struct mm_hooks hooks;

static void count_wait(uint64_t deadline)
{
	assert_true(deadline <= cpu_time() + cpu_time_hz());
	assert_true(mm_current()->flags & PF_MEMALLOC || nr_ooms == 0);
	nr_waits++;
	if (on_wait)
		on_wait();
}

static void count_oom(gfp_t gfp)
{
	assert_true(gfp & __GFP_FS);
	nr_ooms++;
	assert_non_null(on_oom);
	on_oom();
}

static void begin(const struct machine_spec *spec)
{
	machine = machine_create(spec);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	hooks = mm_default_hooks;
	hooks.congestion_wait = count_wait;
	hooks.out_of_memory = count_oom;
	machine->mm.hooks = &hooks;
	nr_waits = nr_ooms = 0;
	on_wait = on_oom = NULL;
	store = store_create(20000, GFP_KERNEL);
}

static void end(void)
{
	struct mm_check_result result;
	struct mm_cpu_stat stat;

	store_destroy(store);
	assert_no_misuse();
	mm_sum_stat(&machine->mm, &stat);
	assert_int_equal(stat.nr_dirty, 0);
	assert_int_equal(stat.nr_writeback, 0);
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.allocated, 0);
	assert_int_equal(mm_current()->flags, 0);
	machine_destroy(machine);
}

static struct mm_cpu_stat stat_now(void)
{
	struct mm_cpu_stat stat;

	mm_sum_stat(&machine->mm, &stat);
	return stat;
}

static const struct zonelist *zonelist_of(int nid)
{
	return machine->mm.node[nid]->node_zonelists[0];
}

static unsigned int reclaim(gfp_t gfp)
{
	unsigned int progress;

	mm_current()->flags |= PF_MEMALLOC;
	progress = try_to_free_pages(zonelist_of(0), gfp, 0);
	mm_current()->flags &= ~PF_MEMALLOC;
	return progress;
}

/* Blocks that nobody can reclaim, in a list of their own. */
static struct list_head held;

static void hold(struct page *page)
{
	list_add(&page->lru, &held);
}

/* Take single pages from a zone's lists until `left` are free. */
static void hold_until(int nid, gfp_t gfp, struct zone *from, unsigned long left)
{
	list_init(&held);
	mm_current()->flags |= PF_MEMALLOC;
	while (from->free_pages + nr_cached_pages(&machine->mm) > left) {
		struct page *page = alloc_pages_node(nid, gfp, 0);

		assert_non_null(page);
		hold(page);
	}
	mm_current()->flags &= ~PF_MEMALLOC;
	drain_local_pages();
}

static void let_go(void)
{
	while (!list_empty(&held)) {
		struct page *page = list_first_entry(&held, struct page, lru);

		list_del(&page->lru);
		__free_pages(page, 0);
	}
}

/* Direct reclaim. */

static void clean_pages_go_by_the_cluster(void **state)
{
	struct page *oldest, *next;

	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 4096);
	assert_int_equal(zone->nr_inactive, 4096);
	oldest = store_peek(store, 0);
	next = store_peek(store, 32);
	/* Due: 2 at priority 12, then 3, 5, 9, 17: at priority 8 there are 36. */
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(stat_now().pgscan_direct[ZONE_NORMAL], 32);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 32);
	assert_int_equal(stat_now().pgscan_kswapd[ZONE_NORMAL], 0);
	assert_int_equal(stat_now().kswapd_steal, 0);
	assert_int_equal(stat_now().allocstall, 1);
	assert_int_equal(zone->nr_inactive, 4064);
	assert_int_equal(zone->nr_scan_inactive, 0);
	assert_int_equal(zone->nr_scan_active, 5);
	assert_int_equal(zone->temp_priority, 8);
	assert_int_equal(zone->prev_priority, 8);
	assert_int_equal(nr_waits, 0);
	/* The oldest went, to the cold cache. */
	assert_null(store_peek(store, 0));
	assert_null(store_peek(store, 31));
	assert_ptr_equal(store_peek(store, 32), next);
	assert_int_equal(page_state(oldest), PAGE_CACHED);
	assert_int_equal(cache_of(machine, 0, zone, PCP_COLD)->count, 32);
	end();
}

static void a_pass_that_frees_31_is_no_progress(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store->write_mode = STORE_REFUSE;
	store_read(store, 0, 31);
	store_dirty(store, 31, 40);
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 31);
	assert_int_equal(zone->nr_inactive, 9);
	assert_int_equal(zone->temp_priority, 0);
	/* With one more of them it is. */
	store_read(store, 100, 132);
	zone->nr_scan_inactive = 0;
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 31 + 32);
	end();
}

static void pauses_come_below_priority_10_and_only_after_a_scan(void **state)
{
	(void)state;
	begin(&fixture_f1);
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(nr_waits, 0);
	store->write_mode = STORE_REFUSE;
	store_dirty(store, 0, 16384);
	/* Due: 5, 9, 17: 31 at priority 10, so the first scan is at 9. */
	zone->nr_scan_inactive = 0;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(nr_waits, 10);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 0);
	assert_int_equal(zone->nr_inactive, 16384);
	end();
}

static void a_zone_given_up_is_scanned_at_priority_12_only(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 4096);
	zone->all_unreclaimable = 1;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(zone->nr_scan_inactive, 2);
	assert_int_equal(zone->nr_inactive, 4096);
	assert_int_equal(zone->prev_priority, 0);
	/* A page freed to the zone: it is worth a look again. */
	store_read(store, 4096, 4097);
	drain_local_pages();
	assert_int_equal(zone->all_unreclaimable, 0);
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	end();
}

static void all_zones_of_the_list_are_scanned(void **state)
{
	struct zone *low;

	(void)state;
	begin(&fixture_f3);
	low = machine_zone(machine, 0, ZONE_DMA32);
	store_read(store, 0, 1000);
	store->mapping.gfp = GFP_KERNEL | __GFP_DMA32;
	store_read(store, 1000, 2000);
	assert_int_equal(zone->nr_inactive, 1000);
	assert_int_equal(low->nr_inactive, 1000);
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 32);
	assert_int_equal(stat_now().pgsteal[ZONE_DMA32], 32);
	assert_int_equal(low->prev_priority, zone->prev_priority);
	end();
}

/* One page of a kind among 32 of the same: what a scan of all of them does. */
static unsigned int scan_once(gfp_t gfp)
{
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	return reclaim(gfp);
}

static void pages_in_use_stay(void **state)
{
	struct page *used, *locked;

	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 34);
	used = find_get_page(&store->mapping, 0);
	locked = find_get_page(&store->mapping, 1);
	lock_page(locked);
	put_page(locked);
	/* 35 are due: the cluster with the two in it, and three more. */
	zone->nr_scan_inactive = 34;
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(stat_now().pgscan_direct[ZONE_NORMAL], 35);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 32);
	assert_ptr_equal(store_peek(store, 0), used);
	assert_ptr_equal(store_peek(store, 1), locked);
	assert_true(PageLRU(used) && PageLocked(locked));
	assert_int_equal(zone->nr_inactive, 2);
	unlock_page(locked);
	put_page(used);
	end();
}

static void a_page_used_twice_survives_those_used_once(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 100);
	store_read(store, 0, 1);
	page = store_peek(store, 0);
	assert_true(PageActive(page));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(scan_once(GFP_KERNEL), 1);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 96);
	assert_null(store_peek(store, 96));
	assert_ptr_equal(store_peek(store, 0), page);
	/* But not for ever. */
	while (store->mapping.nr_pages)
		reclaim(GFP_KERNEL);
	end();
}

static void active_pages_become_inactive_oldest_first(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 64);
	store_read(store, 0, 64);
	assert_int_equal(zone->nr_active, 64);
	assert_true(PageActive(store_peek(store, 0)));
	/* 33 are due at priority 12; a zone given up has no other. */
	zone->nr_scan_active = SWAP_CLUSTER_MAX;
	zone->all_unreclaimable = 1;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(stat_now().pgdeactivate, 33);
	assert_int_equal(stat_now().pgrefill[ZONE_NORMAL], 33);
	assert_int_equal(zone->nr_active, 31);
	assert_int_equal(zone->nr_inactive, 33);
	for (unsigned long i = 0; i < 64; i++)
		assert_int_equal(PageActive(store_peek(store, i)), i >= 33);
	assert_ptr_equal(
		list_last_entry(&zone->inactive_list, struct page, lru), store_peek(store, 0));
	end();
}

static void a_dirty_page_is_written_and_freed_when_that_is_done(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f1);
	store_dirty(store, 0, 32);
	page = store_peek(store, 0);
	assert_true(PageReferenced(page));
	store->write_mode = STORE_LATER;
	/* Used once: it is let off once. */
	mm_current()->flags |= PF_MEMALLOC;
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	reclaim(GFP_KERNEL);
	assert_int_equal(store->nr_writes, 32);
	assert_true(PageWriteback(page) && PageReclaim(page) && !PageDirty(page));
	assert_false(PageReferenced(page));
	assert_int_equal(stat_now().nr_writeback, 32);
	assert_int_equal(stat_now().nr_dirty, 0);
	assert_int_equal(store->writer_flags & PF_MEMALLOC, PF_MEMALLOC);
	/* Newer pages come; what is written is next all the same. */
	store_read(store, 100, 200);
	assert_int_equal(store_complete(store, 32, false), 32);
	assert_int_equal(stat_now().pgrotated, 32);
	assert_int_equal(stat_now().nr_writeback, 0);
	assert_false(PageReclaim(page));
	assert_int_equal(scan_once(GFP_KERNEL), 1);
	assert_null(store_peek(store, 0));
	assert_null(store_peek(store, 31));
	assert_int_equal(store->mapping.nr_pages, 100);
	assert_int_equal(store->word[31], 63);
	end();
}

static void referenced_dirty_pages_have_a_second_chance(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store_dirty(store, 0, 40);
	zone->nr_scan_inactive = 39;
	/* One scan of all of them, at priority 12, and no second: nothing else is ever due. */
	zone->all_unreclaimable = 1;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(store->nr_writes, 0);
	assert_int_equal(stat_now().pgscan_direct[ZONE_NORMAL], 40);
	assert_false(PageReferenced(store_peek(store, 0)));
	zone->nr_scan_inactive = 39;
	zone->all_unreclaimable = 1;
	/* Written at once, freed at once. */
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(store->nr_writes, 32);
	assert_int_equal(store->mapping.nr_pages, 8);
	end();
}

static void nofs_does_not_write(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store_dirty(store, 0, 200);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(reclaim(GFP_NOFS), 0);
	assert_int_equal(store->nr_writes, 0);
	assert_int_equal(store->mapping.nr_pages, 200);
	/* What is clean it may have. */
	store_read(store, 1000, 1100);
	assert_int_equal(reclaim(GFP_NOFS), 1);
	assert_int_equal(store->nr_writes, 0);
	end();
}

static void what_can_not_be_written_stays_dirty(void **state)
{
	static const enum store_mode modes[] = {STORE_REFUSE, STORE_ERROR};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		begin(&fixture_f1);
		store->write_mode = modes[i];
		store_dirty(store, 0, 40);
		assert_int_equal(reclaim(GFP_KERNEL), 0);
		assert_int_equal(reclaim(GFP_KERNEL), 0);
		assert_true(store->nr_writes > 0);
		assert_int_equal(stat_now().nr_dirty, 40);
		assert_int_equal(store->mapping.nr_pages, 40);
		for (unsigned long index = 0; index < 40; index++) {
			struct page *page = store_peek(store, index);

			assert_true(PageDirty(page) && PageUptodate(page));
			assert_false(PageLocked(page) || PageReclaim(page) || PageWriteback(page));
		}
		store->write_mode = STORE_NOW;
		assert_int_equal(address_space_sync(&store->mapping), 0);
		assert_int_equal(store->word[39], 79);
		end();
	}
}

/* One that failed before, and was tried again by reclaim: nobody is told that it has failed. */
static void a_write_that_is_done_at_last_has_not_failed(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store->write_mode = STORE_ERROR;
	store_dirty(store, 0, SWAP_CLUSTER_MAX);
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_true(PageError(store_peek(store, 0)) && PageDirty(store_peek(store, 0)));
	store->write_mode = STORE_LATER;
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(store->nr_pending, SWAP_CLUSTER_MAX);
	assert_int_equal(store_complete(store, SWAP_CLUSTER_MAX, false), SWAP_CLUSTER_MAX);
	assert_int_equal(store->mapping.nr_pages, SWAP_CLUSTER_MAX);
	assert_int_equal(stat_now().nr_dirty, 0);
	assert_int_equal(address_space_sync(&store->mapping), 0);
	end();
}

static void pages_of_a_store_that_never_writes_become_active(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store->ops.writepage = NULL;
	store_dirty(store, 0, 32);
	for (unsigned int i = 0; i < 32; i++)
		ClearPageReferenced(store_peek(store, i));
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	zone->all_unreclaimable = 1;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_int_equal(zone->nr_active, 32);
	assert_int_equal(stat_now().pgactivate, 32);
	assert_int_equal(stat_now().nr_dirty, 32);
	end();
}

static int release_even(struct page *page, gfp_t gfp)
{
	assert_int_equal(gfp, GFP_KERNEL);
	if (page->index % 2)
		return 0;
	ClearPagePrivate(page);
	put_page(page);
	return 1;
}

static void attachments_are_released_or_keep_their_page(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store->release = release_even;
	store_read(store, 0, 64);
	for (unsigned int i = 0; i < 64; i++) {
		SetPagePrivate(store_peek(store, i));
		get_page(store_peek(store, i));
	}
	zone->nr_scan_inactive = 64;
	zone->all_unreclaimable = 1;
	assert_int_equal(reclaim(GFP_KERNEL), 1);
	assert_int_equal(store->mapping.nr_pages, 32);
	assert_null(store_peek(store, 0));
	assert_true(PageActive(store_peek(store, 1)));
	for (unsigned int i = 1; i < 64; i += 2) {
		ClearPagePrivate(store_peek(store, i));
		put_page(store_peek(store, i));
	}
	end();
}

static void mapped_pages_stay(void **state)
{
	(void)state;
	begin(&fixture_f1);
	store_read(store, 0, 33);
	store_peek(store, 0)->_mapcount = 0;
	while (zone->nr_inactive)
		reclaim(GFP_KERNEL);
	for (unsigned int i = 0; i < 10; i++)
		reclaim(GFP_KERNEL);
	assert_int_equal(store->mapping.nr_pages, 1);
	assert_true(PageActive(store_peek(store, 0)));
	store_peek(store, 0)->_mapcount = -1;
	end();
}

/* A page that has left its cache, but is still held, is nobody's business here. */
static void pages_without_an_owner_stay_on_their_list(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f1);
	page = read_cache_page(&store->mapping, 0);
	get_page(page);
	store_destroy(store);
	store = store_create(100, GFP_KERNEL);
	assert_null(page->mapping);
	assert_int_equal(page_count(page), 2);
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	assert_int_equal(reclaim(GFP_KERNEL), 0);
	assert_true(PageLRU(page));
	put_page(page);
	put_page(page);
	assert_int_equal(zone->nr_inactive, 0);
	end();
}

/* The allocator and reclaim together. */

static void a_file_larger_than_memory_is_read_through_it(void **state)
{
	(void)state;
	begin(&fixture_f2);
	store_read(store, 0, 12000);
	assert_int_equal(store->nr_reads, 12000);
	assert_true(stat_now().allocstall > 0);
	assert_true(stat_now().pgsteal[ZONE_NORMAL] >= 12000 - 4096);
	assert_int_equal(nr_ooms, 0);
	assert_int_equal(nr_waits, 0);
	store_read(store, 0, 12000);
	end();
}

static void disk_goes_on(void)
{
	store_complete(store, 64, false);
}

static void a_file_larger_than_memory_is_written_through_it(void **state)
{
	static const enum store_mode modes[] = {STORE_NOW, STORE_LATER};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		begin(&fixture_f2);
		on_wait = disk_goes_on;
		store->write_mode = modes[i];
		for (unsigned long index = 0; index < 12000; index++) {
			store_dirty(store, index, index + 1);
			balance_dirty_pages(&store->mapping);
		}
		store_complete(store, STORE_MAX_PENDING, false);
		store->write_mode = STORE_NOW;
		assert_int_equal(address_space_sync(&store->mapping), 0);
		for (unsigned long index = 0; index < 12000; index++)
			assert_int_equal(store->word[index], 2 * index + 1);
		assert_true(store->nr_writes >= 12000);
		assert_int_equal(nr_ooms, 0);
		end();
	}
}

static void fill(void (*with)(struct store *, unsigned long, unsigned long))
{
	unsigned long index = 0;

	while (zone->free_pages > zone->pages_min)
		with(store, index, index + 1), index++;
}

static void full_of_clean_pages_serves_who_may_wait_only(void **state)
{
	struct page *page[40];
	unsigned long before;

	(void)state;
	begin(&fixture_f2);
	fill(store_read);
	before = stat_now().pgsteal[ZONE_NORMAL];
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = alloc_page(GFP_KERNEL | __GFP_NORETRY);
		assert_non_null(page[i]);
	}
	assert_true(stat_now().pgsteal[ZONE_NORMAL] > before);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], 0);
	end();
}

static void atomic_requests_never_reclaim(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f2);
	store_read(store, 0, 3000);
	list_init(&held);
	while ((page = alloc_page(GFP_ATOMIC | __GFP_NOWARN)))
		hold(page);
	assert_int_equal(stat_now().allocstall, 0);
	assert_int_equal(stat_now().pgsteal[ZONE_NORMAL], 0);
	assert_int_equal(store->mapping.nr_pages, 3000);
	let_go();
	end();
}

static void full_of_dirty_pages_serves_who_may_write_only(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f2);
	store->write_mode = STORE_REFUSE;
	fill(store_dirty);
	store->write_mode = STORE_NOW;
	store->nr_writes = 0;
	while (zone->free_pages > zone->pages_min)
		store_dirty(store, 19000, 19001);
	list_init(&held);
	while ((page = alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN)))
		hold(page);
	assert_int_equal(store->nr_writes, 0);
	page = alloc_page(GFP_KERNEL | __GFP_NORETRY);
	assert_non_null(page);
	assert_true(store->nr_writes >= 32);
	hold(page);
	let_go();
	end();
}

static void write_again(void)
{
	store->write_mode = STORE_NOW;
}

static void dirty_pages_that_can_not_be_written_end_in_oom(void **state)
{
	struct page *page;

	(void)state;
	begin(&fixture_f2);
	store->write_mode = STORE_REFUSE;
	fill(store_dirty);
	list_init(&held);
	while ((page = alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN)))
		hold(page);
	on_oom = write_again;
	nr_waits = 0;
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	assert_int_equal(nr_ooms, 1);
	assert_true(nr_waits > 0);
	hold(page);
	let_go();
	end();
}

static struct page *taken_in_write[64];
static unsigned int nr_taken_in_write;

static void allocate_in_write(struct store *by, struct page *page)
{
	(void)by, (void)page;
	if (nr_taken_in_write == ARRAY_SIZE(taken_in_write))
		return;
	taken_in_write[nr_taken_in_write] = alloc_page(GFP_KERNEL);
	assert_non_null(taken_in_write[nr_taken_in_write]);
	nr_taken_in_write++;
}

static void who_writes_for_reclaim_has_the_reserves_and_does_not_reclaim(void **state)
{
	struct page *page;
	unsigned long stalls;

	(void)state;
	begin(&fixture_f2);
	store->write_mode = STORE_REFUSE;
	fill(store_dirty);
	list_init(&held);
	while ((page = alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN)))
		hold(page);
	store->write_mode = STORE_LATER;
	store->on_write = allocate_in_write;
	nr_taken_in_write = 0;
	stalls = stat_now().allocstall;
	page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	assert_null(page);
	assert_int_equal(stat_now().allocstall, stalls + 1);
	assert_int_equal(nr_taken_in_write, 64);
	assert_true(zone->free_pages < zone->pages_min - 32);
	store->on_write = NULL;
	for (unsigned int i = 0; i < nr_taken_in_write; i++)
		__free_pages(taken_in_write[i], 0);
	let_go();
	end();
}

/* kswapd. */

static void assert_balanced(const struct zone *of, unsigned int order)
{
	assert_true(zone_watermark_ok(of, order, of->pages_high, 0, false, false));
}

static void balancing_ends_at_pages_high(void **state)
{
	unsigned long reclaimed;

	(void)state;
	begin(&fixture_f2);
	fill(store_read);
	drain_local_pages();
	assert_true(zone->free_pages < zone->pages_low);
	reclaimed = balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_true(reclaimed >= SWAP_CLUSTER_MAX);
	assert_int_equal(stat_now().kswapd_steal, reclaimed);
	assert_int_equal(stat_now().allocstall, 0);
	assert_int_equal(stat_now().pgscan_direct[ZONE_NORMAL], 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_NORMAL] >= reclaimed);
	/* Not far beyond: a cluster, and what the caches hold. */
	assert_true(zone->free_pages <= zone->pages_high + 4 * SWAP_CLUSTER_MAX);
	/* Then there is nothing to do. */
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	end();
}

static void balancing_for_an_order_makes_blocks_of_it(void **state)
{
	(void)state;
	begin(&fixture_f2);
	fill(store_read);
	assert_false(zone_watermark_ok(zone, 4, zone->pages_high, 0, false, false));
	balance_pgdat(machine->mm.node[0], 4);
	assert_balanced(zone, 4);
	assert_true(store->mapping.nr_pages > 0);
	end();
}

static void lower_zones_are_scanned_with_a_higher_one(void **state)
{
	struct zone *low;

	(void)state;
	begin(&fixture_f3);
	low = machine_zone(machine, 0, ZONE_DMA32);
	store->mapping.gfp = GFP_KERNEL | __GFP_DMA32;
	store_read(store, 0, 1000);
	store->mapping.gfp = GFP_KERNEL;
	for (unsigned long index = 1000; zone->free_pages > zone->pages_low; index++)
		store_read(store, index, index + 1);
	assert_balanced(low, 0);
	low->nr_scan_inactive = SWAP_CLUSTER_MAX;
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_NORMAL] > 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_DMA32] > 0);
	end();
}

static void higher_zones_are_not_scanned_with_a_lower_one(void **state)
{
	struct zone *low;

	(void)state;
	begin(&fixture_f3);
	low = machine_zone(machine, 0, ZONE_DMA32);
	store_read(store, 0, 1000);
	store->mapping.gfp = GFP_KERNEL | __GFP_DMA32;
	for (unsigned long index = 1000; low->free_pages > low->pages_low; index++)
		store_read(store, index, index + 1);
	zone->nr_scan_inactive = SWAP_CLUSTER_MAX;
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(low, 0);
	assert_true(stat_now().pgscan_kswapd[ZONE_DMA32] > 0);
	assert_int_equal(stat_now().pgscan_kswapd[ZONE_NORMAL], 0);
	end();
}

static void other_nodes_are_left_alone(void **state)
{
	struct page *page[2];
	struct zone *other;

	(void)state;
	begin(&fixture_f4);
	other = machine_zone(machine, 1, ZONE_NORMAL);
	machine_enter(machine, 1);
	store_read(store, 0, 1000);
	machine_enter(machine, 0);
	list_init(&held);
	for (unsigned long index = 1000; zone->free_pages > zone->pages_low; index++)
		store_read(store, index, index + 1);
	for (unsigned int i = 0; i < 2; i++)
		page[i] = alloc_pages_node((int)i, GFP_KERNEL, 0);
	assert_int_equal(other->nr_inactive, 1000);
	balance_pgdat(machine->mm.node[0], 0);
	assert_balanced(zone, 0);
	assert_int_equal(other->nr_inactive, 1000);
	for (unsigned int i = 0; i < 2; i++)
		__free_pages(page[i], 0);
	end();
}

static void empty_lists_mark_the_zone_and_end_the_round(void **state)
{
	(void)state;
	begin(&fixture_f2);
	hold_until(0, GFP_KERNEL, zone, 100);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(zone->all_unreclaimable, 1);
	assert_int_equal(stat_now().pageoutrun, 1);
	assert_int_equal(nr_waits, 0);
	assert_int_equal(zone->temp_priority, DEF_PRIORITY);
	let_go();
	drain_local_pages();
	assert_int_equal(zone->all_unreclaimable, 0);
	assert_int_equal(zone->pages_scanned, 0);
	end();
}

static void pages_scanned_four_times_in_vain_give_the_zone_up(void **state)
{
	(void)state;
	begin(&fixture_f2);
	store->write_mode = STORE_REFUSE;
	store_dirty(store, 0, 1000);
	hold_until(0, GFP_KERNEL, zone, 100);
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(zone->all_unreclaimable, 1);
	assert_true(zone->pages_scanned >= 4000);
	assert_true(nr_waits > 0);
	assert_int_equal(store->mapping.nr_pages, 1000);
	assert_int_equal(stat_now().nr_dirty, 1000);
	/* From now on a wake-up is a look at the lists, and no more. */
	nr_waits = 0;
	assert_int_equal(balance_pgdat(machine->mm.node[0], 0), 0);
	assert_int_equal(nr_waits, 0);
	store->write_mode = STORE_NOW;
	let_go();
	end();
}

static void waking_is_for_short_zones_and_remembers_the_largest_order(void **state)
{
	struct pglist_data *pgdat;
	struct waiter waiter;
	struct zone *empty;

	(void)state;
	begin(&fixture_f2);
	pgdat = machine->mm.node[0];
	empty = machine_zone(machine, 0, ZONE_DMA32);
	wait_begin(&pgdat->kswapd_wait, &waiter);
	wakeup_kswapd(zone, 3);
	wakeup_kswapd(empty, 3);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(pgdat->kswapd_max_order, 0);
	hold_until(0, GFP_KERNEL, zone, zone->pages_low);
	wakeup_kswapd(zone, 3);
	assert_int_equal(mm_current()->woken, 1);
	assert_int_equal(pgdat->kswapd_max_order, 3);
	mm_current()->woken = 0;
	wakeup_kswapd(zone, 1);
	assert_int_equal(mm_current()->woken, 1);
	assert_int_equal(pgdat->kswapd_max_order, 3);
	wait_end(&pgdat->kswapd_wait, &waiter);
	mm_current()->woken = 0;
	wakeup_kswapd(zone, 5);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(pgdat->kswapd_max_order, 5);
	pgdat->kswapd_max_order = 0;
	let_go();
	end();
}

static unsigned int nr_low;

/* wakeup_kswapd(), and a look at whether it has woken anybody. */
static void count_low(struct zone *of, unsigned int order)
{
	mm_current()->woken = 0;
	wakeup_kswapd(of, order);
	nr_low += mm_current()->woken;
}

static unsigned int no_progress(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	return 0;
}

static void S39_the_zone_is_low_in_so_many_wakeups(void **state)
{
	static const struct {
		gfp_t gfp;
		unsigned int nr_low;
	} rows[] = {{GFP_ATOMIC, 113}, {GFP_KERNEL | __GFP_NORETRY, 33}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct waiter waiter;
		struct page *page;

		machine = machine_create(&fixture_f2);
		hooks = mm_default_hooks;
		hooks.wakeup_kswapd = count_low;
		hooks.try_to_free_pages = no_progress;
		machine->mm.hooks = &hooks;
		nr_low = 0;
		list_init(&held);
		wait_begin(&machine->mm.node[0]->kswapd_wait, &waiter);
		while ((page = alloc_page(rows[i].gfp | __GFP_NOWARN)))
			hold(page);
		assert_int_equal(nr_low, rows[i].nr_low);
		wait_end(&machine->mm.node[0]->kswapd_wait, &waiter);
		let_go();
		machine_destroy(machine);
	}
}

/* kswapd() itself, on this thread: each balancing of a short node asks this shrinker. */
static jmp_buf out_of_kswapd;
static unsigned int nr_scans, asked_order;
static unsigned long rounds[4];

static long script(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	struct pglist_data *pgdat = machine->mm.node[0];

	(void)shrinker, (void)nr;
	assert_int_equal(gfp, GFP_KERNEL);
	assert_true(list_empty(&pgdat->kswapd_wait.waiters));
	assert_true(nr_scans < ARRAY_SIZE(rounds));
	rounds[nr_scans++] = stat_now().pageoutrun;
	if (nr_scans == 1)
		wakeup_kswapd(machine_zone(machine, 0, ZONE_NORMAL), asked_order);
	else
		longjmp(out_of_kswapd, 1);
	return 0;
}

static void kswapd_does_not_sleep_when_more_was_asked_meanwhile(void **state)
{
	struct shrinker shrinker = {.name = "script", .scan = script};

	(void)state;
	begin(&fixture_f2);
	hold_until(0, GFP_KERNEL, zone, 100);
	set_shrinker(&shrinker);
	nr_scans = 0;
	asked_order = 2;
	machine->mm.node[0]->kswapd_reclaims = 0;
	mm_current()->woken = 1; /* the first sleep ends at once; there is to be no second */
	mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
	if (setjmp(out_of_kswapd) == 0)
		kswapd(machine->mm.node[0]);
	mm_current()->flags = 0;
	assert_int_equal(nr_scans, 2);
	assert_int_equal(rounds[0], 1);
	assert_int_equal(rounds[1], 2);
	assert_int_equal(mm_current()->woken, 0);
	assert_int_equal(machine->mm.node[0]->kswapd_max_order, 0);
	assert_true(list_empty(&machine->mm.node[0]->kswapd_wait.waiters));
	/* The call that we jumped out of. */
	shrinker.running = 0;
	remove_shrinker(&shrinker);
	let_go();
	end();
}

/* Asked for while it was awake to bring blocks online: nobody wakes it for that any more. */
static void kswapd_does_not_sleep_over_a_request(void **state)
{
	static const struct {
		unsigned int order, reclaims, onlines;
	} rows[] = {{0, 1, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
	struct shrinker shrinker = {.name = "script", .scan = script};
	struct pglist_data *pgdat;

	(void)state;
	begin(&fixture_f2);
	pgdat = machine->mm.node[0];
	hold_until(0, GFP_KERNEL, zone, 100);
	set_shrinker(&shrinker);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		pgdat->kswapd_max_order = rows[i].order;
		pgdat->kswapd_reclaims = rows[i].reclaims;
		pgdat->kswapd_onlines = rows[i].onlines;
		mm_current()->woken = 1; /* what would end its sleep */
		mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
		nr_scans = 1;
		if (setjmp(out_of_kswapd) == 0)
			kswapd(pgdat);
		mm_current()->flags = 0;
		assert_int_equal(mm_current()->woken, 1);
		shrinker.running = 0;
	}
	mm_current()->woken = 0;
	remove_shrinker(&shrinker);
	let_go();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_pages_go_by_the_cluster),
		cmocka_unit_test(a_pass_that_frees_31_is_no_progress),
		cmocka_unit_test(pauses_come_below_priority_10_and_only_after_a_scan),
		cmocka_unit_test(a_zone_given_up_is_scanned_at_priority_12_only),
		cmocka_unit_test(all_zones_of_the_list_are_scanned),
		cmocka_unit_test(pages_in_use_stay),
		cmocka_unit_test(a_page_used_twice_survives_those_used_once),
		cmocka_unit_test(active_pages_become_inactive_oldest_first),
		cmocka_unit_test(a_dirty_page_is_written_and_freed_when_that_is_done),
		cmocka_unit_test(referenced_dirty_pages_have_a_second_chance),
		cmocka_unit_test(nofs_does_not_write),
		cmocka_unit_test(what_can_not_be_written_stays_dirty),
		cmocka_unit_test(a_write_that_is_done_at_last_has_not_failed),
		cmocka_unit_test(pages_of_a_store_that_never_writes_become_active),
		cmocka_unit_test(attachments_are_released_or_keep_their_page),
		cmocka_unit_test(mapped_pages_stay),
		cmocka_unit_test(pages_without_an_owner_stay_on_their_list),
		cmocka_unit_test(a_file_larger_than_memory_is_read_through_it),
		cmocka_unit_test(a_file_larger_than_memory_is_written_through_it),
		cmocka_unit_test(full_of_clean_pages_serves_who_may_wait_only),
		cmocka_unit_test(atomic_requests_never_reclaim),
		cmocka_unit_test(full_of_dirty_pages_serves_who_may_write_only),
		cmocka_unit_test(dirty_pages_that_can_not_be_written_end_in_oom),
		cmocka_unit_test(who_writes_for_reclaim_has_the_reserves_and_does_not_reclaim),
		cmocka_unit_test(balancing_ends_at_pages_high),
		cmocka_unit_test(balancing_for_an_order_makes_blocks_of_it),
		cmocka_unit_test(lower_zones_are_scanned_with_a_higher_one),
		cmocka_unit_test(higher_zones_are_not_scanned_with_a_lower_one),
		cmocka_unit_test(other_nodes_are_left_alone),
		cmocka_unit_test(empty_lists_mark_the_zone_and_end_the_round),
		cmocka_unit_test(pages_scanned_four_times_in_vain_give_the_zone_up),
		cmocka_unit_test(waking_is_for_short_zones_and_remembers_the_largest_order),
		cmocka_unit_test(S39_the_zone_is_low_in_so_many_wakeups),
		cmocka_unit_test(kswapd_does_not_sleep_when_more_was_asked_meanwhile),
		cmocka_unit_test(kswapd_does_not_sleep_over_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
