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
 * True for the trap of a call, PSCI's or semihosting, that nobody takes: it then goes on behind the
 * call, with -1 for its result, which PSCI has for what is not supported.
 */
bool call_refused(struct trap_frame *frame);

#endif
