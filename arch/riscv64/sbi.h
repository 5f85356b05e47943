/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor binary interface: calls into the firmware.
 */
#ifndef RISCV64_SBI_H
#define RISCV64_SBI_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/pfn.h>

/** What two registers hold after a call; the legacy calls use the first for their value. */
struct sbi_result {
	long error;
	unsigned long value;
};

enum { SBI_EXT_BASE = 0x10, SBI_EXT_DBCN = 0x4442434E };
enum { SBI_BASE_PROBE = 3 };

/** One call. Any context, paging on or off. */
struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
	unsigned long arg1, unsigned long arg2);

/** Ask the firmware whether it has an extension. As sbi_call(). */
bool sbi_has(unsigned long extension);

/** Find out what the firmware offers; once, before anything else here but the console. */
void sbi_init(void);

/**
 * Find out by what the firmware's console works. The first character does so by itself; this is
 * for firmware that has changed, as in a test.
 */
void sbi_console_probe(void);

/** Raise this hart's timer interrupt at `time`; UINT64_MAX: never. Clears one that is pending. */
void sbi_set_timer(uint64_t time);

/** Raise the software interrupt of one hart. Returns 0 or a negative error. */
long sbi_send_ipi(uint64_t hwid);

/** Have every hart forget its cached translations, and wait until they have. */
void sbi_remote_fence(void);

/**
 * Start a hart at physical address `start`, paging off, with a0 = hart id and a1 = `opaque`.
 * Returns 0 once the firmware has accepted it, or a negative error.
 */
long sbi_hart_start(uint64_t hwid, phys_addr_t start, uint64_t opaque);

#endif
