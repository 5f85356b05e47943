/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is there memory where the tree says so? Before anything is taken from it: one word is read at the
 * first and the last page of each free run of a bank. Memory whose owner is somebody else, by a
 * reservation, is not looked at: a firmware may keep us from it.
 *
 * A hole between two pages that answer is not found, nor what answers and is no memory (flash, the
 * registers of a device), nor a bus that says nothing. The boot CPU alone is here; owns nothing.
 */
#include <port/boot.h>
#include <port/print.h>
#include "kernel.h"

/* Of a run whose first page answers and whose last one does not: from where on it does not. */
static phys_addr_t answers_up_to(const struct memblock_free *run)
{
	phys_addr_t low = run->base, high = run->end - PAGE_SIZE;

	while (high - low > PAGE_SIZE) {
		phys_addr_t middle = align_down(low + (high - low) / 2, PAGE_SIZE);

		if (early_answers(middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

static int probe_run(struct memblock *mb, const struct memblock_free *run)
{
	phys_addr_t from = run->base;

	if (early_answers(run->base)) {
		if (early_answers(run->end - PAGE_SIZE))
			return 0;
		from = answers_up_to(run);
	}
	print("memory: 0x%lx-0x%lx of node %d is not used: nothing answers there\n",
		(unsigned long)from, (unsigned long)run->end, run->nid);
	return memblock_remove(mb, from, run->end - from);
}

int memory_probe(struct memblock *mb)
{
	struct memblock_free run = {.end = 0};

	while (memblock_next_free(mb, run.end, &run))
		if (probe_run(mb, &run) < 0)
			return -1;
	return 0;
}
