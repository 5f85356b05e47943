/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers that the distributors of all GICs have for each source. No state here.
 *
 * Most take a bit for each source, and have a place to set and one to clear it: no lock is needed.
 *
 * Source: Arm Generic Interrupt Controller Architecture, IHI 0048B (version 2) 4.3, IHI 0069
 * (version 3) 12.9 and 12.10. Cells: Linux Documentation/devicetree/bindings/interrupt-controller/
 * arm,gic.yaml.
 */
#include <stddef.h>
#include <port/barrier.h>
#include "gic.h"

/* A bit for each source. */
#define GROUP        0x080U
#define SET_ENABLE   0x100U
#define CLEAR_ENABLE 0x180U
#define CLEAR_PEND   0x280U
#define CLEAR_ACTIVE 0x380U
/* A byte for each. */
#define PRIORITY 0x400U
/* Two bits for each; the higher one: edge. */
#define CONFIG 0xc00U

/*
 * Four bytes of them; lower is more urgent. Those of a CPU, its timer above all, get through while
 * a device's is active: its handler may wait for the timer. The half that software in non-secure
 * state has, all the same.
 */
#define LOCAL_PRIORITIES  0x80808080U
#define SHARED_PRIORITIES 0xc0c0c0c0U

#define SGIS              0x0000ffffU
#define ALL               0xffffffffU

#define TYPE_SPI          0U
#define TYPE_PPI          1U
#define FLAG_RISING       1U
#define FLAG_FALLING      2U
/* Edge rising and falling, level high and low; version 2 has a mask of CPUs above them. */
#define FLAGS 0xfU

const char *gic_decode(const uint32_t cell[3], unsigned int *irq, bool *edge)
{
	switch (cell[0]) {
	case TYPE_SPI:
		if (cell[1] >= GIC_SPURIOUS - GIC_FIRST_SPI)
			return "its SPI is not within 0 to 987";
		*irq = GIC_FIRST_SPI + cell[1];
		break;
	case TYPE_PPI:
		if (cell[1] >= GIC_FIRST_SPI - GIC_FIRST_PPI)
			return "its PPI is not within 0 to 15";
		*irq = GIC_FIRST_PPI + cell[1];
		break;
	default:
		return "its type is neither 0 (SPI) nor 1 (PPI)";
	}
	*edge = (cell[2] & FLAGS & (FLAG_RISING | FLAG_FALLING)) != 0;
	return NULL;
}

unsigned int gic_nr_sources(uint32_t typer)
{
	unsigned int nr = ((typer & 0x1f) + 1) * 32;

	return nr < GIC_SPURIOUS ? nr : GIC_SPURIOUS;
}

/* The word with source `irq` among registers of 32 / `per_word` bits a source. */
static volatile unsigned char *word_of(
	volatile unsigned char *block, unsigned int at, unsigned int irq, unsigned int per_word)
{
	return block + at + irq / per_word * 4;
}

void gic_init_sources(
	volatile unsigned char *block, unsigned int first, unsigned int end, bool group1)
{
	for (unsigned int irq = first; irq < end; irq += 32) {
		mmio_write32(word_of(block, CLEAR_ENABLE, irq, 32), ALL);
		mmio_write32(word_of(block, CLEAR_PEND, irq, 32), ALL);
		mmio_write32(word_of(block, CLEAR_ACTIVE, irq, 32), ALL);
		mmio_write32(word_of(block, GROUP, irq, 32), group1 ? ALL : 0);
	}
	for (unsigned int irq = first; irq < end; irq += 4)
		mmio_write32(word_of(block, PRIORITY, irq, 4),
			irq < GIC_FIRST_SPI ? LOCAL_PRIORITIES : SHARED_PRIORITIES);
}

void gic_init_triggers(volatile unsigned char *block, unsigned int end)
{
	for (unsigned int irq = GIC_FIRST_SPI; irq < end; irq += 16)
		mmio_write32(word_of(block, CONFIG, irq, 16), 0);
}

void gic_set_trigger(volatile unsigned char *block, unsigned int irq, bool edge)
{
	volatile unsigned char *word = word_of(block, CONFIG, irq, 16);
	uint32_t bit = 2U << irq % 16 * 2;
	uint32_t value = mmio_read32(word) & ~bit;

	mmio_write32(word, edge ? value | bit : value);
}

void gic_enable(volatile unsigned char *block, unsigned int irq)
{
	mmio_write32(word_of(block, SET_ENABLE, irq, 32), 1U << irq % 32);
}

void gic_disable(volatile unsigned char *block, unsigned int irq)
{
	mmio_write32(word_of(block, CLEAR_ENABLE, irq, 32), 1U << irq % 32);
}

void gic_enable_sgis(volatile unsigned char *block)
{
	mmio_write32(word_of(block, SET_ENABLE, 0, 32), SGIS);
}
