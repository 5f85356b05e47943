/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller, register half. Set up by the boot CPU; claim and
 * complete are the context's hart's. No state here.
 *
 * Source: RISC-V Platform-Level Interrupt Controller Specification 1.0.0, chapters 3 to 9.
 */
#include <port/barrier.h>
#include "plic.h"

#define PRIORITY       0x000000U /* a word for each source */
#define ENABLE         0x002000U /* a bit for each source, */
#define ENABLE_STRIDE  0x80U     /* for each context */
#define CONTEXT        0x200000U
#define CONTEXT_STRIDE 0x1000U
#define CONTEXT_CLAIM  4U /* behind the threshold */

static volatile void *enable_word(const struct plic *plic, unsigned int source)
{
	return plic->base + ENABLE + plic->context * ENABLE_STRIDE + source / 32 * 4;
}

static volatile unsigned char *context_base(const struct plic *plic)
{
	return plic->base + CONTEXT + plic->context * CONTEXT_STRIDE;
}

uint64_t plic_bytes(unsigned int context)
{
	return CONTEXT + (uint64_t)context * CONTEXT_STRIDE + CONTEXT_CLAIM + 4;
}

void plic_init(const struct plic *plic)
{
	for (unsigned int source = 0; source <= plic->nr_sources; source += 32)
		mmio_write32(enable_word(plic, source), 0);
	mmio_write32(context_base(plic), 0);
}

void plic_enable(const struct plic *plic, unsigned int source)
{
	volatile void *word = enable_word(plic, source);

	if (source == 0 || source > plic->nr_sources)
		return;
	mmio_write32(plic->base + PRIORITY + source * 4, 1);
	mmio_write32(word, mmio_read32(word) | 1U << source % 32);
}

void plic_disable(const struct plic *plic, unsigned int source)
{
	volatile void *word = enable_word(plic, source);

	if (source == 0 || source > plic->nr_sources)
		return;
	/* Not the bit alone: QEMU 7.2 looks at its lines anew when a priority is written. */
	mmio_write32(word, mmio_read32(word) & ~(1U << source % 32));
	mmio_write32(plic->base + PRIORITY + source * 4, 0);
}

unsigned int plic_claim(const struct plic *plic)
{
	return mmio_read32(context_base(plic) + CONTEXT_CLAIM);
}

void plic_complete(const struct plic *plic, unsigned int source)
{
	mmio_write32(context_base(plic) + CONTEXT_CLAIM, source);
}
