/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is there memory where the tree says so? Before anything is taken from it: one word is read at the
 * last page of each free run of a bank, and where nothing answers, at more of them. Memory whose
 * owner is somebody else, by a reservation, is not looked at: a firmware may keep us from it.
 *
 * A hole below a page that answers is not found, nor what answers and is no memory (flash, the
 * registers of a device), nor a bus that says nothing. The boot CPU alone is here; owns nothing.
 */
#include <port/boot.h>
#include <port/print.h>
#include "kernel.h"

/* The page at `low` answers, and the last one before `end` does not: from where on? */
static phys_addr_t answers_up_to(phys_addr_t low, phys_addr_t end)
{
	phys_addr_t high = end - PAGE_SIZE;

	while (high - low > PAGE_SIZE) {
		phys_addr_t middle = align_down(low + (high - low) / 2, PAGE_SIZE);

		if (early_answers(middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * A firmware that the tree does not tell may keep its pages from us, usually the first ones: they
 * do not answer, and are there. So a run is as the tree says if its end is, and memory begins where
 * the image is, if that is in it.
 */
static int probe_run(struct memblock *mb, const struct memblock_free *run)
{
	phys_addr_t from = run->base, image, image_end;

	if (early_answers(run->end - PAGE_SIZE))
		return 0;
	boot_image_range(&image, &image_end);
	if (image >= run->base && image_end < run->end)
		from = answers_up_to(align_down(image_end, PAGE_SIZE), run->end);
	else if (early_answers(run->base))
		from = answers_up_to(run->base, run->end);
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
