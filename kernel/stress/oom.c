/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress of the OOM killer: thousands of kills, and not a page lost.
 *
 *	eat, eat, ... --told--> give all back, unregister, register anew, eat, ...
 *
 * Eaters ask with GFP_KERNEL for blocks of all orders, which can not fail as long as somebody can
 * be told to let go: not even above order 3, where 2.6.11 goes through the killer for ever. So the
 * only NULL that is right is a dying eater's, when it has had the reserves too.
 *
 * Nobody judges while eaters run. They wait at a gate before the measurement at the start and at
 * another until that at the end is done, so that their own stacks are there in both.
 *
 * Owns struct oom_run. Knows no monitor and no harts: a thread may be one of the host's.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <mm/reclaim.h>
#include <port/cpu.h>
#include <port/print.h>
#include <port/task.h>
#include "content.h"
#include "oom.h"

#define NAP_HZ 100U
/** Without a kill for so many seconds nothing goes on any more. */
#define PATIENCE_SECONDS 30U
/** Up to this order the allocator tries again by itself, so that NULL means dying. */
#define RETRY_ORDER 3U
#define MAX_REPORTS 8U

static void __attribute__((format(printf, 3, 4)))
violation(struct oom_run *run, unsigned long pfn, const char *format, ...)
{
	va_list args;

	atomic_store(&run->stop, true);
	if (atomic_fetch_add(&run->violations, 1) >= MAX_REPORTS)
		return;
	print("oom: VIOLATION on cpu %u: expected ", this_cpu->id);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
	if (pfn)
		show_page(run->mm, pfn);
}

static void nap(void)
{
	task_sleep(cpu_time() + cpu_time_hz() / NAP_HZ);
}

static unsigned long score(const struct oom_consumer *consumer)
{
	const struct oom_eater *eater = container_of(consumer, struct oom_eater, consumer);

	return atomic_load(&eater->pages);
}

static void tell(struct oom_consumer *consumer)
{
	struct oom_eater *eater = container_of(consumer, struct oom_eater, consumer);

	atomic_store(&eater->told, true);
}

void oom_begin(struct oom_run *run, struct mm *mm, const struct oom_params *params, unsigned int nr)
{
	memset(run, 0, sizeof(*run));
	run->mm = mm;
	run->params = *params;
	run->nr = nr < OOM_MAX_EATERS ? nr : OOM_MAX_EATERS;
	run->patience = PATIENCE_SECONDS * cpu_time_hz();
	for (unsigned int i = 0; i < run->nr; i++) {
		struct oom_eater *eater = &run->eater[i];

		eater->run = run;
		eater->index = i;
		snprintf(eater->name, sizeof(eater->name), "eater %u", i);
		eater->prng = prng_seed(params->seed, i);
		list_init(&eater->blocks);
	}
}

/* Half single pages, few large ones: those have to be wrung from the others. */
static unsigned int choose_order(struct prng *prng)
{
	if (prng_one_in(prng, 2))
		return 0;
	if (prng_one_in(prng, 32))
		return prng_below(prng, MAX_ORDER);
	return prng_below(prng, 7);
}

static struct block block_of(const struct oom_eater *eater, struct page *page)
{
	return (struct block){
		.page = page,
		.key = prng_mix(eater->run->params.seed ^ eater->index),
		.order = (uint8_t)page->index,
	};
}

static void keep(struct oom_eater *eater, struct page *page, unsigned int order)
{
	struct block block;

	page->index = order;
	block = block_of(eater, page);
	content_stamp(&block);
	list_add(&page->lru, &eater->blocks);
	atomic_fetch_add(&eater->pages, 1UL << order);
	eater->taken++;
	eater->large += order > RETRY_ORDER;
}

static void eat(struct oom_eater *eater)
{
	unsigned int order = choose_order(&eater->prng);
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);

	if (page) {
		keep(eater, page, order);
		return;
	}
	eater->refused++;
	if (order <= RETRY_ORDER && !mm_task_dying(mm_current()))
		violation(eater->run, 0,
			"a block of order %u for who may wait and is not dying, and there was none",
			order);
}

static void give_all(struct oom_eater *eater)
{
	struct content_fault fault;

	while (!list_empty(&eater->blocks)) {
		struct page *page = list_first_entry(&eater->blocks, struct page, lru);
		const struct block block = block_of(eater, page);

		if (!content_verify(&block, &fault))
			violation(eater->run, page_to_pfn(page),
				"0x%" PRIx64 " at %p, as %s wrote it, and it holds 0x%" PRIx64,
				fault.expected, (const void *)fault.word, eater->name, fault.found);
		list_del(&page->lru);
		__free_pages(page, block.order);
		atomic_fetch_sub(&eater->pages, 1UL << block.order);
	}
}

/* It is over for this one, and a new one begins. */
static void die(struct oom_eater *eater)
{
	give_all(eater);
	oom_unregister(&eater->consumer);
	atomic_store(&eater->told, false);
	if (atomic_fetch_add(&eater->run->kills, 1) + 1 >= eater->run->params.kills)
		atomic_store(&eater->run->stop, true);
	oom_register(&eater->consumer);
}

static void wait_at_gate(_Atomic unsigned int *arrived, const _Atomic bool *open)
{
	atomic_fetch_add(arrived, 1);
	while (!atomic_load(open))
		nap();
}

