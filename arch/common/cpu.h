/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs, as far as all architectures start them alike. Boot CPU only.
 */
#ifndef COMMON_CPU_H
#define COMMON_CPU_H

#include <mm/pfn.h>
#include "asm.h"
#include "stacks.h"

/** Bytes that an architecture's state of one CPU has; its thread-local block is as large. */
#define CPU_STATE_BYTES (PAGE_SIZE / 2)

/** What a CPU starts with. */
struct cpu_start {
	unsigned int id;      /* dense */
	uint64_t hwid;        /* the machine's name for it */
	struct stacks stacks; /* sp begins at their top */
	uintptr_t tp;         /* its thread-local block */
	void (*entry)(void);  /* what to call at last */
};

/**
 * Fill in a CPU's state, CPU_STATE_BYTES of zeroes, and start it. 0 once the firmware has accepted
 * that, or a negative error and the state is not looked at again. The architecture's cpu.c.
 */
long cpu_start(void *state, const struct cpu_start *start);

/** The boot CPU's stacks, hardware id and thread-local block; before anything uses `this_cpu`. */
void cpu_init_boot(struct stacks *stacks, uint64_t hwid);

/** By CPU id: what the machine calls it; written before the CPU is started. */
extern uint64_t cpu_hwids[MAX_CPUS];

#endif
