/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio/virtio_blk.c and drivers/block/block.c: a fake register block, and a device that
 * is a function of this file: it takes chains from the available ring, moves data to and from
 * `medium` by the addresses in the descriptors, and fills the used ring.
 */
#include <drivers/block.h>
#include "drivers/virtio/virtio_blk.h"
#include "unit.h"

/* Registers, words of 32 bits; see test_virtio_mmio.c. */
#define FEATURES      (0x010 / 4)
#define QUEUE_NUM_MAX (0x034 / 4)
#define QUEUE_PFN     (0x040 / 4)
#define NOTIFY        (0x050 / 4)
#define IRQ_STATUS    (0x060 / 4)
#define IRQ_ACK       (0x064 / 4)
#define STATUS        (0x070 / 4)
#define CAPACITY      (0x100 / 4)

#define RO            (1U << 5)
#define FLUSH         (1U << 9)

#define MEDIUM_PAGES  64U
#define QUEUE         64U /* descriptors: 21 requests */

static uint32_t block[VIRTIO_MMIO_BYTES / 4];
static unsigned char medium[MEDIUM_PAGES * PAGE_SIZE];
static struct machine *machine;
static struct virtio_blk disk;
static uint16_t device_idx; /* of the available ring: entries that the device has taken */
static uint8_t device_status;
static unsigned int nr_flushes;

static const char *start(uint32_t features, uint32_t queue_max)
{
	struct virtio_mmio mmio = {.base = (volatile unsigned char *)block, .version = 1};

	memset(block, 0, sizeof(block));
	block[FEATURES] = features;
	block[QUEUE_NUM_MAX] = queue_max;
	block[CAPACITY] = MEDIUM_PAGES * SECTORS_PER_PAGE;
	device_idx = 0;
	device_status = 0;
	nr_flushes = 0;
	return virtio_blk_init(&disk, &mmio);
}

static int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f3);
	memset(medium, 0, sizeof(medium));
	assert_null(start(FLUSH, QUEUE));
	return 0;
}

/* The machine must be whole: nothing that the disk allocated is missing. */
static int teardown(void **state)
{
	(void)state;
	virtio_blk_destroy(&disk);
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_free_pages(&machine->mm), 8192);
	machine_destroy(machine);
	return 0;
}

/* All that the device touches lies in the lowest zone. */
static void *device_memory(uint64_t pa, uint32_t bytes)
{
	assert_true(pa + bytes <= 4096 * PAGE_SIZE);
	return phys_to_virt(pa);
}

static void device_moves(const struct virtio_blk_header *header, const struct virtq_desc *data)
{
	unsigned char *at = medium + header->sector * 512;
	void *memory = device_memory(data->addr, data->len);

	assert_int_equal(data->len, PAGE_SIZE);
	assert_int_equal(data->flags & 2, header->type == 0 ? 2 : 0);
	assert_true(header->sector * 512 + data->len <= sizeof(medium));
	if (header->type == 0)
		memcpy(memory, at, data->len);
	else
		memcpy(at, memory, data->len);
}

/* The device serves entry `which` of what it was given, counted from the oldest. */
static void device_serves(unsigned int which)
{
	struct virtqueue *vq = &disk.vq;
	uint16_t head = vq->avail->ring[(device_idx + which) % vq->size];
	const struct virtq_desc *desc = &vq->desc[head];
	const struct virtio_blk_header *header = device_memory(desc->addr, desc->len);
	uint8_t *status;

	assert_int_equal(desc->len, 16);
	assert_int_equal(desc->flags, 1);
	desc = &vq->desc[desc->next];
	if (header->type == 4) {
		nr_flushes++;
	} else {
		assert_in_range(header->type, 0, 1);
		assert_true(desc->flags & 1);
		if (device_status == 0)
			device_moves(header, desc);
		desc = &vq->desc[desc->next];
	}
	assert_int_equal(desc->flags, 2);
	assert_int_equal(desc->len, 1);
	status = device_memory(desc->addr, 1);
	*status = device_status;
	vq->used->ring[vq->used->idx % vq->size] = (struct virtq_used_elem){head, 1};
	vq->used->idx++;
}

static void interrupt(uint32_t why)
{
	irq_flags_t flags = irq_save();

	block[IRQ_STATUS] = why;
	disk.bdev.interrupt(&disk.bdev);
	irq_restore(flags);
}

