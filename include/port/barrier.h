/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: ordering, and access to device registers.
 *
 * <arch/barrier.h> defines mmio_read8/32() and mmio_write8/32(): one access of that width, ordered
 * against all other device and memory accesses. It also defines dma_rmb(), dma_wmb() and dma_mb():
 * they order accesses to memory that a device reads and writes by itself. And store_once32/64(): a
 * relaxed atomic store for which the compiler uses the machine's plain one.
 */
#ifndef PORT_BARRIER_H
#define PORT_BARRIER_H

#include <stdint.h>

/** The compiler keeps memory accesses on their side of it; the machine may not. */
#define barrier() __asm__ volatile("" ::: "memory")

static inline uint8_t mmio_read8(const volatile void *addr);
static inline uint32_t mmio_read32(const volatile void *addr);
static inline void mmio_write8(volatile void *addr, uint8_t value);
static inline void mmio_write32(volatile void *addr, uint32_t value);

/** Reads (writes, both) before it are seen by a device before those after it. Any context. */
static inline void dma_rmb(void);
static inline void dma_wmb(void);
static inline void dma_mb(void);

/**
 * A relaxed atomic store: one access, in no order. For what __atomic_store_n() would mean, where
 * the compiler makes a read-modify-write of that (gcc 12 does on riscv64). Any context.
 */
static inline void store_once32(uint32_t *to, uint32_t value);
static inline void store_once64(uint64_t *to, uint64_t value);

#include <arch/barrier.h>

#endif
