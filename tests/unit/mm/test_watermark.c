/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/watermark.c: the numbers of the semantics' section 8 (S3 to S7, S10, S12), the controls, and
 * zone_watermark_ok() to the letter.
 */
#include "unit.h"

static void check_marks(
	const struct zone *zone, unsigned long min, unsigned long low, unsigned long high)
{
	assert_int_equal(zone->pages_min, min);
	assert_int_equal(zone->pages_low, low);
	assert_int_equal(zone->pages_high, high);
}

/* min_free_kbytes of one NORMAL zone with this many MiB. */
static unsigned long min_free_kbytes_of(unsigned long mib)
{
	struct machine_spec spec = {.bank = {{0, mib << 8, 0}}};
	struct machine *machine = machine_create(&spec);
	unsigned long kbytes = machine->mm.min_free_kbytes;

	machine_destroy(machine);
	return kbytes;
}

static void S3_min_free_kbytes_by_size(void **state)
{
	static const unsigned long expected[][2] = {{16, 512}, {32, 724}, {64, 1024}, {128, 1448},
		{256, 2048}, {512, 2896}, {1024, 4096}, {4096, 8192}, {8192, 11585}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(min_free_kbytes_of(expected[i][0]), expected[i][1]);
}

static void S3_min_free_kbytes_is_clamped_below(void **state)
{
	struct machine_spec half = {.bank = {{0, 128, 0}}}; /* 512 KiB, whose root is 90 */
	struct machine *machine = machine_create(&half);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 128);
	machine_destroy(machine);
	assert_int_equal(min_free_kbytes_of(1), 128);
}

/* Of so many GiB in one zone, which says it had them. 2.6.11's root ends at 65535; ours does not.
 */
static void S3_min_free_kbytes_of_large_machines(void **state)
{
	static const unsigned long expected[][2] = {
		{16, 16384}, {64, 32768}, {255, 65407}, {256, 65536}, {257, 65536}, {65536, 65536}};
	struct machine *machine = machine_create(&fixture_f2);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		zone->present_pages = expected[i][0] << 18;
		zone->pages_high = 0; /* as at boot */
		watermarks_init(&machine->mm);
		assert_int_equal(machine->mm.min_free_kbytes, expected[i][1]);
		assert_int_equal(zone->pages_min, expected[i][1] / 4);
	}
	zone->present_pages = 4096;
	machine_destroy(machine);
}

static void S4_watermarks_of_one_zone(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 1024, 1280, 1536);
	machine_destroy(machine);
	machine = machine_create(&fixture_f2);
	assert_int_equal(machine->mm.min_free_kbytes, 512);
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 128, 160, 192);
	machine_destroy(machine);
}

static void S5_two_zones_and_their_reserve(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 724);
	check_marks(low, 90, 112, 135);
	check_marks(normal, 90, 112, 135);
	assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 16);
	assert_int_equal(low->lowmem_reserve[ZONE_DMA32], 0);
	for (unsigned int i = 0; i <= ZONE_NORMAL; i++)
		assert_int_equal(normal->lowmem_reserve[i], 0);
	machine_destroy(machine);
}

static const struct zone_layout i386 = {.name = "i386",
	.nr = 3,
	.limit = {{ZONE_DMA, 16 * MIB}, {ZONE_NORMAL, 896 * MIB}, {ZONE_HIGHMEM, PHYS_ADDR_MAX}}};

static void S6_i386_with_one_gibibyte(void **state)
{
	struct machine_spec spec = {.layout = &i386, .bank = {{0, 262144, 0}}};
	struct machine *machine = machine_create(&spec);
	const struct zone *dma = machine_zone(machine, 0, ZONE_DMA);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 3831);
	check_marks(dma, 17, 21, 25);
	check_marks(normal, 939, 1173, 1408);
	check_marks(machine_zone(machine, 0, ZONE_HIGHMEM), 32, 40, 48);
	assert_int_equal(dma->lowmem_reserve[ZONE_NORMAL], 880);
	assert_int_equal(dma->lowmem_reserve[ZONE_HIGHMEM], 1008);
	assert_int_equal(normal->lowmem_reserve[ZONE_HIGHMEM], 1024);
	machine_destroy(machine);
}

static void S7_dma_and_normal(void **state)
{
	struct machine_spec spec = {.layout = &i386, .bank = {{0, 32768, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 1448);
	check_marks(machine_zone(machine, 0, ZONE_DMA), 45, 56, 67);
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 316, 395, 474);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->lowmem_reserve[ZONE_NORMAL], 112);
	machine_destroy(machine);
}

