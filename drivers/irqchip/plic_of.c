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
 * Owns `chip`: written by probe() on the boot CPU, constant afterwards.
 *
 * Source: Linux Documentation/devicetree/bindings/interrupt-controller/sifive,plic-1.0.0.yaml and
 * riscv,cpu-intc.yaml.
 */
#include <libfdt.h>
#include <drivers/of.h>
#include <port/print.h>
#include "../drivers.h"
#include "plic.h"

/* The interrupt of a hart's controller that is "external, supervisor mode". */
#define SUPERVISOR_EXTERNAL 9U

/* No chip has more; the specification's limit. */
#define MAX_SOURCES 1023U

static struct plic chip;

static void chip_enable(unsigned int irq)
{
	plic_enable(&chip, irq);
}

static unsigned int chip_claim(void)
{
	return plic_claim(&chip);
}

static void chip_complete(unsigned int irq)
{
	plic_complete(&chip, irq);
}

static const struct irqchip_ops ops = {
	.name = "plic",
	.enable = chip_enable,
	.claim = chip_claim,
	.complete = chip_complete,
};

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

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	uint32_t nr_sources = of_u32(fdt, node, "riscv,ndev", 0);
	int context = find_context(fdt, node, boot_hwid);

	if (context < 0)
		return driver_refuse(
			fdt, node, "interrupts-extended has no hart in supervisor mode; not used");
	if (nr_sources == 0 || nr_sources > MAX_SOURCES)
		return driver_refuse(fdt, node, "riscv,ndev %u is not within 1 to %u; not used",
			(unsigned int)nr_sources, MAX_SOURCES);
	chip.context = (unsigned int)context;
	chip.nr_sources = nr_sources;
	chip.base = driver_map(fdt, node, plic_bytes(chip.context));
	if (!chip.base)
		return -1;
	plic_init(&chip);
	found->irqchip = &ops;
	return 0;
}

static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0", NULL};

const struct driver plic_driver = {
	.class = DRIVER_IRQCHIP,
	.compatible = compatible,
	.probe = probe,
};