void oom_eat(struct oom_run *run, unsigned int index)
{
	struct oom_eater *eater = &run->eater[index];

	wait_at_gate(&run->ready, &run->go);
	eater->consumer = (struct oom_consumer){
		.name = eater->name, .task = mm_current(), .score = score, .kill = tell};
	oom_register(&eater->consumer);
	while (!atomic_load(&run->stop)) {
		if (atomic_load(&eater->told))
			die(eater);
		else
			eat(eater);
	}
	give_all(eater);
	oom_unregister(&eater->consumer);
	wait_at_gate(&run->done, &run->leave);
}

/* What the machine has; pages of a cache may be reclaimed meanwhile, and are no loss. */
struct balance {
	unsigned long free, lru;
	struct mm_check_result check;
	unsigned long kills;
	unsigned long misuse;
};

static void measure(struct oom_run *run, struct balance *balance)
{
	unsigned long active, inactive;
	struct mm_cpu_stat stat;

	wait_for_kswapds(run->mm, cpu_time() + PATIENCE_SECONDS * cpu_time_hz());
	drain_all_pages(run->mm);
	mm_sum_stat(run->mm, &stat);
	mm_count_lru(run->mm, &active, &inactive);
	balance->free = nr_free_pages(run->mm);
	balance->lru = active + inactive;
	balance->kills = stat.oom_kill;
	balance->misuse = __atomic_load_n(&run->mm->faults.misuse, __ATOMIC_RELAXED);
	if (mm_check(run->mm, &balance->check))
		violation(run, 0, "no faults found by mm_check(), and there are %lu",
			balance->check.errors);
}

/* Wait until all eaters have arrived somewhere. False: they do not come. */
static bool wait_for_all(struct oom_run *run, const _Atomic unsigned int *arrived)
{
	uint64_t since = cpu_time();

	while (atomic_load(arrived) < run->nr) {
		nap();
		if (cpu_time() - since > run->patience)
			return false;
	}
	return true;
}

/* Until all kills are done. False: for a long time there was none. */
static bool watch(struct oom_run *run)
{
	uint64_t since = cpu_time(), next_line = since + cpu_time_hz();
	unsigned long kills = 0;

	while (!atomic_load(&run->stop)) {
		unsigned long now = atomic_load(&run->kills);

		nap();
		if (now != kills)
			since = cpu_time();
		kills = now;
		if (cpu_time() - since > run->patience)
			return false;
		if (run->interrupted && run->interrupted()) {
			run->broken_off = true;
			atomic_store(&run->stop, true);
		}
		if (cpu_time() >= next_line) {
			print("oom: %lu of %" PRIu64 " kills\n", kills, run->params.kills);
			next_line += cpu_time_hz();
		}
	}
	return true;
}

static void give_up(struct oom_run *run)
{
	run->given_up = true;
	violation(run, 0,
		"all %u eaters to go on, and %u have stopped: what is held stays allocated",
		run->nr, atomic_load(&run->done));
}

static long judge(struct oom_run *run, const struct balance *before, const struct balance *after)
{
	long lost = (long)(before->free + before->lru) - (long)(after->free + after->lru);

	if (lost)
		violation(run, 0, "%lu pages free as before, not %lu", before->free, after->free);
	if (after->misuse != before->misuse)
		violation(run, 0, "no reports of misuse, and there were %lu",
			after->misuse - before->misuse);
	if (after->kills - before->kills < atomic_load(&run->kills))
		violation(run, 0, "each kill to be counted, and %lu of %lu were",
			after->kills - before->kills, atomic_load(&run->kills));
	return lost;
}

static void print_verdict(const struct oom_run *run, long lost, uint64_t ticks)
{
	unsigned int violations = atomic_load(&run->violations);
	unsigned long taken = 0, large = 0, refused = 0;

	for (unsigned int i = 0; i < run->nr; i++) {
		taken += run->eater[i].taken;
		large += run->eater[i].large;
		refused += run->eater[i].refused;
	}
	print("oom: %u eaters took %lu blocks, %lu of them above order %u; %lu requests of the "
	      "dying failed; %" PRIu64 " s\n",
		run->nr, taken, large, RETRY_ORDER, refused, ticks / cpu_time_hz());
	print("oom: %s kills=%lu leaked=%ld violations=%u seed=%" PRIu64 "\n",
		violations        ? "FAIL"
		: run->broken_off ? "INTERRUPTED"
				  : "PASS",
		atomic_load(&run->kills), lost, violations, run->params.seed);
}

bool oom_coordinate(struct oom_run *run, unsigned int started)
{
	struct balance before, after;
	uint64_t start = cpu_time();
	long lost = 0;

	if (started < run->nr)
		violation(run, 0, "%u eaters, and there is memory for %u", run->nr, started);
	run->nr = started;
	if (!wait_for_all(run, &run->ready)) {
		give_up(run);
		print_verdict(run, 0, 0);
		return false;
	}
	measure(run, &before);
	atomic_store(&run->go, true);
	if (watch(run) && wait_for_all(run, &run->done)) {
		measure(run, &after);
		lost = judge(run, &before, &after);
	} else {
		give_up(run);
	}
	print_verdict(run, lost, cpu_time() - start);
	atomic_store(&run->leave, true);
	return atomic_load(&run->violations) == 0 && !run->broken_off;
}
