/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/watermark.c: the numbers of the semantics' section 8 (S3 to S7, S10, S12).
 */
#include "../unit.h"

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
	(void)state;
	assert_int_equal(min_free_kbytes_of(1), 128);
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

static const struct zone_limit i386_limits[] = {
	{ZONE_DMA, 16 * MIB}, {ZONE_NORMAL, 896 * MIB}, {ZONE_HIGHMEM, PHYS_ADDR_MAX}};
static const struct zone_layout i386 = {"i386", 3, i386_limits};

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
	static const struct zone_limit limits[] = {
		{ZONE_DMA32, 4 * GIB}, {ZONE_NORMAL, PHYS_ADDR_MAX}};
	static const struct zone_layout layout = {"dma32", 2, limits};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S3_min_free_kbytes_by_size),
		cmocka_unit_test(S3_min_free_kbytes_is_clamped_below),
		cmocka_unit_test(S4_watermarks_of_one_zone),
		cmocka_unit_test(S5_two_zones_and_their_reserve),
		cmocka_unit_test(S6_i386_with_one_gibibyte),
		cmocka_unit_test(S7_dma_and_normal),
		cmocka_unit_test(S9_riscv_machine_with_128_mib),
		cmocka_unit_test(S10_free_buffer_pages_shrink_by_pages_high),
		cmocka_unit_test(S12_nodes_are_counted_once),
		cmocka_unit_test(setting_min_free_kbytes_leaves_the_reserves),
	};

	return cmocka_run_group_tests_name("mm/watermark", tests, NULL, NULL);
}
