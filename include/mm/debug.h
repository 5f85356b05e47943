/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debugging levels: what the allocator does besides, to find misuse that no cheap check can see.
 *
 * Each is off at first, and switched while the machine runs:
 *
 *	mm_debug_set(mm, MM_DEBUG_OWNER | MM_DEBUG_POISON, true);
 *
 * mm->debug says what is on. It is copied into every CPU's mm_cpu.switches, the word that the fast
 * paths test anyway; a CPU whose word is not 0 runs the out-of-line bodies, which are made from the
 * same source with `debug` in their request, and those call mm/debug.c. So a level that is off
 * costs nothing, and the next level adds nothing to the fast paths either.
 *
 * To add a level:
 *
 *	1. give it a bit, MM_DEBUG_*, below, and a row in mm_debug_levels[] (mm/debug.c): its name,
 *	   its help, and what has to be done when it is switched, if anything (take memory)
 *	2. call its code in one of the hooks of mm/debug.c: debug_alloc() when a request begins,
 *	   debug_take() for a block that was free, debug_taken() when it is its new owner's,
 *	   debug_freed() when it is nobody's any more
 *
 * The boot argument debug=NAME,NAME and the command `debug NAME on|off` go by the table.
 */
#ifndef MM_DEBUG_H
#define MM_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <mm/page.h>

struct mm;

/* Bits of mm->debug. Those of MM_SWITCH_DEBUG are in mm_cpu.switches too: see <mm/mmzone.h>. */
#define MM_DEBUG_OWNER      0x0010U /* who allocated and freed each page: <mm/page_owner.h> */
#define MM_DEBUG_POISON     0x0020U /* fill what is freed; writes to it are found later */
#define MM_DEBUG_QUARANTINE 0x0040U /* what is freed waits before it is handed out again */
#define MM_DEBUG_UNMAP      0x0080U /* what is freed is not mapped: an access traps */
#define MM_DEBUG_CONTEXT    0x0100U /* is every caller where it may be? */
#define MM_DEBUG_FAULT      0x0200U /* requests that fail on purpose: <mm/fault.h> */
#define MM_DEBUG_TRACE      0x0400U /* a ring of events of each CPU: <mm/trace.h> */
/* Of no concern to single pages: MM_SWITCH_BLOCKS. */
#define MM_DEBUG_TAILS 0x10000U /* look at every page of a block, not at its head alone */
/* Of no concern to the caches, and so in mm->debug alone. */
#define MM_DEBUG_LISTS 0x20000U /* look at the links of a free list before they are followed */
#define MM_DEBUG_LOCKS 0x40000U /* how long is each zone's lock held? */

/** A row of the table of levels. */
struct mm_debug_level {
	unsigned int bit;
	const char *name, *help;
	/**
	 * Before any CPU knows that it is to be on. Returns 0, or a negative error after a line
	 * that says what: then it stays off. NULL: nothing to do, here and below.
	 */
	int (*prepare)(struct mm *mm);
	/** When all CPUs know that it is on, or off. */
	void (*changed)(struct mm *mm, bool on);
};
extern const struct mm_debug_level mm_debug_levels[];
extern const unsigned int nr_mm_debug_levels;

/** The levels that are on, MM_DEBUG_*. Any context. */
unsigned int mm_debug(const struct mm *mm);

/** The level of that name (`length` characters of it), or NULL. */
const struct mm_debug_level *mm_debug_find(const char *name, size_t length);

/**
 * Switch levels on or off, on all CPUs, and wait until each has noticed. Calls that are under way
 * end as they have begun. One caller at a time, in a thread with interrupts on; before the other
 * CPUs are started, in any state.
 *
 * Returns 0; or, with a line that says what, -MM_ENOMEM or -MM_EINVAL: that level is off then,
 * and so are those behind it in the table that were to be switched on.
 */
int mm_debug_set(struct mm *mm, unsigned int levels, bool on);

/**
 * Poisoned pages that are free: is what was written into them still there? A line and a report for
 * each page that has changed (the first 16). Returns how many. Nobody may be allocating.
 */
unsigned long mm_check_poison(struct mm *mm);

/**
 * For the handler of page faults: the instruction at `pc` wanted to read (write) `addr`, and that
 * is not mapped. True: something is now, and the access may be tried again; if it was to a free
 * page (MM_DEBUG_UNMAP) or to a descriptor that is not there, that was misuse and has been
 * reported. False: it is none of the core's business. Any context.
 */
bool mm_fault(const void *addr, bool write, const void *pc);

#endif
