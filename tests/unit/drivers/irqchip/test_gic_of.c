/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree halves of the GICs, the timer and the PL011, and drivers/interrupts.c: which
 * nodes are taken, what is said of those that are not, and the way of an interrupt. Registers are
 * memory.
 *
 * A driver's state can not be taken back, so each test that comes to the end of a probe is the only
 * one for its driver, and those that are refused come before it.
 */
#include <libfdt.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/platform.h>
#include "drivers/drivers.h"
#include "drivers/interrupts.h"
#include "tree.h"
#include "unit.h"

#define AT(offset) ((offset) / 4)
#define V2_D       0x08000000U
#define V2_C       0x08010000U
#define V3_D       0x10000000U
#define V3_R       0x10100000U
#define V3_R2      0x10200000U
#define UART       0x09000000U
#define PIDR2      AT(0xffe8)

static uint32_t v2_d[AT(0x1000)], v2_c[AT(0x1000)], v3_d[AT(0x10000)], uart[AT(0x1000)];
static uint32_t v3_r[3][AT(0x20000)];

static const struct {
	phys_addr_t pa;
	size_t bytes;
	uint32_t *registers;
} windows[] = {
	{V2_D, sizeof(v2_d), v2_d},
	{V2_C, sizeof(v2_c), v2_c},
	{V3_D, sizeof(v3_d), v3_d},
	{V3_R, sizeof(v3_r[0]), v3_r[0]},
	{V3_R + 0x40000, sizeof(v3_r[1]), v3_r[1]},
	{V3_R2, sizeof(v3_r[2]), v3_r[2]},
	{UART, sizeof(uart), uart},
};

static struct tree tree;
static struct devices found;
static struct mm_cpu cpu[2] = {{.id = 0}, {.id = 1}};

/* The machine half. */
static bool no_chip, no_cpu_interface;
static const struct irq_chip *chip;
static uint32_t pending, ended, nr_ended, sent, nr_initialised;
static unsigned int timer_irq;
static bool timer_physical;

volatile void *mmio_map(phys_addr_t pa, size_t bytes)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(windows); i++)
		if (windows[i].pa == pa && bytes <= windows[i].bytes)
			return windows[i].registers;
	return NULL;
}

int irq_set_chip(const struct irq_chip *new_chip)
{
	if (no_chip)
		return -1;
	chip = new_chip;
	return 0;
}

static void cpu_init(void)
{
	nr_initialised++;
}

static uint32_t cpu_ack(void)
{
	return pending;
}

static void cpu_eoi(uint32_t irq)
{
	ended = irq;
	nr_ended++;
}

static void cpu_send(uint64_t hwid, unsigned int sgi)
{
	sent = (uint32_t)hwid << 16 | sgi;
}

const struct gicv3_cpu_ops *irq_gicv3_cpu(void)
{
	static const struct gicv3_cpu_ops ops = {cpu_init, cpu_ack, cpu_eoi, cpu_send};

	return no_cpu_interface ? NULL : &ops;
}

void irq_set_timer(unsigned int irq, bool physical)
{
	timer_irq = irq;
	timer_physical = physical;
}

void cpu_set_time_hz(uint64_t hz)
{
	(void)hz;
}

bool firmware_set_method(const char *method, uint32_t cpu_on)
{
	(void)method;
	(void)cpu_on;
	return true;
}

bool firmware_wants_console(void)
{
	return false;
}

void firmware_set_console(void (*write)(const char *text, unsigned int length))
{
	(void)write;
}

static int setup(void **state)
{
	(void)state;
	memset(v2_d, 0, sizeof(v2_d));
	memset(v2_c, 0, sizeof(v2_c));
	memset(v3_d, 0, sizeof(v3_d));
	memset(v3_r, 0, sizeof(v3_r));
	memset(uart, 0, sizeof(uart));
	found = (struct devices){0};
	no_chip = no_cpu_interface = false;
	chip = NULL;
	nr_ended = sent = nr_initialised = 0;
	host_become(&cpu[0]);
	tree_begin(&tree);
	tree_root(&tree, 1, 1);
	host_print_capture_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	return 0;
}

static void expect_output(const char *lines)
{
	assert_string_equal(host_print_captured(), lines);
	host_print_capture_start();
}

#define GIC_NODE(...)                                     \
	do {                                              \
		tree_open(&tree, "intc");                 \
		tree_cells(&tree, "phandle", 1);          \
		tree_cells(&tree, "#interrupt-cells", 3); \
		tree_cells(&tree, "reg", __VA_ARGS__);    \
	} while (0)

/* A device at the GIC. */
#define DEVICE(name, ...)                                     \
	do {                                                  \
		tree_open(&tree, name);                       \
		tree_cells(&tree, "interrupt-parent", 1);     \
		tree_cells(&tree, "interrupts", __VA_ARGS__); \
		tree_close(&tree);                            \
	} while (0)

static int node_of(const char *path)
{
	int node = fdt_path_offset(tree.blob, path);

	assert_true(node > 0);
	return node;
}

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

static void v2(void **state)
{
	int node;

	(void)state;
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

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
		TEST(interrupts),
		TEST(timer),
		TEST(pl011),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
