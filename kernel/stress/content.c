/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamps. A word's value follows from the block's key, its page's pfn and its place in the page, so
 * nothing has to be kept but the key, and a page that turns up somewhere else does not match.
 *
 * No state and no lock: the holder of a block is the only one who may write there.
 */
#include "content.h"
#include "prng.h"

#define WORDS (PAGE_SIZE / sizeof(uint64_t))

/* Words at places that follow from the key, besides the first and the last of a page. */
#define RANDOM_WORDS 2U

/* Walks over the stamped words of a block: page by page, place by place. */
struct stamp_walk {
	const struct block *block;
	unsigned long nr_places; /* of a page */
	unsigned long page, place;
	uint64_t base;  /* of the current page's values */
	uint64_t *data; /* the current page */
};

static void enter_page(struct stamp_walk *walk)
{
	const struct page *page = walk->block->page + walk->page;

	walk->base = prng_mix(walk->block->key + page_to_pfn(page));
	walk->data = content_of(page);
}

static struct stamp_walk walk_start(const struct block *block)
{
	struct stamp_walk walk = {
		.block = block,
		.nr_places = block->flags & BLOCK_WHOLE ? WORDS : 2 + RANDOM_WORDS,
	};

	enter_page(&walk);
	return walk;
}

/* The next stamped word and its value; NULL at the end. */
static uint64_t *walk_next(struct stamp_walk *walk, uint64_t *value)
{
	unsigned long place, word;

	if (walk->place == walk->nr_places) {
		walk->place = 0;
		if (++walk->page == 1UL << walk->block->order)
			return NULL;
		enter_page(walk);
	}
	place = walk->place++;
	if (walk->block->flags & BLOCK_WHOLE)
		word = place;
	else if (place == 0)
		word = 0;
	else if (place == 1)
		word = WORDS - 1;
	else
		word = (walk->base >> (16 * place)) % WORDS;
	*value = (walk->base + word * 0x9e3779b97f4a7c15UL) | 1; /* never 0 */
	return &walk->data[word];
}

void content_stamp(const struct block *block)
{
	struct stamp_walk walk = walk_start(block);
	uint64_t value, *word;

	while ((word = walk_next(&walk, &value)))
		*word = value;
}

bool content_verify(const struct block *block, struct content_fault *fault)
{
	struct stamp_walk walk = walk_start(block);
	uint64_t value, *word;

	while ((word = walk_next(&walk, &value))) {
		if (*word == value)
			continue;
		*fault = (struct content_fault){.word = word, .found = *word, .expected = value};
		return false;
	}
	return true;
}

bool content_is_zero(const struct page *page, unsigned int order, struct content_fault *fault)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		const uint64_t *data = content_of(page + i);

		for (unsigned long word = 0; word < WORDS; word++) {
			if (data[word] == 0)
				continue;
			*fault = (struct content_fault){.word = &data[word], .found = data[word]};
			return false;
		}
	}
	return true;
}
