/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone layout of arm64: what all devices of the machine reach, what 32 address bits reach, and
 * the rest. No HIGHMEM. The host compiles this file, too.
 *
 * Source: semantics, section 19; Linux 6.1 arch/arm64/mm/init.c, max_zone_phys() and
 * zone_sizes_init(): the limit of DMA counts in whole address bits.
 */
#include <mm/memblock.h>
#include <mm/mmzone.h>
#include <port/mem.h>

#define DMA32_END (1ULL << 32)

/* A limit below all memory would leave its zone empty: it becomes 4 GiB, or none. */
static phys_addr_t reach(const struct memblock *mb, phys_addr_t limit)
{
	phys_addr_t start = mb->memory.range[0].base;

	if (start >= DMA32_END)
		return PHYS_ADDR_MAX;
	return start >= limit ? DMA32_END : limit;
}

static void fit(struct zone_layout *layout, const struct memblock *mb, uint64_t dma_end)
{
	phys_addr_t dma = PAGE_SIZE;

	while (dma < dma_end && dma < DMA32_END)
		dma *= 2;
	layout->limit[0].end = reach(mb, dma);
	layout->limit[1].end = reach(mb, DMA32_END);
}

const struct zone_layout arm64_zone_layout = {
	.name = "arm64",
	.nr = 3,
	.limit = {{ZONE_DMA, DMA32_END}, {ZONE_DMA32, DMA32_END}, {ZONE_NORMAL, PHYS_ADDR_MAX}},
	.fit = fit,
};
