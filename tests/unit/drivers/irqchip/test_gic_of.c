/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree halves of the GICs: which nodes are taken, what is said of those that are not,
 * and the way of an interrupt. Registers are memory.
 *
 * A driver's state can not be taken back, so each test that comes to the end of a probe is the
 * only one for its driver, and those that are refused come before it.
 */
#include "gic_fixture.h"

#define GIC_NODE(...)                                     \
	do {                                              \
		tree_open(&tree, "intc");                 \
		tree_cells(&tree, "phandle", 1);          \
		tree_cells(&tree, "#interrupt-cells", 3); \
		tree_cells(&tree, "reg", __VA_ARGS__);    \
	} while (0)

static void refused(const struct driver *driver, const char *line)
{
	tree_end(&tree);
	assert_int_equal(driver->probe(tree.blob, node_of("/intc"), 0, &found), -1);
	expect_output(line);
	assert_null(found.irqchip);
}

static void v2_without_reg(void **state)
{
	(void)state;
	tree_open(&tree, "intc");
	tree_close(&tree);
	refused(&gicv2_driver, "driver: /intc: no usable entry 0 of reg; not used\n");
}

static void v2_without_interface(void **state)
{
	(void)state;
	GIC_NODE(V2_D, 0x1000);
	tree_close(&tree);
	refused(&gicv2_driver, "driver: /intc: no usable entry 1 of reg; not used\n");
}

static void v2_of_too_few_registers(void **state)
{
	(void)state;
	GIC_NODE(V2_D, 0x800, V2_C, 0x1000);
	tree_close(&tree);
	refused(&gicv2_driver, "driver: /intc: entry 0 of reg has 0x800 bytes, 0x1000 are needed; "
			       "not used\n");
}

static void v2_not_mapped(void **state)
{
	(void)state;
	GIC_NODE(V2_D, 0x1000, V2_C + 0x1000, 0x1000);
	tree_close(&tree);
	refused(&gicv2_driver, "driver: /intc: registers at 0x8011000, 0x100 bytes, can not be "
			       "mapped; not used\n");
}

static void v2_without_boot_cpu(void **state)
{
	(void)state;
	GIC_NODE(V2_D, 0x1000, V2_C, 0x1000);
	tree_close(&tree);
	v2_d[1] = 0x62;
	refused(&gicv2_driver, "driver: /intc: no CPU interface for the boot CPU; not used\n");
}

static void v2_not_taken(void **state)
{
	(void)state;
	GIC_NODE(V2_D, 0x1000, V2_C, 0x1000);
	tree_close(&tree);
	no_chip = true;
	refused(&gicv2_driver,
		"driver: /intc: this machine has another interrupt controller; not used\n");
}

/* The way of SPI 33: acknowledged by the machine half, asked for and ended by the runtime. */
static void expect_spi_way(void)
{
	const struct irqchip_ops *ops = found.irqchip;

	assert_int_equal(ops->claim(ops), 0);
	assert_int_equal(chip->claim(), 33);
	assert_int_equal(ops->claim(ops), 33);
	assert_int_equal(ops->claim(ops), 0);
}

/* Devices of each type of interrupt, some of which no GIC has; one is another controller's. */
static void v2_tree(void)
{
	GIC_NODE(V2_D, 0x1000, V2_C, 0x1000);
	tree_close(&tree);
	DEVICE("level", 0, 1, 4);
	DEVICE("edge", 0, 16, 1, 0, 17, 4, 0, 18, 1);
	DEVICE("beyond", 0, 900, 1, 1, 5, 1);
	tree_open(&tree, "elsewhere");
	tree_cells(&tree, "phandle", 2);
	tree_cells(&tree, "interrupt-parent", 2);
	tree_cells(&tree, "interrupts", 0, 19, 1);
	tree_close(&tree);
	tree_end(&tree);
}

