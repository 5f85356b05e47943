/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 2's registers: a distributor, and a CPU interface that each CPU sees at the same
 * address. Sources are numbered as in gic.h.
 */
#ifndef DRIVERS_IRQCHIP_GICV2_H
#define DRIVERS_IRQCHIP_GICV2_H

#include <stdint.h>
#include "gic.h"

/** Bytes of registers that are used. */
#define GICV2_DISTRIBUTOR_BYTES 0x1000U
#define GICV2_INTERFACE_BYTES   0x100U

/** No GICv2 serves more CPUs. */
#define GICV2_MAX_CPUS 8U

struct gicv2 {
	volatile unsigned char *distributor;
	volatile unsigned char *interface;
	unsigned int nr_sources;
	uint8_t spi_target; /* interface of the CPU that devices interrupt, as a bit */
};

/**
 * The distributor on; its SPIs masked, level-triggered, routed to the calling CPU. Fills nr_sources
 * and spi_target; the addresses are the caller's. Once. Returns 0, or -1 as gicv2_init_cpu().
 */
int gicv2_init(struct gicv2 *gic);

/**
 * The calling CPU's interface on, its PPIs masked, its SGIs not. Interrupts off. Returns the
 * interface as a bit, for gicv2_send(); 0 if the distributor shows none for this CPU.
 */
uint8_t gicv2_init_cpu(const struct gicv2 *gic);

/** Unmask, mask an SPI, or a PPI of the calling CPU; no-op for one beyond nr_sources. */
void gicv2_enable(const struct gicv2 *gic, unsigned int irq);
void gicv2_disable(const struct gicv2 *gic, unsigned int irq);

/** Raise SGI `sgi` at the CPUs whose interfaces are in `targets`. Any context. */
void gicv2_send(const struct gicv2 *gic, uint8_t targets, unsigned int sgi);

/**
 * Acknowledge: what GICC_IAR has. Its source is gicv2_source(); the bits above are the sender of an
 * SGI, and must be given back to gicv2_complete(), too.
 */
uint32_t gicv2_claim(const struct gicv2 *gic);
void gicv2_complete(const struct gicv2 *gic, uint32_t acknowledged);

/** From GIC_SPURIOUS on: nothing was pending. */
static inline unsigned int gicv2_source(uint32_t acknowledged)
{
	return acknowledged & 0x3ff;
}

#endif
