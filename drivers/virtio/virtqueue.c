/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues: chains of descriptors out, chains back in.
 *
 * Owns struct virtqueue; its lock is the caller's. The device's memory is not trusted: which
 * descriptors are free, and which chain is whose, is kept in shadow[], and what the used ring says
 * is checked against that.
 *
 * Invariant: nr_free + the descriptors of all chains with a token = size.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, 2.7.5 to 2.7.14; fields are little-endian (or, for a
 * legacy device, ours).
 */
#include <port/barrier.h>
#include "virtqueue.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are read as they are");

#define DESC_NEXT      1U
#define DESC_WRITE     2U
#define USED_NO_NOTIFY 1U

size_t virtq_avail_offset(unsigned int size)
{
	return size * sizeof(struct virtq_desc);
}

size_t virtq_used_offset(unsigned int size)
{
	/* Behind the entries of the available ring stands one more word, which we do not use. */
	size_t end = virtq_avail_offset(size) + sizeof(struct virtq_avail) +
		     (size + 1) * sizeof(uint16_t);

	return (end + VIRTQ_ALIGN - 1) & ~(size_t)(VIRTQ_ALIGN - 1);
}

size_t virtq_bytes(unsigned int size)
{
	return virtq_used_offset(size) + sizeof(struct virtq_used) +
	       size * sizeof(struct virtq_used_elem) + sizeof(uint16_t);
}

void virtq_init(struct virtqueue *vq, unsigned int size, void *memory)
{
	char *base = memory;

	vq->size = size;
	vq->desc = memory;
	vq->avail = (struct virtq_avail *)(base + virtq_avail_offset(size));
	vq->used = (struct virtq_used *)(base + virtq_used_offset(size));
	vq->avail_idx = vq->used_idx = 0;
	vq->free_head = 0;
	vq->nr_free = size;
	for (unsigned int i = 0; i < size; i++) {
		vq->shadow[i].token = NULL;
		vq->shadow[i].next = (uint16_t)(i + 1);
	}
}

int virtq_add(
	struct virtqueue *vq, const struct virtq_buffer *buffers, unsigned int nr, void *token)
{
	unsigned int head = vq->free_head, at = head;

	if (nr == 0 || nr > vq->nr_free)
		return -1;
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int next = vq->shadow[at].next;
		bool last = i + 1 == nr;

		vq->desc[at] = (struct virtq_desc){
			.addr = buffers[i].addr,
			.len = buffers[i].len,
			.flags = (uint16_t)((last ? 0 : DESC_NEXT) |
					    (buffers[i].device_writes ? DESC_WRITE : 0)),
			.next = (uint16_t)(last ? 0 : next),
		};
		at = next;
	}
	vq->free_head = at;
	vq->nr_free -= nr;
	vq->shadow[head].token = token;
	vq->shadow[head].nr = (uint16_t)nr;
	vq->avail->ring[vq->avail_idx % vq->size] = (uint16_t)head;
	/* The device sees the chain and its entry before it sees that there is one. */
	dma_wmb();
	__atomic_store_n(&vq->avail->idx, ++vq->avail_idx, __ATOMIC_RELAXED);
	return 0;
}

bool virtq_wants_notify(struct virtqueue *vq)
{
	/* The index is out before its flag is read, as the device writes and reads the other way.
	 */
	dma_mb();
	return !(__atomic_load_n(&vq->used->flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY);
}

/* The descriptors of the chain at `head` are free again; returns its token. */
static void *free_chain(struct virtqueue *vq, unsigned int head)
{
	void *token = vq->shadow[head].token;
	unsigned int last = head;

	for (unsigned int i = 1; i < vq->shadow[head].nr; i++)
		last = vq->shadow[last].next;
	vq->shadow[last].next = (uint16_t)vq->free_head;
	vq->free_head = head;
	vq->nr_free += vq->shadow[head].nr;
	vq->shadow[head].token = NULL;
	return token;
}

enum virtq_event virtq_get(struct virtqueue *vq, void **token)
{
	uint16_t idx = __atomic_load_n(&vq->used->idx, __ATOMIC_RELAXED);
	uint32_t head;

	if (idx == vq->used_idx)
		return VIRTQ_NOTHING;
	if ((uint16_t)(idx - vq->used_idx) > vq->size)
		return VIRTQ_BAD;
	/* The entry, and what the device wrote to the buffers, is read after the index. */
	dma_rmb();
	head = vq->used->ring[vq->used_idx % vq->size].id;
	if (head >= vq->size || !vq->shadow[head].token)
		return VIRTQ_BAD;
	vq->used_idx++;
	*token = free_chain(vq, head);
	return VIRTQ_DONE;
}

void *virtq_detach(struct virtqueue *vq)
{
	for (unsigned int head = 0; head < vq->size; head++)
		if (vq->shadow[head].token)
			return free_chain(vq, head);
	return NULL;
}
