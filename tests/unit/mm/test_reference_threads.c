/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads as CPUs that hold references to the same page, or make the same mistake: the last frees,
 * and one says it. Also run under the thread sanitizer.
 */
#include <pthread.h>
#include "unit.h"

#define MAX_THREADS 4U

/* A reference taken on one CPU and dropped on another: whoever is last frees, once. */
struct reference {
	struct machine *machine;
	struct page *page;
	unsigned int id, nr;
};

static void *drop_references(void *argument)
{
	const struct reference *reference = argument;

	machine_enter(reference->machine, reference->id);
	for (unsigned int i = 0; i < reference->nr; i++) {
		get_page(reference->page);
		put_page(reference->page);
	}
	put_page(reference->page + reference->id % 4);
	return NULL;
}

static void the_last_of_many_references_frees(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	pthread_t threads[MAX_THREADS];
	struct reference references[MAX_THREADS];

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

		for (unsigned int i = 0; i < MAX_THREADS; i++) {
			references[i] = (struct reference){machine, page, i, 50};
			if (i)
				get_page(page);
		}
		for (unsigned int i = 0; i < MAX_THREADS; i++)
			assert_int_equal(
				pthread_create(&threads[i], NULL, drop_references, &references[i]),
				0);
		for (unsigned int i = 0; i < MAX_THREADS; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(page_state(page), PAGE_FREE);
		assert_int_equal(page_count(page), 0);
	}
	assert_no_misuse();
	assert_int_equal(nr_free_pages(&machine->mm), 16384);
	machine_destroy(machine);
}

/* Threads that ask for an impossible list at once: one line all the same. */
static void *ask_badly(void *argument)
{
	const struct reference *reference = argument;

	machine_enter(reference->machine, reference->id);
	for (unsigned int i = 0; i < 100; i++)
		alloc_pages(GFP_KERNEL | __GFP_DMA | __GFP_DMA32, 0);
	return NULL;
}

static void what_is_said_once_is_said_once_by_all_cpus(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	pthread_t threads[MAX_THREADS];
	struct reference references[MAX_THREADS];

	(void)state;
	host_print_capture_start();
	for (unsigned int i = 0; i < MAX_THREADS; i++) {
		references[i] = (struct reference){machine, NULL, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_badly, &references[i]), 0);
	}
	for (unsigned int i = 0; i < MAX_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(times_printed("(said once)\n"), 1);
	host_print_capture_stop();
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_many_references_frees),
		cmocka_unit_test(what_is_said_once_is_said_once_by_all_cpus),
	};

	return cmocka_run_group_tests_name("reference_threads", tests, NULL, NULL);
}
