/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for the image: the firmware starts it on any hart, and it hands over to the image on
 * the hart that a test wants, as the firmware would have: a0 hart id, a1 tree, paging off.
 *
 * The test lays two numbers into memory at `wanted` (QEMU's -device loader), behind the last byte of
 * this file: the hart, and the physical address to go to; and, if it likes, a third one, the address
 * of another tree than the firmware's. The hart that came here first starts that
 * one and stops; only once it has is the image entered, so the image finds it ready to be started.
 *
 * Source: SBI 2.0 chapter 9 (HSM), 10 (SRST), 5.2 (legacy console).
 */

#define HSM              0x48534d
#define HSM_START        0
#define HSM_STOP         1
#define HSM_STATUS       2
#define HSM_STOPPED      1
#define SRST             0x53525354
#define LEGACY_PUTCHAR   1

/* At `wanted` */
#define WANTED_HART      0
#define WANTED_ENTRY     8
/* written by the first hart, read by the wanted one */
#define FIRST_HART       16
#define FIRST_TREE       24
/* 0: the firmware's */
#define WANTED_TREE      32
/* a hart has been here */
#define TAKEN            40

	.section .text
/* In: a0 hart id, a1 physical address of the device tree. */
	.globl	_start
_start:
	lla	s0, wanted
	mv	s1, a0
	mv	s2, a1
	ld	s3, WANTED_HART(s0)
	li	t0, 1
	addi	t1, s0, TAKEN
	amoswap.w.aqrl	t0, t0, (t1)
	bnez	t0, again
	beq	s1, s3, enter
	sd	s1, FIRST_HART(s0)
	fence	rw, rw
	sd	s2, FIRST_TREE(s0)
	fence	rw, rw
	mv	a0, s3
	lla	a1, started
	li	a2, 0
	li	a6, HSM_START
	li	a7, HSM
	ecall
	bnez	a0, failed
	li	a6, HSM_STOP
	ecall				/* returns only if it failed */
	j	failed

/*
 * In: s0 `wanted`, s1 hart id, s3 the wanted hart. OpenSBI 1.1 may send a hart here that was started
 * with another address (see the image's start.S): the wanted one, or one that the image starts,
 * which knows it by its id.
 */
again:
	mv	a0, s1
	ld	t0, WANTED_ENTRY(s0)
	beq	s1, s3, started
	jr	t0

/* In: a0 hart id. On the hart that the test wants. */
started:
	lla	s0, wanted
	mv	s1, a0
	ld	s2, FIRST_TREE(s0)
	li	s4, HSM_STOPPED
1:	ld	a0, FIRST_HART(s0)
	li	a6, HSM_STATUS
	li	a7, HSM
	ecall
	bne	a1, s4, 1b

/* In: s0 `wanted`, s1 hart id, s2 tree. */
enter:
	ld	t0, WANTED_TREE(s0)
	beqz	t0, 1f
	mv	s2, t0
1:	mv	a0, s1
	mv	a1, s2
	ld	t0, WANTED_ENTRY(s0)
	jr	t0

/* Say so, and power off. */
failed:
	lla	s0, message
1:	lbu	a0, (s0)
	beqz	a0, 2f
	li	a7, LEGACY_PUTCHAR
	ecall
	addi	s0, s0, 1
	j	1b
2:	li	a0, 0
	li	a1, 1
	li	a6, 0
	li	a7, SRST
	ecall
3:	wfi
	j	3b

message:
	.asciz	"shim: the firmware does not start the wanted hart, or stop this one\r\n"
