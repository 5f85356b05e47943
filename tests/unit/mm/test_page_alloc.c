/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-frame API: what is handed out, what is taken back, what is refused.
 */
#include "unit.h"

static unsigned char *bytes_of(struct page *page)
{
	return page_address(page);
}

/* Number of bytes of the block that are not `value`. */
static unsigned long bytes_unlike(struct page *page, unsigned int order, unsigned char value)
{
	unsigned long nr = 0;

	for (unsigned long i = 0; i < order_bytes(order); i++)
		nr += bytes_of(page)[i] != value;
	return nr;
}

static void S26_order_11_is_refused_at_once(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_null(alloc_pages(GFP_KERNEL, 11));
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOFAIL, ~0U));
	assert_null(alloc_pages_node(0, GFP_KERNEL, 11));
	assert_null(alloc_pages_node(99, GFP_KERNEL, 11));
	assert_int_equal(__get_free_pages(GFP_KERNEL, 11), 0);
	assert_no_misuse();
	assert_int_equal(nr_free_pages(&machine->mm), 262144);
	machine_destroy(machine);
}

static void S36_a_reserved_page_is_not_freed(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long free = nr_free_pages(&machine->mm);

	(void)state;
	SetPageReserved(page);
	/* 2.6.11 says nothing; here it is reported, too. */
	host_print_capture_start();
	__free_pages(page, 0);
	assert_misuse(MISUSE_RESERVED, page, 0);
	put_page(page);
	assert_misuse(MISUSE_RESERVED, page, 0);
	free_hot_page(page);
	assert_misuse(MISUSE_RESERVED, page, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(page), 1);
	assert_int_equal(page_state(page), PAGE_ALLOCATED);
	assert_int_equal(nr_free_pages(&machine->mm) + nr_cached_pages(&machine->mm), free);
	ClearPageReserved(page);
	__free_page(page);
	assert_no_misuse();
	machine_destroy(machine);
}

static void S36_the_last_of_two_references_frees(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	for (unsigned int order = 0; order < 2; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		get_page(page);
		assert_int_equal(page_count(page), 2);
		__free_pages(page, order);
		assert_int_equal(page_count(page), 1);
		assert_int_equal(page_state(page), PAGE_ALLOCATED);
		__free_pages(page, order);
		assert_int_equal(page_count(page), 0);
		assert_int_not_equal(page_state(page), PAGE_ALLOCATED);
		assert_no_misuse();
		host_print_capture_start();
		__free_pages(page, order);
		host_print_capture_stop();
		assert_misuse(MISUSE_DOUBLE_FREE, page, order);
		assert_int_equal(page_count(page), 0);
		drain_local_pages();
		assert_int_equal(nr_free_pages(&machine->mm), 4096);
	}
	machine_destroy(machine);
}

static void S49_zero_means_every_byte_of_every_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	for (unsigned int order = 0; order <= 3; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order), *again;

		memset(page_address(page), 0xa5, order_bytes(order));
		__free_pages(page, order);
		again = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		assert_ptr_equal(again, page);
		assert_int_equal(bytes_unlike(page, order, 0), 0);
		__free_pages(page, order);
	}
	machine_destroy(machine);
}

static void S49_without_zero_the_bytes_stay(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	memset(page_address(page), 0xa5, PAGE_SIZE);
	SetPageDirty(page);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(bytes_unlike(page, 0, 0xa5), 0);
	machine_destroy(machine);
}

/* From the fast path, where it finds a page with something left, or work for its CPU. */
static void S49_zero_means_every_byte_also_of_an_odd_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	struct page *page[40];

	(void)state;
	for (unsigned int pending = 0; pending < 2; pending++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
			page[i] = alloc_page(GFP_KERNEL);
			memset(page_address(page[i]), 0xa5, PAGE_SIZE);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
			if (!pending)
				SetPageUptodate(page[i]);
			__free_page(page[i]);
		}
		if (pending)
			this_cpu->pending = MM_PENDING_BLOCKS;
		page[0] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		assert_ptr_equal(page[0], page[ARRAY_SIZE(page) - 1]);
		assert_int_equal(this_cpu->pending, 0);
		assert_false(PageUptodate(page[0]));
		assert_int_equal(bytes_unlike(page[0], 0, 0), 0);
		__free_page(page[0]);
	}
	machine_destroy(machine);
}

/* 2.6.11 stops; here it is reported and refused. */
static void S49_zeroed_highmem_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page;

	(void)state;
	host_print_capture_start();
	assert_int_equal(get_zeroed_page(GFP_HIGHUSER), 0);
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_ZERO, 2));
	assert_misuse(MISUSE_BAD_GFP, NULL, 2);
	assert_null(alloc_pages_node(0, __GFP_HIGHMEM | __GFP_ZERO, 0));
	assert_misuse(MISUSE_BAD_GFP, NULL, 0);
	host_print_capture_stop();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	page = alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 0);
	assert_non_null(page);
	assert_no_misuse();
	machine_destroy(machine);
}

