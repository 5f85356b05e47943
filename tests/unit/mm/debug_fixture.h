/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of debugging levels, and of what they find, share: a machine, what is printed
 * kept, and the levels switched.
 */
#ifndef TESTS_UNIT_MM_DEBUG_FIXTURE_H
#define TESTS_UNIT_MM_DEBUG_FIXTURE_H

#include "unit.h"

static struct machine *machine;

static inline void start_on(const struct machine_spec *spec)
{
	machine = machine_create(spec);
	host_print_capture_start();
}

static inline int setup(void **state)
{
	(void)state;
	start_on(&fixture_f4);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	machine_enter(machine, 0);
	machine_destroy(machine);
	return 0;
}

static inline void switch_on(unsigned int levels)
{
	assert_int_equal(mm_debug_set(&machine->mm, levels, true), 0);
}

static inline void switch_off(unsigned int levels)
{
	assert_int_equal(mm_debug_set(&machine->mm, levels, false), 0);
}

#endif
