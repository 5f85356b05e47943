/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio disk: no device tree, no interrupt controller, no address of its own.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_BLK_H
#define DRIVERS_VIRTIO_VIRTIO_BLK_H

#include <drivers/block.h>
#include "virtio_mmio.h"
#include "virtqueue.h"

/** Buffers of a request: header, page, status byte. */
#define VIRTIO_BLK_CHAIN 3U
/** Most requests in flight. */
#define VIRTIO_BLK_MAX (VIRTQ_MAX_SIZE / VIRTIO_BLK_CHAIN)
/** Pages that data of higher zones goes through. */
#define VIRTIO_BLK_BOUNCE 64U
/** How what it needs is allocated: a disk is not worth an end for want of memory. */
#define VIRTIO_BLK_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN | __GFP_ZERO)

/** What the device reads of a request, and the byte that it writes at its end. */
struct virtio_blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};
struct virtio_blk_control {
	struct virtio_blk_header header;
	uint8_t status;
	uint8_t spare[15];
};

/** A request in flight, or free. */
struct virtio_blk_slot {
	struct block_request request;
	struct virtio_blk_control *control; /* in the lowest zone; the device's while in flight */
	struct page *bounce;                /* NULL: the device has the page itself */
	struct virtio_blk_slot *next_free;
};

struct virtio_blk {
	struct block_device bdev;
	struct virtio_mmio mmio;
	/* All below: bdev.lock. */
	struct virtqueue vq;
	struct virtio_blk_slot slot[VIRTIO_BLK_MAX];
	struct virtio_blk_slot *free_slot;
	struct page *bounce[VIRTIO_BLK_BOUNCE]; /* those not in use are the first nr_bounce_free */
	unsigned int nr_bounce_free;
	unsigned int error_lines;      /* printed */
	bool broken;                   /* reset for good: every request fails */
	struct page *rings, *controls; /* what virtio_blk_init() allocated, besides bounce[] */
	unsigned int rings_order;
};

/**
 * Bring up the disk at `mmio`, which was identified. Memory for it comes from the lowest zone. The
 * interrupt is the caller's to set. Returns NULL, or what is wrong: then it holds nothing. May
 * sleep.
 */
const char *virtio_blk_init(struct virtio_blk *disk, const struct virtio_mmio *mmio);

/** Stop the device and give its memory back. Nothing is in flight. */
void virtio_blk_destroy(struct virtio_blk *disk);

#endif
