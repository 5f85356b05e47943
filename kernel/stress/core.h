/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress: what its files say to each other.
 *
 * Everything but stress.c (the monitor's command) needs no more than the core and the port
 * contract: a CPU may be a hart, or a thread of a host process with a this_cpu of its own.
 *
 *	stress_begin            one CPU: measure, build the state
 *	stress_cpu_main         every CPU, at the same time; stress_tick() in its timer interrupt
 *	stress_end              one CPU: free, measure again, judge
 */
#ifndef STRESS_CORE_H
#define STRESS_CORE_H

#include <port/irq.h>
#include "state.h"

/* core.c: the beginning, the end, and what a violation does. */

/**
 * Measure the machine and build the state. `ids` are mm_cpu ids, `hwids` their hardware ids; slot
 * 0 coordinates. Task context, nothing else allocating. 0, or -1 after a line that says what is
 * wrong.
 */
int stress_begin(struct stress *s, struct mm *mm, const struct stress_params *params,
	const unsigned int *ids, const uint64_t *hwids, unsigned int nr_cpus);

/** Free the state, look for what is lost, and judge. Returns the kind of the verdict. */
enum stress_kind stress_end(struct stress *s);

/** A fault of the allocator: report it with the page (or STRESS_NO_PFN) and stop all. */
void stress_violation(struct stress *s, enum stress_kind kind, unsigned long pfn,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

const char *stress_kind_name(enum stress_kind kind);

static inline bool stress_stopped(const struct stress *s)
{
	return atomic_load_explicit(&s->stop, memory_order_relaxed);
}

/** Pages held by workers, interrupts and the burst. */
unsigned long stress_held(const struct stress *s);

/** Claim a block for the stress's own state, and give up the claim; false: not to be used. */
bool state_claim(struct stress *s, struct page *page, unsigned int order);
bool state_release(struct stress *s, struct page *page, unsigned int order);
/** Zeroed memory for state, on the node of a CPU, claimed; NULL: none. */
void *state_alloc(struct stress *s, unsigned int cpu_id, unsigned long bytes);
void state_free(struct stress *s, void *state, unsigned long bytes);

/* run.c: the course of a run on each CPU. */

/** Run slot `slot`'s workers to the end, with all other slots doing the same. Task context. */
void stress_cpu_main(struct stress *s, unsigned int slot);

/** mm_check() and our own count of what is allocated. All other CPUs quiet. */
void stress_check(struct stress *s);

/** What slot 0 does all the time: progress, time limit, Ctrl-C, reports of misuse. */
void stress_look_around(struct stress *s);

/* worker.c: the mix. */

void worker_step(struct stress_worker *w);
/** Does it drain all caches, once every DRAIN_STEPS steps? */
bool worker_drains(const struct stress_worker *w);
/** Give back everything it holds. */
void worker_empty(struct stress_worker *w);
/** Free what is in its mailbox, at most `most` blocks. */
void worker_drain_mailbox(struct stress_worker *w, unsigned int most);

/* burst.c */

/** Empty one of the zones that fit the footprint, and give it all back. */
void burst_run(struct stress_worker *w, unsigned int which);

/* irqload.c: the timer interrupt's share. */

/** From the timer interrupt of each CPU, while the run lasts. */
void stress_tick(struct stress *s);
/** Give back what a CPU's interrupt holds and was sent; that CPU's task, interrupts quiet. */
void irqload_empty(struct stress_cpu *c);

/* take.c: one block in, one block out, with all that is to be proved. */

/** How to ask for a block. */
enum take_via { VIA_PAGES, VIA_NODE, VIA_ADDRESS, VIA_ZEROED_PAGE };
struct request {
	gfp_t gfp;
	unsigned int order;
	enum take_via via;
	int nid;                   /* for VIA_NODE */
	bool split;                /* afterwards, if it is more than one page and no compound */
	bool whole;                /* stamp every word */
	struct policy_use *policy; /* to ask under; NULL: none */
};

enum take_result { TAKE_OK, TAKE_FULL, TAKE_NONE };

/**
 * Take a block for `holder`, check it, claim it and stamp it. TAKE_FULL: it would not fit the
 * holder's limit, nothing was asked for. TAKE_NONE: no block. `key` makes the stamps unique.
 */
enum take_result block_take(struct stress_cpu *c, struct holder *holder,
	const struct request *request, uint64_t key, struct block *block);

/** Verify a block and free it in a way picked by the bits of `how`. Any CPU. */
void block_give(struct stress_cpu *c, const struct block *block, uint64_t how);

/** Zone type and node of a pfn by the banks and the layout; false: in no bank. */
bool stress_locate(const struct stress *s, unsigned long pfn, int *nid, enum zone_type *type);

/** This context's counters. */
static inline struct stress_count *stress_counters(struct stress_cpu *c)
{
	return in_interrupt() ? &c->irq : &c->task;
}

/** Who an owner is, for people; in `text` of `size` bytes. */
const char *stress_owner_name(const struct stress *s, uint32_t owner, char *text, size_t size);

/* policy.c: memory policies. */

/** Make the run's policies. 0, or -1 for want of memory. */
int policies_build(struct stress *s);
void policies_free(struct stress *s);
/** Begin to use a policy (NULL: none) at its first node. */
void policy_use(struct policy_use *use, const struct stress_policy *policy);
/** The policy of a worker's next POLICY_STEPS steps. */
void policy_choose(struct stress_worker *w);
/** Around a call of the allocator: the running thread has the request's policy. */
void policy_begin(const struct request *request);
void policy_end(const struct request *request);
/** Has the request a policy that says something of it? */
bool policy_applies(const struct stress *s, const struct request *request);
/** Nodes that may serve the request, and the one that is to if it has plenty. */
nodemask_t policy_nodes(const struct stress *s, const struct request *request);
int policy_node(const struct stress_cpu *c, const struct request *request);
/** Was it served by a node that may? */
void policy_verify(struct stress *s, const struct request *request, unsigned long pfn);
void policy_count(struct stress_count *count, const struct request *request);

/* pressure.c: all zones at their low marks. */

/** 0, or -1 for want of memory. */
int pressure_build(struct stress *s);
void pressure_free(struct stress *s);
/** Bring one zone to its low mark, from either side. */
void pressure_step(struct stress_worker *w);
/** Give back the zones of slot `slot`'s share. */
void pressure_empty(struct stress_cpu *c);
/** Pages that it holds. */
unsigned long pressure_held(const struct stress *s);
/** Pages that have been reclaimed. */
unsigned long pressure_stolen(const struct stress *s);
/** Every CPU quiet: what comes and goes by itself is given back, and made anew. */
void pressure_pause(struct stress *s);
void pressure_resume(struct stress *s);
/** Every CPU quiet: ask with each kind of mask until there is nothing, and check each mark. */
void pressure_probe(struct stress *s);
/** Is no zone far above its low mark? */
bool pressure_is_on(const struct stress *s);
void pressure_count(
	struct stress_count *count, bool low, const struct request *request, bool served);
void pressure_print(const struct stress *s);

/* marks.c: what the watermarks let pass, by our own arithmetic. */

/** Pages that have to stay free in a zone after a request with this mask. */
unsigned long mark_of(const struct zone *zone, gfp_t gfp);
/** All that has to stay free for a request whose list begins with a zone of type `classzone`. */
unsigned long mark_limit(const struct zone *zone, gfp_t gfp, enum zone_type classzone);
/** What all other contexts together may take between a look at the mark and one at the result. */
unsigned long marks_slack(const struct stress *s, const struct zone *zone);
/** A zone has served: was it allowed to, as far as that can be told while all CPUs work? */
void marks_judge(struct stress *s, const struct request *request, unsigned long pfn);

/* verify.c */

/** Is the fresh block what `request` asked for? Reports what is not. */
void verify_block(struct stress *s, struct page *page, const struct request *request);

/* supply.c: what is free. Any context. */

/** Pages free in the zone at this moment; per-CPU caches not counted. */
unsigned long zone_free_now(struct zone *zone);
/** The same without the zone's lock: at some moment not long ago. */
static inline unsigned long zone_free_peek(const struct zone *zone)
{
	return __atomic_load_n(&zone->free_pages, __ATOMIC_RELAXED);
}
/** Changes whenever a burst begins, turns, and ends. */
unsigned int burst_phase(const struct stress *s);
/** May this zone serve a request with this modifier? By the banks and the layout. */
bool may_serve(const struct stress *s, const struct zone *zone, gfp_t modifier);
/** Is so much free that this request, if it is one that is judged, must not fail? */
bool supply_is_ample(const struct stress *s, const struct request *request);

/** The node that is to serve a request, as it was before. */
struct node_supply {
	int nid;
	unsigned int phase;
	bool ample; /* it could serve it; false as well where that is not judged */
};

struct node_supply node_supply_before(
	const struct stress_cpu *c, const struct request *request, uint64_t key);
/** Was it served by another node with no need? */
void node_supply_judge(struct stress *s, const struct node_supply *before,
	const struct request *request, unsigned long pfn);

/* report.c: what people read. */

void stress_print_start(const struct stress *s);
void stress_print_progress(const struct stress *s, uint64_t now);
void stress_print_table(const struct stress *s);
/** A line and true for each counter that should not be zero. */
bool stress_coverage_gap(const struct stress *s);
void stress_print_verdict(const struct stress *s);
uint64_t stress_total_ops(const struct stress *s);

#endif
