/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace: what was allocated and freed, when, where and by whom; the last events of each CPU. A
 * level of <mm/debug.h>.
 *
 * Each CPU has a ring of its own, which overwrites its oldest events. Memory for the rings is
 * taken when the level is first switched on, and stays; each time that it is switched on they are
 * emptied. Events of all CPUs have numbers, in an order that could have been: a block is freed in
 * it before it is allocated again. What happens at the same time on two CPUs may stand either way
 * round.
 *
 * In a debugger, or of a machine that has crashed: mm->trace; of CPU i, the last event is
 * ring[i].event[(ring[i].next - 1) mod size], and min(ring[i].total, size) of them are there.
 */
#ifndef MM_TRACE_H
#define MM_TRACE_H

#include <mm/gfp.h>

struct mm;

/** What has happened. */
enum mm_trace_op {
	MM_TRACE_ALLOC, /* a block of `order` at `pfn` was handed out */
	MM_TRACE_NULL,  /* there was none */
	MM_TRACE_FAULT, /* one was not looked for: a fault was injected */
	MM_TRACE_FREE,  /* the last reference to the block is gone; it is not in any list yet */
	MM_TRACE_SPLIT, /* the block has become single pages of the same owner */
	NR_MM_TRACE_OPS
};
/** Added to the op: it happened in an interrupt. */
#define MM_TRACE_INTERRUPT 0x80U

struct mm_trace_event {
	uint64_t seq;     /* of all CPUs' events, from 0 */
	uint64_t time;    /* cpu_time() */
	uintptr_t caller; /* return address of the entry point */
	uint64_t pfn;     /* of the block's first page; 0 where there is no block */
	uint32_t gfp;     /* of a request, else 0 */
	int16_t nid;      /* node of the first zone that was to be asked, else -1 */
	uint8_t op;       /* enum mm_trace_op */
	uint8_t order;
};

struct mm_trace_ring {
	_Alignas(64) uint64_t total; /* events since it was emptied; those over `size` are lost */
	uint32_t next;               /* where the next event goes */
	struct mm_trace_event *event;
};

struct mm_trace {
	_Alignas(64) uint64_t seq;  /* of the next event; atomic */
	_Alignas(64) uint32_t size; /* events of a ring */
	uint32_t nr_rings;          /* one for each CPU, by id */
	unsigned int order;         /* of a ring's block */
	bool complete;              /* every CPU notes its events; atomic */
	struct mm_trace_ring ring[];
};

/**
 * How many events each ring is to hold, at least; before the level is first switched on. False if
 * it is too late for that, or more than a block can hold.
 */
bool mm_trace_set_size(struct mm *mm, unsigned long events);

/** Events that are kept of all CPUs, and those that were overwritten. Snapshots. */
unsigned long mm_trace_kept(const struct mm *mm);
unsigned long mm_trace_lost(const struct mm *mm);

/**
 * Print the machine and all events that are kept, as docs/trace.md has it. Switch the level off
 * first: what is overwritten while it is printed would come out torn. Nothing if there is no trace.
 */
void show_trace(const struct mm *mm);

#endif
