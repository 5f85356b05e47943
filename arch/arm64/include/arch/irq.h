/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <stdbool.h>
#include <arch/sysreg.h>

/** DAIF as it was. */
typedef unsigned long irq_flags_t;

static inline irq_flags_t irq_save(void)
{
	irq_flags_t flags = sysreg_read(daif);

	__asm__ volatile("msr daifset, #2" ::: "memory");
	return flags;
}

static inline void irq_restore(irq_flags_t flags)
{
	sysreg_write(daif, flags);
}

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline bool irqs_enabled(void)
{
	return !(sysreg_read(daif) & DAIF_I);
}

#endif
