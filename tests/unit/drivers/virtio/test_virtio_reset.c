/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio disk that does not reset, from the start or from some moment on: it may still write to
 * the memory that it was given, which is not used for anything else. The register block is memory,
 * whose writes this file does, so that a device can be deaf.
 */
#include <port/barrier.h>
#include "unit.h"

static void device_write(volatile void *addr, uint32_t value);

/* The register half as it is, but for that; the linker then takes none of the library's. */
#define mmio_write32 device_write
#include "drivers/virtio/virtio_mmio.c"
#undef mmio_write32
#include "drivers/virtio/virtio_blk.h"

#define NR_PAGES 8192UL

static uint32_t block[VIRTIO_MMIO_BYTES / 4];
static struct machine *machine;
static struct virtio_blk disk;
static bool deaf; /* to a reset */
static unsigned int nr_done;

static void device_write(volatile void *addr, uint32_t value)
{
	if (addr == &block[STATUS / 4] && value == 0 && deaf)
		return;
	*(volatile uint32_t *)addr = value;
}

static const char *start(void)
{
	const struct virtio_mmio mmio = {.base = (volatile unsigned char *)block, .version = 1};

	memset(block, 0, sizeof(block));
	block[QUEUE_NUM_MAX / 4] = 64;
	block[CONFIG / 4] = 64 * SECTORS_PER_PAGE;
	block[STATUS / 4] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
	return virtio_blk_init(&disk, &mmio);
}

static unsigned long nr_free(void)
{
	drain_all_pages(&machine->mm);
	return nr_free_pages(&machine->mm);
}

static int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f3);
	deaf = false;
	nr_done = 0;
	host_print_capture_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	assert_int_equal(nr_free(), NR_PAGES);
	machine_destroy(machine);
	return 0;
}

/* It is told that it has failed, and is given no memory. */
static void from_the_start(void **state)
{
	(void)state;
	deaf = true;
	assert_string_equal(start(), "it does not reset");
	assert_true(block[STATUS / 4] & STATUS_FAILED);
	assert_int_equal(block[QUEUE_PFN / 4], 0);
	assert_int_equal(nr_free(), NR_PAGES);
}

/* What it was given stays its own, for ever if need be. */
static void when_it_is_given_up(void **state)
{
	unsigned long left;

	(void)state;
	assert_null(start());
	left = nr_free();
	assert_true(left < NR_PAGES);
	deaf = true;
	virtio_blk_destroy(&disk);
	assert_int_equal(nr_free(), left);
	assert_printed(
		"disk: a device does not reset: the memory that it was given stays its own\n");
	deaf = false;
	virtio_blk_destroy(&disk);
}

static void done(const struct block_request *request, int status)
{
	(void)request;
	assert_int_equal(status, BLOCK_EIO);
	nr_done++;
}

/* Requests end all the same; the line says what is to be feared. */
static void in_use(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	const struct block_request request = {.op = BLOCK_READ, .page = page, .done = done};
	irq_flags_t flags;

	(void)state;
	assert_null(start());
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(block_submit(&disk.bdev, &request), BLOCK_OK);
	deaf = true;
	disk.vq.used->ring[0].id = 0xffff;
	disk.vq.used->idx = 1;
	flags = irq_save();
	disk.bdev.interrupt(&disk.bdev);
	irq_restore(flags);
	assert_int_equal(nr_done, 3);
	assert_printed(
		"it does not reset either: it may still write to memory, and not used any more\n");
	assert_true(block[STATUS / 4] & STATUS_FAILED);
	assert_int_equal(block_submit(&disk.bdev, &request), BLOCK_EIO);
	deaf = false;
	virtio_blk_destroy(&disk);
	__free_page(page);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(from_the_start),
		TEST(when_it_is_given_up),
		TEST(in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
