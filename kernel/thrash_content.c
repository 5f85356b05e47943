/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in the blocks of `thrash`, and in which order they are visited. Pure functions.
 */
#include "stress/prng.h"
#include "thrash.h"

/* One block in so many gets a new generation in a pass. */
#define REWRITTEN_ONE_IN 8U

uint64_t thrash_word(uint64_t seed, unsigned long block, unsigned int generation, unsigned int word)
{
	uint64_t base = prng_mix(prng_mix(seed) + ((uint64_t)generation << 48) + block);

	/* An odd step of the block's own: all words differ, and so do those of other blocks. */
	return base + word * (base >> 7 | 1);
}

unsigned int thrash_generation(uint64_t seed, unsigned long block, unsigned int passes)
{
	while (passes > 0) {
		if (prng_mix(prng_mix(seed ^ passes) + block) % REWRITTEN_ONE_IN == 0)
			break;
		passes--;
	}
	return passes;
}

unsigned long thrash_shuffle(
	uint64_t seed, unsigned long position, unsigned int bits, unsigned long nr_blocks)
{
	unsigned long mask = (1UL << bits) - 1, x = position;
	uint64_t key = prng_mix(seed);

	/* Three steps that each can be undone, within `bits`: so no two positions meet. */
	x = (x * (key | 1) + (key >> 32)) & mask;
	x ^= x >> (bits / 2 + 1);
	x = (x * (prng_mix(key) | 1)) & mask;
	x ^= x >> (bits / 2 + 1);
	x = (x * 0x9e3779b97f4a7c15UL + key) & mask;
	return x < nr_blocks ? x : THRASH_NO_BLOCK;
}