static void S9_riscv_machine_with_128_mib(void **state)
{
	static const struct zone_layout layout = {.name = "dma32",
		.nr = 2,
		.limit = {{ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
	struct machine_spec spec = {.layout = &layout, .bank = {{0x80000, 32768, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 1448);
	check_marks(machine_zone(machine, 0, ZONE_DMA32), 362, 452, 543);
	machine_destroy(machine);
}

static void S10_free_buffer_pages_shrink_by_pages_high(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);

	(void)state;
	assert_int_equal(nr_free_zone_pages(&machine->mm, 0), 260608);
	mm_set_min_free_kbytes(&machine->mm, 0);
	assert_int_equal(nr_free_zone_pages(&machine->mm, 0), 262144);
	assert_int_equal(nr_free_pages(&machine->mm), 262144);
	machine_destroy(machine);
}

static void S12_nodes_are_counted_once(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	assert_int_equal(machine->mm.min_free_kbytes, 1024);
	mm_set_min_free_kbytes(&machine->mm, 0);
	assert_int_equal(nr_free_zone_pages(&machine->mm, 0), 16384);
	machine_destroy(machine);
}

static void setting_min_free_kbytes_leaves_the_reserves(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 8);
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 1, 1, 1);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->lowmem_reserve[ZONE_NORMAL], 16);
	machine_destroy(machine);
}

/* Neither the 128 nor the 65536 of the boot value; and no overflow on the way. */
static void min_free_kbytes_is_set_without_a_clamp(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	const struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 0);
	check_marks(low, 0, 0, 0);
	mm_set_min_free_kbytes(&machine->mm, 7); /* one page, and less than one in each zone */
	check_marks(normal, 0, 0, 0);
	mm_set_min_free_kbytes(&machine->mm, 4 * 2 * 77);
	assert_int_equal(machine->mm.min_free_kbytes, 616);
	check_marks(low, 77, 96, 115);
	check_marks(normal, 77, 96, 115);
	mm_set_min_free_kbytes(&machine->mm, 1UL << 30);
	check_marks(normal, 1UL << 27, 167772160, 201326592);
	mm_set_min_free_kbytes(&machine->mm, 1UL << 58);
	assert_int_equal(normal->pages_min, 1UL << 55);
	assert_int_equal(low->pages_high, 3UL << 54);
	assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 16);
	machine_destroy(machine);
}

static void no_value_of_min_free_kbytes_is_too_large(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, ~0UL);
	assert_int_equal(zone->pages_min, (1UL << 62) - 1);
	assert_int_equal(zone->pages_low, (1UL << 62) + (1UL << 60) - 2);
	assert_int_equal(zone->pages_high, (1UL << 62) + (1UL << 61) - 2);
	machine_destroy(machine);
}

/* Nor does an unequal share round up: 1000 pages over 2048 and 6144. */
static void each_zone_keeps_its_share_of_min_free_kbytes(void **state)
{
	struct machine_spec spec = {.layout = &layout_low_2048, .bank = {{0, 8192, 0}}};
	struct machine *machine = machine_create(&spec);

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 4000);
	check_marks(machine_zone(machine, 0, ZONE_DMA32), 250, 312, 375);
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 750, 937, 1125);
	mm_set_min_free_kbytes(&machine->mm, 4004);
	check_marks(machine_zone(machine, 0, ZONE_DMA32), 250, 312, 375);
	check_marks(machine_zone(machine, 0, ZONE_NORMAL), 750, 937, 1125);
	machine_destroy(machine);
}

/* By the zone that is protected; a ratio of 0 is refused, and then nothing is changed. */
static void lowmem_reserve_ratio_is_set_whole_or_not_at_all(void **state)
{
	static const unsigned int other[] = {7, 64, 9},
				  bad[][3] = {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
	struct machine *machine = machine_create(&fixture_f3);
	const struct zone *low = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	assert_int_equal(machine->mm.lowmem_reserve_ratio[ZONE_DMA], 256);
	assert_int_equal(machine->mm.lowmem_reserve_ratio[ZONE_DMA32], 256);
	assert_int_equal(machine->mm.lowmem_reserve_ratio[ZONE_NORMAL], 32);
	assert_int_equal(mm_set_lowmem_reserve_ratio(&machine->mm, other), 0);
	assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 64);
	assert_int_equal(low->lowmem_reserve[ZONE_DMA32], 0);
	assert_int_equal(low->lowmem_reserve[ZONE_DMA], 0);
	check_marks(low, 90, 112, 135);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mm_set_lowmem_reserve_ratio(&machine->mm, bad[i]), -1);
		assert_memory_equal(machine->mm.lowmem_reserve_ratio, other, sizeof(other));
		assert_int_equal(low->lowmem_reserve[ZONE_NORMAL], 64);
	}
	machine_destroy(machine);
}

