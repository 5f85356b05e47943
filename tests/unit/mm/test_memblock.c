/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator: rounding, overlaps, flags, splitting, limits.
 */
#include "memblock_fixture.h"

/* Fails unless range i of the list is [base, end) pages, of this node, flags and reason. */
static void assert_range(const struct memblock_list *list, unsigned int i, unsigned long base,
	unsigned long end, int nid, unsigned int flags, const char *why)
{
	assert_true(i < list->nr);
	assert_int_equal(list->range[i].base, P(base));
	assert_int_equal(list->range[i].end, P(end));
	assert_int_equal(list->range[i].nid, nid);
	assert_int_equal(list->range[i].flags, flags);
	assert_string_equal(list->range[i].why, why);
}

static void assert_bank(
	const struct memblock *mb, unsigned int i, unsigned long base, unsigned long end, int nid)
{
	assert_range(&mb->memory, i, base, end, nid, 0, "");
}

static void assert_reserved(const struct memblock *mb, unsigned int i, unsigned long base,
	unsigned long end, unsigned int flags, const char *why)
{
	assert_range(&mb->reserved, i, base, end, 0, flags, why);
}

static void assert_next_free(const struct memblock *mb, unsigned long from, unsigned long base,
	unsigned long end, int nid)
{
	struct memblock_free run;

	assert_true(memblock_next_free(mb, P(from), &run));
	assert_int_equal(run.base, P(base));
	assert_int_equal(run.end, P(end));
	assert_int_equal(run.nid, nid);
}

static void banks_are_rounded_inward(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	assert_int_equal(memblock_add(mb, P(10) + 1, P(3), 0), P(2));
	assert_bank(mb, 0, 11, 13, 0);
	assert_int_equal(memblock_add(mb, P(20) + 1, P(1), 0), 0);
	assert_int_equal(memblock_add(mb, P(20) + 1, P(2) - 2, 0), 0);
	assert_int_equal(memblock_add(mb, P(20), P(1) - 1, 0), 0);
	assert_int_equal(memblock_add(mb, P(20), 0, 0), 0);
	assert_int_equal(memblock_add(mb, P(20) + 1, P(2) - 1, 0), P(1));
	assert_int_equal(mb->memory.nr, 2);
	assert_bank(mb, 1, 21, 22, 0);
	free(mb);
}

static void reservations_are_rounded_outward(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	assert_int_equal(memblock_reserve(mb, P(10) + 1, P(1), 0, "a"), 0);
	assert_int_equal(memblock_reserve(mb, P(20) + PAGE_SIZE - 1, 1, 0, "b"), 0);
	assert_int_equal(memblock_reserve(mb, P(30) + PAGE_SIZE - 1, 2, 0, "c"), 0);
	assert_int_equal(memblock_reserve(mb, P(40), 0, 0, "nothing"), 0);
	assert_int_equal(mb->reserved.nr, 3);
	assert_reserved(mb, 0, 10, 12, 0, "a");
	assert_reserved(mb, 1, 20, 21, 0, "b");
	assert_reserved(mb, 2, 30, 32, 0, "c");
	free(mb);
}

static void the_first_of_two_overlapping_banks_keeps_the_shared_pages(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	assert_int_equal(memblock_add(mb, P(10), P(10), 1), P(10));
	assert_int_equal(memblock_add(mb, P(12), P(2), 2), 0);        /* inside */
	assert_int_equal(memblock_add(mb, P(15), P(10), 2), P(5));    /* over the end */
	assert_int_equal(memblock_add(mb, P(5), P(10), 3), P(5));     /* over the start */
	assert_int_equal(memblock_add(mb, P(0), P(30), 4), P(5 + 5)); /* around all */
	assert_int_equal(mb->memory.nr, 5);
	assert_bank(mb, 0, 0, 5, 4);
	assert_bank(mb, 1, 5, 10, 3);
	assert_bank(mb, 2, 10, 20, 1);
	assert_bank(mb, 3, 20, 25, 2);
	assert_bank(mb, 4, 25, 30, 4);
	free(mb);
}

