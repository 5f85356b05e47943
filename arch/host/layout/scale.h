/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From physical addresses to places on the map.
 */
#ifndef LAYOUT_SCALE_H
#define LAYOUT_SCALE_H

#include <stdbool.h>
#include <mm/memblock.h>

/** A run of addresses that is all memory, or all hole. */
struct stretch {
	phys_addr_t base, end;
	double left, right; /* on the map */
	bool memory;
	bool cut; /* a hole drawn shorter than it is */
};

/** All addresses from the first to the last byte of memory. Of all machines one. */
struct scale {
	unsigned int nr;
	struct stretch stretch[2 * MEMBLOCK_MAX_RANGES];
};

/**
 * Lay the banks, at least one, between `left` and `right`: memory all to one scale, and so are
 * holes but for those so long that they would press the memory together.
 */
void scale_make(struct scale *scale, const struct memblock_list *banks, double left, double right);

/** Place of an address; of one outside, the nearest end. */
double scale_at(const struct scale *scale, phys_addr_t pa);

#endif