static void S49_highuser_without_highmem_is_a_normal_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct page *page = alloc_pages(GFP_HIGHUSER, 0);

	(void)state;
	assert_int_equal(page_zone(page)->type, ZONE_NORMAL);
	assert_non_null(page_address(page));
	machine_destroy(machine);
}

/* Bits that make a page bad when it is freed, by S50. */
#define S50_BAD (1U << 0 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 12 | 1U << 13 | 1U << 16 | 1U << 18)

static void S50_flags_that_are_bad_at_free(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	unsigned long set_aside = 0;

	(void)state;
	for (unsigned int bit = 0; bit < NR_PAGE_FLAGS; bit++) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (bit == PG_reserved) /* S36 */
			continue;
		page_set_flag(page, bit);
		host_print_capture_start();
		__free_page(page);
		host_print_capture_stop();
		if (S50_BAD >> bit & 1) {
			assert_misuse(MISUSE_BAD_PAGE, page, 0);
			assert_int_equal(page_test_flag(page, bit), bit == 7 || bit == 18);
			/* 2.6.11 goes on with it; here nobody gets it again. */
			assert_int_equal(page_state(page), PAGE_SET_ASIDE);
			assert_int_equal(zone->set_aside_pages, ++set_aside);
		} else {
			assert_no_misuse();
			assert_int_equal(page_state(page), PAGE_CACHED);
			if (bit == PG_dirty)
				assert_false(PageDirty(page));
		}
		page_clear_flag(page, bit);
	}
	assert_int_equal(set_aside, 8);
	machine_destroy(machine);
}

static void S50_mappings_that_are_bad_at_free(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL), *block;
	void *file = machine, *anonymous = (char *)file + PAGE_MAPPING_ANON;

	(void)state;
	host_print_capture_start();
	page->_mapcount = 0; /* mapped once */
	__free_page(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_false(page_mapped(page));
	page = alloc_page(GFP_KERNEL);
	page->mapping = file;
	__free_page(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_null(page->mapping);
	page = alloc_page(GFP_KERNEL);
	page->mapping = anonymous;
	__free_page(page);
	assert_no_misuse();
	assert_null(page->mapping);
	block = alloc_pages(GFP_KERNEL, 1);
	block->mapping = anonymous;
	__free_pages(block, 1);
	assert_misuse(MISUSE_BAD_PAGE, block, 1);
	host_print_capture_stop();
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->set_aside_pages, 1 + 1 + 2);
	machine_destroy(machine);
}

static void a_bad_tail_sets_the_whole_block_aside_if_tails_are_checked(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	host_print_capture_start();
	SetPageSlab(block + 5);
	__free_pages(block, 3);
	assert_misuse(MISUSE_BAD_PAGE, block + 5, 3);
	assert_int_equal(zone->set_aside_pages, 8);
	assert_int_equal(page_tag(block), make_tag(PAGE_SET_ASIDE, 3));
	__free_pages(block, 3);
	assert_misuse(MISUSE_NOT_ALLOCATED, block, 3);

	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	block = alloc_pages(GFP_KERNEL, 3);
	SetPageSlab(block + 5);
	__free_pages(block, 3);
	host_print_capture_stop();
	assert_no_misuse();
	assert_int_equal(zone->set_aside_pages, 8);
	ClearPageSlab(block + 5);
	machine_destroy(machine);
}

static void S50_freed_with_a_count_is_bad(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	host_print_capture_start();
	free_hot_page(page);
	host_print_capture_stop();
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_int_equal(page_count(page), 0);
	assert_int_equal(page_state(page), PAGE_SET_ASIDE);
	machine_destroy(machine);
}

/* A descriptor that was written to while nobody held the page: the next one is handed out. */
static void a_page_gone_bad_in_the_cache_is_set_aside(void **state)
{
	static const enum page_flag bad[] = {PG_private, PG_locked, PG_lru, PG_active, PG_dirty,
		PG_reclaim, PG_swapcache, PG_writeback, PG_reserved, PG_slab};
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad) + 3; i++) {
		struct page *page = alloc_page(GFP_KERNEL), *other;

		__free_page(page);
		if (i < ARRAY_SIZE(bad))
			page_set_flag(page, bad[i]);
		else if (i == ARRAY_SIZE(bad))
			page->mapping = machine;
		else if (i == ARRAY_SIZE(bad) + 1)
			page->_mapcount = 3;
		else
			get_page(page);
		host_print_capture_start();
		other = alloc_page(GFP_KERNEL);
		host_print_capture_stop();
		assert_misuse(MISUSE_BAD_PAGE, page, 0);
		assert_ptr_not_equal(other, page);
		assert_int_equal(page_state(page), PAGE_SET_ASIDE);
		assert_int_equal(page_state(other), PAGE_ALLOCATED);
		assert_int_equal(zone->set_aside_pages, i + 1);
		assert_null(page->mapping);
		assert_false(page_mapped(page));
	}
	machine_destroy(machine);
}

