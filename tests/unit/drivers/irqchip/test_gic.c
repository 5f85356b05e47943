/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/irqchip/gic.c, gicv2.c and gicv3.c over fake register blocks: memory, which keeps what is
 * written and does nothing by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/irqchip/gicv2.h"
#include "drivers/irqchip/gicv3.h"

/* By the architecture; words of 32 bits. */
#define AT(offset) ((offset) / 4)
#define CTLR       AT(0x000)
#define TYPER      AT(0x004)
#define GROUP      AT(0x080)
#define SET_EN     AT(0x100)
#define CLEAR_EN   AT(0x180)
#define CLEAR_PEND AT(0x280)
#define CLEAR_ACT  AT(0x380)
#define PRIORITY   AT(0x400)
#define TARGETS    AT(0x800)
#define CONFIG     AT(0xc00)
#define SGI        AT(0xf00)
#define CLEAR_SGI  AT(0xf10)
#define ROUTE      AT(0x6000)
#define PIDR2      AT(0xffe8)
#define WAKER      AT(0x14)
#define SGI_FRAME  AT(0x10000)

#define C_CTLR     AT(0x00)
#define C_PMR      AT(0x04)
#define C_BPR      AT(0x08)
#define C_IAR      AT(0x0c)
#define C_EOIR     AT(0x10)

#define NR_SOURCES 96U
#define UNTOUCHED  0xa5a5a5a5U
#define ALL        0xffffffffU

static uint32_t block[AT(GICV3_REDISTRIBUTOR_BYTES)], expected[AT(GICV3_REDISTRIBUTOR_BYTES)];
static uint32_t interface[AT(GICV2_INTERFACE_BYTES)];
static struct gicv2 v2;
static struct gicv3 v3;

static int setup(void **state)
{
	(void)state;
	memset(block, 0xa5, sizeof(block));
	memset(expected, 0xa5, sizeof(expected));
	memset(interface, 0xa5, sizeof(interface));
	v2 = (struct gicv2){.distributor = (volatile unsigned char *)block,
		.interface = (volatile unsigned char *)interface,
		.nr_sources = NR_SOURCES};
	v3 = (struct gicv3){
		.distributor = (volatile unsigned char *)block, .nr_sources = NR_SOURCES};
	return 0;
}

static void show(unsigned int at, uint32_t value)
{
	block[at] = expected[at] = value;
}

static void expect_words(unsigned int at, unsigned int nr, uint32_t value)
{
	for (unsigned int i = 0; i < nr; i++)
		expected[at + i] = value;
}

static void expect_block(void)
{
	assert_memory_equal(block, expected, sizeof(block));
}

/* Sources [first, end), in the registers that are at `frame`. */
static void expect_sources(unsigned int frame, unsigned int first, unsigned int end, uint32_t group)
{
	expect_words(frame + CLEAR_EN + first / 32, (end - first) / 32, ALL);
	expect_words(frame + CLEAR_PEND + first / 32, (end - first) / 32, ALL);
	expect_words(frame + CLEAR_ACT + first / 32, (end - first) / 32, ALL);
	expect_words(frame + GROUP + first / 32, (end - first) / 32, group);
	expect_words(frame + PRIORITY + first / 4, (end - first) / 4,
		first < 32 ? 0x80808080 : 0xc0c0c0c0);
}

static void decode(void **state)
{
	static const struct {
		uint32_t cell[3];
		unsigned int irq;
		bool edge;
	} good[] = {
		{{0, 1, 4}, 33, false},
		{{0, 16, 1}, 48, true},
		{{0, 987, 2}, 1019, true},
		{{0, 0, 8}, 32, false},
		{{1, 11, 0xf04}, 27, false},
		{{1, 0, 0xf01}, 16, true},
		{{1, 15, 0}, 31, false},
	};
	static const uint32_t bad[][3] = {
		{0, 988, 4}, {0, ALL, 4}, {1, 16, 4}, {1, ALL, 4}, {2, 0, 4}, {ALL, 0, 4}};
	unsigned int irq = 99;
	bool edge;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_non_null(gic_decode(bad[i], &irq, &edge));
		assert_int_equal(irq, 99);
	}
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(gic_decode(good[i].cell, &irq, &edge));
		assert_int_equal(irq, good[i].irq);
		assert_int_equal(edge, good[i].edge);
	}
}

static void number_of_sources(void **state)
{
	(void)state;
	assert_int_equal(gic_nr_sources(0), 32);
	assert_int_equal(gic_nr_sources(0xffffffe8), 288);
	assert_int_equal(gic_nr_sources(31), 1020);
}

