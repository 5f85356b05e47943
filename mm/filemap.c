/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache.
 *
 *	table: leaf | NULL | leaf ...	index / 512	(top table, allocated once)
 *	         |
 *	       page | page | NULL ...	index % 512	(a page; freed with its last entry)
 *
 * Owns struct address_space, page->mapping and page->index of the pages in it. The tables are
 * guarded by address_space.lock, under which a page that is found gets its reference.
 * page->mapping changes under both that lock and the page lock, so either keeps it. Invariants:
 * a page in the table has the cache's reference, PAGE_TAG_LRU and page->mapping; a leaf in the
 * table has an entry.
 *
 * Source: Linux 2.6.11 mm/filemap.c, mm/page-writeback.c. Two levels in place of the radix tree, a
 * lock in place of its gang lookups.
 */
#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include <port/task.h>
#include "internal.h"

#define LEAF_ENTRIES (PAGE_SIZE / sizeof(struct page *))

/* Writers: percent of pages that may be dirty; calls between two looks; pages written at a look. */
#define DIRTY_PERCENT 40U
#define DIRTY_CALLS   32U
#define DIRTY_CHUNK   64U
/* Longest wait for writes to end, a part of a second. */
#define DIRTY_HZ 10U
/* So many waits in which there was nothing of one's own to write are enough. */
#define DIRTY_PATIENCE 10U

/* The tables. */

static struct page **alloc_leaf(gfp_t gfp)
{
	gfp &= ~(GFP_ZONEMASK | __GFP_COLD);
	return (struct page **)get_zeroed_page(gfp);
}

static void free_leaf(struct page **leaf)
{
	free_page((unsigned long)leaf);
}

static unsigned long nr_leaves(const struct address_space *mapping)
{
	return mapping->nr_index / LEAF_ENTRIES + (mapping->nr_index % LEAF_ENTRIES != 0);
}

/* Order of the block that holds the top table, and behind it the leaves' counters. */
static unsigned int table_order(const struct address_space *mapping)
{
	const size_t entry = sizeof(*mapping->table) + sizeof(*mapping->leaf_used);
	unsigned int order = 0;

	while (order < MAX_ORDER && (PAGE_SIZE << order) / entry < nr_leaves(mapping))
		order++;
	return order;
}

int address_space_init(struct address_space *mapping, const struct address_space_operations *ops,
	void *host, unsigned long nr_index, gfp_t gfp)
{
	const gfp_t table_gfp = (gfp & ~(GFP_ZONEMASK | __GFP_COLD)) | __GFP_ZERO;

	*mapping = (struct address_space){
		.ops = ops, .host = host, .nr_index = nr_index, .gfp = gfp};
	mapping->table = (struct page ***)__get_free_pages(table_gfp, table_order(mapping));
	if (!mapping->table)
		return -1;
	mapping->leaf_used = (unsigned int *)(mapping->table + nr_leaves(mapping));
	return 0;
}

/* The entry of an index, or NULL where its leaf is missing. */
static struct page **entry_locked(const struct address_space *mapping, unsigned long index)
{
	struct page **leaf;

	ASSERT(spin_is_mine(&mapping->lock) && index < mapping->nr_index);
	leaf = mapping->table[index / LEAF_ENTRIES];
	return leaf ? &leaf[index % LEAF_ENTRIES] : NULL;
}

struct page *find_get_page(struct address_space *mapping, unsigned long index)
{
	struct page **entry, *page = NULL;
	irq_flags_t flags;

	if (index >= mapping->nr_index)
		return NULL;
	flags = spin_lock_irqsave(&mapping->lock);
	entry = entry_locked(mapping, index);
	if (entry && *entry) {
		page = *entry;
		get_page(page);
	}
	spin_unlock_irqrestore(&mapping->lock, flags);
	return page;
}

