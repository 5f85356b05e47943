/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page descriptor: one cache line for every page frame.
 *
 * Who may write what: an allocated page's descriptor belongs to whoever holds the page; a free
 * one's to the allocator, under its zone's lock or, while it sits in a per-CPU cache, to that CPU.
 * The buddy system looks at the flags, count, private and tag of pages that it does not own, so
 * these four are read and written by relaxed atomic accesses throughout.
 *
 * Source: Linux 2.6.11 include/linux/mm.h, page-flags.h; the tag is our own.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mm/list.h>
#include <mm/pfn.h>
#include <port/barrier.h>

/** Bits of page->flags below the node and zone numbers. Numbers as in Linux 2.6.11. */
enum page_flag {
	PG_locked = 0,
	PG_error = 1,
	PG_referenced = 2,
	PG_uptodate = 3,
	PG_dirty = 4,
	PG_lru = 5,
	PG_active = 6,
	PG_slab = 7,
	PG_highmem = 8,
	PG_checked = 9,
	PG_arch_1 = 10,
	PG_reserved = 11, /* not for the allocator: never free, never merged */
	PG_private = 12,  /* with count 0: head of a free buddy block, its order in private */
	PG_writeback = 13,
	PG_nosave = 14,
	PG_compound = 15, /* part of a compound page, whose head is in private */
	PG_swapcache = 16,
	PG_mappedtodisk = 17,
	PG_reclaim = 18,
	PG_nosave_free = 19,
	NR_PAGE_FLAGS
};

/**
 * What a page is at the moment, recorded by the allocator in page->tag beside an order.
 *
 * A page that is not the first of its block keeps a stale tag, but never PAGE_ALLOCATED: the tag
 * leaves that state on every free. So "allocated, of this order" is one comparison, which catches
 * a double free, a wrong order, a tail and a page that was never handed out.
 */
enum page_state {
	PAGE_NEW = 0,     /* since boot: reserved, or a hole */
	PAGE_FREE,        /* given to the buddy system */
	PAGE_CACHED,      /* head of a block in a per-CPU cache */
	PAGE_ALLOCATED,   /* head of a block that somebody holds */
	PAGE_SET_ASIDE,   /* head of a block found corrupt: never handed out again */
	PAGE_QUARANTINED, /* head of a freed block that waits: see <mm/debug.h> */
	NR_PAGE_STATES
};

/** The descriptor of one page frame; find it by pfn_to_page(). */
struct page {
	unsigned long flags;   /* enum page_flag bits; node and zone above ZONE_SHIFT */
	int _count;            /* references less one: -1 is free; see page_counts() */
	int _mapcount;         /* mappings less one */
	unsigned long private; /* order of a free head; head of a compound; else the owner's */
	void *mapping;         /* owner's object; low bit set: anonymous */
	unsigned long index;   /* owner's offset; in page[1] of a compound: its order */
	struct list_head lru;  /* free list, per-CPU list, or the owner's */
	uint32_t tag;          /* enum page_state << 8 | order, and PAGE_TAG_LRU; see page_tag() */
	uint32_t debug;        /* PAGE_DEBUG_*, of mm/debug.c; stale while its level is off */
};
_Static_assert(sizeof(struct page) == 64, "a 128 MiB section has exactly 2 MiB of descriptors");

#define MAX_NODES_SHIFT 10
#define ZONES_SHIFT     2
#define ZONE_SHIFT      (64 - MAX_NODES_SHIFT - ZONES_SHIFT)
/** Node of a page that lies in no bank (a hole of a mapped block). Real node ids are below it. */
#define NODE_HOLE ((1 << MAX_NODES_SHIFT) - 1)

static inline unsigned long page_flags(const struct page *page)
{
	return __atomic_load_n(&page->flags, __ATOMIC_RELAXED);
}

static inline bool page_test_flag(const struct page *page, enum page_flag flag)
{
	return page_flags(page) >> flag & 1;
}

/** As page_test_flag(); what was written before the flag was set, or TestClear-ed, is seen. */
static inline bool page_test_flag_acquire(const struct page *page, enum page_flag flag)
{
	return __atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) >> flag & 1;
}

/** Set or clear one flag; atomic, so the holders of a page need no lock for it. */
static inline void page_set_flag(struct page *page, enum page_flag flag)
{
	__atomic_fetch_or(&page->flags, 1UL << flag, __ATOMIC_RELEASE);
}

static inline void page_clear_flag(struct page *page, enum page_flag flag)
{
	__atomic_fetch_and(&page->flags, ~(1UL << flag), __ATOMIC_RELAXED);
}

/** Replace all flags; only for the page's sole owner. */
static inline void page_write_flags(struct page *page, unsigned long flags)
{
	store_once64(&page->flags, flags);
}

/** Set or clear one flag and tell what it was: of two that do it at once, one finds it undone. */
static inline bool page_test_and_set_flag(struct page *page, enum page_flag flag)
{
	return __atomic_fetch_or(&page->flags, 1UL << flag, __ATOMIC_ACQ_REL) >> flag & 1;
}

static inline bool page_test_and_clear_flag(struct page *page, enum page_flag flag)
{
	return __atomic_fetch_and(&page->flags, ~(1UL << flag), __ATOMIC_ACQ_REL) >> flag & 1;
}

