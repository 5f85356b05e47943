/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator as set algebra: any calls in any order against a map with one byte for each
 * page.
 */
#include "memblock_fixture.h"

/* The model: for each page whether it is memory, reserved, not to be mapped. */
#define MODEL_PAGES 400U

struct model {
	bool memory[MODEL_PAGES], reserved[MODEL_PAGES], nomap[MODEL_PAGES];
};

/* Sorted, disjoint, not empty, aligned; and joined where two say the same. */
static void assert_list_is_sound(const struct memblock_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++) {
		const struct memblock_range *range = &list->range[i];

		assert_true(range->base < range->end);
		assert_true(is_aligned(range->base | range->end, PAGE_SIZE));
		if (i == 0)
			continue;
		assert_true(range[-1].end <= range->base);
		assert_false(range[-1].end == range->base && range[-1].nid == range->nid &&
			     range[-1].flags == range->flags &&
			     strcmp(range[-1].why, range->why) == 0);
	}
}

/* Mark the pages of all runs that `next` walks over; each must be new. */
static void walk(const struct memblock *mb, bool seen[MODEL_PAGES],
	bool (*next)(const struct memblock *, phys_addr_t, struct memblock_free *))
{
	struct memblock_free run = {.end = 0};

	memset(seen, 0, MODEL_PAGES);
	while (next(mb, run.end, &run)) {
		const struct memblock_range *bank = memblock_find_memory(mb, run.base);

		assert_true(run.base < run.end);
		assert_non_null(bank);
		assert_true(run.end <= bank->end);
		assert_int_equal(run.nid, bank->nid);
		for (phys_addr_t pa = run.base; pa < run.end; pa += PAGE_SIZE) {
			assert_false(seen[pfn_down(pa)]);
			seen[pfn_down(pa)] = true;
		}
	}
}

static void assert_is_model(const struct memblock *mb, const struct model *model)
{
	bool is_free[MODEL_PAGES], mapped[MODEL_PAGES];
	unsigned long present = 0;

	assert_list_is_sound(&mb->memory);
	assert_list_is_sound(&mb->reserved);
	walk(mb, is_free, memblock_next_free);
	walk(mb, mapped, memblock_next_mapped);
	for (unsigned int i = 0; i < MODEL_PAGES; i++) {
		const struct memblock_range *taken = memblock_find_reserved(mb, P(i));

		assert_int_equal(memblock_find_memory(mb, P(i)) != NULL, model->memory[i]);
		assert_int_equal(taken != NULL, model->reserved[i]);
		assert_int_equal(taken && taken->flags & MEMBLOCK_NOMAP, model->nomap[i]);
		assert_int_equal(is_free[i], model->memory[i] && !model->reserved[i]);
		assert_int_equal(mapped[i], model->memory[i] && !model->nomap[i]);
		present += model->memory[i];
	}
	assert_int_equal(memblock_present(mb, MEMBLOCK_ANY_NODE, 0, MODEL_PAGES), present);
}

/* The highest place that the model has for an allocation, or PHYS_ADDR_MAX. */
static phys_addr_t model_place(
	const struct memblock *mb, const struct model *model, unsigned int nr, unsigned int align)
{
	for (unsigned int at = MODEL_PAGES - nr; at + 1 > 0; at--) {
		const struct memblock_range *bank = memblock_find_memory(mb, P(at));
		bool fits = at % align == 0 && bank && bank->end >= P(at + nr);

		for (unsigned int i = at; fits && i < at + nr; i++)
			fits = model->memory[i] && !model->reserved[i];
		if (fits)
			return P(at);
	}
	return PHYS_ADDR_MAX;
}

static void random_step(struct memblock *mb, struct model *model, uint64_t *random)
{
	unsigned int what = (unsigned int)next_random(random, 10);
	unsigned int base = (unsigned int)next_random(random, MODEL_PAGES - 40);
	unsigned int nr = 1 + (unsigned int)next_random(random, what == 0 ? 40 : 12);
	/* Up to a page less on either side, on purpose off the page boundaries. */
	unsigned int skew = (unsigned int)next_random(random, 2) * 100;

	if (what < 3) {
		memblock_add(mb, P(base) - (base ? skew : 0), P(nr) + (base ? skew : 0) + skew,
			(int)next_random(random, 3));
		memset(&model->memory[base], 1, nr);
	} else if (what < 7) {
		unsigned int flags = next_random(random, 4) ? 0 : MEMBLOCK_NOMAP;

		memblock_reserve(mb, P(base) + skew, P(nr) - 2 * skew, flags,
			next_random(random, 2) ? "one" : "two");
		memset(&model->reserved[base], 1, nr);
		if (flags)
			memset(&model->nomap[base], 1, nr);
	} else if (what < 9) {
		memblock_unreserve(mb, P(base), P(nr));
		memset(&model->reserved[base], 0, nr);
		memset(&model->nomap[base], 0, nr);
	} else {
		unsigned int align = 1U << next_random(random, 4);
		phys_addr_t expected = model_place(mb, model, nr, align);

		assert_int_equal(memblock_alloc(mb, P(nr), P(align), MEMBLOCK_ANY_NODE,
					 PHYS_ADDR_MAX, "allocated"),
			expected);
		if (expected != PHYS_ADDR_MAX)
			memset(&model->reserved[pfn_down(expected)], 1, nr);
	}
}

static void random_operations_match_the_model(void **state)
{
	uint64_t random = test_seed(0x5eed0001);

	(void)state;
	for (unsigned int round = 0; round < 40; round++) {
		struct memblock *mb = new_memblock();
		struct model model = {0};

		for (unsigned int step = 0; step < 60; step++) {
			random_step(mb, &model, &random);
			assert_is_model(mb, &model);
		}
		free(mb);
	}
}

struct piece {
	unsigned int base, nr, flags;
	bool memory;
};

/* The same pieces in another order: the same pages are free, and the same are mapped. */
static void the_order_of_insertion_does_not_matter(void **state)
{
	uint64_t random = test_seed(0x5eed0002);

	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		struct piece pieces[30];
		bool is_free[3][MODEL_PAGES], mapped[3][MODEL_PAGES];

		for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++)
			pieces[i] = (struct piece){(unsigned int)next_random(&random, 350),
				1 + (unsigned int)next_random(&random, 50),
				(unsigned int)next_random(&random, 2), next_random(&random, 2)};
		for (unsigned int attempt = 0; attempt < 3; attempt++) {
			struct memblock *mb = new_memblock();

			for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++) {
				unsigned int j = (unsigned int)next_random(&random, i + 1);
				struct piece swap = pieces[i];

				pieces[i] = pieces[j];
				pieces[j] = swap;
			}
			for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++) {
				const struct piece *piece = &pieces[i];

				if (piece->memory)
					memblock_add(mb, P(piece->base), P(piece->nr), (int)i % 3);
				else
					memblock_reserve(mb, P(piece->base), P(piece->nr),
						piece->flags, "piece");
			}
			walk(mb, is_free[attempt], memblock_next_free);
			walk(mb, mapped[attempt], memblock_next_mapped);
			free(mb);
		}
		for (unsigned int attempt = 1; attempt < 3; attempt++) {
			assert_memory_equal(is_free[0], is_free[attempt], MODEL_PAGES);
			assert_memory_equal(mapped[0], mapped[attempt], MODEL_PAGES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_the_model),
		cmocka_unit_test(the_order_of_insertion_does_not_matter),
	};

	return cmocka_run_group_tests_name("memblock_model", tests, NULL, NULL);
}
