/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaks: what was allocated since a mark and is still allocated, by whom. Works on the records of
 * <mm/page_owner.h>, so that level has to be on from the mark on.
 *
 *	static struct mm_leaks leaks;
 *	uint64_t mark = mm_leak_mark();
 *	...
 *	mm_leak_diff(mm, mark, &leaks);
 *	show_leaks(&leaks);
 */
#ifndef MM_LEAK_H
#define MM_LEAK_H

#include <mm/page_owner.h>

/** Most places that are told apart; a power of two. */
#define MM_LEAK_SITES 256U

/** Blocks whose allocations came the same way: all addresses of the stack are the same. */
struct mm_leak_site {
	uintptr_t stack[PAGE_OWNER_DEPTH]; /* 0 behind the last; [0] is in who called */
	unsigned long blocks, pages;
	struct page_owner_site oldest; /* the first call of them, and its block */
	unsigned long pfn;
};

/** What is there now and was not at the mark. */
struct mm_leaks {
	unsigned int nr;                         /* places, in site[], most pages first */
	unsigned long blocks, pages;             /* of all places */
	unsigned long other_blocks, other_pages; /* of them, those from places that found no room */
	struct mm_leak_site site[MM_LEAK_SITES];
};

/** This moment: calls that ended before are not since it. Any context. */
uint64_t mm_leak_mark(void);

/**
 * Find the blocks that were allocated at `since` or later, into `leaks`. A snapshot: what others
 * allocate and free meanwhile may be in it or not. Returns the pages; 0 as well if the level is
 * off. Any context, linear in memory.
 */
unsigned long mm_leak_diff(const struct mm *mm, uint64_t since, struct mm_leaks *leaks);

/** A line of sums, and for each place its pages, the oldest of its calls, and the stack. */
void show_leaks(const struct mm_leaks *leaks);

#endif