/* PageReserved(), SetPageReserved(), ClearPageReserved() and so on, by Linux's names. */
#define PAGE_FLAG(Name, name)                                     \
	static inline bool Page##Name(const struct page *page)    \
	{                                                         \
		return page_test_flag(page, PG_##name);           \
	}                                                         \
	static inline void SetPage##Name(struct page *page)       \
	{                                                         \
		page_set_flag(page, PG_##name);                   \
	}                                                         \
	static inline void ClearPage##Name(struct page *page)     \
	{                                                         \
		page_clear_flag(page, PG_##name);                 \
	}                                                         \
	static inline bool TestSetPage##Name(struct page *page)   \
	{                                                         \
		return page_test_and_set_flag(page, PG_##name);   \
	}                                                         \
	static inline bool TestClearPage##Name(struct page *page) \
	{                                                         \
		return page_test_and_clear_flag(page, PG_##name); \
	}

PAGE_FLAG(Locked, locked)
PAGE_FLAG(Error, error)
PAGE_FLAG(Referenced, referenced)
PAGE_FLAG(Uptodate, uptodate)
PAGE_FLAG(Dirty, dirty)
PAGE_FLAG(LRU, lru)
PAGE_FLAG(Active, active)
PAGE_FLAG(Slab, slab)
PAGE_FLAG(Reserved, reserved)
PAGE_FLAG(Private, private)
PAGE_FLAG(Writeback, writeback)
PAGE_FLAG(Compound, compound)
PAGE_FLAG(Reclaim, reclaim)

/** Node number and zone type of a page, from its own flags; NODE_HOLE for a page of no bank. */
static inline int page_to_nid(const struct page *page)
{
	return (int)(page_flags(page) >> (ZONE_SHIFT + ZONES_SHIFT));
}

/** (nid << ZONES_SHIFT) | zone type: the index into mm->zone_table. */
static inline unsigned int page_zone_index(const struct page *page)
{
	return (unsigned int)(page_flags(page) >> ZONE_SHIFT);
}

static inline unsigned long page_private(const struct page *page)
{
	return __atomic_load_n(&page->private, __ATOMIC_RELAXED);
}

static inline void set_page_private(struct page *page, unsigned long value)
{
	store_once64(&page->private, value);
}

/**
 * In the tag of an allocated page that has been put on an LRU list, until it is freed: reclaim may
 * take a reference to it without having one. Keeps such a page off the plain path of a free.
 */
#define PAGE_TAG_LRU 0x10000U

/** The tag of a block's head: its state and, but for PAGE_FREE, its order. */
static inline uint32_t make_tag(enum page_state state, unsigned int order)
{
	return (uint32_t)state << 8 | order;
}

static inline uint32_t page_tag(const struct page *page)
{
	return __atomic_load_n(&page->tag, __ATOMIC_RELAXED);
}

static inline void set_page_tag(struct page *page, enum page_state state, unsigned int order)
{
	store_once32(&page->tag, make_tag(state, order));
}

/** Mark a single page as one that LRU lists know. The caller holds it, and nobody else does. */
static inline void set_page_tag_lru(struct page *page)
{
	__atomic_fetch_or(&page->tag, PAGE_TAG_LRU, __ATOMIC_RELAXED);
}

static inline enum page_state page_state(const struct page *page)
{
	return (enum page_state)(page_tag(page) >> 8 & 0xff);
}

static inline unsigned int page_tag_order(const struct page *page)
{
	return page_tag(page) & 0xff;
}

/** Count of this very descriptor, compound or not: the stored value plus one. */
static inline int page_count_raw(const struct page *page)
{
	return __atomic_load_n(&page->_count, __ATOMIC_RELAXED) + 1;
}

static inline void set_page_count(struct page *page, int count)
{
	store_once32((uint32_t *)&page->_count, (uint32_t)count - 1);
}

/** The head of the compound page that `page` belongs to, or `page` itself. */
static inline struct page *compound_head(const struct page *page)
{
	if (PageCompound(page))
		return (struct page *)page_private(page);
	return (struct page *)page;
}

/** References to the page; for any part of a compound page, to the whole. 0 is free. */
static inline int page_count(const struct page *page)
{
	return page_count_raw(compound_head(page));
}

/** Take one more reference to a page that the caller already holds. Any context. */
static inline void get_page(struct page *page)
{
	__atomic_fetch_add(&compound_head(page)->_count, 1, __ATOMIC_RELAXED);
}

/** _count and _mapcount as one word, by one load that later accesses stay behind. */
typedef uint64_t __attribute__((may_alias)) page_counts_t;
_Static_assert(offsetof(struct page, _count) % 8 == 0 &&
		       offsetof(struct page, _mapcount) == offsetof(struct page, _count) + 4,
	"both counts in one word");

static inline uint64_t page_counts(const struct page *page)
{
	return __atomic_load_n((const page_counts_t *)&page->_count, __ATOMIC_ACQUIRE);
}

/** What page_counts() gives for a page with so many references that is not mapped; little-endian.
 */
#define PAGE_COUNTS(count) ((uint64_t)UINT32_MAX << 32 | ((uint32_t)(count)-1U))

static inline bool page_mapped(const struct page *page)
{
	return page->_mapcount >= 0;
}

/** Low bit of page->mapping: the page is anonymous. */
#define PAGE_MAPPING_ANON 1UL

static inline bool PageAnon(const struct page *page)
{
	return ((uintptr_t)page->mapping & PAGE_MAPPING_ANON) != 0;
}

#endif
