/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the device-tree halves of the GICs have in common: the way of a device's interrupt from the
 * machine half to the runtime, mapping, and the triggers.
 *
 * The machine half acknowledges all sources by irq_chip.claim(). An SPI is kept here until the
 * runtime asks by irqchip_ops.claim(), and whoever has taken it ends it: the runtime by
 * irqchip_ops.complete(). irq_chip.complete() of an SPI ends it only if the runtime did not take
 * it, so it may be called in any case.
 */
#ifndef DRIVERS_IRQCHIP_GIC_OF_H
#define DRIVERS_IRQCHIP_GIC_OF_H

#include <stdint.h>
#include <drivers/driver.h>
#include <port/platform.h>
#include "gic.h"

struct gic_chip {
	struct irqchip_ops ops; /* for the runtime; all sources are SPIs */
	int node;               /* its place in the tree */
	unsigned int kept;      /* SPI that the runtime has not asked for, or 0; ops.hwid's */
	void (*end)(uint32_t irq);
};

/** Fill in `ops` but for its enable(); `end` ends a source at the calling CPU. */
void gic_chip_init(struct gic_chip *chip, const char *name, uint64_t hwid, void (*end)(uint32_t));

/** irq_chip.claim(), when source `irq` has been acknowledged: IRQ_NONE if there was none. */
uint32_t gic_chip_claimed(struct gic_chip *chip, unsigned int irq);

/** irq_chip.complete(). */
void gic_chip_complete(struct gic_chip *chip, uint32_t irq);

/**
 * The last step of probe(): give both halves of the chip to whom they are for. 0, or -1 after a
 * line if the machine half did not take it.
 */
int gic_chip_announce(struct gic_chip *chip, const struct irq_chip *machine, const void *fdt,
	int node, struct devices *found);

/**
 * True if probe() is to go on. A GIC that is in use already is entered in `found`, with *result 0;
 * any other one is refused then, with -1.
 */
bool gic_chip_is_new(
	struct gic_chip *chip, const void *fdt, int node, struct devices *found, int *result);

/** Map `bytes` of entry `index` of a node's reg, from its start; NULL after a line. */
volatile unsigned char *gic_map(const void *fdt, int node, unsigned int index, uint64_t bytes);

/** Cells of each interrupt at the GIC in `node`: 3, or 4, of which the last says which CPUs have
 * it. */
int gic_cells(const void *fdt, int node);

/**
 * Set the triggers of the SPIs that the tree says come by an edge, at the GIC in `node`; all others
 * are by level. They are masked.
 */
void gic_set_triggers(
	const void *fdt, int node, volatile unsigned char *distributor, unsigned int nr_sources);

#endif
