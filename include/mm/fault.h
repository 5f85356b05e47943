/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection: requests that get NULL although there is memory, to test who asks. A level of
 * <mm/debug.h>.
 *
 * Names, defaults and the order of the questions are those of Linux's fail_page_alloc
 * (Documentation/fault-injection); `seed` is ours, and makes a run repeat as far as the order of
 * requests does. A request fails in this order of questions:
 *
 *	order < min-order, or __GFP_NOFAIL                   never
 *	__GFP_WAIT while ignore-gfp-wait                     never
 *	the thread counts (fail-nth): is it the nth?         yes, or no, whatever else is set
 *	times is 0                                           no
 *	space is above the pages asked for                   no, and space is less by so many
 *	interval is above 1, and it is not the next nth      no
 *	else                                                 with a probability in percent
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mm;

/** What to inject; the numbers that count down do it here. */
struct mm_fault_attr {
	uint64_t interval;        /* of the requests that come so far, one in so many; 0 as 1 */
	uint64_t probability;     /* in percent; 0: none but by fail-nth */
	uint64_t space;           /* pages that are served first */
	int64_t times;            /* faults that are left; -1: no limit */
	uint64_t min_order;       /* smaller blocks are served */
	uint64_t ignore_gfp_wait; /* 1: who may sleep is served */
	uint64_t verbose;         /* 0: nothing is printed, 1: a line a fault, 2: and the stack */
	uint64_t seed;            /* of the choices by probability */
};

/** Linux's: 1 in 1, 0 %, once, orders above 0, for who may not sleep, with the stack. */
#define MM_FAULT_DEFAULTS                                                                     \
	{                                                                                     \
		.interval = 1, .times = 1, .min_order = 1, .ignore_gfp_wait = 1, .verbose = 2 \
	}

/** All of it, in struct mm. The counters never go back. */
struct mm_fault {
	struct mm_fault_attr attr; /* times and space are atomic; set while the level is off */
	uint64_t requests;         /* that came as far as the interval; atomic */
	uint64_t draws;            /* for the next choice; atomic */
	unsigned long injected;    /* requests that were failed, since boot; atomic */
};

/**
 * Inject by `attr` from now on; in probability 0 the level is only on for threads that count.
 * Context and result as of mm_debug_set(); -MM_EINVAL, after a line: probability is above 100.
 */
int mm_fault_set(struct mm *mm, const struct mm_fault_attr *attr);

/**
 * The running thread counts its own requests from here, and the nth fails; 0: it counts no more.
 * Not those in interrupts. Wants the level on (mm_fault_set()).
 */
void mm_fault_set_nth(unsigned int nth);

/** Requests that were failed since boot. */
unsigned long mm_fault_injected(const struct mm *mm);

/** Of these, those of this context: the running thread's, or this CPU's in interrupts. */
unsigned long mm_fault_injected_here(void);

/**
 * One "NAME=VALUE" of struct mm_fault_attr, `length` characters of it, with Linux's names (a minus
 * or an underscore between words): false, and nothing changed, if it is none.
 */
bool mm_fault_parse(struct mm_fault_attr *attr, const char *text, size_t length);

/** Linux's form of a boot argument: "interval,probability,space,times", all four. */
bool mm_fault_parse_list(struct mm_fault_attr *attr, const char *text);

/** Some lines: what is injected, and what has been. */
void show_fault(const struct mm *mm);

#endif
