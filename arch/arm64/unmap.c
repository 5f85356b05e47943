/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debugging level `unmap` needs of the machine: CPUs that change to other tables, faults
 * at pages that are unmapped, and CPUs that forget what they remember of them. Here all forget at
 * once, by an instruction.
 *
 * Owns nothing. Source: Arm ARM DDI 0487, D17.2.37 (ESR_EL1), D8.14 (break before make, too).
 */
#include <mm/debug.h>
#include <port/irq.h>
#include <port/mem.h>
#include <arch/sysreg.h>
#include "core.h"
#include "image.h"
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

/*
 * A CPU must not know an address by leaves of two sizes, so it has an empty table in between, and
 * runs where TTBR0 has the code, as when it was started.
 */
void linear_map_adopt(void)
{
	const irq_flags_t flags = irq_save();

	sysreg_write(ttbr0_el1, early_ttbr0());
	isb();
	switch_ttbr1(paging_root(), image_to_phys(empty_table),
		(uintptr_t)_start - image_to_phys(_start));
	drop_ttbr0();
	irq_restore(flags);
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
