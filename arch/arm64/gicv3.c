/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU's half of the GICv3: the interface in system registers, for drivers/irqchip.
 *
 * Source: Arm IHI 0069 (GICv3 and v4), 12.2.
 */
#include <stddef.h>
#include <port/platform.h>
#include <arch/sysreg.h>

/* By their encodings: the assembler's name for them depends on -march. */
#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_BPR1_EL1    S3_0_C12_C12_3
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SGI1R_EL1   S3_0_C12_C11_5

/* One step more, so that the names above are replaced before they become text. */
#define read(reg)              sysreg_read(reg)
#define write(reg, value)      sysreg_write(reg, value)

#define SRE_SRE                1UL
#define PMR_ALL                0xffUL
#define SGI1R_RANGE(affinity0) ((affinity0) >> 4)

static void init(void)
{
	write(ICC_SRE_EL1, read(ICC_SRE_EL1) | SRE_SRE);
	isb();
	write(ICC_PMR_EL1, PMR_ALL);
	write(ICC_BPR1_EL1, 0);
	write(ICC_CTLR_EL1, read(ICC_CTLR_EL1) & ~2UL); /* EOI deactivates, too */
	write(ICC_IGRPEN1_EL1, 1);
	isb();
}

static uint32_t ack(void)
{
	uint32_t irq = (uint32_t)read(ICC_IAR1_EL1) & 0xffffff;

	/* It is acknowledged before its cause is looked at. */
	__asm__ volatile("dsb sy" ::: "memory");
	return irq;
}

static void eoi(uint32_t irq)
{
	/* The device has seen that it was served. */
	__asm__ volatile("dsb sy" ::: "memory");
	write(ICC_EOIR1_EL1, irq);
	isb();
}

static void send(uint64_t hwid, unsigned int sgi)
{
	uint64_t aff0 = hwid & 0xff, aff1 = hwid >> 8 & 0xff, aff2 = hwid >> 16 & 0xff;
	uint64_t aff3 = hwid >> 32 & 0xff;

	write(ICC_SGI1R_EL1, aff3 << 48 | SGI1R_RANGE(aff0) << 44 | aff2 << 32 |
				     (uint64_t)sgi << 24 | aff1 << 16 | 1UL << (aff0 & 15));
	isb();
}

static const struct gicv3_cpu_ops ops = {.init = init, .ack = ack, .eoi = eoi, .send = send};

/* A CPU that has them may still be made to use the memory-mapped ones, by what is below us. */
const struct gicv3_cpu_ops *irq_gicv3_cpu(void)
{
	if ((sysreg_read(id_aa64pfr0_el1) >> 24 & 15) == 0)
		return NULL;
	write(ICC_SRE_EL1, read(ICC_SRE_EL1) | SRE_SRE);
	isb();
	return read(ICC_SRE_EL1) & SRE_SRE ? &ops : NULL;
}
