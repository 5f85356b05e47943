/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's own layout is that of a 64-bit machine; tests pass others to mm_init() as data.
 */
#include <mm/mmzone.h>
#include <port/mem.h>

static const struct zone_limit limits[] = {
	{ZONE_DMA32, 4ULL << 30},
	{ZONE_NORMAL, PHYS_ADDR_MAX},
};

const struct zone_layout arch_zone_layout = {
	.name = "host",
	.nr = sizeof(limits) / sizeof(limits[0]),
	.limit = limits,
};
