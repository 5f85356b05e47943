/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page owner: who allocated each page last, and who freed it last. A level of <mm/debug.h>.
 *
 * A record for each page, in a table beside the memory map: 128 bytes a page, in pieces of 1024
 * records. It is taken from the page allocator when the level is first switched on, and stays. A
 * block's record is that of its first page; those of its other pages are of older blocks, or empty.
 *
 *	mm->page_owner->chunk[pfn >> 19]->block[pfn >> 10 & 511][pfn & 1023]
 *
 * A record is written by whoever holds the page at that moment; who reads others' gets a snapshot.
 */
#ifndef MM_PAGE_OWNER_H
#define MM_PAGE_OWNER_H

#include <mm/gfp.h>
#include <mm/page.h>

struct mm;

/** Return addresses that are kept of a call, the innermost first. */
#define PAGE_OWNER_DEPTH 4U
#define PAGE_OWNER_NAME  16U

/** One call of the allocator. */
struct page_owner_site {
	uint64_t time;                     /* cpu_time(); 0: no such call is known */
	uintptr_t stack[PAGE_OWNER_DEPTH]; /* 0 behind the last; [0] is in who called */
	gfp_t gfp;                         /* of an allocation */
	uint16_t cpu;
	uint8_t order;
	uint8_t in_interrupt;
	char task[PAGE_OWNER_NAME]; /* of the thread that ran, cut; ends in 0 */
};

/** One page, or the block whose first page it is. All 0: nothing has happened to it. */
struct page_owner {
	struct page_owner_site allocated, freed; /* the last of each */
};

/** Records of a block of 1024 pages; NULL where there are no descriptors. */
#define PAGE_OWNER_CHUNK_BLOCKS 512U
struct page_owner_chunk {
	struct page_owner *block[PAGE_OWNER_CHUNK_BLOCKS];
};

/** The table. Constant once it is there. */
struct page_owner_table {
	unsigned int nr_chunks;
	unsigned long pages; /* that the table itself has taken */
	struct page_owner_chunk *chunk[];
};

/** The record of this very page; NULL if the level is off or the page has no descriptor. */
struct page_owner *page_owner(const struct mm *mm, unsigned long pfn);

/** The latest call that handed out (or gave back) a block with this page in it, or NULL. */
const struct page_owner_site *page_owner_allocated(const struct mm *mm, unsigned long pfn);
const struct page_owner_site *page_owner_freed(const struct mm *mm, unsigned long pfn);

/**
 * Call `visit` for every block that is allocated now and whose allocation is on record, ascending.
 * `visit` must not switch the level. A snapshot: others may allocate and free meanwhile.
 */
void page_owner_for_each(const struct mm *mm,
	void (*visit)(void *context, unsigned long pfn, const struct page_owner *owner),
	void *context);

/** Print both calls of a page, and their stacks; a line if nothing is known. Any context. */
void show_page_owner(const struct mm *mm, unsigned long pfn);

#endif
