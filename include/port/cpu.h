/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: the CPU that runs this code.
 *
 * <arch/cpu.h> defines: cpu_relax(), cpu_wait(), cpu_wait_until(), cpu_time(), cpu_time_hz(),
 * cpu_instructions().
 */
#ifndef PORT_CPU_H
#define PORT_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct mm_cpu;

/**
 * The allocator's state of the running CPU: the one thread-local variable. Valid before the first
 * call into the core (a static one until mm_init() has made the real ones), and constant in a call
 * of the core: a thread is pinned to its CPU, <port/task.h>.
 */
extern _Thread_local struct mm_cpu *this_cpu;

/** A hint that this is a busy-wait loop. Any context. */
static inline void cpu_relax(void);

/** Wait until an interrupt is pending, masked or not; may return early. Any context. */
static inline void cpu_wait(void);

/** As cpu_wait(), but not much beyond cpu_time() = `deadline`. Keeps the periodic tick going. */
void cpu_wait_until(uint64_t deadline);

/** A clock that never goes back, the same on all CPUs: ticks since some start, and per second. */
static inline uint64_t cpu_time(void);
uint64_t cpu_time_hz(void);

/** The clock's rate, where a table tells it (a tree's timebase-frequency); 0 changes nothing. */
void cpu_set_time_hz(uint64_t hz);

/**
 * Instructions that this CPU has executed since some start; only differences mean something, and
 * only on a machine that counts them: under an emulator that does not, it is a clock. `bench` says
 * which. 0, always, where there is no such counter. Any context.
 */
static inline uint64_t cpu_instructions(void);

#include <arch/cpu.h>

#endif
