/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's `thrash`: options, the phases and their threads, the verdict.
 *
 *	write all -> passes: read all at random, rewrite some -> sync, forget the cache -> read all
 *
 * Owns the one struct thrash of this machine, which is static. The last reading comes from the disk
 * wholly, as the page cache is destroyed before: what was never written there can not pass.
 */
#include <inttypes.h>
#include <port/cpu.h>
#include <port/print.h>
#include <mm/wait.h>
#include "blockdev.h"
#include "kernel.h"
#include "monitor.h"
#include "sched.h"
#include "stress/prng.h"
#include "thrash.h"

#define DEFAULT_SEED    1U
#define DEFAULT_WORKERS 4U
#define DEFAULT_PASSES  1U
#define MAX_PASSES      1000U

/* Looks a second at what is going on. */
#define LOOK_HZ 20U
/* Looks at whether what was freed is back: kswapd may be at work. */
#define SETTLE_TRIES (5 * LOOK_HZ)

static struct thrash thrash;

static void worker(void *arg)
{
	struct thrash *t = arg;

	thrash_work(t);
	atomic_fetch_sub(&t->nr_running, 1);
	wake_up(&t->finished);
}

static unsigned long to_seconds(uint64_t from, uint64_t to)
{
	return (unsigned long)((to - from) / cpu_time_hz());
}

static const char *phase_name(const struct thrash *t)
{
	static const char *const names[] = {
		[THRASH_WRITE] = "written",
		[THRASH_PASS] = "read at random",
		[THRASH_VERIFY] = "verified from the disk",
	};

	return names[t->phase];
}

static unsigned long sum_by_zone(
	const unsigned long after[MAX_NR_ZONES], const unsigned long before[MAX_NR_ZONES])
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		sum += after[i] - before[i];
	return sum;
}

static void print_progress(const struct thrash *t)
{
	struct mm_cpu_stat now;
	struct block_stat disk;

	mm_sum_stat(&kernel.mm, &now);
	block_get_stat(t->bdev, &disk);
	print("thrash: %lu s, %lu of %lu blocks %s, %lu free, %lu reclaimed, disk %lu MiB in, %lu "
	      "MiB out, %u in flight\n",
		to_seconds(t->start_time, cpu_time()), atomic_load(&t->done), t->params.nr_blocks,
		phase_name(t), nr_free_pages(&kernel.mm),
		sum_by_zone(now.pgsteal, t->before.pgsteal), (now.pgpgin - t->before.pgpgin) >> 10,
		(now.pgpgout - t->before.pgpgout) >> 10, disk.in_flight);
}

static void look_around(struct thrash *t)
{
	if (console_break()) {
		t->broken_off = true;
		atomic_store(&t->stop, true);
	}
	if (cpu_time() >= t->next_progress) {
		print_progress(t);
		t->next_progress = cpu_time() + cpu_time_hz();
	}
}

/* The online CPU on which worker number `i` runs: they go round. */
static unsigned int cpu_of(unsigned int i)
{
	unsigned int cpu = smp_next_online(0);

	for (i %= smp_nr_online(); i > 0; i--)
		cpu = smp_next_online(cpu + 1);
	return cpu;
}

/* Wait for the workers, a moment at most. */
static bool finished_soon(struct thrash *t)
{
	uint64_t deadline = cpu_time() + cpu_time_hz() / LOOK_HZ;

	return wait_event_until(&t->finished, atomic_load(&t->nr_running) == 0, deadline);
}

/* Run one phase with all workers; false if the run is over. */
static bool run_phase(struct thrash *t, enum thrash_phase phase)
{
	struct thread *thread[THRASH_MAX_WORKERS];
	unsigned int nr = 0;

	t->phase = phase;
	atomic_store(&t->next, 0);
	atomic_store(&t->done, 0);
	atomic_store(&t->nr_running, 0);
	for (; nr < t->params.nr_workers; nr++) {
		atomic_fetch_add(&t->nr_running, 1);
		thread[nr] = thread_create("thrash", cpu_of(nr), worker, t, DEFAULT_PRIO);
		if (thread[nr])
			continue;
		atomic_fetch_sub(&t->nr_running, 1);
		break;
	}
	if (nr == 0) {
		print("thrash: no memory for a thread\n");
		atomic_store(&t->stop, true);
	}
	while (!finished_soon(t))
		look_around(t);
	while (nr > 0)
		thread_join(thread[--nr]);
	return !thrash_stopped(t);
}

static bool open_cache(struct thrash *t)
{
	if (blockdev_open(&t->cache, t->bdev, t->params.nr_blocks, GFP_USER) == 0)
		return true;
	print("thrash: no memory for the page cache's tables\n");
	atomic_store(&t->stop, true);
	return false;
}

