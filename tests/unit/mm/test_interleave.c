/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interleaving by policy, and what NUMA counters say under any policy. On fixture F4, see
 * mempolicy_fixture.h.
 */
#include "mempolicy_fixture.h"

static void interleave_takes_turns(void **state)
{
	static const int turns[] = {0, 1, 3, 0, 1, 3, 0};

	(void)state;
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, NODE(0) | NODE(1) | NODE(3)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(turns); i++)
		assert_int_equal(node_asked(GFP_KERNEL), turns[i]);
	/* Each policy begins at its lowest. */
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, NODE(2) | NODE(3)), 0);
	assert_int_equal(node_asked(GFP_KERNEL), 2);
	assert_int_equal(node_asked(GFP_KERNEL), 3);
	assert_int_equal(node_asked(GFP_KERNEL), 2);
}

/* A thread that goes on with a policy it has had before. */
static void interleave_goes_on_where_it_is_told(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_INTERLEAVE, NODE(0) | NODE(2));

	(void)state;
	assert_null(mpol_install(policy, 2));
	assert_int_equal(node_asked(GFP_KERNEL), 2);
	assert_int_equal(mm_current()->il_next, 0);
	assert_ptr_equal(mpol_install(NULL, -1), policy);
	assert_null(mpol_install(policy, 1)); /* none of its nodes */
	assert_int_equal(node_asked(GFP_KERNEL), 0);
}

static void interleave_moves_on_without_a_page(void **state)
{
	(void)state;
	assert_int_equal(set_mempolicy(MPOL_INTERLEAVE, NODE(1) | NODE(2)), 0);
	host_print_capture_start();
	assert_null(alloc_pages(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM, 0)); /* no such list */
	host_print_capture_stop();
	assert_int_equal(node_asked(GFP_KERNEL), 2);
	assert_int_equal(node_asked(GFP_KERNEL), 1);
}

static void interleave_falls_back_and_counts_hits(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_INTERLEAVE, NODE(2) | NODE(3));
	struct page *page[8];

	(void)state;
	mpol_install(policy, -1);
	/* 2, 3, 2, 3, 2, 3: three blocks each. Then none above the mark: 2 goes to 0, 3 as well. */
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_pages(GFP_ATOMIC, MAX_ORDER - 1);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(page_to_nid(page[i]), 2 + i % 2);
	assert_int_equal(page_to_nid(page[6]), 0);
	assert_int_equal(page_to_nid(page[7]), 0);
	assert_numa(2, ZONE_NORMAL,
		(struct numa_sum){.of = {.numa_hit = 3, .numa_foreign = 1, .interleave_hit = 3},
			.other_node = 3});
	assert_numa(3, ZONE_NORMAL,
		(struct numa_sum){.of = {.numa_hit = 3, .numa_foreign = 1, .interleave_hit = 3},
			.other_node = 3});
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], MAX_ORDER - 1);
}

/* A lower zone of the node that was chosen is a hit of the node, and no interleave hit. */
static void interleave_hits_are_the_first_zones(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_INTERLEAVE, NODE(0));
	struct page *page[2];

	(void)state;
	mpol_install(policy, -1);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_pages(GFP_ATOMIC, MAX_ORDER - 1);
	assert_int_equal(page_zone(page[0])->type, ZONE_NORMAL);
	assert_int_equal(page_zone(page[1])->type, ZONE_DMA32);
	assert_numa(0, ZONE_NORMAL,
		(struct numa_sum){.of = {.numa_hit = 1, .interleave_hit = 1}, .local_node = 1});
	assert_numa(0, ZONE_DMA32, (struct numa_sum){.of = {.numa_hit = 1}, .local_node = 1});
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], MAX_ORDER - 1);
}

/* hit and miss go by the node that was asked first, local and other by the CPU's. */
static void counters_under_a_policy(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_PREFERRED, NODE(2));
	struct page *page[4];

	(void)state;
	mpol_install(policy, -1);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_pages(GFP_ATOMIC, MAX_ORDER - 1);
	assert_numa(2, ZONE_NORMAL,
		(struct numa_sum){.of = {.numa_hit = 3, .numa_foreign = 1}, .other_node = 3});
	assert_numa(3, ZONE_NORMAL, (struct numa_sum){.of = {.numa_miss = 1}, .other_node = 1});
	assert_numa(0, ZONE_NORMAL, (struct numa_sum){0});
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], MAX_ORDER - 1);
}

/* Under BIND the first zone of its list was asked first, though the CPU's node is another. */
static void counters_under_bind(void **state)
{
	struct mempolicy *policy = new_policy(MPOL_BIND, NODE(2) | NODE(3));
	struct page *page[4];

	(void)state;
	mpol_install(policy, -1);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_pages(GFP_ATOMIC, MAX_ORDER - 1);
	assert_int_equal(page_to_nid(page[3]), 3);
	assert_numa(2, ZONE_NORMAL,
		(struct numa_sum){.of = {.numa_hit = 3, .numa_foreign = 1}, .other_node = 3});
	assert_numa(3, ZONE_NORMAL, (struct numa_sum){.of = {.numa_miss = 1}, .other_node = 1});
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		__free_pages(page[i], MAX_ORDER - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interleave_takes_turns),
		TEST(interleave_goes_on_where_it_is_told),
		TEST(interleave_moves_on_without_a_page),
		TEST(interleave_falls_back_and_counts_hits),
		TEST(interleave_hits_are_the_first_zones),
		TEST(counters_under_a_policy),
		TEST(counters_under_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
