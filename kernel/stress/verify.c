/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a block must be when it is handed out.
 *
 * Where a page may lie is worked out from the banks and the architecture's zone layout, never from
 * the zones and zonelists that are being tested. No state, no lock.
 */
#include "content.h"
#include "core.h"

bool stress_locate(const struct stress *s, unsigned long pfn, int *nid, enum zone_type *type)
{
	const struct zone_layout *layout = s->mm->layout;
	phys_addr_t pa = pfn_to_phys(pfn);
	const struct memblock_range *bank = memblock_find_memory(s->mm->memblock, pa);

	if (!bank)
		return false;
	*nid = bank->nid;
	*type = ZONE_DMA;
	for (unsigned int i = 0; i < layout->nr; i++) {
		*type = layout->limit[i].type;
		if (pa < layout->limit[i].end)
			break;
	}
	return true;
}

/* Is all of the block memory that the boot left to the allocator: no hole, no reservation? */
static bool was_free(const struct stress *s, unsigned long pfn, unsigned int order)
{
	struct memblock_free run;
	phys_addr_t base = pfn_to_phys(pfn);

	return memblock_next_free(s->mm->memblock, base, &run) && run.base == base &&
	       run.end - base >= order_bytes(order);
}

static void verify_place(struct stress *s, const struct page *page, const struct request *request)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long last = pfn + (1UL << request->order) - 1;
	unsigned int modifier = request->gfp & GFP_ZONEMASK;
	unsigned int index = page_zone_index(page);
	enum zone_type type, last_type;
	int nid, last_nid;

	if (!is_aligned(pfn, 1UL << request->order))
		stress_violation(s, STRESS_ALIGNMENT, pfn,
			"an order-%u block at a multiple of %lu pages", request->order,
			1UL << request->order);
	if (last >= s->limit_pfn[modifier])
		stress_violation(s, STRESS_ZONE, pfn, "gfp 0x%x order %u wholly below pfn 0x%lx",
			request->gfp, request->order, s->limit_pfn[modifier]);
	if (!stress_locate(s, pfn, &nid, &type) || !stress_locate(s, last, &last_nid, &last_type) ||
		nid != last_nid || type != last_type)
		stress_violation(s, STRESS_ZONE, pfn,
			"order %u within the banks of one node and one zone of the layout",
			request->order);
	else if (index != ((unsigned int)nid << ZONES_SHIFT | type))
		stress_violation(s, STRESS_ZONE, pfn,
			"node %d zone type %d by the banks, and the same in its flags", nid, type);
	else if (!was_free(s, pfn, request->order))
		stress_violation(s, STRESS_ZONE, pfn,
			"order %u clear of holes and of all that is reserved since boot",
			request->order);
}

static void verify_counts(struct stress *s, const struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		int count = page_count_raw(&page[i]), expected = i == 0;

		if (count == expected)
			continue;
		stress_violation(s, STRESS_COUNT, page_to_pfn(&page[i]),
			"count %d in page %lu of a fresh order-%u block, not %d", expected, i,
			order, count);
		return;
	}
}

static void verify_compound(
	struct stress *s, const struct page *page, const struct request *request)
{
	unsigned int order = request->order;
	bool compound = order > 0 && request->gfp & __GFP_COMP;

	for (unsigned long i = 0; i < 1UL << order; i++) {
		const struct page *part = &page[i];

		if (PageCompound(part) == compound &&
			(!compound || (page_private(part) == (unsigned long)page &&
					      page_count(part) == 1)))
			continue;
		stress_violation(s, STRESS_COMPOUND, page_to_pfn(part),
			"page %lu of order %u %smarked compound%s", i, order,
			compound ? "" : "not ", compound ? " and pointing to its head" : "");
		return;
	}
	if (compound && page[1].index != order)
		stress_violation(s, STRESS_COMPOUND, page_to_pfn(page),
			"order %u in the first tail of a compound page, not %lu", order,
			page[1].index);
}

void verify_block(struct stress *s, struct page *page, const struct request *request)
{
	unsigned long pfn = page_to_pfn(page);
	struct content_fault fault;

	verify_place(s, page, request);
	if (page_tag(page) != make_tag(PAGE_ALLOCATED, request->order))
		stress_violation(s, STRESS_ORDER, pfn, "recorded as allocated with order %u",
			request->order);
	verify_counts(s, page, request->order);
	verify_compound(s, page, request);
	if (request->gfp & __GFP_ZERO && !content_is_zero(page, request->order, &fault))
		stress_violation(s, STRESS_ZERO, pfn,
			"gfp 0x%x order %u all zero, and %p holds 0x%llx", request->gfp,
			request->order, (const void *)fault.word, (unsigned long long)fault.found);
}
