/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of reports share.
 */
#ifndef TESTS_UNIT_MM_SHOW_FIXTURE_H
#define TESTS_UNIT_MM_SHOW_FIXTURE_H

#include "unit.h"

/* Fails unless what has been printed is exactly this; ends the capture. */
static inline void assert_all_printed(const char *expected)
{
	assert_string_equal(host_print_captured(), expected);
	host_print_capture_stop();
}

/* Allocate single pages until there are none, keeping none of them apart. Returns how many. */
static inline unsigned long exhaust(gfp_t gfp)
{
	unsigned long nr = 0;

	while (alloc_page(gfp | __GFP_NOWARN))
		nr++;
	return nr;
}

#endif