/* Everything that was submitted, the newest first; then one interrupt. */
static void device_serves_all(void)
{
	unsigned int nr = (uint16_t)(disk.vq.avail->idx - device_idx);

	for (unsigned int i = nr; i > 0; i--)
		device_serves(i - 1);
	device_idx = (uint16_t)(device_idx + nr);
	interrupt(VIRTIO_IRQ_USED);
}

static unsigned int nr_done;
static int last_status;

static void done(const struct block_request *request, int status)
{
	assert_ptr_equal(request->owner, &nr_done);
	nr_done++;
	last_status = status;
}

static struct block_request request_for(enum block_op op, struct page *page, uint64_t sector)
{
	return (struct block_request){
		.op = op, .page = page, .sector = sector, .done = done, .owner = &nr_done};
}

static int submit(enum block_op op, struct page *page, uint64_t sector)
{
	struct block_request request = request_for(op, page, sector);

	return block_submit(&disk.bdev, &request);
}

static struct block_stat stat_now(void)
{
	struct block_stat stat;

	block_get_stat(&disk.bdev, &stat);
	return stat;
}

static void what_it_says_of_itself(void **state)
{
	(void)state;
	assert_int_equal(disk.bdev.nr_sectors, MEDIUM_PAGES * SECTORS_PER_PAGE);
	assert_int_equal(disk.bdev.max_requests, QUEUE / 3);
	assert_true(disk.bdev.can_flush);
	assert_false(disk.bdev.read_only);
	assert_int_equal(block[STATUS], 7);
	/* The rings lie in the lowest zone, aligned as the device counts. */
	assert_true(block[QUEUE_PFN] != 0 && block[QUEUE_PFN] < 4096);
}

/* A page of each zone out, and into a page of the other: only the higher zone's is copied. */
static void write_and_read(void **state)
{
	struct page *low = alloc_page(GFP_KERNEL | GFP_DMA), *high = alloc_page(GFP_KERNEL);

	(void)state;
	assert_int_equal(page_zone(low)->type, ZONE_DMA32);
	assert_int_equal(page_zone(high)->type, ZONE_NORMAL);
	memset(page_address(low), 0x11, PAGE_SIZE);
	memset(page_address(high), 0x22, PAGE_SIZE);
	nr_done = 0;
	assert_int_equal(submit(BLOCK_WRITE, low, 8), 0);
	assert_int_equal(submit(BLOCK_WRITE, high, 24), 0);
	assert_int_equal(block[NOTIFY], 0);
	/* What is written is what stood there at the submission, where it is a copy. */
	memset(page_address(high), 0x33, PAGE_SIZE);
	assert_int_equal(nr_done, 0);
	device_serves_all();
	assert_int_equal(nr_done, 2);
	assert_int_equal(last_status, BLOCK_OK);
	assert_int_equal(block[IRQ_ACK], VIRTIO_IRQ_USED);
	assert_int_equal(medium[1 * PAGE_SIZE], 0x11);
	assert_int_equal(medium[3 * PAGE_SIZE + PAGE_SIZE - 1], 0x22);
	assert_int_equal(submit(BLOCK_READ, high, 8), 0);
	assert_int_equal(submit(BLOCK_READ, low, 24), 0);
	device_serves_all();
	assert_memory_equal(page_address(high), medium + PAGE_SIZE, PAGE_SIZE);
	assert_memory_equal(page_address(low), medium + 3 * PAGE_SIZE, PAGE_SIZE);
	assert_int_equal(stat_now().bounced, 2);
	assert_int_equal(stat_now().in_flight, 0);
	__free_page(low);
	__free_page(high);
}

/* The queue is full, and has room again for as many as have ended. */
static void busy_and_again(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA);
	struct block_request request = request_for(BLOCK_READ, page, 0);

	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		nr_done = 0;
		for (unsigned int i = 0; i < QUEUE / 3; i++)
			assert_int_equal(disk.bdev.submit(&disk.bdev, &request), 0);
		assert_int_equal(disk.bdev.submit(&disk.bdev, &request), BLOCK_EBUSY);
		assert_int_equal(stat_now().in_flight, QUEUE / 3);
		device_serves_all();
		assert_int_equal(nr_done, QUEUE / 3);
	}
	assert_int_equal(stat_now().max_in_flight, QUEUE / 3);
	assert_int_equal(stat_now().waits, 50);
	__free_page(page);
}

