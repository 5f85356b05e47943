/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the versions of the Generic Interrupt Controller have in common: the numbers of its sources,
 * how a tree tells them, and the registers that a distributor has for each of them.
 *
 *	0 to 15    SGI: raised by a CPU at a CPU
 *	16 to 31   PPI: a CPU's own, such as its timer
 *	32 to 1019 SPI: a device's, routed to a CPU
 *	from 1020  none, see GIC_SPURIOUS
 *
 * A `block` is 64 KiB of registers, or 4: those of the distributor, or, for the first 32 sources of
 * a CPU, of its redistributor; they lie at the same places.
 */
#ifndef DRIVERS_IRQCHIP_GIC_H
#define DRIVERS_IRQCHIP_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_FIRST_PPI 16U
#define GIC_FIRST_SPI 32U
/** One past the highest source; acknowledged from here on is nothing. */
#define GIC_SPURIOUS 1020U

/**
 * Decode <type number flags> of an `interrupts` property: type 0 is an SPI, 1 a PPI. `*edge`: it is
 * triggered by an edge. Returns NULL, or what is wrong, in words, and leaves both alone.
 */
const char *gic_decode(const uint32_t cell[3], unsigned int *irq, bool *edge);

/** Number of sources, SGIs and PPIs included, by the distributor's GICD_TYPER. */
unsigned int gic_nr_sources(uint32_t typer);

/**
 * Sources [first, end), multiples of 32 but the end, all SPIs or none: masked, not pending, not
 * active, in group 1 if `group1`, else in group 0; SPIs less urgent than the others, which can
 * preempt them. The masking may still be under way.
 */
void gic_init_sources(
	volatile unsigned char *block, unsigned int first, unsigned int end, bool group1);

/** SPIs up to `end`: level-triggered, all of them. Masked ones only. */
void gic_init_triggers(volatile unsigned char *block, unsigned int end);

/** A masked SPI's trigger. One CPU at a time. */
void gic_set_trigger(volatile unsigned char *block, unsigned int irq, bool edge);

/** Unmask, mask a source. */
void gic_enable(volatile unsigned char *block, unsigned int irq);
void gic_disable(volatile unsigned char *block, unsigned int irq);

/** Unmask the SGIs. */
void gic_enable_sgis(volatile unsigned char *block);

#endif