/* Each node for itself, and an empty zone has its numbers, too. */
static void reserves_are_of_the_node(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);

	(void)state;
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->lowmem_reserve[ZONE_NORMAL], 8);
	assert_int_equal(machine_zone(machine, 3, ZONE_DMA32)->lowmem_reserve[ZONE_NORMAL], 16);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->lowmem_reserve[ZONE_DMA32], 8);
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA)->lowmem_reserve[ZONE_NORMAL], 16);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->lowmem_reserve[ZONE_HIGHMEM], 0);
	machine_destroy(machine);
}

/* A zone made by hand: so many free, in so many blocks of the first orders. */
static struct zone hand_made(unsigned long free, const unsigned long nr_free[4])
{
	struct zone zone = {.free_pages = free};

	for (unsigned int order = 0; order < 4; order++)
		zone.free_area[order].nr_free = nr_free[order];
	zone.lowmem_reserve[ZONE_NORMAL] = 10;
	return zone;
}

/*
 * By the letter, each row on both sides of its edge: free is the last value that fails, one more is
 * enough. The blocks of low orders are there in addition to what else is free.
 */
static void the_edge_of_each_rule(void **state)
{
	static const struct {
		unsigned int order;
		unsigned long mark;
		enum zone_type classzone;
		bool harder, high;
		unsigned long nr_free[4];
		unsigned long free;
	} rows[] = {
		/* Equality fails. */
		{0, 100, ZONE_DMA, false, false, {0}, 100},
		{0, 0, ZONE_DMA, false, false, {0}, 0},
		/* 2^order - 1 pages of the block are not there for others. */
		{3, 100, ZONE_DMA, false, false, {0}, 107},
		{10, 0, ZONE_DMA, false, false, {0}, 1023},
		/* high halves, harder takes a quarter of what is left; the parts are rounded down.
		 */
		{0, 100, ZONE_DMA, false, true, {0}, 50},
		{0, 100, ZONE_DMA, true, false, {0}, 75},
		{0, 100, ZONE_DMA, true, true, {0}, 38},
		{0, 7, ZONE_DMA, false, true, {0}, 4},
		{0, 7, ZONE_DMA, true, false, {0}, 6},
		{0, 7, ZONE_DMA, true, true, {0}, 3},
		{0, 1, ZONE_DMA, true, true, {0}, 1},
		/* The reserve against the class is on top, and favours do not shrink it. */
		{0, 100, ZONE_NORMAL, false, false, {0}, 110},
		{0, 100, ZONE_NORMAL, true, true, {0}, 48},
		{0, 0, ZONE_NORMAL, false, false, {0}, 10},
		/* Order 1: 60 single pages do not count, and half of the mark is enough: 61 + 50.
		 */
		{1, 100, ZONE_DMA, false, false, {60}, 111},
		/* ... but the mark itself must be passed as well. */
		{1, 100, ZONE_DMA, false, false, {40}, 101},
		/* The reserve is compared once: 111 + 1, not 60 + 50 + 10 + 1. */
		{1, 100, ZONE_NORMAL, false, false, {60}, 111},
		{1, 100, ZONE_NORMAL, false, false, {70}, 121},
		/* Order 2: 3 + 20 + 2 * 30, and a quarter of the mark. */
		{2, 100, ZONE_DMA, false, false, {20, 30}, 108},
		/* Blocks of the order itself, and above, do count. */
		{2, 100, ZONE_DMA, false, false, {0, 0, 40, 9}, 103},
		/* The mark is halved for each order, from what high and harder have left: 38 / 2.
		 */
		{1, 100, ZONE_DMA, true, true, {60}, 80},
		/* Order 3, mark 13: 6, 3, 1. */
		{3, 13, ZONE_DMA, false, false, {10, 10, 10}, 78},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int more = 0; more < 2; more++) {
			struct zone zone = hand_made(rows[i].free + more, rows[i].nr_free);

			if (zone_watermark_ok(&zone, rows[i].order, rows[i].mark, rows[i].classzone,
				    rows[i].harder, rows[i].high) != more)
				fail_msg("row %u, %lu free: %s", i, zone.free_pages,
					more ? "refused" : "let pass");
		}
	}
}

