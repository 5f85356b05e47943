/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads as CPUs: what they share is guarded, nothing is handed out twice and nothing is lost.
 * Made for the thread sanitizer; also run under the others.
 *
 * A thread may not fail a cmocka assertion: it counts what is wrong, and the test looks later.
 */
#include <pthread.h>
#include <sched.h>
#include "unit.h"

#define MAX_THREADS 4U
#define HELD        64U
#define MAILBOX     32U

struct held {
	struct page *page; /* NULL: nothing here */
	unsigned int order;
};

/* Blocks on their way to whoever frees them: usually not the CPU that took them. */
struct mailbox {
	pthread_mutex_t lock;
	unsigned int nr;
	struct held slot[MAILBOX];
};

struct shared {
	struct machine *machine;
	unsigned long ops; /* for each thread */
	unsigned int max_order;
	bool slow; /* with all kinds of masks, on a machine that is short of memory */
	struct mailbox mailbox;
	unsigned int *owner;         /* by pfn: 1 + CPU id, or 0; relaxed atomics */
	unsigned long wrong;         /* pages found with another owner, or other contents */
	unsigned long taken, remote; /* blocks allocated, blocks freed through the mailbox */
};

struct worker {
	struct shared *shared;
	unsigned int id;
	uint64_t random;
	struct held held[HELD];
};

/* From owner `from` to owner `to`, each page; the contents say who wrote them. */
static void change_owner(
	struct shared *shared, const struct held *held, unsigned int from, unsigned int to)
{
	for (unsigned long i = 0; i < 1UL << held->order; i++) {
		struct page *page = held->page + i;
		unsigned int *owner = &shared->owner[page_to_pfn(page)];
		unsigned long *word = page_address(page);

		if (__atomic_exchange_n(owner, to, __ATOMIC_RELAXED) != from)
			__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
		if (from && *word != from)
			__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
		*word = to;
	}
}

/* Who may wait, and how long, and how deep he may go: one of everything. */
static gfp_t slow_mask(struct worker *worker)
{
	static const gfp_t masks[] = {0, GFP_ATOMIC, GFP_ATOMIC, GFP_ATOMIC | __GFP_NOFAIL,
		GFP_KERNEL, GFP_KERNEL | __GFP_NOFAIL, GFP_KERNEL | __GFP_NORETRY,
		GFP_NOFS | __GFP_NOFAIL, GFP_NOFS | __GFP_NORETRY | __GFP_NOFAIL,
		GFP_NOIO | __GFP_REPEAT};

	mm_current()->flags = next_random(&worker->random, 8) ? 0 : PF_MEMALLOC;
	mm_current()->prio = next_random(&worker->random, 8) ? DEFAULT_PRIO : 1;
	return masks[next_random(&worker->random, ARRAY_SIZE(masks))] |
	       (next_random(&worker->random, 2) ? __GFP_NOWARN : 0);
}

static void take(struct worker *worker, struct held *held)
{
	static const gfp_t modifiers[] = {0, 0, __GFP_COLD, __GFP_DMA, __GFP_COMP, __GFP_ZERO};
	gfp_t gfp = worker->shared->slow ? slow_mask(worker) : GFP_ATOMIC;

	gfp |= modifiers[next_random(&worker->random, ARRAY_SIZE(modifiers))];
	held->order = next_random(&worker->random, 2) ? 0
						      : (unsigned int)next_random(&worker->random,
								worker->shared->max_order + 1);
	held->page = alloc_pages(gfp, held->order);
	if (!held->page)
		return;
	__atomic_fetch_add(&worker->shared->taken, 1, __ATOMIC_RELAXED);
	change_owner(worker->shared, held, 0, worker->id + 1);
}

static void give(struct worker *worker, const struct held *held, unsigned int owner)
{
	change_owner(worker->shared, held, owner, 0);
	if (PageCompound(held->page) || (held->order == 0 && next_random(&worker->random, 2)))
		put_page(held->page);
	else
		__free_pages(held->page, held->order);
}

/* Put a block into the mailbox, or take one out; false if it is full, or empty. */
static bool post(struct mailbox *mailbox, const struct held *held)
{
	bool room;

	pthread_mutex_lock(&mailbox->lock);
	room = mailbox->nr < MAILBOX;
	if (room)
		mailbox->slot[mailbox->nr++] = *held;
	pthread_mutex_unlock(&mailbox->lock);
	return room;
}

