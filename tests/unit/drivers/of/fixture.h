/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of drivers/of share: one tree, what came out of it, and what was printed.
 *
 * expect_output() compares all that was printed since the last scan or expect_output(), so no line
 * can be missing, and none too many.
 */
#ifndef TESTS_UNIT_DRIVERS_OF_FIXTURE_H
#define TESTS_UNIT_DRIVERS_OF_FIXTURE_H

#include <libfdt.h>
#include <drivers/of.h>
#include "tree.h"
#include "unit.h"

#define KIB 1024ULL
#define RAM 0x80000000ULL

static struct tree tree;
static struct memblock mb;
static struct of_numa numa;
static struct of_cpus cpus;

static inline int setup(void **state)
{
	(void)state;
	memset(&mb, 0, sizeof(mb));
	memset(&numa, 0xff, sizeof(numa));
	tree_begin(&tree);
	host_print_capture_start();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	return 0;
}

/** The next finding of a test with very many: compares the first line, whatever follows. */
static inline void expect_first_line(const char *line)
{
	assert_memory_equal(host_print_captured(), line, strlen(line));
}

/** End the tree, check it, and read its memory: the number of banks. */
static inline unsigned int scan_memory(void)
{
	const void *fdt = tree_end(&tree);

	assert_int_equal(of_check(fdt, sizeof(tree.blob)), fdt_totalsize(fdt));
	return of_scan_memory(fdt, &mb, &numa);
}

static inline unsigned int scan_cpus(void)
{
	scan_memory();
	host_print_capture_start();
	return of_scan_cpus(tree.blob, &numa, &cpus);
}

/** Memory is exactly these banks: base, size, node; up to a size of 0. */
struct bank {
	uint64_t base, size;
	int nid;
};

static inline void expect_banks(const struct bank *bank)
{
	unsigned int i = 0;

	for (; bank[i].size; i++) {
		assert_true(i < mb.memory.nr);
		assert_int_equal(mb.memory.range[i].base, bank[i].base);
		assert_int_equal(mb.memory.range[i].end, bank[i].base + bank[i].size);
		assert_int_equal(mb.memory.range[i].nid, bank[i].nid);
	}
	assert_int_equal(mb.memory.nr, i);
}
#define EXPECT_BANKS(...) expect_banks((const struct bank[]){__VA_ARGS__, {0, 0, 0}})

/** Reservations are exactly these: base, size, flags, reason; up to a size of 0. */
struct taken {
	uint64_t base, size;
	unsigned int flags;
	const char *why;
};

static inline void expect_reserved(const struct taken *taken)
{
	unsigned int i = 0;

	for (; taken[i].size; i++) {
		assert_true(i < mb.reserved.nr);
		assert_int_equal(mb.reserved.range[i].base, taken[i].base);
		assert_int_equal(mb.reserved.range[i].end, taken[i].base + taken[i].size);
		assert_int_equal(mb.reserved.range[i].flags, taken[i].flags);
		assert_string_equal(mb.reserved.range[i].why, taken[i].why);
	}
	assert_int_equal(mb.reserved.nr, i);
}
#define EXPECT_RESERVED(...) expect_reserved((const struct taken[]){__VA_ARGS__, {0, 0, 0, NULL}})

#define TEST(function)       cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