static void neighbours_join_only_if_they_say_the_same(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	memblock_add(mb, P(10), P(5), 0);
	memblock_add(mb, P(20), P(5), 0);
	memblock_add(mb, P(25), P(5), 1);
	assert_int_equal(mb->memory.nr, 3);
	memblock_add(mb, P(15), P(5), 0); /* closes the gap */
	assert_int_equal(mb->memory.nr, 2);
	assert_bank(mb, 0, 10, 25, 0);
	assert_bank(mb, 1, 25, 30, 1);

	memblock_reserve(mb, P(2), P(1), 0, "a");
	memblock_reserve(mb, P(1), P(1), 0, "a");
	memblock_reserve(mb, P(3), P(1), 0, "b");
	memblock_reserve(mb, P(4), P(1), MEMBLOCK_NOMAP, "b");
	assert_int_equal(mb->reserved.nr, 3);
	assert_reserved(mb, 0, 1, 3, 0, "a");
	assert_reserved(mb, 1, 3, 4, 0, "b");
	assert_reserved(mb, 2, 4, 5, MEMBLOCK_NOMAP, "b");
	free(mb);
}

static void a_reservation_takes_on_the_flags_of_what_overlaps_it(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	memblock_reserve(mb, P(10), P(10), 0, "first");
	memblock_reserve(mb, P(14), P(2), MEMBLOCK_NOMAP, "inside");
	assert_int_equal(mb->reserved.nr, 3);
	assert_reserved(mb, 0, 10, 14, 0, "first");
	assert_reserved(mb, 1, 14, 16, MEMBLOCK_NOMAP, "first");
	assert_reserved(mb, 2, 16, 20, 0, "first");
	memblock_reserve(mb, P(18), P(4), MEMBLOCK_NOMAP, "tail");
	assert_int_equal(mb->reserved.nr, 5);
	assert_reserved(mb, 3, 18, 20, MEMBLOCK_NOMAP, "first");
	assert_reserved(mb, 4, 20, 22, MEMBLOCK_NOMAP, "tail");
	/* The other way about: what has the flag keeps it. */
	memblock_reserve(mb, P(0), P(30), 0, "around");
	assert_int_equal(mb->reserved.nr, 7);
	assert_reserved(mb, 0, 0, 10, 0, "around");
	assert_reserved(mb, 2, 14, 16, MEMBLOCK_NOMAP, "first");
	assert_reserved(mb, 6, 22, 30, 0, "around");
	/* The flag everywhere: parts with one reason are one range again. */
	memblock_reserve(mb, P(0), P(30), MEMBLOCK_NOMAP, "all");
	assert_int_equal(mb->reserved.nr, 4);
	assert_reserved(mb, 1, 10, 20, MEMBLOCK_NOMAP, "first");
	/* Flags add up. */
	memblock_reserve(mb, P(10), P(10), 0x80, "another flag");
	assert_reserved(mb, 1, 10, 20, MEMBLOCK_NOMAP | 0x80, "first");
	free(mb);
}

static void a_long_reason_is_cut(void **state)
{
	struct memblock *mb = new_memblock();
	char longer[2 * MEMBLOCK_WHY];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memblock_reserve(mb, P(1), P(1), 0, longer);
	assert_int_equal(strlen(mb->reserved.range[0].why), MEMBLOCK_WHY - 1);
	free(mb);
}

static void the_end_of_the_address_space(void **state)
{
	struct memblock *mb = new_memblock();
	phys_addr_t last = (phys_addr_t)0 - PAGE_SIZE;

	(void)state;
	assert_int_equal(memblock_add(mb, last - P(4), P(5) + 1, 0), -1);
	assert_int_equal(memblock_add(mb, PHYS_ADDR_MAX, 2, 0), -1);
	assert_int_equal(memblock_reserve(mb, last, P(1) + 1, 0, "beyond"), -1);
	assert_int_equal(mb->memory.nr + mb->reserved.nr, 0);
	/* Up to 2^64 is fine, less the last page. */
	assert_int_equal(memblock_add(mb, last - P(4), P(5), 0), P(4));
	assert_int_equal(mb->memory.range[0].end, last);
	assert_int_equal(memblock_add(mb, last, P(1), 0), 0);
	assert_int_equal(memblock_add(mb, last + 1, 10, 0), 0);
	assert_int_equal(memblock_reserve(mb, last - P(1), P(2), 0, "top"), 0);
	assert_int_equal(memblock_reserve(mb, last, P(1), 0, "last page"), 0);
	assert_int_equal(mb->reserved.nr, 1);
	assert_int_equal(mb->reserved.range[0].end, last);
	assert_int_equal(memblock_alloc(mb, P(1), P(1), 0, PHYS_ADDR_MAX, "a"), last - P(2));
	assert_int_equal(memblock_end_pfn(mb), pfn_down(last));
	free(mb);
}

