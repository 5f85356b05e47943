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

/** The CPUs have a cycle counter, and it runs (cpu.c). Under QEMU's -icount shift=0 it counts
 * instructions, as every one takes a cycle. */
extern bool arm64_counts_cycles;

static inline uint64_t cpu_instructions(void)
{
	if (!arm64_counts_cycles)
		return 0;
	isb();
	return sysreg_read(pmccntr_el0);
}

#endif
