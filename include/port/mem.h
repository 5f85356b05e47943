/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: the memory map.
 *
 * <arch/mem.h> defines, as inlines: mem_map(), phys_to_virt(), virt_to_phys(),
 * virt_in_linear_map(), clear_page(), arch_zone_layout(); and ARCH_HAS_HIGHMEM, 1 if a layout may
 * have a HIGHMEM zone, whose pages have no address for their users. With 0 nothing looks for them.
 */
#ifndef PORT_MEM_H
#define PORT_MEM_H

#include <stddef.h>
#include <mm/page.h>

struct zone_layout;

/**
 * How this architecture divides physical addresses into zones: constant data in its zones.c. What
 * it is on one machine says zone_layout_for().
 */
static inline const struct zone_layout *arch_zone_layout(void);

/** Descriptor of pfn 0, mapped or not: page = mem_map() + pfn. */
static inline struct page *mem_map(void);

/** Linear address of physical memory in a bank, and back. No check. */
static inline void *phys_to_virt(phys_addr_t pa);
static inline phys_addr_t virt_to_phys(const void *addr);

/** True if `addr` lies in the window of the linear map, mapped or not. */
static inline bool virt_in_linear_map(const void *addr);

/** Fill one page with zeroes. */
static inline void clear_page(void *addr);

/**
 * Map [pa, pa + bytes) as the descriptors at address `at`, writable; whole pages. During
 * mm_init() only. Returns 0, or -1 if the window of the memory map does not reach that far.
 */
int mem_map_populate(struct page *at, phys_addr_t pa, size_t bytes);

#include <arch/mem.h>

#endif
