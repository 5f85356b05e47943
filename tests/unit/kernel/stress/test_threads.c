/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress on the host: threads are its CPUs, and a timer's signals their interrupts.
 *
 * The same worker mix as on the target, which here also runs under the thread sanitizer: the
 * allocator's data races show up, and so do the stress's own. Then faults are planted in the middle
 * of a run, one of each kind that can be committed from outside: each must be found, and named.
 *
 * Drains of all caches run too, a signal to every thread, while the pages come and go.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "kernel/stress/core.h"
#include "ticks.h"
#include "unit.h"

#define TICK_NANOSECONDS 500000L
/** A thread is soon back, even on a busy host; and a test does not wait long. */
#define PATIENCE_SECONDS 3U

static const struct zone_layout layout_low_16384 = {.name = "low 16384",
	.nr = 2,
	.limit = {{ZONE_DMA32, 16384 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};

/*
 * Two nodes with banks interleaved below and above the limit; node 2 has a CPU and no memory, node
 * 3 memory above the limit and no CPU.
 */
static const struct machine_spec board = {
	.layout = &layout_low_16384,
	.bank = {{0, 8192, 0}, {8192, 8192, 1}, {16384, 8192, 0}, {24576, 8192, 1},
		{32768, 4096, 3}},
	.nr_cpus = 4,
	.cpu_nid = {0, 0, 1, 2},
	.pcp_share = MM_PCP_SHARE,
};

/* The board's zones where there are three: of x86-64, or of arm64 with dma-ranges; and of i386. */
static const struct zone_layout layout_dma = {.name = "dma",
	.nr = 3,
	.limit = {{ZONE_DMA, 4096 * PAGE_SIZE}, {ZONE_DMA32, 16384 * PAGE_SIZE},
		{ZONE_NORMAL, PHYS_ADDR_MAX}}};
static const struct zone_layout layout_highmem = {.name = "highmem",
	.nr = 3,
	.limit = {{ZONE_DMA, 4096 * PAGE_SIZE}, {ZONE_NORMAL, 20480 * PAGE_SIZE},
		{ZONE_HIGHMEM, PHYS_ADDR_MAX}}};

static struct machine *machine;
static struct stress stress;
static const struct zone_layout *layout; /* of the next run; NULL: the board's */
static atomic_bool hang; /* CPU 2's next interrupt does not come back until all is over */

static void tick(void)
{
	while (this_cpu->id == 2 && atomic_load(&hang) && !atomic_load(&stress.given_up))
		usleep(1000);
	stress_tick(&stress);
}

static void *run_slot(void *arg)
{
	unsigned int slot = *(unsigned int *)arg;
	timer_t timer;

	machine_enter(machine, slot);
	host_cpu_register(tick);
	timer = tick_start(TICK_NANOSECONDS);
	stress_cpu_main(&stress, slot);
	timer_delete(timer);
	host_cpu_unregister();
	return NULL;
}

/* What a test does to its machine before the run; NULL: nothing. */
static void (*prepare)(void);

/* Of the last run, when its state is gone. */
static unsigned long by_policy[MPOL_MAX], low_asked;

static void count_run(void)
{
	memset(by_policy, 0, sizeof(by_policy));
	low_asked = 0;
	for (unsigned int i = 0; i < stress.nr_cpus; i++) {
		for (unsigned int mode = 0; mode < MPOL_MAX; mode++)
			by_policy[mode] += stress.cpu[i]->task.policy[mode];
		low_asked += stress.cpu[i]->irq.low_asked;
	}
}

static unsigned long blocks_under(enum mpol_mode mode)
{
	return by_policy[mode];
}

static enum stress_kind run_stress(const struct stress_params *params, bool (*interrupted)(void))
{
	static const uint64_t hwids[MACHINE_MAX_CPUS];
	unsigned int slot[MACHINE_MAX_CPUS];
	pthread_t thread[MACHINE_MAX_CPUS];
	unsigned int nr = board.nr_cpus;
	struct machine_spec spec = board;

	if (layout)
		spec.layout = layout;
	machine = machine_create(&spec);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	if (prepare)
		prepare();
	for (unsigned int i = 0; i < nr; i++)
		slot[i] = i;
	machine_enter(machine, 0);
	assert_int_equal(stress_begin(&stress, &machine->mm, params, slot, hwids, nr), 0);
	stress.interrupted = interrupted;
	stress.patience = cpu_time_hz() * PATIENCE_SECONDS;
	for (unsigned int i = 1; i < nr; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run_slot, &slot[i]), 0);
	run_slot(&slot[0]);
	for (unsigned int i = 1; i < nr; i++)
		pthread_join(thread[i], NULL);
	count_run();
	return stress_end(&stress);
}

static void passes(void **state)
{
	struct stress_params params = {
		.seed = test_seed(1), .ops = 80000, .seconds = 60, .nr_workers = 6};

	(void)state;
	assert_int_equal(run_stress(&params, NULL), STRESS_OK);
	assert_int_equal(stress.leaked, 0);
	assert_true(stress.nr_lowered > 0);
	assert_true(stress.nr_passed_on > 0);
	assert_true(stress.nr_drains > 0);
	assert_int_equal(stress.total_ops, 80000);
	assert_no_misuse();
	machine_destroy(machine);
}

/* On `zones`, each of which must have served. */
static void passes_on(const struct zone_layout *zones)
{
	struct stress_params params = {
		.seed = test_seed(1), .ops = 30000, .seconds = 60, .nr_workers = 4};
	const struct zone *zone;
	struct numa_sum sum;

	layout = zones;
	assert_int_equal(run_stress(&params, NULL), STRESS_OK);
	layout = NULL;
	assert_int_equal(stress.leaked, 0);
	assert_int_equal(stress.total_ops, 30000);
	for (unsigned int i = 0; i < zones->nr; i++) {
		zone = machine_zone(machine, 0, zones->limit[i].type);
		assert_true(zone->present_pages > 0);
		mm_sum_numa(&machine->mm, zone, &sum);
		assert_true(sum.of.numa_hit > 0);
	}
	assert_no_misuse();
	machine_destroy(machine);
}

static void passes_on_three_zones(void **state)
{
	(void)state;
	passes_on(&layout_dma);
}

static void passes_on_highmem(void **state)
{
	(void)state;
	passes_on(&layout_highmem);
}

/* Each mode on its own; the mix has been run above. */
static void passes_under_each_policy(void **state)
{
	static const struct {
		enum stress_policies policies;
		enum mpol_mode mode;
	} rows[] = {{POLICIES_DEFAULT, MPOL_DEFAULT}, {POLICIES_PREFERRED, MPOL_PREFERRED},
		{POLICIES_BIND, MPOL_BIND}, {POLICIES_INTERLEAVE, MPOL_INTERLEAVE}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct stress_params params = {
			.seed = 1, .ops = 10000, .seconds = 60, .policies = rows[i].policies};

		assert_int_equal(run_stress(&params, NULL), STRESS_OK);
		for (unsigned int mode = MPOL_PREFERRED; mode < MPOL_MAX; mode++)
			assert_int_equal(
				blocks_under((enum mpol_mode)mode) > 0, mode == rows[i].mode);
		assert_no_misuse();
		machine_destroy(machine);
	}
}

static void passes_under_pressure(void **state)
{
	const struct stress_params params = {.seed = test_seed(1),
		.ops = 40000,
		.seconds = 60,
		.nr_workers = 8,
		.pressure = true};

	(void)state;
	assert_int_equal(run_stress(&params, NULL), STRESS_OK);
	assert_int_equal(stress.leaked, 0);
	assert_true(low_asked > 0);
	assert_true(stress.probed > 0);
	assert_no_misuse();
	machine_destroy(machine);
}

static uint64_t digest_of(uint64_t seed)
{
	struct stress_params params = {.seed = seed, .ops = 4000};

	assert_int_equal(run_stress(&params, NULL), STRESS_OK);
	machine_destroy(machine);
	return stress.digest;
}

static void choices_follow_from_the_seed(void **state)
{
	uint64_t first = digest_of(1);

	(void)state;
	assert_true(digest_of(1) == first);
	assert_true(digest_of(2) != first);
}

/*
 * Planted faults. CPU slot 0 asks between its steps whether to stop early: there its worker's
 * blocks are at our mercy. Each plant waits for what it needs, and acts once.
 */
static bool planted;

static struct block *find_block(unsigned int least_order, unsigned int flags)
{
	struct stress_worker *w = stress.worker[0];

	if (w->done < 1000 || planted)
		return NULL;
	for (unsigned int i = 0; i < WORKER_SLOTS; i++) {
		struct block *block = &w->slot[i];

		if (block->page && block->order >= least_order && block->flags == flags) {
			planted = true;
			return block;
		}
	}
	return NULL;
}

static bool plant_write(void)
{
	struct block *block = find_block(3, 0);

	if (block)
		*(uint64_t *)page_address(block->page + 5) ^= 1; /* the first word: stamped */
	return false;
}

static bool plant_free(void)
{
	struct block *block = find_block(5, 0);

	if (block)
		__free_pages(block->page, block->order);
	return false;
}

static bool plant_reference(void)
{
	struct block *block = find_block(0, 0);

	if (block)
		get_page(block->page);
	return false;
}

static bool plant_lost_page(void)
{
	struct stress_worker *w = stress.worker[0];

	if (w->done >= 1000 && !planted)
		planted = alloc_pages(GFP_ATOMIC, 0) != NULL;
	return false;
}

static bool plant_drift(void)
{
	struct zone *zone = machine_zone(machine, 1, ZONE_NORMAL);

	if (stress.worker[0]->done >= 1000 && !planted) {
		irq_flags_t flags = spin_lock_irqsave(&zone->lock);

		__atomic_store_n(&zone->free_pages, zone->free_pages - 1, __ATOMIC_RELAXED);
		spin_unlock_irqrestore(&zone->lock, flags);
		planted = true;
	}
	return false;
}

static bool plant_misuse(void)
{
	if (stress.worker[0]->done >= 1000 && !planted) {
		free_page((unsigned long)machine); /* no page of this machine */
		planted = true;
	}
	return false;
}

static void planted_faults_are_named(void **state)
{
	static const struct {
		bool (*plant)(void);
		enum stress_kind kinds[3];
	} rows[] = {
		{plant_write, {STRESS_CONTENT}},
		/* Handed out again while the worker has it; or he looks first, at a free page. */
		{plant_free, {STRESS_TWO_OWNERS, STRESS_COUNT, STRESS_LEAK}},
		{plant_reference, {STRESS_COUNT}},
		{plant_lost_page, {STRESS_LEAK}},
		{plant_drift, {STRESS_CHECK}},
		{plant_misuse, {STRESS_MISUSE}},
	};
	const struct stress_params params = {.seed = test_seed(3), .ops = 40000, .seconds = 60};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		enum stress_kind kind;

		planted = false;
		kind = run_stress(&params, rows[i].plant);
		assert_true(planted);
		if (kind == STRESS_OK || (kind != rows[i].kinds[0] && kind != rows[i].kinds[1] &&
						 kind != rows[i].kinds[2]))
			fail_msg("plant %u: the verdict is %s", i, stress_kind_name(kind));
		/* Faults stay in it: no check at the end. */
		host_machine_destroy(&machine->host);
		free(machine);
	}
}

