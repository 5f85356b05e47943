/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: the memory map.
 *
 * <arch/mem.h> defines, as inlines: mem_map(), phys_to_virt(), virt_to_phys(),
 * virt_in_linear_map(), virt_in_mem_map(), clear_page(), arch_zone_layout(); and ARCH_HAS_HIGHMEM,
 * 1 if a layout may have a HIGHMEM zone, whose pages have no address for their users. With 0
 * nothing looks for them.
 */
#ifndef PORT_MEM_H
#define PORT_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <mm/page.h>

struct zone_layout;

/**
 * How this architecture divides physical addresses into zones: constant data in its zones.c. What
 * it is on one machine says zone_layout_for().
 */
static inline const struct zone_layout *arch_zone_layout(void);

/** Descriptor of pfn 0, mapped or not: page = mem_map() + pfn. Aligned to PAGE_SIZE. */
static inline struct page *mem_map(void);

/** Linear address of physical memory in a bank, and back. No check. */
static inline void *phys_to_virt(phys_addr_t pa);
static inline phys_addr_t virt_to_phys(const void *addr);

/** True if `addr` lies in the window of the linear map, mapped or not. */
static inline bool virt_in_linear_map(const void *addr);

/** True if `addr` lies in the window of the descriptors, mapped or not. */
static inline bool virt_in_mem_map(const void *addr);

/** Fill one page with zeroes. */
static inline void clear_page(void *addr);

/**
 * Have ready what mem_map_populate() needs for any whole pages of these descriptors: from then on
 * it needs no memory, and can not fail. Page tables are taken from near node `nid`, and not touched
 * before they are used. During mm_init() only. Returns 0, or -1 if there is no memory for that or
 * the window of the memory map does not reach that far.
 */
int mem_map_prepare(struct page *at, size_t bytes, int nid);

/**
 * Map [pa, pa + bytes) as the descriptors at address `at`, writable; whole pages, not mapped yet.
 * During mm_init(); later, in any context, where mem_map_prepare() has been. Returns 0, or -1 if
 * the window of the memory map does not reach that far.
 *
 * The calling CPU sees it at once. Others may meet a fault there for a while, which mm_fault() of
 * <mm/debug.h> lets them repeat.
 */
int mem_map_populate(struct page *at, phys_addr_t pa, size_t bytes);

/**
 * Let something be read and written where no descriptors are: the page of them at `addr`, and maybe
 * more. Returns a page of descriptors for the caller to fill: what is seen there, the same wherever
 * it is lent; or NULL if the port has none. Until mem_map_populate() maps that address, or
 * mem_map_take_back(): then an access faults again. Any context, whatever lock is held.
 */
struct page *mem_map_lend(const void *addr);
void mem_map_take_back(const void *addr);

/** Can single pages of the linear map be unmapped? Not before linear_map_split(). Any context. */
bool linear_map_by_pages(void);

/**
 * Make the linear map of single pages, for as long as the machine runs. Returns how many pages of
 * memory that takes, from the page allocator; or 0, and nothing has changed: there are not so many,
 * or the port has no such thing. In a thread that may sleep, once.
 *
 * A CPU that is online reaches all pages until it calls linear_map_adopt(): any context.
 */
unsigned long linear_map_split(void);
void linear_map_adopt(void);

/**
 * Map or unmap `nr` pages of the linear map; those that are so already are left. Of a page that was
 * never mapped nothing is done. Only if linear_map_by_pages(). Any context, no lock.
 *
 * The calling CPU sees it at once. Others may go on using a page that was unmapped for a while, and
 * may meet a fault at one that was mapped, which mm_fault() of <mm/debug.h> lets them repeat.
 */
void kernel_map_pages(const struct page *page, unsigned long nr, bool map);

/** Is it mapped? Only if linear_map_by_pages(). Any context. */
bool kernel_page_present(const struct page *page);

#include <arch/mem.h>

#endif
