/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio over MMIO, register half: both the legacy layout and the one since VIRTIO 1.0. The caller
 * owns struct virtio_mmio and serialises; no state here.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, 3.1.1 (initialization), 4.2.2 (registers), 4.2.4
 * (legacy).
 */
#include <port/barrier.h>
#include <port/cpu.h>
#include "virtio_mmio.h"
#include "virtqueue.h"

enum {
	MAGIC_VALUE = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	GUEST_PAGE_SIZE = 0x028, /* legacy */
	QUEUE_SEL = 0x030,
	QUEUE_NUM_MAX = 0x034,
	QUEUE_NUM = 0x038,
	QUEUE_ALIGN = 0x03c, /* legacy */
	QUEUE_PFN = 0x040,   /* legacy */
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC = 0x080, /* low word; the high one behind it, as of the next two */
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

#define MAGIC              0x74726976U /* "virt" */

#define STATUS_ACKNOWLEDGE 1U
#define STATUS_DRIVER      2U
#define STATUS_DRIVER_OK   4U
#define STATUS_FEATURES_OK 8U
#define STATUS_NEEDS_RESET 64U
#define STATUS_FAILED      128U

/* Looks at what a device changes by itself, before it is given up. */
#define TRIES 1000000U

static uint32_t read_register(const struct virtio_mmio *dev, unsigned int at)
{
	return mmio_read32(dev->base + at);
}

static void write_register(const struct virtio_mmio *dev, unsigned int at, uint32_t value)
{
	mmio_write32(dev->base + at, value);
}

static void write_address(const struct virtio_mmio *dev, unsigned int at, phys_addr_t pa)
{
	write_register(dev, at, (uint32_t)pa);
	write_register(dev, at + 4, (uint32_t)(pa >> 32));
}

int virtio_mmio_identify(struct virtio_mmio *dev, uint32_t *device_id)
{
	if (read_register(dev, MAGIC_VALUE) != MAGIC)
		return -1;
	dev->version = read_register(dev, VERSION);
	if (dev->version != 1 && dev->version != 2)
		return -1;
	*device_id = read_register(dev, DEVICE_ID);
	return 0;
}

int virtio_mmio_reset(const struct virtio_mmio *dev)
{
	write_register(dev, STATUS, 0);
	for (unsigned int i = 0; i < TRIES; i++) {
		if (read_register(dev, STATUS) == 0)
			return 0;
		cpu_relax();
	}
	return -1;
}

static uint64_t device_features(const struct virtio_mmio *dev)
{
	uint64_t features;

	write_register(dev, DEVICE_FEATURES_SEL, 0);
	features = read_register(dev, DEVICE_FEATURES);
	if (dev->version == 1)
		return features;
	write_register(dev, DEVICE_FEATURES_SEL, 1);
	return features | (uint64_t)read_register(dev, DEVICE_FEATURES) << 32;
}

int virtio_mmio_negotiate(const struct virtio_mmio *dev, uint64_t wanted, uint64_t *agreed)
{
	uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

	if (virtio_mmio_reset(dev) < 0)
		return VIRTIO_NO_RESET;
	write_register(dev, STATUS, STATUS_ACKNOWLEDGE);
	write_register(dev, STATUS, status);
	*agreed = device_features(dev) & (wanted | 1ULL << VIRTIO_F_VERSION_1);
	write_register(dev, DRIVER_FEATURES_SEL, 0);
	write_register(dev, DRIVER_FEATURES, (uint32_t)*agreed);
	if (dev->version == 1) {
		write_register(dev, GUEST_PAGE_SIZE, VIRTQ_ALIGN);
		return 0;
	}
	if (!(*agreed >> VIRTIO_F_VERSION_1 & 1))
		return -1;
	write_register(dev, DRIVER_FEATURES_SEL, 1);
	write_register(dev, DRIVER_FEATURES, (uint32_t)(*agreed >> 32));
	write_register(dev, STATUS, status | STATUS_FEATURES_OK);
	return read_register(dev, STATUS) & STATUS_FEATURES_OK ? 0 : -1;
}

unsigned int virtio_mmio_queue_max(const struct virtio_mmio *dev, unsigned int index)
{
	write_register(dev, QUEUE_SEL, index);
	return read_register(dev, QUEUE_NUM_MAX);
}

int virtio_mmio_set_queue(
	const struct virtio_mmio *dev, unsigned int index, unsigned int size, phys_addr_t rings)
{
	bool legacy = dev->version == 1;

	write_register(dev, QUEUE_SEL, index);
	if (read_register(dev, legacy ? QUEUE_PFN : QUEUE_READY) != 0)
		return -1;
	if (legacy && rings / VIRTQ_ALIGN > UINT32_MAX)
		return -1;
	write_register(dev, QUEUE_NUM, size);
	if (legacy) {
		write_register(dev, QUEUE_ALIGN, VIRTQ_ALIGN);
		write_register(dev, QUEUE_PFN, (uint32_t)(rings / VIRTQ_ALIGN));
		return 0;
	}
	write_address(dev, QUEUE_DESC, rings);
	write_address(dev, QUEUE_DRIVER, rings + virtq_avail_offset(size));
	write_address(dev, QUEUE_DEVICE, rings + virtq_used_offset(size));
	write_register(dev, QUEUE_READY, 1);
	return 0;
}

void virtio_mmio_start(const struct virtio_mmio *dev)
{
	write_register(dev, STATUS, read_register(dev, STATUS) | STATUS_DRIVER_OK);
}

void virtio_mmio_fail(const struct virtio_mmio *dev)
{
	write_register(dev, STATUS, read_register(dev, STATUS) | STATUS_FAILED);
}

void virtio_mmio_notify(const struct virtio_mmio *dev, unsigned int index)
{
	write_register(dev, QUEUE_NOTIFY, index);
}

uint32_t virtio_mmio_interrupt(const struct virtio_mmio *dev)
{
	uint32_t why = read_register(dev, INTERRUPT_STATUS) & (VIRTIO_IRQ_USED | VIRTIO_IRQ_CONFIG);

	if (why)
		write_register(dev, INTERRUPT_ACK, why);
	return why;
}

bool virtio_mmio_needs_reset(const struct virtio_mmio *dev)
{
	return read_register(dev, STATUS) & STATUS_NEEDS_RESET;
}

uint64_t virtio_mmio_config64(const struct virtio_mmio *dev, unsigned int offset)
{
	uint32_t before, after, low, high;
	unsigned int tries = 0;

	/* The two halves belong together if the configuration did not change meanwhile. */
	do {
		before = dev->version == 1 ? 0 : read_register(dev, CONFIG_GENERATION);
		low = read_register(dev, CONFIG + offset);
		high = read_register(dev, CONFIG + offset + 4);
		after = dev->version == 1 ? 0 : read_register(dev, CONFIG_GENERATION);
	} while (before != after && ++tries < TRIES);
	return (uint64_t)high << 32 | low;
}
