/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: who is chosen, what is said, what the victim may, and when nobody has to die.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <mm/oom.h>
#include <port/task.h>
#include "unit.h"

/* A consumer of the test: a thread that nobody runs. */
struct process {
	struct oom_consumer consumer;
	struct mm_task task;
	unsigned long pages; /* its score */
	unsigned int kills;
};

static struct machine *machine;
static struct process process[3];

static struct process *of(const struct oom_consumer *consumer)
{
	return container_of(consumer, struct process, consumer);
}

static unsigned long score(const struct oom_consumer *consumer)
{
	return of(consumer)->pages;
}

static void kill_process(struct oom_consumer *consumer)
{
	of(consumer)->kills++;
}

static void add_process(unsigned int i, const char *name, unsigned long pages)
{
	process[i] = (struct process){
		.consumer = {.name = name, .score = score, .kill = kill_process},
		.task = {.name = name, .prio = DEFAULT_PRIO},
		.pages = pages,
	};
	process[i].consumer.task = &process[i].task;
	oom_register(&process[i].consumer);
}

static int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f2);
	machine->mm.hooks = &mm_default_hooks;
	host_print_capture_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	assert_true(list_empty(&machine->mm.consumers));
	assert_int_equal(machine->mm.oom_running, 0);
	assert_no_misuse();
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
	return 0;
}

static unsigned long kills_counted(void)
{
	return sum_of(machine).oom_kill;
}

static void the_highest_score_is_killed(void **state)
{
	(void)state;
	add_process(0, "small", 10);
	add_process(1, "large", 30);
	add_process(2, "middle", 20);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[0].kills, 0);
	assert_int_equal(process[1].kills, 1);
	assert_int_equal(process[2].kills, 0);
	assert_false(mm_task_dying(&process[0].task));
	assert_true(mm_task_dying(&process[1].task));
	assert_false(mm_task_dying(&process[2].task));
	assert_int_equal(kills_counted(), 1);
	for (unsigned int i = 0; i < 3; i++)
		oom_unregister(&process[i].consumer);
}

static void what_is_printed(void **state)
{
	const char *killer, *areas, *victim;

	(void)state;
	add_process(0, "large", 30);
	out_of_memory(GFP_HIGHUSER);
	killer = strstr(host_print_captured(), "oom-killer: gfp_mask=0xd2\n");
	areas = strstr(host_print_captured(), "Free pages:");
	victim = strstr(
		host_print_captured(), "Out of Memory: Killed large, which holds 30 pages.\n");
	assert_non_null(killer);
	assert_non_null(areas);
	assert_non_null(victim);
	assert_true(killer < areas && areas < victim);
	oom_unregister(&process[0].consumer);
}

static void nobody_else_is_killed_while_one_dies(void **state)
{
	(void)state;
	add_process(0, "large", 30);
	add_process(1, "small", 10);
	out_of_memory(GFP_KERNEL);
	process[0].pages = 0; /* it has let go, but is still there */
	out_of_memory(GFP_KERNEL);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[0].kills, 1);
	assert_int_equal(process[1].kills, 0);
	assert_int_equal(times_printed("oom-killer:"), 1);
	oom_unregister(&process[0].consumer);
	assert_false(mm_task_dying(&process[0].task));
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[1].kills, 1);
	assert_int_equal(kills_counted(), 2);
	oom_unregister(&process[1].consumer);
}

static void a_call_lasts_a_tick(void **state)
{
	uint64_t start = cpu_time();

	(void)state;
	add_process(0, "large", 30);
	out_of_memory(GFP_KERNEL);
	assert_true(cpu_time() - start >= cpu_time_hz() / 100);
	start = cpu_time();
	out_of_memory(GFP_KERNEL); /* it is dying */
	assert_true(cpu_time() - start >= cpu_time_hz() / 100);
	oom_unregister(&process[0].consumer);
}

