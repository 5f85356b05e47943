/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, runtime half: where faults go.
 */
#ifndef PORT_REPORT_H
#define PORT_REPORT_H

#include <stdint.h>

struct page;

/** Kinds of misuse and corruption; names by misuse_name(). */
enum misuse {
	MISUSE_DOUBLE_FREE,      /* the page is free already */
	MISUSE_WRONG_ORDER,      /* allocated with another order */
	MISUSE_NOT_ALLOCATED,    /* a tail, or never handed out */
	MISUSE_RESERVED,         /* PG_reserved, or a hole */
	MISUSE_BAD_ADDRESS,      /* no page has that address */
	MISUSE_ZERO_COUNT,       /* a reference dropped that nobody held */
	MISUSE_SHARED,           /* split although others hold it too */
	MISUSE_BAD_PAGE,         /* the descriptor does not add up */
	MISUSE_BAD_COMPOUND,     /* a compound page's parts do not belong together */
	MISUSE_BAD_GFP,          /* flags that exclude each other */
	MISUSE_BAD_NODE,         /* a node that is not online */
	MISUSE_ATOMIC_SLEEP,     /* would sleep where nobody may */
	MISUSE_ZONE_LOCKED,      /* called with the lock of the page's zone held */
	MISUSE_BAD_LIST,         /* a free list is linked wrongly */
	MISUSE_WRITE_AFTER_FREE, /* a free page is not as it was filled, or trapped */
	MISUSE_READ_AFTER_FREE,  /* a free page was read, and trapped */
	MISUSE_NO_DESCRIPTOR,    /* the page is no memory: its descriptor was used, and trapped */
	MISUSE_PAGE_LOCK,        /* page lock or writeback ended that was not begun */
	NR_MISUSE
};

/** One report. Valid during the call. */
struct misuse_report {
	enum misuse kind;
	const struct page *page; /* NULL if it is about none */
	unsigned int order;      /* the order that was asked for */
	const void *caller;      /* return address of the entry point */
};

/**
 * A fault has been printed: record it, or stop. Called once for each, in the context of the
 * faulty call, with no lock of the allocator held. May return: the operation is then refused.
 */
void report_misuse(const struct misuse_report *report);

/** Print the calls that led here, an address for each, as far as they can be told. Any context. */
void report_stack(void);

/**
 * Return addresses of the calls that led here, the innermost first, as far as they can be told: at
 * most `max`. Returns how many. Any context.
 */
unsigned int report_callers(uintptr_t *callers, unsigned int max);

/** Stop the machine with a message that ends in a dump and a failing status. Any context. */
_Noreturn void report_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * The two halves of it, for an exception that prints a dump of its own between them. The first
 * stops the other CPUs and gives the console to this one (it does not return on a CPU that comes
 * second, nor on one that faults again in its dump); the second powers off with status 1.
 */
void report_fatal_begin(void);
_Noreturn void report_fatal_end(void);

#endif
