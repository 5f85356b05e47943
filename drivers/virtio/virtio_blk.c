/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio disk, register half: requests to chains of the virtqueue, and back.
 *
 *	free slot --submit--> chain: header (read), page, status (written) --interrupt--> done()
 *
 * Owns struct virtio_blk under bdev.lock, taken with interrupts off. Header and status byte of each
 * slot lie in pages of the lowest zone, as do the rings. A page of the lowest zone is the device's
 * while it is in flight; one of a higher zone is copied through a page of a fixed pool, so that
 * nothing is ever allocated to write a page. No slot, or no page to copy through: BLOCK_EBUSY.
 *
 * A device that names a request which it does not have, or says that it needs a reset, is reset and
 * used no more: all that is in flight ends with BLOCK_EIO, and so does every request afterwards.
 *
 * Invariants: slots in flight = stat.in_flight; pages of bounce[] in use = those slots with one.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.2, section 5.2.
 */
#include <port/mem.h>
#include <port/print.h>
#include <mm/wait.h>
#include "virtio_blk.h"

#define QUEUE           0U

#define FEATURE_RO      5U
#define FEATURE_FLUSH   9U

#define CONFIG_CAPACITY 0U

#define TYPE_IN         0U
#define TYPE_OUT        1U
#define TYPE_FLUSH      4U

#define STATUS_OK       0U
#define STATUS_UNSET    0xffU

/* Errors are told one by one up to here; after that they are only counted. */
#define MAX_ERROR_LINES 8U

_Static_assert(sizeof(struct virtio_blk_control) == 32, "a page holds 128 of them");
_Static_assert(VIRTIO_BLK_MAX * sizeof(struct virtio_blk_control) <= PAGE_SIZE, "one page of them");

static struct virtio_blk *disk_of(struct block_device *bdev)
{
	return container_of(bdev, struct virtio_blk, bdev);
}

static phys_addr_t page_phys(const struct page *page)
{
	return pfn_to_phys(page_to_pfn(page));
}

static bool needs_bounce(const struct page *page)
{
	return page_zone(page)->type != this_cpu->mm->lowest_zone;
}

static void free_slot(struct virtio_blk *disk, struct virtio_blk_slot *slot)
{
	if (slot->bounce)
		disk->bounce[disk->nr_bounce_free++] = slot->bounce;
	slot->next_free = disk->free_slot;
	disk->free_slot = slot;
}

/* A slot for the request, with a page to copy through if it takes one; NULL if there is none. */
static struct virtio_blk_slot *take_slot(
	struct virtio_blk *disk, const struct block_request *request)
{
	struct virtio_blk_slot *slot = disk->free_slot;
	bool bounce = request->page && needs_bounce(request->page);

	if (!slot || (bounce && disk->nr_bounce_free == 0))
		return NULL;
	disk->free_slot = slot->next_free;
	slot->request = *request;
	slot->bounce = bounce ? disk->bounce[--disk->nr_bounce_free] : NULL;
	return slot;
}

static void fill_control(struct virtio_blk_control *control, const struct block_request *request)
{
	static const uint32_t types[NR_BLOCK_OPS] = {
		[BLOCK_READ] = TYPE_IN,
		[BLOCK_WRITE] = TYPE_OUT,
		[BLOCK_FLUSH] = TYPE_FLUSH,
	};

	control->header = (struct virtio_blk_header){
		.type = types[request->op],
		.sector = request->op == BLOCK_FLUSH ? 0 : request->sector,
	};
	control->status = STATUS_UNSET;
}

/* The slot's chain goes to the device. There are descriptors for all slots. */
static void send(struct virtio_blk *disk, struct virtio_blk_slot *slot)
{
	const struct block_request *request = &slot->request;
	phys_addr_t control = virt_to_phys(slot->control);
	struct virtq_buffer buffers[VIRTIO_BLK_CHAIN];
	unsigned int nr = 0;

	fill_control(slot->control, request);
	buffers[nr++] = (struct virtq_buffer){control, sizeof(struct virtio_blk_header), false};
	if (request->page)
		buffers[nr++] = (struct virtq_buffer){
			page_phys(slot->bounce ? slot->bounce : request->page), PAGE_SIZE,
			request->op == BLOCK_READ};
	buffers[nr++] = (struct virtq_buffer){
		control + offsetof(struct virtio_blk_control, status), 1, true};
	virtq_add(&disk->vq, buffers, nr, slot);
	if (virtq_wants_notify(&disk->vq))
		virtio_mmio_notify(&disk->mmio, QUEUE);
}

