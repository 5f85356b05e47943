/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 3's registers: a distributor, and a redistributor for each CPU. The interface
 * that acknowledges and sends is in the CPU, see struct gicv3_cpu_ops of <port/platform.h>. Sources
 * are numbered as in gic.h; LPIs are not used.
 */
#ifndef DRIVERS_IRQCHIP_GICV3_H
#define DRIVERS_IRQCHIP_GICV3_H

#include <stdbool.h>
#include <stdint.h>
#include "gic.h"

#define GICV3_DISTRIBUTOR_BYTES 0x10000U
/** Two frames of 64 KiB: the redistributor's own, and that of its SGIs and PPIs. */
#define GICV3_REDISTRIBUTOR_BYTES 0x20000U

struct gicv3 {
	volatile unsigned char *distributor;
	unsigned int nr_sources;
};

/** What a redistributor tells of itself. */
struct gicv3_redistributor {
	uint32_t affinity;   /* of its CPU, as gicv3_affinity() */
	uint32_t next_bytes; /* from it to the next, where the tree does not say */
	bool last;           /* of its region */
};

/** The four levels of a CPU's affinity, 3 to 0, a byte each, from its hardware id (MPIDR). */
static inline uint32_t gicv3_affinity(uint64_t hwid)
{
	return (uint32_t)(hwid >> 32 & 0xff) << 24 | (uint32_t)(hwid & 0xffffff);
}

/** True if the 64 KiB of registers are those of a GICv3 or v4, distributor or redistributor. */
bool gicv3_identify(const volatile unsigned char *block);

/**
 * The distributor on, with affinity routing; its SPIs masked, level-triggered, routed to the CPU
 * `hwid`. Fills nr_sources; the address is the caller's. Once. Returns 0, or -1 if the distributor
 * never finishes a write.
 */
int gicv3_init(struct gicv3 *gic, uint64_t hwid);

void gicv3_describe(
	const volatile unsigned char *redistributor, struct gicv3_redistributor *description);

/**
 * The calling CPU's redistributor awake, its PPIs masked, its SGIs not. Interrupts off; before the
 * CPU's own interface is on. Returns 0, or -1 if it does not wake, or never finishes a write.
 */
int gicv3_init_cpu(volatile unsigned char *redistributor);

/** Unmask a PPI of the redistributor's CPU; no-op if it is none. */
void gicv3_enable_local(volatile unsigned char *redistributor, unsigned int irq);

/** Unmask, mask an SPI; no-op if it is none. */
void gicv3_enable(const struct gicv3 *gic, unsigned int irq);
void gicv3_disable(const struct gicv3 *gic, unsigned int irq);

#endif
