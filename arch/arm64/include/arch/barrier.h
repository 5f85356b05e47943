/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers are reached by single loads and stores of a plain address: other forms do not tell a
 * hypervisor what was accessed.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/** Order all accesses before, device and memory alike, against all after. */
static inline void mmio_fence(void)
{
	__asm__ volatile("dmb sy" ::: "memory");
}

static inline uint8_t mmio_read8(const volatile void *addr)
{
	unsigned int value;

	mmio_fence();
	__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(addr) : "memory");
	mmio_fence();
	return (uint8_t)value;
}

static inline uint32_t mmio_read32(const volatile void *addr)
{
	uint32_t value;

	mmio_fence();
	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(addr) : "memory");
	mmio_fence();
	return value;
}

static inline void mmio_write8(volatile void *addr, uint8_t value)
{
	mmio_fence();
	__asm__ volatile("strb %w0, [%1]" : : "r"((unsigned int)value), "r"(addr) : "memory");
	mmio_fence();
}

static inline void mmio_write32(volatile void *addr, uint32_t value)
{
	mmio_fence();
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(addr) : "memory");
	mmio_fence();
}

/* Devices keep their memory coherent with the CPUs' (as QEMU's do): a barrier is enough. */

static inline void dma_rmb(void)
{
	__asm__ volatile("dmb oshld" ::: "memory");
}

static inline void dma_wmb(void)
{
	__asm__ volatile("dmb oshst" ::: "memory");
}

static inline void dma_mb(void)
{
	__asm__ volatile("dmb osh" ::: "memory");
}

static inline void store_once32(uint32_t *to, uint32_t value)
{
	*(volatile uint32_t *)to = value;
}

static inline void store_once64(uint64_t *to, uint64_t value)
{
	*(volatile uint64_t *)to = value;
}

#endif
