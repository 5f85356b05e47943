/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* Registers are a fake block in memory here: volatile is all the order there is. */

static inline uint8_t mmio_read8(const volatile void *addr)
{
	return *(const volatile uint8_t *)addr;
}

static inline uint32_t mmio_read32(const volatile void *addr)
{
	return *(const volatile uint32_t *)addr;
}

static inline void mmio_write8(volatile void *addr, uint8_t value)
{
	*(volatile uint8_t *)addr = value;
}

static inline void mmio_write32(volatile void *addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

/* A fake device is a function of the test, of the same thread: the compiler's order is enough. */

static inline void dma_rmb(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void dma_wmb(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void dma_mb(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void store_once32(uint32_t *to, uint32_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static inline void store_once64(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

#endif
