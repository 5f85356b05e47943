/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: a dump of the target's trace, made to happen again on a machine that this process poses
 * as. docs/trace.md says what is checked, and what can not be.
 */
#ifndef ARCH_HOST_REPLAY_H
#define ARCH_HOST_REPLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <arch/host.h>
#include <mm/mm.h>

#define REPLAY_MAX_CPUS  HOST_MAX_CPUS
#define REPLAY_MAX_NODES 64U

/** An event of the dump, and what came of it here. */
struct replay_event {
	struct mm_trace_event of;
	unsigned int cpu;
	unsigned int in_interrupt;
	size_t from;  /* number of the event that handed out its block, plus 1; 0: none known */
	size_t split; /* of an allocation, or of what frees it: the event that split it, plus 1 */
	struct page *_Atomic page; /* an allocation's */
	atomic_bool done;
};

struct replay {
	/* The machine of the dump. */
	unsigned int nr_cpus, nr_nodes;
	unsigned long min_free_kbytes;
	struct zone_layout layout;
	int cpu_nid[REPLAY_MAX_CPUS];
	unsigned char distance[REPLAY_MAX_NODES][REPLAY_MAX_NODES];
	struct memblock banks; /* as they are, and what is reserved in them */

	/* Its events, by number; `event[0].of.seq` is the first that all rings still have. */
	struct replay_event *event;
	size_t nr;
	uint64_t first;     /* seq */
	uint64_t hz;        /* of their times */
	unsigned long lost; /* overwritten, and those that are left out for it */

	/* The machine here. */
	struct mm mm;
	struct memblock memblock;
	struct host_machine host;
	struct mm_cpu boot_cpu;
	bool built;
	unsigned long free_pages; /* before the first event */
	/* By pfn: the number of the event whose block has the page, plus 1; 0: none. */
	_Atomic(uint32_t) *held;

	/* How it went. */
	bool threads; /* each CPU is one; else they are taken in turn, by number */
	atomic_bool diverged;
	atomic_size_t served, missing, extra, unknown; /* see replay_print() */
};

/** Read a dump; false after a line that says what is wrong with it, by line or by event. */
bool replay_load(struct replay *r, FILE *file);

/** Build the machine. False after a line that says why not. */
bool replay_build(struct replay *r);

/** All events, and the checks; false after a line that says where it diverged. */
bool replay_run(struct replay *r);

/** What was replayed, for people. */
void replay_print(const struct replay *r);

/** Give back what the others took. */
void replay_end(struct replay *r);

/** Say what is wrong, with the event (NULL: none); and that it has diverged. To stderr. */
void replay_diverge(struct replay *r, const struct replay_event *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
