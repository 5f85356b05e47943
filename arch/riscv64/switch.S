/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one thread's stack to another's.
 */
#include "asm.h"

	.cfi_sections .debug_frame
	.text

/*
 * void context_switch(uintptr_t *from_sp, uintptr_t to_sp): a0, a1. Interrupts off.
 *
 * Pushes what a callee has to keep, stores sp to *from_sp, takes to_sp for sp, and pops the same.
 * gp is the image's and tp the hart's: neither changes. Both stacks look alike at the switch, so
 * what is said to the debugger holds on either side.
 */
	.globl	context_switch
	.balign	4
context_switch:
	.cfi_startproc
	addi	sp, sp, -SWITCH_BYTES
	.cfi_def_cfa_offset SWITCH_BYTES
	sd	ra, SWITCH_RA(sp)
	sd	s0, SWITCH_S(0)(sp)
	.cfi_offset ra, SWITCH_RA - SWITCH_BYTES
	.cfi_offset s0, SWITCH_S(0) - SWITCH_BYTES
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	sd	s\n, SWITCH_S(\n)(sp)
	.cfi_offset s\n, SWITCH_S(\n) - SWITCH_BYTES
	.endr
	sd	sp, 0(a0)
	mv	sp, a1
	ld	ra, SWITCH_RA(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	ld	s\n, SWITCH_S(\n)(sp)
	.endr
	addi	sp, sp, SWITCH_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc

/*
 * Where a new context "returns" to: s0 0 (no caller), s1 the entry, s2 its argument.
 */
	.globl	context_start
	.balign	4
context_start:
	.cfi_startproc
	.cfi_undefined ra
	mv	a0, s2
	jalr	s1
	unimp				/* it must not return; and a call does not end a function */
	.cfi_endproc
