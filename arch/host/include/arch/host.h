/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux process posing as a machine: what its tests use beyond the port contract.
 */
#ifndef ARCH_HOST_H
#define ARCH_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <port/report.h>

struct mm_cpu;
struct page;

/** CPU ids of a machine whose CPUs are threads; others may have more. */
#define HOST_MAX_CPUS 64U

/** One machine's windows: lazily backed, [0, bytes) of physical memory and its descriptors. */
struct host_machine {
	char *memory;              /* linear address of physical 0 */
	char *boot_memory;         /* the window before host_machine_switch_memory(), or NULL */
	size_t bytes;              /* of physical addresses covered */
	struct page *mem_map;      /* descriptor of pfn 0; not accessible until populated */
	unsigned char *unmapped;   /* by pfn, not 0: not mapped; NULL: the map is not split */
	bool whole_map;            /* it can not be */
	unsigned int adopted;      /* calls of linear_map_adopt() */
	unsigned int lent;         /* mem_map_lend() less mem_map_take_back() */
	int shared_map;            /* file behind all descriptors, or -1: each its own */
	void (*on_populate)(void); /* called by mem_map_populate() before it returns; or NULL */
	/* Threads that are a CPU, a pthread_t by CPU id; 0: none is. */
	_Atomic unsigned long thread[HOST_MAX_CPUS];
};

/** The machine that the calling thread runs on; host_machine_enter() sets it. */
struct host_machine *host_machine(void);
void host_machine_enter(struct host_machine *machine);

/** Make the windows for physical addresses below `bytes`; ends the process if there is no room. */
void host_machine_create(struct host_machine *machine, size_t bytes);
void host_machine_destroy(struct host_machine *machine);

/**
 * Put the same 2 MiB behind all descriptors that are populated from now on: for a machine that is
 * only looked at and may be larger than what the host has room for. What is written to one
 * descriptor shows up in others, so its pages must not be freed, nor allocated, nor checked.
 */
void host_machine_share_map(struct host_machine *machine);

/**
 * Give the machine a fresh, empty memory window; what has been allocated in the old one stays
 * where its pointers say. Lets a fixture own every page: build it, switch, hand all over.
 */
void host_machine_switch_memory(struct host_machine *machine);

/** Let this thread be `cpu` from now on; returns whom it was before. */
struct mm_cpu *host_become(struct mm_cpu *cpu);

/**
 * Let interrupts come to this thread, which stays this_cpu until host_cpu_unregister(): a signal
 * SIGUSR1, which smp_kick() sends and the caller's timer may, runs `tick` (NULL: nothing) and then
 * mm_cpu_interrupt(). One that comes while interrupts are off is dropped, like a tick that is
 * late; so a CPU that others wait for needs a timer.
 */
void host_cpu_register(void (*tick)(void));
void host_cpu_unregister(void);

/** Where print() goes while nothing is captured; at first stdout. */
void host_print_to(FILE *file);

/** Keep what print() prints from now on; host_print_captured() is all of it so far. */
void host_print_capture_start(void);
const char *host_print_captured(void);
/** Stop keeping; print() goes to stdout again. */
void host_print_capture_stop(void);

/** The last misuse that was reported (kind NR_MISUSE: none since the reset), and how many. */
struct misuse_report host_last_misuse(void);
unsigned int host_misuse_count(void);
void host_misuse_reset(void);

#endif
