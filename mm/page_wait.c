/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a page is waited for: its lock, and the end of a write; and the mark that asks for one.
 *
 * Owns the flags PG_locked, PG_writeback and PG_dirty, and the zones' wait tables. Threads that
 * wait for a page sleep on a queue found by its pfn, which it shares with others. The queue stays
 * when the page goes: who unlocks a page, and so may let it be freed, wakes afterwards.
 *
 * Source: Linux 2.6.11 mm/filemap.c; wait_table_size() in mm/page_alloc.c.
 */
#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include "internal.h"

/* Spanned pages for one wait queue, and how many queues there are at least and at most. */
#define PAGES_PER_QUEUE 256U
#define MIN_QUEUE_BITS  2U
#define MAX_QUEUE_BITS  12U

unsigned int wait_table_bits(unsigned long spanned_pages)
{
	unsigned int bits = MIN_QUEUE_BITS;

	while (bits < MAX_QUEUE_BITS && spanned_pages > (unsigned long)PAGES_PER_QUEUE << bits)
		bits++;
	return bits;
}

int wait_tables_init(struct mm *mm)
{
	struct zone *zone;

	for_each_populated_zone (zone, mm) {
		size_t nr;

		zone->wait_table_bits = wait_table_bits(zone->spanned_pages);
		nr = (size_t)1 << zone->wait_table_bits;
		zone->wait_table = boot_alloc(mm, nr * sizeof(*zone->wait_table),
			zone->zone_pgdat->node_id, "wait table");
		if (!zone->wait_table)
			return -1;
		for (size_t i = 0; i < nr; i++)
			wait_queue_init(&zone->wait_table[i]);
	}
	return 0;
}

/* Neighbouring pages, which are often waited for together, are far apart. */
static struct wait_queue *page_wait_queue(const struct page *page)
{
	const struct zone *zone = page_zone(page);
	uint64_t hash = page_to_pfn(page) * 0x9e3779b97f4a7c15U;

	return &zone->wait_table[hash >> (64 - zone->wait_table_bits)];
}

void lock_page(struct page *page)
{
	if (TestSetPageLocked(page))
		wait_event(page_wait_queue(page), !TestSetPageLocked(page));
}

void unlock_page(struct page *page)
{
	struct wait_queue *queue = page_wait_queue(page);

	/* Once it is unlocked it may be freed: the queue remains. */
	if (TestClearPageLocked(page))
		wake_up(queue);
	else
		misuse(MISUSE_PAGE_LOCK, page, 0, CALLER());
}

void wait_on_page_locked(struct page *page)
{
	wait_event(page_wait_queue(page), !page_test_flag_acquire(page, PG_locked));
}

void set_page_writeback(struct page *page)
{
	if (TestSetPageWriteback(page))
		misuse(MISUSE_PAGE_LOCK, page, 0, CALLER());
	else
		mm_count(nr_writeback, 1);
}

void end_page_writeback(struct page *page)
{
	struct wait_queue *queue = page_wait_queue(page);

	if (!PageWriteback(page)) {
		misuse(MISUSE_PAGE_LOCK, page, 0, CALLER());
		return;
	}
	if (TestClearPageReclaim(page))
		rotate_reclaimable_page(page);
	mm_count(nr_writeback, -1);
	/* The flag has kept the page from being freed: nothing of it is touched from here on. */
	TestClearPageWriteback(page);
	wake_up(queue);
	wake_up(&this_cpu->mm->congestion);
}

void wait_on_page_writeback(struct page *page)
{
	wait_event(page_wait_queue(page), !page_test_flag_acquire(page, PG_writeback));
}

bool set_page_dirty(struct page *page)
{
	if (TestSetPageDirty(page))
		return false;
	mm_count(nr_dirty, 1);
	return true;
}

bool clear_page_dirty_for_io(struct page *page)
{
	if (!TestClearPageDirty(page))
		return false;
	mm_count(nr_dirty, -1);
	return true;
}
