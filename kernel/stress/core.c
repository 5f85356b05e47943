/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The beginning and the end of a run, and what a violation does.
 *
 * The state of workers and CPUs comes from the allocator under test and is claimed in the ownership
 * map like everything else. What was free before, caches drained, must be free again afterwards.
 *
 * How the footprint is divided (the pressure is no part of it): 32 pages for each CPU's interrupt;
 * for bursts what the largest zone has that fits beside a working share for everybody; the rest in
 * equal shares for the workers. The stress's own state and map are not part of it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <mm/reclaim.h>
#include <port/cpu.h>
#include <port/print.h>
#include "core.h"

#define FOOTPRINT_DEFAULT_MAX (1UL << 30)
/** The least that a worker can do something with: order 3 twice. */
#define SHARE_MIN_PAGES 16UL
/** What a worker needs for blocks of all orders; bursts leave it that, or a quarter in all. */
#define SHARE_PAGES (MAX_ORDER_NR_PAGES * 3 / 2)
/** Pages of a CPU's interrupt. */
#define IRQ_PAGES ((unsigned long)IRQ_SLOTS << IRQ_ORDER_MAX)
/** Highest order that workers ask for under pressure: few larger ones are left to get. */
#define PRESSURE_ORDER_MAX 3U
/** Violations that are printed; the rest are counted. */
#define MAX_REPORTS 8U
/** Seconds that slot 0 waits for the others once the run has been stopped. */
#define PATIENCE_SECONDS 10U
/** The first burst waits until there is something to disturb. */
#define FIRST_BURST 512U

const char *stress_kind_name(enum stress_kind kind)
{
	static const char *const names[NR_STRESS_KINDS] = {
		[STRESS_OK] = "none",
		[STRESS_TWO_OWNERS] = "two-owners",
		[STRESS_CONTENT] = "content",
		[STRESS_ZONE] = "zone",
		[STRESS_ALIGNMENT] = "alignment",
		[STRESS_ZERO] = "zero",
		[STRESS_COMPOUND] = "compound",
		[STRESS_COUNT] = "count",
		[STRESS_ORDER] = "order",
		[STRESS_LEAK] = "leak",
		[STRESS_CHECK] = "check",
		[STRESS_MISUSE] = "misuse",
		[STRESS_STARVED] = "starved",
		[STRESS_HANG] = "hang",
		[STRESS_POLICY] = "policy",
		[STRESS_WATERMARK] = "watermark",
		[STRESS_COVERAGE] = "coverage",
	};

	return names[kind];
}

const char *stress_owner_name(const struct stress *s, uint32_t owner, char *text, size_t size)
{
	if (owner == OWNER_NONE)
		snprintf(text, size, "nobody");
	else if (owner == OWNER_MAP)
		snprintf(text, size, "the ownership map");
	else if (owner == OWNER_STATE)
		snprintf(text, size, "the stress's state");
	else if (owner == OWNER_BURST)
		snprintf(text, size, "the burst");
	else if (owner >= OWNER_PRESSURE(0) && owner < OWNER_PRESSURE(STRESS_MAX_ZONES))
		snprintf(text, size, "the pressure");
	else if (owner >= OWNER_IRQ(0) && owner < OWNER_IRQ(s->nr_cpus))
		snprintf(text, size, "the interrupt of cpu %u", s->cpu[owner - OWNER_IRQ(0)]->id);
	else
		snprintf(text, size, "worker %u", (unsigned int)(owner - OWNER_WORKER(0)));
	return text;
}

void stress_violation(
	struct stress *s, enum stress_kind kind, unsigned long pfn, const char *format, ...)
{
	int none = STRESS_OK;
	unsigned int nr = atomic_fetch_add(&s->violations, 1);
	va_list args;

	atomic_compare_exchange_strong(&s->kind, &none, (int)kind);
	atomic_store(&s->stop, true);
	if (nr >= MAX_REPORTS)
		return;
	print("stress: VIOLATION kind=%s on cpu %u%s: expected ", stress_kind_name(kind),
		this_cpu->id, in_interrupt() ? " in its interrupt" : "");
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
	if (pfn != STRESS_NO_PFN)
		show_page(s->mm, pfn);
}

/* One past the last pfn of a row of the layout. */
static unsigned long row_end(const struct zone_limit *row)
{
	return row->end == PHYS_ADDR_MAX ? ~0UL : pfn_down(row->end);
}

