/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/csr.h>

static inline void cpu_relax(void)
{
	/* Zihintpause's `pause`, by its number: a fence without effect where there is none. */
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

static inline void cpu_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

static inline uint64_t cpu_time(void)
{
	return csr_read(time);
}

/* Machine mode lets us read it, or emulates the read, as with `time` (SBI 2.0, chapter 1). */
static inline uint64_t cpu_instructions(void)
{
	return csr_read(instret);
}

#endif