static void count_request(struct block_stat *stat, const struct virtio_blk_slot *slot)
{
	stat->requests[slot->request.op]++;
	stat->bounced += slot->bounce != NULL;
	if (++stat->in_flight > stat->max_in_flight)
		stat->max_in_flight = stat->in_flight;
}

static void count_error(struct virtio_blk *disk)
{
	__atomic_fetch_add(&disk->bdev.stat.errors, 1, __ATOMIC_RELAXED);
}

static int submit(struct block_device *bdev, const struct block_request *request)
{
	struct virtio_blk *disk = disk_of(bdev);
	irq_flags_t flags = spin_lock_irqsave(&bdev->lock);
	struct virtio_blk_slot *slot = NULL;
	int status = BLOCK_OK;

	if (disk->broken) {
		status = BLOCK_EIO;
		count_error(disk);
	} else if (!(slot = take_slot(disk, request))) {
		status = BLOCK_EBUSY;
		bdev->stat.waits++;
	} else {
		if (slot->bounce && request->op == BLOCK_WRITE)
			__builtin_memcpy(
				page_address(slot->bounce), page_address(request->page), PAGE_SIZE);
		count_request(&bdev->stat, slot);
		send(disk, slot);
	}
	spin_unlock_irqrestore(&bdev->lock, flags);
	return status;
}

static void report_error(const struct virtio_blk *disk, const struct block_request *request,
	unsigned int line, unsigned int device_status)
{
	static const char *const names[NR_BLOCK_OPS] = {"read", "write", "flush"};

	if (line > MAX_ERROR_LINES)
		return;
	print("disk: %s: %s of sector %lu failed, status %u of the device%s\n", disk->bdev.name,
		names[request->op], (unsigned long)request->sector, device_status,
		line == MAX_ERROR_LINES ? "; further errors are only counted, see `disk`" : "");
}

/* A request has come back, whether the device did it or not; its slot is nobody else's. */
static void end_request(struct virtio_blk *disk, struct virtio_blk_slot *slot)
{
	const struct block_request request = slot->request;
	unsigned int device_status = slot->control->status, line = 0;
	bool good = device_status == STATUS_OK;
	irq_flags_t flags;

	if (good && slot->bounce && request.op == BLOCK_READ)
		__builtin_memcpy(page_address(request.page), page_address(slot->bounce), PAGE_SIZE);
	flags = spin_lock_irqsave(&disk->bdev.lock);
	free_slot(disk, slot);
	disk->bdev.stat.in_flight--;
	if (!good) {
		count_error(disk);
		line = ++disk->error_lines;
	}
	spin_unlock_irqrestore(&disk->bdev.lock, flags);
	if (!good)
		report_error(disk, &request, line, device_status);
	wake_up(&disk->bdev.room);
	request.done(&request, good ? BLOCK_OK : BLOCK_EIO);
}

/* The device can not be trusted any more. Takes its memory from it before that is used again. */
static void break_off(struct virtio_blk *disk, const char *why)
{
	irq_flags_t flags = spin_lock_irqsave(&disk->bdev.lock);
	struct virtio_blk_slot *slot;
	bool stopped;

	if (disk->broken) {
		spin_unlock_irqrestore(&disk->bdev.lock, flags);
		return;
	}
	disk->broken = true;
	stopped = virtio_mmio_reset(&disk->mmio) == 0;
	virtio_mmio_fail(&disk->mmio);
	spin_unlock_irqrestore(&disk->bdev.lock, flags);
	print("disk: %s: %s; %s, and not used any more\n", disk->bdev.name, why,
		stopped ? "reset" : "it does not reset either: it may still write to memory");
	for (;;) {
		flags = spin_lock_irqsave(&disk->bdev.lock);
		slot = virtq_detach(&disk->vq);
		spin_unlock_irqrestore(&disk->bdev.lock, flags);
		if (!slot)
			break;
		slot->control->status = STATUS_UNSET;
		end_request(disk, slot);
	}
	wake_up(&disk->bdev.room);
}

/* The next request that the device has done with. */
static enum virtq_event next_done(struct virtio_blk *disk, void **slot)
{
	irq_flags_t flags = spin_lock_irqsave(&disk->bdev.lock);
	enum virtq_event event = disk->broken ? VIRTQ_NOTHING : virtq_get(&disk->vq, slot);

	spin_unlock_irqrestore(&disk->bdev.lock, flags);
	return event;
}

static void interrupt(struct block_device *bdev)
{
	struct virtio_blk *disk = disk_of(bdev);
	uint32_t why = virtio_mmio_interrupt(&disk->mmio);
	enum virtq_event event;
	void *slot;

	while ((event = next_done(disk, &slot)) == VIRTQ_DONE)
		end_request(disk, slot);
	if (event == VIRTQ_BAD)
		break_off(disk, "the device ended a request that it was not given");
	else if (why & VIRTIO_IRQ_CONFIG && virtio_mmio_needs_reset(&disk->mmio))
		break_off(disk, "the device says that it needs a reset");
}

