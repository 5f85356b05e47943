/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host has no interrupts; tests call handlers themselves. What remains is the mask, kept for
 * each thread, so that a function which forgets to restore it is caught.
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <stdbool.h>

typedef unsigned long irq_flags_t;

extern _Thread_local bool host_irqs_enabled;

static inline irq_flags_t irq_save(void)
{
	bool before = host_irqs_enabled;

	host_irqs_enabled = false;
	return before;
}

static inline void irq_restore(irq_flags_t flags)
{
	host_irqs_enabled = flags;
}

static inline void irq_enable(void)
{
	host_irqs_enabled = true;
}

static inline bool irqs_enabled(void)
{
	return host_irqs_enabled;
}

#endif