/* Pages to copy through run out before the queue does; pages of the lowest zone need none. */
static void bounce_pages_run_out(void **state)
{
	struct page *high = alloc_page(GFP_KERNEL), *low = alloc_page(GFP_KERNEL | GFP_DMA);
	struct block_request request = request_for(BLOCK_READ, high, 0);

	(void)state;
	virtio_blk_destroy(&disk);
	assert_null(start(0, 256));
	assert_true(disk.bdev.max_requests > VIRTIO_BLK_BOUNCE);
	for (unsigned int i = 0; i < VIRTIO_BLK_BOUNCE; i++)
		assert_int_equal(disk.bdev.submit(&disk.bdev, &request), 0);
	assert_int_equal(disk.bdev.submit(&disk.bdev, &request), BLOCK_EBUSY);
	request.page = low;
	assert_int_equal(disk.bdev.submit(&disk.bdev, &request), 0);
	device_serves_all();
	request.page = high;
	assert_int_equal(disk.bdev.submit(&disk.bdev, &request), 0);
	device_serves_all();
	assert_int_equal(stat_now().bounced, VIRTIO_BLK_BOUNCE + 1);
	assert_int_equal(disk.nr_bounce_free, VIRTIO_BLK_BOUNCE);
	__free_page(low);
	__free_page(high);
}

/* Who may not sleep is told, and what is busy is left as it was. */
static void busy_in_an_interrupt(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA);
	irq_flags_t flags = irq_save();

	(void)state;
	for (unsigned int i = 0; i < QUEUE / 3; i++)
		assert_int_equal(submit(BLOCK_READ, page, 0), 0);
	assert_int_equal(submit(BLOCK_READ, page, 0), BLOCK_EBUSY);
	irq_restore(flags);
	device_serves_all();
	__free_page(page);
}

static void beyond_the_end(void **state)
{
	const uint64_t end = MEDIUM_PAGES * SECTORS_PER_PAGE;
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA);

	(void)state;
	assert_int_equal(submit(BLOCK_READ, page, end - SECTORS_PER_PAGE + 1), BLOCK_EINVAL);
	assert_int_equal(submit(BLOCK_WRITE, page, end), BLOCK_EINVAL);
	assert_int_equal(submit(BLOCK_WRITE, page, UINT64_MAX), BLOCK_EINVAL);
	assert_int_equal(disk.vq.avail->idx, 0);
	assert_int_equal(submit(BLOCK_READ, page, end - SECTORS_PER_PAGE), 0);
	device_serves_all();
	__free_page(page);
}

static void flush(void **state)
{
	(void)state;
	nr_done = 0;
	assert_int_equal(submit(BLOCK_FLUSH, NULL, 0), 0);
	device_serves_all();
	assert_int_equal(nr_done, 1);
	assert_int_equal(nr_flushes, 1);
	virtio_blk_destroy(&disk);
	assert_null(start(0, QUEUE));
	assert_false(disk.bdev.can_flush);
	assert_int_equal(submit(BLOCK_FLUSH, NULL, 0), BLOCK_EINVAL);
	assert_int_equal(block_transfer(&disk.bdev, BLOCK_FLUSH, 0, NULL), BLOCK_OK);
}

static void read_only(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA);

	(void)state;
	virtio_blk_destroy(&disk);
	assert_null(start(RO, QUEUE));
	assert_int_equal(submit(BLOCK_WRITE, page, 0), BLOCK_EROFS);
	assert_int_equal(submit(BLOCK_READ, page, 0), 0);
	device_serves_all();
	__free_page(page);
}