static void triggers(void **state)
{
	(void)state;
	show(CONFIG + 3, 0);
	gic_set_trigger((volatile unsigned char *)block, 48, true);
	gic_set_trigger((volatile unsigned char *)block, 63, true);
	expected[CONFIG + 3] = 0x80000002;
	expect_block();
	gic_set_trigger((volatile unsigned char *)block, 48, false);
	expected[CONFIG + 3] = 0x80000000;
	expect_block();
}

static void v2_init(void **state)
{
	(void)state;
	show(TYPER, 0x62); /* 96 sources, 4 CPUs */
	for (unsigned int i = 0; i < 8; i++)
		show(TARGETS + i, 0x04040404);
	assert_int_equal(gicv2_init(&v2), 0);
	assert_int_equal(v2.nr_sources, NR_SOURCES);
	assert_int_equal(v2.spi_target, 0x04);
	expect_sources(0, 32, NR_SOURCES, 0);
	expect_words(CONFIG + 2, 4, 0);
	expect_words(TARGETS + 8, 16, 0x04040404);
	expected[CTLR] = 1;
	expect_block();
}

/* As many as there can be: the last four numbers are no sources. */
static void v2_init_of_the_largest(void **state)
{
	(void)state;
	show(TYPER, 0x7f);
	show(PRIORITY + 255, UNTOUCHED);
	for (unsigned int i = 0; i < 8; i++)
		show(TARGETS + i, 0x01010101);
	assert_int_equal(gicv2_init(&v2), 0);
	assert_int_equal(v2.nr_sources, 1020);
	assert_int_equal(block[PRIORITY + 254], 0xc0c0c0c0);
	assert_int_equal(block[PRIORITY + 255], UNTOUCHED);
	assert_int_equal(block[TARGETS + 255], UNTOUCHED);
	assert_int_equal(block[CONFIG + 64], UNTOUCHED);
}

/* Where there is but one CPU, nothing tells its interface. With more, that is wrong. */
static void v2_without_targets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		show(TARGETS + i, 0);
	show(TYPER, 0x22);
	assert_int_equal(gicv2_init(&v2), -1);
	assert_int_equal(gicv2_init_cpu(&v2), 0);
	expect_block();
	show(TYPER, 0x02);
	assert_int_equal(gicv2_init(&v2), 0);
	assert_int_equal(v2.spi_target, 1);
	assert_int_equal(gicv2_init_cpu(&v2), 1);
}

static void v2_init_cpu(void **state)
{
	(void)state;
	/* Not all of the first sources need to exist. */
	for (unsigned int i = 0; i < 8; i++)
		show(TARGETS + i, i == 5 ? 0x00080000 : 0);
	interface[C_CTLR] = 0x6f;
	assert_int_equal(gicv2_init_cpu(&v2), 0x08);
	expect_sources(0, 0, 32, 0);
	expect_words(CLEAR_SGI, 4, ALL);
	expected[SET_EN] = 0x0000ffff;
	expect_block();
	assert_int_equal(interface[C_CTLR], 0x61);
	assert_int_equal(interface[C_PMR], 0xf0);
	assert_int_equal(interface[C_BPR], 0);
	assert_int_equal(interface[C_IAR], UNTOUCHED);
}

static void v2_enable_and_disable(void **state)
{
	static const unsigned int none[] = {NR_SOURCES, 1020, 1023, ALL};

	(void)state;
	gicv2_enable(&v2, 27);
	expected[SET_EN] = 1U << 27;
	gicv2_enable(&v2, NR_SOURCES - 1);
	expected[SET_EN + 2] = 1U << 31;
	gicv2_disable(&v2, 33);
	expected[CLEAR_EN + 1] = 1U << 1;
	expect_block();
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		gicv2_enable(&v2, none[i]);
		gicv2_disable(&v2, none[i]);
		expect_block();
	}
}

static void v2_send(void **state)
{
	(void)state;
	gicv2_send(&v2, 0x81, 3);
	expected[SGI] = 0x00810003;
	expect_block();
}

/* The sender of an SGI, above the source, goes back with it. */
static void v2_claim_and_complete(void **state)
{
	(void)state;
	interface[C_IAR] = 0x1402;
	assert_int_equal(gicv2_claim(&v2), 0x1402);
	assert_int_equal(gicv2_source(0x1402), 2);
	assert_int_equal(gicv2_source(0x3ff), 1023);
	gicv2_complete(&v2, 0x1402);
	assert_int_equal(interface[C_EOIR], 0x1402);
	expect_block();
}

