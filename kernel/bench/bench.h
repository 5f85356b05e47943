/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the groups of measurements share: the table that they stand in, figures, repeats.
 *
 * To add a group: a file with a struct bench_group, a line below, a line in bench.c's table.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/gfp.h>
#include <mm/list.h>
#include <mm/mmzone.h>

struct bench_group {
	const char *name;
	const char *help; /* a few words */
	/* Counts instructions: not run where cpu_instructions() does not. `bench exact`: these. */
	bool exact;
	bool settled; /* bench_settle() comes before: all memory is taken once */
	/** Measure, and say so by bench_figure(). False if it can not; it has said why. */
	bool (*run)(const struct bench_group *group);
};

extern const struct bench_group bench_pairs;   /* pairs.c */
extern const struct bench_group bench_batches; /* batches.c */
extern const struct bench_group bench_mix;     /* mix.c */
extern const struct bench_group bench_worst;   /* worst.c */
extern const struct bench_group bench_boot;    /* boot.c */
extern const struct bench_group bench_scale;   /* scale.c */

/** Largest batch, in blocks. */
#define BENCH_MAX_BATCH 65536U

/** The unit of figures: thousandths. */
#define BENCH_UNIT 1000U

/**
 * Print the figure, and keep it for the frame at the end. Names are words and numbers between
 * slashes, "pair/0"; scripts know figures by them.
 *
 * @value: in thousandths of an instruction, or of whatever the name says.
 */
void bench_figure(uint64_t value, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The group can not go on: there is no block of that order. Says so, and returns false. */
bool bench_short(const struct bench_group *group, unsigned int order);

/** How often what takes long enough to differ is repeated; the median counts. */
#define BENCH_REPEATS 31U

/** Sorts them; returns the one in the middle. */
uint64_t bench_median(uint64_t *values, unsigned int nr);

/** What is repeated: `nr` operations, and how many instructions they took in all. */
struct bench_region {
	uint64_t (*time)(const struct bench_region *region);
	gfp_t gfp;
	unsigned int order;
	unsigned int nr;
	struct page **held; /* room for nr, where the region needs it */
};

/** What the region returns if the allocator had nothing. */
#define BENCH_FAILED UINT64_MAX

/** One run of the region, interrupts masked; one that was pending comes first. */
uint64_t bench_time(const struct bench_region *region);

/**
 * The median of BENCH_REPEATS runs, less what `empty` takes (the same loop around nothing; it
 * takes the same each time), for one operation, in thousandths; or BENCH_FAILED.
 */
uint64_t bench_repeat(const struct bench_region *region, const struct bench_region *empty);

/** As GFP_KERNEL, but nobody reclaims: that would be a cost of its own, without a limit. */
#define BENCH_GFP ((GFP_KERNEL & ~__GFP_WAIT) | __GFP_NOWARN)

/** Blocks that are held while others are measured, by order (ballast.c). */
struct bench_ballast {
	struct list_head block[MAX_ORDER]; /* by page->lru */
};

void bench_ballast_init(struct bench_ballast *ballast);
/** One block more, without reclaim. False if there is none. */
bool bench_ballast_take(struct bench_ballast *ballast, unsigned int order);
void bench_ballast_free(struct bench_ballast *ballast);

/** Pages that the zones keep: nobody has to reclaim as long as more are free. */
unsigned long bench_reserve(void);
/** Are so many pages free beside those? If not, the group can not go on, and it is said. */
bool bench_has_free(const struct bench_group *group, unsigned long pages);

/**
 * Have all free memory in blocks of the largest order, so that what is measured does not depend on
 * how large the image is or what was done before: the pieces that are left over are held in
 * `pieces`, which need not be initialised.
 */
void bench_settle(struct bench_ballast *pieces);

/** What two readings of the counter one after the other differ by. */
uint64_t bench_reading(void);

/** So that the compiler does not know what is in the variable any more. */
#define BENCH_OPAQUE(variable) __asm__ volatile("" : "+r"(variable))

#endif