static void a_new_owner_sees_no_leftovers(void **state)
{
	static const enum page_flag cleared[] = {
		PG_uptodate, PG_error, PG_referenced, PG_arch_1, PG_checked, PG_mappedtodisk};
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cleared); i++)
		page_set_flag(page, cleared[i]);
	page_set_flag(page, PG_nosave); /* not one of them */
	set_page_private(page, 77);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(page_flags(page) & ((1UL << NR_PAGE_FLAGS) - 1), 1UL << PG_nosave);
	assert_int_equal(page_private(page), 0);
	assert_int_equal(page_count(page), 1);
	machine_destroy(machine);
}

static void S52_a_compound_page(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	static const int raw[4] = {0, -1, -1, -1};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(PageCompound(head + i));
		assert_int_equal(page_private(head + i), (unsigned long)head);
		assert_int_equal(page_count(head + i), 1);
		assert_int_equal(head[i]._count, raw[i]);
	}
	assert_int_equal(head[1].index, 2);
	get_page(head + 3);
	assert_int_equal(page_count(head), 2);
	assert_int_equal(page_count_raw(head), 2);
	__free_pages(head, 2);
	assert_int_equal(page_count(head), 1);
	__free_pages(head, 2);
	assert_no_misuse();
	for (unsigned int i = 0; i < 4; i++)
		assert_false(PageCompound(head + i));
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

/* 2.6.11 finds a bad page then; here the order is known before anything is touched. */
static void S52_a_compound_page_freed_with_another_order_is_refused(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	(void)state;
	host_print_capture_start();
	__free_pages(head, 1);
	assert_misuse(MISUSE_WRONG_ORDER, head, 1);
	__free_pages(head + 2, 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, head + 2, 1);
	host_print_capture_stop();
	assert_int_equal(page_count(head), 1);
	assert_true(PageCompound(head + 3));
	__free_pages(head, 2);
	assert_no_misuse();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void a_broken_compound_page_is_set_aside(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

		if (i == 0)
			head[1].index = 3;
		else if (i == 1)
			set_page_private(head + 3, (unsigned long)(head + 1));
		else
			ClearPageCompound(head + 2);
		host_print_capture_start();
		__free_pages(head, 2);
		host_print_capture_stop();
		assert_misuse(MISUSE_BAD_COMPOUND, head, 2);
		assert_int_equal(zone->set_aside_pages, 4 * (i + 1));
		assert_int_equal(page_tag(head), make_tag(PAGE_SET_ASIDE, 2));
	}
	assert_int_equal(zone->free_pages, 4096 - 12);
	machine_destroy(machine);
}

/* The flag is on no list of bad ones (S50), but the next owner must not see it: private is 0. */
static void a_stale_compound_mark_is_cleared(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	SetPageCompound(page);
	__free_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_false(PageCompound(page));
	assert_int_equal(page_count(page), 1);
	__free_page(page);
	machine_destroy(machine);
}

static void S53_what_is_not_compound(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 0);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	assert_false(PageCompound(page));
	assert_int_equal(page_count(block), 1);
	assert_false(PageCompound(block));
	for (unsigned int i = 1; i < 8; i++) {
		assert_int_equal(page_count(block + i), 0);
		assert_false(PageCompound(block + i));
	}
	machine_destroy(machine);
}

static void S57_counters_count_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct mm_cpu_stat stat;
	struct page *page;

	(void)state;
	alloc_pages(GFP_KERNEL, 3);
	alloc_pages(GFP_KERNEL, 0);
	mm_sum_stat(&machine->mm, &stat);
	assert_int_equal(stat.pgalloc[ZONE_NORMAL], 9);
	assert_int_equal(stat.pgalloc[ZONE_DMA32], 0);
	assert_int_equal(stat.pgfree, 0);
	page = alloc_pages(GFP_KERNEL, 10);
	split_page(page, 10);
	for (unsigned int i = 0; i < 1000; i++)
		__free_page(page + i);
	mm_sum_stat(&machine->mm, &stat);
	assert_int_equal(stat.pgfree, 1000);
	page = alloc_pages(GFP_KERNEL, 4);
	__free_pages(page, 4);
	mm_sum_stat(&machine->mm, &stat);
	assert_int_equal(stat.pgfree, 1016);
	machine_destroy(machine);
}

