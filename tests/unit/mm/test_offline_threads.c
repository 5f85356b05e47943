/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that comes online as it is needed, by several CPUs at once: each block is one CPU's, and
 * none is missed while it is on its way.
 */
#include <pthread.h>
#include <sched.h>
#include "offline_fixture.h"

/* The last block is claimed by CPU 0, and not listed yet: what CPU 1 does meanwhile. */
static struct {
	struct machine *machine;
	pthread_t thread;
	void (*work)(void);
	unsigned int begun, done;
	struct page *page;
	bool online;
} late;

static void *be_late(void *unused)
{
	(void)unused;
	machine_enter(late.machine, 1);
	__atomic_store_n(&late.begun, 1, __ATOMIC_RELAXED);
	late.work();
	__atomic_store_n(&late.done, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void start_late(void)
{
	host_machine()->on_populate = NULL;
	assert_int_equal(pthread_create(&late.thread, NULL, be_late, NULL), 0);
	while (!__atomic_load_n(&late.begun, __ATOMIC_RELAXED))
		sched_yield();
	/* It is to look in vain; how long that takes decides nothing if it waits. */
	for (unsigned int i = 0; i < 2000 && !__atomic_load_n(&late.done, __ATOMIC_RELAXED); i++)
		sched_yield();
}

static struct machine *prepare_late(void (*work)(void))
{
	memset(&late, 0, sizeof(late));
	late.machine = create(&one_section);
	late.work = work;
	return late.machine;
}

static void take_late(void)
{
	late.page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 9);
}

/* Who needs a part of it waits, and does not fail. */
static void the_last_block_is_waited_for(void **state)
{
	struct machine *machine = prepare_late(take_late);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page;

	(void)state;
	while (zone->offline_pages > 1024)
		assert_non_null(alloc_pages(GFP_ATOMIC, LARGEST));
	for (unsigned int order = LARGEST; order-- > 9;)
		while (zone->free_area[order].nr_free)
			assert_non_null(buddy_take(zone, order));
	machine->host.on_populate = start_late;
	page = alloc_pages(GFP_ATOMIC, 9);
	assert_int_equal(pthread_join(late.thread, NULL), 0);
	assert_non_null(page);
	assert_non_null(late.page);
	assert_int_equal(page_to_pfn(page) / 1024, page_to_pfn(late.page) / 1024);
	assert_int_equal(zone->offline_pages, 0);
	host_machine_destroy(&machine->host);
	free(machine);
}

static void online_late(void)
{
	mm_online_node(late.machine->mm.node[0]);
	late.online = pfn_valid(&late.machine->mm, 0);
}

/* Who wants a node online may count on it, also where others bring the last of it. */
static void a_node_that_is_online_is_so_wholly(void **state)
{
	struct machine *machine = prepare_late(online_late);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	while (zone->offline_pages > 1024)
		assert_true(mm_online_block(zone));
	machine->host.on_populate = start_late;
	assert_true(mm_online_block(zone));
	assert_int_equal(pthread_join(late.thread, NULL), 0);
	assert_true(late.online);
	assert_int_equal(zone->offline_pages, 0);
	assert_false(mm_online_block(zone));
	machine_destroy(machine);
}

static void hold_late(void)
{
	struct zone *zone = machine_zone(late.machine, 0, ZONE_NORMAL);

	buddy_hold_offline(zone, true);
	late.online = pfn_valid(&late.machine->mm, 30 * 1024);
	buddy_hold_offline(zone, false);
}

/* Who looks at the zone: all that has been claimed is listed, or a check would miss it. */
static void a_block_on_its_way_is_waited_for_by_a_check(void **state)
{
	struct machine *machine = prepare_late(hold_late);

	(void)state;
	machine->host.on_populate = start_late;
	assert_true(mm_online_block(machine_zone(machine, 0, ZONE_NORMAL)));
	assert_int_equal(pthread_join(late.thread, NULL), 0);
	assert_true(late.online);
	machine_destroy(machine);
}

/* CPUs that all need blocks: each is one CPU's, and none is left behind. */
static struct {
	struct machine *machine;
	unsigned long taken[4];
	unsigned int owners[32]; /* of each block */
} crowd;

static void *take_all(void *arg)
{
	const unsigned int id = (unsigned int)(uintptr_t)arg;
	struct page *page;

	machine_enter(crowd.machine, id);
	while ((page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, LARGEST))) {
		__atomic_fetch_add(&crowd.owners[page_to_pfn(page) / 1024], 1, __ATOMIC_RELAXED);
		crowd.taken[id]++;
	}
	return NULL;
}

static void many_cpus_take_all_there_is(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		pthread_t thread[4];
		unsigned long sum = 0;

		memset(&crowd, 0, sizeof(crowd));
		crowd.machine = create(&one_section);
		for (uintptr_t id = 0; id < 4; id++)
			assert_int_equal(
				pthread_create(&thread[id], NULL, take_all, (void *)id), 0);
		for (unsigned int id = 0; id < 4; id++)
			assert_int_equal(pthread_join(thread[id], NULL), 0);
		for (unsigned int id = 0; id < 4; id++)
			sum += crowd.taken[id];
		assert_int_equal(sum, 31);
		for (unsigned int block = 0; block < 32; block++)
			assert_int_equal(crowd.owners[block], block < 31);
		machine_enter(crowd.machine, 0);
		machine_destroy(crowd.machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_block_is_waited_for),
		cmocka_unit_test(a_node_that_is_online_is_so_wholly),
		cmocka_unit_test(a_block_on_its_way_is_waited_for_by_a_check),
		cmocka_unit_test(many_cpus_take_all_there_is),
	};

	return cmocka_run_group_tests_name("offline_threads", tests, NULL, NULL);
}