static bool fetch(struct mailbox *mailbox, struct held *held)
{
	bool some;

	pthread_mutex_lock(&mailbox->lock);
	some = mailbox->nr > 0;
	if (some)
		*held = mailbox->slot[--mailbox->nr];
	pthread_mutex_unlock(&mailbox->lock);
	return some;
}

/* Blocks in the mailbox belong to nobody in particular. */
#define IN_MAILBOX (MAX_THREADS + 1)

static void post_held(struct worker *worker, struct held *held)
{
	struct shared *shared = worker->shared;

	change_owner(shared, held, worker->id + 1, IN_MAILBOX);
	if (post(&shared->mailbox, held))
		held->page = NULL;
	else
		change_owner(shared, held, IN_MAILBOX, worker->id + 1);
}

static void step(struct worker *worker)
{
	struct held *held = &worker->held[next_random(&worker->random, HELD)], other;
	unsigned long what = next_random(&worker->random, 100);

	if (!held->page) {
		take(worker, held);
	} else if (what < 40) {
		post_held(worker, held);
	} else if (what < 99) {
		give(worker, held, worker->id + 1);
		held->page = NULL;
	} else {
		drain_local_pages();
	}
	if (what % 2 && fetch(&worker->shared->mailbox, &other)) {
		give(worker, &other, IN_MAILBOX);
		__atomic_fetch_add(&worker->shared->remote, 1, __ATOMIC_RELAXED);
	}
}

/* Hooks: what can be freed is what is in the mailbox, and what the calling thread holds. */
static _Thread_local struct worker *me;
static unsigned long reclaims, ooms, wakeups, waits; /* calls; relaxed atomics */

static void count(unsigned long *calls)
{
	__atomic_fetch_add(calls, 1, __ATOMIC_RELAXED);
}

static bool give_something(void)
{
	struct held other;

	if (fetch(&me->shared->mailbox, &other)) {
		give(me, &other, IN_MAILBOX);
		count(&me->shared->remote);
		return true;
	}
	for (unsigned int i = 0; i < HELD; i++) {
		if (me->held[i].page) {
			give(me, &me->held[i], me->id + 1);
			me->held[i].page = NULL;
			return true;
		}
	}
	return false;
}

/*
 * Needs a page itself, for a while, and may go to the last one for it. What it says of its success
 * is chance: without __GFP_FS nobody looks again before it says so, whatever others have freed.
 */
static unsigned int reclaim(const struct zonelist *zonelist, gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	(void)zonelist, (void)gfp, (void)order;
	count(&reclaims);
	if (page)
		__free_page(page);
	if (!give_something())
		drain_local_pages();
	return (unsigned int)next_random(&me->random, 2);
}

static void out_of_memory_here(gfp_t gfp)
{
	(void)gfp;
	count(&ooms);
	if (!give_something())
		sched_yield();
}

static void wake_kswapd_here(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
	count(&wakeups);
	if (next_random(&me->random, 16) == 0)
		give_something();
}

static void wait_here(uint64_t deadline)
{
	(void)deadline;
	count(&waits);
	sched_yield();
}

static const struct mm_hooks freeing_hooks = {
	.try_to_free_pages = reclaim,
	.out_of_memory = out_of_memory_here,
	.wakeup_kswapd = wake_kswapd_here,
	.congestion_wait = wait_here,
};

/*
 * The controls, while the others allocate. Of 900 pages 600 to 750 are kept: what one worker holds
 * is enough to be short, so that nothing depends on how the threads are scheduled.
 */
