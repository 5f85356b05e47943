/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reclaim among threads: a page is freed once, by whoever is last, and never while somebody has
 * it; what was written is read again, whoever has written it out and taken the page meanwhile.
 * Made for the thread sanitizer; also run under the others.
 *
 * Each thread is a CPU. A thread may not fail a cmocka assertion: it counts what is wrong.
 */
#include <pthread.h>
#include <mm/pagemap.h>
#include <mm/reclaim.h>
#include <port/task.h>
#include "store.h"
#include "unit.h"

#define MAX_THREADS 8U
#define LAST        (PAGE_SIZE / sizeof(uint64_t) - 1)

static struct machine *machine;
static struct zone *zone;
static struct mm_hooks hooks;
static unsigned long wrong, nr_ooms;
static bool stop, disk_stop, kswapd_gone;

static void note_wrong(bool condition)
{
	if (condition)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static bool is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static bool stopped(void)
{
	return is_set(&stop);
}

/* With many dirty pages and a slow disk it may come to this: somebody else will get on. */
static void try_again(gfp_t gfp)
{
	(void)gfp;
	__atomic_fetch_add(&nr_ooms, 1, __ATOMIC_RELAXED);
	cond_resched();
}

static void begin(unsigned long nr_pages)
{
	const struct machine_spec spec = {.bank = {{0, nr_pages, 0}}, .nr_cpus = MAX_THREADS};

	machine = machine_create(&spec);
	machine_set_online(machine, false);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	hooks = mm_default_hooks;
	hooks.out_of_memory = try_again;
	machine->mm.hooks = &hooks;
	wrong = nr_ooms = 0;
	stop = disk_stop = kswapd_gone = false;
}

static void end(void)
{
	assert_int_equal(wrong, 0);
	assert_int_equal(zone->nr_active + zone->nr_inactive, 0);
	assert_all_is_back(machine);
	machine_destroy(machine);
}

struct worker {
	unsigned int id;
	uint64_t random;
	unsigned long ops;
	void (*work)(struct worker *worker);
	struct store *own; /* a store whose address space this thread makes and destroys */
	pthread_t thread;
};

static void *run(void *argument)
{
	struct worker *worker = argument;

	machine_enter(machine, worker->id);
	worker->work(worker);
	return NULL;
}

static void start(struct worker *worker)
{
	assert_int_equal(pthread_create(&worker->thread, NULL, run, worker), 0);
}

static void join(struct worker *worker)
{
	assert_int_equal(pthread_join(worker->thread, NULL), 0);
}

/* The last reference and isolation, at the same moment. */

static void list_and_drop(struct worker *worker)
{
	struct page *page[16];

	for (unsigned long op = 0; op < worker->ops; op++) {
		unsigned int nr = 1 + (unsigned int)next_random(&worker->random, ARRAY_SIZE(page));

		for (unsigned int i = 0; i < nr; i++) {
			page[i] = alloc_page(GFP_ATOMIC);
			if (!page[i])
				nr = i;
			else if (next_random(&worker->random, 4))
				lru_cache_add(page[i]);
			else
				lru_cache_add_active(page[i]);
		}
		for (unsigned int i = 0; i < nr; i++) {
			if (next_random(&worker->random, 2))
				mark_page_accessed(page[i]);
			note_wrong(page_state(page[i]) != PAGE_ALLOCATED);
			note_wrong(page_count(page[i]) < 1);
			put_page(page[i]);
		}
	}
}

static void isolate_and_put_back(struct worker *worker)
{
	while (!stopped()) {
		struct list_head pages;
		unsigned int looked_at;

		list_init(&pages);
		lru_isolate(zone, next_random(&worker->random, 4) == 0,
			1 + (unsigned int)next_random(&worker->random, 8), &pages, &looked_at);
		if (next_random(&worker->random, 8) == 0)
			cond_resched();
		lru_put_back(zone, &pages);
	}
}

static void the_last_reference_frees_whoever_has_it(void **state)
{
	struct worker workers[4] = {{0}};
	uint64_t seed = test_seed(0x5eed0010);

	(void)state;
	begin(1024);
	for (unsigned int i = 0; i < 4; i++) {
		workers[i] = (struct worker){.id = i,
			.random = seed + i,
			.ops = 50000,
			.work = i < 2 ? list_and_drop : isolate_and_put_back};
		start(&workers[i]);
	}
	join(&workers[0]);
	join(&workers[1]);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	join(&workers[2]);
	join(&workers[3]);
	end();
}

/* The page lock keeps others out. */

static struct page *locked_page;
static unsigned long guarded;

static void count_under_page_lock(struct worker *worker)
{
	for (unsigned long op = 0; op < worker->ops; op++) {
		lock_page(locked_page);
		guarded++;
		unlock_page(locked_page);
	}
}

static void the_page_lock_is_one(void **state)
{
	struct worker workers[4];

	(void)state;
	begin(1024);
	locked_page = alloc_page(GFP_KERNEL);
	guarded = 0;
	for (unsigned int i = 0; i < 4; i++) {
		workers[i] = (struct worker){.id = i, .ops = 5000, .work = count_under_page_lock};
		start(&workers[i]);
	}
	for (unsigned int i = 0; i < 4; i++)
		join(&workers[i]);
	assert_int_equal(guarded, 20000);
	__free_pages(locked_page, 0);
	end();
}

/* A file larger than memory, its users, its disk, and those who want its pages. */

#define NR_BLOCKS 3000U
#define OWN_PAGES 40U

static struct store *file;
static uint64_t expected[NR_BLOCKS]; /* what was written last; under the page's lock */

static void look(struct worker *worker, unsigned long index)
{
	struct page *page = read_cache_page(&file->mapping, index);
	const uint64_t *words;

	(void)worker;
	if (!page)
		return; /* an error of the disk */
	words = page_address(page);
	lock_page(page);
	note_wrong(page->mapping != &file->mapping || page->index != index);
	note_wrong(page_state(page) != PAGE_ALLOCATED || page_count(page) < 2);
	note_wrong(words[0] != words[LAST] ||
		   words[0] != __atomic_load_n(&expected[index], __ATOMIC_RELAXED));
	unlock_page(page);
	put_page(page);
}

static void overwrite(struct worker *worker, unsigned long index)
{
	struct page *page = grab_cache_page(&file->mapping, index);
	uint64_t *words;

	if (!page)
		return;
	words = page_address(page);
	words[0] = words[LAST] = worker->random;
	__atomic_store_n(&expected[index], worker->random, __ATOMIC_RELAXED);
	SetPageUptodate(page);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	balance_dirty_pages(&file->mapping);
}

/* An address space that comes and goes, while reclaim looks at its pages. */
static void make_and_destroy(struct worker *worker)
{
	struct store *own = worker->own;

	if (address_space_init(&own->mapping, &own->ops, own, OWN_PAGES, GFP_KERNEL))
		return;
	for (unsigned long i = 0; i < OWN_PAGES; i++) {
		struct page *page = i % 2 ? grab_cache_page(&own->mapping, i)
					  : read_cache_page(&own->mapping, i);
		uint64_t *words = page ? page_address(page) : NULL;

		if (!page)
			continue;
		if (i % 2) {
			words[0] = words[LAST] = i + 1;
			SetPageUptodate(page);
			set_page_dirty(page);
			unlock_page(page);
		}
		put_page(page);
	}
	address_space_destroy(&own->mapping);
}

static void use_file(struct worker *worker)
{
	for (unsigned long op = 0; op < worker->ops; op++) {
		unsigned long index = next_random(&worker->random, NR_BLOCKS);
		unsigned long what = next_random(&worker->random, 1000);

		if (what < 600)
			look(worker, index);
		else if (what < 995)
			overwrite(worker, index);
		else
			make_and_destroy(worker);
	}
}

/* Reads and writes end in interrupts, a few of them with an error. */
static void be_the_disk(struct worker *worker)
{
	while (!is_set(&disk_stop)) {
		unsigned int nr = 1 + (unsigned int)next_random(&worker->random, 64);

		interrupt_begin(0);
		nr = store_complete(file, nr, next_random(&worker->random, 50) == 0);
		interrupt_end();
		if (nr == 0)
			cond_resched();
	}
}

static void reclaim_directly(struct worker *worker)
{
	const struct zonelist *zonelist = machine->mm.node[0]->node_zonelists[0];

	while (!stopped()) {
		mm_current()->flags |= PF_MEMALLOC;
		try_to_free_pages(
			zonelist, next_random(&worker->random, 4) ? GFP_KERNEL : GFP_NOFS, 0);
		mm_current()->flags &= ~PF_MEMALLOC;
	}
}

static void sync_and_look(struct worker *worker)
{
	while (!stopped()) {
		address_space_sync(&file->mapping);
		for (unsigned int i = 0; i < 100 && !stopped(); i++) {
			unsigned long index = next_random(&worker->random, NR_BLOCKS);
			struct page *page = find_get_page(&file->mapping, index);

			if (!page)
				continue;
			mark_page_accessed(page);
			note_wrong(page_state(page) != PAGE_ALLOCATED || page_count(page) < 1);
			put_page(page);
		}
	}
}

static void be_kswapd(struct worker *worker)
{
	(void)worker;
	mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
	kswapd(machine->mm.node[0]);
}

/* kswapd's thread ends here, when the others have. */
static long last_objects(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	(void)shrinker, (void)nr, (void)gfp;
	if (stopped() && mm_current()->flags & PF_KSWAPD) {
		__atomic_store_n(&kswapd_gone, true, __ATOMIC_RELEASE);
		pthread_exit(NULL);
	}
	return 0;
}

static void end_kswapd(struct worker *worker, struct shrinker *shrinker)
{
	const unsigned long min_free_kbytes = machine->mm.min_free_kbytes;

	/* Never enough: it balances as soon as it is woken. */
	mm_set_min_free_kbytes(&machine->mm, 1 << 20);
	while (!is_set(&kswapd_gone)) {
		wakeup_kswapd(zone, 0);
		cond_resched();
	}
	join(worker);
	mm_set_min_free_kbytes(&machine->mm, min_free_kbytes);
	machine->mm.cpu[worker->id]->task->flags = 0;
	shrinker->running = 0; /* the call that ended the thread */
	remove_shrinker(shrinker);
}

/* All is written: the store has the last of every page, and nothing remains. */
static void settle(struct worker workers[])
{
	store_complete(file, STORE_MAX_PENDING, false);
	file->write_mode = STORE_NOW;
	assert_int_equal(address_space_sync(&file->mapping), 0);
	for (unsigned long i = 0; i < NR_BLOCKS; i++)
		note_wrong(file->word[i] != expected[i]);
	store_destroy(file);
	for (unsigned int i = 0; i < 3; i++) {
		struct store *own = workers[i].own;

		assert_int_equal(
			address_space_init(&own->mapping, &own->ops, own, 1, GFP_KERNEL), 0);
		store_destroy(own);
	}
}

static void what_was_written_is_read_whoever_reclaims(void **state)
{
	static void (*const work[])(struct worker *) = {use_file, use_file, use_file, be_the_disk,
		reclaim_directly, sync_and_look, be_kswapd};
	struct shrinker shrinker = {.name = "last", .scan = last_objects};
	struct worker workers[ARRAY_SIZE(work)];
	uint64_t seed = test_seed(0x5eed0011);
	struct mm_cpu_stat stat;

	(void)state;
	begin(1024);
	set_shrinker(&shrinker);
	file = store_create(NR_BLOCKS, GFP_KERNEL);
	file->read_mode = file->write_mode = STORE_LATER;
	for (unsigned long i = 0; i < NR_BLOCKS; i++)
		expected[i] = i + 1;
	/* The CPUs before are the workers'. */
	machine_enter(machine, MAX_THREADS - 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(work); i++) {
		workers[i] = (struct worker){
			.id = i, .random = seed + i, .ops = 6000, .work = work[i]};
		if (work[i] == use_file) {
			workers[i].own = store_create(OWN_PAGES, GFP_KERNEL);
			address_space_destroy(&workers[i].own->mapping);
		}
		start(&workers[i]);
	}
	for (unsigned int i = 0; i < 3; i++)
		join(&workers[i]);
	/* The disk last: the others may be waiting for it. */
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	join(&workers[4]);
	join(&workers[5]);
	end_kswapd(&workers[6], &shrinker);
	__atomic_store_n(&disk_stop, true, __ATOMIC_RELEASE);
	join(&workers[3]);
	settle(workers);
	mm_sum_stat(&machine->mm, &stat);
	assert_true(stat.pgsteal[ZONE_NORMAL] > NR_BLOCKS);
	end();
}

/* Shrinkers come and go while others are asked. */

static unsigned long nr_asked;

static long touch(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	(void)gfp;
	note_wrong(shrinker->seeks != 1);
	__atomic_fetch_add(&nr_asked, 1, __ATOMIC_RELAXED);
	return nr ? 0 : 1000;
}

static void come_and_go(struct worker *worker)
{
	for (unsigned long op = 0; op < worker->ops; op++) {
		struct shrinker shrinker = {.name = "short-lived", .seeks = 1, .scan = touch};

		set_shrinker(&shrinker);
		if (next_random(&worker->random, 2))
			cond_resched();
		remove_shrinker(&shrinker);
		/* Nobody calls it any more. */
		shrinker.seeks = 0;
	}
}

static void ask(struct worker *worker)
{
	(void)worker;
	do {
		shrink_slab(&machine->mm, 32, GFP_KERNEL, 100);
	} while (!stopped());
}

static void a_shrinker_that_is_removed_is_not_called(void **state)
{
	struct shrinker stays = {.name = "long-lived", .seeks = 1, .scan = touch};
	struct worker workers[4];
	uint64_t seed = test_seed(0x5eed0012);

	(void)state;
	begin(1024);
	nr_asked = 0;
	set_shrinker(&stays);
	for (unsigned int i = 0; i < 4; i++) {
		workers[i] = (struct worker){.id = i,
			.random = seed + i,
			.ops = 2000,
			.work = i < 2 ? come_and_go : ask};
		start(&workers[i]);
	}
	join(&workers[0]);
	join(&workers[1]);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	join(&workers[2]);
	join(&workers[3]);
	assert_true(nr_asked > 0);
	remove_shrinker(&stays);
	assert_true(list_empty(&machine->mm.shrinkers));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_reference_frees_whoever_has_it),
		cmocka_unit_test(the_page_lock_is_one),
		cmocka_unit_test(what_was_written_is_read_whoever_reclaims),
		cmocka_unit_test(a_shrinker_that_is_removed_is_not_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
