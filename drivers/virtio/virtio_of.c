/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio over MMIO, device-tree half: which slots have a disk.
 *
 * A machine may have slots that nothing is plugged into: those are passed over in silence.
 *
 * Source: Linux Documentation/devicetree/bindings/virtio/mmio.yaml.
 */
#include <drivers/of.h>
#include <mm/gfp.h>
#include <mm/mm.h>
#include "../drivers.h"
#include "../interrupts.h"
#include "virtio_blk.h"

static unsigned int order_of_disk(void)
{
	unsigned int order = 0;

	while (order_bytes(order) < sizeof(struct virtio_blk))
		order++;
	return order;
}

static int probe_disk(
	const void *fdt, int node, const struct virtio_mmio *mmio, const struct devices *found)
{
	struct page *page = alloc_pages(VIRTIO_BLK_GFP, order_of_disk());
	struct virtio_blk *disk;
	const char *wrong;

	if (!page)
		return driver_refuse(fdt, node, "no memory for a disk's state; not used");
	disk = page_address(page);
	wrong = virtio_blk_init(disk, mmio);
	if (wrong) {
		__free_pages(page, order_of_disk());
		return driver_refuse(fdt, node, "a disk: %s; not used", wrong);
	}
	disk->bdev.irq = driver_irq(fdt, node);
	if (disk->bdev.irq != 0)
		disk->bdev.irqchip = found->block_irqchip;
	disk->bdev.polled = !disk->bdev.irqchip;
	block_register(&disk->bdev);
	if (disk->bdev.irqchip)
		disk->bdev.irqchip->enable(disk->bdev.irqchip, disk->bdev.irq);
	return 0;
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	struct virtio_mmio mmio;
	uint32_t device_id;

	(void)boot_hwid;
	mmio.base = driver_map(fdt, node, VIRTIO_MMIO_BYTES);
	if (!mmio.base)
		return -1;
	if (virtio_mmio_identify(&mmio, &device_id) < 0)
		return driver_refuse(
			fdt, node, "no virtio device of a version that is known; not used");
	switch (device_id) {
	case VIRTIO_ID_NONE:
		return 0;
	case VIRTIO_ID_BLOCK:
		return probe_disk(fdt, node, &mmio, found);
	default:
		return driver_refuse(fdt, node, "virtio device %u is no disk; not used",
			(unsigned int)device_id);
	}
}

static const char *const compatible[] = {"virtio,mmio", NULL};

const struct driver virtio_driver = {
	.class = DRIVER_BLOCK,
	.compatible = compatible,
	.probe = probe,
};