static void of_equals_the_oldest_is_killed(void **state)
{
	(void)state;
	add_process(0, "first", 7);
	add_process(1, "second", 7);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[0].kills, 1);
	assert_int_equal(process[1].kills, 0);
	oom_unregister(&process[0].consumer);
	oom_unregister(&process[1].consumer);
}

static void who_holds_nothing_is_no_candidate(void **state)
{
	(void)state;
	add_process(0, "empty", 0);
	add_process(1, "small", 1);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[0].kills, 0);
	assert_int_equal(process[1].kills, 1);
	oom_unregister(&process[0].consumer);
	oom_unregister(&process[1].consumer);
}

/* What a call that must not return says to stderr; it has to end in report_panic()'s abort. */
static void last_words(char *text, size_t size)
{
	int ends[2], status;
	ssize_t nr;
	size_t length = 0;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		out_of_memory(GFP_KERNEL);
		_exit(0);
	}
	close(ends[1]);
	while (length < size - 1 && (nr = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)nr;
	text[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Three in full; the rest is counted, and said when a report is due again. */
static void reports_do_not_drown_the_console(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		add_process(0, "large", 30);
		out_of_memory(GFP_KERNEL);
		assert_int_equal(process[0].kills, 1);
		oom_unregister(&process[0].consumer);
	}
	assert_int_equal(times_printed("oom-killer:"), 3);
	assert_int_equal(times_printed("Killed large"), 3);
	machine->mm.oom_next = 0;
	add_process(0, "large", 30);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(times_printed("oom-killer:"), 4);
	assert_printed("Killed large, which holds 30 pages. 17 more were killed since the last "
		       "report.\n");
	oom_unregister(&process[0].consumer);
	assert_int_equal(kills_counted(), 21);
}

/* Take single pages until so many are left free, chained on `taken`. */
static void take_down_to(unsigned long left, struct list_head *taken)
{
	while (nr_free_pages(&machine->mm) > left) {
		struct page *page = alloc_pages(GFP_ATOMIC, 0);

		assert_non_null(page);
		list_add(&page->lru, taken);
	}
}

static void no_candidate_stops_the_machine(void **state)
{
	struct list_head taken;
	char text[4096];

	(void)state;
	list_init(&taken);
	take_down_to(100, &taken);
	last_words(text, sizeof(text));
	assert_non_null(strstr(text, "PANIC: Out of memory and nobody to end: gfp_mask=0xd0"));
	/* One who holds nothing is none. */
	add_process(0, "empty", 0);
	last_words(text, sizeof(text));
	assert_non_null(strstr(text, "PANIC: Out of memory and nobody to end: gfp_mask=0xd0"));
	oom_unregister(&process[0].consumer);
	give_all(&taken);
}

/* Pages may have come free a moment ago: then only if that is found time and again. */
static void no_candidate_is_looked_for_again(void **state)
{
	char text[4096];

	(void)state;
	out_of_memory(GFP_KERNEL);
	out_of_memory(GFP_KERNEL);
	last_words(text, sizeof(text));
	assert_non_null(strstr(text, "PANIC: Out of memory and nobody to end: gfp_mask=0xd0"));
	/* A kill between them, and it begins anew. */
	add_process(0, "large", 30);
	out_of_memory(GFP_KERNEL);
	oom_unregister(&process[0].consumer);
	out_of_memory(GFP_KERNEL);
	out_of_memory(GFP_KERNEL);
	last_words(text, sizeof(text));
	assert_int_equal(process[0].kills, 1);
}

/* F2's mark is 192, and a cache holds 6 pages at most (batch 1). */
static void caches_are_fetched_before_anybody_dies(void **state)
{
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head taken;

	(void)state;
	list_init(&taken);
	add_process(0, "large", 30);
	take_down_to(190, &taken);
	for (unsigned int i = 0; i < 5; i++) {
		struct page *page = list_first_entry(&taken, struct page, lru);

		list_del(&page->lru);
		__free_page(page);
	}
	assert_true(nr_cached_pages(&machine->mm) >= 5);
	assert_true(zone_free_pages(zone) <= zone->pages_high);
	out_of_memory(GFP_KERNEL);
	assert_int_equal(nr_cached_pages(&machine->mm), 0);
	assert_true(zone_free_pages(zone) > zone->pages_high);
	assert_int_equal(process[0].kills, 0);
	assert_int_equal(times_printed("oom-killer:"), 0);
	/* No use to who comes again: it wants more than that, or in larger blocks. */
	out_of_memory(GFP_KERNEL);
	assert_int_equal(process[0].kills, 1);
	oom_unregister(&process[0].consumer);
	give_all(&taken);
}

/* The victim's thread: lets go in the moment that it is told to and runs, here in a reclaim. */
static struct list_head held;
static unsigned int reclaims;

static unsigned int let_the_victim_run(
	const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	(void)zonelist, (void)gfp, (void)order;
	reclaims++;
	/* Not for ever, where nobody is told. */
	if ((process[0].kills || reclaims > 10) && !list_empty(&held)) {
		give_all(&held);
		oom_unregister(&process[0].consumer);
	}
	return 0;
}

static void no_wait(uint64_t deadline)
{
	(void)deadline;
}

static void no_kswapd(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
}

static const struct mm_hooks victim_hooks = {
	.try_to_free_pages = let_the_victim_run,
	.out_of_memory = out_of_memory,
	.wakeup_kswapd = no_kswapd,
	.congestion_wait = no_wait,
};

/* A request that nobody else can serve goes on when the victim has let go; of any order: Q6. */
static void the_allocation_goes_on(void **state)
{
	static const unsigned int orders[] = {0, 3, 4, 10};

	(void)state;
	machine->mm.hooks = &victim_hooks;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		struct page *page;

		list_init(&held);
		reclaims = 0;
		take_down_to(100, &held);
		add_process(0, "holder", 3996);
		page = alloc_pages(GFP_KERNEL, orders[i]);
		assert_non_null(page);
		assert_int_equal(process[0].kills, 1);
		assert_int_equal(reclaims, 2);
		assert_true(list_empty(&held));
		__free_pages(page, orders[i]);
	}
	assert_int_equal(kills_counted(), ARRAY_SIZE(orders));
}

