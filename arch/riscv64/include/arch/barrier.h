/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/** Order all accesses before, device and memory alike, against all after. */
static inline void mmio_fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

static inline uint8_t mmio_read8(const volatile void *addr)
{
	uint8_t value;

	mmio_fence();
	value = *(const volatile uint8_t *)addr;
	mmio_fence();
	return value;
}

static inline uint32_t mmio_read32(const volatile void *addr)
{
	uint32_t value;

	mmio_fence();
	value = *(const volatile uint32_t *)addr;
	mmio_fence();
	return value;
}

static inline void mmio_write8(volatile void *addr, uint8_t value)
{
	mmio_fence();
	*(volatile uint8_t *)addr = value;
	mmio_fence();
}

static inline void mmio_write32(volatile void *addr, uint32_t value)
{
	mmio_fence();
	*(volatile uint32_t *)addr = value;
	mmio_fence();
}

/* Devices keep their memory coherent with the harts' (as QEMU's do): a fence is enough. */

static inline void dma_rmb(void)
{
	__asm__ volatile("fence r, r" ::: "memory");
}

static inline void dma_wmb(void)
{
	__asm__ volatile("fence w, w" ::: "memory");
}

static inline void dma_mb(void)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
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