/* The first page at `*index` or behind it, which is moved there; NULL: there is none. */
static struct page *find_get_next(struct address_space *mapping, unsigned long *index)
{
	while (*index < mapping->nr_index) {
		/* One leaf at a time, so that interrupts are not off for long. */
		const unsigned long next = align_down(*index, LEAF_ENTRIES) + LEAF_ENTRIES;
		const unsigned long end = next < mapping->nr_index ? next : mapping->nr_index;
		irq_flags_t flags = spin_lock_irqsave(&mapping->lock);
		struct page **entry = entry_locked(mapping, *index);

		for (; entry && *index < end; entry++, ++*index) {
			struct page *page = *entry;

			if (!page)
				continue;
			get_page(page);
			spin_unlock_irqrestore(&mapping->lock, flags);
			return page;
		}
		spin_unlock_irqrestore(&mapping->lock, flags);
		*index = end;
	}
	return NULL;
}

/* Put a page in, with `*leaf` for its leaf if that is missing; *leaf is NULL if it was used. */
static int insert_locked(
	struct address_space *mapping, struct page *page, unsigned long index, struct page ***leaf)
{
	struct page **entry = entry_locked(mapping, index);

	if (!entry) {
		if (!*leaf)
			return -MM_ENOMEM;
		mapping->table[index / LEAF_ENTRIES] = *leaf;
		entry = &(*leaf)[index % LEAF_ENTRIES];
		*leaf = NULL;
	}
	if (*entry)
		return -MM_EEXIST;
	SetPageLocked(page);
	page->mapping = mapping;
	page->index = index;
	get_page(page);
	/* On its list, which marks it, before anybody can find it in the table. */
	lru_cache_add(page);
	*entry = page;
	mapping->leaf_used[index / LEAF_ENTRIES]++;
	mapping->nr_pages++;
	return 0;
}

/* Is it an allocated single page, the caller's alone, without traces of another owner? */
static bool is_fresh(const struct page *page, const void *caller)
{
	if (page_tag(page) == make_tag(PAGE_ALLOCATED, 0) && page_count_raw(page) == 1 &&
		!page->mapping && !PageLocked(page) && !PageLRU(page))
		return true;
	misuse(MISUSE_BAD_PAGE, page, 0, caller);
	return false;
}

int add_to_page_cache_lru(
	struct page *page, struct address_space *mapping, unsigned long index, gfp_t gfp)
{
	struct page **leaf = NULL;
	int error;

	if (index >= mapping->nr_index || !is_fresh(page, CALLER()))
		return -MM_EINVAL;
	for (;;) {
		irq_flags_t flags = spin_lock_irqsave(&mapping->lock);

		error = insert_locked(mapping, page, index, &leaf);
		spin_unlock_irqrestore(&mapping->lock, flags);
		if (error != -MM_ENOMEM)
			break;
		leaf = alloc_leaf(gfp);
		if (!leaf)
			break;
	}
	if (leaf)
		free_leaf(leaf);
	return error;
}

/* Take a page out; returns its leaf if that has become empty: to be freed without the lock. */
static struct page **remove_locked(struct address_space *mapping, struct page *page)
{
	const unsigned long nr = page->index / LEAF_ENTRIES;
	struct page **entry = entry_locked(mapping, page->index), **leaf = mapping->table[nr];

	ASSERT(PageLocked(page) && entry && *entry == page);
	ASSERT(mapping->nr_pages > 0 && mapping->leaf_used[nr] > 0);
	*entry = NULL;
	page->mapping = NULL;
	mapping->nr_pages--;
	if (--mapping->leaf_used[nr])
		return NULL;
	mapping->table[nr] = NULL;
	return leaf;
}

/* After remove_locked(): the address space may be gone already. The caller holds the page. */
static void forget(struct page *page, struct page **leaf)
{
	if (leaf)
		free_leaf(leaf);
	ASSERT(page_count_raw(page) > 1);
	put_page(page);
}