/* The bytes added would not fit the result's sign. */
static void half_the_address_space_and_more_is_refused(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	assert_int_equal(memblock_add(mb, 0, 1ULL << 63, 0), -1);
	assert_int_equal(memblock_add(mb, 0, UINT64_MAX, 0), -1);
	assert_int_equal(mb->memory.nr, 0);
	assert_int_equal(memblock_add(mb, 0, (1ULL << 63) - 1, 0), (1ULL << 63) - PAGE_SIZE);
	assert_int_equal(memblock_reserve(mb, 0, UINT64_MAX, 0, "everything"), 0);
	assert_int_equal(mb->reserved.nr, 1);
	assert_int_equal(mb->reserved.range[0].end, (phys_addr_t)0 - PAGE_SIZE);
	free(mb);
}

static void a_full_list_refuses_and_stays_as_it_was(void **state)
{
	struct memblock *mb = new_memblock();
	struct memblock *before = new_memblock();

	(void)state;
	for (unsigned int i = 0; i < MEMBLOCK_MAX_RANGES; i++) {
		assert_int_equal(memblock_add(mb, P(2 * i), P(1), 0), P(1));
		assert_int_equal(memblock_reserve(mb, P(2 * i), P(1), 0, "r"), 0);
	}
	assert_int_equal(mb->memory.nr, MEMBLOCK_MAX_RANGES);
	*before = *mb;
	assert_int_equal(memblock_add(mb, P(4 * MEMBLOCK_MAX_RANGES), P(1), 0), -1);
	assert_int_equal(memblock_add(mb, 0, P(10), 1), -1);
	assert_int_equal(memblock_reserve(mb, P(4 * MEMBLOCK_MAX_RANGES), 1, 0, "r"), -1);
	assert_int_equal(memblock_alloc(mb, P(1), P(1), 0, PHYS_ADDR_MAX, "r"), PHYS_ADDR_MAX);
	assert_memory_equal(&mb->memory, &before->memory, sizeof(mb->memory));
	assert_memory_equal(&mb->reserved, &before->reserved, sizeof(mb->reserved));
	/* What needs no range of its own still goes. */
	assert_int_equal(memblock_add(mb, P(6), P(1), 0), 0);
	assert_int_equal(memblock_reserve(mb, P(6), P(1), MEMBLOCK_NOMAP, "r"), 0);
	assert_int_equal(memblock_unreserve(mb, P(6), P(1)), 0);
	assert_int_equal(mb->reserved.nr, MEMBLOCK_MAX_RANGES - 1);
	free(before);
	free(mb);
}

/* With one range to spare, a cut in the middle, which needs two, is refused; at an end it goes. */
static void a_cut_needs_room_for_its_parts(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	for (unsigned int i = 0; i < MEMBLOCK_MAX_RANGES - 1; i++)
		assert_int_equal(memblock_reserve(mb, P(10 * i), P(5), 0, "r"), 0);
	assert_int_equal(memblock_reserve(mb, P(2), P(1), MEMBLOCK_NOMAP, "cut"), -1);
	assert_int_equal(memblock_reserve(mb, 0, P(20), 0, "two gaps"), -1);
	assert_int_equal(mb->reserved.nr, MEMBLOCK_MAX_RANGES - 1);
	assert_int_equal(memblock_unreserve(mb, P(2), P(1)), 0);
	assert_int_equal(mb->reserved.nr, MEMBLOCK_MAX_RANGES);
	assert_int_equal(memblock_unreserve(mb, P(12), P(1)), -1);
	assert_reserved(mb, 2, 10, 15, 0, "r");
	assert_int_equal(memblock_unreserve(mb, P(10), P(2)), 0);
	assert_reserved(mb, 2, 12, 15, 0, "r");
	free(mb);
}

