/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap entry and exit. All traps come from supervisor mode; interrupts stay masked throughout.
 */
#include "asm.h"

	.option	arch, +zicsr
	.cfi_sections .debug_frame
	.text

/* `op` on all registers but sp and the last three, which the entry parks. */
	.macro	each_register op
	\op	x1, FRAME_X(1)(sp)
	.irp	n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op	x\n, FRAME_X(\n)(sp)
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	\op	x\n, FRAME_X(\n)(sp)
	.endr
	.endm

/*
 * In: sscratch the hart's struct hart; anything else may be anything, sp included. An sp that is
 * not on the hart's stack, or has less than TRAP_MARGIN left there, has run over or is about to:
 * the frame then goes to the top of the emergency stack.
 *
 * Out: trap_handler(sp = a0 = struct trap_frame), then back to sepc.
 */
	.globl	trap_entry
	.balign	4
trap_entry:
	.cfi_startproc
	.cfi_signal_frame
	csrrw	t6, sscratch, t6
	sd	t4, HART_SCRATCH(t6)
	sd	t5, HART_SCRATCH + 8(t6)
	ld	t5, HART_STACK_LOW(t6)
	sub	t4, sp, t5
	addi	t4, t4, -TRAP_MARGIN	/* wraps around to huge below the margin */
	ld	t5, HART_STACK_ROOM(t6)
	bgtu	t4, t5, 1f
	addi	t5, sp, -FRAME_BYTES
	andi	t5, t5, -16
	j	2f
1:	ld	t5, HART_EMERGENCY_TOP(t6)
	addi	t5, t5, -FRAME_BYTES
2:	sd	sp, FRAME_X(2)(t5)
	mv	sp, t5
	.cfi_def_cfa sp, 0
	each_register sd
	ld	t0, HART_SCRATCH(t6)
	ld	t1, HART_SCRATCH + 8(t6)
	sd	t0, FRAME_X(29)(sp)
	sd	t1, FRAME_X(30)(sp)
	csrrw	t0, sscratch, t6	/* t6 of the interrupted code; sscratch is whole again */
	sd	t0, FRAME_X(31)(sp)
	csrr	t0, sepc
	csrr	t1, sstatus
	csrr	t2, scause
	csrr	t3, stval
	sd	t0, FRAME_SEPC(sp)
	sd	t1, FRAME_SSTATUS(sp)
	sd	t2, FRAME_SCAUSE(sp)
	sd	t3, FRAME_STVAL(sp)

	/* For the debugger: where everything of the interrupted function is now. */
	.cfi_return_column 64
	.cfi_offset 64, FRAME_SEPC
	.cfi_offset ra, FRAME_X(1)
	.cfi_offset sp, FRAME_X(2)
	.cfi_offset s0, FRAME_X(8)
	.cfi_offset s1, FRAME_X(9)
	.cfi_offset s2, FRAME_X(18)
	.cfi_offset s3, FRAME_X(19)
	.cfi_offset s4, FRAME_X(20)
	.cfi_offset s5, FRAME_X(21)
	.cfi_offset s6, FRAME_X(22)
	.cfi_offset s7, FRAME_X(23)
	.cfi_offset s8, FRAME_X(24)
	.cfi_offset s9, FRAME_X(25)
	.cfi_offset s10, FRAME_X(26)
	.cfi_offset s11, FRAME_X(27)

	.option	push
	.option	norelax
	lla	gp, __global_pointer$
	.option	pop
	mv	a0, sp
	call	trap_handler

	ld	t0, FRAME_SEPC(sp)
	ld	t1, FRAME_SSTATUS(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	each_register ld
	ld	x29, FRAME_X(29)(sp)
	ld	x30, FRAME_X(30)(sp)
	ld	x31, FRAME_X(31)(sp)
	ld	sp, FRAME_X(2)(sp)
	sret
	.cfi_endproc
