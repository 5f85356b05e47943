/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocation interface: Linux 2.6.11's page-frame API with the zones of a 64-bit machine.
 *
 * Context, for everything here unless it says otherwise: any, interrupt handlers included, with
 * no lock of the allocator held. `order` is the log2 of the number of pages, 0 to MAX_ORDER - 1.
 * The functions act on the machine of the calling CPU (this_cpu->mm).
 *
 * Misuse (a free that does not fit what was allocated, a flag that makes no sense) is reported
 * through report_misuse(), counted, and refused: nothing changes hands.
 *
 * Source: Linux 2.6.11 include/linux/gfp.h; __GFP_DMA32 as in 2.6.18.
 */
#ifndef MM_GFP_H
#define MM_GFP_H

#include <mm/page.h>

typedef unsigned int gfp_t;

/** Bits of a gfp_t. An enum, so that debuggers know them by name. */
enum gfp_flag {
	/* Zone modifiers: at most one of them. */
	__GFP_DMA = 0x01,     /* the lowest zone that has pages anywhere on this machine */
	__GFP_HIGHMEM = 0x02, /* accepted; no more than NORMAL where there is no HIGHMEM */
	__GFP_DMA32 = 0x04,   /* DMA32 or lower */

	/* Action modifiers. */
	__GFP_WAIT = 0x10,
	__GFP_HIGH = 0x20,
	__GFP_IO = 0x40,
	__GFP_FS = 0x80,
	__GFP_COLD = 0x100,
	__GFP_NOWARN = 0x200,
	__GFP_REPEAT = 0x400,
	__GFP_NOFAIL = 0x800,
	__GFP_NORETRY = 0x1000,
	__GFP_NO_GROW = 0x2000,
	__GFP_COMP = 0x4000,
	__GFP_ZERO = 0x8000,
};

#define GFP_ZONEMASK 0x07U
/** Zonelists of a node, picked by `gfp & GFP_ZONEMASK`; 3 and above 4 are no valid choice. */
#define GFP_ZONETYPES    5U

#define __GFP_BITS_SHIFT 16
#define __GFP_BITS_MASK  ((1U << __GFP_BITS_SHIFT) - 1)

#define GFP_LEVEL_MASK                                                               \
	(__GFP_WAIT | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_COLD | __GFP_NOWARN | \
		__GFP_REPEAT | __GFP_NOFAIL | __GFP_NORETRY | __GFP_NO_GROW | __GFP_COMP)

#define GFP_ATOMIC   (__GFP_HIGH)
#define GFP_NOIO     (__GFP_WAIT)
#define GFP_NOFS     (__GFP_WAIT | __GFP_IO)
#define GFP_KERNEL   (__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_USER     (__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_HIGHUSER (__GFP_WAIT | __GFP_IO | __GFP_FS | __GFP_HIGHMEM)
/**
 * Memory for DMA: the lowest zone present. Linux without ZONE_DMA ignores the modifier; we serve
 * it from the lowest zone, which satisfies that reading and also a device with few address bits.
 */
#define GFP_DMA   __GFP_DMA
#define GFP_DMA32 __GFP_DMA32

/**
 * Allocate 2^order contiguous pages, aligned to their size, on the calling CPU's node or, where
 * that has none, on the next of its fallback order.
 *
 * @gfp: one zone modifier at most, and action modifiers. __GFP_ZERO clears the pages,
 *       __GFP_COMP marks them as one compound page (order > 0), __GFP_COLD prefers a page that
 *       is not in this CPU's hardware cache (order 0).
 * Returns the first page's descriptor with a count of 1, or NULL: no block of that order,
 * order >= MAX_ORDER, or a modifier that names no zonelist (said once).
 */
struct page *alloc_pages(gfp_t gfp, unsigned int order);

/**
 * As alloc_pages(), but starting at node `nid`. A node that is not online is misuse: NULL.
 */
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);

/** alloc_pages() of order 0. */
struct page *alloc_page(gfp_t gfp);

/**
 * As alloc_pages(), but returns the linear address of the first byte, or 0. A HIGHMEM zone's page
 * has none: with __GFP_HIGHMEM, where that leads to one, the call is misuse, and the page stays
 * free.
 */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);

static inline unsigned long __get_free_page(gfp_t gfp)
{
	return __get_free_pages(gfp, 0);
}

static inline unsigned long __get_dma_pages(gfp_t gfp, unsigned int order)
{
	return __get_free_pages(gfp | GFP_DMA, order);
}

/** One zeroed page's linear address, or 0. __GFP_HIGHMEM is misuse: 0. */
unsigned long get_zeroed_page(gfp_t gfp);

/**
 * Drop one reference to the block that `page` heads; the last one frees it.
 *
 * @page: a descriptor that pfn_valid() pages have; anything else traps.
 * @order: the order that it was allocated with. Another order, a page that heads no allocated
 * block (free already, a tail, reserved, a hole) is misuse, and nothing is freed.
 */
void __free_pages(struct page *page, unsigned int order);

/** __free_pages() of order 0. */
void __free_page(struct page *page);

/**
 * As __free_pages(), by the linear address of any byte of the first page, as in 2.6.11. 0 is a
 * no-op; an address of no page is misuse.
 */
void free_pages(unsigned long addr, unsigned int order);

static inline void free_page(unsigned long addr)
{
	free_pages(addr, 0);
}

/**
 * Give an order-0 page, whose count the caller has brought to 0 (put_page_testzero()), to this
 * CPU's hot or cold cache.
 */
void free_hot_page(struct page *page);
void free_cold_page(struct page *page);

/** Drop a reference; true if it was the last. A count of 0 is misuse: false. */
bool put_page_testzero(struct page *page);

/** Drop a reference to a page or to any part of a compound page; the last one frees the whole. */
void put_page(struct page *page);

/**
 * Turn an allocated block into 2^order single pages, each with a count of its own, to be freed
 * one by one. The caller holds the only reference, or it is misuse; so is a compound page. As in
 * 2.6.18.
 */
void split_page(struct page *page, unsigned int order);

#endif
