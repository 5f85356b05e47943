/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work of `thrash`: blocks written, read, rewritten and verified, by several threads.
 *
 * The threads share struct thrash and take positions from `next`, a batch at a time; in each phase
 * every block is visited by one of them, once. What they find wrong first is kept.
 */
#include <port/mem.h>
#include <port/task.h>
#include "blockdev.h"
#include "thrash.h"

/* Positions that a worker takes at a time; what it will want of them is read ahead. */
#define BATCH 16U

void thrash_fault(struct thrash *t, struct thrash_fault fault)
{
	if (atomic_exchange(&t->fault_taken, 1) == 0)
		t->fault = fault;
	atomic_store(&t->stop, true);
}

/*
 * Is the run over? A disk that fails ends it, and at once: what can not be written stays in memory,
 * which would soon be full of it.
 */
bool thrash_stopped(struct thrash *t)
{
	if (block_nr_errors(t->bdev) != t->disk_before.errors)
		thrash_fault(t, (struct thrash_fault){.kind = THRASH_DISK});
	return atomic_load_explicit(&t->stop, memory_order_relaxed);
}

static void fill(
	const struct thrash *t, struct page *page, unsigned long block, unsigned int generation)
{
	uint64_t first = thrash_word(t->content, block, generation, 0);
	uint64_t step = thrash_word(t->content, block, generation, 1) - first;
	uint64_t *words = page_address(page);

	for (unsigned int i = 0; i < THRASH_WORDS; i++)
		words[i] = first + i * step;
}

static void verify(
	struct thrash *t, struct page *page, unsigned long block, unsigned int generation)
{
	uint64_t first = thrash_word(t->content, block, generation, 0);
	uint64_t step = thrash_word(t->content, block, generation, 1) - first;
	const uint64_t *words = page_address(page);

	for (unsigned int i = 0; i < THRASH_WORDS; i++) {
		uint64_t expected = first + i * step, got = words[i];

		if (got == expected)
			continue;
		atomic_fetch_add_explicit(&t->mismatches, 1, memory_order_relaxed);
		thrash_fault(t, (struct thrash_fault){THRASH_MISMATCH, block,
					i * (unsigned int)sizeof(uint64_t), expected, got});
	}
}

static bool write_block(struct thrash *t, unsigned long block, unsigned int generation)
{
	struct page *page = grab_cache_page(&t->cache.mapping, block);

	if (!page) {
		thrash_fault(t, (struct thrash_fault){.kind = THRASH_NO_PAGE, .block = block});
		return false;
	}
	/* What is on its way to the disk does not change. */
	wait_on_page_writeback(page);
	fill(t, page, block, generation);
	SetPageUptodate(page);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	atomic_fetch_add_explicit(&t->written, 1, memory_order_relaxed);
	balance_dirty_pages(&t->cache.mapping);
	return true;
}

static bool read_block(struct thrash *t, unsigned long block, unsigned int generation)
{
	struct page *page = read_cache_page(&t->cache.mapping, block);

	if (!page) {
		thrash_fault(t, (struct thrash_fault){.kind = THRASH_NO_READ, .block = block});
		return false;
	}
	verify(t, page, block, generation);
	put_page(page);
	return true;
}

/* Verify a block, and give it this pass's generation if it is its turn. */
static bool visit_block(struct thrash *t, unsigned long block)
{
	unsigned int before = thrash_generation(t->params.seed, block, t->pass - 1);
	unsigned int now = thrash_generation(t->params.seed, block, t->pass);

	if (!read_block(t, block, before))
		return false;
	atomic_fetch_add_explicit(&t->verified, 1, memory_order_relaxed);
	return now == before || write_block(t, block, now);
}

static bool verify_block(struct thrash *t, unsigned long block)
{
	if (!read_block(t, block, thrash_generation(t->params.seed, block, t->pass)))
		return false;
	atomic_fetch_add_explicit(&t->reverified, 1, memory_order_relaxed);
	return true;
}

static bool do_block(struct thrash *t, unsigned long block)
{
	switch (t->phase) {
	case THRASH_WRITE:
		return write_block(t, block, 0);
	case THRASH_PASS:
		return visit_block(t, block);
	default:
		return verify_block(t, block);
	}
}

/* The block at a position of this phase's order. */
static unsigned long block_at(const struct thrash *t, unsigned long position)
{
	/* The last batch of a file of a few blocks goes beyond all positions. */
	if (position >= 1UL << t->index_bits)
		return THRASH_NO_BLOCK;
	if (t->phase == THRASH_WRITE)
		return position < t->params.nr_blocks ? position : THRASH_NO_BLOCK;
	return thrash_shuffle(t->params.seed + t->pass * 2 + (t->phase == THRASH_VERIFY), position,
		t->index_bits, t->params.nr_blocks);
}

static void work_batch(struct thrash *t, unsigned long position)
{
	unsigned long block[BATCH];
	unsigned int nr = 0;

	for (unsigned int i = 0; i < BATCH; i++) {
		block[nr] = block_at(t, position + i);
		nr += block[nr] != THRASH_NO_BLOCK;
	}
	for (unsigned int i = 0; i < nr && t->phase != THRASH_WRITE; i++)
		block_readahead(&t->cache.mapping, block[i]);
	for (unsigned int i = 0; i < nr && !thrash_stopped(t); i++)
		if (do_block(t, block[i]))
			atomic_fetch_add_explicit(&t->done, 1, memory_order_relaxed);
}

void thrash_work(struct thrash *t)
{
	unsigned long end = 1UL << t->index_bits, position;

	while (!thrash_stopped(t) && (position = atomic_fetch_add(&t->next, BATCH)) < end) {
		work_batch(t, position);
		cond_resched();
	}
}
