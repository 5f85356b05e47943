/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU, as the machine half sees it, and what a trap saves of it. (riscv64's is hart.h; cpu.h
 * and `struct cpu` would be one cpu too many.)
 */
#ifndef ARM64_CORE_H
#define ARM64_CORE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <arch/sysreg.h>
#include "asm.h"
#include "common/stacks.h"

/**
 * State of one CPU; TPIDR_EL1 points to it. Written by that CPU alone once it runs; filled by the
 * boot CPU before. The first fields are read by assembly.
 */
struct core {
	unsigned long scratch[2]; /* trap entry parks two registers here, */
	unsigned long kind;       /* and the number of the vector */
	struct stacks stacks;
	struct core *self;     /* virtual address of this */
	uint64_t ttbr1;        /* the final page tables; secondary CPUs only, as the next 3 */
	uintptr_t continue_at; /* virtual address where to go on with the MMU on */
	uintptr_t sp, tp;      /* initial values */

	void (*entry)(void);    /* what smp_start_cpu() was given */
	uint64_t hwid;          /* the affinity fields of its MPIDR */
	unsigned int id;        /* dense */
	bool has_chip;          /* its part of the interrupt controller is set up */
	uint64_t next_tick;     /* time of the next periodic tick, or UINT64_MAX */
	uint64_t tick_interval; /* time between ticks */
	uint64_t alarm;         /* see irq_set_alarm() */
	uint64_t timer;         /* what the timer was set to last */
	unsigned int dumping;   /* fatal traps taken; the second is one in the dump itself */
};

static_assert(offsetof(struct core, scratch) == CORE_SCRATCH, "asm.h");
static_assert(offsetof(struct core, kind) == CORE_KIND, "asm.h");
static_assert(offsetof(struct core, stacks.low) == CORE_STACK_LOW, "asm.h");
static_assert(offsetof(struct core, stacks.room) == CORE_STACK_ROOM, "asm.h");
static_assert(offsetof(struct core, stacks.emergency_top) == CORE_EMERGENCY_TOP, "asm.h");
static_assert(offsetof(struct core, self) == CORE_SELF, "asm.h");
static_assert(offsetof(struct core, ttbr1) == CORE_TTBR1, "asm.h");
static_assert(offsetof(struct core, continue_at) == CORE_CONTINUE, "asm.h");
static_assert(offsetof(struct core, sp) == CORE_SP, "asm.h");
static_assert(offsetof(struct core, tp) == CORE_TP, "asm.h");

/** All registers at a trap. The SIMD registers are there for C's sake only: 16 bytes each. */
struct trap_frame {
	unsigned long x[31];
	unsigned long sp, elr, spsr, esr, far, kind;
	unsigned long fpsr, fpcr, pad;
	unsigned long q[32][2];
};

static_assert(offsetof(struct trap_frame, sp) == FRAME_SP, "asm.h");
static_assert(offsetof(struct trap_frame, elr) == FRAME_ELR, "asm.h");
static_assert(offsetof(struct trap_frame, spsr) == FRAME_SPSR, "asm.h");
static_assert(offsetof(struct trap_frame, esr) == FRAME_ESR, "asm.h");
static_assert(offsetof(struct trap_frame, far) == FRAME_FAR, "asm.h");
static_assert(offsetof(struct trap_frame, kind) == FRAME_KIND, "asm.h");
static_assert(offsetof(struct trap_frame, fpsr) == FRAME_FPSR, "asm.h");
static_assert(offsetof(struct trap_frame, fpcr) == FRAME_FPCR, "asm.h");
static_assert(offsetof(struct trap_frame, q) == FRAME_Q(0), "asm.h");
static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "asm.h");
static_assert(FRAME_BYTES % 16 == 0 && SWITCH_BYTES % 16 == 0, "the ABI's stack alignment");
static_assert(FRAME_BYTES < TRAP_MARGIN, "a frame fits above the margin");

enum { REG_FP = 29, REG_LR = 30 }; /* indices into trap_frame.x */

/** ESR_EL1: the exception class. */
#define ESR_EC(esr)    ((esr) >> 26 & 0x3f)
#define EC_UNKNOWN     0x00UL
#define EC_FETCH_ABORT 0x21UL
#define EC_PC_ALIGN    0x22UL
#define EC_DATA_ABORT  0x25UL
#define ESR_WNR(esr)   ((esr) >> 6 & 1)  /* data abort: by a write */
#define ESR_FAULT(esr) ((esr)&0x3f)      /* aborts: which */
#define FAULT_EXTERNAL 0x10UL            /* the bus refused; not one of a table walk */
#define ESR_FNV(esr)   ((esr) >> 10 & 1) /* external aborts: FAR is not valid */

/** The running CPU. Not inside the first lines of trap.S. */
static inline struct core *this_core(void)
{
	return (struct core *)sysreg_read(tpidr_el1);
}

/** Set up this CPU's part of the interrupt controller, if one is known; timer off. */
void core_init_interrupts(struct core *core);

/** The controller that irq_set_chip() was given, or NULL. trap.c. */
const struct irq_chip *irq_chip(void);

/** The timer interrupt, and which of its two purposes are due. timer.c. */
struct timer_due {
	bool tick, alarm;
};
struct timer_due timer_interrupt(struct core *core);

/** The source that the timer is, or IRQ_NONE. timer.c. */
uint32_t timer_irq(void);

/** Set this CPU's timer interrupt to `time`. Interrupts off. timer.c. */
void timer_set(struct core *core, uint64_t time);

/** Take the clock's rate from the machine. timer.c. */
void timer_init(void);

/** Called by trap.S. */
void trap_handler(struct trap_frame *frame);

/** True for the trap of early_answers()'s load: it then goes on behind it. early.c. */
bool probe_refused(struct trap_frame *frame);
/** An access to a page that the level `unmap` has unmapped: true, it is to be repeated. unmap.c. */
bool unmapped_access(const struct trap_frame *frame);

/** Print a fatal trap whole: what, where, registers, backtrace. dump.c. */
void dump_trap(const struct trap_frame *frame);

/** switch.S. */
void context_switch(uintptr_t *from_sp, uintptr_t to_sp);

/** Labels of start.S, switch.S and trap.S, and in early.c. */
extern char probe_instruction[];
extern char context_start[], secondary_start[], secondary_continue[], trap_vectors[];

#endif