static void v3_affinity(void **state)
{
	(void)state;
	assert_int_equal(gicv3_affinity(0), 0);
	assert_int_equal(gicv3_affinity(0x1280030201ULL), 0x12030201);
	assert_int_equal(gicv3_affinity(0xffffff00800000ffULL), 0x000000ff);
}

static void v3_identify(void **state)
{
	(void)state;
	for (uint32_t revision = 0; revision < 16; revision++) {
		show(PIDR2, 0xffffff0b | revision << 4);
		assert_int_equal(gicv3_identify(v3.distributor), revision == 3 || revision == 4);
	}
}

static void v3_init(void **state)
{
	(void)state;
	show(TYPER, 2);
	assert_int_equal(gicv3_init(&v3, 0x0500010203ULL), 0);
	assert_int_equal(v3.nr_sources, NR_SOURCES);
	expect_sources(0, 32, NR_SOURCES, ALL);
	expect_words(CONFIG + 2, 4, 0);
	for (unsigned int irq = 32; irq < NR_SOURCES; irq++) {
		expected[ROUTE + irq * 2] = 0x010203;
		expected[ROUTE + irq * 2 + 1] = 0x05;
	}
	expected[CTLR] = 0x13;
	expect_block();
}

static void v3_describe(void **state)
{
	struct gicv3_redistributor description;

	(void)state;
	show(AT(0x08), 0x00000311);
	show(AT(0x0c), 0x05010203);
	gicv3_describe(v3.distributor, &description);
	assert_int_equal(description.affinity, 0x05010203);
	assert_int_equal(description.next_bytes, 0x20000);
	assert_true(description.last);
	show(AT(0x08), 0x00000302);
	gicv3_describe(v3.distributor, &description);
	assert_int_equal(description.next_bytes, 0x40000);
	assert_false(description.last);
	expect_block();
}

static void v3_init_cpu(void **state)
{
	(void)state;
	show(CTLR, 0);
	show(WAKER, 0xa0000002);
	assert_int_equal(gicv3_init_cpu(v3.distributor), 0);
	expected[WAKER] = 0xa0000000;
	expect_sources(SGI_FRAME, 0, 32, ALL);
	expected[SGI_FRAME + SET_EN] = 0x0000ffff;
	expect_block();
}

static void v3_does_not_wake(void **state)
{
	(void)state;
	show(WAKER, 0x6);
	assert_int_equal(gicv3_init_cpu(v3.distributor), -1);
	expected[WAKER] = 0x4;
	expect_block();
}

static void v3_never_ends_a_write(void **state)
{
	(void)state;
	show(CTLR, 0x8);
	show(WAKER, 0);
	assert_int_equal(gicv3_init_cpu(v3.distributor), -1);
	assert_int_equal(block[SGI_FRAME + SET_EN], UNTOUCHED);
}

static void v3_enable_and_disable(void **state)
{
	static const unsigned int none[] = {0, 31, NR_SOURCES, 1020, 8192, ALL};
	static const unsigned int not_local[] = {0, 15, 32, ALL};

	(void)state;
	gicv3_enable(&v3, 33);
	expected[SET_EN + 1] = 2;
	gicv3_disable(&v3, 64);
	expected[CLEAR_EN + 2] = 1;
	gicv3_enable_local(v3.distributor, 27);
	expected[SGI_FRAME + SET_EN] = 1U << 27;
	expect_block();
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		gicv3_enable(&v3, none[i]);
		gicv3_disable(&v3, none[i]);
	}
	for (unsigned int i = 0; i < sizeof(not_local) / sizeof(not_local[0]); i++)
		gicv3_enable_local(v3.distributor, not_local[i]);
	expect_block();
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decode),
		TEST(number_of_sources),
		TEST(triggers),
		TEST(v2_init),
		TEST(v2_init_of_the_largest),
		TEST(v2_without_targets),
		TEST(v2_init_cpu),
		TEST(v2_enable_and_disable),
		TEST(v2_send),
		TEST(v2_claim_and_complete),
		TEST(v3_affinity),
		TEST(v3_identify),
		TEST(v3_init),
		TEST(v3_describe),
		TEST(v3_init_cpu),
		TEST(v3_does_not_wake),
		TEST(v3_never_ends_a_write),
		TEST(v3_enable_and_disable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
