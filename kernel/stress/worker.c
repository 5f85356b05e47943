/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mix: what a worker does in a step.
 *
 * One number is drawn for each step, and the whole choice follows from it: which slot, what to ask
 * for if it is empty, how to give it back if it is not. So the choices repeat with the seed,
 * whatever the allocator answers and however the CPUs are interleaved; which half of a choice is
 * carried out does depend on that.
 *
 * Every 64th step asks for the next order in turn, so that the rare large ones come in short runs
 * too. A worker belongs to one CPU and is stepped by its task; only its mailbox and its holder's
 * page count are touched by others.
 */
#include "core.h"

#define FORCED_ORDER_STEPS 64U
/** From this order on, failing is nothing to be reported or retried. */
#define LARGE_ORDER 4U

/** Under pressure, of those who may wait so many do not. */
#define PATIENT_ONE_IN 8U

/* A choice, decoded; both halves of it. */
struct choice {
	unsigned int slot;
	struct request request;
	uint64_t key;
	bool send, send_to_irq; /* give it to somebody else to free */
	unsigned int to;
	uint64_t how; /* to free it */
	bool forced;
};

static gfp_t choose_gfp(const struct stress *s, struct prng *prng, unsigned int order, bool scarce)
{
	static const gfp_t modifiers[8] = {
		0, 0, 0, 0, __GFP_DMA, __GFP_DMA32, __GFP_DMA32, __GFP_HIGHMEM};
	static const gfp_t contexts[8] = {GFP_ATOMIC, GFP_ATOMIC, GFP_ATOMIC, 0, GFP_KERNEL,
		GFP_KERNEL, GFP_KERNEL, GFP_NOFS};
	gfp_t gfp = modifiers[prng_below(prng, 8)] | contexts[prng_below(prng, 8)] | __GFP_NOWARN;

	if (prng_one_in(prng, 8))
		gfp |= __GFP_ZERO;
	if (prng_one_in(prng, 4))
		gfp |= __GFP_COMP;
	if (prng_one_in(prng, 8))
		gfp |= __GFP_COLD;
	/* Who may have to wait for long does not: nobody here can be told to let go. */
	if (order >= LARGE_ORDER || gfp & GFP_ZONEMASK || scarce)
		gfp |= __GFP_NORETRY;
	/* A wait lasts as long as thousands of steps: few ask for it, or there would be no load. */
	if (s->pressure && !prng_one_in(prng, PATIENT_ONE_IN))
		gfp &= ~(__GFP_WAIT | __GFP_IO | __GFP_FS);
	/* Zeroed HIGHMEM needs a caller that may wait, and says so otherwise. */
	if (gfp & __GFP_HIGHMEM && !(gfp & __GFP_WAIT))
		gfp &= ~__GFP_ZERO;
	return gfp;
}

/* Order k once in 2^(k+1) times; what is left of that goes to the largest. */
static unsigned int choose_order(const struct stress_worker *w, struct prng *prng)
{
	unsigned int order = (unsigned int)__builtin_ctzll(
		prng_next(prng) | 1ULL << (MAX_ORDER - 1));

	if (w->done % FORCED_ORDER_STEPS == 0)
		order = (unsigned int)(w->done / FORCED_ORDER_STEPS % MAX_ORDER);
	return order < w->stress->order_max ? order : w->stress->order_max;
}

/* What the worker may ask for can run out: all zones are low, or those of its nodes may be. */
static bool is_scarce(const struct stress_worker *w)
{
	return w->stress->pressure || (w->policy.of && w->policy.of->mode == MPOL_BIND);
}

static struct request choose_request(struct stress_worker *w, struct prng *prng)
{
	const struct stress *s = w->stress;
	struct request request = {.order = choose_order(w, prng), .policy = &w->policy};
	unsigned int via = prng_below(prng, 4);

	request.gfp = choose_gfp(s, prng, request.order, is_scarce(w));
	request.nid = s->nid[prng_below(prng, s->nr_nodes)];
	request.whole = prng_one_in(prng, 16) && request.order <= 3;
	request.split = prng_one_in(prng, 4) && request.order > 0 && request.order <= 6 &&
			!(request.gfp & __GFP_COMP);
	if (via == 1)
		request.via = VIA_NODE;
	else if (via == 2 && !(request.gfp & __GFP_HIGHMEM))
		request.via = request.order == 0 && request.gfp & __GFP_ZERO ? VIA_ZEROED_PAGE
									     : VIA_ADDRESS;
	return request;
}

static struct choice choose(struct stress_worker *w)
{
	struct prng prng = {.state = prng_next(&w->prng)};
	struct choice choice = {.slot = prng_below(&prng, WORKER_SLOTS)};