/* Memory that has an owner since boot, and that the hand-over did not spare. */
static void reserve_free_page(void)
{
	memblock_reserve(
		&machine->memblock, pfn_to_phys(20000), PAGE_SIZE, 0, "forgotten by the hand-over");
}

static void a_reserved_page_handed_out_is_named(void **state)
{
	const struct stress_params params = {.seed = 1, .ops = 40000, .seconds = 60};

	(void)state;
	prepare = reserve_free_page;
	assert_int_equal(run_stress(&params, NULL), STRESS_ZONE);
	prepare = NULL;
	machine_destroy(machine);
}

/* No request gets past the first zone of its list. */
static void cut_zonelists(void)
{
	struct pglist_data *pgdat;

	for_each_pgdat (pgdat, &machine->mm)
		pgdat->node_zonelists[0]->zones[1] = NULL;
}

static void send_all_to_node_0(void)
{
	machine->mm.node[1]->node_zonelists[0] = machine->mm.node[0]->node_zonelists[0];
}

static void wrong_zonelists_are_named(void **state)
{
	static const struct {
		void (*prepare)(void);
		enum stress_kind kind;
	} rows[] = {{cut_zonelists, STRESS_STARVED}, {send_all_to_node_0, STRESS_ZONE}};
	const struct stress_params params = {
		.seed = 1, .ops = 40000, .seconds = 60, .policies = POLICIES_DEFAULT};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		prepare = rows[i].prepare;
		assert_int_equal(run_stress(&params, NULL), rows[i].kind);
		prepare = NULL;
		machine_destroy(machine);
	}
}

