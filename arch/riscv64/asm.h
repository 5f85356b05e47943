/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that assembly and C share. Offsets are pinned to the structs by static asserts: hart.h.
 */
#ifndef RISCV64_ASM_H
#define RISCV64_ASM_H

/* Where the image is linked; image.lds has the same number. */
#define IMAGE_BASE 0xffffffff80400000

/* CPUs that can be started. */
#define MAX_CPUS 512

/* struct start_record */
#define START_HWID  0
#define START_HART  8
#define START_BYTES 16

/* struct hart */
#define HART_SCRATCH       0
#define HART_STACK_LOW     16
#define HART_STACK_ROOM    24
#define HART_EMERGENCY_TOP 32
#define HART_SELF          48
#define HART_SATP          56
#define HART_CONTINUE      64
#define HART_SP            72
#define HART_TP            80

/* struct trap_frame: x1 to x31 in register order, then the cause; a multiple of 16 */
#define FRAME_X(n)    (((n)-1) * 8)
#define FRAME_SEPC    (31 * 8)
#define FRAME_SSTATUS (32 * 8)
#define FRAME_SCAUSE  (33 * 8)
#define FRAME_STVAL   (34 * 8)
#define FRAME_BYTES   (36 * 8)

/* What context_switch() pushes: ra, s0 to s11; a multiple of 16 */
#define SWITCH_RA    0
#define SWITCH_S(n)  (((n) + 1) * 8)
#define SWITCH_BYTES (14 * 8)

/* A trap that finds less room than this on the stack goes to the emergency stack. */
#define TRAP_MARGIN 512

#endif
