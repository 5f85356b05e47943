/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone layouts as data: the host's own, which is that of a 64-bit machine, and by name those of
 * the machines that it can pose as. Tests pass still others to mm_init().
 *
 * Source: semantics, section 19; for arm64 Linux 6.1 arch/arm64/mm/init.c, max_zone_phys() and
 * zone_sizes_init(): the limit counts in whole address bits.
 */
#include <stdlib.h>
#include <string.h>
#include <arch/zones.h>
#include <port/mem.h>

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static const struct zone_limit limits[] = {
	{ZONE_DMA32, 4 * GIB},
	{ZONE_NORMAL, PHYS_ADDR_MAX},
};

const struct zone_layout arch_zone_layout = {
	.name = "host",
	.nr = sizeof(limits) / sizeof(limits[0]),
	.limit = limits,
};

static const struct {
	const char *name;
	unsigned int nr;
	bool by_banks; /* arm64_fit() sets the limits of DMA and DMA32 */
	struct zone_limit limit[MAX_NR_ZONES];
} table[] = {
	{"riscv64", 2, false, {{ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}}},
	{"arm64", 3, true,
		{{ZONE_DMA, 4 * GIB}, {ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}}},
	{"i386", 3, false,
		{{ZONE_DMA, 16 * MIB}, {ZONE_NORMAL, 896 * MIB}, {ZONE_HIGHMEM, PHYS_ADDR_MAX}}},
	{"x86-64", 3, false,
		{{ZONE_DMA, 16 * MIB}, {ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}}},
};

#define NR_LAYOUTS (sizeof(table) / sizeof(table[0]))

const char host_zone_names[] = "riscv64, arm64, i386, x86-64";

/* A limit below all memory would leave its zone empty: it becomes 4 GiB, or none. */
static phys_addr_t arm64_limit(const struct memblock *mb, phys_addr_t limit)
{
	phys_addr_t start = mb->memory.range[0].base;

	if (start >= 4 * GIB)
		return PHYS_ADDR_MAX;
	return start >= limit ? 4 * GIB : limit;
}

static void arm64_fit(struct zone_limit *limit, const struct memblock *mb, uint64_t dma_end)
{
	phys_addr_t dma = PAGE_SIZE;

	while (dma < dma_end && dma < 4 * GIB)
		dma *= 2;
	limit[0].end = arm64_limit(mb, dma);
	limit[1].end = arm64_limit(mb, 4 * GIB);
}

/* Row of the table; NR_LAYOUTS if there is none. */
static size_t find(const char *name)
{
	size_t i = 0;

	while (i < NR_LAYOUTS && strcmp(table[i].name, name) != 0)
		i++;
	return i;
}

bool host_zones_known(const char *name)
{
	return find(name) < NR_LAYOUTS;
}

void host_zones_make(
	struct host_zones *zones, const char *name, const struct memblock *mb, uint64_t dma_end)
{
	size_t i = find(name);

	if (i == NR_LAYOUTS || mb->memory.nr == 0)
		abort();
	memcpy(zones->limit, table[i].limit, sizeof(zones->limit));
	if (table[i].by_banks)
		arm64_fit(zones->limit, mb, dma_end);
	zones->layout = (struct zone_layout){table[i].name, table[i].nr, zones->limit};
}
