/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GICs, what their device-tree halves have in common.
 *
 * SPIs go to one CPU, which takes one at a time, with interrupts off: struct gic_chip's `kept`
 * needs no lock.
 *
 * Source: Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml and
 * arm,gic-v3.yaml.
 */
#include <libfdt.h>
#include <drivers/of.h>
#include <mm/list.h>
#include <port/boot.h>
#include "../drivers.h"
#include "gic_of.h"

static struct gic_chip *chip_of(const struct irqchip_ops *ops)
{
	return container_of(ops, struct gic_chip, ops);
}

static unsigned int chip_claim(const struct irqchip_ops *ops)
{
	struct gic_chip *chip = chip_of(ops);
	unsigned int irq = chip->kept;

	chip->kept = 0;
	return irq;
}

static void chip_complete(const struct irqchip_ops *ops, unsigned int irq)
{
	chip_of(ops)->end(irq);
}

void gic_chip_init(struct gic_chip *chip, const char *name, uint64_t hwid, void (*end)(uint32_t))
{
	chip->ops.name = name;
	chip->ops.hwid = hwid;
	chip->ops.claim = chip_claim;
	chip->ops.complete = chip_complete;
	chip->end = end;
}

uint32_t gic_chip_claimed(struct gic_chip *chip, unsigned int irq)
{
	if (irq >= GIC_SPURIOUS)
		return IRQ_NONE;
	if (irq >= GIC_FIRST_SPI)
		chip->kept = irq;
	return irq;
}

void gic_chip_complete(struct gic_chip *chip, uint32_t irq)
{
	if (irq >= GIC_FIRST_SPI && irq != chip->kept)
		return;
	if (irq >= GIC_FIRST_SPI)
		chip->kept = 0;
	chip->end(irq);
}

static int enter(struct gic_chip *chip, struct devices *found)
{
	found->irqchip = &chip->ops;
	found->irqchip_node = chip->node;
	return 0;
}

int gic_chip_announce(struct gic_chip *chip, const struct irq_chip *machine, const void *fdt,
	int node, struct devices *found)
{
	if (irq_set_chip(machine) < 0)
		return driver_refuse(
			fdt, node, "this machine has another interrupt controller; not used");
	chip->node = node;
	return enter(chip, found);
}

bool gic_chip_is_new(
	struct gic_chip *chip, const void *fdt, int node, struct devices *found, int *result)
{
	/* The root, which is no GIC, is node 0. */
	if (chip->node == 0)
		return true;
	if (chip->node == node)
		*result = enter(chip, found);
	else
		*result = driver_refuse(
			fdt, node, "a %s is in use already; not used", chip->ops.name);
	return false;
}

volatile unsigned char *gic_map(const void *fdt, int node, unsigned int index, uint64_t bytes)
{
	uint64_t base, size;
	volatile unsigned char *registers = NULL;

	if (of_reg(fdt, node, index, &base, &size) != 0)
		driver_refuse(fdt, node, "no usable entry %u of reg; not used", index);
	else if (size < bytes)
		driver_refuse(fdt, node,
			"entry %u of reg has 0x%lx bytes, 0x%lx are needed; not used", index,
			(unsigned long)size, (unsigned long)bytes);
	else if (!(registers = mmio_map(base, bytes)))
		driver_refuse(fdt, node,
			"registers at 0x%lx, 0x%lx bytes, can not be mapped; not used",
			(unsigned long)base, (unsigned long)bytes);
	return registers;
}

int gic_cells(const void *fdt, int node)
{
	return of_u32(fdt, node, "#interrupt-cells", 0) == 4 ? 4 : 3;
}

/* Entry `at` of an `interrupts` property: its source if that is an SPI by edge, else 0. */
static unsigned int edge_spi(const fdt32_t *at)
{
	uint32_t cell[3] = {fdt32_ld(&at[0]), fdt32_ld(&at[1]), fdt32_ld(&at[2])};
	unsigned int irq;
	bool edge;

	return !gic_decode(cell, &irq, &edge) && edge && irq >= GIC_FIRST_SPI ? irq : 0;
}

void gic_set_triggers(
	const void *fdt, int node, volatile unsigned char *distributor, unsigned int nr_sources)
{
	int cells = gic_cells(fdt, node);

	for (int device = fdt_next_node(fdt, -1, NULL); device >= 0;
		device = fdt_next_node(fdt, device, NULL)) {
		int length;
		const fdt32_t *value = fdt_getprop(fdt, device, "interrupts", &length);

		for (int i = 0; value && i + cells <= length / 4; i += cells) {
			unsigned int irq = edge_spi(&value[i]);

			/* The parent last: it is the dearest to be found. */
			if (irq != 0 && irq < nr_sources &&
				driver_interrupt_parent(fdt, device) == node)
				gic_set_trigger(distributor, irq, true);
		}
	}
}
