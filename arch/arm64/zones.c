/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone layout of arm64: what devices with 32 address bits reach, and the rest.
 *
 * No HIGHMEM. Linux has a DMA zone below DMA32, whose end is what the tree's dma-ranges give; here
 * it is still missing.
 */
#include <mm/mmzone.h>
#include <port/mem.h>

static const struct zone_limit limits[] = {
	{ZONE_DMA32, 1ULL << 32},
	{ZONE_NORMAL, PHYS_ADDR_MAX},
};

const struct zone_layout arch_zone_layout = {
	.name = "arm64",
	.nr = sizeof(limits) / sizeof(limits[0]),
	.limit = limits,
};
