/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of the boot CPU and of every other one, up to the first C function that
 * runs at its link address.
 *
 * Until the MMU is on everything is addressed relative to pc, so the image may lie at any physical
 * multiple of 2 MiB. Both paths come in EL2 or EL1, go down to EL1, and switch the MMU on where
 * TTBR0 maps the code as it is; then jump to where TTBR1 has it.
 *
 * What is written with the MMU off goes past the caches: lines of those addresses that a loader left
 * in them are dropped before and after.
 *
 * Source: Linux Documentation/arm64/booting.rst (header, state at entry); PSCI DEN0022 (CPU_ON);
 * Semihosting for AArch32 and AArch64 (SYS_WRITE0, SYS_EXIT);
 * Arm ARM DDI 0487: D1.2 (reset state), D8.2 (enabling translation), D17.2 (the registers).
 */
#include "asm.h"

	.cfi_sections .debug_frame
	.section .head.text, "ax"

/* Address of a label where the code runs. */
	.macro	here reg, label
	adrp	\reg, \label
	add	\reg, \reg, :lo12:\label
	.endm

	.macro	number reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #((\value) >> 16 & 0xffff), lsl #16
	movk	\reg, #((\value) >> 32 & 0xffff), lsl #32
	movk	\reg, #((\value) >> 48 & 0xffff), lsl #48
	.endm

/*
 * In: x0 physical address of the device tree, MMU off, interrupts off, EL2 or EL1. The first 64
 * bytes are also the header by which loaders know an image.
 */
	.globl	_start
_start:
	.cfi_startproc
	.cfi_undefined x30
	b	boot
	nop
	.quad	TEXT_OFFSET
	.quad	image_bytes
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.word	0

boot:
	mov	x20, x0
	mrs	x21, CurrentEL
	bl	to_el1
	here	x0, early_vectors
	msr	vbar_el1, x0
	isb
	bl	drop_lines
	here	x0, bss_start
	here	x1, bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	here	x0, boot_stack_top
	mov	sp, x0
	mov	x29, #0
	here	x0, _start
	bl	early_paging
	tbnz	w0, #0, 4f		/* a bool: only its byte is defined */
	b	refuse_misaligned
4:	bl	drop_lines
	here	x0, low_root
	here	x1, high_root
	bl	mmu_on
	ldr	x0, =5f
	br	x0
5:	here	x0, boot_stack_top
	mov	sp, x0
	here	x0, boot_tls
	msr	tpidr_el0, x0
	here	x0, boot_core
	msr	tpidr_el1, x0
	here	x0, trap_vectors
	msr	vbar_el1, x0
	isb
	mov	x29, #0
	mov	x30, #0
	lsr	x0, x21, #2		/* the level it was entered at */
	mov	x1, x20
	bl	boot_main		/* not to return; a call, so that a debugger ends here */
	.cfi_endproc

/*
 * No UART is known yet: a debugger is told, if there is one; it takes the call for an exit, too. If
 * there is none, the call is an exception, and the CPU stops in early_vectors.
 */
refuse_misaligned:
	.cfi_startproc
	mov	x0, #0x04		/* SYS_WRITE0 */
	here	x1, misaligned_text
	hlt	#0xf000
	mov	x0, #0x18		/* SYS_EXIT */
	here	x1, misaligned_exit
	hlt	#0xf000
	.cfi_endproc

	.balign	8
misaligned_exit:
	.quad	0x20026, 1		/* ADP_Stopped_ApplicationExit, status 1 */
misaligned_text:
	.ascii	"pageframe: cannot boot: the image must be loaded at a multiple of 2 MiB\n"
	.asciz	"pageframe: power off, status 1\n"

/* What traps before C runs stays here, where a debugger finds it. */
	.balign	2048
early_vectors:
	.rept	16
	.balign	128
1:	wfi
	b	1b
	.endr

/*
 * In: x0 physical address of the CPU's struct core, MMU off, interrupts off, EL2 or EL1; from
 * PSCI's CPU_ON. TTBR0's early tables still map this code.
 */
	.globl	secondary_start
	.balign	4
