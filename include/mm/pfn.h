/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-shift arithmetic: the one place where bytes, pages and orders are converted.
 */
#ifndef MM_PFN_H
#define MM_PFN_H

#include <stdbool.h>
#include <stdint.h>
#include <arch/page_size.h> /* PAGE_SHIFT */

/** A physical address, in bytes. */
typedef uint64_t phys_addr_t;

#define PHYS_ADDR_MAX UINT64_MAX

#define PAGE_SIZE     (1UL << PAGE_SHIFT)
#define PAGE_MASK     (~(PAGE_SIZE - 1))

/** Orders run from 0 to MAX_ORDER - 1; the largest block has MAX_ORDER_NR_PAGES pages (4 MiB). */
#define MAX_ORDER          11U
#define MAX_ORDER_NR_PAGES (1UL << (MAX_ORDER - 1))

/** Page descriptors come into being in whole blocks of this many pages, aligned to it. */
#define BLOCK_PAGES MAX_ORDER_NR_PAGES
/** A section is the memory whose descriptors fill 2 MiB: 32768 pages, 128 MiB. */
#define SECTION_PAGES 32768UL

/** First page that lies wholly at or above `pa`. */
static inline unsigned long pfn_up(phys_addr_t pa)
{
	return (unsigned long)(pa >> PAGE_SHIFT) + ((pa & (PAGE_SIZE - 1)) != 0);
}

/** Page that holds the byte at `pa`. */
static inline unsigned long pfn_down(phys_addr_t pa)
{
	return (unsigned long)(pa >> PAGE_SHIFT);
}

/** Physical address of a page's first byte. */
static inline phys_addr_t pfn_to_phys(unsigned long pfn)
{
	return (phys_addr_t)pfn << PAGE_SHIFT;
}

/** Pages to KiB. */
static inline unsigned long pages_to_kb(unsigned long nr_pages)
{
	return nr_pages << (PAGE_SHIFT - 10);
}

/** Bytes of a block of `order`. */
static inline unsigned long order_bytes(unsigned int order)
{
	return PAGE_SIZE << order;
}

/** The least order whose blocks have `bytes` bytes; it may be above the largest there is. */
static inline unsigned int get_order(unsigned long bytes)
{
	unsigned int order = 0;

	while (order_bytes(order) < bytes)
		order++;
	return order;
}

/** `value` rounded down, up, to a multiple of `align`, a power of two. */
static inline uint64_t align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return align_down(value + align - 1, align);
}

static inline bool is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

#endif