/*
 *	#   #   #   #   ...	in a full list, and then
 *	|-----------------|	over them: one range
 */
static void what_merges_needs_no_room(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	for (unsigned int i = 0; i < MEMBLOCK_MAX_RANGES; i++) {
		assert_int_equal(memblock_add(mb, P(2 * i + 1), P(1), 0), P(1));
		assert_int_equal(memblock_reserve(mb, P(2 * i + 1), P(1), 0, "r"), 0);
	}
	/* A gap that touches both its neighbours, then all below, then the rest but for one. */
	assert_int_equal(memblock_add(mb, P(1000), P(1), 0), P(1));
	assert_int_equal(mb->memory.nr, MEMBLOCK_MAX_RANGES - 1);
	assert_int_equal(memblock_add(mb, 0, P(1000), 0), P(500));
	assert_int_equal(mb->memory.nr, MEMBLOCK_MAX_RANGES - 500);
	assert_int_equal(memblock_add(mb, 0, P(2 * MEMBLOCK_MAX_RANGES - 2), 0),
		P(MEMBLOCK_MAX_RANGES - 502));
	assert_int_equal(mb->memory.nr, 2);
	assert_int_equal(memblock_reserve(mb, 0, P(2 * MEMBLOCK_MAX_RANGES), 0, "r"), 0);
	assert_int_equal(mb->reserved.nr, 1);
	free(mb);
}

static void unreserve_gives_back_exactly_the_part(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	memblock_add(mb, P(0), P(100), 3);
	memblock_reserve(mb, P(10), P(20), MEMBLOCK_NOMAP, "a");
	memblock_reserve(mb, P(40), P(10), 0, "b");
	memblock_reserve(mb, P(60), P(10), 0, "c");
	assert_int_equal(memblock_unreserve(mb, P(15), P(5)), 0); /* middle of a */
	assert_next_free(mb, 12, 15, 20, 3);
	assert_reserved(mb, 0, 10, 15, MEMBLOCK_NOMAP, "a");
	assert_reserved(mb, 1, 20, 30, MEMBLOCK_NOMAP, "a");
	assert_int_equal(memblock_unreserve(mb, P(25), P(40)), 0); /* end of a, b, start of c */
	assert_int_equal(mb->reserved.nr, 3);
	assert_reserved(mb, 1, 20, 25, MEMBLOCK_NOMAP, "a");
	assert_reserved(mb, 2, 65, 70, 0, "c");
	assert_next_free(mb, 25, 25, 65, 3);
	assert_int_equal(memblock_unreserve(mb, P(80), P(10)), 0); /* nothing there */
	assert_int_equal(memblock_unreserve(mb, P(0), P(100)), 0);
	assert_int_equal(mb->reserved.nr, 0);
	free(mb);
}

static void remove_takes_out_exactly_the_part(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	memblock_add(mb, P(10), P(20), 3);
	memblock_add(mb, P(40), P(10), 4);
	memblock_reserve(mb, P(10), P(20), 0, "a");
	assert_int_equal(memblock_remove(mb, P(15), P(5)), 0);
	assert_int_equal(mb->memory.nr, 3);
	assert_bank(mb, 0, 10, 15, 3);
	assert_bank(mb, 1, 20, 30, 3);
	assert_int_equal(memblock_remove(mb, P(25), P(20)), 0);
	assert_bank(mb, 1, 20, 25, 3);
	assert_bank(mb, 2, 45, 50, 4);
	assert_reserved(mb, 0, 10, 30, 0, "a");
	assert_int_equal(memblock_remove(mb, P(0), P(100)), 0);
	assert_int_equal(mb->memory.nr, 0);
	free(mb);
}

