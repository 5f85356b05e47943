/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_MEM_H
#define ARCH_MEM_H

/** The window of the page descriptors: of as much memory as the linear map has room for. */
#define MEM_MAP_BASE  0xffffc00000000000UL
#define MEM_MAP_BYTES (4UL << 40)

/** Where the linear map lies; set by paging_choose(), constant afterwards. */
struct linear_window {
	uintptr_t base; /* virtual address of its first byte */
	uintptr_t bytes;
	uintptr_t offset; /* virtual = physical + offset, modulo 2^64 */
};

extern struct linear_window linear_window;

#define ARCH_HAS_HIGHMEM 0

extern const struct zone_layout arm64_zone_layout;

static inline const struct zone_layout *arch_zone_layout(void)
{
	return &arm64_zone_layout;
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

static inline void clear_page(void *addr)
{
	uint64_t *word = addr;
	uint64_t *end = word + PAGE_SIZE / sizeof(*word);

	for (; word < end; word += 8) {
		word[0] = 0;
		word[1] = 0;
		word[2] = 0;
		word[3] = 0;
		word[4] = 0;
		word[5] = 0;
		word[6] = 0;
		word[7] = 0;
	}
}

#endif
