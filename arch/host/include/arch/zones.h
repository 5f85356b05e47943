/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone layouts of other machines, by name, for a process that poses as one of them.
 */
#ifndef ARCH_ZONES_H
#define ARCH_ZONES_H

#include <stdbool.h>
#include <mm/memblock.h>
#include <mm/mmzone.h>

/** A layout of its own; not to be copied, as `layout` points to `limit`. */
struct host_zones {
	struct zone_layout layout;
	struct zone_limit limit[MAX_NR_ZONES];
};

/** The names there are, for people: "riscv64, arm64, ...". */
extern const char host_zone_names[];

/** True if there is a layout of that name. */
bool host_zones_known(const char *name);

/**
 * Make the layout `name`, one that is known, for the banks of `mb`, which has at least one.
 *
 * @dma_end: one past the last byte that all devices reach (of_dma_end()); UINT64_MAX for no limit.
 * Only arm64's layout depends on it and on the banks.
 */
void host_zones_make(
	struct host_zones *zones, const char *name, const struct memblock *mb, uint64_t dma_end);

#endif
