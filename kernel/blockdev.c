/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk behind the page cache: how its pages are read and written.
 *
 * Owns nothing but what a request in flight says: its page is locked while it is read, and under
 * writeback while it is written, and both end in the disk's interrupt. Requests carry all that this
 * needs, so writing a page takes no memory.
 *
 * A page that could not be written is clean all the same, as in 2.6.11, with PG_error: else a disk
 * that fails would fill memory with pages that can neither be written nor go. It is counted, and
 * blockdev_sync() tells.
 */
#include <stdatomic.h>
#include <string.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/print.h>
#include <port/task.h>
#include "blockdev.h"
#include "kernel.h"

/* How long an interrupt may take before it is looked whether it was lost, and how often. */
#define INTERRUPT_MS 300U
#define ANSWER_TRIES 30U

void blockdev_show(const struct block_device *bdev)
{
	print("disk: %s: %lu MiB%s, %s, %u requests at once, ", bdev->name,
		(unsigned long)(bdev->nr_sectors >> (20 - SECTOR_SHIFT)),
		bdev->read_only ? " read-only" : "", bdev->driver, bdev->max_requests);
	if (bdev->polled)
		print("polled\n");
	else
		print("by interrupt of hart %lu\n", (unsigned long)bdev->irqchip->hwid);
}

/* The page is locked until then: an answer to one trial is none to another. */
static void trial_done(const struct block_request *request, int status)
{
	(void)status;
	unlock_page(request->page);
}

static bool ends_soon(const struct page *page)
{
	uint64_t deadline = cpu_time() + cpu_time_hz() / 1000 * INTERRUPT_MS;

	while (PageLocked(page) && cpu_time() < deadline)
		task_sleep(cpu_time() + cpu_time_hz() / 1000);
	return !PageLocked(page);
}

/*
 * Read the first page, to see whether the disk answers. An answer that nobody is told of means that
 * interrupts do not come: QEMU 7.2 wires those of the second of two PLICs wrongly. Then the disk is
 * polled, and its interrupt masked: it may come to a hart that can not end it, and would not let go
 * of that one any more.
 */
static void try_disk(struct block_device *bdev)
{
	struct page *page = alloc_page(GFP_KERNEL);
	const struct block_request request = {.op = BLOCK_READ, .page = page, .done = trial_done};
	irq_flags_t flags;

	if (!page)
		return;
	lock_page(page);
	if (block_submit(bdev, &request) != BLOCK_OK)
		unlock_page(page);
	for (unsigned int i = 0; i < ANSWER_TRIES && !ends_soon(page); i++) {
		flags = irq_save();
		bdev->interrupt(bdev);
		bdev->polled |= !PageLocked(page);
		irq_restore(flags);
	}
	if (bdev->polled && bdev->irqchip)
		bdev->irqchip->disable(bdev->irqchip, bdev->irq);
	/* Not one that the device may still write to. */
	if (!PageLocked(page))
		__free_page(page);
	else
		print("disk: %s: no answer within %u s; try another image or QEMU\n", bdev->name,
			INTERRUPT_MS * ANSWER_TRIES / 1000);
}

void blockdev_start(void)
{
	static uint64_t hwid[OF_MAX_CPUS];
	unsigned int cpu, nr = 0;

	for_each_online_cpu (cpu)
		hwid[nr++] = kernel.cpus.cpu[cpu].hwid;
	drivers_probe_disks(kernel.fdt, hwid, nr, &kernel.devices);
	for (struct block_device *bdev = block_first(); bdev; bdev = bdev->next) {
		try_disk(bdev);
		blockdev_show(bdev);
	}
	if (!block_first())
		print("disk: none\n");
}

static void read_done(const struct block_request *request, int status)
{
	struct page *page = request->page;

	if (status == BLOCK_OK) {
		mm_count(pgpgin, pages_to_kb(1));
		SetPageUptodate(page);
	} else {
		SetPageError(page);
	}
	unlock_page(page);
}

static void write_done(const struct block_request *request, int status)
{
	struct page *page = request->page;

	if (status == BLOCK_OK) {
		mm_count(pgpgout, pages_to_kb(1));
		ClearPageError(page);
	} else {
		struct block_cache *cache = request->owner;

		SetPageError(page);
		__atomic_fetch_add(&cache->lost, 1, __ATOMIC_RELAXED);
	}
	end_page_writeback(page);
}

