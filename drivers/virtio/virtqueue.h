/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue: three rings in memory that the device reads and writes too.
 *
 *	desc    what a request consists of: chains of buffers
 *	avail   chains that are the device's, in order; written by us
 *	used    chains that it has done with; written by the device
 *
 * All three lie in one piece, as a legacy device wants it. The caller locks.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, section 2.7.
 */
#ifndef DRIVERS_VIRTIO_VIRTQUEUE_H
#define DRIVERS_VIRTIO_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mm/pfn.h>

/** Most descriptors that are used of a queue, whatever the device offers. A power of two. */
#define VIRTQ_MAX_SIZE 256U
/** Alignment of the used ring where a legacy device looks for it. */
#define VIRTQ_ALIGN 4096U

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
_Static_assert(sizeof(struct virtq_desc) == 16, "a descriptor has 16 bytes");

struct virtq_avail {
	uint16_t flags;
	uint16_t idx; /* free running: where the next entry goes */
	uint16_t ring[];
};

struct virtq_used_elem {
	uint32_t id; /* head of the chain */
	uint32_t len;
};

struct virtq_used {
	uint16_t flags;
	uint16_t idx; /* free running, the device's */
	struct virtq_used_elem ring[];
};

/** One buffer of a chain. */
struct virtq_buffer {
	phys_addr_t addr;
	uint32_t len;
	bool device_writes;
};

struct virtqueue {
	unsigned int size; /* descriptors, a power of two */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	uint16_t avail_idx; /* our copy: the device's memory is written, not read */
	uint16_t used_idx;  /* entries of the used ring that were taken */
	unsigned int free_head, nr_free;
	/* By descriptor, out of the device's reach: its chain, and what is free. */
	struct {
		void *token;   /* of a chain that the device has, at its head; else NULL */
		uint16_t nr;   /* descriptors of that chain */
		uint16_t next; /* next of the chain, or next free one */
	} shadow[VIRTQ_MAX_SIZE];
};

/** Bytes of the rings of a queue of `size` descriptors. */
size_t virtq_bytes(unsigned int size);

/** Offsets of the available and used rings from the descriptors. */
size_t virtq_avail_offset(unsigned int size);
size_t virtq_used_offset(unsigned int size);

/**
 * An empty queue in `memory`, zeroed, aligned to VIRTQ_ALIGN, of virtq_bytes(size). `size` is a
 * power of two up to VIRTQ_MAX_SIZE.
 */
void virtq_init(struct virtqueue *vq, unsigned int size, void *memory);

/**
 * Give the device a chain of `nr` buffers; those that it reads come first. `token`, not NULL, comes
 * back from virtq_get(). Returns 0, or -1 if there are not so many descriptors free.
 */
int virtq_add(
	struct virtqueue *vq, const struct virtq_buffer *buffers, unsigned int nr, void *token);

/** After virtq_add(): true if the device wants to be told. */
bool virtq_wants_notify(struct virtqueue *vq);

/** What virtq_get() found. */
enum virtq_event {
	VIRTQ_NOTHING, /* no more chains for now */
	VIRTQ_DONE,    /* a chain is done: *token */
	VIRTQ_BAD,     /* the device named a chain that it does not have: use it no more */
};

/** Take one chain back from the device. */
enum virtq_event virtq_get(struct virtqueue *vq, void **token);

/**
 * Take any chain back, done or not, after the device was reset; NULL if there is none. The queue is
 * of no use to the device afterwards.
 */
void *virtq_detach(struct virtqueue *vq);

#endif