static void free_runs_are_cut_at_banks_and_reservations(void **state)
{
	struct memblock *mb = new_memblock();
	struct memblock_free run;

	(void)state;
	assert_false(memblock_next_free(mb, 0, &run));
	memblock_add(mb, P(10), P(10), 0);
	memblock_add(mb, P(20), P(10), 1);
	memblock_add(mb, P(40), P(10), 1);
	memblock_reserve(mb, P(5), P(6), 0, "before");
	memblock_reserve(mb, P(18), P(4), 0, "across two banks");
	memblock_reserve(mb, P(24), P(1), MEMBLOCK_NOMAP, "firmware");
	memblock_reserve(mb, P(28), P(14), 0, "across a hole");
	memblock_reserve(mb, P(60), P(1), 0, "outside");
	assert_next_free(mb, 0, 11, 18, 0);
	assert_next_free(mb, 13, 13, 18, 0);
	assert_next_free(mb, 18, 22, 24, 1);
	assert_next_free(mb, 24, 25, 28, 1);
	assert_next_free(mb, 28, 42, 50, 1);
	assert_false(memblock_next_free(mb, P(50), &run));

	/* Mapped is all but the firmware's page. */
	assert_true(memblock_next_mapped(mb, 0, &run));
	assert_int_equal(run.base, P(10));
	assert_int_equal(run.end, P(20));
	assert_true(memblock_next_mapped(mb, run.end, &run));
	assert_int_equal(run.base, P(20));
	assert_int_equal(run.end, P(24));
	assert_true(memblock_next_mapped(mb, run.end, &run));
	assert_int_equal(run.base, P(25));
	assert_int_equal(run.end, P(30));
	assert_true(memblock_next_mapped(mb, run.end, &run));
	assert_int_equal(run.base, P(40));
	assert_int_equal(run.end, P(50));
	assert_false(memblock_next_mapped(mb, run.end, &run));
	free(mb);
}

static void a_bank_reserved_whole_has_no_free_run(void **state)
{
	struct memblock *mb = new_memblock();
	struct memblock_free run;

	(void)state;
	memblock_add(mb, P(10), P(10), 0);
	memblock_add(mb, P(30), P(10), 0);
	memblock_reserve(mb, P(10), P(10), 0, "exactly");
	memblock_reserve(mb, P(25), P(20), 0, "and more");
	assert_false(memblock_next_free(mb, 0, &run));
	assert_int_equal(memblock_alloc(mb, P(1), P(1), MEMBLOCK_ANY_NODE, PHYS_ADDR_MAX, "x"),
		PHYS_ADDR_MAX);
	free(mb);
}

static void alloc_takes_from_the_top_of_what_is_allowed(void **state)
{
	struct memblock *mb = new_memblock();
	const int any = MEMBLOCK_ANY_NODE;

	(void)state;
	memblock_add(mb, P(0), P(100), 0);
	memblock_add(mb, P(200), P(100), 1);
	assert_int_equal(memblock_alloc(mb, P(2), P(1), any, PHYS_ADDR_MAX, "a"), P(298));
	assert_int_equal(memblock_alloc(mb, P(2), P(1), any, PHYS_ADDR_MAX, "a"), P(296));
	assert_reserved(mb, 0, 296, 300, 0, "a");
	assert_int_equal(memblock_alloc(mb, P(1), P(16), any, PHYS_ADDR_MAX, "b"), P(288));
	assert_int_equal(memblock_alloc(mb, P(1), P(1), 0, PHYS_ADDR_MAX, "c"), P(99));
	assert_int_equal(memblock_alloc(mb, P(1), P(1), any, P(250), "d"), P(249));
	assert_int_equal(memblock_alloc(mb, P(1), P(1), any, P(250) - 1, "d"), P(248));
	assert_int_equal(memblock_alloc_range(mb, P(1), P(1), any, P(10), P(11), "e"), P(10));
	assert_int_equal(
		memblock_alloc_range(mb, P(1), P(1), any, P(10), P(11), "e"), PHYS_ADDR_MAX);
	/* Aligned, and not below min: 200 would do for 8 pages, were min not 201. */
	assert_int_equal(
		memblock_alloc_range(mb, P(8), P(8), any, P(201), P(209), "f"), PHYS_ADDR_MAX);
	assert_int_equal(memblock_alloc_range(mb, P(8), P(8), any, P(201), P(216), "f"), P(208));
	assert_int_equal(memblock_alloc(mb, P(89), P(1), any, PHYS_ADDR_MAX, "g"), PHYS_ADDR_MAX);
	assert_int_equal(memblock_alloc(mb, P(88), P(1), any, PHYS_ADDR_MAX, "g"), P(11));
	assert_int_equal(memblock_alloc(mb, P(1), P(1), 2, PHYS_ADDR_MAX, "h"), PHYS_ADDR_MAX);
	free(mb);
}

