/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest disk`: the first disk without a page cache: many pages of every zone written at once,
 * then read back, in another order, into other pages.
 *
 * Overwrites the end of the disk. Owns struct disk_test, which lies in the pages that it allocates;
 * all are given back.
 */
#include <inttypes.h>
#include <port/mem.h>
#include <port/print.h>
#include <mm/wait.h>
#include "blockdev.h"
#include "kernel.h"
#include "monitor.h"

/* Pages that are under way: more than a queue takes, so that submissions wait. */
#define TEST_PAGES 256U

/** What is under way. */
struct disk_test {
	struct block_device *bdev;
	struct wait_queue queue;
	unsigned int nr_done, nr_failed; /* atomic */
	struct page *page[TEST_PAGES];
};

static void test_done(const struct block_request *request, int status)
{
	struct disk_test *test = request->owner;

	if (status != BLOCK_OK)
		__atomic_fetch_add(&test->nr_failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&test->nr_done, 1, __ATOMIC_RELEASE);
	wake_up(&test->queue);
}

/* Each page's place is one of the last of the disk. */
static uint64_t sector_of(const struct disk_test *test, unsigned int i)
{
	return test->bdev->nr_sectors - (i + 1) * SECTORS_PER_PAGE;
}

static uint64_t word_of(unsigned int page, unsigned int word)
{
	return (uint64_t)page << 32 | (word ^ 0x5aa5U);
}

/* All pages at once; false, after a line, if one failed. `step` is prime to their number. */
static bool transfer_all(struct disk_test *test, enum block_op op, unsigned int step)
{
	test->nr_done = test->nr_failed = 0;
	for (unsigned int n = 0; n < TEST_PAGES; n++) {
		unsigned int i = n * step % TEST_PAGES;
		struct block_request request = {
			.op = op,
			.page = test->page[i],
			.sector = sector_of(test, i),
			.done = test_done,
			.owner = test,
		};
		int status = block_submit(test->bdev, &request);

		if (status != BLOCK_OK)
			test_done(&request, status);
	}
	wait_event(&test->queue, __atomic_load_n(&test->nr_done, __ATOMIC_ACQUIRE) == TEST_PAGES);
	if (test->nr_failed)
		print("selftest: disk: %u of %u requests failed\n", test->nr_failed, TEST_PAGES);
	return test->nr_failed == 0;
}

static void fill_all(struct disk_test *test)
{
	for (unsigned int i = 0; i < TEST_PAGES; i++) {
		uint64_t *words = page_address(test->page[i]);

		for (unsigned int w = 0; w < PAGE_SIZE / sizeof(*words); w++)
			words[w] = word_of(i, w);
	}
}

static unsigned int compare_all(const struct disk_test *test)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < TEST_PAGES; i++) {
		const uint64_t *words = page_address(test->page[i]);

		for (unsigned int w = 0; w < PAGE_SIZE / sizeof(*words); w++) {
			if (words[w] == word_of(i, w))
				continue;
			if (wrong++ == 0)
				print("selftest: disk: page %u, word %u: expected %" PRIx64
				      ", got %" PRIx64 "\n",
					i, w, word_of(i, w), words[w]);
		}
	}
	return wrong;
}

/* Pages of each kind in turn, so that the device is given some, and others are copied. */
static bool take_pages(struct disk_test *test)
{
	for (unsigned int i = 0; i < TEST_PAGES; i++) {
		test->page[i] = alloc_page(i % 2 ? GFP_KERNEL : GFP_KERNEL | GFP_DMA);
		if (!test->page[i])
			return false;
	}
	return true;
}

/* Forget what was written, and swap the kinds of pages. */
static void reverse_pages(struct disk_test *test)
{
	for (unsigned int i = 0; i < TEST_PAGES / 2; i++) {
		struct page *page = test->page[i];

		test->page[i] = test->page[TEST_PAGES - 1 - i];
		test->page[TEST_PAGES - 1 - i] = page;
	}
	for (unsigned int i = 0; i < TEST_PAGES; i++)
		clear_page(page_address(test->page[i]));
}

static bool write_and_read(struct disk_test *test)
{
	fill_all(test);
	if (!transfer_all(test, BLOCK_WRITE, 1) ||
		block_transfer(test->bdev, BLOCK_FLUSH, 0, NULL) != BLOCK_OK)
		return false;
	reverse_pages(test);
	return transfer_all(test, BLOCK_READ, 7) && compare_all(test) == 0;
}

/* What is beyond the end is refused, and nothing is left in flight. */
static bool refuse_beyond(struct disk_test *test)
{
	uint64_t end = test->bdev->nr_sectors;
	struct block_stat stat;
	bool good = true;

	for (uint64_t sector = end - SECTORS_PER_PAGE + 1; sector <= end + 1; sector++)
		good &= block_transfer(test->bdev, BLOCK_READ, sector, test->page[0]) ==
			BLOCK_EINVAL;
	block_get_stat(test->bdev, &stat);
	if (!good || stat.in_flight != 0)
		print("selftest: disk: a page beyond the end was not refused, or %u requests are "
		      "in flight\n",
			stat.in_flight);
	return good && stat.in_flight == 0;
}

int selftest_disk(int argc, char **argv)
{
	static struct disk_test test;
	bool good;

	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	test = (struct disk_test){.bdev = block_first()};
	if (!test.bdev || test.bdev->nr_sectors < TEST_PAGES * SECTORS_PER_PAGE) {
		print("selftest: disk: there is none of %u pages; scripts/run --disk FILE "
		      "attaches one\n",
			TEST_PAGES);
		return CMD_FAILED;
	}
	wait_queue_init(&test.queue);
	good = take_pages(&test) && write_and_read(&test) && refuse_beyond(&test);
	for (unsigned int i = 0; i < TEST_PAGES; i++)
		if (test.page[i])
			__free_page(test.page[i]);
	print("selftest: disk: %s: %u pages written, and read into others\n",
		good ? "PASS" : "FAIL", TEST_PAGES);
	return good ? CMD_OK : CMD_FAILED;
}