/*
 * BIND that is not obeyed: its lists are those of node 0. A plant: nothing else may write there
 * while others allocate, so that this is a race in itself.
 */
__attribute__((no_sanitize("thread"))) static bool plant_policy(void)
{
	for (unsigned int i = 0; i < stress.nr_policies; i++) {
		struct mempolicy *policy = stress.policy[i].policy;

		if (policy->mode == MPOL_BIND)
			policy->zonelist = machine->mm.node[0]->node_zonelists[0];
	}
	return false;
}

static void a_policy_that_is_not_obeyed_is_named(void **state)
{
	const struct stress_params params = {
		.seed = 1, .ops = 40000, .seconds = 60, .policies = POLICIES_BIND};

	(void)state;
	assert_int_equal(run_stress(&params, plant_policy), STRESS_POLICY);
	machine_destroy(machine);
}

static bool break_off(void)
{
	return stress.worker[0]->done >= 1000;
}

static void a_run_broken_off_does_not_pass(void **state)
{
	const struct stress_params params = {.seed = 1, .ops = 1000000, .seconds = 60};
	const char *said;

	(void)state;
	host_print_capture_start();
	assert_int_equal(run_stress(&params, break_off), STRESS_OK);
	said = host_print_captured();
	assert_non_null(strstr(said, "stress: INTERRUPTED ops="));
	assert_null(strstr(said, "PASS"));
	host_print_capture_stop();
	assert_true(stress.broken_off);
	assert_true(stress.total_ops < 1000000);
	machine_destroy(machine);
}

/* A CPU that never comes back: no run passes then, though nothing else was found. */
static void a_cpu_that_hangs_is_named(void **state)
{
	const struct stress_params params = {.seed = 1, .seconds = 1};

	(void)state;
	atomic_store(&hang, true);
	assert_int_equal(run_stress(&params, NULL), STRESS_HANG);
	atomic_store(&hang, false);
	assert_true(stress.given_up);
	host_machine_destroy(&machine->host);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes),
		cmocka_unit_test(passes_on_three_zones),
		cmocka_unit_test(passes_on_highmem),
		cmocka_unit_test(passes_under_each_policy),
		cmocka_unit_test(passes_under_pressure),
		cmocka_unit_test(choices_follow_from_the_seed),
		cmocka_unit_test(planted_faults_are_named),
		cmocka_unit_test(a_reserved_page_handed_out_is_named),
		cmocka_unit_test(wrong_zonelists_are_named),
		cmocka_unit_test(a_policy_that_is_not_obeyed_is_named),
		cmocka_unit_test(a_run_broken_off_does_not_pass),
		cmocka_unit_test(a_cpu_that_hangs_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
