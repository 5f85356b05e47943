/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator and reclaim together: files larger than memory, and memory full of pages that only
 * some callers may reclaim.
 */
#include "vmscan_fixture.h"

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
	give_all(&held);
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
	give_all(&held);
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
	give_all(&held);
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
	give_all(&held);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_larger_than_memory_is_read_through_it),
		cmocka_unit_test(a_file_larger_than_memory_is_written_through_it),
		cmocka_unit_test(full_of_clean_pages_serves_who_may_wait_only),
		cmocka_unit_test(atomic_requests_never_reclaim),
		cmocka_unit_test(full_of_dirty_pages_serves_who_may_write_only),
		cmocka_unit_test(dirty_pages_that_can_not_be_written_end_in_oom),
		cmocka_unit_test(who_writes_for_reclaim_has_the_reserves_and_does_not_reclaim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
