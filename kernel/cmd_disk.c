/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `disk`: what there is, and what it has done. Changes nothing.
 */
#include <port/print.h>
#include "blockdev.h"
#include "kernel.h"
#include "monitor.h"

static void show_stat(struct block_device *bdev)
{
	struct block_stat stat;

	block_get_stat(bdev, &stat);
	print("disk: %s: reads %lu writes %lu flushes %lu errors %lu\n", bdev->name,
		stat.requests[BLOCK_READ], stat.requests[BLOCK_WRITE], stat.requests[BLOCK_FLUSH],
		stat.errors);
	print("disk: %s: in flight %u, at most %u of %u; %lu submissions waited; bounced %lu "
	      "pages, through %u\n",
		bdev->name, stat.in_flight, stat.max_in_flight, bdev->max_requests, stat.waits,
		stat.bounced, bdev->nr_bounce);
}

int cmd_disk(int argc, char **argv)
{
	if (argc != 1)
		return command_usage(argv[0], "it takes no arguments");
	for (struct block_device *bdev = block_first(); bdev; bdev = bdev->next) {
		blockdev_show(bdev);
		show_stat(bdev);
	}
	if (!block_first())
		print("disk: none; scripts/run --disk FILE attaches one\n");
	return CMD_OK;
}
