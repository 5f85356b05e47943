/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scale of the map. Holes may be a thousand times as long as all memory; if together they are
 * longer than it, one longer than a share of the memory is cut to that share, and marked. The share
 * shrinks with the number of holes, so that memory keeps two thirds of the width.
 */
#include "scale.h"

/** Holes that share half as much room as the memory has; with fewer each gets no more. */
#define FEWEST_HOLES 4U

static void add_stretch(struct scale *scale, phys_addr_t base, phys_addr_t end, bool memory)
{
	struct stretch *last = scale->nr ? &scale->stretch[scale->nr - 1] : NULL;

	if (last && last->memory && memory && last->end == base)
		last->end = end;
	else
		scale->stretch[scale->nr++] = (struct stretch){
			.base = base, .end = end, .memory = memory};
}

/* What a stretch counts for on the map, in bytes. */
static double counted(const struct stretch *stretch, double longest_hole)
{
	return stretch->cut ? longest_hole : (double)(stretch->end - stretch->base);
}

void scale_make(struct scale *scale, const struct memblock_list *banks, double left, double right)
{
	double memory = 0, holes = 0, all = 0, longest_hole, x = left;
	unsigned int nr_holes;

	scale->nr = 0;
	for (unsigned int i = 0; i < banks->nr; i++) {
		const struct memblock_range *bank = &banks->range[i];

		if (i && banks->range[i - 1].end < bank->base) {
			add_stretch(scale, banks->range[i - 1].end, bank->base, false);
			holes += (double)(bank->base - banks->range[i - 1].end);
		}
		add_stretch(scale, bank->base, bank->end, true);
		memory += (double)(bank->end - bank->base);
	}
	nr_holes = scale->nr / 2 > FEWEST_HOLES ? scale->nr / 2 : FEWEST_HOLES;
	longest_hole = memory / 2 / nr_holes;
	for (unsigned int i = 0; i < scale->nr; i++) {
		struct stretch *stretch = &scale->stretch[i];

		stretch->cut = holes > memory && !stretch->memory &&
			       (double)(stretch->end - stretch->base) > longest_hole;
		all += counted(stretch, longest_hole);
	}
	for (unsigned int i = 0; i < scale->nr; i++) {
		struct stretch *stretch = &scale->stretch[i];

		stretch->left = x;
		x += counted(stretch, longest_hole) / all * (right - left);
		stretch->right = x;
	}
}

double scale_at(const struct scale *scale, phys_addr_t pa)
{
	const struct stretch *stretch = scale->stretch;

	while (pa > stretch->end && stretch < &scale->stretch[scale->nr - 1])
		stretch++;
	if (pa <= stretch->base)
		return stretch->left;
	if (pa >= stretch->end)
		return stretch->right;
	return stretch->left + (double)(pa - stretch->base) /
				       (double)(stretch->end - stretch->base) *
				       (stretch->right - stretch->left);
}
