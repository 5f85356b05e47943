/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of memory that comes online as it is needed share: machines that have such.
 */
#ifndef TESTS_UNIT_MM_OFFLINE_FIXTURE_H
#define TESTS_UNIT_MM_OFFLINE_FIXTURE_H

#include "unit.h"

#define LARGEST (MAX_ORDER - 1)

static const struct machine_spec one_section = {
	.bank = {{0, 32768, 0}}, .nr_cpus = 4, .keep_boot_reserved = true, .lazy = true};

/* One of whose pages each may be had. */
static inline struct machine *create(const struct machine_spec *spec)
{
	struct machine *machine = machine_create(spec);

	machine_lift_reserves(machine);
	return machine;
}

#endif
