/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor binary interface: calls into the firmware.
 */
#ifndef RISCV64_SBI_H
#define RISCV64_SBI_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/pfn.h>

/** Find out what the firmware offers; once, before anything else here but the console. */
void sbi_init(void);

/** Raise this hart's timer interrupt at `time`; UINT64_MAX: never. Clears one that is pending. */
void sbi_set_timer(uint64_t time);

/** Raise the software interrupt of one hart. Returns 0 or a negative error. */
long sbi_send_ipi(uint64_t hwid);

/**
 * Start a hart at physical address `start`, paging off, with a0 = hart id and a1 = `opaque`.
 * Returns 0 once the firmware has accepted it, or a negative error.
 */
long sbi_hart_start(uint64_t hwid, phys_addr_t start, uint64_t opaque);

#endif
