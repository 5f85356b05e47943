/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone layouts as data: the host's own, which is that of a 64-bit machine, and by name those that
 * it can pose as: the targets' from their own zones.c, and the text-books'. Tests pass still others
 * to mm_init().
 *
 * Source: semantics, sections 8 (i386) and 19.
 */
#include <string.h>
#include <arch/zones.h>
#include <port/mem.h>

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

const struct zone_layout host_zone_layout = {
	.name = "host",
	.nr = 2,
	.limit = {{ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}},
};

static const struct zone_layout i386 = {
	.name = "i386",
	.nr = 3,
	.limit = {{ZONE_DMA, 16 * MIB}, {ZONE_NORMAL, 896 * MIB}, {ZONE_HIGHMEM, PHYS_ADDR_MAX}},
};

static const struct zone_layout x86_64 = {
	.name = "x86-64",
	.nr = 3,
	.limit = {{ZONE_DMA, 16 * MIB}, {ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}},
};

static const struct zone_layout *const layouts[] = {
	&riscv64_zone_layout, &arm64_zone_layout, &i386, &x86_64};

const char host_zone_names[] = "riscv64, arm64, i386, x86-64";

const struct zone_layout *host_zones(const char *name)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (strcmp(layouts[i]->name, name) == 0)
			return layouts[i];
	}
	return NULL;
}