/* From the choice on, until it is unregistered, all memory is the victim's; and it never waits. */
static void a_victim_has_the_reserves(void **state)
{
	struct list_head taken;
	struct page *page;

	(void)state;
	machine->mm.hooks = &victim_hooks;
	list_init(&held);
	list_init(&taken);
	process[0] = (struct process){.pages = 1};
	process[0].consumer = (struct oom_consumer){
		.name = "me", .task = mm_current(), .score = score, .kill = kill_process};
	oom_register(&process[0].consumer);
	take_down_to(100, &taken);
	out_of_memory(GFP_KERNEL);
	assert_true(mm_task_dying(mm_current()));
	reclaims = 0;
	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 0)))
		list_add(&page->lru, &taken);
	assert_int_equal(nr_free_pages(&machine->mm), 0);
	assert_int_equal(reclaims, 0);
	assert_int_equal(process[0].kills, 1);
	oom_unregister(&process[0].consumer);
	assert_null(alloc_pages(GFP_ATOMIC, 0));
	give_all(&taken);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_highest_score_is_killed),
		TEST(what_is_printed),
		TEST(nobody_else_is_killed_while_one_dies),
		TEST(a_call_lasts_a_tick),
		TEST(of_equals_the_oldest_is_killed),
		TEST(who_holds_nothing_is_no_candidate),
		TEST(no_candidate_stops_the_machine),
		TEST(no_candidate_is_looked_for_again),
		TEST(reports_do_not_drown_the_console),
		TEST(caches_are_fetched_before_anybody_dies),
		TEST(the_allocation_goes_on),
		TEST(a_victim_has_the_reserves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
