/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RISC-V platform-level interrupt controller's registers, for one context of it.
 */
#ifndef DRIVERS_IRQCHIP_PLIC_H
#define DRIVERS_IRQCHIP_PLIC_H

#include <stdint.h>

struct plic {
	volatile unsigned char *base;
	unsigned int context;    /* the hart and mode that we use */
	unsigned int nr_sources; /* the highest source number */
};

/** Bytes of registers that context `context` needs. */
uint64_t plic_bytes(unsigned int context);

/** All sources masked in this context, none held back by its threshold. */
void plic_init(const struct plic *plic);

/** Unmask a source in this context; no-op for 0 or one beyond nr_sources. */
void plic_enable(const struct plic *plic, unsigned int source);

/** Mask it, in all contexts; no-op for 0 or one beyond nr_sources. */
void plic_disable(const struct plic *plic, unsigned int source);

/** The pending source with the highest priority, claimed; 0 if there is none. */
unsigned int plic_claim(const struct plic *plic);
void plic_complete(const struct plic *plic, unsigned int source);

#endif
