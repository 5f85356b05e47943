/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers filled and compared, for `selftest registers`. Of each value all bits depend on the
 * seed, and no two registers have the same.
 */
#include "asm.h"

/* After what context_switch() would push. */
#define SAVED_SEED  SWITCH_BYTES
#define SAVED_BYTES (SWITCH_BYTES + 16)

	.cfi_sections .debug_frame
	.text

	.macro	kept op
	\op	ra, SWITCH_RA(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	\op	s\n, SWITCH_S(\n)(sp)
	.endr
	.endm

	/* Count in a1 whether xN is what it was. Clobbers t0. */
	.macro	check n
	addi	t0, a0, \n
	xor	t0, t0, x\n
	snez	t0, t0
	add	a1, a1, t0
	.endm

/*
 * unsigned int arch_hold_registers(seed, counter, until): a0 (x10), a1, a2. t0 (x5) is what the
 * loop needs; sp, gp and tp keep their own.
 */
	.globl	arch_hold_registers
	.balign	4
arch_hold_registers:
	.cfi_startproc
	addi	sp, sp, -SAVED_BYTES
	.cfi_def_cfa_offset SAVED_BYTES
	kept	sd
	.cfi_offset ra, SWITCH_RA - SAVED_BYTES
	.irp	n, 1, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30, 31
	addi	x\n, a0, \n
	.endr
1:	ld	t0, (a1)
	bltu	t0, a2, 1b
	li	a1, 0
	.irp	n, 1, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30, 31
	check	\n
	.endr
	kept	ld
	mv	a0, a1
	addi	sp, sp, SAVED_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc

/* unsigned int arch_call_with_registers(seed, fn): a0, a1. */
	.globl	arch_call_with_registers
	.balign	4
arch_call_with_registers:
	.cfi_startproc
	addi	sp, sp, -SAVED_BYTES
	.cfi_def_cfa_offset SAVED_BYTES
	kept	sd
	.cfi_offset ra, SWITCH_RA - SAVED_BYTES
	sd	a0, SAVED_SEED(sp)
	.irp	n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	addi	x\n, a0, \n
	.endr
	jalr	a1
	ld	a0, SAVED_SEED(sp)
	li	a1, 0
	.irp	n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	check	\n
	.endr
	kept	ld
	mv	a0, a1
	addi	sp, sp, SAVED_BYTES
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
