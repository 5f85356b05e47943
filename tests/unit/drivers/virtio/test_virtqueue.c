/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio/virtqueue.c: the test is the device, and reads and writes the rings as it does.
 */
#include <stdlib.h>
#include "drivers/virtio/virtqueue.h"
#include "unit.h"

#define SIZE 8U

static struct virtqueue vq;
static void *memory;
static int tokens[SIZE];

static int setup(void **state)
{
	(void)state;
	memory = aligned_alloc(VIRTQ_ALIGN, 3 * VIRTQ_ALIGN);
	if (!memory)
		return -1;
	memset(memory, 0, 3 * VIRTQ_ALIGN);
	virtq_init(&vq, SIZE, memory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

/* The device is done with the chain at `head`. */
static void device_ends(uint32_t head)
{
	vq.used->ring[vq.used->idx % SIZE] = (struct virtq_used_elem){.id = head, .len = 1};
	vq.used->idx++;
}

static const struct virtq_buffer three[] = {
	{0x1000, 16, false}, {0x123456789000, 4096, true}, {0x1010, 1, true}};

/* By the specification, 2.7 and 2.7.2: 16 bytes, 6 + 2 and 6 + 8 bytes for each descriptor. */
static void layout(void **state)
{
	(void)state;
	assert_int_equal(virtq_avail_offset(256), 4096);
	assert_int_equal(virtq_used_offset(256), 8192);
	assert_int_equal(virtq_bytes(256), 8192 + 6 + 256 * 8);
	assert_int_equal(virtq_avail_offset(4), 64);
	assert_int_equal(virtq_used_offset(4), 4096);
	assert_ptr_equal(vq.avail, (char *)memory + 16 * SIZE);
	assert_ptr_equal(vq.used, (char *)memory + 4096);
}

static void a_chain_as_the_device_sees_it(void **state)
{
	uint16_t at;

	(void)state;
	assert_int_equal(virtq_add(&vq, three, 3, &tokens[0]), 0);
	assert_int_equal(vq.avail->idx, 1);
	at = vq.avail->ring[0];
	for (unsigned int i = 0; i < 3; i++) {
		assert_in_range(at, 0, SIZE - 1);
		assert_int_equal(vq.desc[at].addr, three[i].addr);
		assert_int_equal(vq.desc[at].len, three[i].len);
		assert_int_equal(vq.desc[at].flags, (i < 2 ? 1 : 0) | (i > 0 ? 2 : 0));
		at = vq.desc[at].next;
	}
}

static void chains_come_back_in_any_order(void **state)
{
	void *token;

	(void)state;
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_NOTHING);
	virtq_add(&vq, three, 3, &tokens[0]);
	virtq_add(&vq, three, 2, &tokens[1]);
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_NOTHING);
	device_ends(vq.avail->ring[1]);
	device_ends(vq.avail->ring[0]);
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_DONE);
	assert_ptr_equal(token, &tokens[1]);
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_DONE);
	assert_ptr_equal(token, &tokens[0]);
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_NOTHING);
	assert_int_equal(vq.nr_free, SIZE);
}

static void full(void **state)
{
	(void)state;
	assert_int_equal(virtq_add(&vq, three, 3, &tokens[0]), 0);
	assert_int_equal(virtq_add(&vq, three, 3, &tokens[1]), 0);
	/* Two are left: nothing of a longer chain is written. */
	assert_int_equal(virtq_add(&vq, three, 3, &tokens[2]), -1);
	assert_int_equal(vq.avail->idx, 2);
	assert_int_equal(virtq_add(&vq, three, 2, &tokens[2]), 0);
	assert_int_equal(virtq_add(&vq, three, 1, &tokens[3]), -1);
	assert_int_equal(virtq_add(&vq, three, 0, &tokens[3]), -1);
}

/* Over the wrap of the free-running indices, no two chains of the device share a descriptor. */
static void many_times_around(void **state)
{
	unsigned int held[2];
	void *token;

	(void)state;
	for (unsigned int n = 0; n < 70000; n++) {
		bool used[SIZE] = {false};

		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(virtq_add(&vq, three, 3, &tokens[i]), 0);
			held[i] = vq.avail->ring[(uint16_t)(vq.avail->idx - 1) % SIZE];
			for (unsigned int k = 0, at = held[i]; k < 3; k++, at = vq.desc[at].next) {
				assert_false(used[at]);
				used[at] = true;
			}
		}
		device_ends(held[n % 2]);
		device_ends(held[(n + 1) % 2]);
		assert_int_equal(virtq_get(&vq, &token), VIRTQ_DONE);
		assert_ptr_equal(token, &tokens[n % 2]);
		assert_int_equal(virtq_get(&vq, &token), VIRTQ_DONE);
		assert_int_equal(virtq_get(&vq, &token), VIRTQ_NOTHING);
	}
	assert_int_equal(vq.nr_free, SIZE);
}

static void notify_unless_told_not_to(void **state)
{
	(void)state;
	assert_true(virtq_wants_notify(&vq));
	vq.used->flags = 1;
	assert_false(virtq_wants_notify(&vq));
}

/* What a device may say that is not so: nothing is freed, nothing read beyond the rings. */
static void nonsense(void **state)
{
	static const uint32_t bad[] = {1, SIZE, SIZE + 1, 0xffffffff};
	void *token;

	(void)state;
	virtq_add(&vq, three, 3, &tokens[0]);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vq.used->ring[0].id = bad[i]; /* 1 is no head */
		vq.used->idx = 1;
		assert_int_equal(virtq_get(&vq, &token), VIRTQ_BAD);
	}
	vq.used->idx = SIZE + 1;
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_BAD);
	assert_int_equal(vq.nr_free, SIZE - 3);
	/* The same chain twice. */
	vq.used->idx = 2;
	vq.used->ring[0].id = vq.used->ring[1].id = vq.avail->ring[0];
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_DONE);
	assert_int_equal(virtq_get(&vq, &token), VIRTQ_BAD);
}

static void detach(void **state)
{
	void *first, *second;

	(void)state;
	virtq_add(&vq, three, 3, &tokens[0]);
	virtq_add(&vq, three, 2, &tokens[1]);
	first = virtq_detach(&vq);
	second = virtq_detach(&vq);
	assert_true((first == &tokens[0] && second == &tokens[1]) ||
		    (first == &tokens[1] && second == &tokens[0]));
	assert_null(virtq_detach(&vq));
	assert_int_equal(vq.nr_free, SIZE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(layout),
		TEST(a_chain_as_the_device_sees_it),
		TEST(chains_come_back_in_any_order),
		TEST(full),
		TEST(many_times_around),
		TEST(notify_unless_told_not_to),
		TEST(nonsense),
		TEST(detach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
