/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a virtio device on the memory bus: no device tree, no address of its own.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, 3.1.1 and 4.2.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/pfn.h>

/** Bytes of registers, the device's own configuration included as far as we look at it. */
#define VIRTIO_MMIO_BYTES 0x200U

/** Device ids. */
#define VIRTIO_ID_NONE  0U
#define VIRTIO_ID_BLOCK 2U

/** Feature bit: the device is no legacy one. */
#define VIRTIO_F_VERSION_1 32U

/** Why there is an interrupt. */
#define VIRTIO_IRQ_USED   1U
#define VIRTIO_IRQ_CONFIG 2U

struct virtio_mmio {
	volatile unsigned char *base;
	uint32_t version; /* 1: legacy; 2: since VIRTIO 1.0 */
};

/**
 * Look who is there: fills in version and *device_id (VIRTIO_ID_NONE: an empty slot). Returns 0, or
 * -1 if this is no virtio device, or of a version that is neither 1 nor 2.
 */
int virtio_mmio_identify(struct virtio_mmio *dev, uint32_t *device_id);

/**
 * Stop the device, and wait until it has stopped. 0: it uses no memory of ours any more. -1: it
 * does not stop, and may use what it was given for ever.
 */
int virtio_mmio_reset(const struct virtio_mmio *dev);

/**
 * Reset, and agree on features: those of `wanted` that it offers, in *agreed (VERSION_1 is added
 * where it has to be). Returns 0, or -1 if the device does not agree, or VIRTIO_NO_RESET.
 */
#define VIRTIO_NO_RESET (-2)
int virtio_mmio_negotiate(const struct virtio_mmio *dev, uint64_t wanted, uint64_t *agreed);

/** Descriptors that queue `index` can have, 0 if there is no such queue. */
unsigned int virtio_mmio_queue_max(const struct virtio_mmio *dev, unsigned int index);

/**
 * Give the device queue `index`, of `size` descriptors, which starts at physical address `rings`
 * with the layout of virtqueue.h. Returns 0, or -1 if the queue is in use, or `rings` out of reach.
 */
int virtio_mmio_set_queue(
	const struct virtio_mmio *dev, unsigned int index, unsigned int size, phys_addr_t rings);

/** The driver is ready: from now on the device works. */
void virtio_mmio_start(const struct virtio_mmio *dev);

/** We can not use it, and it is to know. */
void virtio_mmio_fail(const struct virtio_mmio *dev);

/** There is something new in queue `index`. */
void virtio_mmio_notify(const struct virtio_mmio *dev, unsigned int index);

/** Why it interrupts (VIRTIO_IRQ_*, 0 if it does not), and acknowledge that. */
uint32_t virtio_mmio_interrupt(const struct virtio_mmio *dev);

/** True if the device says that it works no more until it is reset. */
bool virtio_mmio_needs_reset(const struct virtio_mmio *dev);

/** 64 bits of its own configuration, at byte `offset`, read as one. */
uint64_t virtio_mmio_config64(const struct virtio_mmio *dev, unsigned int offset);

#endif
