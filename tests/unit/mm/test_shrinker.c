/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shrinkers: how much each is asked for, in what portions, and what becomes of the rest.
 */
#include <limits.h>
#include <mm/reclaim.h>
#include "unit.h"

struct objects {
	struct shrinker shrinker;
	long nr;               /* what a count returns */
	unsigned long scanned; /* asked for so far */
	unsigned int nr_scans, nr_counts;
	unsigned int refuse_after; /* portions; 0: never */
	unsigned long frees;       /* pages, at each portion */
	gfp_t gfp;
};

static struct machine *machine;

static long scan(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	struct objects *objects = container_of(shrinker, struct objects, shrinker);

	assert_int_equal(machine->mm.shrinker_lock.owner == this_cpu, false);
	assert_true(host_irqs_enabled);
	objects->gfp = gfp;
	if (nr == 0) {
		objects->nr_counts++;
		return objects->nr;
	}
	assert_int_equal(nr, SHRINK_BATCH);
	if (objects->refuse_after && objects->nr_scans == objects->refuse_after)
		return -1;
	objects->nr_scans++;
	objects->scanned += nr;
	mm_count_reclaimed(objects->frees);
	return objects->nr;
}

static void add(struct objects *objects, long nr, int seeks)
{
	*objects = (struct objects){
		.nr = nr, .shrinker = {.name = "objects", .seeks = seeks, .scan = scan}};
	set_shrinker(&objects->shrinker);
}

static int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_true(list_empty(&machine->mm.shrinkers));
	machine_destroy(machine);
	return 0;
}

static unsigned long slabs_scanned(void)
{
	return sum_of(machine).slabs_scanned;
}

static void shrink(unsigned long scanned, unsigned long lru_pages)
{
	shrink_slab(&machine->mm, scanned, GFP_NOFS, lru_pages);
}

static void work_is_done_in_batches_and_the_rest_carried_over(void **state)
{
	struct objects objects;

	(void)state;
	add(&objects, 1000, 2);
	/* 4 * 32 / 2 * 1000 / 101 = 633: four batches, and 121 left. */
	shrink(32, 100);
	assert_int_equal(objects.scanned, 512);
	assert_int_equal(objects.shrinker.nr, 121);
	assert_int_equal(slabs_scanned(), 512);
	assert_int_equal(objects.gfp, GFP_NOFS);
	/* 121 + 633 = 754: five, and 114. */
	shrink(32, 100);
	assert_int_equal(objects.scanned, 512 + 640);
	assert_int_equal(objects.shrinker.nr, 114);
	assert_int_equal(objects.nr_counts, 2);
	remove_shrinker(&objects.shrinker);
}

static void nothing_scanned_counts_as_32(void **state)
{
	struct objects a, b;

	(void)state;
	add(&a, 1000, 2);
	shrink(0, 100);
	remove_shrinker(&a.shrinker);
	add(&b, 1000, 2);
	shrink(32, 100);
	assert_int_equal(a.scanned, 512);
	assert_int_equal(b.scanned, 512);
	assert_int_equal(a.shrinker.nr, b.shrinker.nr);
	remove_shrinker(&b.shrinker);
}

static void seeks_divide_and_default_to_2(void **state)
{
	static const struct {
		int seeks;
		unsigned long work;
	} rows[] = {{1, 1267}, {2, 633}, {0, 633}, {3, 415}, {129, 0}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct objects objects;

		add(&objects, 1000, rows[i].seeks);
		shrink(32, 100);
		assert_int_equal(objects.scanned + objects.shrinker.nr, rows[i].work);
		remove_shrinker(&objects.shrinker);
	}
}

static void who_can_not_now_is_asked_for_the_rest_later(void **state)
{
	struct objects objects;

	(void)state;
	add(&objects, 1000, 2);
	objects.refuse_after = 1;
	shrink(32, 100);
	assert_int_equal(objects.scanned, 128);
	assert_int_equal(objects.shrinker.nr, 633 - 128);
	assert_int_equal(slabs_scanned(), 128);
	objects.refuse_after = 0;
	shrink(32, 100);
	assert_int_equal(objects.scanned + objects.shrinker.nr, 2 * 633);
	assert_true(objects.shrinker.nr < SHRINK_BATCH);
	remove_shrinker(&objects.shrinker);
}

