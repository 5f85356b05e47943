/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks: the list of them, and what is the same for all drivers: checks, waiting for room.
 *
 * Owns `disks`: written by the boot CPU before anybody looks for a disk, constant afterwards.
 */
#include <stddef.h>
#include <drivers/block.h>
#include <mm/wait.h>

static struct block_device *disks;

void block_register(struct block_device *bdev)
{
	struct block_device **at = &disks;
	char letter = 'a';

	while (*at) {
		at = &(*at)->next;
		letter++;
	}
	bdev->name[0] = 'v';
	bdev->name[1] = 'd';
	bdev->name[2] = letter;
	bdev->name[3] = 0;
	bdev->next = NULL;
	*at = bdev;
}

struct block_device *block_first(void)
{
	return disks;
}

static int check(const struct block_device *bdev, const struct block_request *request)
{
	if (request->op == BLOCK_FLUSH)
		return bdev->can_flush ? BLOCK_OK : BLOCK_EINVAL;
	if (request->op == BLOCK_WRITE && bdev->read_only)
		return BLOCK_EROFS;
	if (request->sector > bdev->nr_sectors ||
		bdev->nr_sectors - request->sector < SECTORS_PER_PAGE)
		return BLOCK_EINVAL;
	return BLOCK_OK;
}

/* What has ended since the last tick. */
static void poll(struct block_device *bdev)
{
	irq_flags_t flags = irq_save();

	bdev->interrupt(bdev);
	irq_restore(flags);
}

int block_submit(struct block_device *bdev, const struct block_request *request)
{
	int status = check(bdev, request);

	if (status != BLOCK_OK)
		return status;
	status = bdev->submit(bdev, request);
	if (status == BLOCK_EBUSY && bdev->polled) {
		poll(bdev);
		status = bdev->submit(bdev, request);
	}
	if (status == BLOCK_EBUSY && task_may_sleep())
		wait_event(&bdev->room, (status = bdev->submit(bdev, request)) != BLOCK_EBUSY);
	return status;
}

/* A transfer that somebody waits for; on the waiter's stack. */
struct transfer {
	struct wait_queue queue;
	int status;
	bool over; /* queue.lock: so that the waiter goes on only when nobody looks at this */
};

static void transfer_done(const struct block_request *request, int status)
{
	struct transfer *transfer = request->owner;
	irq_flags_t flags = spin_lock_irqsave(&transfer->queue.lock);
	struct waiter *waiter;

	transfer->status = status;
	transfer->over = true;
	list_for_each_entry (waiter, &transfer->queue.waiters, struct waiter, node)
		task_wake(waiter->task);
	spin_unlock_irqrestore(&transfer->queue.lock, flags);
}

static bool transfer_over(struct transfer *transfer)
{
	irq_flags_t flags = spin_lock_irqsave(&transfer->queue.lock);
	bool over = transfer->over;

	spin_unlock_irqrestore(&transfer->queue.lock, flags);
	return over;
}

int block_transfer(struct block_device *bdev, enum block_op op, uint64_t sector, struct page *page)
{
	struct transfer transfer = {.over = false};
	struct block_request request = {
		.op = op,
		.page = page,
		.sector = sector,
		.done = transfer_done,
		.owner = &transfer,
	};
	int status;

	if (op == BLOCK_FLUSH && !bdev->can_flush)
		return BLOCK_OK; /* what is written is on the medium */
	wait_queue_init(&transfer.queue);
	status = block_submit(bdev, &request);
	if (status != BLOCK_OK)
		return status;
	wait_event(&transfer.queue, transfer_over(&transfer));
	return transfer.status;
}

void block_get_stat(struct block_device *bdev, struct block_stat *stat)
{
	irq_flags_t flags = spin_lock_irqsave(&bdev->lock);

	*stat = bdev->stat;
	spin_unlock_irqrestore(&bdev->lock, flags);
}

bool block_interrupt(const struct irqchip_ops *irqchip, unsigned int irq)
{
	bool found = false;

	for (struct block_device *bdev = disks; bdev; bdev = bdev->next)
		if (bdev->irqchip == irqchip && bdev->irq == irq) {
			bdev->interrupt(bdev);
			found = true;
		}
	return found;
}

void block_poll(void)
{
	for (struct block_device *bdev = disks; bdev; bdev = bdev->next)
		if (bdev->polled)
			bdev->interrupt(bdev);
}

bool block_polled(void)
{
	for (const struct block_device *bdev = disks; bdev; bdev = bdev->next)
		if (bdev->polled)
			return true;
	return false;
}
