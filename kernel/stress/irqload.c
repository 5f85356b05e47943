/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations and frees in the timer interrupt, in the middle of whatever the task is doing.
 *
 * Each CPU's interrupt has slots, a holder and choices of its own. It asks for small blocks with
 * GFP_ATOMIC, sends some to workers to free, and frees what tasks sent it. Nothing here waits, and
 * the ownership map does not grow here: a page it can not tell of goes back at once, and the
 * CPU's worker is asked to make room for the next.
 *
 * Owns the irq_* fields of struct stress_cpu while interrupts come; stress->quiet keeps it still.
 */
#include "core.h"

/* What one interrupt does at most. */
#define MOVES_PER_TICK   8U
#define RECEIVE_PER_TICK 8U

static void irq_take(struct stress_cpu *c, struct block *block, struct prng *prng)
{
	static const gfp_t modifiers[4] = {0, 0, __GFP_DMA32, __GFP_DMA};
	struct stress *s = c->stress;
	struct request request = {
		.order = prng_one_in(prng, 4) ? prng_below(prng, IRQ_ORDER_MAX + 1) : 0,
		.via = prng_one_in(prng, 4) ? VIA_NODE : VIA_PAGES,
		.nid = s->nid[prng_below(prng, s->nr_nodes)],
	};

	request.gfp = GFP_ATOMIC | __GFP_NOWARN | modifiers[prng_below(prng, 4)];
	if (prng_one_in(prng, 8))
		request.gfp |= __GFP_ZERO;
	if (prng_one_in(prng, 8))
		request.gfp |= __GFP_COLD;
	block_take(c, &c->irq_holder, &request, prng_next(prng), block);
}

static void irq_give(struct stress_cpu *c, struct block *block, struct prng *prng)
{
	struct stress *s = c->stress;
	struct stress_worker *to = s->worker[prng_below(prng, s->nr_workers)];

	if (!prng_one_in(prng, 2) || !mailbox_put(&to->mailbox, block))
		block_give(c, block, prng_next(prng));
	block->page = NULL;
}

static void irq_receive(struct stress_cpu *c, unsigned int most)
{
	struct block block;

	while (most-- > 0 && mailbox_get(&c->irq_mailbox, &block)) {
		count_add(&stress_counters(c)->handed, 1);
		block_give(c, &block, prng_mix(block.key));
	}
}

void stress_tick(struct stress *s)
{
	struct stress_cpu *c = s->cpu_by_id[this_cpu->id];

	if (!c || atomic_load(&s->quiet) || stress_stopped(s))
		return;
	count_add(&c->irq.ticks, 1);
	irq_receive(c, RECEIVE_PER_TICK);
	for (unsigned int i = 0; i < MOVES_PER_TICK; i++) {
		struct block *block = &c->irq_slot[prng_below(&c->irq_prng, IRQ_SLOTS)];

		if (block->page)
			irq_give(c, block, &c->irq_prng);
		else
			irq_take(c, block, &c->irq_prng);
	}
}

void irqload_empty(struct stress_cpu *c)
{
	for (unsigned int i = 0; i < IRQ_SLOTS; i++) {
		if (c->irq_slot[i].page)
			block_give(c, &c->irq_slot[i], prng_mix(c->irq_slot[i].key));
		c->irq_slot[i].page = NULL;
	}
	irq_receive(c, MAILBOX_SIZE);
}
