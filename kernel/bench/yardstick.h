/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: the least that an allocator of single pages can be whose per-CPU list is guarded
 * by masked interrupts. A list, a bound on it, a state of each page by which a double free is seen;
 * no zones, no nodes, no masks. Measured beside the real one, and good for nothing else.
 */
#ifndef BENCH_YARDSTICK_H
#define BENCH_YARDSTICK_H

struct yard_page {
	struct yard_page *next;
	unsigned int state;
};

/** Of one CPU, which alone uses it. */
struct yard_cache {
	struct yard_page *head;
	unsigned int count, limit;
};

/** NULL if the list is empty. */
struct yard_page *yard_alloc(struct yard_cache *cache);
/** Nothing is done, and that is all, where the page is free already or the list is full. */
void yard_free(struct yard_cache *cache, struct yard_page *page);

/** The same calls without the work: what no allocator that is called can be faster than. */
struct yard_page *yard_no_alloc(struct yard_cache *cache);
void yard_no_free(struct yard_cache *cache, struct yard_page *page);

/** Fill an empty cache with `nr` pages, which are its limit. */
void yard_fill(struct yard_cache *cache, struct yard_page *pages, unsigned int nr);

#endif