/* Each error is handed to its owner; a few are told. A failed read leaves the page as it was. */
static void errors(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int lines = 0;

	(void)state;
	memset(page_address(page), 0x44, PAGE_SIZE);
	host_print_capture_start();
	for (unsigned int i = 0; i < 20; i++) {
		device_status = 1 + i % 2;
		nr_done = 0;
		assert_int_equal(submit(BLOCK_READ, page, 16), 0);
		device_serves_all();
		assert_int_equal(nr_done, 1);
		assert_int_equal(last_status, BLOCK_EIO);
	}
	for (const char *at = host_print_captured(); (at = strstr(at, " of sector 16 failed"));
		at++)
		lines++;
	host_print_capture_stop();
	assert_int_equal(lines, 8);
	assert_int_equal(block_nr_errors(&disk.bdev), 20);
	assert_int_equal(((unsigned char *)page_address(page))[0], 0x44);
	device_status = 0;
	assert_int_equal(submit(BLOCK_READ, page, 16), 0);
	device_serves_all();
	assert_int_equal(last_status, BLOCK_OK);
	__free_page(page);
}

/* All in flight end with an error, the device is stopped, and nothing is submitted any more. */
static void expect_broken(struct page *page, unsigned int in_flight)
{
	assert_int_equal(nr_done, in_flight);
	assert_int_equal(last_status, BLOCK_EIO);
	assert_int_equal(block[STATUS], 128);
	assert_int_equal(stat_now().in_flight, 0);
	assert_int_equal(submit(BLOCK_READ, page, 0), BLOCK_EIO);
	assert_int_equal(disk.nr_bounce_free, VIRTIO_BLK_BOUNCE);
	interrupt(VIRTIO_IRQ_USED);
	assert_int_equal(nr_done, in_flight);
}

static void device_ends_what_it_has_not(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	nr_done = 0;
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(submit(BLOCK_READ, page, 0), 0);
	disk.vq.used->ring[0].id = 0xffff;
	disk.vq.used->idx = 1;
	interrupt(VIRTIO_IRQ_USED);
	expect_broken(page, 5);
	__free_page(page);
}

static void device_needs_reset(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	(void)state;
	nr_done = 0;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(submit(BLOCK_WRITE, page, 0), 0);
	/* A change of the configuration alone is none. */
	interrupt(VIRTIO_IRQ_CONFIG);
	assert_int_equal(nr_done, 0);
	block[STATUS] |= 64;
	interrupt(VIRTIO_IRQ_CONFIG);
	expect_broken(page, 3);
	__free_page(page);
}

/* A queue that can not be had; teardown() finds that everything was given back. */
static void no_queue(void **state)
{
	static const uint32_t too_short[] = {0, 1, 2};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(too_short); i++) {
		virtio_blk_destroy(&disk);
		assert_non_null(start(FLUSH, too_short[i]));
		assert_int_equal(block[STATUS] & 128, 128);
	}
	/* The least that a request needs, and a number that is no power of two. */
	assert_null(start(FLUSH, 4));
	assert_int_equal(disk.bdev.max_requests, 1);
	virtio_blk_destroy(&disk);
	assert_null(start(FLUSH, 100));
	assert_int_equal(disk.vq.size, 64);
}

static unsigned int nr_polls;

static void count_poll(struct block_device *bdev)
{
	(void)bdev;
	nr_polls++;
}

/* The list: names, whose interrupt it is, who is polled. */
static void the_list(void **state)
{
	static const struct irqchip_ops *const chip = (const void *)&nr_polls;
	static struct block_device a = {.irq = 3, .interrupt = count_poll},
				   b = {.irq = 4, .polled = true, .interrupt = count_poll};

	(void)state;
	assert_null(block_first());
	assert_false(block_polled());
	a.irqchip = b.irqchip = chip;
	block_register(&a);
	assert_false(block_polled());
	block_register(&b);
	assert_true(block_polled());
	assert_ptr_equal(block_first(), &a);
	assert_ptr_equal(a.next, &b);
	assert_string_equal(a.name, "vda");
	assert_string_equal(b.name, "vdb");
	assert_true(block_interrupt(chip, 3));
	assert_true(block_interrupt(chip, 4));
	assert_false(block_interrupt(chip, 5));
	assert_false(block_interrupt(NULL, 3));
	assert_int_equal(nr_polls, 2);
	block_poll();
	assert_int_equal(nr_polls, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_it_says_of_itself),
		TEST(write_and_read),
		TEST(busy_and_again),
		TEST(bounce_pages_run_out),
		TEST(busy_in_an_interrupt),
		TEST(beyond_the_end),
		TEST(flush),
		TEST(read_only),
		TEST(errors),
		TEST(device_ends_what_it_has_not),
		TEST(device_needs_reset),
		TEST(no_queue),
		cmocka_unit_test(the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