/* All phases, as far as they go well. The cache is gone at the end. */
static void run_phases(struct thrash *t)
{
	bool good;

	if (!open_cache(t))
		return;
	good = run_phase(t, THRASH_WRITE);
	for (t->pass = 1; good && t->pass <= t->params.passes; t->pass++)
		good = run_phase(t, THRASH_PASS);
	t->pass = t->params.passes;
	if (good)
		t->sync_failed = blockdev_sync(&t->cache);
	address_space_destroy(&t->cache.mapping);
	if (!good || thrash_stopped(t) || !open_cache(t))
		return;
	run_phase(t, THRASH_VERIFY);
	address_space_destroy(&t->cache.mapping);
}

static unsigned long count_allocated(void)
{
	struct mm_check_result result;

	mm_check(&kernel.mm, &result);
	return result.allocated;
}

/* Pages that are still allocated, once everybody else has had time to finish what he does. */
static long count_leaked(const struct thrash *t)
{
	struct mm_check_result result;
	long leaked = 0;

	for (unsigned int i = 0; i < SETTLE_TRIES; i++) {
		if (mm_check(&kernel.mm, &result) != 0)
			return -1; /* which it has said */
		leaked = (long)(result.allocated - t->allocated_before);
		if (leaked == 0)
			break;
		task_sleep(cpu_time() + cpu_time_hz() / LOOK_HZ);
	}
	return leaked;
}

/*
 * Page tables for stacks stay once they are there: let all be made that the threads need, by a
 * phase without work, before anything is counted.
 */
static void make_tables(struct thrash *t)
{
	t->next_progress = UINT64_MAX;
	atomic_store(&t->stop, true);
	run_phase(t, THRASH_WRITE);
	atomic_store(&t->stop, t->broken_off);
}

static void begin(struct thrash *t, struct block_device *bdev, const struct thrash_params *params)
{
	*t = (struct thrash){.params = *params, .bdev = bdev};
	t->content = prng_mix(params->seed) ^ cpu_time();
	wait_queue_init(&t->finished);
	while (1UL << t->index_bits < params->nr_blocks)
		t->index_bits++;
	block_get_stat(bdev, &t->disk_before);
	make_tables(t);
	t->allocated_before = count_allocated();
	t->misuse_before = kernel.mm.faults.misuse;
	mm_sum_stat(&kernel.mm, &t->before);
	t->start_time = cpu_time();
	t->next_progress = t->start_time + cpu_time_hz();
	print("thrash: seed %" PRIu64 ", %lu blocks (%lu MiB), %lu free pages (%lu MiB), %u "
	      "workers, %u passes, disk %s\n",
		params->seed, params->nr_blocks, params->nr_blocks >> (20 - PAGE_SHIFT),
		nr_free_pages(&kernel.mm), nr_free_pages(&kernel.mm) >> (20 - PAGE_SHIFT),
		params->nr_workers, params->passes, bdev->name);
}

static void print_counts(const struct thrash *t)
{
	const struct mm_cpu_stat *a = &t->after, *b = &t->before;
	unsigned long read_pages = (a->pgpgin - b->pgpgin) / pages_to_kb(1);
	unsigned long evicted = sum_by_zone(a->pgsteal, b->pgsteal);

	print("thrash: %lu s; %lu blocks written, %lu verified in passes, %lu from the disk at the "
	      "end\n",
		to_seconds(t->start_time, t->end_time), atomic_load(&t->written),
		atomic_load(&t->verified), atomic_load(&t->reverified));
	print("thrash: evicted %lu pages: kswapd %lu, direct reclaim %lu; pgscan_kswapd %lu, "
	      "pgscan_direct %lu, allocstall %lu, pageoutrun %lu\n",
		evicted, a->kswapd_steal - b->kswapd_steal,
		evicted - (a->kswapd_steal - b->kswapd_steal),
		sum_by_zone(a->pgscan_kswapd, b->pgscan_kswapd),
		sum_by_zone(a->pgscan_direct, b->pgscan_direct), a->allocstall - b->allocstall,
		a->pageoutrun - b->pageoutrun);
	print("thrash: pgpgin %lu KiB, pgpgout %lu KiB; %lu pages read, %lu of them again\n",
		a->pgpgin - b->pgpgin, a->pgpgout - b->pgpgout, read_pages,
		read_pages > t->params.nr_blocks ? read_pages - t->params.nr_blocks : 0);
	print("thrash: disk: %u requests in flight at most, %lu submissions waited, %lu pages "
	      "bounced, %lu errors\n",
		t->disk_after.max_in_flight, t->disk_after.waits - t->disk_before.waits,
		t->disk_after.bounced - t->disk_before.bounced,
		t->disk_after.errors - t->disk_before.errors);
}

static void print_fault(const struct thrash *t)
{
	const struct thrash_fault *f = &t->fault;

	if (!atomic_load(&t->fault_taken))
		return;
	switch (f->kind) {
	case THRASH_NO_READ:
		print("thrash: block %lu can not be read\n", f->block);
		break;
	case THRASH_NO_PAGE:
		print("thrash: no page for block %lu\n", f->block);
		break;
	case THRASH_DISK:
		print("thrash: the disk failed, see above and `disk`\n");
		break;
	default:
		print("thrash: block %lu, offset %u: expected 0x%016" PRIx64 ", got 0x%016" PRIx64
		      "\n",
			f->block, f->offset, f->expected, f->got);
	}
}

