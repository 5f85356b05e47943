/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic timer of Arm CPUs, as far as the tree tells: by which interrupt it comes.
 *
 * Its `interrupts` are, in the GIC's cells: secure physical, physical, virtual, hypervisor. The
 * virtual one is every kernel's; a tree that leaves it out (its first cell is not 1, a PPI) has the
 * second.
 *
 * Source: Linux Documentation/devicetree/bindings/timer/arm,arch_timer.yaml,
 * interrupt-controller/arm,gic.yaml.
 */
#include <libfdt.h>
#include <drivers/of.h>
#include <port/cpu.h>
#include <port/platform.h>
#include "../drivers.h"
#include "../irqchip/gic_of.h"

enum { PHYSICAL = 1, VIRTUAL = 2 };

/* The source of entry `index` of the timer's interrupts, or -1 if that is no PPI. */
static int ppi(const void *fdt, int node, int index)
{
	int length, cells = gic_cells(fdt, driver_interrupt_parent(fdt, node));
	const fdt32_t *at = fdt_getprop(fdt, node, "interrupts", &length);
	uint32_t cell[3];
	unsigned int irq;
	bool edge;

	if (!at || length < (index + 1) * cells * 4)
		return -1;
	for (int i = 0; i < 3; i++)
		cell[i] = fdt32_ld(&at[index * cells + i]);
	return !gic_decode(cell, &irq, &edge) && irq < GIC_FIRST_SPI ? (int)irq : -1;
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	int is_virtual = ppi(fdt, node, VIRTUAL), physical = ppi(fdt, node, PHYSICAL);

	(void)boot_hwid;
	(void)found;
	if (is_virtual < 0 && physical < 0)
		return driver_refuse(
			fdt, node, "interrupts has neither a virtual nor a physical PPI; not used");
	cpu_set_time_hz(of_u32(fdt, node, "clock-frequency", 0));
	if (is_virtual >= 0)
		irq_set_timer((unsigned int)is_virtual, false);
	else
		irq_set_timer((unsigned int)physical, true);
	return 0;
}

static const char *const compatible[] = {"arm,armv8-timer", "arm,armv7-timer", NULL};

const struct driver arm_timer_driver = {
	.class = DRIVER_TIMER,
	.compatible = compatible,
	.probe = probe,
};