/* Fewer free pages than the block has: negative, and that is below every mark. */
static void a_zone_with_less_than_the_block_never_is_ok(void **state)
{
	static const unsigned long none[4];

	(void)state;
	for (unsigned long free = 0; free < 1024; free++) {
		struct zone zone = hand_made(free, none);

		for (unsigned int favours = 0; favours < 4; favours++)
			assert_false(zone_watermark_ok(
				&zone, 10, 0, ZONE_DMA, favours & 1, favours & 2));
	}
}

/* The text of section 8, with its own words for an answer. */
static bool ok_by_the_text(
	const struct zone *z, int order, int64_t mark, int classzone, bool harder, bool high)
{
	int64_t free = (int64_t)z->free_pages - (INT64_C(1) << order) + 1;
	int64_t min = mark;
	bool fails;

	min = high ? min - min / 2 : min;
	min = harder ? min - min / 4 : min;
	fails = free <= min + (int64_t)z->lowmem_reserve[classzone];
	for (int o = 0; o <= order - 1; o++) {
		free = free - (int64_t)z->free_area[o].nr_free * (INT64_C(1) << o);
		min = min / 2;
		fails = fails || free <= min;
	}
	return !fails;
}

static void random_zones_are_judged_by_the_text(void **state)
{
	uint64_t random = test_seed(0x5eed0041);
	unsigned int nr_ok = 0;

	(void)state;
	for (unsigned int round = 0; round < 200000; round++) {
		int order = (int)next_random(&random, MAX_ORDER);
		unsigned long top = next_random(&random, MAX_ORDER), mark;
		unsigned int how = (unsigned int)next_random(&random, 4 * MAX_NR_ZONES);
		struct zone zone = {.free_pages = 0};
		bool ok;

		for (unsigned int o = 0; o <= top; o++) {
			zone.free_area[o].nr_free = next_random(&random, 1UL << (11 - o));
			zone.free_pages += zone.free_area[o].nr_free << o;
		}
		mark = next_random(&random, zone.free_pages + 2);
		zone.lowmem_reserve[how / 4] = next_random(&random, 500);
		ok = zone_watermark_ok(&zone, (unsigned int)order, mark, how / 4, how & 1, how & 2);
		nr_ok += ok;
		assert_int_equal(ok, ok_by_the_text(&zone, order, (int64_t)mark, (int)how / 4,
					     how & 1, how & 2));
	}
	/* It was not the same answer each time. */
	assert_in_range(nr_ok, 20000, 180000);
}

static void marks_by_name(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	assert_int_equal(zone_mark(zone, MARK_NONE), 0);
	assert_int_equal(zone_mark(zone, MARK_MIN), 128);
	assert_int_equal(zone_mark(zone, MARK_LOW), 160);
	assert_int_equal(zone_mark(zone, MARK_HIGH), 192);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S3_min_free_kbytes_by_size),
		cmocka_unit_test(S3_min_free_kbytes_is_clamped_below),
		cmocka_unit_test(S3_min_free_kbytes_of_large_machines),
		cmocka_unit_test(S4_watermarks_of_one_zone),
		cmocka_unit_test(S5_two_zones_and_their_reserve),
		cmocka_unit_test(S6_i386_with_one_gibibyte),
		cmocka_unit_test(S7_dma_and_normal),
		cmocka_unit_test(S9_riscv_machine_with_128_mib),
		cmocka_unit_test(S10_free_buffer_pages_shrink_by_pages_high),
		cmocka_unit_test(S12_nodes_are_counted_once),
		cmocka_unit_test(setting_min_free_kbytes_leaves_the_reserves),
		cmocka_unit_test(min_free_kbytes_is_set_without_a_clamp),
		cmocka_unit_test(no_value_of_min_free_kbytes_is_too_large),
		cmocka_unit_test(each_zone_keeps_its_share_of_min_free_kbytes),
		cmocka_unit_test(lowmem_reserve_ratio_is_set_whole_or_not_at_all),
		cmocka_unit_test(reserves_are_of_the_node),
		cmocka_unit_test(the_edge_of_each_rule),
		cmocka_unit_test(a_zone_with_less_than_the_block_never_is_ok),
		cmocka_unit_test(random_zones_are_judged_by_the_text),
		cmocka_unit_test(marks_by_name),
	};

	return cmocka_run_group_tests_name("mm/watermark", tests, NULL, NULL);
}
