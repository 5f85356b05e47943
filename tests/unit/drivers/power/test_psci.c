/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/power/psci.c: what it takes out of a node, for the machine half that the test poses as.
 */
#include <stdio.h>
#include <libfdt.h>
#include <port/platform.h>
#include "drivers/drivers.h"
#include "tree.h"
#include "unit.h"

static struct tree tree;
static char method[8], why[128];
static uint32_t cpu_on;

bool firmware_set_method(const char *name, uint32_t number)
{
	if (strcmp(name, "hvc") != 0 && strcmp(name, "smc") != 0)
		return false;
	snprintf(method, sizeof(method), "%s", name);
	cpu_on = number;
	return true;
}

int driver_refuse(const void *fdt, int node, const char *format, ...)
{
	va_list args;

	(void)fdt;
	(void)node;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return -1;
}

static int setup(void **state)
{
	(void)state;
	method[0] = why[0] = '\0';
	cpu_on = 99;
	tree_begin(&tree);
	tree_root(&tree, 1, 1);
	tree_open(&tree, "psci");
	return 0;
}

static int probe(void)
{
	struct devices found = {0};

	tree_close(&tree);
	tree_end(&tree);
	return psci_driver.probe(tree.blob, fdt_path_offset(tree.blob, "/psci"), 0, &found);
}

static void later_versions_have_fixed_numbers(void **state)
{
	(void)state;
	/* Firmware of both kinds says so, and its numbers are not used. */
	tree_bytes(&tree, "compatible", "arm,psci-0.2\0arm,psci", 22);
	tree_string(&tree, "method", "smc");
	tree_cells(&tree, "cpu_on", 0x84000003);
	assert_int_equal(probe(), 0);
	assert_string_equal(method, "smc");
	assert_int_equal(cpu_on, 0);
}

static void version_0_1_has_its_own(void **state)
{
	(void)state;
	tree_string(&tree, "compatible", "arm,psci");
	tree_string(&tree, "method", "hvc");
	tree_cells(&tree, "cpu_on", 0x95c10002);
	assert_int_equal(probe(), 0);
	assert_string_equal(method, "hvc");
	assert_true(cpu_on == 0x95c10002);
}

static void version_0_1_without_a_number(void **state)
{
	(void)state;
	tree_string(&tree, "compatible", "arm,psci");
	tree_string(&tree, "method", "hvc");
	assert_int_equal(probe(), -1);
	assert_string_equal(why,
		"version 0.1 and no cpu_on; taken for 0.2, guessed by the level we "
		"came in");
	assert_string_equal(method, "");
}

static void no_method(void **state)
{
	(void)state;
	tree_string(&tree, "compatible", "arm,psci-1.0");
	assert_int_equal(probe(), -1);
	assert_string_equal(why, "no method; guessed by the level we came in");
}

static void method_of_no_known_kind(void **state)
{
	(void)state;
	tree_string(&tree, "compatible", "arm,psci-1.0");
	tree_string(&tree, "method", "svc");
	assert_int_equal(probe(), -1);
	assert_string_equal(why, "method is neither hvc nor smc; guessed by the level we came in");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(later_versions_have_fixed_numbers),
		TEST(version_0_1_has_its_own),
		TEST(version_0_1_without_a_number),
		TEST(no_method),
		TEST(method_of_no_known_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
