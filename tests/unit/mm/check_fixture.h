/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of mm_check() share: that it finds a fault, and none once that is mended.
 */
#ifndef TESTS_UNIT_MM_CHECK_FIXTURE_H
#define TESTS_UNIT_MM_CHECK_FIXTURE_H

#include "unit.h"

/* Fails unless mm_check() now finds faults, `line` among them, in one of its own lines. */
static inline void assert_found(struct machine *machine, const char *line)
{
	char whole[200];
	unsigned long nr;

	snprintf(whole, sizeof(whole), "check: node 0 zone %s\n", line);
	host_print_capture_start();
	nr = mm_check(&machine->mm, NULL);
	if (nr == 0)
		fail_msg("nothing found, expected: %s", whole);
	assert_printed(whole);
	assert_int_equal(times_printed("\n"), nr > 16 ? 17 : nr);
	host_print_capture_stop();
}

static inline void assert_mended(struct machine *machine)
{
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
}

#endif
