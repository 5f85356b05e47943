/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backing store in memory for the page cache: a word for each page, reads and writes that are
 * done at once, later, with an error, or refused.
 */
#ifndef TESTS_UNIT_STORE_H
#define TESTS_UNIT_STORE_H

#include <pthread.h>
#include <mm/pagemap.h>

#define STORE_MAX_PENDING 16384U

enum store_mode {
	STORE_NOW,    /* done when the operation returns */
	STORE_LATER,  /* done by store_complete() */
	STORE_ERROR,  /* at once, and it has failed */
	STORE_REFUSE, /* not even begun */
};

struct store {
	struct address_space mapping;
	struct address_space_operations ops; /* the mapping's: may be changed before use */
	uint64_t *word;                      /* by index: what a page's first and last word say */
	enum store_mode read_mode, write_mode;
	unsigned long nr_reads, nr_writes; /* begun; lock */
	unsigned int writer_flags;         /* of the task that began the last write; lock */
	void (*on_write)(struct store *store, struct page *page); /* NULL, or called in a write */
	int (*release)(struct page *page, gfp_t gfp);             /* what releasepage() does */
	pthread_mutex_t lock;
	unsigned int nr_pending;
	struct {
		struct page *page;
		bool write;
	} pending[STORE_MAX_PENDING]; /* begun and not done; lock */
};

/** A store of `nr` pages, whose words are index + 1; its pages are allocated by `gfp`. */
struct store *store_create(unsigned long nr, gfp_t gfp);
/** Completes what is pending, and removes all pages. */
void store_destroy(struct store *store);
/** Complete up to `nr` operations, oldest first, with an error if asked to; returns how many. */
unsigned int store_complete(struct store *store, unsigned int nr, bool error);

/** Fill the cache with pages [start, end), read and not used any more. */
void store_read(struct store *store, unsigned long start, unsigned long end);
/** The same with pages that are written: their words become 2 * index + 1. They stay dirty. */
void store_dirty(struct store *store, unsigned long start, unsigned long end);
/** The page in the cache, or NULL, without a reference: for looking at it. */
struct page *store_peek(struct store *store, unsigned long index);

#endif
