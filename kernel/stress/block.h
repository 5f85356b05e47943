/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block that the stress holds, and on whose account.
 */
#ifndef STRESS_BLOCK_H
#define STRESS_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <mm/gfp.h>

/** Somebody who holds pages: a worker, a CPU's interrupt, the burst. */
struct holder {
	_Atomic unsigned long pages; /* held now; raised by the holder only, lowered by anybody */
	unsigned long limit;         /* never more than this */
	uint32_t owner;              /* in the ownership map */
};

/** How a block may be given back, and what is written into it. */
#define BLOCK_COMPOUND 0x1U /* a compound page */
#define BLOCK_SPLIT    0x2U /* split into single pages */
#define BLOCK_WHOLE    0x4U /* every word is stamped, not a few of each page */

/** A block that is held; a plain value, copied through mailboxes. */
struct block {
	struct page *page;     /* its head; NULL: no block */
	struct holder *holder; /* whose it is, wherever this value travels */
	uint64_t key;          /* of the stamps in its pages */
	uint8_t order;
	uint8_t flags; /* BLOCK_* */
	uint16_t cpu;  /* that allocated it */
};

#endif