/* Lists 3 and 5 to 7 combine modifiers: NULL, and one line however often it is asked. */
static void S14_modifiers_that_exclude_each_other_are_said_once(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	host_print_capture_start();
	assert_null(alloc_pages(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM, 0));
	assert_string_equal(host_print_captured(),
		"mm: alloc_pages: gfp 0xd3 has zone modifiers that exclude each other: NULL "
		"(said once)\n");
	for (gfp_t modifiers = 3; modifiers <= 7; modifiers++) {
		if (modifiers == __GFP_DMA32)
			continue;
		assert_null(alloc_pages(GFP_KERNEL | modifiers, 0));
		assert_null(alloc_pages_node(0, GFP_ATOMIC | modifiers, 3));
		assert_int_equal(__get_free_pages(GFP_KERNEL | modifiers, 0), 0);
	}
	assert_int_equal(times_printed("\n"), 1);
	host_print_capture_stop();
	assert_no_misuse();
	assert_int_equal(machine->mm.faults.misuse, 0);
	assert_int_equal(nr_free_pages(&machine->mm), 8192);
	machine_destroy(machine);
}

static void S14_an_empty_zonelist_is_said_once(void **state)
{
	const struct machine_spec only_high = {
		.layout = &layout_low_4096, .bank = {{4096, 4096, 0}}};
	struct machine *machine = machine_create(&only_high);

	(void)state;
	host_print_capture_start();
	assert_null(alloc_pages(GFP_KERNEL | __GFP_DMA32 | __GFP_NOFAIL, 0));
	assert_null(alloc_pages(GFP_DMA32, 0));
	assert_string_equal(host_print_captured(),
		"mm: alloc_pages: gfp 0x8d4 asks for zones that have no memory on this machine: "
		"NULL (said once)\n");
	host_print_capture_stop();
	/* GFP_DMA is the lowest zone that is there, so it never is empty. */
	assert_int_equal(page_zone(alloc_pages(GFP_DMA, 0))->type, ZONE_NORMAL);
	machine_destroy(machine);
}

static void modifiers_pick_the_zone_and_fall_back_downward_only(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	machine_lift_reserves(machine);
	assert_int_equal(page_zone(alloc_page(GFP_KERNEL))->type, ZONE_NORMAL);
	assert_int_equal(page_zone(alloc_page(GFP_KERNEL | GFP_DMA))->type, ZONE_DMA32);
	assert_int_equal(page_zone(alloc_page(GFP_KERNEL | GFP_DMA32))->type, ZONE_DMA32);
	assert_true(
		__get_dma_pages(GFP_KERNEL, 2) < (unsigned long)phys_to_virt(pfn_to_phys(4096)));
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(page_zone(alloc_pages(0, 10))->type, ZONE_NORMAL);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(page_zone(alloc_pages(GFP_KERNEL, 10))->type, ZONE_DMA32);
	assert_null(alloc_pages(GFP_KERNEL, 10));
	/* NORMAL has pages left, but this asks for DMA32. */
	while (alloc_page(GFP_KERNEL | GFP_DMA32))
		;
	assert_non_null(alloc_page(GFP_KERNEL));
	machine_destroy(machine);
}

static void a_node_first_then_its_fallback(void **state)
{
	/* Node 1's order is 1 2 3 0; node 0 has its NORMAL before its DMA32. */
	static const unsigned long expected[] = {7168, 6144, 5120, 4096, 11264, 10240, 9216, 8192,
		15360, 14336, 13312, 12288, 3072, 2048, 1024, 0};
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	machine_lift_reserves(machine);
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		struct page *page = alloc_pages_node(1, GFP_KERNEL, 10);

		assert_non_null(page);
		assert_int_equal(page_to_pfn(page), expected[i]);
	}
	assert_null(alloc_pages_node(1, GFP_KERNEL, 0));
	assert_null(alloc_pages(GFP_KERNEL, 0));
	machine_destroy(machine);
}

static void without_a_node_it_is_the_cpus(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	for (unsigned int id = 0; id < 4; id++) {
		machine_enter(machine, id);
		assert_int_equal(page_to_nid(alloc_page(GFP_KERNEL)), id);
		assert_int_equal(page_to_nid(alloc_pages(GFP_KERNEL, 4)), id);
		assert_int_equal(page_to_nid(alloc_page(GFP_KERNEL | GFP_DMA)), 0);
		assert_int_equal(page_to_nid(alloc_pages_node(2, GFP_KERNEL, 0)), 2);
	}
	machine_destroy(machine);
}