static void nothing_to_shrink_is_no_work(void **state)
{
	static const long counts[] = {0, -1};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		struct objects objects;

		add(&objects, counts[i], 2);
		shrink(1000000, 0);
		assert_int_equal(objects.nr_counts, 1);
		assert_int_equal(objects.nr_scans, 0);
		assert_int_equal(objects.shrinker.nr, 0);
		remove_shrinker(&objects.shrinker);
	}
}

static void numbers_that_overflow_are_only_large(void **state)
{
	struct objects objects;

	(void)state;
	add(&objects, LONG_MAX, 1);
	objects.refuse_after = 1;
	shrink(1UL << 40, 0);
	assert_int_equal(objects.shrinker.nr, (unsigned long)LONG_MAX - 128);
	objects.shrinker.nr = ~0UL;
	shrink(1UL << 40, 0);
	assert_int_equal(objects.shrinker.nr, (unsigned long)LONG_MAX);
	remove_shrinker(&objects.shrinker);
}

static void all_are_asked_in_turn(void **state)
{
	struct objects a, b, c;

	(void)state;
	add(&a, 1000, 2);
	add(&b, 2000, 2);
	add(&c, 1000, 2);
	remove_shrinker(&c.shrinker);
	shrink(32, 100);
	assert_int_equal(a.scanned, 512);
	assert_int_equal(b.scanned, 1152);
	assert_int_equal(b.shrinker.nr, 1267 - 1152);
	assert_int_equal(c.nr_counts, 0);
	assert_int_equal(slabs_scanned(), 512 + 1152);
	remove_shrinker(&a.shrinker);
	shrink(32, 100);
	assert_int_equal(a.scanned, 512);
	assert_true(b.scanned > 1152);
	remove_shrinker(&b.shrinker);
	assert_int_equal(a.shrinker.running + b.shrinker.running, 0);
}

static void who_leaves_is_not_asked(void **state)
{
	struct objects a, b;

	(void)state;
	add(&a, 1000, 2);
	add(&b, 1000, 2);
	a.shrinker.leaving = true;
	shrink(32, 100);
	assert_int_equal(a.nr_counts, 0);
	assert_int_equal(b.nr_counts, 1);
	remove_shrinker(&a.shrinker);
	remove_shrinker(&b.shrinker);
}

/* Direct reclaim makes progress by shrinkers alone, if a priority frees a cluster of pages. */
static void pages_that_shrinkers_free_are_progress(void **state)
{
	const struct zonelist *zonelist = machine->mm.node[0]->node_zonelists[0];
	struct objects objects;

	(void)state;
	add(&objects, 8, 2);
	objects.frees = 31;
	/* Scanned nothing: 4 * 32 / 2 * 8 = 512, four portions. */
	assert_int_equal(try_to_free_pages(zonelist, GFP_KERNEL, 0), 1);
	assert_int_equal(objects.nr_scans, 4);
	assert_int_equal(objects.gfp, GFP_KERNEL);
	/* 128: one portion at each priority. */
	objects.nr = 2;
	assert_int_equal(try_to_free_pages(zonelist, GFP_KERNEL, 0), 0);
	assert_int_equal(objects.nr_scans, 4 + 13);
	objects.frees = 32;
	assert_int_equal(try_to_free_pages(zonelist, GFP_KERNEL, 0), 1);
	assert_int_equal(objects.nr_scans, 4 + 13 + 1);
	remove_shrinker(&objects.shrinker);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(work_is_done_in_batches_and_the_rest_carried_over),
		TEST(nothing_scanned_counts_as_32),
		TEST(seeks_divide_and_default_to_2),
		TEST(who_can_not_now_is_asked_for_the_rest_later),
		TEST(nothing_to_shrink_is_no_work),
		TEST(numbers_that_overflow_are_only_large),
		TEST(all_are_asked_in_turn),
		TEST(who_leaves_is_not_asked),
		TEST(pages_that_shrinkers_free_are_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
