/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NUMA memory policy: which nodes serve a thread's or an object's pages, and what makes no policy.
 */
#include "mempolicy_fixture.h"

static void S55_preferred(void **state)
{
	(void)state;
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(2)), 0);
	assert_int_equal(node_asked(GFP_KERNEL), 2);
	/* The lowest node of several. */
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(3) | NODE(1)), 0);
	assert_int_equal(node_asked(GFP_KERNEL), 1);
	/* None: -1, the node of the CPU. */
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, 0), 0);
	assert_int_equal(mm_current()->mempolicy->preferred, -1);
	assert_int_equal(node_asked(GFP_KERNEL), 0);
}

static void S55_preferred_falls_back(void **state)
{
	struct page *page[4];

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(2)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_pages(GFP_ATOMIC, MAX_ORDER - 1);
	/* Three blocks, as the fourth is below the mark; then by node 2's own order: 3. */
	assert_int_equal(page_to_nid(page[2]), 2);
	assert_int_equal(page_to_nid(page[3]), 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], MAX_ORDER - 1);
}

static void S55_bind_list(void **state)
{
	const struct zonelist *list;

	(void)state;
	assert_int_equal(mm_policy_zone(&machine->mm), 0);
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(0) | NODE(3)), 0);
	list = mm_current()->mempolicy->zonelist;
	assert_int_equal(list->nr, 3);
	assert_ptr_equal(list->zones[0], machine_zone(machine, 0, ZONE_NORMAL));
	assert_ptr_equal(list->zones[1], machine_zone(machine, 0, ZONE_DMA32));
	assert_ptr_equal(list->zones[2], machine_zone(machine, 3, ZONE_NORMAL));
	assert_null(list->zones[3]);
	assert_int_equal(mm_policy_zone(&machine->mm), ZONE_NORMAL);
}

/* Take single pages until there is none; how many came from each node. They go back at the end. */
static void take_all(gfp_t gfp, unsigned int from[4])
{
	struct list_head taken;
	struct page *page;

	list_init(&taken);
	memset(from, 0, 4 * sizeof(*from));
	while ((page = alloc_pages(gfp, 0))) {
		from[page_to_nid(page)]++;
		list_add(&page->lru, &taken);
	}
	give_all(&taken);
	drain_local_pages();
}

/* With 2.6.11's min_free_kbytes of 2048, which counts nodes four times over, and with ours. */
static void S55_bind_is_served_by_its_nodes_alone(void **state)
{
	static const struct {
		unsigned long min_free_kbytes;
		unsigned int node_0, node_3;
	} rows[] = {{2048, 4040, 4048}, {1024, 4064, 4072}};
	struct mempolicy *policy = new_policy(MPOL_BIND, NODE(0) | NODE(3));
	unsigned int from[4];

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 1024);
	assert_null(mpol_install(policy, -1));
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		mm_set_min_free_kbytes(&machine->mm, rows[i].min_free_kbytes);
		take_all(GFP_ATOMIC | __GFP_NOWARN, from);
		assert_int_equal(from[0], rows[i].node_0);
		assert_int_equal(from[1], 0);
		assert_int_equal(from[2], 0);
		assert_int_equal(from[3], rows[i].node_3);
	}
	assert_int_equal(nr_free_pages(&machine->mm), 4 * 4096 - 1);
}

/* 2.6.11 gives a NORMAL page here, of any node that is bound: Q2 mended. */
static void S55_bind_does_not_police_lower_zones(void **state)
{
	struct page *page;

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(3)), 0);
	page = alloc_pages(GFP_KERNEL | GFP_DMA, 0);
	assert_ptr_equal(page_zone(page), machine_zone(machine, 0, ZONE_DMA32));
	__free_page(page);
	page = alloc_pages(GFP_KERNEL | GFP_DMA32, 0);
	assert_ptr_equal(page_zone(page), machine_zone(machine, 0, ZONE_DMA32));
	__free_page(page);
	/* NORMAL and above are policed. */
	assert_int_equal(node_asked(GFP_KERNEL), 3);
	assert_int_equal(node_asked(GFP_HIGHUSER), 3);
}

