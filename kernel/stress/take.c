/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One block in, one block out.
 *
 *	take:  charge the holder -> allocate -> claim -> verify -> stamp
 *	give:  verify stamps -> release the claim -> discharge the holder -> free
 *
 * The claim covers the whole time in which the allocator has lent us the page, and no more: it is
 * given up before the free, as the next owner may be handed the page in that very moment. Used in
 * tasks and in interrupts. No lock: a block's holder is the only one who handles it.
 */
#include <port/mem.h>
#include "content.h"
#include "core.h"

/** Times that a request gets nothing from plenty before that is a fault. */
#define STARVED_TRIES 3U
/** Times that a request is made if a fault is injected into it. */
#define FAULT_TRIES 16U

static bool holder_charge(struct holder *holder, unsigned long nr)
{
	unsigned long held = atomic_load_explicit(&holder->pages, memory_order_relaxed);

	/* Others only lower it, so the sum can not pass the limit. */
	if (held + nr > holder->limit)
		return false;
	atomic_fetch_add_explicit(&holder->pages, nr, memory_order_relaxed);
	return true;
}

static void holder_discharge(struct holder *holder, unsigned long nr)
{
	atomic_fetch_sub_explicit(&holder->pages, nr, memory_order_relaxed);
}

static struct page *ask_plain(const struct request *request)
{
	unsigned long addr;

	switch (request->via) {
	case VIA_NODE:
		return alloc_pages_node(request->nid, request->gfp, request->order);
	case VIA_ADDRESS:
		addr = __get_free_pages(request->gfp, request->order);
		break;
	case VIA_ZEROED_PAGE:
		addr = get_zeroed_page(request->gfp);
		break;
	default:
		return alloc_pages(request->gfp, request->order);
	}
	return addr ? virt_to_page((const void *)addr) : NULL;
}

/*
 * A NULL that was injected is counted, and asked about again; a few times, as all may be. Whoever
 * asks again, under INTERLEAVE asks the next node: what it should be is not known any more.
 */
static struct page *ask(
	struct stress_cpu *c, const struct request *request, struct node_supply *supply)
{
	struct page *page = NULL;
	bool injected = true;

	for (unsigned int n = 0; !page && injected && n < FAULT_TRIES; n++) {
		const unsigned long before = mm_fault_injected_here();

		policy_begin(request);
		page = ask_plain(request);
		policy_end(request);
		injected = !page && mm_fault_injected_here() != before;
		count_add(&stress_counters(c)->faults, injected);
		supply->ample &= !injected;
	}
	return page;
}

/*
 * Ask, and judge a NULL. Zones are tried in turn, and pages may move behind the walk's back: so it
 * is no fault before it has happened several times in a row, plenty of pages free all the while.
 */
static struct page *ask_judged(
	struct stress_cpu *c, const struct request *request, struct node_supply *supply)
{
	struct stress *s = c->stress;
	unsigned int phase = burst_phase(s);
	struct page *page = ask(c, request, supply);

	for (unsigned int n = 0; !page && supply_is_ample(s, request); n++) {
		if (burst_phase(s) != phase)
			break;
		if (n == STARVED_TRIES) {
			stress_violation(s, STRESS_STARVED, STRESS_NO_PFN,
				"a page for gfp 0x%x while there are plenty, and there was none",
				request->gfp);
			break;
		}
		supply->ample = false; /* INTERLEAVE is a node further now */
		page = ask(c, request, supply);
	}
	return page;
}

/* Pages that are somebody else's too are left to him: they are counted, and never freed. */
static void abandon(struct stress *s, struct holder *holder, unsigned int order)
{
	holder_discharge(holder, 1UL << order);
	atomic_fetch_add(&s->abandoned, 1UL << order);
}

static bool claim(
	struct stress_cpu *c, struct holder *holder, struct page *page, unsigned int order)
{
	struct stress *s = c->stress;
	unsigned long pfn = page_to_pfn(page);
	struct ownership_conflict conflict;
	char owner[32], other[32];

	switch (ownership_claim(&s->owners, pfn, 1UL << order, holder->owner, &conflict)) {
	case OWNERSHIP_OK:
		return true;
	case OWNERSHIP_NO_LEAF:
		if (in_interrupt())
			atomic_store(&c->irq_wants_leaf, pfn);
		holder_discharge(holder, 1UL << order);
		__free_pages(page, order);
		return false;
	default:
		stress_violation(s, STRESS_TWO_OWNERS, conflict.pfn,
			"pfn 0x%lx order %u for %s alone, and 0x%lx is held by %s", pfn, order,
			stress_owner_name(s, holder->owner, owner, sizeof(owner)), conflict.pfn,
			stress_owner_name(s, conflict.owner, other, sizeof(other)));
		abandon(s, holder, order);
		return false;
	}
}

static void count_taken(struct stress_cpu *c, const struct request *request)
{
	struct stress_count *count = stress_counters(c);

	count_add(&count->allocs, 1);
	count_add(&count->order[request->order], 1);
	count_add(&count->modifier[request->gfp & GFP_ZONEMASK], 1);
	count_add(&count->cold, (request->gfp & __GFP_COLD) != 0);
	count_add(&count->zeroed, (request->gfp & __GFP_ZERO) != 0);
	count_add(&count->compound, request->order && request->gfp & __GFP_COMP);
	count_add(&count->split, request->split);
	policy_count(count, request);
}

/* Was it served from a zone that it may be served from, and that could spare it? */
static void judge_zone(struct stress *s, const struct node_supply *supply,
	const struct request *request, unsigned long pfn)
{
	marks_judge(s, request, pfn);
	policy_verify(s, request, pfn);
	node_supply_judge(s, supply, request, pfn);
}

