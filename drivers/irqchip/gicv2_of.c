/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 2, device-tree half: entry 0 of reg is the distributor, 1 the CPU interface.
 *
 * Owns the one GICv2 that is used: `gic` is written by probe() on the boot CPU, and constant
 * afterwards; chip: see gic_of.h; target[] and sender[] have an entry for each CPU, written by it.
 *
 * Source: Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml.
 */
#include <mm/mmzone.h>
#include <port/cpu.h>
#include "../drivers.h"
#include "gic_of.h"
#include "gicv2.h"

static struct gicv2 gic;
static struct gic_chip chip;

/* By CPU id: its interface, as a bit, 0 until it takes SGIs; atomic, as others read it. */
static uint8_t target[GICV2_MAX_CPUS];

/* By CPU id: what was acknowledged last, if that was an SGI. An end must name the sender, too. */
static uint32_t sgi[GICV2_MAX_CPUS];

static int chip_init_cpu(unsigned int cpu, uint64_t hwid)
{
	uint8_t interface;

	(void)hwid;
	if (cpu >= GICV2_MAX_CPUS)
		return -1;
	interface = gicv2_init_cpu(&gic);
	__atomic_store_n(&target[cpu], interface, __ATOMIC_RELEASE);
	return interface == 0 ? -1 : 0;
}

static void chip_enable_local(unsigned int irq)
{
	if (irq >= GIC_FIRST_PPI && irq < GIC_FIRST_SPI)
		gicv2_enable(&gic, irq);
}

static uint32_t chip_claim(void)
{
	uint32_t acknowledged = gicv2_claim(&gic);
	unsigned int irq = gicv2_source(acknowledged);

	if (irq < GIC_FIRST_PPI)
		sgi[this_cpu->id] = acknowledged;
	return gic_chip_claimed(&chip, irq);
}

static void end(uint32_t irq)
{
	gicv2_complete(&gic, irq < GIC_FIRST_PPI ? sgi[this_cpu->id] : irq);
}

static void chip_complete(uint32_t irq)
{
	gic_chip_complete(&chip, irq);
}

static void chip_send(unsigned int cpu, uint64_t hwid, unsigned int number)
{
	uint8_t targets;

	(void)hwid;
	if (cpu >= GICV2_MAX_CPUS)
		return;
	targets = __atomic_load_n(&target[cpu], __ATOMIC_ACQUIRE);
	if (targets != 0)
		gicv2_send(&gic, targets, number);
}

static const struct irq_chip machine_ops = {
	.name = "gicv2",
	.init_cpu = chip_init_cpu,
	.enable_local = chip_enable_local,
	.claim = chip_claim,
	.complete = chip_complete,
	.send = chip_send,
};

static void enable_spi(const struct irqchip_ops *ops, unsigned int irq)
{
	(void)ops;
	if (irq >= GIC_FIRST_SPI)
		gicv2_enable(&gic, irq);
}

static void disable_spi(const struct irqchip_ops *ops, unsigned int irq)
{
	(void)ops;
	if (irq >= GIC_FIRST_SPI)
		gicv2_disable(&gic, irq);
}

/* All CPUs have an interface. */
static bool serves(const void *fdt, int node, uint64_t hwid)
{
	(void)fdt;
	(void)node;
	(void)hwid;
	return true;
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	int result;

	if (!gic_chip_is_new(&chip, fdt, node, found, &result))
		return result;
	gic.distributor = gic_map(fdt, node, 0, GICV2_DISTRIBUTOR_BYTES);
	if (!gic.distributor)
		return -1;
	gic.interface = gic_map(fdt, node, 1, GICV2_INTERFACE_BYTES);
	if (!gic.interface)
		return -1;
	if (gicv2_init(&gic) < 0)
		return driver_refuse(fdt, node, "no CPU interface for the boot CPU; not used");
	gic_set_triggers(fdt, node, gic.distributor, gic.nr_sources);
	gic_chip_init(&chip, "gicv2", boot_hwid, end);
	chip.ops.enable = enable_spi;
	chip.ops.disable = disable_spi;
	return gic_chip_announce(&chip, &machine_ops, fdt, node, found);
}

static const char *const compatible[] = {"arm,gic-400", "arm,cortex-a15-gic", NULL};

const struct driver gicv2_driver = {
	.class = DRIVER_IRQCHIP,
	.compatible = compatible,
	.probe = probe,
	.serves = serves,
};
