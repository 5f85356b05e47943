/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of drivers at a GIC share: a tree, registers that are memory, and the machine
 * half, which writes down what it is told.
 */
#ifndef TESTS_UNIT_DRIVERS_IRQCHIP_GIC_FIXTURE_H
#define TESTS_UNIT_DRIVERS_IRQCHIP_GIC_FIXTURE_H

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

static inline void cpu_init(void)
{
	nr_initialised++;
}

static inline uint32_t cpu_ack(void)
{
	return pending;
}

static inline void cpu_eoi(uint32_t irq)
{
	ended = irq;
	nr_ended++;
}

static inline void cpu_send(uint64_t hwid, unsigned int sgi)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	return 0;
}

/* A device at the GIC. */
#define DEVICE(name, ...)                                     \
	do {                                                  \
		tree_open(&tree, name);                       \
		tree_cells(&tree, "interrupt-parent", 1);     \
		tree_cells(&tree, "interrupts", __VA_ARGS__); \
		tree_close(&tree);                            \
	} while (0)

static inline int node_of(const char *path)
{
	int node = fdt_path_offset(tree.blob, path);

	assert_true(node > 0);
	return node;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
