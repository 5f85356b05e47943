/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot allocator's tests share.
 */
#ifndef TESTS_UNIT_MM_MEMBLOCK_FIXTURE_H
#define TESTS_UNIT_MM_MEMBLOCK_FIXTURE_H

#include "unit.h"

#define P(pages) ((phys_addr_t)(pages) << PAGE_SHIFT)

static inline struct memblock *new_memblock(void)
{
	struct memblock *mb = calloc(1, sizeof(*mb));

	assert_non_null(mb);
	return mb;
}

#endif