static void v2(void **state)
{
	int node;

	(void)state;
	v2_tree();
	v2_d[1] = 0x62;
	v2_d[AT(0x800)] = 0x01010101;
	node = node_of("/intc");
	assert_int_equal(gicv2_driver.probe(tree.blob, node, 7, &found), 0);
	expect_output("");
	assert_int_equal(found.irqchip_node, node);
	assert_int_equal(found.irqchip->hwid, 7);
	assert_true(gicv2_driver.serves(tree.blob, node, 7));
	/* 48 and 50. */
	assert_int_equal(v2_d[AT(0xc00) + 3], 0x00000022);

	/* SGIs go to who is there; an end names the sender. */
	chip->send(0, 7, 2);
	assert_int_equal(v2_d[AT(0xf00)], 0);
	assert_int_equal(chip->init_cpu(0, 7), 0);
	assert_int_equal(chip->init_cpu(8, 8), -1);
	chip->send(0, 7, 2);
	assert_int_equal(v2_d[AT(0xf00)], 0x00010002);
	chip->send(8, 8, 3);
	assert_int_equal(v2_d[AT(0xf00)], 0x00010002);
	v2_c[AT(0x0c)] = 0x0c02;
	assert_int_equal(chip->claim(), 2);
	chip->complete(2);
	assert_int_equal(v2_c[AT(0x10)], 0x0c02);

	chip->enable_local(27);
	assert_int_equal(v2_d[AT(0x100)], 1U << 27);
	chip->enable_local(33);
	found.irqchip->enable(found.irqchip, 27);
	assert_int_equal(v2_d[AT(0x104)], 0);
	found.irqchip->enable(found.irqchip, 33);
	assert_int_equal(v2_d[AT(0x104)], 2);
	v2_d[AT(0x180)] = v2_d[AT(0x184)] = 0;
	found.irqchip->disable(found.irqchip, 27);
	assert_int_equal(v2_d[AT(0x180)], 0);
	found.irqchip->disable(found.irqchip, 34);
	assert_int_equal(v2_d[AT(0x184)], 4);

	v2_c[AT(0x0c)] = 33;
	expect_spi_way();
	found.irqchip->complete(found.irqchip, 33);
	assert_int_equal(v2_c[AT(0x10)], 33);
	v2_c[AT(0x0c)] = 1023;
	assert_true(chip->claim() == IRQ_NONE);

	/* Once more: the same; another: refused. */
	found = (struct devices){0};
	assert_int_equal(gicv2_driver.probe(tree.blob, node, 7, &found), 0);
	assert_int_equal(found.irqchip_node, node);
	assert_int_equal(gicv2_driver.probe(tree.blob, node_of("/level"), 7, &found), -1);
	expect_output("driver: /level: a gicv2 is in use already; not used\n");
}

static void v3_blocks(void)
{
	v3_d[PIDR2] = 0x3b;
	v3_d[1] = 2;
	for (unsigned int i = 0; i < 3; i++) {
		v3_r[i][PIDR2] = 0x3b;
		v3_r[i][AT(0x0c)] = i;
	}
	/* Two with a stride of 256 KiB, one more in a region of its own. */
	v3_r[0][AT(0x08)] = 0x2;
	v3_r[1][AT(0x08)] = 0x12;
	v3_r[2][AT(0x08)] = 0x10;
}

static void v3_node(void)
{
	v3_blocks();
	GIC_NODE(V3_D, 0x10000, V3_R, 0x100000, V3_R2, 0x20000);
	tree_cells(&tree, "#redistributor-regions", 2);
}

static void v3_without_cpu_interface(void **state)
{
	(void)state;
	v3_node();
	tree_close(&tree);
	no_cpu_interface = true;
	refused(&gicv3_driver, "driver: /intc: the CPU has no interface for it; not used\n");
}

static void v3_of_another_version(void **state)
{
	(void)state;
	v3_node();
	tree_close(&tree);
	v3_d[PIDR2] = 0x2b;
	refused(&gicv3_driver, "driver: /intc: entry 0 of reg is no GICv3's; not used\n");
}

static void v3_bad_stride(void **state)
{
	(void)state;
	v3_node();
	tree_cells(&tree, "redistributor-stride", 0, 0x18000);
	tree_close(&tree);
	refused(&gicv3_driver, "driver: /intc: redistributor-stride is no multiple of 0x10000 from "
			       "0x20000 on; not used\n");
}