secondary_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x20, x0
	bl	to_el1
	here	x0, low_root
	ldr	x1, [x20, #CORE_TTBR1]
	ldr	x22, [x20, #CORE_CONTINUE]
	ldr	x20, [x20, #CORE_SELF]
	bl	mmu_on
	br	x22
	.globl	secondary_continue
	.balign	4
secondary_continue:
	ldr	x0, [x20, #CORE_SP]
	mov	sp, x0
	ldr	x0, [x20, #CORE_TP]
	msr	tpidr_el0, x0
	msr	tpidr_el1, x20
	here	x0, trap_vectors
	msr	vbar_el1, x0
	isb
	mov	x29, #0
	mov	x30, #0
	mov	x0, x20
	bl	secondary_main
	.cfi_endproc

/*
 * To EL1 with its registers in a known state. Clobbers x0, x1. From EL2: EL1 is 64-bit, timers,
 * counters, SIMD, debug and a GICv3's registers are not trapped, the virtual counter is the physical
 * one. What is not written here a reset may have left as anything.
 */
to_el1:
	.cfi_startproc
	mrs	x0, CurrentEL
	cmp	x0, #2 << 2
	b.ne	2f
	mov	x0, #1 << 31
	msr	hcr_el2, x0
	isb				/* E2H is 0, by which the next ones have their form */
	mrs	x0, cnthctl_el2
	orr	x0, x0, #3
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #0x33ff
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	mrs	x0, mdcr_el2
	and	x0, x0, #0x1f		/* HPMN: all event counters are EL1's */
	msr	mdcr_el2, x0
	msr	vttbr_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	mrs	x0, id_aa64mmfr0_el1
	ubfx	x0, x0, #56, #4
	cbz	x0, 3f
	msr	S3_4_C1_C1_4, xzr	/* fine-grained traps: HFGRTR_EL2, */
	msr	S3_4_C1_C1_5, xzr	/* HFGWTR_EL2, */
	msr	S3_4_C1_C1_6, xzr	/* HFGITR_EL2, */
	msr	S3_4_C3_C1_4, xzr	/* HDFGRTR_EL2, */
	msr	S3_4_C3_C1_5, xzr	/* HDFGWTR_EL2 */
3:	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #24, #4
	cbz	x0, 1f
	mrs	x0, S3_4_C12_C9_5	/* ICC_SRE_EL2: by registers, and EL1 may choose so, too */
	mov	x1, #9
	orr	x0, x0, x1
	msr	S3_4_C12_C9_5, x0
	isb
	mrs	x0, S3_4_C12_C9_5
	tbz	x0, #0, 1f		/* by memory after all */
	msr	S3_4_C12_C11_0, xzr	/* ICH_HCR_EL2: no traps, no virtual interrupts */
1:	number	x0, SCTLR_OFF
	msr	sctlr_el1, x0
	mov	x0, #0x3c5		/* EL1 on its own sp, everything masked */
	msr	spsr_el2, x0
	msr	elr_el2, x30
	eret
2:	number	x0, SCTLR_OFF
	msr	sctlr_el1, x0
	msr	spsel, #1
	msr	daifset, #0xf
	isb
	ret
	.cfi_endproc

/* Drop what the caches hold of [bss_start, image_end). Clobbers x0 to x3. */
drop_lines:
	.cfi_startproc
	here	x0, bss_start
	here	x1, image_end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2		/* bytes of the shortest line */
1:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret
	.cfi_endproc

/*
 * In: x0 and x1 for TTBR0 and TTBR1. The code's own address must be mapped by x0. Also lets SIMD be
 * used. Clobbers x0 to x3.
 */
mmu_on:
	.cfi_startproc
	mov	x2, #3 << 20
	msr	cpacr_el1, x2
	msr	mdscr_el1, xzr
	number	x2, MAIR_VALUE
	msr	mair_el1, x2
	number	x2, TCR_SIDE_0 | TCR_SIDE_1
	mrs	x3, id_aa64mmfr0_el1
	and	x3, x3, #7
	cmp	x3, #TCR_IPS_MAX
	b.ls	1f
	mov	x3, #TCR_IPS_MAX
1:	orr	x2, x2, x3, lsl #TCR_IPS_SHIFT
	msr	tcr_el1, x2
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x1
	tlbi	vmalle1
	dsb	nsh
	ic	iallu
	dsb	nsh
	isb
	number	x2, SCTLR_ON
	msr	sctlr_el1, x2
	isb
	ret
	.cfi_endproc

/*
 * void switch_ttbr1(ttbr1, empty, offset): x0 the new tables, x1 an empty one, x2 virtual minus
 * physical address of the image. Between the two tables the code runs where TTBR0 has it, as
 * nothing may be remembered of one set when the other is in use. No stack meanwhile.
 */
	.globl	switch_ttbr1
switch_ttbr1:
	.cfi_startproc
	adr	x3, 1f
	sub	x3, x3, x2
	br	x3
1:	msr	ttbr1_el1, x1
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	msr	ttbr1_el1, x0
	isb
	ret
	.cfi_endproc
	.ltorg