static void a_node_that_is_not_online_is_misuse(void **state)
{
	static const int bad[] = {-1, 1, 3, 1022, INT32_MAX, INT32_MIN};
	const struct machine_spec gap = {.bank = {{0, 2048, 0}, {2048, 2048, 2}}};
	struct machine *machine = machine_create(&gap);

	(void)state;
	host_print_capture_start();
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_null(alloc_pages_node(bad[i], GFP_KERNEL, 1));
		assert_misuse(MISUSE_BAD_NODE, NULL, 1);
	}
	host_print_capture_stop();
	assert_int_equal(machine->mm.faults.misuse, ARRAY_SIZE(bad));
	machine_destroy(machine);
}

static void put_page_of_any_part_frees_the_whole(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	get_page(head + 7);
	get_page(head);
	put_page(head + 15);
	put_page(head);
	assert_int_equal(page_count(head + 3), 1);
	put_page(head + 1);
	assert_int_equal(page_state(head), PAGE_FREE);
	get_page(page);
	put_page(page);
	assert_int_equal(page_count(page), 1);
	put_page(page);
	assert_int_equal(page_state(page), PAGE_CACHED);
	assert_no_misuse();
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void put_page_of_a_plain_block_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 2);

	(void)state;
	host_print_capture_start();
	put_page(block);
	assert_misuse(MISUSE_WRONG_ORDER, block, 0);
	put_page(block + 1);
	assert_misuse(MISUSE_NOT_ALLOCATED, block + 1, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(block), 1);
	machine_destroy(machine);
}

static void dropping_a_reference_that_nobody_holds_is_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	get_page(page);
	assert_false(put_page_testzero(page));
	assert_true(put_page_testzero(page));
	host_print_capture_start();
	assert_false(put_page_testzero(page));
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	__free_page(page);
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	host_print_capture_stop();
	assert_int_equal(page_count(page), 0);
	free_hot_page(page);
	assert_no_misuse();
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	machine_destroy(machine);
}

static void hot_and_cold_pages_that_are_free_already_are_misuse(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *page = alloc_page(GFP_KERNEL);
	struct page *block = alloc_pages(GFP_KERNEL, 1);

	(void)state;
	assert_true(put_page_testzero(page));
	free_cold_page(page);
	host_print_capture_start();
	free_cold_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	free_hot_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
	free_hot_page(block);
	assert_misuse(MISUSE_WRONG_ORDER, block, 0);
	host_print_capture_stop();
	assert_int_equal(nr_cached_pages(&machine->mm), 1);
	machine_destroy(machine);
}

static void every_wrong_order_is_refused(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	host_print_capture_start();
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		unsigned long free = nr_free_pages(&machine->mm);

		for (unsigned int wrong = 0; wrong < MAX_ORDER + 2; wrong++) {
			if (wrong == order)
				continue;
			__free_pages(page, wrong);
			assert_misuse(MISUSE_WRONG_ORDER, page, wrong);
		}
		assert_int_equal(page_count(page), 1);
		assert_int_equal(nr_free_pages(&machine->mm), free);
		__free_pages(page, order);
		assert_no_misuse();
	}
	host_print_capture_stop();
	drain_local_pages();
	assert_int_equal(nr_free_pages(&machine->mm), 4096);
	machine_destroy(machine);
}

static void split_page_makes_single_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	(void)state;
	split_page(block, 3);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(page_count(block + i), 1);
		assert_int_equal(page_private(block + i), 0);
		assert_int_equal(page_tag(block + i), make_tag(PAGE_ALLOCATED, 0));
	}
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	host_print_capture_start();
	__free_pages(block, 3); /* it is no block any more */
	host_print_capture_stop();
	assert_misuse(MISUSE_WRONG_ORDER, block, 3);
	for (unsigned int i = 0; i < 8; i++)
		__free_page(block + (i * 5) % 8);
	drain_local_pages();
	assert_no_misuse();
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_area[10].nr_free, 4);
	machine_destroy(machine);
}

static void split_page_refuses_what_it_can_not_split(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	struct page *block = alloc_pages(GFP_KERNEL, 2);
	struct page *compound = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct page *single = alloc_page(GFP_KERNEL);

	(void)state;
	host_print_capture_start();
	split_page(block, 1);
	assert_misuse(MISUSE_WRONG_ORDER, block, 1);
	split_page(block + 1, 0);
	assert_misuse(MISUSE_NOT_ALLOCATED, block + 1, 0);
	split_page(compound, 2);
	assert_misuse(MISUSE_BAD_COMPOUND, compound, 2);
	assert_true(PageCompound(compound + 1));
	__free_pages(block, 2);
	split_page(block, 2);
	assert_misuse(MISUSE_DOUBLE_FREE, block, 2);
	host_print_capture_stop();
	split_page(single, 0);
	__free_page(single);
	__free_pages(compound, 2);
	assert_no_misuse();
	machine_destroy(machine);
}

