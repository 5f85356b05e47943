/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/irqchip/plic.c over a fake register block: memory, which keeps what is written and does
 * nothing by itself. Contexts lie side by side, so a write to a wrong one would be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/irqchip/plic.h"

/* By the specification; words of 32 bits. */
#define ENABLE(context, source) ((0x2000U + (context)*0x80U) / 4 + (source) / 32)
#define THRESHOLD(context)      ((0x200000U + (context)*0x1000U) / 4)
#define CLAIM(context)          (THRESHOLD(context) + 1)

#define CONTEXT                 3U
#define NR_SOURCES              95U
#define UNTOUCHED               0xa5a5a5a5U

static uint32_t *block, *expected;
static size_t bytes;
static struct plic plic = {.context = CONTEXT, .nr_sources = NR_SOURCES};

static int setup(void **state)
{
	(void)state;
	/* One context more than ours. */
	bytes = plic_bytes(CONTEXT + 1);
	block = malloc(bytes);
	expected = malloc(bytes);
	if (!block || !expected)
		return -1;
	memset(block, 0xa5, bytes);
	memset(expected, 0xa5, bytes);
	plic.base = (volatile unsigned char *)block;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(block);
	free(expected);
	return 0;
}

static void expect_block(void)
{
	assert_memory_equal(block, expected, bytes);
}

static void bytes_of_a_context(void **state)
{
	(void)state;
	assert_int_equal(plic_bytes(0), 0x200008);
	assert_int_equal(plic_bytes(1), 0x201008);
	/* The last that the specification has room for. */
	assert_int_equal(plic_bytes(15871), 0x3fff008);
}

/* All words of our sources, none of another context, and the threshold. */
static void init(void **state)
{
	(void)state;
	plic_init(&plic);
	for (unsigned int source = 0; source <= NR_SOURCES; source += 32)
		expected[ENABLE(CONTEXT, source)] = 0;
	expected[THRESHOLD(CONTEXT)] = 0;
	expect_block();
}

static void enable(void **state)
{
	static const unsigned int sources[] = {1, 10, 31, 32, 64, NR_SOURCES};

	(void)state;
	for (unsigned int i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		unsigned int source = sources[i], word = ENABLE(CONTEXT, source);

		/* What is enabled already stays so. */
		block[word] = expected[word] = 0x00010001U << i;
		plic_enable(&plic, source);
		expected[source] = 1; /* its priority */
		expected[word] |= 1U << source % 32;
		expect_block();
	}
}

static void disable(void **state)
{
	static const unsigned int sources[] = {1, 31, 32, NR_SOURCES};

	(void)state;
	for (unsigned int i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		unsigned int source = sources[i], word = ENABLE(CONTEXT, source);

		/* The others stay. */
		block[word] = 0xffffffff;
		block[source] = 1;
		plic_disable(&plic, source);
		expected[source] = 0;
		expected[word] = ~(1U << source % 32);
		expect_block();
	}
}

/* There is no source 0, and none beyond the last. */
static void enable_no_source(void **state)
{
	static const unsigned int sources[] = {0, NR_SOURCES + 1, 1024, 0xffffffff};

	(void)state;
	for (unsigned int i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		plic_enable(&plic, sources[i]);
		plic_disable(&plic, sources[i]);
		expect_block();
	}
}

static void claim_and_complete(void **state)
{
	(void)state;
	block[CLAIM(CONTEXT)] = expected[CLAIM(CONTEXT)] = 10;
	assert_int_equal(plic_claim(&plic), 10);
	expect_block();
	block[CLAIM(CONTEXT)] = 0;
	assert_int_equal(plic_claim(&plic), 0);
	plic_complete(&plic, 10);
	expect_block();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_a_context),
		TEST(init),
		TEST(enable),
		TEST(disable),
		TEST(enable_no_source),
		TEST(claim_and_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
