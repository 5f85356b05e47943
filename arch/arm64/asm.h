/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that assembly and C share. Offsets are pinned to the structs by static asserts: core.h.
 */
#ifndef ARM64_ASM_H
#define ARM64_ASM_H

/* Where the image is linked; image.lds has the same number. */
#define IMAGE_BASE 0xffffffff80200000

/* The image's place behind a multiple of 2 MiB, best the start of memory; image.lds has it, too. */
#define TEXT_OFFSET 0x200000

/* CPUs that can be started. */
#define MAX_CPUS 512

/* struct core */
#define CORE_SCRATCH       0
#define CORE_KIND          16
#define CORE_STACK_LOW     24
#define CORE_STACK_ROOM    32
#define CORE_EMERGENCY_TOP 40
#define CORE_SELF          56
#define CORE_TTBR1         64
#define CORE_CONTINUE      72
#define CORE_SP            80
#define CORE_TP            88

/* struct trap_frame: x0 to x30, sp, then the cause, then the SIMD registers; a multiple of 16 */
#define FRAME_X(n)  ((n)*8)
#define FRAME_SP    (31 * 8)
#define FRAME_ELR   (32 * 8)
#define FRAME_SPSR  (33 * 8)
#define FRAME_ESR   (34 * 8)
#define FRAME_FAR   (35 * 8)
#define FRAME_KIND  (36 * 8)
#define FRAME_FPSR  (37 * 8)
#define FRAME_FPCR  (38 * 8)
#define FRAME_Q(n)  (40 * 8 + (n)*16)
#define FRAME_BYTES (40 * 8 + 32 * 16)

/* What context_switch() pushes: x19 to x30, d8 to d15; a multiple of 16 */
#define SWITCH_X(n)  (((n)-19) * 8)
#define SWITCH_D(n)  (12 * 8 + ((n)-8) * 8)
#define SWITCH_BYTES (20 * 8)

/* A trap that finds less room than this on the stack goes to the emergency stack. */
#define TRAP_MARGIN 1280

/*
 * Entries of the vector table, by where the exception came from: four kinds for each of EL1 on
 * SP_EL0, EL1 on SP_EL1 (all of ours), EL0, EL0 in 32 bits.
 */
#define KIND_SYNC   0
#define KIND_IRQ    1
#define KIND_FIQ    2
#define KIND_SERROR 3
#define KIND_EL1H   4

/* MAIR_EL1: two kinds of memory, Device-nGnRE and normal, write-back. */
#define MAIR_DEVICE 0
#define MAIR_NORMAL 1
#define MAIR_VALUE  0xff04

/*
 * TCR_EL1: 48 bits on both sides, tables are write-back and inner shareable, pages of 4 KiB. IPS is
 * put in by start.S.
 */
#define TCR_SIDE_0    (16 | 1 << 8 | 1 << 10 | 3 << 12)
#define TCR_SIDE_1    (16 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2 << 30)
#define TCR_IPS_SHIFT 32
#define TCR_IPS_MAX   5 /* 48 bits: more need larger pages or LPA2 */

/*
 * SCTLR_EL1: the bits that are 1 in ARMv8.0, and MMU, caches, alignment of sp. Not WXN: the early
 * tables break it.
 */
#define SCTLR_OFF 0x30d00800
#define SCTLR_ON  (SCTLR_OFF | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 12)

#endif
