/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks for the runtime: finding them at boot, and a page cache over one.
 */
#ifndef KERNEL_BLOCKDEV_H
#define KERNEL_BLOCKDEV_H

#include <stddef.h>
#include <stdint.h>
#include <drivers/block.h>
#include <mm/pagemap.h>

/** Probe the disks, and a line for each. Boot CPU, once, when all CPUs have come. */
void blockdev_start(void);

/** One line: its size, and how it works. */
void blockdev_show(const struct block_device *bdev);

/** A page cache of a disk. */
struct block_cache {
	struct address_space mapping;
	struct block_device *bdev;
	unsigned long lost; /* pages that could not be written since the last sync; atomic */
};

/**
 * A page cache of the disk's first `nr_pages`, empty; index N is the disk's page N. `gfp` is what
 * its pages are allocated by. Returns 0, or -1 without memory, or if the disk is smaller.
 * address_space_destroy() of its mapping ends it.
 */
int blockdev_open(
	struct block_cache *cache, struct block_device *bdev, unsigned long nr_pages, gfp_t gfp);

/**
 * Copy `bytes` from and to the disk's byte `pos`, through its page cache; neither beyond its end.
 * What is written is on the disk after blockdev_sync(). Returns 0, or -1: no memory, or the
 * disk failed. Sleeps.
 */
int block_read(struct address_space *mapping, uint64_t pos, void *to, size_t bytes);
int block_write(struct address_space *mapping, uint64_t pos, const void *from, size_t bytes);

/**
 * Have a page read that will be wanted, without waiting for it. Nothing is done if it is there, or
 * if there is no memory. Sleeps until there is room for the request.
 */
void block_readahead(struct address_space *mapping, unsigned long index);

/**
 * Write all that is dirty, and wait until it is on the medium. Returns the pages that could not be
 * written, since the last time. Sleeps.
 */
unsigned long blockdev_sync(struct block_cache *cache);

#endif
