/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is handed out: from which zone and node, how it is counted, what is refused; and any calls
 * against a model of them.
 */
#include "unit.h"

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
		cmocka_unit_test(S57_counters_count_pages),
		cmocka_unit_test(S14_modifiers_that_exclude_each_other_are_said_once),
		cmocka_unit_test(S14_an_empty_zonelist_is_said_once),
		cmocka_unit_test(modifiers_pick_the_zone_and_fall_back_downward_only),
		cmocka_unit_test(a_node_first_then_its_fallback),
		cmocka_unit_test(without_a_node_it_is_the_cpus),
		cmocka_unit_test(a_node_that_is_not_online_is_misuse),
		cmocka_unit_test(everything_can_be_handed_out_and_comes_back),
		cmocka_unit_test(two_machines_side_by_side),
		cmocka_unit_test(random_operations_match_the_model),
	};

	return cmocka_run_group_tests_name("page_alloc", tests, NULL, NULL);
}
