/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache: its tables, the page lock, and reading.
 */
#include "filemap_fixture.h"

static void S11_wait_queues_for_a_zone_of_so_many_pages(void **state)
{
	static const struct {
		unsigned long pages, queues;
	} rows[] = {{1, 4}, {1000, 4}, {1024, 4}, {1025, 8}, {2048, 8}, {4096, 16}, {262144, 1024},
		{1048576, 4096}, {1UL << 30, 4096}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(1UL << wait_table_bits(rows[i].pages), rows[i].queues);
	assert_int_equal(zone->wait_table_bits, 4);
	assert_non_null(zone->wait_table);
}

static void tables_are_as_large_as_the_object(void **state)
{
	static const struct {
		unsigned long nr_index, pages;
	} rows[] = {{0, 1}, {1, 1}, {341UL * 512, 1}, {341UL * 512 + 1, 2}, {682UL * 512 + 1, 4},
		{349525UL * 512, 1024}};
	struct address_space mapping;
	unsigned long before = nr_allocated();

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(address_space_init(
					 &mapping, &store->ops, NULL, rows[i].nr_index, GFP_KERNEL),
			0);
		assert_int_equal(nr_allocated() - before, rows[i].pages);
		assert_null(find_get_page(&mapping, 0));
		address_space_destroy(&mapping);
	}
	assert_int_equal(nr_allocated(), before);
	assert_int_equal(
		address_space_init(&mapping, &store->ops, NULL, 349525UL * 512 + 1, GFP_KERNEL),
		-1);
	assert_int_equal(address_space_init(&mapping, &store->ops, NULL, ~0UL, GFP_KERNEL), -1);
}

static void a_page_that_was_added_is_found(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	assert_int_equal(add_to_page_cache_lru(page, &store->mapping, 1234, GFP_KERNEL), 0);
	assert_int_equal(page_count(page), 2);
	assert_true(PageLocked(page) && PageLRU(page) && !PageActive(page));
	assert_ptr_equal(page->mapping, &store->mapping);
	assert_int_equal(page->index, 1234);
	assert_int_equal(zone->nr_inactive, 1);
	unlock_page(page);
	put_page(page);
	assert_ptr_equal(find_get_page(&store->mapping, 1234), page);
	assert_int_equal(page_count(page), 2);
	put_page(page);
	assert_null(find_get_page(&store->mapping, 1233));
	assert_null(find_get_page(&store->mapping, 0));
	assert_null(find_get_page(&store->mapping, 2000));
	assert_null(find_get_page(&store->mapping, ~0UL));
	assert_int_equal(store->mapping.nr_pages, 1);
}

static void an_index_has_one_page_and_a_page_one_index(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL), *block = alloc_pages(GFP_KERNEL, 1);
	unsigned long before;

	(void)state;
	store_read(store, 7, 8);
	before = nr_allocated();
	assert_int_equal(add_to_page_cache_lru(page, &store->mapping, 7, GFP_KERNEL), -MM_EEXIST);
	assert_int_equal(
		add_to_page_cache_lru(page, &store->mapping, 2000, GFP_KERNEL), -MM_EINVAL);
	assert_no_misuse();
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, 0));
	assert_int_equal(nr_allocated(), before);
	assert_int_equal(add_to_page_cache_lru(block, &store->mapping, 8, GFP_KERNEL), -MM_EINVAL);
	assert_misuse(MISUSE_BAD_PAGE, block, 0);
	get_page(page);
	assert_int_equal(add_to_page_cache_lru(page, &store->mapping, 8, GFP_KERNEL), -MM_EINVAL);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	put_page(page);
	__free_pages(page, 0);
	__free_pages(block, 1);
	page = store_peek(store, 7);
	assert_int_equal(add_to_page_cache_lru(page, &store->mapping, 8, GFP_KERNEL), -MM_EINVAL);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
}

static void no_memory_for_a_leaf_is_said(void **state)
{
	struct page *page, *list = NULL;

	(void)state;
	/* All of it, each page remembering the one before. */
	while ((page = alloc_page(GFP_ATOMIC | __GFP_NOWARN))) {
		set_page_private(page, (unsigned long)list);
		list = page;
	}
	page = list;
	list = (struct page *)page_private(page);
	assert_int_equal(
		add_to_page_cache_lru(page, &store->mapping, 1000, GFP_ATOMIC | __GFP_NOWARN),
		-MM_ENOMEM);
	assert_null(store_peek(store, 1000));
	assert_false(PageLocked(page) || PageLRU(page));
	assert_int_equal(page_count(page), 1);
	store->mapping.gfp = GFP_ATOMIC | __GFP_NOWARN;
	assert_null(read_cache_page(&store->mapping, 1000));
	assert_null(grab_cache_page(&store->mapping, 1000));
	__free_pages(page, 0);
	while (list) {
		page = list;
		list = (struct page *)page_private(page);
		__free_pages(page, 0);
	}
}

