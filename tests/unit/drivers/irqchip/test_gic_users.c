/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/interrupts.c and the device-tree halves of the timer and the PL011: whose interrupt is
 * which, and what is said of those that are not taken. Registers are memory.
 */
#include "gic_fixture.h"

static void interrupts(void **state)
{
	(void)state;
	tree_open(&tree, "intc");
	tree_cells(&tree, "phandle", 1);
	tree_cells(&tree, "#interrupt-cells", 3);
	tree_close(&tree);
	tree_open(&tree, "plic");
	tree_cells(&tree, "phandle", 2);
	tree_cells(&tree, "#interrupt-cells", 1);
	tree_open(&tree, "wired");
	tree_cells(&tree, "interrupt-parent", 2);
	tree_cells(&tree, "interrupts", 10);
	tree_close(&tree);
	tree_close(&tree);
	tree_open(&tree, "odd");
	tree_cells(&tree, "phandle", 3);
	tree_cells(&tree, "#interrupt-cells", 2);
	tree_open(&tree, "wired");
	tree_cells(&tree, "interrupt-parent", 3);
	tree_cells(&tree, "interrupts", 10, 4);
	tree_close(&tree);
	tree_close(&tree);
	DEVICE("spi", 0, 1, 4);
	DEVICE("ppi", 1, 13, 0xf04);
	DEVICE("two", 0, 7, 1, 0, 8, 1);
	DEVICE("short", 0, 7);
	DEVICE("type", 9, 7, 1);
	DEVICE("beyond", 0, 988, 1);
	tree_open(&tree, "none");
	tree_close(&tree);
	tree_open(&tree, "orphan");
	tree_cells(&tree, "interrupts", 0, 1, 4);
	tree_close(&tree);
	tree_end(&tree);
	assert_int_equal(driver_irq(tree.blob, node_of("/spi")), 33);
	assert_int_equal(driver_irq(tree.blob, node_of("/ppi")), 29);
	assert_int_equal(driver_irq(tree.blob, node_of("/two")), 39);
	assert_int_equal(driver_irq(tree.blob, node_of("/plic/wired")), 10);
	assert_int_equal(driver_irq(tree.blob, node_of("/none")), 0);
	expect_output("");
	assert_int_equal(driver_irq(tree.blob, node_of("/short")), 0);
	expect_output("driver: /short: interrupts has 8 bytes, no multiple of 12; polled\n");
	assert_int_equal(driver_irq(tree.blob, node_of("/type")), 0);
	expect_output("driver: /type: interrupts <9 7 1>: its type is neither 0 (SPI) nor 1 (PPI); "
		      "polled\n");
	assert_int_equal(driver_irq(tree.blob, node_of("/beyond")), 0);
	expect_output("driver: /beyond: interrupts <0 988 1>: its SPI is not within 0 to 987; "
		      "polled\n");
	assert_int_equal(driver_irq(tree.blob, node_of("/orphan")), 0);
	expect_output("driver: /orphan: interrupts, and no interrupt-parent; polled\n");
	assert_int_equal(driver_irq(tree.blob, node_of("/odd/wired")), 0);
	expect_output("driver: /odd: #interrupt-cells is not 1, 3 or 4; not used\n");
}

/* A timer at a GIC of so many cells. */
#define TIMER(cells, ...)                                       \
	do {                                                    \
		timer_irq = 0;                                  \
		tree_begin(&tree);                              \
		tree_root(&tree, 1, 1);                         \
		tree_open(&tree, "intc");                       \
		tree_cells(&tree, "phandle", 1);                \
		tree_cells(&tree, "#interrupt-cells", (cells)); \
		tree_close(&tree);                              \
		DEVICE("timer", __VA_ARGS__);                   \
		tree_end(&tree);                                \
	} while (0)

static int probe_timer(void)
{
	return arm_timer_driver.probe(tree.blob, node_of("/timer"), 0, &found);
}

static void timer(void **state)
{
	(void)state;
	TIMER(3, 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	assert_int_equal(probe_timer(), 0);
	assert_int_equal(timer_irq, 27);
	assert_false(timer_physical);
	TIMER(4, 1, 13, 8, 0, 1, 14, 8, 0, 1, 11, 8, 0, 1, 10, 8, 0);
	assert_int_equal(probe_timer(), 0);
	assert_int_equal(timer_irq, 27);
	assert_false(timer_physical);
	TIMER(4, 1, 13, 8, 0, 1, 14, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(probe_timer(), 0);
	assert_int_equal(timer_irq, 30);
	assert_true(timer_physical);
	expect_output("");
	/* The second entry is not whole. */
	TIMER(4, 1, 13, 8, 0, 1, 14, 8);
	assert_int_equal(probe_timer(), -1);
	assert_int_equal(timer_irq, 0);
	expect_output("driver: /timer: interrupts has neither a virtual nor a physical PPI; not "
		      "used\n");
}

static void pl011(void **state)
{
	(void)state;
	tree_open(&tree, "short");
	tree_cells(&tree, "reg", UART, 0x40);
	tree_close(&tree);
	tree_open(&tree, "uart");
	tree_cells(&tree, "reg", UART, 0x1000);
	tree_close(&tree);
	tree_end(&tree);
	assert_int_equal(pl011_driver.probe(tree.blob, node_of("/short"), 0, &found), -1);
	expect_output("driver: /short: reg has 0x40 bytes, 0x48 are needed; not used\n");
	assert_null(found.serial);
	assert_int_equal(pl011_driver.probe(tree.blob, node_of("/uart"), 0, &found), 0);
	expect_output("");
	assert_int_equal(found.serial->irq, 0);
	found.serial->write("ab", 2);
	assert_int_equal(uart[0], 'b');
	assert_int_equal(found.serial->read(), 'b');
	uart[AT(0x18)] = 0x10;
	assert_int_equal(found.serial->read(), -1);
	found.serial->enable_rx_irq();
	assert_int_equal(uart[AT(0x38)], 0x50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interrupts),
		TEST(timer),
		TEST(pl011),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