/* Where nothing above DMA32 was ever bound, DMA32 is policed; and the zone never sinks again. */
static void policy_zone_is_the_highest_that_was_bound(void **state)
{
	static const struct machine_spec spec = {
		.layout = &layout_low_4096,
		.bank = {{0, 2048, 0}, {2048, 2048, 1}, {4096, 2048, 2}},
		.nr_cpus = 1,
	};
	struct machine *low = machine_create(&spec);

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(1)), 0);
	assert_int_equal(mm_policy_zone(&low->mm), ZONE_DMA32);
	assert_int_equal(node_asked(GFP_KERNEL | GFP_DMA32), 1);
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(1) | NODE(2)), 0);
	assert_int_equal(mm_policy_zone(&low->mm), ZONE_NORMAL);
	assert_int_equal(node_asked(GFP_KERNEL | GFP_DMA32), 0);
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(1)), 0);
	assert_int_equal(mm_policy_zone(&low->mm), ZONE_NORMAL);
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	machine_destroy(low);
	machine_enter(machine, 0);
}

static void what_makes_no_policy_is_refused(void **state)
{
	static const struct {
		int mode;
		nodemask_t nodes;
	} rows[] = {
		{MPOL_MAX, NODE(0)},
		{MPOL_MAX, 0},
		{-1, NODE(0)},
		{MPOL_DEFAULT, NODE(0)},
		{MPOL_BIND, 0},
		{MPOL_INTERLEAVE, 0},
		{MPOL_PREFERRED, NODE(4)},
		{MPOL_BIND, NODE(1) | NODE(4)},
		{MPOL_INTERLEAVE, NODE(63)},
	};
	const struct mempolicy *before;

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(2)), 0);
	before = mm_current()->mempolicy;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(
			set_mempolicy((enum mpol_mode)rows[i].mode, rows[i].nodes), -MM_EINVAL);
		assert_ptr_equal(mm_current()->mempolicy, before);
	}
}

static void bind_needs_memory(void **state)
{
	static const struct machine_spec spec = {
		.bank = {{0, 4096, 0}}, .nr_cpus = 2, .cpu_nid = {0, 1}};
	struct machine *bare = machine_create(&spec);

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(1)), -MM_EINVAL);
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(0) | NODE(1)), 0);
	/* The others fall back from there. */
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(1)), 0);
	assert_int_equal(node_asked(GFP_KERNEL), 0);
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, NODE(1)), 0);
	assert_int_equal(node_asked(GFP_KERNEL), 0);
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	machine_destroy(bare);
	machine_enter(machine, 0);
}

static void no_memory_for_a_policy(void **state)
{
	struct list_head taken;
	struct page *page;

	(void)state;
	list_init(&taken);
	/* One that may not reclaim, and for whom nothing is left. */
	mm_current()->flags |= PF_MEMALLOC;
	while ((page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 0)))
		list_add(&page->lru, &taken);
	host_print_capture_start();
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(0)), -MM_ENOMEM);
	host_print_capture_stop();
	mm_current()->flags &= ~PF_MEMALLOC;
	assert_null(mm_current()->mempolicy);
	assert_int_equal(this_cpu->attention, 0);
	give_all(&taken);
}

static void the_switch_follows_the_thread(void **state)
{
	struct mm_task *mine = mm_current();
	struct mm_task other = {.name = "other", .prio = DEFAULT_PRIO};

	(void)state;
	assert_int_equal(this_cpu->attention, 0);
	assert_int_equal(set_mempolicy(MPOL_PREFERRED, NODE(2)), 0);
	assert_int_equal(this_cpu->switches, MM_SWITCH_POLICY);
	assert_int_equal(this_cpu->busy, 0);
	mm_switch_task(&other);
	assert_int_equal(this_cpu->switches, 0);
	assert_int_equal(node_asked(GFP_KERNEL), 0);
	mm_switch_task(mine);
	assert_int_equal(this_cpu->switches, MM_SWITCH_POLICY);
	assert_int_equal(node_asked(GFP_KERNEL), 2);
	/* The policy is a thread's, not the CPU's nor the machine's. */
	machine_enter(machine, 1);
	assert_int_equal(this_cpu->attention, 0);
	assert_int_equal(node_asked(GFP_KERNEL), 1);
	machine_enter(machine, 0);
}