static int submit_page(struct address_space *mapping, struct page *page, enum block_op op,
	void (*done)(const struct block_request *request, int status))
{
	struct block_request request = {
		.op = op,
		.page = page,
		.sector = (uint64_t)page->index * SECTORS_PER_PAGE,
		.done = done,
		.owner = mapping->host,
	};
	struct block_cache *cache = mapping->host;

	return block_submit(cache->bdev, &request);
}

static int blockdev_readpage(struct address_space *mapping, struct page *page)
{
	ClearPageError(page);
	return submit_page(mapping, page, BLOCK_READ, read_done);
}

static int blockdev_writepage(struct address_space *mapping, struct page *page)
{
	const struct block_request request = {.page = page, .owner = mapping->host};
	int status;

	set_page_writeback(page);
	unlock_page(page);
	status = submit_page(mapping, page, BLOCK_WRITE, write_done);
	if (status != BLOCK_OK)
		write_done(&request, status);
	return 0;
}

static const struct address_space_operations blockdev_ops = {
	.readpage = blockdev_readpage,
	.writepage = blockdev_writepage,
};

int blockdev_open(
	struct block_cache *cache, struct block_device *bdev, unsigned long nr_pages, gfp_t gfp)
{
	if (nr_pages > bdev->nr_sectors / SECTORS_PER_PAGE)
		return -1;
	cache->bdev = bdev;
	cache->lost = 0;
	return address_space_init(&cache->mapping, &blockdev_ops, cache, nr_pages, gfp);
}

/* The part of [pos, pos + bytes) that lies in its first page: where in it, and how much. */
static size_t first_part(uint64_t pos, size_t bytes, size_t *offset)
{
	*offset = pos & (PAGE_SIZE - 1);
	return bytes < PAGE_SIZE - *offset ? bytes : PAGE_SIZE - *offset;
}

int block_read(struct address_space *mapping, uint64_t pos, void *to, size_t bytes)
{
	while (bytes > 0) {
		struct page *page = read_cache_page(mapping, pfn_down(pos));
		size_t offset, part = first_part(pos, bytes, &offset);

		if (!page)
			return -1;
		memcpy(to, (const char *)page_address(page) + offset, part);
		put_page(page);
		to = (char *)to + part;
		pos += part;
		bytes -= part;
	}
	return 0;
}

/* The page at `index`, locked, to be written in; whole: what is in it does not matter. */
static struct page *page_to_write(struct address_space *mapping, unsigned long index, bool whole)
{
	struct page *page;

	if (whole)
		return grab_cache_page(mapping, index);
	for (;;) {
		page = read_cache_page(mapping, index);
		if (!page)
			return NULL;
		lock_page(page);
		if (page->mapping == mapping)
			return page;
		/* Reclaim was faster. */
		unlock_page(page);
		put_page(page);
	}
}

int block_write(struct address_space *mapping, uint64_t pos, const void *from, size_t bytes)
{
	while (bytes > 0) {
		size_t offset, part = first_part(pos, bytes, &offset);
		struct page *page = page_to_write(mapping, pfn_down(pos), part == PAGE_SIZE);

		if (!page)
			return -1;
		/* What is on its way to the disk does not change. */
		wait_on_page_writeback(page);
		memcpy((char *)page_address(page) + offset, from, part);
		SetPageUptodate(page);
		set_page_dirty(page);
		unlock_page(page);
		put_page(page);
		balance_dirty_pages(mapping);
		from = (const char *)from + part;
		pos += part;
		bytes -= part;
	}
	return 0;
}

void block_readahead(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_get_page(mapping, index);

	if (page) {
		put_page(page);
		return;
	}
	page = alloc_page(mapping->gfp | __GFP_NORETRY | __GFP_NOWARN);
	if (!page)
		return;
	if (add_to_page_cache_lru(page, mapping, index, mapping->gfp) == 0 &&
		mapping->ops->readpage(mapping, page) != 0)
		unlock_page(page); /* not uptodate: who wants it reads it */
	put_page(page);
}

unsigned long blockdev_sync(struct block_cache *cache)
{
	unsigned long failed = address_space_sync(&cache->mapping);

	failed += __atomic_exchange_n(&cache->lost, 0, __ATOMIC_RELAXED);
	if (block_transfer(cache->bdev, BLOCK_FLUSH, 0, NULL) != BLOCK_OK)
		failed++;
	return failed;
}
