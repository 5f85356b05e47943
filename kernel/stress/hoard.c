/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hoards: see hoard.h. Used by bursts, which empty a zone and fill it again, and by the pressure,
 * which keeps all zones low. Owns page->lru and page->index of what they hold.
 */
#include "hoard.h"

enum hoard_result hoard_take(struct stress_cpu *c, struct hoard *hoard, unsigned int order)
{
	const struct request request = {
		.gfp = hoard->zone->modifier | GFP_ATOMIC | __GFP_NOWARN,
		.order = order,
		.via = hoard->policy ? VIA_PAGES : VIA_NODE,
		.nid = hoard->zone->nid,
		.policy = hoard->policy,
	};
	struct block block;
	enum zone_type type;
	int nid;

	switch (block_take(c, hoard->holder, &request, hoard->key, &block)) {
	case TAKE_FULL:
		return HOARD_FULL;
	case TAKE_NONE:
		return HOARD_NOTHING;
	case TAKE_OK:
		break;
	}
	if (!stress_locate(c->stress, page_to_pfn(block.page), &nid, &type) ||
		nid != hoard->zone->nid || type != hoard->zone->type) {
		block_give(c, &block, 0);
		return HOARD_ELSEWHERE;
	}
	block.page->index = order;
	list_add_tail(&block.page->lru, &hoard->blocks);
	return HOARD_TAKEN;
}

void hoard_give(struct stress_cpu *c, struct hoard *hoard, bool first)
{
	struct page *page = first ? list_first_entry(&hoard->blocks, struct page, lru)
				  : list_last_entry(&hoard->blocks, struct page, lru);
	const struct block block = {
		.page = page,
		.holder = hoard->holder,
		.key = hoard->key,
		.order = (uint8_t)page->index,
		.cpu = (uint16_t)c->slot,
	};

	list_del(&page->lru);
	block_give(c, &block, 0);
}
