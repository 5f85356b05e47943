/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The victim: an object in memory whose cached pages reclaim may take, under pressure.
 */
#ifndef STRESS_VICTIM_H
#define STRESS_VICTIM_H

#include <mm/pagemap.h>
#include "core.h"

struct victim {
	struct stress *stress;
	struct address_space mapping;
	bool open;
	_Atomic unsigned long used, filled, written; /* pages: found or made, made, written back */
	_Atomic unsigned long refused;               /* no memory for a page */
};

/** Set it up, empty; without memory it stays shut, and is not used. Nobody else uses it. */
void victim_open(struct victim *victim, struct stress *s);
/** Give back all its pages. Nobody but reclaim uses it. */
void victim_close(struct victim *victim);
/** Use one page; `choice` says which and how. Task context. */
void victim_use(struct victim *victim, uint64_t choice);

#endif