static void addresses_and_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	unsigned long addr = __get_free_pages(GFP_KERNEL, 3);
	struct page *page = virt_to_page((void *)addr);
	unsigned long single = __get_free_page(GFP_KERNEL);

	(void)state;
	assert_ptr_equal(page_address(page), (void *)addr);
	assert_int_equal(page_to_pfn(page) % 8, 0);
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, 3));
	free_pages(addr, 3);
	assert_int_equal(page_state(page), PAGE_FREE);
	free_page(single);
	memset((void *)single, 0xff, PAGE_SIZE);
	assert_int_equal(get_zeroed_page(GFP_KERNEL), single);
	assert_int_equal(bytes_unlike(virt_to_page((void *)single), 0, 0), 0);
	/* Any byte of the page names it. */
	free_pages(single + PAGE_SIZE - 1, 0);
	assert_int_equal(page_state(virt_to_page((void *)single)), PAGE_CACHED);
	assert_no_misuse();
	machine_destroy(machine);
}

static void free_pages_of_no_page(void **state)
{
	const struct machine_spec holes = {.bank = {{0, 2048, 0}, {3072 + 100, 924, 0}}};
	struct machine *machine = machine_create(&holes);
	unsigned long linear = (unsigned long)phys_to_virt(0);

	(void)state;
	free_pages(0, 0);
	free_pages(0, 99);
	assert_no_misuse();
	host_print_capture_start();
	free_pages(linear - 1, 0);
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages((unsigned long)&machine, 2);
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 2);
	free_pages(linear + pfn_to_phys(2048), 0); /* a block without memory */
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages(linear + pfn_to_phys(4096), 0); /* beyond the last bank */
	assert_misuse(MISUSE_BAD_ADDRESS, NULL, 0);
	free_pages(linear + pfn_to_phys(3072), 0); /* a hole of a block with memory */
	assert_misuse(MISUSE_RESERVED, pfn_to_page(3072), 0);
	free_pages(linear, 0); /* free since boot */
	assert_misuse(MISUSE_DOUBLE_FREE, pfn_to_page(0), 0);
	host_print_capture_stop();
	assert_int_equal(nr_free_pages(&machine->mm), 2048 + 924);
	machine_destroy(machine);
}

static void everything_can_be_handed_out_and_comes_back(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	static struct page *held[16384 + 1];
	static const unsigned long low[MAX_ORDER] = {[10] = 2}, normal[MAX_ORDER] = {[10] = 4};
	unsigned int nr = 0;

	(void)state;
	machine_lift_reserves(machine);
	while ((held[nr] = alloc_page(GFP_KERNEL)))
		assert_true(++nr <= 16384);
	assert_int_equal(nr, 16384);
	assert_int_equal(nr_free_pages(&machine->mm) + nr_cached_pages(&machine->mm), 0);
	while (nr)
		__free_page(held[--nr]);
	drain_local_pages();
	assert_nr_free(machine_zone(machine, 0, ZONE_DMA32), low);
	assert_nr_free(machine_zone(machine, 0, ZONE_NORMAL), low);
	assert_nr_free(machine_zone(machine, 3, ZONE_NORMAL), normal);
	machine_destroy(machine);
}

static void two_machines_side_by_side(void **state)
{
	struct machine *one = machine_create(&fixture_f2), *two = machine_create(&fixture_f4);
	struct page *page_two = alloc_pages(GFP_KERNEL, 5), *page_one;

	(void)state;
	machine_enter(one, 0);
	page_one = alloc_page(GFP_KERNEL | __GFP_ZERO);
	assert_int_equal(page_to_pfn(page_one), 3072);
	assert_int_equal(nr_free_pages(&one->mm) + nr_cached_pages(&one->mm), 4095);
	assert_int_equal(nr_free_pages(&two->mm), 16384 - 32);
	__free_page(page_one);
	machine_destroy(one);
	machine_enter(two, 0);
	__free_pages(page_two, 5);
	assert_int_equal(nr_free_pages(&two->mm), 16384);
	machine_destroy(two);
}

/*
 * The random model: who holds which page, by pfn, beside the allocator. Each page held has the
 * holder's number in its first and last word. Enough is held for zones to run empty.
 */
#define MODEL_PAGES 16384U
#define MODEL_HELD  600U
#define MODEL_OPS   200000U

struct held {
	struct page *page; /* NULL: nothing is held here */
	unsigned int order;
	unsigned long stamp;
	bool compound;
};