/* Where the pages of each modifier must lie, from the banks and the architecture's layout. */
static void find_limits(struct stress *s)
{
	const struct zone_layout *layout = s->mm->layout;
	unsigned long start = 0;
	bool lowest = false;

	s->limit_pfn[0] = s->limit_pfn[__GFP_HIGHMEM] = ~0UL;
	for (unsigned int i = 0; i < layout->nr; i++) {
		unsigned long end = row_end(&layout->limit[i]);

		if (layout->limit[i].type == ZONE_HIGHMEM)
			s->limit_pfn[0] = start;
		if (layout->limit[i].type <= ZONE_DMA32)
			s->limit_pfn[__GFP_DMA32] = end;
		if (!lowest && memblock_present(s->mm->memblock, MEMBLOCK_ANY_NODE, start, end)) {
			s->limit_pfn[__GFP_DMA] = end;
			lowest = true;
		}
		start = end;
	}
}

static void find_nodes(struct stress *s)
{
	for (unsigned int nid = 0; nid < s->mm->nr_node_ids; nid++) {
		if (mm_node(s->mm, (int)nid) && s->nr_nodes < STRESS_MAX_NODES)
			s->nid[s->nr_nodes++] = (int)nid;
	}
}

/* Can the zone be a list of its own, bound to its node? */
static bool is_alone(const struct zone *zone, const struct mm *mm)
{
	struct zone *other;

	for_each_populated_zone (other, mm) {
		if (other->type > zone->type ||
			(other != zone && other->zone_pgdat == zone->zone_pgdat))
			return false;
	}
	return true;
}

/* Find the zones that have no more pages than `most`; returns the pages of the largest. */
static unsigned long find_burst_zones(struct stress *s, unsigned long most)
{
	static const gfp_t modifier[MAX_NR_ZONES] = {
		[ZONE_DMA] = __GFP_DMA, [ZONE_DMA32] = __GFP_DMA32, [ZONE_HIGHMEM] = __GFP_HIGHMEM};
	unsigned long largest = 0;
	struct zone *zone;

	for_each_populated_zone (zone, s->mm) {
		unsigned long managed = zone->present_pages - zone->reserved_pages;

		if (managed == 0 || managed > most || s->nr_zones == STRESS_MAX_ZONES)
			continue;
		if (managed > largest)
			largest = managed;
		s->zone[s->nr_zones++] = (struct stress_zone){.nid = zone->zone_pgdat->node_id,
			.type = zone->type,
			.modifier = modifier[zone->type],
			.zone = zone,
			.managed = managed,
			.alone = is_alone(zone, s->mm)};
	}
	return largest;
}

/* How many pages to hold at once; 0 after a line if they are too many or too few. */
static unsigned long find_footprint(const struct stress *s)
{
	unsigned long nr = (unsigned long)(s->params.footprint >> PAGE_SHIFT);
	unsigned long least = s->nr_cpus * IRQ_PAGES + s->nr_workers * SHARE_MIN_PAGES;

	if (s->params.footprint == 0) {
		nr = s->free_before / 2;
		if (nr > FOOTPRINT_DEFAULT_MAX >> PAGE_SHIFT)
			nr = FOOTPRINT_DEFAULT_MAX >> PAGE_SHIFT;
	}
	if (nr <= s->free_before && nr >= least)
		return nr;
	print("stress: footprint: %lu pages; %u workers on %u cpus need %lu at least, and %lu are "
	      "free: try other footprint= or workers=, or `free all`\n",
		nr, s->nr_workers, s->nr_cpus, least, s->free_before);
	return 0;
}

/* Divide the footprint. Returns a worker's share in pages; 0 after a line that says why not. */
static unsigned long divide_footprint(struct stress *s)
{
	unsigned long nr = find_footprint(s), irq = s->nr_cpus * IRQ_PAGES;
	unsigned long workers = irq + s->nr_workers * SHARE_PAGES, burst, share;

	if (nr == 0)
		return 0;
	s->footprint_pages = nr;
	if (workers > nr / 4 && nr / 4 >= irq + s->nr_workers * SHARE_MIN_PAGES)
		workers = nr / 4;
	if (s->params.pressure) {
		find_burst_zones(s, ~0UL);
		burst = 0;
	} else {
		burst = workers < nr ? find_burst_zones(s, nr - workers) : 0;
	}
	s->burst_holder = (struct holder){.limit = burst, .owner = OWNER_BURST};
	share = (nr - burst - irq) / s->nr_workers;
	/* The largest order that leaves a quarter of the share for others. */
	while (s->order_max < (s->params.pressure ? PRESSURE_ORDER_MAX : MAX_ORDER - 1) &&
		2UL << s->order_max <= share - share / 4)
		s->order_max++;
	return share;
}

/* Pages that we need for ourselves have an owner: nothing can be built on that. */
static void conflicting_state(struct stress *s, const struct ownership_conflict *conflict)
{
	stress_violation(s, STRESS_TWO_OWNERS, conflict->pfn,
		"pages for the stress's own state, and pfn 0x%lx has owner 0x%x", conflict->pfn,
		conflict->owner);
}