/*
 * Held by nobody but the cache and the caller? Whoever has let go made it dirty before: the count
 * is looked at first. Both flags at once: a write that fails makes the page dirty, then ends.
 */
static bool is_unused(const struct page *page)
{
	return __atomic_load_n(&page->_count, __ATOMIC_ACQUIRE) + 1 == 2 &&
	       !(page_flags(page) & (BIT(PG_dirty) | BIT(PG_writeback)));
}

bool remove_if_unused(struct address_space *mapping, struct page *page)
{
	irq_flags_t flags = spin_lock_irqsave(&mapping->lock);
	struct page **leaf = NULL;
	const bool unused = is_unused(page);

	ASSERT(page->mapping == mapping);
	if (unused)
		leaf = remove_locked(mapping, page);
	spin_unlock_irqrestore(&mapping->lock, flags);
	if (unused)
		forget(page, leaf);
	return unused;
}

static void remove_for_good(struct address_space *mapping, struct page *page)
{
	irq_flags_t flags;
	struct page **leaf;

	lock_page(page);
	/* Reclaim may have been faster. */
	if (page->mapping == mapping) {
		wait_on_page_writeback(page);
		clear_page_dirty_for_io(page);
		if (PagePrivate(page) && mapping->ops->releasepage)
			mapping->ops->releasepage(page, mapping->gfp);
		flags = spin_lock_irqsave(&mapping->lock);
		leaf = remove_locked(mapping, page);
		spin_unlock_irqrestore(&mapping->lock, flags);
		forget(page, leaf);
	}
	unlock_page(page);
}

void address_space_destroy(struct address_space *mapping)
{
	unsigned long index = 0;
	struct page *page;

	while ((page = find_get_next(mapping, &index))) {
		remove_for_good(mapping, page);
		put_page(page);
	}
	ASSERT(mapping->nr_pages == 0);
	free_pages((unsigned long)mapping->table, table_order(mapping));
	mapping->table = NULL;
}

/* Pages with what belongs in them. */

/* The page at `index`, locked, with a reference; a new one if there was none. NULL: no memory. */
static struct page *find_or_add_locked(struct address_space *mapping, unsigned long index)
{
	for (;;) {
		struct page *page = find_get_page(mapping, index);
		int error;

		if (page) {
			lock_page(page);
			if (page->mapping == mapping)
				return page;
			/* It left the cache while we waited. */
			unlock_page(page);
			put_page(page);
			continue;
		}
		page = alloc_page(mapping->gfp | __GFP_COLD);
		if (!page)
			return NULL;
		error = add_to_page_cache_lru(page, mapping, index, mapping->gfp);
		if (!error)
			return page;
		put_page(page);
		if (error != -MM_EEXIST)
			return NULL;
	}
}

/* Fill a locked page, and wait for it; false if that failed. It is unlocked then. */
static bool read_locked_page(struct address_space *mapping, struct page *page)
{
	ClearPageError(page);
	if (mapping->ops->readpage(mapping, page) < 0) {
		unlock_page(page);
		return false;
	}
	wait_on_page_locked(page);
	return page_test_flag_acquire(page, PG_uptodate);
}

struct page *read_cache_page(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_get_page(mapping, index);

	if (!page || !page_test_flag_acquire(page, PG_uptodate)) {
		if (page)
			put_page(page);
		page = find_or_add_locked(mapping, index);
		if (!page)
			return NULL;
		if (PageUptodate(page)) {
			unlock_page(page);
		} else if (!read_locked_page(mapping, page)) {
			put_page(page);
			return NULL;
		}
	}
	mark_page_accessed(page);
	return page;
}

struct page *grab_cache_page(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_or_add_locked(mapping, index);

	if (!page)
		return NULL;
	wait_on_page_writeback(page);
	/* It tells of a read: a sync under way would take it for a write. */
	if (!PageUptodate(page))
		ClearPageError(page);
	mark_page_accessed(page);
	return page;
}

/* Writing. */

