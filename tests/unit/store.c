/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backing store in memory. What a page holds is judged by its first and its last word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "machine.h"
#include "store.h"

#define LAST (PAGE_SIZE / sizeof(uint64_t) - 1)

static void finish_read(struct store *store, struct page *page, bool error)
{
	uint64_t *words = page_address(page);

	if (error) {
		SetPageError(page);
	} else {
		words[0] = words[LAST] = __atomic_load_n(
			&store->word[page->index], __ATOMIC_RELAXED);
		SetPageUptodate(page);
	}
	unlock_page(page);
}

/* A page that changes while it is being written has no value that both its ends have. */
static void finish_write(struct store *store, struct page *page, bool error)
{
	const uint64_t *words = page_address(page);

	if (error) {
		SetPageError(page);
		set_page_dirty(page);
	} else {
		if (words[0] != words[LAST])
			abort();
		__atomic_store_n(&store->word[page->index], words[0], __ATOMIC_RELAXED);
	}
	end_page_writeback(page);
}

static void add_pending(struct store *store, struct page *page, bool write)
{
	pthread_mutex_lock(&store->lock);
	if (store->nr_pending == STORE_MAX_PENDING)
		abort();
	store->pending[store->nr_pending].page = page;
	store->pending[store->nr_pending++].write = write;
	pthread_mutex_unlock(&store->lock);
}

static int readpage(struct address_space *mapping, struct page *page)
{
	struct store *store = mapping->host;

	if (!PageLocked(page) || PageUptodate(page) || page->mapping != mapping)
		abort();
	pthread_mutex_lock(&store->lock);
	store->nr_reads++;
	pthread_mutex_unlock(&store->lock);
	if (store->read_mode == STORE_REFUSE)
		return -1;
	if (store->read_mode == STORE_LATER)
		add_pending(store, page, false);
	else
		finish_read(store, page, store->read_mode == STORE_ERROR);
	return 0;
}

static int writepage(struct address_space *mapping, struct page *page)
{
	struct store *store = mapping->host;

	if (!PageLocked(page) || PageDirty(page) || PageWriteback(page) || page->mapping != mapping)
		abort();
	pthread_mutex_lock(&store->lock);
	store->nr_writes++;
	store->writer_flags = mm_current()->flags;
	pthread_mutex_unlock(&store->lock);
	if (store->on_write)
		store->on_write(store, page);
	if (store->write_mode == STORE_REFUSE)
		return -1;
	set_page_writeback(page);
	unlock_page(page);
	if (store->write_mode == STORE_LATER)
		add_pending(store, page, true);
	else
		finish_write(store, page, store->write_mode == STORE_ERROR);
	return 0;
}

static int releasepage(struct page *page, gfp_t gfp)
{
	struct store *store = ((struct address_space *)page->mapping)->host;

	return store->release ? store->release(page, gfp) : 0;
}

struct store *store_create(unsigned long nr, gfp_t gfp)
{
	struct store *store = calloc(1, sizeof(*store));

	assert_non_null(store);
	store->word = calloc(nr, sizeof(*store->word));
	assert_non_null(store->word);
	for (unsigned long i = 0; i < nr; i++)
		store->word[i] = i + 1;
	pthread_mutex_init(&store->lock, NULL);
	store->ops = (struct address_space_operations){readpage, writepage, releasepage};
	assert_int_equal(address_space_init(&store->mapping, &store->ops, store, nr, gfp), 0);
	return store;
}

unsigned int store_complete(struct store *store, unsigned int nr, bool error)
{
	unsigned int done = 0;

	for (; done < nr; done++) {
		struct page *page = NULL;
		bool write = false;

		pthread_mutex_lock(&store->lock);
		if (store->nr_pending) {
			page = store->pending[0].page;
			write = store->pending[0].write;
			memmove(store->pending, store->pending + 1,
				--store->nr_pending * sizeof(store->pending[0]));
		}
		pthread_mutex_unlock(&store->lock);
		if (!page)
			break;
		if (write)
			finish_write(store, page, error);
		else
			finish_read(store, page, error);
	}
	return done;
}

void store_destroy(struct store *store)
{
	store_complete(store, STORE_MAX_PENDING, false);
	address_space_destroy(&store->mapping);
	assert_int_equal(store->mapping.nr_pages, 0);
	pthread_mutex_destroy(&store->lock);
	free(store->word);
	free(store);
}

void store_read(struct store *store, unsigned long start, unsigned long end)
{
	for (unsigned long i = start; i < end; i++) {
		struct page *page = read_cache_page(&store->mapping, i);
		const uint64_t *words;

		assert_non_null(page);
		words = page_address(page);
		assert_int_equal(words[0], store->word[i]);
		assert_int_equal(words[LAST], store->word[i]);
		put_page(page);
	}
}

void store_dirty(struct store *store, unsigned long start, unsigned long end)
{
	for (unsigned long i = start; i < end; i++) {
		struct page *page = grab_cache_page(&store->mapping, i);
		uint64_t *words;

		assert_non_null(page);
		words = page_address(page);
		words[0] = words[LAST] = 2 * i + 1;
		SetPageUptodate(page);
		set_page_dirty(page);
		unlock_page(page);
		put_page(page);
	}
}

struct page *store_peek(struct store *store, unsigned long index)
{
	struct page *page = find_get_page(&store->mapping, index);

	if (page)
		put_page(page);
	return page;
}