static void change_marks(struct worker *worker)
{
	struct mm *mm = &worker->shared->machine->mm;
	unsigned int ratio[MAX_NR_ZONES - 1] = {256, 256, 32};

	ratio[ZONE_DMA32] = 2 + (unsigned int)next_random(&worker->random, 100);
	mm_set_min_free_kbytes(mm, 4 * (600 + next_random(&worker->random, 150)));
	mm_set_lowmem_reserve_ratio(mm, ratio);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct shared *shared = worker->shared;

	me = worker;
	machine_enter(shared->machine, worker->id);
	for (unsigned long op = 0; op < shared->ops; op++) {
		if (shared->slow && worker->id == 0 && op % 100 == 0)
			change_marks(worker);
		step(worker);
	}
	mm_current()->flags = 0;
	for (unsigned int i = 0; i < HELD; i++) {
		if (worker->held[i].page)
			give(worker, &worker->held[i], worker->id + 1);
	}
	/* Others may still need a large block, and can not get at these. */
	drain_local_pages();
	return NULL;
}

/* Run `nr` workers on CPUs 0 to nr - 1 and wait for them; then the machine must be as before. */
static void run_workers(struct shared *shared, unsigned int nr, uint64_t seed)
{
	static struct worker workers[MAX_THREADS];
	pthread_t threads[MAX_THREADS];
	struct mm *mm = &shared->machine->mm;
	struct mm_check_result result;
	struct worker *last = &workers[0];
	unsigned long allocated;
	struct held held;

	assert_int_equal(mm_check(mm, &result), 0);
	allocated = result.allocated; /* tables of debugging levels */
	shared->owner = calloc(mm->max_pfn, sizeof(*shared->owner));
	assert_non_null(shared->owner);
	machine_set_online(shared->machine, false);
	pthread_mutex_init(&shared->mailbox.lock, NULL);
	for (unsigned int i = 0; i < nr; i++) {
		workers[i] = (struct worker){.shared = shared, .id = i, .random = seed + i};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < nr; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	machine_set_online(shared->machine, true);
	assert_int_equal(shared->wrong, 0);
	assert_no_misuse();
	assert_true(shared->taken > shared->ops / 4);
	assert_true(shared->remote > shared->ops / 20);
	while (fetch(&shared->mailbox, &held))
		give(last, &held, IN_MAILBOX);
	assert_int_equal(shared->wrong, 0);
	assert_int_equal(mm_check(mm, &result), 0);
	assert_int_equal(result.allocated, allocated);
	drain_all_pages(mm);
	assert_int_equal(nr_cached_pages(mm), 0);
	assert_int_equal(nr_free_pages(mm), result.present - allocated);
	free(shared->owner);
}

/* Order-0 work in the caches mostly, with a node of its own for each CPU. */
static void cpus_on_their_own_nodes(void **state)
{
	static const unsigned long expected[MAX_ORDER] = {[10] = 4};
	struct shared shared = {.ops = 200000, .max_order = 3};

	(void)state;
	shared.machine = machine_create(&fixture_f4);
	run_workers(&shared, 4, test_seed(0x5eed0007));
	for (int nid = 1; nid < 4; nid++)
		assert_nr_free(machine_zone(shared.machine, nid, ZONE_NORMAL), expected);
	machine_destroy(shared.machine);
}

/* One lock, one zone that runs empty again and again. */
static void cpus_that_fight_for_one_small_zone(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 1024 + 300, 0}}, .nr_cpus = 4};
	struct shared shared = {.ops = 100000, .max_order = 9};
	unsigned long expected[MAX_ORDER] = {0};

	(void)state;
	add_blocks(expected, 0, 1324);
	shared.machine = machine_create(&spec);
	run_workers(&shared, 4, test_seed(0x5eed0008));
	assert_nr_free(machine_zone(shared.machine, 0, ZONE_NORMAL), expected);
	machine_destroy(shared.machine);
}

/* The same with caches of all orders that fit: what is in them is nobody else's. */
static void cpus_that_cache_blocks(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 4096, 0}}, .nr_cpus = 4, .pcp_share = 3};
	static const unsigned long expected[MAX_ORDER] = {[10] = 4};
	struct shared shared = {.ops = 100000, .max_order = 9};
	struct mm_cpu_stat stat;

	(void)state;
	shared.machine = machine_create(&spec);
	mm_debug_set(&shared.machine->mm, MM_DEBUG_TAILS, false);
	run_workers(&shared, 4, test_seed(0x5eed0024));
	mm_sum_stat(&shared.machine->mm, &stat);
	assert_true(stat.pcp_block > shared.ops / 100);
	assert_int_equal(stat.pgalloc[ZONE_NORMAL], stat.pgfree);
	assert_nr_free(machine_zone(shared.machine, 0, ZONE_NORMAL), expected);
	machine_destroy(shared.machine);
}

