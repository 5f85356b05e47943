/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay: each event on its CPU, by number, or each CPU's in a thread of its own, in which a free
 * waits for the allocation that it is the end of.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include "replay.h"

/** By number, all invariants are looked at after so many events, so that a fault is told early. */
#define CHECK_EVENTS 1024U

void replay_diverge(struct replay *r, const struct replay_event *event, const char *format, ...)
{
	static const char *const names[NR_MM_TRACE_OPS] = {"an allocation",
		"an allocation without memory", "an injected fault", "a free", "a split"};
	va_list args;

	if (atomic_exchange(&r->diverged, true))
		return;
	if (event)
		fprintf(stderr,
			"replay: DIVERGED at event %" PRIu64
			", %s of order %u, gfp 0x%x, pfn 0x%" PRIx64 " on cpu %u at %" PRIu64
			".%06" PRIu64 " s, called from 0x%" PRIxPTR ": ",
			event->of.seq, names[event->of.op], event->of.order, event->of.gfp,
			event->of.pfn, event->cpu, event->of.time / r->hz,
			event->of.time % r->hz * 1000000 / r->hz, event->of.caller);
	else
		fprintf(stderr, "replay: DIVERGED at the end: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
}

/* What a zone must keep, at the least depth that any request has. */
static unsigned long kept_free(const struct zone *zone)
{
	unsigned long most = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (zone->lowmem_reserve[type] > most)
			most = zone->lowmem_reserve[type];
	return zone->pages_high + most;
}

/* Has the zone so much in blocks of this order, or above, that no rule lets it refuse one? */
static bool zone_must_serve(const struct zone *zone, unsigned int order)
{
	unsigned long pages = 0;

	for (unsigned int o = order; o < MAX_ORDER; o++)
		pages += zone->free_area[o].nr_free << o;
	return pages > kept_free(zone) + (2UL << order);
}

static const struct zonelist *zonelist_of(struct replay *r, const struct replay_event *event)
{
	const unsigned int list = event->of.gfp & GFP_ZONEMASK;
	const struct pglist_data *pgdat = mm_node(&r->mm, event->of.nid);

	return pgdat && list < GFP_ZONETYPES ? pgdat->node_zonelists[list] : NULL;
}

static bool must_serve(struct replay *r, const struct replay_event *event)
{
	const struct zonelist *list = zonelist_of(r, event);

	for (unsigned int i = 0; list && i < list->nr; i++)
		if (zone_must_serve(list->zones[i], event->of.order))
			return true;
	return false;
}

static uint32_t number_of(const struct replay *r, const struct replay_event *event)
{
	return (uint32_t)(event - r->event) + 1;
}

/* Is it a block that nobody has, from a zone that the request may be served from? */
static void check_block(struct replay *r, const struct replay_event *event, struct page *page)
{
	const struct zonelist *list = zonelist_of(r, event);
	const unsigned long pfn = page_to_pfn(page);
	bool listed = false;

	for (unsigned int i = 0; list && i < list->nr; i++)
		listed |= list->zones[i] == page_zone(page);
	if (!listed)
		replay_diverge(r, event, "served from zone %s of node %d", page_zone(page)->name,
			page_zone(page)->zone_pgdat->node_id);
	if (pfn & ((1UL << event->of.order) - 1))
		replay_diverge(r, event, "here it is pfn 0x%lx, which is not aligned", pfn);
	for (unsigned long i = 0; i < 1UL << event->of.order; i++)
		if (atomic_exchange(&r->held[pfn + i], number_of(r, event)))
			replay_diverge(
				r, event, "here it is pfn 0x%lx, which is held already", pfn + i);
}

static void give_back(struct replay *r, struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		atomic_store(&r->held[page_to_pfn(page) + i], 0);
	__free_pages(page, order);
}

static void request(struct replay *r, struct replay_event *event)
{
	/* Nobody is there to reclaim from: what is not free now will not be. */
	const gfp_t gfp = event->of.gfp | __GFP_NORETRY | __GFP_NOWARN;
	const bool must = !r->threads && must_serve(r, event);
	struct page *page = alloc_pages_node(event->of.nid, gfp, event->of.order);

	if (!page) {
		if (must)
			replay_diverge(r, event, "here it gets nothing, and there is plenty");
		atomic_fetch_add(&r->missing, event->of.op == MM_TRACE_ALLOC);
		return;
	}
	check_block(r, event, page);
	if (event->of.op == MM_TRACE_ALLOC) {
		atomic_store(&event->page, page);
		atomic_fetch_add(&r->served, 1);
	} else {
		give_back(r, page, event->of.order);
		atomic_fetch_add(&r->extra, 1);
	}
}

/* Another thread's event; false if it has diverged meanwhile. */
static bool wait_for(const struct replay *r, size_t number)
{
	while (number && !atomic_load(&r->event[number - 1].done)) {
		if (atomic_load(&r->diverged))
			return false;
		sched_yield();
	}
	return true;
}

/* The end of a block, or its split; what was not handed out here is not given back. */
static void end(struct replay *r, struct replay_event *event)
{
	const struct replay_event *from;
	struct page *page;

	if (!event->from) {
		atomic_fetch_add(&r->unknown, 1);
		return;
	}
	if (!wait_for(r, event->from) || !wait_for(r, event->split))
		return;
	from = &r->event[event->from - 1];
	page = atomic_load(&from->page);
	if (!page)
		return;
	if (event->of.op == MM_TRACE_SPLIT)
		split_page(page, event->of.order);
	else
		give_back(r, page + (event->of.pfn - from->of.pfn), event->of.order);
}

static void one(struct replay *r, struct replay_event *event)
{
	this_cpu->irq_depth += event->in_interrupt;
	if (event->of.op <= MM_TRACE_NULL && event->of.nid >= 0)
		request(r, event);
	else if (event->of.op >= MM_TRACE_FREE)
		end(r, event);
	this_cpu->irq_depth -= event->in_interrupt;
	atomic_store(&event->done, true);
	if (host_misuse_count())
		replay_diverge(r, event, "it is reported as misuse here, see above");
}

static void check(struct replay *r, const struct replay_event *event)
{
	const unsigned long errors = mm_check(&r->mm, NULL);

	if (errors)
		replay_diverge(
			r, event, "the machine does not add up, %lu faults, see above", errors);
}

static void run_by_number(struct replay *r)
{
	for (size_t i = 0; i < r->nr && !atomic_load(&r->diverged); i++) {
		host_become(r->mm.cpu[r->event[i].cpu]);
		one(r, &r->event[i]);
		if (i % CHECK_EVENTS == CHECK_EVENTS - 1)
			check(r, &r->event[i]);
	}
}

struct replay_cpu {
	struct replay *r;
	unsigned int id;
};

static void *run_cpu(void *arg)
{
	const struct replay_cpu *cpu = arg;
	struct replay *r = cpu->r;

	host_machine_enter(&r->host);
	host_become(r->mm.cpu[cpu->id]);
	for (size_t i = 0; i < r->nr && !atomic_load(&r->diverged); i++)
		if (r->event[i].cpu == cpu->id)
			one(r, &r->event[i]);
	return NULL;
}

static void run_in_threads(struct replay *r)
{
	struct replay_cpu cpu[REPLAY_MAX_CPUS];
	pthread_t thread[REPLAY_MAX_CPUS];

	for (unsigned int i = 0; i < r->nr_cpus; i++) {
		cpu[i] = (struct replay_cpu){r, i};
		if (pthread_create(&thread[i], NULL, run_cpu, &cpu[i])) {
			perror("replay: a thread for each CPU");
			exit(2);
		}
	}
	for (unsigned int i = 0; i < r->nr_cpus; i++)
		pthread_join(thread[i], NULL);
}

/* What an allocation still has: a block, or the parts of it that were not freed. */
static void free_rest(struct replay *r, const struct replay_event *event)
{
	struct page *page = event->of.op == MM_TRACE_ALLOC ? atomic_load(&event->page) : NULL;
	const unsigned int order = event->split ? 0 : event->of.order;

	for (unsigned long i = 0; page && i < 1UL << event->of.order; i += 1UL << order)
		if (atomic_load(&r->held[page_to_pfn(page) + i]) == number_of(r, event))
			give_back(r, page + i, order);
}

/* In the end everything is back. */
static void settle(struct replay *r)
{
	host_become(r->mm.cpu[0]);
	check(r, NULL);
	for (size_t i = 0; i < r->nr && !atomic_load(&r->diverged); i++)
		free_rest(r, &r->event[i]);
	for (unsigned int i = 0; i < r->nr_cpus && !atomic_load(&r->diverged); i++) {
		host_become(r->mm.cpu[i]);
		drain_local_pages();
	}
	check(r, NULL);
	if (!atomic_load(&r->diverged) && nr_free_pages(&r->mm) != r->free_pages)
		replay_diverge(r, NULL, "%lu pages are free, and there were %lu",
			nr_free_pages(&r->mm), r->free_pages);
	if (host_misuse_count())
		replay_diverge(r, NULL, "misuse was reported, see above");
}

bool replay_run(struct replay *r)
{
	if (r->threads)
		run_in_threads(r);
	else
		run_by_number(r);
	if (!atomic_load(&r->diverged))
		settle(r);
	return !atomic_load(&r->diverged);
}

void replay_print(const struct replay *r)
{
	printf("replay: PASS %zu events of %u cpus, %zu blocks; %zu not served here, %zu served "
	       "here alone, %zu ends of blocks from before, %lu events lost\n",
		r->nr, r->nr_cpus, atomic_load(&r->served), atomic_load(&r->missing),
		atomic_load(&r->extra), atomic_load(&r->unknown), r->lost);
}
