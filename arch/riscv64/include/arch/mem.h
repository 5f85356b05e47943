/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_MEM_H
#define ARCH_MEM_H

/** The window of the page descriptors: the same in Sv39, Sv48 and Sv57. */
#define MEM_MAP_BASE  0xffffffe000000000UL
#define MEM_MAP_BYTES (96UL << 30)

/** Where the linear map lies; set by paging_init(), constant afterwards. */
struct linear_window {
	uintptr_t base; /* virtual address of its first byte */
	uintptr_t bytes;
	uintptr_t offset; /* virtual = physical + offset, modulo 2^64 */
};

extern struct linear_window linear_window;

#define ARCH_HAS_HIGHMEM 0

extern const struct zone_layout riscv64_zone_layout;

static inline const struct zone_layout *arch_zone_layout(void)
{
	return &riscv64_zone_layout;
}

static inline struct page *mem_map(void)
{
	return (struct page *)MEM_MAP_BASE;
}

static inline void *phys_to_virt(phys_addr_t pa)
{
	return (void *)(pa + linear_window.offset);
}

static inline phys_addr_t virt_to_phys(const void *addr)
{
	return (phys_addr_t)((uintptr_t)addr - linear_window.offset);
}

static inline bool virt_in_linear_map(const void *addr)
{
	return (uintptr_t)addr - linear_window.base < linear_window.bytes;
}

static inline bool virt_in_mem_map(const void *addr)
{
	return (uintptr_t)addr - MEM_MAP_BASE < MEM_MAP_BYTES;
}

/*
 * Without a loop: a store's offset reaches half a page both ways, so two addresses do for it all.
 * Volatile, or the compiler calls memset() for it.
 */
static inline void clear_page(void *addr)
{
	volatile uint64_t *word = addr;

#pragma GCC unroll 512
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = 0;
}

#endif