/* Start writing a page if it is dirty: 1 if so, 0 if there was nothing to do, -1 on failure. */
static int start_write(struct address_space *mapping, struct page *page)
{
	int written = 0;

	if (!PageDirty(page))
		return 0;
	lock_page(page);
	if (page->mapping == mapping) {
		wait_on_page_writeback(page);
		written = clear_page_dirty_for_io(page);
	}
	if (written) {
		ClearPageError(page);
		if (mapping->ops->writepage && mapping->ops->writepage(mapping, page) >= 0)
			return 1;
		set_page_dirty(page);
		written = -1;
	}
	unlock_page(page);
	return written;
}

unsigned long address_space_sync(struct address_space *mapping)
{
	unsigned long failed = 0;
	struct page *page;

	for (unsigned long index = 0; (page = find_get_next(mapping, &index)); index++) {
		failed += start_write(mapping, page) < 0;
		put_page(page);
	}
	for (unsigned long index = 0; (page = find_get_next(mapping, &index)); index++) {
		wait_on_page_writeback(page);
		/* A page whose read failed is not uptodate. */
		failed += TestClearPageError(page) && PageUptodate(page);
		put_page(page);
	}
	return failed;
}

/* Write up to DIRTY_CHUNK pages, from where the last call ended; once around at most. */
static unsigned int write_some(struct address_space *mapping)
{
	const unsigned long start = __atomic_load_n(&mapping->writeback_index, __ATOMIC_RELAXED);
	unsigned long index = start;
	unsigned int written = 0;
	bool wrapped = false;

	while (written < DIRTY_CHUNK && !(wrapped && index >= start)) {
		struct page *page = find_get_next(mapping, &index);

		if (page) {
			written += start_write(mapping, page) > 0;
			put_page(page);
			index++;
		} else if (!wrapped) {
			wrapped = true;
			index = 0;
		} else {
			break;
		}
	}
	__atomic_store_n(&mapping->writeback_index, index, __ATOMIC_RELAXED);
	return written;
}

/* One of the levels that mm_count() keeps, over all CPUs; a snapshot. */
static unsigned long sum_level(const struct mm *mm, size_t offset)
{
	unsigned long sum = 0;

	for (unsigned int id = 0; id < mm->nr_cpus; id++) {
		const char *counters = (const char *)&mm->cpu[id]->stat_slow;

		sum += __atomic_load_n(
			(const unsigned long *)(counters + offset), __ATOMIC_RELAXED);
	}
	/* Counted up on one CPU and down on another, in the meantime. */
	return (long)sum < 0 ? 0 : sum;
}

/* Too many pages dirty or being written? `*writing` are the latter. */
static bool too_much_is_dirty(const struct mm *mm, unsigned long *writing)
{
	const unsigned long dirty = sum_level(mm, offsetof(struct mm_cpu_stat, nr_dirty));
	unsigned long active, inactive;

	*writing = sum_level(mm, offsetof(struct mm_cpu_stat, nr_writeback));
	mm_count_lru(mm, &active, &inactive);
	return (dirty + *writing) * 100 > (nr_free_pages(mm) + active + inactive) * DIRTY_PERCENT;
}

void balance_dirty_pages(struct address_space *mapping)
{
	struct mm *mm = this_cpu->mm;
	unsigned int idle = 0;
	unsigned long writing;

	if (__atomic_add_fetch(&mapping->nr_dirtied, 1, __ATOMIC_RELAXED) % DIRTY_CALLS)
		return;
	/* What others have made dirty is theirs to write: wait for a while, and go on. */
	while (too_much_is_dirty(mm, &writing) && idle < DIRTY_PATIENCE) {
		const unsigned int written = write_some(mapping);

		mm->hooks->congestion_wait(cpu_time() + cpu_time_hz() / DIRTY_HZ);
		idle = written ? 0 : idle + 1;
		if (!written && !writing)
			break;
	}
}
