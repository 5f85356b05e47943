/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone layouts of other machines, by name, for a process that poses as one of them.
 */
#ifndef ARCH_ZONES_H
#define ARCH_ZONES_H

#include <mm/mmzone.h>

/** The targets', as they have them. */
extern const struct zone_layout riscv64_zone_layout, arm64_zone_layout;

/** The names there are, for people: "riscv64, arm64, ...". */
extern const char host_zone_names[];

/** The layout of that name, for zone_layout_for(); NULL if there is none. */
const struct zone_layout *host_zones(const char *name);

#endif
