/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one thread's stack to another's.
 */
#include "asm.h"

	.cfi_sections .debug_frame
	.text

/*
 * void context_switch(uintptr_t *from_sp, uintptr_t to_sp): x0, x1. Interrupts off.
 *
 * Pushes what a callee has to keep, stores sp to *from_sp, takes to_sp for sp, and pops the same.
 * TPIDR_EL0 and TPIDR_EL1 are the CPU's: neither changes. Both stacks look alike at the switch, so
 * what is said to the debugger holds on either side.
 */
	.globl	context_switch
	.balign	4
context_switch:
	.cfi_startproc
	sub	sp, sp, #SWITCH_BYTES
	.cfi_def_cfa_offset SWITCH_BYTES
	stp	x19, x20, [sp, #SWITCH_X(19)]
	stp	x21, x22, [sp, #SWITCH_X(21)]
	stp	x23, x24, [sp, #SWITCH_X(23)]
	stp	x25, x26, [sp, #SWITCH_X(25)]
	stp	x27, x28, [sp, #SWITCH_X(27)]
	stp	x29, x30, [sp, #SWITCH_X(29)]
	stp	d8, d9, [sp, #SWITCH_D(8)]
	stp	d10, d11, [sp, #SWITCH_D(10)]
	stp	d12, d13, [sp, #SWITCH_D(12)]
	stp	d14, d15, [sp, #SWITCH_D(14)]
	.irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	.cfi_offset x\n, SWITCH_X(\n) - SWITCH_BYTES
	.endr
	mov	x2, sp
	str	x2, [x0]
	mov	sp, x1
	ldp	x19, x20, [sp, #SWITCH_X(19)]
	ldp	x21, x22, [sp, #SWITCH_X(21)]
	ldp	x23, x24, [sp, #SWITCH_X(23)]
	ldp	x25, x26, [sp, #SWITCH_X(25)]
	ldp	x27, x28, [sp, #SWITCH_X(27)]
	ldp	x29, x30, [sp, #SWITCH_X(29)]
	ldp	d8, d9, [sp, #SWITCH_D(8)]
	ldp	d10, d11, [sp, #SWITCH_D(10)]
	ldp	d12, d13, [sp, #SWITCH_D(12)]
	ldp	d14, d15, [sp, #SWITCH_D(14)]
	add	sp, sp, #SWITCH_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc

/*
 * Where a new context "returns" to: x29 0 (no caller), x19 the entry, x20 its argument.
 */
	.globl	context_start
	.balign	4
context_start:
	.cfi_startproc
	.cfi_undefined x30
	msr	daifclr, #4		/* the one it was switched to by may be inside a trap */
	mov	x0, x20
	blr	x19
	udf	#0			/* it must not return; and a call does not end a function */
	.cfi_endproc
