/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest misuse`: every misuse that is to be caught, committed on the real machine, as KTAP
 * lines.
 *
 * Each must end in exactly one report of its kind, about the page that it was committed on, and be
 * refused: then the same pages are free as before, but for those that were set aside. All of it
 * runs with the levels of <mm/debug.h> that a row needs, and what needs none a second time with
 * `owner`: then the report must know both the allocation and the free, where there were two.
 * `cheap`: only what is always looked at, once, with all levels off.
 *
 * Owns nothing but `leaked`. Nobody else may be allocating.
 */
#include <string.h>
#include <mm/debug.h>
#include <mm/page_owner.h>
#include <port/irq.h>
#include <port/mem.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"
#include "selftest_misuse.h"

static bool double_free(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 10);

	EXPECT(page);
	__free_pages(page, 10);
	__free_pages(page, 10);
	scene->page = page;
	return true;
}

static bool double_free_in_cache(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);

	EXPECT(page);
	__free_page(page);
	EXPECT(page_state(page) == PAGE_CACHED);
	__free_page(page);
	scene->page = page;
	return true;
}

/* Asked for at once, another page comes: this one waits. */
static bool double_free_in_quarantine(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL), *next;

	EXPECT(page);
	__free_page(page);
	next = alloc_page(GFP_KERNEL);
	EXPECT(next && next != page);
	EXPECT(page_state(page) == PAGE_QUARANTINED);
	__free_page(page);
	__free_page(next);
	scene->page = page;
	return true;
}

static bool wrong_order(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	EXPECT(page);
	__free_pages(page, 2);
	EXPECT(page_count(page) == 1);
	__free_pages(page, 3);
	scene->page = page;
	return true;
}

/* A tail, and so not aligned to the order that it is freed with. */
static bool tail(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	EXPECT(page);
	__free_pages(page + 1, 3);
	__free_pages(page, 3);
	scene->page = page + 1;
	return true;
}

/* The first page of the block's second half: aligned to what it is freed as. */
static bool interior(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	EXPECT(page);
	__free_pages(page + 4, 2);
	__free_pages(page, 3);
	scene->page = page + 4;
	return true;
}

static struct page *find_page(bool (*is_it)(const struct page *page))
{
	for (unsigned long pfn = 0; pfn < kernel.mm.max_pfn; pfn++)
		if (pfn_valid(&kernel.mm, pfn) && is_it(pfn_to_page(pfn)))
			return pfn_to_page(pfn);
	return NULL;
}

static bool is_reserved(const struct page *page)
{
	return PageReserved(page) && page_to_nid(page) != NODE_HOLE;
}

static bool is_never_allocated(const struct page *page)
{
	return page_state(page) == PAGE_NEW && !PageReserved(page);
}

static bool free_found(struct scene *scene, bool (*is_it)(const struct page *page))
{
	struct page *page = find_page(is_it);

	scene->page = page;
	scene->skip = !page;
	if (page)
		__free_page(page);
	return true;
}

static bool reserved(struct scene *scene)
{
	return free_found(scene, is_reserved);
}

static bool has_memory(unsigned long section)
{
	for (unsigned long i = 0; i < SECTION_PAGES; i += BLOCK_PAGES)
		if (pfn_valid(&kernel.mm, section + i))
			return true;
	return false;
}

/* The first where no memory is anywhere near, so that it has no descriptor. */
static bool hole(struct scene *scene)
{
	unsigned long pfn = 0;

	while (has_memory(pfn))
		pfn += SECTION_PAGES;
	__free_page(pfn_to_page(pfn));
	scene->page = pfn_to_page(pfn);
	return true;
}

/* A page inside a free block that has never been handed out. */
static bool never_allocated(struct scene *scene)
{
	return free_found(scene, is_never_allocated);
}

/* Memory that is not the allocator's, and a pfn without memory. */
static bool foreign(struct scene *scene)
{
	(void)scene;
	free_page((unsigned long)&kernel);
	return true;
}

static bool offline(struct scene *scene)
{
	(void)scene;
	free_page((unsigned long)phys_to_virt(pfn_to_phys(kernel.mm.max_pfn)));
	return true;
}

static bool zero_count(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);

	EXPECT(page && put_page_testzero(page));
	EXPECT(!put_page_testzero(page));
	free_hot_page(page);
	scene->page = page;
	return true;
}

static bool compound(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	EXPECT(page);
	set_page_private(page + 3, (unsigned long)(page + 1));
	__free_pages(page, 2);
	scene->page = page;
	scene->set_aside = 4;
	return true;
}

static bool flags_left(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);

	EXPECT(page);
	SetPageLocked(page);
	__free_page(page);
	scene->page = page;
	scene->set_aside = 1;
	return true;
}

static bool flags_left_on_tail(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	EXPECT(page);
	SetPageLocked(page + 5);
	__free_pages(page, 3);
	scene->page = page + 5;
	scene->set_aside = 8;
	return true;
}

static bool zone_locked(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	irq_flags_t flags;

	EXPECT(page);
	flags = spin_lock_irqsave(&page_zone(page)->lock);
	__free_pages(page, 1);
	spin_unlock_irqrestore(&page_zone(page)->lock, flags);
	EXPECT(page_count(page) == 1);
	__free_pages(page, 1);
	scene->page = page;
	return true;
}

/* The cache would take it without the lock, today. */
static bool zone_locked_single(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);
	irq_flags_t flags;

	EXPECT(page);
	flags = spin_lock_irqsave(&page_zone(page)->lock);
	__free_page(page);
	spin_unlock_irqrestore(&page_zone(page)->lock, flags);
	EXPECT(page_count(page) == 1);
	__free_page(page);
	scene->page = page;
	return true;
}

static bool atomic_sleep(struct scene *scene)
{
	const irq_flags_t flags = irq_save();
	struct page *page = alloc_page(GFP_KERNEL);

	(void)scene;
	irq_restore(flags);
	EXPECT(page);
	__free_page(page);
	return true;
}

static bool list_corruption(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 10), *next;
	const struct zone *zone;

	EXPECT(page);
	zone = page_zone(page);
	__free_pages(page, 10);
	drain_local_pages();
	EXPECT(zone->free_area[10].free_list.next == &page->lru);
	page->lru.next = NULL;
	next = alloc_pages(GFP_KERNEL, 10); /* the list was made anew, in another order */
	EXPECT(next);
	__free_pages(next, 10);
	scene->page = page;
	return true;
}

/* Without the level, `check` tells. */
static bool list_checked(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 10);
	struct list_head *next;

	(void)scene;
	EXPECT(page);
	__free_pages(page, 10);
	drain_local_pages();
	next = page->lru.next;
	page->lru.next = NULL;
	EXPECT(mm_check(&kernel.mm, NULL) > 0);
	page->lru.next = next;
	EXPECT(mm_check(&kernel.mm, NULL) == 0);
	return true;
}

static bool counter_drift(struct scene *scene)
{
	struct zone *zone = mm_next_zone(&kernel.mm, NULL);

	(void)scene;
	zone->free_pages++;
	EXPECT(mm_check(&kernel.mm, NULL) == 1);
	zone->free_pages--;
	EXPECT(mm_check(&kernel.mm, NULL) == 0);
	return true;
}

/* Pages that were allocated at `since` or later, by whom; see leak(). */
struct leaks {
	uint64_t since;
	unsigned long pages;
	const void *from;
};

static void add_leak(void *context, unsigned long pfn, const struct page_owner *owner)
{
	struct leaks *leaks = context;

	(void)pfn;
	if (owner->allocated.time < leaks->since)
		return;
	leaks->pages += 1UL << owner->allocated.order;
	leaks->from = (const void *)owner->allocated.stack[0];
}

/* What nobody gives back stays on record with where it was allocated. */
static bool leak(struct scene *scene)
{
	struct leaks leaks = {.since = cpu_time()};
	const char *here = (const char *)(uintptr_t)leak;
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	(void)scene;
	EXPECT(page);
	page_owner_for_each(&kernel.mm, add_leak, &leaks);
	__free_pages(page, 2);
	EXPECT(leaks.pages == 4);
	EXPECT((const char *)leaks.from > here && (const char *)leaks.from < here + 1024);
	return true;
}

static const struct {
	const char *name;
	bool (*commit)(struct scene *scene);
	unsigned int levels; /* that it is found by; 0: always */
	enum misuse kind;    /* of the one report; NR_MISUSE: there is none */
	bool both;           /* the page has been allocated and freed: `owner` knows both */
} rows[] = {
	{"double free", double_free, 0, MISUSE_DOUBLE_FREE, true},
	{"double free in a per-CPU list", double_free_in_cache, 0, MISUSE_DOUBLE_FREE, true},
	{"double free in quarantine", double_free_in_quarantine, MM_DEBUG_QUARANTINE,
		MISUSE_DOUBLE_FREE, true},
	{"wrong order", wrong_order, 0, MISUSE_WRONG_ORDER, false},
	{"tail page, misaligned", tail, 0, MISUSE_NOT_ALLOCATED, false},
	{"interior page, aligned", interior, 0, MISUSE_NOT_ALLOCATED, false},
	{"reserved page", reserved, 0, MISUSE_RESERVED, false},
	{"hole", hole, 0, MISUSE_NO_DESCRIPTOR, false},
	{"foreign address", foreign, 0, MISUSE_BAD_ADDRESS, false},
	{"offline pfn", offline, 0, MISUSE_BAD_ADDRESS, false},
	{"never allocated", never_allocated, 0, MISUSE_NOT_ALLOCATED, false},
	{"zero-count put", zero_count, 0, MISUSE_ZERO_COUNT, false},
	{"compound part astray", compound, 0, MISUSE_BAD_COMPOUND, false},
	{"flags left on the page", flags_left, 0, MISUSE_BAD_PAGE, false},
	{"flags left on a tail", flags_left_on_tail, MM_DEBUG_TAILS, MISUSE_BAD_PAGE, false},
	{"free under the zone lock", zone_locked, 0, MISUSE_ZONE_LOCKED, false},
	{"free of a single page under the zone lock", zone_locked_single, MM_DEBUG_CONTEXT,
		MISUSE_ZONE_LOCKED, false},
	{"sleeping in atomic", atomic_sleep, MM_DEBUG_CONTEXT, MISUSE_ATOMIC_SLEEP, false},
	{"write after free, found by the next owner", selftest_write_after_free, MM_DEBUG_POISON,
		MISUSE_WRITE_AFTER_FREE, true},
	{"write after free, found by a check", selftest_write_after_free_checked, MM_DEBUG_POISON,
		MISUSE_WRITE_AFTER_FREE, true},
	{"read after free", selftest_read_after_free, MM_DEBUG_UNMAP, MISUSE_READ_AFTER_FREE, true},
	{"write after free, trapped", selftest_write_after_free_traps, MM_DEBUG_UNMAP,
		MISUSE_WRITE_AFTER_FREE, true},
	{"list corruption, mended", list_corruption, MM_DEBUG_LISTS, MISUSE_BAD_LIST, true},
	{"list corruption, found by a check", list_checked, 0, NR_MISUSE, false},
	{"counter drift", counter_drift, 0, NR_MISUSE, false},
	{"leak", leak, MM_DEBUG_OWNER, NR_MISUSE, false},
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Exactly one report, of this kind and about this page, and both sites if there are two. */
static bool reported_once(unsigned int i, const struct scene *scene, unsigned long before_kind,
	unsigned long before_all)
{
	const unsigned long all = kernel.mm.faults.misuse - before_all;
	unsigned long pfn;

	if (rows[i].kind == NR_MISUSE || scene->skip) {
		EXPECT(all == 0);
		return true;
	}
	EXPECT(all == 1);
	EXPECT(atomic_load(&kernel.misuse[rows[i].kind]) == before_kind + 1);
	EXPECT(kernel.misuse_page == scene->page);
	if (!rows[i].both || !(mm_debug(&kernel.mm) & MM_DEBUG_OWNER))
		return true;
	pfn = page_to_pfn(scene->page);
	EXPECT(page_owner_allocated(&kernel.mm, pfn));
	EXPECT(page_owner_freed(&kernel.mm, pfn));
	return true;
}

/* Commit it, with these levels on and no others, and compare what it did with the row. */
static bool row_holds(unsigned int i, unsigned int levels, struct scene *scene)
{
	unsigned long free, after, all, kind;

	mm_debug_set(&kernel.mm, mm_debug(&kernel.mm) & ~levels, false);
	if (mm_debug_set(&kernel.mm, levels, true))
		return false;
	free = selftest_free_pages();
	all = kernel.mm.faults.misuse;
	kind = rows[i].kind < NR_MISUSE ? atomic_load(&kernel.misuse[rows[i].kind]) : 0;
	if (!rows[i].commit(scene) || !reported_once(i, scene, kind, all))
		return false;
	after = selftest_free_pages() + scene->set_aside;
	if (after != free)
		print("# %lu pages free before, %lu after\n", free, after);
	return after == free;
}

/* One row, with exactly these levels on: printed as test number `number`. */
static bool run_row(unsigned int i, unsigned int levels, unsigned int number)
{
	struct scene scene = {.skip = false};
	const bool ok = row_holds(i, levels, &scene);

	print("%s %u %s%s%s\n", ok ? "ok" : "not ok", number, rows[i].name,
		levels & ~rows[i].levels ? ", with owners" : "",
		scene.skip ? " # SKIP none on this machine" : "");
	return ok;
}

/* The rows that need no level. */
static unsigned int run_cheap(void)
{
	unsigned int nr = 0, number = 0, failed = 0;

	for (unsigned int i = 0; i < NR_ROWS; i++)
		nr += rows[i].levels == 0;
	print("KTAP version 1\n1..%u\n", nr);
	for (unsigned int i = 0; i < NR_ROWS; i++)
		if (rows[i].levels == 0)
			failed += !run_row(i, 0, ++number);
	return failed;
}

/* All of them, and once more with the records of owners. */
static unsigned int run_all(void)
{
	unsigned int number = 0, failed = 0;

	print("KTAP version 1\n1..%u\n", (unsigned int)(2 * NR_ROWS));
	for (unsigned int i = 0; i < NR_ROWS; i++)
		failed += !run_row(i, rows[i].levels, ++number);
	for (unsigned int i = 0; i < NR_ROWS; i++)
		failed += !run_row(i, rows[i].levels | MM_DEBUG_OWNER, ++number);
	return failed;
}

int selftest_misuse(int argc, char **argv)
{
	const unsigned int before = mm_debug(&kernel.mm);
	const bool cheap = argc == 2 && strcmp(argv[1], "cheap") == 0;
	unsigned int failed;

	if (argc != 1 && !cheap)
		return command_usage("selftest", "%s takes nothing, or `cheap`", argv[0]);
	if (kernel.mm.panic_on_misuse) {
		print("selftest: misuse: the first would stop the machine; boot with "
		      "panic_on_misuse=0\n");
		return CMD_FAILED;
	}
	/* The table of owners and the page tables are taken once, and stay: in no row's balance. */
	if (!cheap && mm_debug_set(&kernel.mm, MM_DEBUG_OWNER | MM_DEBUG_UNMAP, true))
		return CMD_FAILED;
	failed = cheap ? run_cheap() : run_all();
	mm_debug_set(&kernel.mm, mm_debug(&kernel.mm) & ~before, false);
	if (mm_debug_set(&kernel.mm, before, true) || mm_check(&kernel.mm, NULL))
		failed++;
	return failed ? CMD_FAILED : CMD_OK;
}