/* Largest power of two up to `max` that we use; 0 if it is too small. */
static unsigned int queue_size(unsigned int max)
{
	unsigned int size = VIRTQ_MAX_SIZE;

	while (size > max)
		size /= 2;
	return size >= VIRTIO_BLK_CHAIN ? size : 0;
}

static unsigned int order_for(size_t bytes)
{
	unsigned int order = 0;

	while (order_bytes(order) < bytes)
		order++;
	return order;
}

void virtio_blk_destroy(struct virtio_blk *disk)
{
	if (virtio_mmio_reset(&disk->mmio) < 0) {
		print("disk: a device does not reset: the memory that it was given stays its "
		      "own\n");
		return;
	}
	if (disk->rings)
		__free_pages(disk->rings, disk->rings_order);
	if (disk->controls)
		__free_page(disk->controls);
	while (disk->nr_bounce_free > 0)
		__free_page(disk->bounce[--disk->nr_bounce_free]);
	disk->rings = disk->controls = NULL;
}

/* Memory for a queue of `size` descriptors, or of fewer where memory is in pieces. 0: none. */
static unsigned int allocate_rings(struct virtio_blk *disk, unsigned int size)
{
	for (; size >= VIRTIO_BLK_CHAIN; size /= 2) {
		disk->rings_order = order_for(virtq_bytes(size));
		disk->rings = alloc_pages(VIRTIO_BLK_GFP | GFP_DMA, disk->rings_order);
		if (disk->rings)
			return size;
	}
	return 0;
}

static bool allocate_pages(struct virtio_blk *disk)
{
	struct page *page;

	disk->controls = alloc_page(VIRTIO_BLK_GFP | GFP_DMA);
	while (disk->controls && disk->nr_bounce_free < VIRTIO_BLK_BOUNCE) {
		page = alloc_page(VIRTIO_BLK_GFP | GFP_DMA);
		if (!page)
			return false;
		disk->bounce[disk->nr_bounce_free++] = page;
	}
	return disk->controls;
}

static void init_slots(struct virtio_blk *disk)
{
	struct virtio_blk_control *control = page_address(disk->controls);

	for (unsigned int i = 0; i < disk->bdev.max_requests; i++) {
		disk->slot[i].control = &control[i];
		free_slot(disk, &disk->slot[i]);
	}
}

static const char *start(struct virtio_blk *disk)
{
	unsigned int size = queue_size(virtio_mmio_queue_max(&disk->mmio, QUEUE));

	if (size == 0)
		return "no queue, or one too short for a request";
	size = allocate_rings(disk, size);
	if (size == 0 || !allocate_pages(disk))
		return "no memory in the lowest zone for its queue";
	virtq_init(&disk->vq, size, page_address(disk->rings));
	if (virtio_mmio_set_queue(&disk->mmio, QUEUE, size, page_phys(disk->rings)) < 0)
		return "its queue is in use already, or our memory too high for it";
	disk->bdev.max_requests = size / VIRTIO_BLK_CHAIN;
	init_slots(disk);
	virtio_mmio_start(&disk->mmio);
	return NULL;
}

const char *virtio_blk_init(struct virtio_blk *disk, const struct virtio_mmio *mmio)
{
	uint64_t features;
	const char *wrong;
	int result;

	__builtin_memset(disk, 0, sizeof(*disk));
	disk->mmio = *mmio;
	result = virtio_mmio_negotiate(mmio, 1ULL << FEATURE_RO | 1ULL << FEATURE_FLUSH, &features);
	if (result < 0) {
		virtio_mmio_fail(mmio);
		return result == VIRTIO_NO_RESET ? "it does not reset"
						 : "it does not agree on features";
	}
	disk->bdev = (struct block_device){
		.driver = mmio->version == 1 ? "virtio-blk, legacy" : "virtio-blk",
		.nr_sectors = virtio_mmio_config64(mmio, CONFIG_CAPACITY),
		.read_only = features >> FEATURE_RO & 1,
		.can_flush = features >> FEATURE_FLUSH & 1,
		.nr_bounce = VIRTIO_BLK_BOUNCE,
		.submit = submit,
		.interrupt = interrupt,
	};
	wait_queue_init(&disk->bdev.room);
	wrong = start(disk);
	if (wrong) {
		virtio_blk_destroy(disk);
		virtio_mmio_fail(mmio);
	}
	return wrong;
}
