/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The victim: see victim.h. Its pages are "read" by filling them in and "written" by looking
 * whether they still hold that, so whatever reclaim does to a page that somebody uses is found out.
 *
 * Its pages belong to the page cache and are no part of the ownership map, as they come and go with
 * kswapd. So it is shut, and empty, whenever pages are counted. No lock but the cache's own.
 */
#include <mm/reclaim.h>
#include <port/mem.h>
#include "victim.h"

/** Many more pages than pressure leaves room for. */
#define VICTIM_PAGES 4096UL
#define WORDS        (PAGE_SIZE / sizeof(uint64_t))

static uint64_t key_of(const struct stress *s, unsigned long index)
{
	return prng_mix(s->params.seed + index);
}

static void verify(struct stress *s, const struct page *page)
{
	static const unsigned int at[] = {0, WORDS / 3, WORDS - 1};
	const uint64_t *word = page_address(page);

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (word[at[i]] == (key_of(s, page->index) ^ at[i]))
			continue;
		stress_violation(s, STRESS_CONTENT, page_to_pfn(page),
			"page %lu of the cache as it was filled, and word %u of it differs",
			page->index, at[i]);
		return;
	}
}

static int fill(struct address_space *mapping, struct page *page)
{
	struct victim *victim = mapping->host;
	uint64_t *word = page_address(page);

	for (unsigned int i = 0; i < WORDS; i++)
		word[i] = key_of(victim->stress, page->index) ^ i;
	atomic_fetch_add(&victim->filled, 1);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static int write_back(struct address_space *mapping, struct page *page)
{
	struct victim *victim = mapping->host;

	set_page_writeback(page);
	unlock_page(page);
	verify(victim->stress, page);
	atomic_fetch_add(&victim->written, 1);
	end_page_writeback(page);
	return 0;
}

static const struct address_space_operations operations = {
	.readpage = fill, .writepage = write_back};

void victim_open(struct victim *victim, struct stress *s)
{
	victim->stress = s;
	victim->open = address_space_init(&victim->mapping, &operations, victim, VICTIM_PAGES,
			       GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN) == 0;
}

void victim_close(struct victim *victim)
{
	if (victim->open)
		address_space_destroy(&victim->mapping);
	victim->open = false;
}

void victim_use(struct victim *victim, uint64_t choice)
{
	struct page *page;

	if (!victim->open)
		return;
	page = read_cache_page(&victim->mapping, choice % VICTIM_PAGES);
	if (!page) {
		atomic_fetch_add(&victim->refused, 1);
		return;
	}
	verify(victim->stress, page);
	atomic_fetch_add(&victim->used, 1);
	if (choice >> 32 & 1)
		mark_page_accessed(page);
	if ((choice >> 33 & 3) == 0)
		set_page_dirty(page);
	put_page(page);
}
