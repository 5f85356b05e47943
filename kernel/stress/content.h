/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in the pages: stamps that must survive until the free, zeroes where they were asked for.
 */
#ifndef STRESS_CONTENT_H
#define STRESS_CONTENT_H

#include <mm/mm.h>
#include "block.h"

/** A word that is not what it should be. */
struct content_fault {
	const uint64_t *word;
	uint64_t found, expected;
};

/** The words of a page, also of one in HIGHMEM, which has no address: but all memory is mapped. */
static inline uint64_t *content_of(const struct page *page)
{
	return phys_to_virt(pfn_to_phys(page_to_pfn(page)));
}

/** Stamp the first, the last and two more words of each page, or with BLOCK_WHOLE all of them. */
void content_stamp(const struct block *block);

/** True if every stamp is still there; else the first that is not. */
bool content_verify(const struct block *block, struct content_fault *fault);

/** True if all bytes of the block are zero; else the first word that is not. */
bool content_is_zero(const struct page *page, unsigned int order, struct content_fault *fault);

#endif
