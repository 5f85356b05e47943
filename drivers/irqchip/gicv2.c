/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 2, register half. The distributor is set up by the boot CPU; what is banked (the
 * first 32 sources, the interface) by each CPU for itself. No state here.
 *
 * All sources are in group 0, and bit 0 of both control registers enables that one. Where the GIC
 * has two security states and we are in the non-secure one, the group register can not be written,
 * all that we see is group 1, and the same bits enable that.
 *
 * Source: Arm Generic Interrupt Controller Architecture version 2.0, IHI 0048B, 4.3 and 4.4.
 */
#include <port/barrier.h>
#include "gicv2.h"

/* The distributor's. */
#define D_CONTROL     0x000U
#define D_TYPER       0x004U
#define D_TARGETS     0x800U /* a byte for each source: interfaces as bits */
#define D_SGI         0xf00U
#define D_CLEAR_SGI   0xf10U /* a byte for each SGI: senders as bits */

#define D_SGI_TARGETS 16 /* bit position */

/* The interface's. */
#define C_CONTROL      0x00U
#define C_MASK         0x04U /* lets more urgent priorities than it through */
#define C_BINARY_POINT 0x08U
#define C_ACKNOWLEDGE  0x0cU
#define C_END          0x10U

#define ENABLE         0x001U
#define BYPASS         0x1e0U /* how a disabled interface passes lines on: the firmware's business */
#define MASK_ALL       0xf0U

static uint32_t read_distributor(const struct gicv2 *gic, unsigned int at)
{
	return mmio_read32(gic->distributor + at);
}

static void write_distributor(const struct gicv2 *gic, unsigned int at, uint32_t value)
{
	mmio_write32(gic->distributor + at, value);
}

/* Each CPU reads its own interface as the target of its first sources, where they exist. */
static uint8_t own_interface(const struct gicv2 *gic)
{
	uint32_t targets = 0;

	for (unsigned int irq = 0; irq < GIC_FIRST_SPI; irq += 4)
		targets |= read_distributor(gic, D_TARGETS + irq);
	targets |= targets >> 16;
	targets |= targets >> 8;
	/* With one CPU, there are no targets to be read. */
	if ((targets & 0xff) == 0 && (read_distributor(gic, D_TYPER) >> 5 & 7) == 0)
		return 1;
	return (uint8_t)targets;
}

int gicv2_init(struct gicv2 *gic)
{
	gic->nr_sources = gic_nr_sources(read_distributor(gic, D_TYPER));
	gic->spi_target = own_interface(gic);
	if (gic->spi_target == 0)
		return -1;
	write_distributor(gic, D_CONTROL, 0);
	gic_init_sources(gic->distributor, GIC_FIRST_SPI, gic->nr_sources, false);
	gic_init_triggers(gic->distributor, gic->nr_sources);
	for (unsigned int irq = GIC_FIRST_SPI; irq < gic->nr_sources; irq += 4)
		write_distributor(gic, D_TARGETS + irq, gic->spi_target * 0x01010101U);
	write_distributor(gic, D_CONTROL, ENABLE);
	return 0;
}

uint8_t gicv2_init_cpu(const struct gicv2 *gic)
{
	uint8_t interface = own_interface(gic);
	uint32_t control = mmio_read32(gic->interface + C_CONTROL);

	if (interface == 0)
		return 0;
	mmio_write32(gic->interface + C_CONTROL, control & BYPASS);
	gic_init_sources(gic->distributor, 0, GIC_FIRST_SPI, false);
	for (unsigned int sgi = 0; sgi < GIC_FIRST_PPI; sgi += 4)
		write_distributor(gic, D_CLEAR_SGI + sgi, 0xffffffff);
	gic_enable_sgis(gic->distributor);
	mmio_write32(gic->interface + C_MASK, MASK_ALL);
	mmio_write32(gic->interface + C_BINARY_POINT, 0);
	mmio_write32(gic->interface + C_CONTROL, (control & BYPASS) | ENABLE);
	return interface;
}

void gicv2_enable(const struct gicv2 *gic, unsigned int irq)
{
	if (irq < gic->nr_sources)
		gic_enable(gic->distributor, irq);
}

void gicv2_disable(const struct gicv2 *gic, unsigned int irq)
{
	if (irq < gic->nr_sources)
		gic_disable(gic->distributor, irq);
}

void gicv2_send(const struct gicv2 *gic, uint8_t targets, unsigned int sgi)
{
	write_distributor(gic, D_SGI, (uint32_t)targets << D_SGI_TARGETS | (sgi & 0xf));
}

uint32_t gicv2_claim(const struct gicv2 *gic)
{
	return mmio_read32(gic->interface + C_ACKNOWLEDGE);
}

void gicv2_complete(const struct gicv2 *gic, uint32_t acknowledged)
{
	mmio_write32(gic->interface + C_END, acknowledged);
}
