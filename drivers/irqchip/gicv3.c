/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 3, register half. The distributor is set up by the boot CPU, each redistributor
 * by its own. No state here.
 *
 * All sources are in group 1, which is what comes as IRQ. Where the GIC has two security states and
 * we are in the non-secure one, what we see is in that group already, and the group registers can
 * not be written.
 *
 * Registers of 64 bits are taken as two halves, as the architecture lets a CPU of 32 bits do.
 *
 * Source: Arm Generic Interrupt Controller Architecture versions 3 and 4, IHI 0069, 12.9
 * (distributor), 12.10 and 12.11 (redistributor), 12.1.3 (access sizes).
 */
#include <port/barrier.h>
#include <port/cpu.h>
#include "gicv3.h"

#define D_CONTROL         0x0000U
#define D_TYPER           0x0004U
#define D_ROUTE           0x6000U /* two words for each source */

#define D_ENABLE_GROUPS   0x03U /* group 0 and 1; in non-secure state, the two views of group 1 */
#define D_AFFINITY        0x10U
#define D_WRITE_PENDING   0x80000000U

#define R_CONTROL         0x0000U
#define R_TYPER           0x0008U
#define R_TYPER_AFFINITY  0x000cU
#define R_WAKER           0x0014U
#define R_SGI_FRAME       0x10000U /* has the registers of gic.h */

#define R_WRITE_PENDING   0x8U
#define R_VIRTUAL_LPIS    0x2U /* two more frames follow */
#define R_LAST            0x10U
#define R_SLEEP           0x2U
#define R_CHILDREN_ASLEEP 0x4U

#define PERIPHERAL_ID2    0xffe8U

/* Looks at a bit that does not change before the device is given up: some 10 ms at least. */
#define WAIT_TRIES 1000000U

/* Wait until `bits` of a register are 0; -1 if they stay. */
static int wait_clear(const volatile unsigned char *at, uint32_t bits)
{
	for (unsigned int tries = 0; tries < WAIT_TRIES; tries++) {
		if (!(mmio_read32(at) & bits))
			return 0;
		cpu_relax();
	}
	return -1;
}

bool gicv3_identify(const volatile unsigned char *block)
{
	uint32_t revision = mmio_read32(block + PERIPHERAL_ID2) >> 4 & 0xf;

	return revision == 3 || revision == 4;
}

static void route(const struct gicv3 *gic, unsigned int irq, uint32_t affinity)
{
	volatile unsigned char *at = gic->distributor + D_ROUTE + irq * 8;

	mmio_write32(at + 4, affinity >> 24);
	mmio_write32(at, affinity & 0xffffff);
}

int gicv3_init(struct gicv3 *gic, uint64_t hwid)
{
	volatile unsigned char *control = gic->distributor + D_CONTROL;

	gic->nr_sources = gic_nr_sources(mmio_read32(gic->distributor + D_TYPER));
	mmio_write32(control, 0);
	if (wait_clear(control, D_WRITE_PENDING) < 0)
		return -1;
	/* Routes can be written only with affinity routing on. */
	mmio_write32(control, D_AFFINITY);
	gic_init_sources(gic->distributor, GIC_FIRST_SPI, gic->nr_sources, true);
	if (wait_clear(control, D_WRITE_PENDING) < 0)
		return -1;
	gic_init_triggers(gic->distributor, gic->nr_sources);
	for (unsigned int irq = GIC_FIRST_SPI; irq < gic->nr_sources; irq++)
		route(gic, irq, gicv3_affinity(hwid));
	mmio_write32(control, D_AFFINITY | D_ENABLE_GROUPS);
	return wait_clear(control, D_WRITE_PENDING);
}

void gicv3_describe(
	const volatile unsigned char *redistributor, struct gicv3_redistributor *description)
{
	uint32_t typer = mmio_read32(redistributor + R_TYPER);

	description->affinity = mmio_read32(redistributor + R_TYPER_AFFINITY);
	description->next_bytes = GICV3_REDISTRIBUTOR_BYTES << (typer & R_VIRTUAL_LPIS ? 1 : 0);
	description->last = (typer & R_LAST) != 0;
}

int gicv3_init_cpu(volatile unsigned char *redistributor)
{
	volatile unsigned char *waker = redistributor + R_WAKER;
	volatile unsigned char *sgi_frame = redistributor + R_SGI_FRAME;

	mmio_write32(waker, mmio_read32(waker) & ~R_SLEEP);
	if (wait_clear(waker, R_CHILDREN_ASLEEP) < 0)
		return -1;
	gic_init_sources(sgi_frame, 0, GIC_FIRST_SPI, true);
	if (wait_clear(redistributor + R_CONTROL, R_WRITE_PENDING) < 0)
		return -1;
	gic_enable_sgis(sgi_frame);
	return 0;
}

void gicv3_enable_local(volatile unsigned char *redistributor, unsigned int irq)
{
	if (irq >= GIC_FIRST_PPI && irq < GIC_FIRST_SPI)
		gic_enable(redistributor + R_SGI_FRAME, irq);
}

void gicv3_enable(const struct gicv3 *gic, unsigned int irq)
{
	if (irq >= GIC_FIRST_SPI && irq < gic->nr_sources)
		gic_enable(gic->distributor, irq);
}

void gicv3_disable(const struct gicv3 *gic, unsigned int irq)
{
	if (irq >= GIC_FIRST_SPI && irq < gic->nr_sources)
		gic_disable(gic->distributor, irq);
}
