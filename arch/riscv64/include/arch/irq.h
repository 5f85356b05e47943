/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <stdbool.h>
#include <arch/csr.h>

/** SSTATUS_SIE or 0: whether interrupts were unmasked. */
typedef unsigned long irq_flags_t;

static inline irq_flags_t irq_save(void)
{
	unsigned long sstatus;

	__asm__ volatile(CSR_ASM("csrrci %0, sstatus, 2") : "=r"(sstatus) : : "memory");
	return sstatus & SSTATUS_SIE;
}

static inline void irq_restore(irq_flags_t flags)
{
	csr_set(sstatus, flags);
}

static inline void irq_enable(void)
{
	csr_set(sstatus, SSTATUS_SIE);
}

static inline bool irqs_enabled(void)
{
	return csr_read(sstatus) & SSTATUS_SIE;
}

#endif
