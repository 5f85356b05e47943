/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debugging level `unmap` needs of the machine: harts that change to other tables, faults
 * at pages that are unmapped, and harts that forget what they remember of them.
 *
 * Owns `waiting`, an atomic counter. A remote fence is a call into the firmware that interrupts
 * every hart, so it is made once for many pages: until then other harts may read and write them.
 *
 * Source: Privileged Architecture 1.12, 4.1.8 (scause), 4.2.1 (sfence.vma).
 */
#include <mm/debug.h>
#include <port/mem.h>
#include <arch/csr.h>
#include "hart.h"
#include "paging.h"
#include "sbi.h"
#include "tables.h"

#define LOAD_PAGE_FAULT  13U
#define STORE_PAGE_FAULT 15U

/* Pages that are unmapped before the other harts are told. */
#define REMOTE_BATCH 64U

static unsigned long waiting;

void linear_map_forget(uintptr_t va, unsigned long nr)
{
	tlb_forget(va, nr * PAGE_SIZE);
	if (__atomic_add_fetch(&waiting, nr, __ATOMIC_RELAXED) < REMOTE_BATCH)
		return;
	__atomic_store_n(&waiting, 0, __ATOMIC_RELAXED);
	sbi_remote_fence();
}

/* Both sets of tables map the same, so a hart may use either until the fence. */
void linear_map_adopt(void)
{
	csr_write(satp, paging_satp());
	sfence_vma();
}

bool unmapped_access(const struct trap_frame *frame)
{
	const bool write = frame->scause == STORE_PAGE_FAULT;

	if (!write && frame->scause != LOAD_PAGE_FAULT)
		return false;
	if (!mm_fault((const void *)frame->stval, write, (const void *)frame->sepc))
		return false;
	/* Another hart may have mapped it, and this one may remember that it was not. */
	tlb_forget(frame->stval, PAGE_SIZE);
	return true;
}
