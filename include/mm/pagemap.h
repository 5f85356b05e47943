/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache: pages of an object, found by their index, that reclaim may take back.
 *
 * A page in the cache has page->mapping = its address space, page->index, and one reference of the
 * cache's; it is on an LRU list. Who uses it holds another reference, and the page's lock
 * (PG_locked) while it is filled or its state is changed.
 *
 *	not there -> add_to_page_cache_lru(), locked -> read: uptodate, unlocked -> used
 *	 -> set_page_dirty() -> writepage(): PG_writeback -> end_page_writeback() -> clean
 *	 -> no users, clean: reclaim removes it
 *
 * A page under writeback is not freed, whoever drops his reference; nothing may touch it after
 * end_page_writeback(), and its address space may be gone then. References are dropped by
 * put_page(). A write that fails ends with SetPageError() and end_page_writeback(), with
 * set_page_dirty() between them if the owner wants it tried again.
 *
 * Order of locks: page lock; address_space.lock; zone->lru_lock. Spinlocks are taken with
 * interrupts off.
 *
 * Source: Linux 2.6.11 mm/filemap.c and include/linux/pagemap.h for names and states.
 */
#ifndef MM_PAGEMAP_H
#define MM_PAGEMAP_H

#include <mm/gfp.h>
#include <mm/mm.h>

struct address_space;

struct address_space_operations {
	/**
	 * Start reading the page, which is locked. Ends (now or in an interrupt) with
	 * SetPageUptodate() or SetPageError(), and unlock_page(). Returns 0, or a negative value if
	 * nothing was started: then the page is still locked.
	 */
	int (*readpage)(struct address_space *mapping, struct page *page);
	/**
	 * Start writing the page, which is locked and no longer dirty: set_page_writeback(),
	 * unlock_page(), and, when it is done, end_page_writeback(). Returns 0, or a negative value
	 * if nothing was started: then the page is still locked, and made dirty again by the
	 * caller. Called by reclaim, which has PF_MEMALLOC set: an allocation in here has all of
	 * the reserves and does not reclaim. May sleep. NULL: the pages can not be written.
	 */
	int (*writepage)(struct address_space *mapping, struct page *page);
	/** Give up what the owner has attached (PG_private); 1 if it did. NULL: it never does. */
	int (*releasepage)(struct page *page, gfp_t gfp);
};

/** One object's pages. Initialise by address_space_init(). */
struct address_space {
	const struct address_space_operations *ops;
	void *host;              /* the owner's */
	unsigned long nr_index;  /* indices are below this */
	gfp_t gfp;               /* for its pages and tables */
	struct spinlock lock;    /* guards what follows; interrupts off */
	struct page ***table;    /* leaves of 512 pages, by index / 512; NULL where empty */
	unsigned int *leaf_used; /* pages in each leaf */
	unsigned long nr_pages;
	/* balance_dirty_pages(): calls so far, and where to go on; relaxed atomics. */
	unsigned long nr_dirtied, writeback_index;
};

/**
 * Room for `nr_index` pages. The top table is allocated (up to MAX_ORDER - 1). Returns 0, or -1 if
 * it is too large or there is no memory. May sleep.
 */
int address_space_init(struct address_space *mapping, const struct address_space_operations *ops,
	void *host, unsigned long nr_index, gfp_t gfp);

/**
 * Remove all pages (waiting for those under way; dirty ones are lost) and free the tables. Nobody
 * else may use it any more, but reclaim may. Sleeps.
 */
void address_space_destroy(struct address_space *mapping);

/** The page at `index` with a reference for the caller, or NULL. Any context. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);

/**
 * Put a fresh page (count 1, no owner) in at `index`, locked, on the inactive list; the cache takes
 * a reference of its own. Returns 0, -MM_EEXIST if there is one already, -MM_ENOMEM, or -MM_EINVAL
 * for an index beyond the end or (misuse) a page that is not fresh. May sleep by gfp.
 */
int add_to_page_cache_lru(
	struct page *page, struct address_space *mapping, unsigned long index, gfp_t gfp);

/**
 * The page at `index`, uptodate, with a reference; read if it was not there. NULL: no memory, or
 * the read failed. Sleeps.
 */
struct page *read_cache_page(struct address_space *mapping, unsigned long index);

/**
 * The page at `index`, locked, not under writeback, with a reference, to be overwritten whole: it
 * is not read. The caller sets it uptodate and dirty, and unlocks. NULL: no memory. Sleeps.
 */
struct page *grab_cache_page(struct address_space *mapping, unsigned long index);

/**
 * Page lock. lock_page() and the waits sleep; unlocking and ending are for any context. Unlocking
 * what is not locked, and the like for writeback, is misuse.
 */
void lock_page(struct page *page);
void unlock_page(struct page *page);
void wait_on_page_locked(struct page *page);

/**
 * Mark dirty; true if it was not. The caller holds a reference, or the page is under writeback.
 * Any context.
 */
bool set_page_dirty(struct page *page);
/** The writer takes the dirty mark before it starts; true if there was one. Page lock. */
bool clear_page_dirty_for_io(struct page *page);
void set_page_writeback(struct page *page);
void end_page_writeback(struct page *page);
void wait_on_page_writeback(struct page *page);

/** Write all dirty pages and wait. Returns the pages that failed (they are dirty again). Sleeps. */
unsigned long address_space_sync(struct address_space *mapping);

/**
 * Called by who has made a page of this mapping dirty, holding no page lock: while more than 40 %
 * of the pages that are free or on LRU lists are dirty or being written, write some of this
 * mapping's and wait for writes to end. Looks at every 32nd call. Sleeps.
 */
void balance_dirty_pages(struct address_space *mapping);

/**
 * Let a clean page that nobody else uses leave the cache: `page` is locked, the caller holds a
 * reference besides the cache's. True if it left; the cache's reference is gone then. For reclaim.
 */
bool remove_if_unused(struct address_space *mapping, struct page *page);

#endif