struct model {
	struct machine *machine;
	uint64_t random;
	unsigned long owner[MODEL_PAGES]; /* stamp, or 0 */
	struct held held[MODEL_HELD];
	unsigned long nr_pages, next_stamp, nr_refused;
};

static void model_take(struct model *model, const struct held *held)
{
	unsigned long first = page_to_pfn(held->page);

	for (unsigned long pfn = first; pfn < first + (1UL << held->order); pfn++) {
		unsigned long *words = page_address(pfn_to_page(pfn));

		assert_int_equal(model->owner[pfn], 0);
		model->owner[pfn] = words[0] = words[PAGE_SIZE / 8 - 1] = held->stamp;
	}
	model->nr_pages += 1UL << held->order;
}

static void model_give(struct model *model, const struct held *held)
{
	unsigned long first = page_to_pfn(held->page);

	for (unsigned long pfn = first; pfn < first + (1UL << held->order); pfn++) {
		const unsigned long *words = page_address(pfn_to_page(pfn));

		assert_int_equal(model->owner[pfn], held->stamp);
		assert_int_equal(words[0], held->stamp);
		assert_int_equal(words[PAGE_SIZE / 8 - 1], held->stamp);
		model->owner[pfn] = 0;
	}
	model->nr_pages -= 1UL << held->order;
}

/* What model_take() has once written there must be gone. */
static void assert_stamps_are_zero(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		const unsigned long *words = page_address(page + i);

		assert_int_equal(words[0] | words[PAGE_SIZE / 8 - 1], 0);
	}
}

/* Mostly small; one in six is of any size. */
static unsigned int random_order(uint64_t *random)
{
	unsigned int order = 0;

	if (next_random(random, 6) == 0)
		return (unsigned int)next_random(random, MAX_ORDER);
	while (order < MAX_ORDER - 1 && next_random(random, 3) == 0)
		order++;
	return order;
}

static void model_alloc(struct model *model, struct held *held)
{
	static const gfp_t modifiers[] = {0, 0, __GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM};
	gfp_t gfp = modifiers[next_random(&model->random, ARRAY_SIZE(modifiers))] | __GFP_NOWARN;
	unsigned int order = random_order(&model->random);
	int nid = (int)next_random(&model->random, 8);
	struct page *page;

	if (in_interrupt())
		gfp &= ~__GFP_HIGHMEM; /* clearing such a page may sleep */
	else
		gfp |= GFP_KERNEL;
	gfp |= next_random(&model->random, 4) ? 0 : __GFP_ZERO;
	gfp |= next_random(&model->random, 3) ? 0 : __GFP_COMP;
	gfp |= next_random(&model->random, 4) ? 0 : __GFP_COLD;
	page = nid < 4 ? alloc_pages_node(nid, gfp, order) : alloc_pages(gfp, order);
	if (!page) {
		model->nr_refused++;
		return;
	}
	assert_int_equal(page_to_pfn(page) % (1UL << order), 0);
	if (gfp & (__GFP_DMA | __GFP_DMA32))
		assert_true(page_to_pfn(page) + (1UL << order) <= 2048);
	if (gfp & __GFP_ZERO)
		assert_stamps_are_zero(page, order);
	held->page = page;
	held->order = order;
	held->compound = order && gfp & __GFP_COMP;
	held->stamp = ++model->next_stamp;
	model_take(model, held);
}

static void model_free(struct model *model, struct held *held)
{
	unsigned long nr = 1UL << held->order;
	struct page *page = held->page;

	model_give(model, held);
	held->page = NULL;
	switch (next_random(&model->random, 4)) {
	case 0:
		free_pages((unsigned long)page_address(page), held->order);
		break;
	case 1:
		if (held->compound || nr == 1) {
			put_page(page + next_random(&model->random, nr));
			break;
		}
		split_page(page, held->order);
		for (unsigned long i = 0; i < nr; i++)
			__free_page(page + i);
		break;
	case 2:
		if (nr == 1 && put_page_testzero(page)) {
			free_cold_page(page);
			break;
		}
		get_page(page);
		__free_pages(page, held->order);
		/* fall through */
	default:
		__free_pages(page, held->order);
	}
}

static void model_check(const struct model *model)
{
	struct mm_check_result result;

	assert_no_misuse();
	assert_int_equal(mm_check(&model->machine->mm, &result), 0);
	assert_int_equal(result.allocated, model->nr_pages);
	assert_int_equal(result.free + result.cached, MODEL_PAGES - model->nr_pages);
}