static void leaves_go_with_their_last_page(void **state)
{
	unsigned long before = nr_allocated();

	(void)state;
	store_read(store, 0, 2);
	store_read(store, 600, 601);
	/* Three pages, two leaves. */
	assert_int_equal(nr_allocated() - before, 5);
	for (unsigned int i = 0; i < 2; i++) {
		struct page *page = find_get_page(&store->mapping, i);

		lock_page(page);
		assert_true(remove_if_unused(&store->mapping, page));
		assert_null(page->mapping);
		assert_int_equal(page_count(page), 1);
		unlock_page(page);
		put_page(page);
		assert_int_equal(nr_allocated() - before, i ? 2 : 4);
	}
	assert_null(store->mapping.table[0]);
	assert_non_null(store->mapping.table[1]);
	store_read(store, 0, 1);
	assert_int_equal(store->nr_reads, 4);
}

static void only_clean_unused_pages_may_leave(void **state)
{
	struct page *page;

	(void)state;
	store_read(store, 0, 1);
	page = find_get_page(&store->mapping, 0);
	lock_page(page);
	get_page(page);
	assert_false(remove_if_unused(&store->mapping, page));
	put_page(page);
	set_page_dirty(page);
	assert_false(remove_if_unused(&store->mapping, page));
	clear_page_dirty_for_io(page);
	set_page_writeback(page);
	assert_false(remove_if_unused(&store->mapping, page));
	end_page_writeback(page);
	assert_ptr_equal(store_peek(store, 0), page);
	assert_true(remove_if_unused(&store->mapping, page));
	assert_null(store_peek(store, 0));
	unlock_page(page);
	put_page(page);
	assert_int_equal(page_state(page), PAGE_CACHED);
}

static void what_is_read_is_read_once(void **state)
{
	struct page *page = read_cache_page(&store->mapping, 5);

	(void)state;
	assert_true(PageUptodate(page) && !PageLocked(page) && PageReferenced(page));
	assert_int_equal(*(uint64_t *)page_address(page), 6);
	assert_int_equal(page_count(page), 2);
	assert_ptr_equal(read_cache_page(&store->mapping, 5), page);
	assert_true(PageActive(page));
	assert_int_equal(page_count(page), 3);
	assert_int_equal(store->nr_reads, 1);
	put_page(page);
	put_page(page);
	assert_null(read_cache_page(&store->mapping, 2000));
}

static void a_read_that_fails_may_be_tried_again(void **state)
{
	static const enum store_mode modes[] = {STORE_ERROR, STORE_REFUSE};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		store->read_mode = modes[i];
		assert_null(read_cache_page(&store->mapping, i));
		assert_false(PageUptodate(store_peek(store, i)));
		assert_false(PageLocked(store_peek(store, i)));
		assert_int_equal(page_count(store_peek(store, i)), 1);
		assert_int_equal(PageError(store_peek(store, i)), modes[i] == STORE_ERROR);
		store->read_mode = STORE_NOW;
		store_read(store, i, i + 1);
		assert_false(PageError(store_peek(store, i)));
	}
	assert_int_equal(store->nr_reads, 4);
}

static void a_grabbed_page_is_not_read(void **state)
{
	struct page *page = grab_cache_page(&store->mapping, 3);

	(void)state;
	assert_true(PageLocked(page) && !PageUptodate(page) && PageReferenced(page));
	assert_int_equal(page_count(page), 2);
	unlock_page(page);
	put_page(page);
	assert_int_equal(store->nr_reads, 0);
	/* Nobody has filled it: the next reader does. */
	store_read(store, 3, 4);
	assert_int_equal(store->nr_reads, 1);
	store_dirty(store, 3, 4);
	assert_int_equal(store->nr_reads, 1);
	store_read(store, 4, 5);
	assert_int_equal(store->nr_reads, 2);
}

/* Somebody else's sync may be between its two looks at the page. */
static void a_read_that_failed_is_not_a_failed_write(void **state)
{
	struct page *page;

	(void)state;
	store->read_mode = STORE_ERROR;
	assert_null(read_cache_page(&store->mapping, 3));
	assert_true(PageError(store_peek(store, 3)));
	page = grab_cache_page(&store->mapping, 3);
	assert_false(PageError(page));
	/* Of a page that has been filled it is a write's, and kept for who syncs. */
	SetPageUptodate(page);
	SetPageError(page);
	unlock_page(page);
	put_page(page);
	page = grab_cache_page(&store->mapping, 3);
	assert_true(PageError(page));
	unlock_page(page);
	put_page(page);
	assert_int_equal(address_space_sync(&store->mapping), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(S11_wait_queues_for_a_zone_of_so_many_pages),
		TEST(tables_are_as_large_as_the_object),
		TEST(a_page_that_was_added_is_found),
		TEST(an_index_has_one_page_and_a_page_one_index),
		TEST(no_memory_for_a_leaf_is_said),
		TEST(leaves_go_with_their_last_page),
		TEST(only_clean_unused_pages_may_leave),
		TEST(what_is_read_is_read_once),
		TEST(a_read_that_fails_may_be_tried_again),
		TEST(a_grabbed_page_is_not_read),
		TEST(a_read_that_failed_is_not_a_failed_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
