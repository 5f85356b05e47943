/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: other CPUs.
 */
#ifndef PORT_SMP_H
#define PORT_SMP_H

#include <stdint.h>

struct mm_cpu;

/**
 * Ask the firmware to start the CPU with hardware id `hwid` (a hart id, an MPIDR) in `entry`, on a
 * stack and with a thread-local block of its own, this_cpu = `cpu`, interrupts off.
 *
 * Returns 0 when the request was accepted (the CPU says itself when it is there; one that could not
 * be interrupted never does), or the firmware's negative error. After mm_init(); allocates.
 */
int smp_start_cpu(struct mm_cpu *cpu, uint64_t hwid, void (*entry)(void));

/** Make the hardware id of CPU `id` known, for smp_kick(); before either side uses it. */
void smp_set_hwid(unsigned int id, uint64_t hwid);

/** Interrupt CPU `id`: its irq_handlers.ipi runs soon. Any context. */
void smp_kick(unsigned int id);

#endif
