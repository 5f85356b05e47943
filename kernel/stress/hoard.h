/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hoards: many blocks of one zone, held by a chain through the blocks themselves.
 *
 * The chain is page->lru, which is the holder's to use, with the order in page->index, so that a
 * hoard needs no memory of its own. No lock: a hoard belongs to one CPU at a time.
 */
#ifndef STRESS_HOARD_H
#define STRESS_HOARD_H

#include "core.h"

struct hoard {
	const struct stress_zone *zone;
	struct holder *holder;
	struct policy_use *policy; /* ask by this one; NULL: ask the zone's node by name */
	uint64_t key;
	struct list_head blocks; /* largest at the front, if they were taken in that order */
};

enum hoard_result {
	HOARD_TAKEN,
	HOARD_ELSEWHERE, /* another zone served, and has its block back */
	HOARD_NOTHING,   /* nobody served */
	HOARD_FULL,      /* the holder may not have more */
};

static inline void hoard_init(
	struct hoard *hoard, const struct stress_zone *zone, struct holder *holder)
{
	*hoard = (struct hoard){.zone = zone, .holder = holder, .key = prng_mix(holder->owner)};
	list_init(&hoard->blocks);
}

/** Take a block of the zone, as an interrupt might ask for it. */
enum hoard_result hoard_take(struct stress_cpu *c, struct hoard *hoard, unsigned int order);

/** Give back the block that was taken first, or last. There must be one. */
void hoard_give(struct stress_cpu *c, struct hoard *hoard, bool first);

#endif