	choice.request = choose_request(w, &prng);
	choice.key = prng_next(&prng);
	choice.how = prng_next(&prng);
	choice.send = prng_one_in(&prng, 4);
	choice.send_to_irq = prng_one_in(&prng, 8);
	choice.to = prng_below(&prng, w->stress->nr_workers);
	choice.forced = w->done % FORCED_ORDER_STEPS == 0;
	w->digest = prng_mix(w->digest ^ choice.key ^ choice.how ^ choice.slot ^
			     (uint64_t)choice.request.gfp << 32 ^
			     (uint64_t)choice.request.order << 16);
	return choice;
}

/* Send the block to another worker, or to the interrupt of that worker's CPU. */
static bool send(struct stress_worker *w, const struct block *block, const struct choice *choice)
{
	struct stress_worker *to = w->stress->worker[choice->to];

	/* What lies in mailboxes must not eat up the share. */
	if (!choice->send || 1UL << block->order > w->holder.limit / MAILBOX_SIZE + 1)
		return false;
	if (choice->send_to_irq && block->order <= IRQ_ORDER_MAX)
		return mailbox_put(&to->cpu->irq_mailbox, block);
	return mailbox_put(&to->mailbox, block);
}

static void dispose(struct stress_worker *w, struct block *block, const struct choice *choice)
{
	if (!send(w, block, choice))
		block_give(w->cpu, block, choice->how);
	block->page = NULL;
}

/* Give back one held block, the first from `slot` on; false if there is none. */
static bool make_room(struct stress_worker *w, const struct choice *choice)
{
	for (unsigned int i = 0; i < WORKER_SLOTS; i++) {
		struct block *block = &w->slot[(choice->slot + i) % WORKER_SLOTS];

		if (!block->page)
			continue;
		block_give(w->cpu, block, choice->how);
		block->page = NULL;
		return true;
	}
	return false;
}

static void take(struct stress_worker *w, struct block *block, const struct choice *choice)
{
	struct stress_cpu *c = w->cpu;
	const struct request *request = &choice->request;

	while (block_take(c, &w->holder, request, choice->key, block) == TAKE_FULL) {
		if (stress_stopped(w->stress) || !make_room(w, choice))
			return;
	}
}

void worker_drain_mailbox(struct stress_worker *w, unsigned int most)
{
	struct block block;

	while (most-- > 0 && mailbox_get(&w->mailbox, &block)) {
		if (block.holder->owner >= OWNER_IRQ(0))
			count_add(&w->cpu->task.handed, 1);
		block_give(w->cpu, &block, prng_mix(block.key));
	}
}

/* Give the interrupt's claims a leaf of the ownership map that was not there. */
static void grow_for_interrupt(struct stress_cpu *c)
{
	unsigned long pfn = atomic_load_explicit(&c->irq_wants_leaf, memory_order_relaxed);
	struct ownership_conflict conflict;

	if (pfn == STRESS_NO_PFN)
		return;
	atomic_store(&c->irq_wants_leaf, STRESS_NO_PFN);
	if (ownership_grow(&c->stress->owners, pfn, &conflict) == OWNERSHIP_CONFLICT)
		stress_violation(c->stress, STRESS_TWO_OWNERS, conflict.pfn,
			"a page for the ownership map alone, and it has owner 0x%x",
			conflict.owner);
}

/* True every DRAIN_STEPS steps, the workers in turn. */
static bool drain_is_due(const struct stress_worker *w)
{
	return (w->done + w->index * (DRAIN_STEPS / 4 + 1)) % DRAIN_STEPS == DRAIN_STEPS / 2;
}

/*
 * The wait for all CPUs' caches to be emptied has no end where one hangs: slot 0, which is to
 * notice that, does not take part unless it is alone.
 */
bool worker_drains(const struct stress_worker *w)
{
	return w->cpu->slot != 0 || w->stress->nr_cpus == 1;
}

/* Empty all caches while everybody uses them. */
static void drain(struct stress_worker *w)
{
	drain_all_pages(w->stress->mm);
	atomic_fetch_add(&w->stress->nr_drains, 1);
}

void worker_step(struct stress_worker *w)
{
	struct choice choice;
	struct block *block;

	if (w->done % POLICY_STEPS == 0)
		policy_choose(w);
	choice = choose(w);
	block = &w->slot[choice.slot];
	grow_for_interrupt(w->cpu);
	worker_drain_mailbox(w, 2);
	if (w->done == w->next_burst) {
		burst_run(w, w->index + w->nr_bursts++);
		w->next_burst += BURST_STEPS;
	}
	pressure_step(w);
	if (drain_is_due(w) && worker_drains(w))
		drain(w);
	if (block->page && choice.forced)
		dispose(w, block, &choice);
	if (block->page)
		dispose(w, block, &choice);
	else
		take(w, block, &choice);
	w->done++;
	count_add(&w->cpu->task.ops, 1);
}

void worker_empty(struct stress_worker *w)
{
	for (unsigned int i = 0; i < WORKER_SLOTS; i++) {
		if (w->slot[i].page)
			block_give(w->cpu, &w->slot[i], prng_mix(w->slot[i].key));
		w->slot[i].page = NULL;
	}
}
