/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest alloc`: the allocator's promises, tried on the real machine, as KTAP lines.
 *
 * Half of it is misuse on purpose: each must be reported as what it is, and refused. Those reports
 * ("BUG: mm: ...") between the lines are what is being tested; they count in `check` for good.
 *
 * Owns nothing; every test gives back what it took. Nobody else may be allocating.
 */
#include <string.h>
#include <port/mem.h>
#include <port/print.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"

/* Reports of one kind, and of all, since `before` was filled in. */
struct reports {
	unsigned long kind, all;
};

static struct reports reports_now(enum misuse kind)
{
	return (struct reports){.kind = kernel.misuse[kind], .all = kernel.mm.faults.misuse};
}

/* Exactly one report more than before, and of this kind. */
static bool one_report(enum misuse kind, struct reports before)
{
	struct reports now = reports_now(kind);

	return now.kind == before.kind + 1 && now.all == before.all + 1;
}

static bool test_orders(void)
{
	struct pglist_data *pgdat;

	for_each_pgdat (pgdat, &kernel.mm) {
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			struct page *page = alloc_pages_node(pgdat->node_id, GFP_KERNEL, order);

			EXPECT(page);
			EXPECT(is_aligned(page_to_pfn(page), 1UL << order));
			EXPECT(page_count(page) == 1);
			EXPECT(order == 0 || page_count(page + 1) == 0);
			EXPECT(virt_to_page(page_address(page)) == page);
			__free_pages(page, order);
		}
	}
	return true;
}

static bool test_too_large(void)
{
	unsigned long before = kernel.mm.faults.misuse;

	EXPECT(!alloc_pages(GFP_KERNEL, MAX_ORDER));
	EXPECT(!__get_free_pages(GFP_KERNEL, MAX_ORDER));
	EXPECT(kernel.mm.faults.misuse == before);
	return true;
}

static bool test_zeroed(void)
{
	unsigned long addr = __get_free_page(GFP_KERNEL);
	struct page *page;
	bool zero;

	EXPECT(addr);
	memset((void *)addr, 0xa5, PAGE_SIZE);
	free_page(addr);
	EXPECT(get_zeroed_page(GFP_KERNEL) == addr); /* the one freed last */
	zero = selftest_all_zero((void *)addr, PAGE_SIZE);
	free_page(addr);
	EXPECT(zero);
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 5);
	EXPECT(page);
	zero = selftest_all_zero(page_address(page), PAGE_SIZE << 5);
	__free_pages(page, 5);
	EXPECT(zero);
	return true;
}

static bool test_dma(void)
{
	unsigned long addr = __get_dma_pages(GFP_KERNEL, 0);
	enum zone_type type;

	EXPECT(addr);
	type = page_zone(virt_to_page((void *)addr))->type;
	free_page(addr);
	EXPECT(type == kernel.mm.lowest_zone);
	return true;
}

static bool test_references(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	EXPECT(page);
	get_page(page);
	EXPECT(page_count(page) == 2);
	__free_page(page);
	EXPECT(page_count(page) == 1);
	EXPECT(put_page_testzero(page));
	free_cold_page(page);
	EXPECT(page_state(page) == PAGE_CACHED);
	page = alloc_page(GFP_KERNEL | __GFP_COLD);
	EXPECT(page);
	EXPECT(put_page_testzero(page));
	free_hot_page(page);
	EXPECT(alloc_page(GFP_KERNEL) == page);
	__free_page(page);
	return true;
}

static bool test_compound(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);

	EXPECT(page);
	for (unsigned int i = 0; i < 16; i++) {
		EXPECT(PageCompound(page + i));
		EXPECT(compound_head(page + i) == page);
		EXPECT(page_count(page + i) == 1);
	}
	get_page(page + 9);
	EXPECT(page_count(page) == 2);
	put_page(page + 3);
	EXPECT(page_count(page) == 1);
	put_page(page + 15);
	EXPECT(page_count_raw(page) == 0);
	EXPECT(!PageCompound(page) && !PageCompound(page + 15));
	return true;
}

static bool test_split(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	EXPECT(page);
	split_page(page, 3);
	for (unsigned int i = 0; i < 8; i++)
		EXPECT(page_count(page + i) == 1);
	for (unsigned int i = 0; i < 8; i++)
		__free_page(page + (i * 5 & 7));
	return true;
}

static bool test_double_free(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct reports before = reports_now(MISUSE_DOUBLE_FREE);

	EXPECT(page);
	__free_page(page);
	__free_page(page); /* in a cache */
	EXPECT(one_report(MISUSE_DOUBLE_FREE, before));
	page = alloc_pages(GFP_KERNEL, 1);
	EXPECT(page);
	__free_pages(page, 1);
	before = reports_now(MISUSE_DOUBLE_FREE);
	__free_pages(page, 1); /* in a cache, or merged */
	EXPECT(one_report(MISUSE_DOUBLE_FREE, before));
	page = alloc_pages(GFP_KERNEL, 10);
	EXPECT(page);
	__free_pages(page, 10);
	drain_local_pages();
	before = reports_now(MISUSE_DOUBLE_FREE);
	__free_pages(page, 10); /* in the buddy system, and too large to be merged away */
	EXPECT(one_report(MISUSE_DOUBLE_FREE, before));
	return true;
}

static bool test_wrong_order(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	struct reports before = reports_now(MISUSE_WRONG_ORDER);

	EXPECT(page);
	__free_pages(page, 2);
	EXPECT(one_report(MISUSE_WRONG_ORDER, before));
	EXPECT(page_count(page) == 1);
	before = reports_now(MISUSE_WRONG_ORDER);
	split_page(page, 4);
	EXPECT(one_report(MISUSE_WRONG_ORDER, before));
	__free_pages(page, 3);
	return true;
}

static bool test_tail(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	struct reports before = reports_now(MISUSE_NOT_ALLOCATED);

	EXPECT(page);
	__free_page(page + 4);
	EXPECT(one_report(MISUSE_NOT_ALLOCATED, before));
	EXPECT(page_count(page) == 1);
	__free_pages(page, 3);
	return true;
}

static bool test_reserved(void)
{
	struct reports before = reports_now(MISUSE_RESERVED);
	unsigned long pfn = 0;

	while (pfn < kernel.mm.max_pfn &&
		!(pfn_valid(&kernel.mm, pfn) && PageReserved(pfn_to_page(pfn))))
		pfn++;
	EXPECT(pfn < kernel.mm.max_pfn); /* the image, at least */
	__free_page(pfn_to_page(pfn));
	EXPECT(one_report(MISUSE_RESERVED, before));
	EXPECT(PageReserved(pfn_to_page(pfn)));
	return true;
}

static bool test_bad_address(void)
{
	struct reports before = reports_now(MISUSE_BAD_ADDRESS);

	free_page(0);
	EXPECT(reports_now(MISUSE_BAD_ADDRESS).all == before.all);
	free_page((unsigned long)&kernel); /* the image is not in the linear map's window */
	EXPECT(one_report(MISUSE_BAD_ADDRESS, before));
	return true;
}

static bool test_zero_count(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct reports before = reports_now(MISUSE_ZERO_COUNT);

	EXPECT(page);
	EXPECT(put_page_testzero(page));
	EXPECT(!put_page_testzero(page));
	EXPECT(one_report(MISUSE_ZERO_COUNT, before));
	free_hot_page(page);
	return true;
}

static bool test_bad_gfp(void)
{
	struct reports before = reports_now(MISUSE_BAD_GFP);

	EXPECT(!get_zeroed_page(GFP_KERNEL | __GFP_HIGHMEM));
	EXPECT(one_report(MISUSE_BAD_GFP, before));
	before = reports_now(MISUSE_BAD_GFP);
	EXPECT(!alloc_page(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_ZERO));
	EXPECT(one_report(MISUSE_BAD_GFP, before));
	return true;
}

static bool test_bad_node(void)
{
	struct reports before = reports_now(MISUSE_BAD_NODE);

	EXPECT(!alloc_pages_node((int)kernel.mm.nr_node_ids, GFP_KERNEL, 0));
	EXPECT(one_report(MISUSE_BAD_NODE, before));
	return true;
}

/* After all of the above. */
static bool test_check(void)
{
	EXPECT(mm_check(&kernel.mm, NULL) == 0);
	return true;
}

static const struct selftest tests[] = {
	{"every order on every node", test_orders, false},
	{"order 11 is NULL", test_too_large, false},
	{"zeroed pages", test_zeroed, false},
	{"GFP_DMA is the lowest zone", test_dma, false},
	{"references, hot and cold", test_references, false},
	{"compound pages", test_compound, false},
	{"split_page", test_split, false},
	{"double free refused", test_double_free, true},
	{"wrong order refused", test_wrong_order, true},
	{"free of a tail refused", test_tail, true},
	{"free of a reserved page refused", test_reserved, true},
	{"free of a bad address refused", test_bad_address, true},
	{"reference of nobody refused", test_zero_count, true},
	{"zeroed HIGHMEM refused", test_bad_gfp, true},
	{"node that is not online refused", test_bad_node, true},
	{"mm_check afterwards", test_check, false},
};

int selftest_alloc(int argc, char **argv)
{
	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	return selftest_run(tests, sizeof(tests) / sizeof(tests[0]));
}
