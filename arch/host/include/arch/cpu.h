/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's CPUs are threads, or one thread that poses as each in turn.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <sched.h>
#include <time.h>

static inline void cpu_relax(void)
{
	__asm__ volatile("" ::: "memory");
}

static inline void cpu_wait(void)
{
	sched_yield();
}

/* Nanoseconds. */
static inline uint64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* No counter that a process may read everywhere. */
static inline uint64_t cpu_instructions(void)
{
	return 0;
}

#endif