enum take_result block_take(struct stress_cpu *c, struct holder *holder,
	const struct request *request, uint64_t key, struct block *block)
{
	unsigned int order = request->order;
	struct node_supply supply;
	struct page *page;
	bool low;

	*block = (struct block){0};
	if (!holder_charge(holder, 1UL << order))
		return TAKE_FULL;
	supply = node_supply_before(c, request, key);
	low = c->stress->pressure && in_interrupt() && pressure_is_on(c->stress);
	page = ask_judged(c, request, &supply);
	pressure_count(stress_counters(c), low, request, page);
	if (!page) {
		holder_discharge(holder, 1UL << order);
		count_add(&stress_counters(c)->failed, 1);
		return TAKE_NONE;
	}
	if (!claim(c, holder, page, order))
		return TAKE_NONE;
	verify_block(c->stress, page, request);
	judge_zone(c->stress, &supply, request, page_to_pfn(page));
	*block = (struct block){.page = page,
		.holder = holder,
		.key = key,
		.order = (uint8_t)order,
		.cpu = (uint16_t)c->slot};
	if (order && request->gfp & __GFP_COMP)
		block->flags |= BLOCK_COMPOUND;
	if (request->whole)
		block->flags |= BLOCK_WHOLE;
	if (request->split) {
		split_page(page, order);
		block->flags |= BLOCK_SPLIT;
	}
	content_stamp(block);
	count_taken(c, request);
	return TAKE_OK;
}

/* Take a second reference to some part of the block and drop it again: nothing may happen. */
static void borrow_reference(struct stress *s, const struct block *block, uint64_t how)
{
	struct page *part = block->page;
	unsigned int order = block->order;

	if (block->flags & BLOCK_SPLIT)
		order = 0;
	if (block->flags & BLOCK_COMPOUND)
		part += how & ((1UL << order) - 1);
	get_page(part);
	if (page_count(part) != 2)
		stress_violation(s, STRESS_COUNT, page_to_pfn(part),
			"count 2 after get_page, not %d", page_count(part));
	if (block->flags & BLOCK_COMPOUND)
		put_page(part);
	else
		__free_pages(part, order);
	if (page_count(part) != 1)
		stress_violation(s, STRESS_COUNT, page_to_pfn(part),
			"count 1 after one of two references was dropped, not %d",
			page_count(part));
}

/* By its address, if it has one. */
static void free_by_address(struct page *page, unsigned int order)
{
	void *address = page_address(page);

	if (address)
		free_pages((unsigned long)address, order);
	else
		__free_pages(page, order);
}

static void free_one_page(struct stress_cpu *c, struct page *page, unsigned int how)
{
	switch (how % 5) {
	case 0:
		__free_page(page);
		break;
	case 1:
		free_by_address(page, 0);
		break;
	case 2:
		put_page(page);
		break;
	case 3:
		if (put_page_testzero(page))
			free_hot_page(page);
		break;
	case 4:
		if (put_page_testzero(page))
			free_cold_page(page);
		count_add(&stress_counters(c)->cold, 1);
		break;
	}
}

static void free_in_some_way(struct stress_cpu *c, const struct block *block, uint64_t how)
{
	unsigned int way = (unsigned int)(how >> 32 & 0xffff);

	if (block->order == 0) {
		free_one_page(c, block->page, way);
	} else if (block->flags & BLOCK_SPLIT) {
		for (unsigned int i = 0; i < 1U << block->order; i++)
			free_one_page(c, &block->page[i], way + i);
	} else if (block->flags & BLOCK_COMPOUND && way % 2) {
		put_page(block->page + (how & ((1UL << block->order) - 1)));
	} else if (way & 2) {
		free_by_address(block->page, block->order);
	} else {
		__free_pages(block->page, block->order);
	}
}

/* Stamps, references and the claim, just before the free. False: the block is not to be freed. */
static bool check_out(struct stress_cpu *c, const struct block *block, uint64_t how)
{
	struct stress *s = c->stress;
	unsigned long pfn = page_to_pfn(block->page);
	struct ownership_conflict conflict = {.pfn = pfn}; /* nobody's, where there is no leaf */
	struct content_fault fault;
	char owner[32], other[32];

	if (how >> 48 & 1 && how >> 49 & 1)
		borrow_reference(s, block, how);
	if (page_count(block->page) != 1)
		stress_violation(s, STRESS_COUNT, pfn, "count 1 in a block held once, not %d",
			page_count(block->page));
	if (!content_verify(block, &fault))
		stress_violation(s, STRESS_CONTENT, pfn,
			"0x%llx at %p, as written when the block was taken, and it holds 0x%llx",
			(unsigned long long)fault.expected, (const void *)fault.word,
			(unsigned long long)fault.found);
	if (ownership_release(&s->owners, pfn, 1UL << block->order, block->holder->owner,
		    &conflict) == OWNERSHIP_OK)
		return true;
	stress_violation(s, STRESS_TWO_OWNERS, conflict.pfn, "held by %s, and it is held by %s",
		stress_owner_name(s, block->holder->owner, owner, sizeof(owner)),
		stress_owner_name(s, conflict.owner, other, sizeof(other)));
	return false;
}

void block_give(struct stress_cpu *c, const struct block *block, uint64_t how)
{
	struct stress_count *count = stress_counters(c);

	if (!check_out(c, block, how)) {
		abandon(c->stress, block->holder, block->order);
		return;
	}
	count_add(&count->frees, 1);
	count_add(&count->remote, block->cpu != c->slot);
	holder_discharge(block->holder, 1UL << block->order);
	free_in_some_way(c, block, how);
}