static void alloc_refuses_what_is_no_whole_page_or_too_late(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	memblock_add(mb, P(0), P(100), 0);
	assert_int_equal(memblock_alloc(mb, 0, P(1), 0, PHYS_ADDR_MAX, "x"), PHYS_ADDR_MAX);
	assert_int_equal(memblock_alloc(mb, 100, P(1), 0, PHYS_ADDR_MAX, "x"), PHYS_ADDR_MAX);
	mb->closed = true;
	assert_int_equal(memblock_alloc(mb, P(1), P(1), 0, PHYS_ADDR_MAX, "x"), PHYS_ADDR_MAX);
	assert_int_equal(mb->reserved.nr, 0);
	free(mb);
}

static void find_and_present(void **state)
{
	struct memblock *mb = new_memblock();

	(void)state;
	assert_int_equal(memblock_end_pfn(mb), 0);
	memblock_add(mb, P(10), P(10), 0);
	memblock_add(mb, P(20), P(10), 1);
	memblock_add(mb, P(50), P(10), 0);
	memblock_reserve(mb, P(12), P(1), 0, "r");
	assert_null(memblock_find_memory(mb, P(10) - 1));
	assert_ptr_equal(memblock_find_memory(mb, P(10)), &mb->memory.range[0]);
	assert_ptr_equal(memblock_find_memory(mb, P(20) - 1), &mb->memory.range[0]);
	assert_ptr_equal(memblock_find_memory(mb, P(20)), &mb->memory.range[1]);
	assert_null(memblock_find_memory(mb, P(30)));
	assert_null(memblock_find_memory(mb, P(60)));
	assert_ptr_equal(memblock_find_reserved(mb, P(12)), &mb->reserved.range[0]);
	assert_null(memblock_find_reserved(mb, P(13)));
	assert_int_equal(memblock_end_pfn(mb), 60);
	assert_int_equal(memblock_present(mb, MEMBLOCK_ANY_NODE, 0, ~0UL), 30);
	assert_int_equal(memblock_present(mb, 0, 0, 100), 20);
	assert_int_equal(memblock_present(mb, 1, 15, 25), 5);
	assert_int_equal(memblock_present(mb, MEMBLOCK_ANY_NODE, 15, 25), 10);
	assert_int_equal(memblock_present(mb, MEMBLOCK_ANY_NODE, 30, 50), 0);
	assert_int_equal(memblock_present(mb, MEMBLOCK_ANY_NODE, 15, 15), 0);
	free(mb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(banks_are_rounded_inward),
		cmocka_unit_test(reservations_are_rounded_outward),
		cmocka_unit_test(the_first_of_two_overlapping_banks_keeps_the_shared_pages),
		cmocka_unit_test(neighbours_join_only_if_they_say_the_same),
		cmocka_unit_test(a_reservation_takes_on_the_flags_of_what_overlaps_it),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(the_end_of_the_address_space),
		cmocka_unit_test(half_the_address_space_and_more_is_refused),
		cmocka_unit_test(a_full_list_refuses_and_stays_as_it_was),
		cmocka_unit_test(what_merges_needs_no_room),
		cmocka_unit_test(a_cut_needs_room_for_its_parts),
		cmocka_unit_test(unreserve_gives_back_exactly_the_part),
		cmocka_unit_test(remove_takes_out_exactly_the_part),
		cmocka_unit_test(free_runs_are_cut_at_banks_and_reservations),
		cmocka_unit_test(a_bank_reserved_whole_has_no_free_run),
		cmocka_unit_test(alloc_takes_from_the_top_of_what_is_allowed),
		cmocka_unit_test(alloc_refuses_what_is_no_whole_page_or_too_late),
		cmocka_unit_test(find_and_present),
	};

	return cmocka_run_group_tests_name("memblock", tests, NULL, NULL);
}
