/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks: what a driver offers, and how pages are read and written.
 *
 *	block_submit() -> the device works -> done(), in an interrupt
 *
 * Many requests are under way at once and end in any order. Nothing here allocates once the disk is
 * there, so pages can be written to make memory free.
 */
#ifndef DRIVERS_BLOCK_H
#define DRIVERS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/mm.h>
#include <port/lock.h>

struct irqchip_ops;

#define SECTOR_SHIFT     9U
#define SECTORS_PER_PAGE (PAGE_SIZE >> SECTOR_SHIFT)

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, NR_BLOCK_OPS };

/** How a request ends; Linux's numbers, negated. */
enum {
	BLOCK_OK = 0,
	BLOCK_EIO = -5,     /* the device failed */
	BLOCK_EBUSY = -16,  /* no room for it now: nothing was done */
	BLOCK_EINVAL = -22, /* beyond the end of the disk; a flush where there is none */
	BLOCK_EROFS = -30,  /* a write to a disk that can only be read */
};

/** One page to be moved. Copied by block_submit(). */
struct block_request {
	enum block_op op;
	struct page *page; /* held by the caller until done(); NULL for BLOCK_FLUSH */
	uint64_t sector;   /* where its first byte lies, in 512 bytes */
	/**
	 * It is over: BLOCK_OK, or BLOCK_EIO. Once for each request that block_submit() accepted,
	 * in an interrupt, no lock held.
	 */
	void (*done)(const struct block_request *request, int status);
	void *owner; /* the caller's */
};

/** Requests since boot, by block_get_stat(). */
struct block_stat {
	unsigned long requests[NR_BLOCK_OPS]; /* accepted */
	unsigned long errors;                 /* ended with BLOCK_EIO; atomic */
	unsigned long bounced; /* pages copied, as the device can not be given them */
	unsigned long waits;   /* submissions that found no room */
	unsigned int in_flight, max_in_flight;
};

struct block_device {
	char name[8];
	const char *driver; /* for people */
	uint64_t nr_sectors;
	bool read_only, can_flush;
	unsigned int max_requests; /* in flight */
	unsigned int nr_bounce;    /* pages that it has to copy through */
	/** Start a request that is within the disk. Any context. Returns 0 or BLOCK_EBUSY. */
	int (*submit)(struct block_device *bdev, const struct block_request *request);
	/** Look for requests that are done; from its interrupt, or polled. Interrupts off. */
	void (*interrupt)(struct block_device *bdev);
	const struct irqchip_ops *irqchip; /* NULL: none that can be used */
	unsigned int irq;
	bool polled;            /* no interrupt comes; set at boot */
	struct spinlock lock;   /* guards the queue and stat; interrupts off */
	struct block_stat stat; /* lock */
	struct wait_queue room; /* woken when a request has ended */
	struct block_device *next;
};

/** Name the disk and put it at the end of the list. Boot CPU, at boot. */
void block_register(struct block_device *bdev);

/** The first disk, NULL if there is none; and the next. */
struct block_device *block_first(void);

/**
 * Start a request. Sleeps until there is room for it; who may not sleep gets BLOCK_EBUSY instead.
 * Returns 0: done() will be called, or has been; else a BLOCK_ error, and it will not.
 */
int block_submit(struct block_device *bdev, const struct block_request *request);

/** Move one page and sleep until that is done; or, op BLOCK_FLUSH, until all is on the medium. */
int block_transfer(struct block_device *bdev, enum block_op op, uint64_t sector, struct page *page);

/** Requests that ended with BLOCK_EIO since boot. Any context; takes no lock. */
static inline unsigned long block_nr_errors(const struct block_device *bdev)
{
	return __atomic_load_n(&bdev->stat.errors, __ATOMIC_RELAXED);
}

/** What has been done so far. Any context. */
void block_get_stat(struct block_device *bdev, struct block_stat *stat);

/** For the external interrupt: call the disk whose interrupt this is; false if it is none's. */
bool block_interrupt(const struct irqchip_ops *irqchip, unsigned int irq);

/** Look after disks whose interrupts do not come; from a tick. Interrupts off. */
void block_poll(void);

/** True if there is such a disk: the boot CPU's tick has to go on. */
bool block_polled(void);

#endif
