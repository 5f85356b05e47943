/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debugging level `unmap` needs of the machine: faults at pages that are unmapped, and
 * CPUs that forget what they remember of them. Here all forget at once, by an instruction.
 *
 * Owns nothing. Source: Arm ARM DDI 0487, D17.2.37 (ESR_EL1), D8.14.
 */
#include <mm/debug.h>
#include "core.h"
#include "paging.h"
#include "tables.h"

/* Translation fault; the two lowest bits are the level of the table. */
#define FAULT_TRANSLATION 0x04U
#define FAULT_LEVEL       0x03U

/* With more pages than this it is quicker to forget all there is. */
#define FORGET_SINGLY 64U

void linear_map_forget(uintptr_t va, unsigned long nr)
{
	if (nr <= FORGET_SINGLY)
		tlb_forget(va, nr * PAGE_SIZE);
	else
		__asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
}

bool unmapped_access(const struct trap_frame *frame)
{
	const unsigned long esr = frame->esr;

	if (frame->kind != KIND_EL1H + KIND_SYNC || ESR_EC(esr) != EC_DATA_ABORT)
		return false;
	if ((ESR_FAULT(esr) & ~FAULT_LEVEL) != FAULT_TRANSLATION || ESR_FNV(esr))
		return false;
	return mm_fault((const void *)frame->far, ESR_WNR(esr), (const void *)frame->elr);
}
