/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress of the OOM killer: eaters take all memory there is, and one of them has to let go.
 *
 *	oom_begin		one thread: set up
 *	oom_eat			a thread each, on whatever CPUs
 *	oom_coordinate		one more thread, while they run: measure, watch, judge
 */
#ifndef STRESS_OOM_H
#define STRESS_OOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <mm/mm.h>
#include <mm/oom.h>
#include "prng.h"

#define OOM_MAX_EATERS 64U

struct oom_params {
	uint64_t seed;
	uint64_t kills; /* it ends after so many */
};

struct oom_run;

/** One thread's part; its own but for the atomics, which the killer reads and writes. */
struct oom_eater {
	struct oom_run *run;
	unsigned int index;
	char name[16];
	struct oom_consumer consumer;
	struct prng prng;
	struct list_head blocks;             /* by page->lru, order in page->index */
	_Atomic unsigned long pages;         /* in them */
	_Atomic bool told;                   /* to let go */
	unsigned long taken, large, refused; /* blocks; those above order 3; requests without one */
};

struct oom_run {
	struct mm *mm;
	struct oom_params params;
	unsigned int nr;
	bool (*interrupted)(void); /* asked by the coordinator: stop early? NULL: never */
	uint64_t patience;         /* cpu_time() units without a kill: it hangs */
	struct oom_eater eater[OOM_MAX_EATERS];

	_Atomic unsigned int ready, done; /* eaters at the gates of the start and the end */
	_Atomic bool go, leave;           /* the gates are open */
	_Atomic bool stop;
	_Atomic unsigned long kills;
	_Atomic unsigned int violations;
	bool given_up; /* eaters hang, and still use all this */
	bool broken_off;
};

/** Set up a run of `nr` eaters, at most OOM_MAX_EATERS. */
void oom_begin(
	struct oom_run *run, struct mm *mm, const struct oom_params *params, unsigned int nr);

/** The body of eater `index`. May sleep. */
void oom_eat(struct oom_run *run, unsigned int index);

/**
 * Let the eaters go when all that were started are there, watch them, and give the verdict. True:
 * passed. Sleeps.
 */
bool oom_coordinate(struct oom_run *run, unsigned int started);

#endif
