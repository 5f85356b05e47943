/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of the boot hart and of every other one, up to the first C function that
 * runs at its link address.
 *
 * Until paging is on everything is addressed relative to pc, so the image may lie at any physical
 * multiple of 2 MiB. Both paths switch in the same way: stvec points at the virtual address where
 * to go on; if the instruction after the write of satp is not mapped any more, its fetch traps
 * there, and if it is, it jumps there.
 *
 * A hart may come by a way that was not meant for it: OpenSBI 1.1 tells a hart that it is to start
 * before it writes down where and with what, so one that looks at that moment goes with the old
 * address, or the old a1: those of the boot hart. So the first one here boots, all others go the
 * way of those that have been started, and that relies on the hart id alone.
 *
 * Source: RISC-V boot image header 0.2; SBI 0.3 HSM; Privileged Architecture 1.12, 4.2.1.
 */
#include "asm.h"

#define HSM      0x48534d
#define HSM_STOP 1

	.data
	.balign	4
boot_taken:				/* not in bss, which the boot hart clears */
	.word	0

	.option	arch, +zicsr
	.option	norelax
	.cfi_sections .debug_frame
	.section .head.text, "ax"

/*
 * In: a0 hart id, a1 physical address of the device tree, satp 0, interrupts off. Any hart. The
 * first 64 bytes are also the header by which loaders know a flat image.
 */
	.globl	_start
_start:
	.cfi_startproc
	.cfi_undefined ra
	.option	push
	.option	norvc
	j	boot
	nop
	.option	pop
	.dword	0x400000		/* offset of the image from the start of memory: image.lds */
	.dword	image_bytes
	.dword	0			/* flags: little-endian */
	.word	2			/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0

boot:
	csrw	sie, zero
	lla	t0, boot_taken
	li	t1, 1
	amoswap.w.aqrl	t1, t1, (t0)
	bnez	t1, secondary_start
	lla	gp, __global_pointer$	/* physical for now, as sp */
	mv	s1, a0
	mv	s2, a1
	lla	t0, bss_start
	lla	t1, bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:	lla	sp, boot_stack_top
	li	s0, 0
	lla	a0, _start
	call	early_paging		/* a0: satp */
	li	t0, IMAGE_BASE
	lla	t1, _start
	sub	t0, t0, t1		/* from physical to virtual */
	lla	t1, 3f
	add	t1, t1, t0
	csrw	stvec, t1
	sfence.vma
	csrw	satp, a0
	jr	t1
	.balign	4
3:	sfence.vma
	lla	gp, __global_pointer$
	lla	sp, boot_stack_top
	lla	tp, boot_tls
	lla	t0, boot_hart
	csrw	sscratch, t0
	lla	t0, trap_entry
	csrw	stvec, t0
	li	s0, 0
	li	ra, 0
	mv	a0, s1
	mv	a1, s2
	call	boot_main		/* not to return; a call, so that a debugger ends here */
	.cfi_endproc

/*
 * In: a0 hart id, satp 0, interrupts off; from the firmware's hart_start. The page tables are the
 * final ones, which do not map this code here. A hart that nobody started is stopped again.
 */
	.globl	secondary_start
	.balign	4
secondary_start:
	.cfi_startproc
	.cfi_undefined ra
	csrw	sie, zero
	fence	rw, rw
	lla	t0, start_records
	li	t1, MAX_CPUS
1:	ld	a1, START_HART(t0)
	beqz	a1, 2f
	ld	t2, START_HWID(t0)
	beq	t2, a0, 4f
2:	addi	t0, t0, START_BYTES
	addi	t1, t1, -1
	bnez	t1, 1b
	li	a6, HSM_STOP
	li	a7, HSM
	ecall
3:	wfi
	j	3b
4:	ld	t0, HART_CONTINUE(a1)
	csrw	stvec, t0
	ld	t1, HART_SATP(a1)
	ld	a0, HART_SELF(a1)
	sfence.vma
	csrw	satp, t1
	jr	t0
	.globl	secondary_continue
	.balign	4
secondary_continue:
	sfence.vma
	lla	gp, __global_pointer$
	ld	sp, HART_SP(a0)
	ld	tp, HART_TP(a0)
	csrw	sscratch, a0
	lla	t0, trap_entry
	csrw	stvec, t0
	li	s0, 0
	li	ra, 0
	call	secondary_main
	.cfi_endproc
