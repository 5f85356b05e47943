/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thrash: a file on a disk, larger than memory, written and read through the page cache.
 *
 * The content of each block is a function of the run, the block's number and its generation, so
 * whatever is read is verified to the last word, and nothing has to be kept about it. What an
 * earlier run has left on the disk does not pass. The order of the visits repeats with the seed.
 */
#ifndef KERNEL_THRASH_H
#define KERNEL_THRASH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <mm/mm.h>
#include "blockdev.h"

struct thread;

/** A block is a page. */
#define THRASH_WORDS       (PAGE_SIZE / sizeof(uint64_t))
#define THRASH_MAX_WORKERS 64U

struct thrash_params {
	uint64_t seed;
	unsigned long nr_blocks;
	unsigned int nr_workers;
	unsigned int passes; /* times that all is read in random order, and some of it rewritten */
};

/** What is done to the blocks, one phase after the other. */
enum thrash_phase {
	THRASH_WRITE,  /* every block, ascending, generation 0 */
	THRASH_PASS,   /* every block, in random order, is verified; some get a new generation */
	THRASH_VERIFY, /* from the disk, in another order */
};

/** What went wrong first. */
struct thrash_fault {
	enum { THRASH_NO_READ, THRASH_NO_PAGE, THRASH_MISMATCH, THRASH_DISK } kind;
	unsigned long block;
	unsigned int offset; /* of the word in the block, bytes */
	uint64_t expected, got;
};

/** One run. Written by the command's thread unless said otherwise. */
struct thrash {
	struct thrash_params params;
	struct block_device *bdev;
	struct block_cache cache;
	unsigned int index_bits; /* nr_blocks <= 2^index_bits */
	uint64_t content;        /* thrash_word()'s seed: of this run alone */

	enum thrash_phase phase;
	unsigned int pass;          /* of THRASH_PASS, from 1 on; passes done in THRASH_VERIFY */
	_Atomic unsigned long next; /* position in the order of the phase: whoever takes it */
	_Atomic unsigned long done; /* blocks of this phase */
	_Atomic unsigned long written, verified, reverified; /* blocks; the last by THRASH_VERIFY */
	_Atomic unsigned long mismatches;                    /* words */
	_Atomic bool stop;                                   /* a fault, or nobody wants it */
	_Atomic unsigned int fault_taken;
	struct thrash_fault fault; /* of who took it; to be read when the workers are gone */
	_Atomic unsigned int nr_running;
	struct wait_queue finished; /* woken when a worker ends */

	bool broken_off;
	uint64_t start_time, end_time, next_progress;
	struct mm_cpu_stat before, after; /* all CPUs' counters */
	struct block_stat disk_before, disk_after;
	unsigned long allocated_before, misuse_before;
	unsigned long sync_failed;
	long leaked;
};

/** The word number `word` of a block. */
uint64_t thrash_word(
	uint64_t seed, unsigned long block, unsigned int generation, unsigned int word);

/** The generation that a block has after `passes` passes. */
unsigned int thrash_generation(uint64_t seed, unsigned long block, unsigned int passes);

/**
 * Block number `position` of a random order of `nr_blocks` blocks, `bits` as in struct thrash; each
 * block stands at one position below 2^bits, and THRASH_NO_BLOCK at the others.
 */
unsigned long thrash_shuffle(
	uint64_t seed, unsigned long position, unsigned int bits, unsigned long nr_blocks);
#define THRASH_NO_BLOCK (~0UL)

/** Something is wrong: the first fault is the run's, and any of them ends it. */
void thrash_fault(struct thrash *t, struct thrash_fault fault);

/** True if the run is over: a fault, the disk's included, or nobody wants it. */
bool thrash_stopped(struct thrash *t);

/** A worker's part of a phase: blocks until none is left, or until stop. Sleeps. */
void thrash_work(struct thrash *t);

#endif