/* Everything that must be so for a pass. */
static bool is_good(const struct thrash *t)
{
	bool good = !atomic_load(&t->stop) && t->sync_failed == 0 && t->leaked == 0 &&
		    atomic_load(&t->reverified) == t->params.nr_blocks &&
		    atomic_load(&t->mismatches) == 0;

	if (t->sync_failed)
		print("thrash: %lu pages could not be written\n", t->sync_failed);
	if (kernel.mm.faults.misuse != t->misuse_before) {
		print("thrash: %lu reports of misuse, see above\n",
			kernel.mm.faults.misuse - t->misuse_before);
		good = false;
	}
	return good;
}

static unsigned long percent(unsigned long part, unsigned long whole)
{
	return whole ? (part * 100 + whole / 2) / whole : 0;
}

static int end(struct thrash *t)
{
	unsigned long evicted, by_kswapd;
	bool good;

	t->end_time = cpu_time();
	mm_sum_stat(&kernel.mm, &t->after);
	block_get_stat(t->bdev, &t->disk_after);
	t->leaked = count_leaked(t);
	print_counts(t);
	print_fault(t);
	good = is_good(t);
	evicted = sum_by_zone(t->after.pgsteal, t->before.pgsteal);
	by_kswapd = t->after.kswapd_steal - t->before.kswapd_steal;
	print("thrash: %s blocks=%lu verified=%lu mismatches=%lu leaked=%ld kswapd=%lu%% "
	      "direct=%lu%% seed=%" PRIu64 "\n",
		good                               ? "PASS"
		: t->broken_off && !t->fault_taken ? "INTERRUPTED"
						   : "FAIL",
		t->params.nr_blocks, atomic_load(&t->reverified), atomic_load(&t->mismatches),
		t->leaked, percent(by_kswapd, evicted), percent(evicted - by_kswapd, evicted),
		t->params.seed);
	return good ? CMD_OK : CMD_FAILED;
}

/* One option; a line and false if it is no good. */
static bool parse_option(const char *word, struct thrash_params *params)
{
	const char *value;
	uint64_t number;

	if ((value = parse_key(word, "seed")))
		return parse_number_in("thrash", "seed", value, 0, UINT64_MAX, &params->seed);
	if ((value = parse_key(word, "workers"))) {
		if (!parse_number_in("thrash", "workers", value, 1, THRASH_MAX_WORKERS, &number))
			return false;
		params->nr_workers = (unsigned int)number;
		return true;
	}
	if ((value = parse_key(word, "passes"))) {
		if (!parse_number_in("thrash", "passes", value, 0, MAX_PASSES, &number))
			return false;
		params->passes = (unsigned int)number;
		return true;
	}
	print("thrash: unknown option \"%s\"; there are seed= workers= passes=, see `help "
	      "thrash`\n",
		word);
	return false;
}

static bool parse_size(const char *text, struct thrash_params *params)
{
	uint64_t bytes;

	if (!parse_bytes(text, &bytes) || bytes < PAGE_SIZE) {
		print("thrash: SIZE: \"%s\" is no number of bytes (K, M, G), of a page or more\n",
			text);
		return false;
	}
	params->nr_blocks = (unsigned long)(bytes >> PAGE_SHIFT);
	return true;
}

static unsigned int default_workers(void)
{
	unsigned int nr = smp_nr_online();

	nr = nr > DEFAULT_WORKERS ? nr : DEFAULT_WORKERS;
	return nr < THRASH_MAX_WORKERS ? nr : THRASH_MAX_WORKERS;
}

/* A disk that can hold the file, or NULL after a line. */
static struct block_device *disk_for(const struct thrash_params *params)
{
	struct block_device *bdev = block_first();

	if (!bdev)
		print("thrash: there is no disk: scripts/run --disk FILE attaches one, and so does "
		      "no --disk at all\n");
	else if (bdev->read_only)
		print("thrash: disk %s can only be read\n", bdev->name);
	else if (params->nr_blocks > bdev->nr_sectors / SECTORS_PER_PAGE)
		print("thrash: SIZE: disk %s has %lu MiB\n", bdev->name,
			(unsigned long)(bdev->nr_sectors >> (20 - SECTOR_SHIFT)));
	else
		return bdev;
	return NULL;
}

int cmd_thrash(int argc, char **argv)
{
	struct thrash_params params = {
		.seed = DEFAULT_SEED,
		.nr_workers = default_workers(),
		.passes = DEFAULT_PASSES,
	};
	struct block_device *bdev;

	if (argc < 2)
		return command_usage(argv[0], "how large?");
	if (!parse_size(argv[1], &params))
		return CMD_USAGE;
	for (int i = 2; i < argc; i++)
		if (!parse_option(argv[i], &params))
			return CMD_USAGE;
	bdev = disk_for(&params);
	if (!bdev)
		return CMD_FAILED;
	begin(&thrash, bdev, &params);
	run_phases(&thrash);
	return end(&thrash);
}
