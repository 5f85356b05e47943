/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of devices, as the tree tells them. No state here.
 *
 * Source: Devicetree Specification 0.4, 2.4.1 (interrupts, interrupt-parent), 2.4.2
 * (#interrupt-cells).
 */
#include <libfdt.h>
#include <drivers/of.h>
#include "drivers.h"
#include "interrupts.h"
#include "irqchip/gic.h"

/* <type number flags>: the first three of three or four. */
static unsigned int gic_irq(const void *fdt, int node, const fdt32_t *value)
{
	uint32_t cell[3] = {fdt32_ld(&value[0]), fdt32_ld(&value[1]), fdt32_ld(&value[2])};
	unsigned int irq;
	bool edge;
	const char *wrong = gic_decode(cell, &irq, &edge);

	if (!wrong)
		return irq;
	driver_refuse(fdt, node, "interrupts <%u %u %u>: %s; polled", (unsigned int)cell[0],
		(unsigned int)cell[1], (unsigned int)cell[2], wrong);
	return 0;
}

unsigned int driver_irq(const void *fdt, int node)
{
	int length, controller;
	const fdt32_t *value = fdt_getprop(fdt, node, "interrupts", &length);
	uint32_t cells;

	if (!value)
		return 0;
	controller = driver_interrupt_parent(fdt, node);
	cells = controller < 0 ? 0 : of_u32(fdt, controller, "#interrupt-cells", 0);
	if (controller < 0)
		driver_refuse(fdt, node, "interrupts, and no interrupt-parent; polled");
	else if (cells != 1 && cells != 3 && cells != 4)
		driver_refuse(fdt, controller, "#interrupt-cells is not 1, 3 or 4; not used");
	else if (length <= 0 || (unsigned int)length % (cells * 4) != 0)
		driver_refuse(fdt, node, "interrupts has %d bytes, no multiple of %u; polled",
			length, (unsigned int)cells * 4);
	else
		return cells == 1 ? fdt32_ld(value) : gic_irq(fdt, node, value);
	return 0;
}
