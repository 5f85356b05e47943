/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache writes: what is dirty is counted, written, given up, and its writers are
 * throttled.
 */
#include "filemap_fixture.h"

static void dirty_and_writeback_are_counted(void **state)
{
	struct page *page = read_cache_page(&store->mapping, 0);

	(void)state;
	assert_true(set_page_dirty(page));
	assert_false(set_page_dirty(page));
	assert_int_equal(stat_now().nr_dirty, 1);
	lock_page(page);
	assert_true(clear_page_dirty_for_io(page));
	assert_false(clear_page_dirty_for_io(page));
	assert_int_equal(stat_now().nr_dirty, 0);
	set_page_writeback(page);
	unlock_page(page);
	assert_true(PageWriteback(page));
	assert_int_equal(stat_now().nr_writeback, 1);
	/* Dirty again while it is written. */
	assert_true(set_page_dirty(page));
	end_page_writeback(page);
	assert_true(PageDirty(page) && !PageWriteback(page));
	assert_int_equal(stat_now().nr_writeback, 0);
	assert_int_equal(stat_now().nr_dirty, 1);
	put_page(page);
}

static void ends_without_a_beginning_are_misuse(void **state)
{
	struct page *page = read_cache_page(&store->mapping, 0);

	(void)state;
	unlock_page(page);
	assert_misuse(MISUSE_PAGE_LOCK, page, 0);
	end_page_writeback(page);
	assert_misuse(MISUSE_PAGE_LOCK, page, 0);
	set_page_writeback(page);
	set_page_writeback(page);
	assert_misuse(MISUSE_PAGE_LOCK, page, 0);
	assert_int_equal(stat_now().nr_writeback, 1);
	end_page_writeback(page);
	put_page(page);
}

static void sync_writes_what_is_dirty(void **state)
{
	(void)state;
	store_read(store, 0, 100);
	store_dirty(store, 50, 60);
	store_dirty(store, 1990, 2000);
	assert_int_equal(address_space_sync(&store->mapping), 0);
	assert_int_equal(store->nr_writes, 20);
	assert_int_equal(store->word[49], 50);
	assert_int_equal(store->word[59], 119);
	assert_int_equal(store->word[1999], 3999);
	assert_int_equal(stat_now().nr_dirty, 0);
	assert_int_equal(store->writer_flags, 0);
	assert_int_equal(address_space_sync(&store->mapping), 0);
	assert_int_equal(store->nr_writes, 20);
	assert_int_equal(store->nr_reads, 100);
}

static void sync_tells_what_it_could_not_write(void **state)
{
	static const enum store_mode modes[] = {STORE_ERROR, STORE_REFUSE};

	(void)state;
	store_dirty(store, 0, 10);
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		store->write_mode = modes[i];
		assert_int_equal(address_space_sync(&store->mapping), 10);
		assert_int_equal(stat_now().nr_dirty, 10);
		assert_false(PageLocked(store_peek(store, 0)));
	}
	store->write_mode = STORE_NOW;
	assert_int_equal(address_space_sync(&store->mapping), 0);
	assert_int_equal(store->word[9], 19);
	store->ops.writepage = NULL;
	store_dirty(store, 3, 4);
	assert_int_equal(address_space_sync(&store->mapping), 1);
}

static void destroying_frees_dirty_pages_too(void **state)
{
	struct page *page;

	(void)state;
	store_read(store, 0, 100);
	store_dirty(store, 90, 110);
	page = find_get_page(&store->mapping, 5);
	store_destroy(store);
	store = store_create(10, GFP_KERNEL);
	assert_int_equal(stat_now().nr_dirty, 0);
	/* Who still holds one keeps it, until he lets go. */
	assert_int_equal(page_count(page), 1);
	assert_null(page->mapping);
	assert_int_equal(*(uint64_t *)page_address(page), 6);
	put_page(page);
	assert_int_equal(page_state(page), PAGE_CACHED);
	assert_int_equal(zone->nr_inactive + zone->nr_active, 0);
}

static int give_up(struct page *page, gfp_t gfp)
{
	(void)gfp;
	ClearPagePrivate(page);
	put_page(page);
	return 1;
}

static void destroying_releases_attachments(void **state)
{
	(void)state;
	store->release = give_up;
	store_read(store, 0, 1);
	SetPagePrivate(store_peek(store, 0));
	get_page(store_peek(store, 0));
}

static void disk_goes_on(void)
{
	store_complete(store, 8, false);
}

static void writers_are_throttled_at_forty_percent(void **state)
{
	unsigned long limit = (nr_free_pages(&machine->mm) + nr_cached_pages(&machine->mm)) * 2 / 5;

	(void)state;
	on_wait = disk_goes_on;
	store->write_mode = STORE_LATER;
	for (unsigned long index = 0; index < 1500; index++) {
		store_dirty(store, index, index + 1);
		balance_dirty_pages(&store->mapping);
	}
	/* 40 % of 4096, less the tables: not reached. */
	assert_true(limit > 1600);
	assert_int_equal(nr_waits, 0);
	assert_int_equal(store->nr_writes, 0);
	for (unsigned long index = 1500; index < 2000; index++) {
		store_dirty(store, index, index + 1);
		balance_dirty_pages(&store->mapping);
		assert_true(stat_now().nr_dirty + stat_now().nr_writeback <= limit + 32);
	}
	assert_true(nr_waits > 0);
	assert_true(store->nr_writes >= 500 - 200);
	/* The oldest first. */
	assert_int_equal(store->word[0], 1);
	assert_false(PageDirty(store_peek(store, 0)));
	assert_true(PageDirty(store_peek(store, 1999)));
}

/* What others have made dirty is theirs to write: this one waits a little, and goes on. */
static void a_writer_without_dirty_pages_waits_once(void **state)
{
	struct store *other = store_create(100, GFP_KERNEL);

	(void)state;
	store_dirty(store, 0, 1900);
	for (unsigned int i = 0; i < 31; i++)
		balance_dirty_pages(&other->mapping);
	assert_int_equal(nr_waits, 0);
	balance_dirty_pages(&other->mapping);
	assert_int_equal(nr_waits, 1);
	assert_int_equal(store->nr_writes, 0);
	/* While a disk is at work it may help to wait longer, but not for ever. */
	lock_page(store_peek(store, 0));
	set_page_writeback(store_peek(store, 0));
	for (unsigned int i = 0; i < 32; i++)
		balance_dirty_pages(&other->mapping);
	assert_int_equal(nr_waits, 1 + 10);
	end_page_writeback(store_peek(store, 0));
	unlock_page(store_peek(store, 0));
	store_destroy(other);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(dirty_and_writeback_are_counted),
		TEST(ends_without_a_beginning_are_misuse),
		TEST(sync_writes_what_is_dirty),
		TEST(sync_tells_what_it_could_not_write),
		TEST(destroying_frees_dirty_pages_too),
		TEST(destroying_releases_attachments),
		TEST(writers_are_throttled_at_forty_percent),
		TEST(a_writer_without_dirty_pages_waits_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
