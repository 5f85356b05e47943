/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress's random numbers: splitmix64, small enough to be stepped in an interrupt.
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
 */
#ifndef STRESS_PRNG_H
#define STRESS_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t state;
};

/** A bijection that spreads every bit of `x` over the whole word. */
static inline uint64_t prng_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

/** The sequence number `index` of `seed`; sequences of different indices do not look related. */
static inline struct prng prng_seed(uint64_t seed, uint64_t index)
{
	return (struct prng){.state = prng_mix(prng_mix(seed) + index)};
}

static inline uint64_t prng_next(struct prng *prng)
{
	prng->state += 0x9e3779b97f4a7c15UL;
	return prng_mix(prng->state);
}

/** Below `bound`, which is below 2^32 and not 0. */
static inline unsigned int prng_below(struct prng *prng, unsigned int bound)
{
	return (unsigned int)((prng_next(prng) >> 32) * bound >> 32);
}

/** True once in `n` times. */
static inline bool prng_one_in(struct prng *prng, unsigned int n)
{
	return prng_below(prng, n) == 0;
}

#endif
