/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct reclaim by priorities: how much it scans, what happens to each kind of page.
 */
#include "vmscan_fixture.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