bool state_claim(struct stress *s, struct page *page, unsigned int order)
{
	struct ownership_conflict conflict;
	enum ownership_result result = ownership_claim(
		&s->owners, page_to_pfn(page), 1UL << order, OWNER_STATE, &conflict);

	if (result == OWNERSHIP_CONFLICT)
		conflicting_state(s, &conflict);
	else if (result == OWNERSHIP_NO_LEAF)
		__free_pages(page, order);
	if (result != OWNERSHIP_OK)
		return false;
	s->state_pages += 1UL << order;
	return true;
}

bool state_release(struct stress *s, struct page *page, unsigned int order)
{
	struct ownership_conflict conflict;

	if (ownership_release(&s->owners, page_to_pfn(page), 1UL << order, OWNER_STATE,
		    &conflict) != OWNERSHIP_OK)
		return false;
	s->state_pages -= 1UL << order;
	return true;
}

void *state_alloc(struct stress *s, unsigned int cpu_id, unsigned long bytes)
{
	unsigned int order = get_order(bytes);
	struct page *page = alloc_pages_node(
		s->mm->cpu[cpu_id]->nid, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order);
	void *state;

	if (!page || !state_claim(s, page, order))
		return NULL;
	state = page_address(page);
	memset(state, 0, bytes);
	return state;
}

void state_free(struct stress *s, void *state, unsigned long bytes)
{
	unsigned int order = get_order(bytes);

	if (state && state_release(s, virt_to_page(state), order))
		free_pages((unsigned long)state, order);
}

static int add_cpu(struct stress *s, unsigned int slot, unsigned int id, uint64_t hwid)
{
	struct stress_cpu *c = state_alloc(s, id, sizeof(*c));

	if (!c)
		return -1;
	c->stress = s;
	c->slot = slot;
	c->id = id;
	c->hwid = hwid;
	mm_cpu_sum_stat(s->mm->cpu[id], &c->stat_before);
	c->irq_prng = prng_seed(s->params.seed, OWNER_IRQ(slot));
	c->irq_holder = (struct holder){.limit = IRQ_PAGES, .owner = OWNER_IRQ(slot)};
	mailbox_init(&c->irq_mailbox);
	atomic_init(&c->irq_wants_leaf, STRESS_NO_PFN);
	s->cpu[slot] = c;
	s->cpu_by_id[id] = c;
	return 0;
}

static int add_worker(
	struct stress *s, struct stress_cpu *c, unsigned int index, unsigned long share)
{
	struct stress_worker *w = state_alloc(s, c->id, sizeof(*w));
	uint64_t ops = s->params.ops;

	if (!w)
		return -1;
	w->stress = s;
	w->cpu = c;
	w->index = index;
	w->prng = prng_seed(s->params.seed, index);
	w->quota = ops ? ops / s->nr_workers + (index < ops % s->nr_workers) : ~0UL;
	/* In turn, the worker of the CPU that also coordinates last. */
	w->next_burst = FIRST_BURST + (uint64_t)((index + s->nr_workers - 1) % s->nr_workers) *
					      BURST_STEPS / s->nr_workers;
	w->holder = (struct holder){.limit = share, .owner = OWNER_WORKER(index)};
	mailbox_init(&w->mailbox);
	s->worker[index] = w;
	return 0;
}

static void free_state(struct stress *s)
{
	policies_free(s);
	pressure_free(s);
	for (unsigned int i = 0; i < s->nr_workers; i++)
		state_free(s, s->worker[i], sizeof(*s->worker[i]));
	for (unsigned int i = 0; i < s->nr_cpus; i++)
		state_free(s, s->cpu[i], sizeof(*s->cpu[i]));
}

static int build_state(
	struct stress *s, const unsigned int *ids, const uint64_t *hwids, unsigned long share)
{
	struct ownership_conflict conflict;
	enum ownership_result result = ownership_init(&s->owners, s->mm, &conflict);

	if (result == OWNERSHIP_CONFLICT)
		conflicting_state(s, &conflict);
	if (result != OWNERSHIP_OK)
		return -1;
	for (unsigned int slot = 0; slot < s->nr_cpus; slot++) {
		if (add_cpu(s, slot, ids[slot], hwids[slot]))
			goto fail;
	}
	for (unsigned int i = 0, slot = 0; i < s->nr_workers; i++) {
		if (add_worker(s, s->cpu[slot], i, share))
			goto fail;
		if (++slot == s->nr_cpus)
			slot = 0;
	}
	if (policies_build(s) || (s->params.pressure && pressure_build(s)))
		goto fail;
	return 0;
fail:
	/* With two owners of a page, freeing it is not ours to do. */
	if (atomic_load(&s->violations) == 0) {
		free_state(s);
		ownership_destroy(&s->owners);
	}
	return -1;
}

