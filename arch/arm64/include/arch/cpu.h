/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/sysreg.h>

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void cpu_wait(void)
{
	/* What was stored before may be what another CPU waits for. */
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

static inline uint64_t cpu_time(void)
{
	/* Reads of the counter may be early; not earlier than what stands before it. */
	isb();
	return sysreg_read(cntvct_el0);
}

/* No counter is set up. */
static inline uint64_t cpu_instructions(void)
{
	return 0;
}

#endif
