/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller, device-tree half: which context is ours.
 *
 * Contexts are the entries of interrupts-extended, in order: pairs of a hart's own interrupt
 * controller and the interrupt that the context raises there. Which hart and mode a number stands
 * for is nowhere else to be found. A machine with several groups of harts has one PLIC for each
 * group, and the console's may not be the boot hart's. Another hart's context is no way out: the
 * firmware masks it again when that hart is started. Then input is polled.
 *
 * Owns chips[], one for each controller that is used: written by probe() on the boot CPU, constant
 * afterwards.
 *
 * Source: Linux Documentation/devicetree/bindings/interrupt-controller/sifive,plic-1.0.0.yaml and
 * riscv,cpu-intc.yaml.
 */
#include <libfdt.h>
#include <drivers/of.h>
#include <mm/list.h>
#include <port/print.h>
#include "../drivers.h"
#include "plic.h"

/* The interrupt of a hart's controller that is "external, supervisor mode". */
#define SUPERVISOR_EXTERNAL 9U

/* No chip has more; the specification's limit. */
#define MAX_SOURCES 1023U

/* The console's, and the disks'. */
#define MAX_CHIPS 2U

struct chip {
	struct irqchip_ops ops;
	struct plic plic;
};
static struct chip chips[MAX_CHIPS];
static unsigned int nr_chips;

static const struct plic *plic_of(const struct irqchip_ops *ops)
{
	return &container_of(ops, const struct chip, ops)->plic;
}

static void chip_enable(const struct irqchip_ops *ops, unsigned int irq)
{
	plic_enable(plic_of(ops), irq);
}

static void chip_disable(const struct irqchip_ops *ops, unsigned int irq)
{
	plic_disable(plic_of(ops), irq);
}

static unsigned int chip_claim(const struct irqchip_ops *ops)
{
	return plic_claim(plic_of(ops));
}

static void chip_complete(const struct irqchip_ops *ops, unsigned int irq)
{
	plic_complete(plic_of(ops), irq);
}

/* Hart id of the cpu node that a hart's interrupt controller stands in; false if it is not used. */
static bool hart_of(const void *fdt, uint32_t phandle, uint64_t *hwid)
{
	int controller = fdt_node_offset_by_phandle(fdt, phandle);
	int cpu = controller < 0 ? controller : fdt_parent_offset(fdt, controller);
	const fdt32_t *reg;
	int length;

	if (cpu < 0 || !of_available(fdt, cpu))
		return false;
	reg = fdt_getprop(fdt, cpu, "reg", &length);
	if (!reg || (length != 4 && length != 8))
		return false;
	*hwid = fdt32_ld(&reg[0]);
	if (length == 8)
		*hwid = *hwid << 32 | fdt32_ld(&reg[1]);
	return true;
}

/* Number of the hart's context in supervisor mode, or -1. */
static int find_context(const void *fdt, int node, uint64_t hwid)
{
	int length;
	const fdt32_t *entry = fdt_getprop(fdt, node, "interrupts-extended", &length);

	if (!entry)
		return -1;
	for (int i = 0; i < length / 8; i++) {
		uint64_t candidate;

		if (fdt32_ld(&entry[2 * i + 1]) == SUPERVISOR_EXTERNAL &&
			hart_of(fdt, fdt32_ld(&entry[2 * i]), &candidate) && candidate == hwid)
			return i;
	}
	return -1;
}

static bool serves(const void *fdt, int node, uint64_t hwid)
{
	return find_context(fdt, node, hwid) >= 0;
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	struct chip *chip = &chips[nr_chips];
	uint32_t nr_sources = of_u32(fdt, node, "riscv,ndev", 0);
	int context = find_context(fdt, node, boot_hwid);

	if (context < 0)
		return driver_refuse(
			fdt, node, "interrupts-extended has no hart in supervisor mode; not used");
	if (nr_sources == 0 || nr_sources > MAX_SOURCES)
		return driver_refuse(fdt, node, "riscv,ndev %u is not within 1 to %u; not used",
			(unsigned int)nr_sources, MAX_SOURCES);
	if (nr_chips == MAX_CHIPS)
		return driver_refuse(
			fdt, node, "%u controllers are in use already; not used", MAX_CHIPS);
	chip->plic.context = (unsigned int)context;
	chip->plic.nr_sources = nr_sources;
	chip->plic.base = driver_map(fdt, node, plic_bytes(chip->plic.context));
	if (!chip->plic.base)
		return -1;
	chip->ops = (struct irqchip_ops){
		.name = "plic",
		.hwid = boot_hwid,
		.enable = chip_enable,
		.disable = chip_disable,
		.claim = chip_claim,
		.complete = chip_complete,
	};
	plic_init(&chip->plic);
	nr_chips++;
	found->irqchip = &chip->ops;
	found->irqchip_node = node;
	return 0;
}

static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0", NULL};

const struct driver plic_driver = {
	.class = DRIVER_IRQCHIP,
	.compatible = compatible,
	.probe = probe,
	.serves = serves,
};
