/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/thrash_content.c: contents that tell blocks, generations and words apart, and orders that
 * visit every block once.
 */
#include "kernel/thrash.h"
#include "unit.h"

#define NR_BLOCKS 3000UL
#define BITS      12U

static void every_block_once(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits <= 16; bits++) {
		unsigned long nr_blocks = bits ? (1UL << bits) - (1UL << bits) / 3 : 1, found = 0;
		bool *seen = calloc(nr_blocks, sizeof(*seen));

		assert_non_null(seen);
		for (unsigned long at = 0; at < 1UL << bits; at++) {
			unsigned long block = thrash_shuffle(bits * 7, at, bits, nr_blocks);

			if (block == THRASH_NO_BLOCK)
				continue;
			assert_true(block < nr_blocks);
			assert_false(seen[block]);
			seen[block] = true;
			found++;
		}
		assert_int_equal(found, nr_blocks);
		free(seen);
	}
}

/* An order that is one: few neighbours stay neighbours; and another seed has another. */
static void no_order_at_all(void **state)
{
	unsigned long neighbours = 0, same = 0;

	(void)state;
	for (unsigned long at = 1; at < NR_BLOCKS; at++) {
		unsigned long before = thrash_shuffle(1, at - 1, BITS, 1UL << BITS);
		unsigned long block = thrash_shuffle(1, at, BITS, 1UL << BITS);

		neighbours += block == before + 1;
		same += block == thrash_shuffle(2, at, BITS, 1UL << BITS);
	}
	assert_in_range(neighbours, 0, NR_BLOCKS / 50);
	assert_in_range(same, 0, NR_BLOCKS / 50);
}

static void generations(void **state)
{
	unsigned long rewritten[4] = {0};

	(void)state;
	for (unsigned long block = 0; block < NR_BLOCKS; block++) {
		assert_int_equal(thrash_generation(5, block, 0), 0);
		for (unsigned int passes = 1; passes < 4; passes++) {
			unsigned int before = thrash_generation(5, block, passes - 1);
			unsigned int now = thrash_generation(5, block, passes);

			/* This pass's, or what it was. */
			assert_true(now == passes || now == before);
			rewritten[passes] += now == passes;
		}
	}
	/* About an eighth in each. */
	for (unsigned int passes = 1; passes < 4; passes++)
		assert_in_range(rewritten[passes], NR_BLOCKS / 12, NR_BLOCKS / 6);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* No two words of any block or generation are the same: none can be taken for another. */
static void all_words_differ(void **state)
{
	enum { BLOCKS = 60, GENERATIONS = 3, NR = BLOCKS * GENERATIONS * 512 };
	uint64_t *words = malloc(NR * sizeof(*words));
	unsigned int nr = 0;

	(void)state;
	assert_non_null(words);
	for (unsigned int block = 0; block < BLOCKS; block++)
		for (unsigned int generation = 0; generation < GENERATIONS; generation++)
			for (unsigned int word = 0; word < 512; word++)
				words[nr++] = thrash_word(9, block, generation, word);
	qsort(words, nr, sizeof(*words), compare);
	for (unsigned int i = 1; i < nr; i++)
		assert_true(words[i - 1] != words[i]);
	assert_true(thrash_word(9, 1, 0, 0) != thrash_word(10, 1, 0, 0));
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_once),
		cmocka_unit_test(no_order_at_all),
		cmocka_unit_test(generations),
		cmocka_unit_test(all_words_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
