/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio/virtio_mmio.c over a fake register block: memory, which keeps what is written.
 */
#include "drivers/virtio/virtio_mmio.h"
#include "drivers/virtio/virtqueue.h"
#include "unit.h"

/* By the specification, table 4.1 and 4.2.4; words of 32 bits. */
#define AT(offset)    ((offset) / 4)
#define MAGIC         AT(0x000)
#define VERSION       AT(0x004)
#define ID            AT(0x008)
#define FEATURES      AT(0x010)
#define DRIVER        AT(0x020)
#define PAGE_SIZE_REG AT(0x028)
#define QUEUE_SEL     AT(0x030)
#define QUEUE_NUM_MAX AT(0x034)
#define QUEUE_NUM     AT(0x038)
#define QUEUE_ALIGN   AT(0x03c)
#define QUEUE_PFN     AT(0x040)
#define QUEUE_READY   AT(0x044)
#define NOTIFY        AT(0x050)
#define IRQ_STATUS    AT(0x060)
#define IRQ_ACK       AT(0x064)
#define STATUS        AT(0x070)
#define QUEUE_DESC    AT(0x080)
#define QUEUE_DRIVER  AT(0x090)
#define QUEUE_DEVICE  AT(0x0a0)
#define CONFIG        AT(0x100)

#define UNTOUCHED     0xa5a5a5a5U

static uint32_t block[VIRTIO_MMIO_BYTES / 4];
static struct virtio_mmio dev;

static int setup(void **state)
{
	(void)state;
	memset(block, 0xa5, sizeof(block));
	dev = (struct virtio_mmio){.base = (volatile unsigned char *)block, .version = 2};
	return 0;
}

static void identify(void **state)
{
	uint32_t id = 99;

	(void)state;
	assert_int_equal(virtio_mmio_identify(&dev, &id), -1);
	block[MAGIC] = 0x74726976;
	for (uint32_t version = 0; version < 5; version++) {
		block[VERSION] = version;
		block[ID] = version == 1 ? VIRTIO_ID_NONE : VIRTIO_ID_BLOCK;
		assert_int_equal(
			virtio_mmio_identify(&dev, &id), version == 1 || version == 2 ? 0 : -1);
		if (version == 1)
			assert_int_equal(id, VIRTIO_ID_NONE);
	}
	assert_int_equal(id, VIRTIO_ID_BLOCK);
}

/* The block answers the same for both words of the features. */
static void negotiate_modern(void **state)
{
	uint64_t agreed;

	(void)state;
	block[FEATURES] = 0x221;
	assert_int_equal(virtio_mmio_negotiate(&dev, 0x220, &agreed), 0);
	assert_true(agreed == ((1ULL << VIRTIO_F_VERSION_1) | 0x220));
	assert_int_equal(block[DRIVER], 1); /* the high word, which was last */
	assert_int_equal(block[STATUS], 11);
	assert_int_equal(block[PAGE_SIZE_REG], UNTOUCHED);
	virtio_mmio_start(&dev);
	assert_int_equal(block[STATUS], 15);
	virtio_mmio_fail(&dev);
	assert_int_equal(block[STATUS], 15 | 128);
	virtio_mmio_reset(&dev);
	assert_int_equal(block[STATUS], 0);
}

/* Version 2 without VERSION_1. */
static void negotiate_refused(void **state)
{
	uint64_t agreed;

	(void)state;
	block[FEATURES] = 0x220;
	assert_int_equal(virtio_mmio_negotiate(&dev, 0x220, &agreed), -1);
}

static void negotiate_legacy(void **state)
{
	uint64_t agreed;

	(void)state;
	dev.version = 1;
	block[FEATURES] = 0x240;
	assert_int_equal(virtio_mmio_negotiate(&dev, 0x220, &agreed), 0);
	assert_int_equal(agreed, 0x200);
	assert_int_equal(block[DRIVER], 0x200);
	assert_int_equal(block[PAGE_SIZE_REG], 4096);
	assert_int_equal(block[STATUS], 3);
}

static void queue_modern(void **state)
{
	(void)state;
	block[QUEUE_NUM_MAX] = 1024;
	assert_int_equal(virtio_mmio_queue_max(&dev, 3), 1024);
	assert_int_equal(block[QUEUE_SEL], 3);
	block[QUEUE_READY] = 1;
	assert_int_equal(virtio_mmio_set_queue(&dev, 0, 256, 0x1234567000), -1);
	block[QUEUE_READY] = 0;
	assert_int_equal(virtio_mmio_set_queue(&dev, 0, 256, 0x1234567000), 0);
	assert_int_equal(block[QUEUE_SEL], 0);
	assert_int_equal(block[QUEUE_NUM], 256);
	assert_int_equal(block[QUEUE_DESC], 0x34567000);
	assert_int_equal(block[QUEUE_DESC + 1], 0x12);
	assert_int_equal(block[QUEUE_DRIVER], 0x34568000);
	assert_int_equal(block[QUEUE_DRIVER + 1], 0x12);
	assert_int_equal(block[QUEUE_DEVICE], 0x34569000);
	assert_int_equal(block[QUEUE_DEVICE + 1], 0x12);
	assert_int_equal(block[QUEUE_READY], 1);
	assert_int_equal(block[QUEUE_PFN], UNTOUCHED);
}

static void queue_legacy(void **state)
{
	(void)state;
	dev.version = 1;
	block[QUEUE_PFN] = 0;
	/* A page number of 33 bits does not fit. */
	assert_int_equal(virtio_mmio_set_queue(&dev, 0, 256, 1ULL << 44), -1);
	assert_int_equal(block[QUEUE_PFN], 0);
	assert_int_equal(virtio_mmio_set_queue(&dev, 0, 256, 0x80123000), 0);
	assert_int_equal(block[QUEUE_NUM], 256);
	assert_int_equal(block[QUEUE_ALIGN], 4096);
	assert_int_equal(block[QUEUE_PFN], 0x80123);
	assert_int_equal(block[QUEUE_READY], UNTOUCHED);
	assert_int_equal(block[QUEUE_DESC], UNTOUCHED);
	assert_int_equal(virtio_mmio_set_queue(&dev, 0, 256, 0x80123000), -1);
}

static void interrupts(void **state)
{
	(void)state;
	block[IRQ_STATUS] = 0;
	assert_int_equal(virtio_mmio_interrupt(&dev), 0);
	assert_int_equal(block[IRQ_ACK], UNTOUCHED);
	block[IRQ_STATUS] = 3;
	assert_int_equal(virtio_mmio_interrupt(&dev), VIRTIO_IRQ_USED | VIRTIO_IRQ_CONFIG);
	assert_int_equal(block[IRQ_ACK], 3);
	virtio_mmio_notify(&dev, 7);
	assert_int_equal(block[NOTIFY], 7);
	block[STATUS] = 15;
	assert_false(virtio_mmio_needs_reset(&dev));
	block[STATUS] = 15 | 64;
	assert_true(virtio_mmio_needs_reset(&dev));
}

static void config(void **state)
{
	(void)state;
	block[CONFIG] = 0x89abcdef;
	block[CONFIG + 1] = 0x01234567;
	assert_true(virtio_mmio_config64(&dev, 0) == 0x0123456789abcdef);
	dev.version = 1;
	assert_true(virtio_mmio_config64(&dev, 0) == 0x0123456789abcdef);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identify),
		TEST(negotiate_modern),
		TEST(negotiate_refused),
		TEST(negotiate_legacy),
		TEST(queue_modern),
		TEST(queue_legacy),
		TEST(interrupts),
		TEST(config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
