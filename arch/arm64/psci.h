/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power state coordination interface: calls into the firmware. And semihosting, a debugger's.
 */
#ifndef ARM64_PSCI_H
#define ARM64_PSCI_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/pfn.h>
#include "core.h"

/** Note the exception level that the firmware left us in; before anything else here. */
void psci_init(unsigned int entered_at);

/** The level that psci_init() was given. */
unsigned int psci_entered_at(void);

/**
 * Start a CPU at physical address `start`, MMU off, with x0 = `context`. Returns 0 once the
 * firmware has accepted it, or a negative error.
 */
long psci_cpu_on(uint64_t hwid, phys_addr_t start, uint64_t context);

/** Send text to a debugger that takes semihosting calls; without one nothing happens. */
void semihosting_write(const char *text, unsigned int length);

/** The machine ends: text that is kept still goes where it can be seen. console.c. */
void console_last_resort(void);

/**
 * True for the trap of a semihosting call that nobody serves: it then goes on behind the call, with
 * a failure for its result.
 */
bool semihosting_refused(struct trap_frame *frame);

#endif
