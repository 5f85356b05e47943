/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap entry and exit. All traps come from EL1 on its own sp; everything stays masked throughout.
 *
 * Source: Arm ARM DDI 0487, D1.3 (exceptions; the vector table's offsets).
 */
#include "asm.h"

	.cfi_sections .debug_frame
	.text

/*
 * In: TPIDR_EL1 the CPU's struct core; anything else may be anything, sp included. TPIDRRO_EL0, which
 * nothing else uses, holds x0 for the moment.
 */
	.globl	trap_vectors
	.balign	2048
trap_vectors:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	128
	msr	tpidrro_el0, x0
	mrs	x0, tpidr_el1
	stp	x1, x2, [x0, #CORE_SCRATCH]
	mov	x1, #\kind
	str	x1, [x0, #CORE_KIND]
	b	trap_entry
	.endr

/*
 * An sp that is not on the CPU's stack, or has less than TRAP_MARGIN left there, has run over or is
 * about to: the frame then goes to the top of the emergency stack.
 *
 * Out: trap_handler(sp = x0 = struct trap_frame), then back to what was interrupted.
 */
	.balign	4
trap_entry:
	.cfi_startproc
	.cfi_signal_frame
	ldr	x2, [x0, #CORE_STACK_LOW]
	mov	x1, sp
	sub	x2, x1, x2
	sub	x2, x2, #TRAP_MARGIN	/* wraps around to huge below the margin */
	ldr	x1, [x0, #CORE_STACK_ROOM]
	cmp	x2, x1
	mov	x1, sp
	b.hi	1f
	sub	x2, x1, #FRAME_BYTES
	and	x2, x2, #~15
	b	2f
1:	ldr	x2, [x0, #CORE_EMERGENCY_TOP]
	sub	x2, x2, #FRAME_BYTES
2:	mov	sp, x2
	.cfi_def_cfa sp, 0
	str	x1, [sp, #FRAME_SP]
	stp	x3, x4, [sp, #FRAME_X(3)]
	stp	x5, x6, [sp, #FRAME_X(5)]
	stp	x7, x8, [sp, #FRAME_X(7)]
	stp	x9, x10, [sp, #FRAME_X(9)]
	stp	x11, x12, [sp, #FRAME_X(11)]
	stp	x13, x14, [sp, #FRAME_X(13)]
	stp	x15, x16, [sp, #FRAME_X(15)]
	stp	x17, x18, [sp, #FRAME_X(17)]
	stp	x19, x20, [sp, #FRAME_X(19)]
	stp	x21, x22, [sp, #FRAME_X(21)]
	stp	x23, x24, [sp, #FRAME_X(23)]
	stp	x25, x26, [sp, #FRAME_X(25)]
	stp	x27, x28, [sp, #FRAME_X(27)]
	stp	x29, x30, [sp, #FRAME_X(29)]
	stp	q0, q1, [sp, #FRAME_Q(0)]
	stp	q2, q3, [sp, #FRAME_Q(2)]
	stp	q4, q5, [sp, #FRAME_Q(4)]
	stp	q6, q7, [sp, #FRAME_Q(6)]
	stp	q8, q9, [sp, #FRAME_Q(8)]
	stp	q10, q11, [sp, #FRAME_Q(10)]
	stp	q12, q13, [sp, #FRAME_Q(12)]
	stp	q14, q15, [sp, #FRAME_Q(14)]
	stp	q16, q17, [sp, #FRAME_Q(16)]
	stp	q18, q19, [sp, #FRAME_Q(18)]
	stp	q20, q21, [sp, #FRAME_Q(20)]
	stp	q22, q23, [sp, #FRAME_Q(22)]
	stp	q24, q25, [sp, #FRAME_Q(24)]
	stp	q26, q27, [sp, #FRAME_Q(26)]
	stp	q28, q29, [sp, #FRAME_Q(28)]
	stp	q30, q31, [sp, #FRAME_Q(30)]
	ldp	x3, x4, [x0, #CORE_SCRATCH]
	ldr	x5, [x0, #CORE_KIND]
	mrs	x6, tpidrro_el0
	stp	x6, x3, [sp, #FRAME_X(0)]
	str	x4, [sp, #FRAME_X(2)]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	mrs	x3, esr_el1
	mrs	x4, far_el1
	stp	x1, x2, [sp, #FRAME_ELR]
	stp	x3, x4, [sp, #FRAME_ESR]
	str	x5, [sp, #FRAME_KIND]
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	x1, [sp, #FRAME_FPSR]
	str	x2, [sp, #FRAME_FPCR]

	/* For the debugger: where everything of the interrupted function is now. */
	.cfi_return_column 32
	.cfi_offset 32, FRAME_ELR
	.cfi_offset sp, FRAME_SP
	.irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	.cfi_offset x\n, FRAME_X(\n)
	.endr

	mov	x0, sp
	bl	trap_handler

	ldp	x1, x2, [sp, #FRAME_ELR]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldr	x1, [sp, #FRAME_FPSR]
	ldr	x2, [sp, #FRAME_FPCR]
	msr	fpsr, x1
	msr	fpcr, x2
	ldp	q0, q1, [sp, #FRAME_Q(0)]
	ldp	q2, q3, [sp, #FRAME_Q(2)]
	ldp	q4, q5, [sp, #FRAME_Q(4)]
	ldp	q6, q7, [sp, #FRAME_Q(6)]
	ldp	q8, q9, [sp, #FRAME_Q(8)]
	ldp	q10, q11, [sp, #FRAME_Q(10)]
	ldp	q12, q13, [sp, #FRAME_Q(12)]
	ldp	q14, q15, [sp, #FRAME_Q(14)]
	ldp	q16, q17, [sp, #FRAME_Q(16)]
	ldp	q18, q19, [sp, #FRAME_Q(18)]
	ldp	q20, q21, [sp, #FRAME_Q(20)]
	ldp	q22, q23, [sp, #FRAME_Q(22)]
	ldp	q24, q25, [sp, #FRAME_Q(24)]
	ldp	q26, q27, [sp, #FRAME_Q(26)]
	ldp	q28, q29, [sp, #FRAME_Q(28)]
	ldp	q30, q31, [sp, #FRAME_Q(30)]
	ldp	x3, x4, [sp, #FRAME_X(3)]
	ldp	x5, x6, [sp, #FRAME_X(5)]
	ldp	x7, x8, [sp, #FRAME_X(7)]
	ldp	x9, x10, [sp, #FRAME_X(9)]
	ldp	x11, x12, [sp, #FRAME_X(11)]
	ldp	x13, x14, [sp, #FRAME_X(13)]
	ldp	x15, x16, [sp, #FRAME_X(15)]
	ldp	x17, x18, [sp, #FRAME_X(17)]
	ldp	x19, x20, [sp, #FRAME_X(19)]
	ldp	x21, x22, [sp, #FRAME_X(21)]
	ldp	x23, x24, [sp, #FRAME_X(23)]
	ldp	x25, x26, [sp, #FRAME_X(25)]
	ldp	x27, x28, [sp, #FRAME_X(27)]
	ldp	x29, x30, [sp, #FRAME_X(29)]
	/* x0 to x2 are read by x0, as sp is the interrupted one's by then. */
	mov	x0, sp
	ldr	x1, [x0, #FRAME_SP]
	mov	sp, x1
	ldp	x1, x2, [x0, #FRAME_X(1)]
	ldr	x0, [x0, #FRAME_X(0)]
	eret
	.cfi_endproc