static void v3_without_redistributors(void **state)
{
	(void)state;
	v3_node();
	tree_close(&tree);
	v3_r[0][PIDR2] = 0;
	refused(&gicv3_driver,
		"driver: /intc: 0x10100000 is no redistributor of a GICv3; the rest not used\n"
		"driver: /intc: no redistributor for the boot CPU, 0x0; not used\n");
}

static void v3_redistributor_not_mapped(void **state)
{
	(void)state;
	v3_node();
	tree_cells(&tree, "redistributor-stride", 0x60000);
	tree_close(&tree);
	no_chip = true;
	refused(&gicv3_driver,
		"driver: /intc: the redistributor at 0x10160000 can not be mapped; the rest not "
		"used\n"
		"driver: /intc: this machine has another interrupt controller; not used\n");
}

static void v3_region_missing(void **state)
{
	(void)state;
	v3_blocks();
	GIC_NODE(V3_D, 0x10000);
	tree_close(&tree);
	refused(&gicv3_driver, "driver: /intc: no usable entry 1 of reg; those before it used\n"
			       "driver: /intc: no redistributor for the boot CPU, 0x0; not used\n");
}

static void v3(void **state)
{
	(void)state;
	v3_node();
	tree_close(&tree);
	DEVICE("edge", 0, 16, 1);
	tree_end(&tree);
	assert_int_equal(gicv3_driver.probe(tree.blob, node_of("/intc"), 2, &found), 0);
	expect_output("");
	assert_int_equal(v3_d[AT(0xc00) + 3], 2);
	assert_int_equal(v3_d[AT(0x6000) + 33 * 2], 2);

	assert_int_equal(chip->init_cpu(0, 2), 0);
	chip->send(1, 1, 3);
	assert_int_equal(sent, 0);
	host_become(&cpu[1]);
	assert_int_equal(chip->init_cpu(1, 1), 0);
	assert_int_equal(nr_initialised, 2);
	chip->send(1, 1, 3);
	assert_int_equal(sent, 0x10003);
	chip->enable_local(30);
	assert_int_equal(v3_r[1][AT(0x10100)], 1U << 30);
	assert_int_equal(v3_r[2][AT(0x10100)], 0x0000ffff);
	host_become(&cpu[0]);
	expect_output("");
	assert_int_equal(chip->init_cpu(2, 5), -1);
	expect_output("driver: gicv3: no redistributor for CPU 0x5: it gets no interrupts\n");
	v3_r[0][AT(0x14)] = 4;
	assert_int_equal(chip->init_cpu(2, 0), -1);
	expect_output("driver: gicv3: a redistributor that does not answer for CPU 0x0: it gets no "
		      "interrupts\n");

	found.irqchip->enable(found.irqchip, 33);
	assert_int_equal(v3_d[AT(0x104)], 2);
	v3_d[AT(0x184)] = 0;
	found.irqchip->disable(found.irqchip, 34);
	assert_int_equal(v3_d[AT(0x184)], 4);
	pending = 33;
	expect_spi_way();
	/* Taken by the runtime: the machine half's end is none. */
	chip->complete(33);
	assert_int_equal(nr_ended, 0);
	found.irqchip->complete(found.irqchip, 33);
	assert_int_equal(nr_ended, 1);
	/* Taken by nobody. */
	assert_int_equal(chip->claim(), 33);
	chip->complete(33);
	assert_int_equal(nr_ended, 2);
	assert_int_equal(found.irqchip->claim(found.irqchip), 0);
	pending = 0;
	assert_int_equal(chip->claim(), 0);
	chip->complete(0);
	assert_int_equal(nr_ended, 3);
	assert_int_equal(ended, 0);
	pending = 1023;
	assert_true(chip->claim() == IRQ_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(v2_without_reg),
		TEST(v2_without_interface),
		TEST(v2_of_too_few_registers),
		TEST(v2_not_mapped),
		TEST(v2_without_boot_cpu),
		TEST(v2_not_taken),
		TEST(v2),
		TEST(v3_without_cpu_interface),
		TEST(v3_of_another_version),
		TEST(v3_bad_stride),
		TEST(v3_without_redistributors),
		TEST(v3_redistributor_not_mapped),
		TEST(v3_region_missing),
		TEST(v3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