/* What is free and allocated before; a machine that is broken already is a finding as well. */
static void measure_before(struct stress *s)
{
	struct mm_check_result result;

	s->patience = PATIENCE_SECONDS * cpu_time_hz();
	wait_for_kswapds(s->mm, cpu_time() + s->patience);
	drain_all_pages(s->mm);
	s->free_before = nr_free_pages(s->mm);
	mm_sum_stat(s->mm, &s->stat_before);
	s->faults_before = mm_fault_injected(s->mm);
	s->misuse_before = __atomic_load_n(&s->mm->faults.misuse, __ATOMIC_RELAXED);
	if (mm_check(s->mm, &result))
		stress_violation(s, STRESS_CHECK, STRESS_NO_PFN,
			"no faults found by mm_check() before the start, and there are %lu",
			result.errors);
	s->allocated_before = result.allocated;
}

int stress_begin(struct stress *s, struct mm *mm, const struct stress_params *params,
	const unsigned int *ids, const uint64_t *hwids, unsigned int nr_cpus)
{
	unsigned long share;

	memset(s, 0, sizeof(*s));
	s->mm = mm;
	s->params = *params;
	s->nr_cpus = nr_cpus;
	s->nr_workers = params->nr_workers ? params->nr_workers : nr_cpus;
	if (nr_cpus == 0 || nr_cpus > STRESS_MAX_CPUS || s->nr_workers < nr_cpus ||
		s->nr_workers > STRESS_MAX_WORKERS) {
		print("stress: workers: %u; there are %u cpus, of at most %u, and at most %u "
		      "workers\n",
			s->nr_workers, nr_cpus, STRESS_MAX_CPUS, STRESS_MAX_WORKERS);
		return -1;
	}
	measure_before(s);
	if (atomic_load(&s->violations)) {
		stress_print_verdict(s); /* nothing can be built on that */
		return -1;
	}
	find_limits(s);
	find_nodes(s);
	share = divide_footprint(s);
	if (share == 0)
		return -1;
	if (build_state(s, ids, hwids, share)) {
		if (atomic_load(&s->violations))
			stress_print_verdict(s);
		else
			print("stress: no memory for the state of %u workers; try `free all`\n",
				s->nr_workers);
		return -1;
	}
	s->start_time = s->running_at = cpu_time();
	s->next_progress = s->start_time + cpu_time_hz();
	if (params->seconds)
		s->deadline = s->start_time + params->seconds * cpu_time_hz();
	stress_print_start(s);
	return 0;
}

/* Free what is left, and compare with what was there before. */
static void measure_after(struct stress *s)
{
	struct mm_check_result result;
	unsigned long owned;

	if (atomic_load(&s->unsafe)) {
		s->leaked = (long)(s->free_before - nr_free_pages(s->mm) - nr_cached_pages(s->mm));
		return;
	}
	free_state(s);
	owned = ownership_destroy(&s->owners);
	wait_for_kswapds(s->mm, cpu_time() + s->patience);
	drain_all_pages(s->mm);
	s->leaked = (long)(s->free_before - nr_free_pages(s->mm));
	if (mm_check(s->mm, &result))
		stress_violation(s, STRESS_CHECK, STRESS_NO_PFN,
			"no faults found by mm_check() after the run, and there are %lu",
			result.errors);
	s->checks++;
	if (s->leaked || owned || result.allocated != s->allocated_before)
		stress_violation(s, STRESS_LEAK, STRESS_NO_PFN,
			"%lu pages free, %lu allocated, none owned after the run, not %lu, %lu, "
			"%lu",
			s->free_before, s->allocated_before, nr_free_pages(s->mm), result.allocated,
			owned);
}

enum stress_kind stress_end(struct stress *s)
{
	bool whole = !s->broken_off && atomic_load(&s->violations) == 0;
	unsigned long reports = __atomic_load_n(&s->mm->faults.misuse, __ATOMIC_RELAXED);

	s->total_ops = stress_total_ops(s);
	for (unsigned int i = 0; i < s->nr_workers; i++)
		s->digest += s->worker[i]->digest;
	if (atomic_load(&s->violations) == 0 && reports != s->misuse_before)
		stress_violation(s, STRESS_MISUSE, STRESS_NO_PFN,
			"no reports of misuse, and there were %lu", reports - s->misuse_before);
	stress_print_table(s);
	if (s->broken_off)
		print("stress: broken off by Ctrl-C: coverage is not judged\n");
	if (whole && stress_coverage_gap(s))
		stress_violation(s, STRESS_COVERAGE, STRESS_NO_PFN, "no zeroes in these places");
	measure_after(s);
	stress_print_verdict(s);
	return (enum stress_kind)atomic_load(&s->kind);
}
