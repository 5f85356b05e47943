/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick, yardstick.h. Four accesses of the interrupt mask and some 30 instructions a pair:
 * under an emulator those four are what it costs, on hardware the rest counts too.
 *
 * Owns nothing; caches and pages are the caller's.
 */
#include <stdbool.h>
#include <port/irq.h>
#include "yardstick.h"

enum { YARD_FREE = 1, YARD_TAKEN = 2 };

struct yard_page *yard_alloc(struct yard_cache *cache)
{
	const irq_flags_t flags = irq_save();
	struct yard_page *page = cache->head;

	if (page) {
		cache->head = page->next;
		cache->count--;
		page->state = YARD_TAKEN;
	}
	irq_restore(flags);
	return page;
}

void yard_free(struct yard_cache *cache, struct yard_page *page)
{
	const irq_flags_t flags = irq_save();

	if (page->state == YARD_TAKEN && cache->count < cache->limit) {
		page->state = YARD_FREE;
		page->next = cache->head;
		cache->head = page;
		cache->count++;
	}
	irq_restore(flags);
}

struct yard_page *yard_no_alloc(struct yard_cache *cache)
{
	return cache->head;
}

void yard_no_free(struct yard_cache *cache, struct yard_page *page)
{
	(void)cache;
	(void)page;
}

void yard_fill(struct yard_cache *cache, struct yard_page *pages, unsigned int nr)
{
	*cache = (struct yard_cache){.limit = nr};
	for (unsigned int i = 0; i < nr; i++) {
		pages[i].state = YARD_TAKEN;
		yard_free(cache, &pages[i]);
	}
}