/* What the debugging levels keep is each CPU's, or the page's owner's, or under a lock. */
static void cpus_with_all_levels(void **state)
{
	const struct machine_spec spec = {.bank = {{0, 2048, 0}}, .nr_cpus = 4};
	struct shared shared = {.ops = 20000, .max_order = 5};
	const unsigned int levels = MM_DEBUG_OWNER | MM_DEBUG_POISON | MM_DEBUG_QUARANTINE |
				    MM_DEBUG_CONTEXT | MM_DEBUG_TRACE | MM_DEBUG_LISTS |
				    MM_DEBUG_TAILS | MM_DEBUG_LOCKS;

	(void)state;
	shared.machine = machine_create(&spec);
	host_print_capture_start();
	assert_true(mm_trace_set_size(&shared.machine->mm, 90));
	assert_int_equal(mm_debug_set(&shared.machine->mm, levels, true), 0);
	host_print_capture_stop();
	run_workers(&shared, 4, test_seed(0x5eed0023));
	assert_int_equal(mm_check_poison(&shared.machine->mm), 0);
	assert_true(mm_trace_lost(&shared.machine->mm) > shared.ops);
	mm_debug_set(&shared.machine->mm, levels, false);
	machine_destroy(shared.machine);
}

/*
 * Short of memory all the time: every pass and every hook, with masks and rights of all kinds,
 * while the marks move. Nothing is lost, and nobody waits for ever.
 */
static void cpus_that_reclaim_from_each_other(void **state)
{
	static const struct zone_layout layout = {.name = "low 400",
		.nr = 2,
		.limit = {{ZONE_DMA32, 400 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
	const struct machine_spec spec = {.layout = &layout, .bank = {{0, 900, 0}}, .nr_cpus = 4};
	struct shared shared = {.ops = 30000, .max_order = 5, .slow = true};
	unsigned long low[MAX_ORDER] = {0}, normal[MAX_ORDER] = {0};

	(void)state;
	add_blocks(low, 0, 400);
	add_blocks(normal, 400, 900);
	shared.machine = machine_create(&spec);
	shared.machine->mm.hooks = &freeing_hooks;
	mm_set_min_free_kbytes(&shared.machine->mm, 4 * 600);
	host_print_capture_start();
	run_workers(&shared, 4, test_seed(0x5eed000a));
	assert_true(times_printed("page allocation failure. order:") > 0);
	host_print_capture_stop();
	assert_nr_free(machine_zone(shared.machine, 0, ZONE_DMA32), low);
	assert_nr_free(machine_zone(shared.machine, 0, ZONE_NORMAL), normal);
	assert_true(reclaims > 100);
	assert_true(ooms > 100);
	assert_true(waits > 100);
	assert_true(wakeups > 1000);
	machine_destroy(shared.machine);
}

/* Buddies of two zones and two nodes in one block of 1024 look at each other's descriptors. */
static void nodes_that_meet_inside_a_block(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 333, 0}, {333, 333, 1}, {666, 333, 0}, {999, 333, 1}},
		.nr_cpus = 4,
		.cpu_nid = {0, 1, 0, 1}};
	struct shared shared = {.ops = 100000, .max_order = 5};

	(void)state;
	shared.machine = machine_create(&spec);
	run_workers(&shared, 4, test_seed(0x5eed0009));
	for (int nid = 0; nid < 2; nid++) {
		unsigned long expected[MAX_ORDER] = {0};
		unsigned long start = nid ? 333 : 0;

		add_blocks(expected, start, start + 333);
		add_blocks(expected, start + 666, start + 999);
		assert_nr_free(machine_zone(shared.machine, nid, ZONE_NORMAL), expected);
	}
	machine_destroy(shared.machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_on_their_own_nodes),
		cmocka_unit_test(cpus_that_fight_for_one_small_zone),
		cmocka_unit_test(cpus_that_cache_blocks),
		cmocka_unit_test(cpus_with_all_levels),
		cmocka_unit_test(cpus_that_reclaim_from_each_other),
		cmocka_unit_test(nodes_that_meet_inside_a_block),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