static void interrupts_have_no_policy(void **state)
{
	static const enum mpol_mode modes[] = {MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(set_mempolicy(modes[i], NODE(2) | NODE(3)), 0);
		for (unsigned int busy = 0; busy < 2; busy++) {
			interrupt_begin(busy);
			assert_int_equal(node_asked(GFP_ATOMIC), 0);
			interrupt_end();
		}
		assert_int_equal(node_asked(GFP_KERNEL), 2);
	}
	/* Nor does an interrupt in the busy section of a thread without one do harm. */
	assert_int_equal(set_mempolicy(MPOL_DEFAULT, 0), 0);
	interrupt_begin(1);
	assert_int_equal(node_asked(GFP_ATOMIC), 0);
	interrupt_end();
}

static void a_named_node_is_no_matter_of_policy(void **state)
{
	(void)state;
	assert_int_equal(set_mempolicy(MPOL_BIND, NODE(3)), 0);
	assert_int_equal(node_of(alloc_pages_node(1, GFP_KERNEL, 0)), 1);
}

static void an_objects_policy_goes_by_the_index(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_INTERLEAVE, NODE(0) | NODE(1) | NODE(3));
	static const int nodes[] = {0, 1, 3};

	(void)state;
	for (unsigned long index = 0; index < 9; index++)
		assert_int_equal(
			node_of(alloc_page_policy(policy, GFP_KERNEL, index)), nodes[index % 3]);
	assert_int_equal(node_of(alloc_page_policy(policy, GFP_KERNEL, 1000000001)), 3);
	/* In interrupts too. */
	interrupt_begin(0);
	assert_int_equal(node_of(alloc_page_policy(policy, GFP_ATOMIC, 1)), 1);
	interrupt_end();
	mpol_free(policy);
}

static void an_object_without_policy_has_the_threads(void **state)
{
	struct mempolicy *bind = new_policy(MPOL_BIND, NODE(3));

	(void)state;
	assert_int_equal(node_of(alloc_page_policy(NULL, GFP_KERNEL, 7)), 0);
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, NODE(1) | NODE(2)), 0);
	assert_int_equal(node_of(alloc_page_policy(NULL, GFP_KERNEL, 7)), 2);
	assert_int_equal(mm_current()->il_next, 1); /* nobody's turn was used up */
	interrupt_begin(0);
	assert_int_equal(node_of(alloc_page_policy(NULL, GFP_ATOMIC, 7)), 2);
	interrupt_end();
	/* The object's comes first. */
	assert_int_equal(node_of(alloc_page_policy(bind, GFP_KERNEL, 7)), 3);
	mpol_free(bind);
}

static void sets_of_nodes(void **state)
{
	(void)state;
	assert_int_equal(nodemask_weight(0), 0);
	assert_int_equal(nodemask_weight(~0ULL), MPOL_NODES);
	assert_int_equal(nodemask_weight(NODE(0) | NODE(63)), 2);
	assert_int_equal(nodemask_next(0, -1), -1);
	assert_int_equal(nodemask_next(NODE(0) | NODE(63), -1), 0);
	assert_int_equal(nodemask_next(NODE(0) | NODE(63), 0), 63);
	assert_int_equal(nodemask_next(NODE(0) | NODE(63), 63), 0);
	assert_int_equal(nodemask_next(NODE(5), 5), 5);
	assert_string_equal(mpol_mode_name(MPOL_DEFAULT), "default");
	assert_string_equal(mpol_mode_name(MPOL_PREFERRED), "preferred");
	assert_string_equal(mpol_mode_name(MPOL_BIND), "bind");
	assert_string_equal(mpol_mode_name(MPOL_INTERLEAVE), "interleave");
	assert_string_equal(mpol_mode_name(MPOL_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(S55_preferred),
		TEST(S55_preferred_falls_back),
		TEST(S55_bind_list),
		TEST(S55_bind_is_served_by_its_nodes_alone),
		TEST(S55_bind_does_not_police_lower_zones),
		TEST(policy_zone_is_the_highest_that_was_bound),
		TEST(what_makes_no_policy_is_refused),
		TEST(bind_needs_memory),
		TEST(no_memory_for_a_policy),
		TEST(the_switch_follows_the_thread),
		TEST(interrupts_have_no_policy),
		TEST(a_named_node_is_no_matter_of_policy),
		TEST(an_objects_policy_goes_by_the_index),
		TEST(an_object_without_policy_has_the_threads),
		TEST(sets_of_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