static void model_step(struct model *model)
{
	struct held *held = &model->held[next_random(&model->random, MODEL_HELD)];
	bool interrupt = next_random(&model->random, 16) == 0;

	if (next_random(&model->random, 8) == 0)
		machine_enter(model->machine, (unsigned int)next_random(&model->random, 4));
	if (next_random(&model->random, 500) == 0)
		drain_local_pages();
	if (next_random(&model->random, 3000) == 0)
		drain_all_pages(&model->machine->mm);
	if (interrupt)
		interrupt_begin((unsigned int)next_random(&model->random, 2));
	if (held->page)
		model_free(model, held);
	else
		model_alloc(model, held);
	if (interrupt)
		interrupt_end();
}

static void random_operations_match_the_model(void **state)
{
	static const unsigned long full[MAX_ORDER] = {[10] = 4}, half[MAX_ORDER] = {[10] = 2};
	struct model *model = calloc(1, sizeof(*model));

	(void)state;
	assert_non_null(model);
	model->random = test_seed(0x5eed0003);
	model->machine = machine_create(&fixture_f4);
	machine_lift_reserves(model->machine);
	for (unsigned int op = 0; op < MODEL_OPS; op++) {
		model_step(model);
		if (op % 5000 == 0)
			model_check(model);
	}
	for (unsigned int i = 0; i < MODEL_HELD; i++) {
		if (model->held[i].page)
			model_free(model, &model->held[i]);
	}
	assert_int_equal(model->nr_pages, 0);
	assert_true(model->nr_refused > 100);
	drain_all_pages(&model->machine->mm);
	model_check(model);
	assert_nr_free(machine_zone(model->machine, 0, ZONE_DMA32), half);
	assert_nr_free(machine_zone(model->machine, 0, ZONE_NORMAL), half);
	for (int nid = 1; nid < 4; nid++)
		assert_nr_free(machine_zone(model->machine, nid, ZONE_NORMAL), full);
	machine_destroy(model->machine);
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S26_order_11_is_refused_at_once),
		cmocka_unit_test(S36_a_reserved_page_is_not_freed),
		cmocka_unit_test(S36_the_last_of_two_references_frees),
		cmocka_unit_test(S49_zero_means_every_byte_of_every_page),
		cmocka_unit_test(S49_without_zero_the_bytes_stay),
		cmocka_unit_test(S49_zero_means_every_byte_also_of_an_odd_page),
		cmocka_unit_test(S49_zeroed_highmem_is_misuse),
		cmocka_unit_test(S49_highuser_without_highmem_is_a_normal_page),
		cmocka_unit_test(S50_flags_that_are_bad_at_free),
		cmocka_unit_test(S50_mappings_that_are_bad_at_free),
		cmocka_unit_test(S50_freed_with_a_count_is_bad),
		cmocka_unit_test(a_bad_tail_sets_the_whole_block_aside_if_tails_are_checked),
		cmocka_unit_test(a_page_gone_bad_in_the_cache_is_set_aside),
		cmocka_unit_test(a_new_owner_sees_no_leftovers),
		cmocka_unit_test(S52_a_compound_page),
		cmocka_unit_test(S52_a_compound_page_freed_with_another_order_is_refused),
		cmocka_unit_test(a_broken_compound_page_is_set_aside),
		cmocka_unit_test(a_stale_compound_mark_is_cleared),
		cmocka_unit_test(S53_what_is_not_compound),
		cmocka_unit_test(S57_counters_count_pages),
		cmocka_unit_test(S14_modifiers_that_exclude_each_other_are_said_once),
		cmocka_unit_test(S14_an_empty_zonelist_is_said_once),
		cmocka_unit_test(modifiers_pick_the_zone_and_fall_back_downward_only),
		cmocka_unit_test(a_node_first_then_its_fallback),
		cmocka_unit_test(without_a_node_it_is_the_cpus),
		cmocka_unit_test(a_node_that_is_not_online_is_misuse),
		cmocka_unit_test(put_page_of_any_part_frees_the_whole),
		cmocka_unit_test(put_page_of_a_plain_block_is_misuse),
		cmocka_unit_test(dropping_a_reference_that_nobody_holds_is_misuse),
		cmocka_unit_test(hot_and_cold_pages_that_are_free_already_are_misuse),
		cmocka_unit_test(every_wrong_order_is_refused),
		cmocka_unit_test(split_page_makes_single_pages),
		cmocka_unit_test(split_page_refuses_what_it_can_not_split),
		cmocka_unit_test(addresses_and_pages),
		cmocka_unit_test(free_pages_of_no_page),
		cmocka_unit_test(everything_can_be_handed_out_and_comes_back),
		cmocka_unit_test(two_machines_side_by_side),
		cmocka_unit_test(random_operations_match_the_model),
	};

	return cmocka_run_group_tests_name("page_alloc", tests, NULL, NULL);
}
