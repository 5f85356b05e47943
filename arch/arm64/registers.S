/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers filled and compared, for `selftest registers`. Of each value all bits depend on the
 * seed, and no two registers have the same.
 */
#include "asm.h"

/* Places of q registers' two halves among the values; xN is at N. */
#define LOW(n)  (64 + (n))
#define HIGH(n) (128 + (n))

/* FPSR: all flags; FPCR: rounding, flush to zero, default NaN. */
#define FPSR_FLAGS 0x0800009f
#define FPCR_MODES 0x03c00000

/* After what context_switch() would push: the seed, and FPSR and FPCR as they were. */
#define SAVED_SEED  SWITCH_BYTES
#define SAVED_FPSR  (SWITCH_BYTES + 8)
#define SAVED_FPCR  (SWITCH_BYTES + 16)
#define SAVED_BYTES (SWITCH_BYTES + 32)

	.cfi_sections .debug_frame
	.text

	.macro	kept op
	.irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	\op	x\n, [sp, #SWITCH_X(\n)]
	.endr
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	\op	d\n, [sp, #SWITCH_D(\n)]
	.endr
	.endm

	.macro	word reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #((\value) >> 16), lsl #16
	.endm

	.macro	fill reg, place
	add	\reg, x0, #\place
	.endm

	/* Count in x1 whether x3 is what it was. Clobbers x2. */
	.macro	check place
	add	x2, x0, #\place
	cmp	x3, x2
	cinc	x1, x1, ne
	.endm

	/* The same for a register of which that is all. */
	.macro	check_word reg, value
	mrs	x3, \reg
	word	x2, \value
	cmp	x3, x2
	cinc	x1, x1, ne
	.endm

/*
 * unsigned int arch_hold_registers(seed, counter, until): x0, x1, x2. x3 is what the loop needs.
 */
	.globl	arch_hold_registers
	.balign	4
arch_hold_registers:
	.cfi_startproc
	sub	sp, sp, #SAVED_BYTES
	.cfi_def_cfa_offset SAVED_BYTES
	kept	str
	.cfi_offset x30, SWITCH_X(30) - SAVED_BYTES
	mrs	x3, fpsr
	str	x3, [sp, #SAVED_FPSR]
	mrs	x3, fpcr
	str	x3, [sp, #SAVED_FPCR]
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	fill	x3, LOW(\n)
	fmov	d\n, x3
	fill	x3, HIGH(\n)
	mov	v\n\().d[1], x3
	.endr
	word	x3, FPSR_FLAGS
	msr	fpsr, x3
	word	x3, FPCR_MODES
	msr	fpcr, x3
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30
	fill	x\n, \n
	.endr
1:	ldr	x3, [x1]
	cmp	x3, x2
	b.lo	1b
	mov	x1, #0
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30
	mov	x3, x\n
	check	\n
	.endr
	check_word fpsr, FPSR_FLAGS
	check_word fpcr, FPCR_MODES
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	fmov	x3, d\n
	check	LOW(\n)
	mov	x3, v\n\().d[1]
	check	HIGH(\n)
	.endr
	ldr	x3, [sp, #SAVED_FPSR]
	msr	fpsr, x3
	ldr	x3, [sp, #SAVED_FPCR]
	msr	fpcr, x3
	kept	ldr
	mov	x0, x1
	add	sp, sp, #SAVED_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc

/* unsigned int arch_call_with_registers(seed, fn): x0, x1. */
	.globl	arch_call_with_registers
	.balign	4
arch_call_with_registers:
	.cfi_startproc
	sub	sp, sp, #SAVED_BYTES
	.cfi_def_cfa_offset SAVED_BYTES
	kept	str
	.cfi_offset x30, SWITCH_X(30) - SAVED_BYTES
	str	x0, [sp, #SAVED_SEED]
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	fill	x3, LOW(\n)
	fmov	d\n, x3
	.endr
	.irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	fill	x\n, \n
	.endr
	blr	x1
	ldr	x0, [sp, #SAVED_SEED]
	mov	x1, #0
	.irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	mov	x3, x\n
	check	\n
	.endr
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	fmov	x3, d\n
	check	LOW(\n)
	.endr
	kept	ldr
	mov	x0, x1
	add	sp, sp, #SAVED_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
