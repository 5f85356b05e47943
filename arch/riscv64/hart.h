/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hart, as the machine half sees it, and what a trap saves of it.
 */
#ifndef RISCV64_HART_H
#define RISCV64_HART_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <arch/csr.h>
#include "asm.h"
#include "common/stacks.h"

/**
 * State of one hart; sscratch points to it. Written by that hart alone once it runs; filled by the
 * boot hart before. The first fields are read by assembly.
 */
struct hart {
	unsigned long scratch[2]; /* trap entry parks two registers here */
	struct stacks stacks;
	struct hart *self;     /* virtual address of this */
	unsigned long satp;    /* the final page tables; secondary harts only, as the next 3 */
	uintptr_t continue_at; /* virtual address where to go on with paging on */
	uintptr_t sp, tp;      /* initial values */

	void (*entry)(void);    /* what smp_start_cpu() was given */
	uint64_t hwid;          /* hart id */
	uint64_t next_tick;     /* time of the next periodic tick, or UINT64_MAX */
	uint64_t tick_interval; /* time between ticks */
	uint64_t alarm;         /* see irq_set_alarm() */
	uint64_t timer;         /* what the firmware was told last */
	unsigned int dumping;   /* fatal traps taken; the second is one in the dump itself */
};

static_assert(offsetof(struct hart, scratch) == HART_SCRATCH, "asm.h");
static_assert(offsetof(struct hart, stacks.low) == HART_STACK_LOW, "asm.h");
static_assert(offsetof(struct hart, stacks.room) == HART_STACK_ROOM, "asm.h");
static_assert(offsetof(struct hart, stacks.emergency_top) == HART_EMERGENCY_TOP, "asm.h");
static_assert(offsetof(struct hart, self) == HART_SELF, "asm.h");
static_assert(offsetof(struct hart, satp) == HART_SATP, "asm.h");
static_assert(offsetof(struct hart, continue_at) == HART_CONTINUE, "asm.h");
static_assert(offsetof(struct hart, sp) == HART_SP, "asm.h");
static_assert(offsetof(struct hart, tp) == HART_TP, "asm.h");

/** What a hart that has been started finds itself by: start.S looks for its hart id. */
struct start_record {
	uint64_t hwid;
	uint64_t
		hart; /* physical address of its struct hart; 0: nobody is started by this record */
};

static_assert(offsetof(struct start_record, hwid) == START_HWID, "asm.h");
static_assert(offsetof(struct start_record, hart) == START_HART, "asm.h");
static_assert(sizeof(struct start_record) == START_BYTES, "asm.h");

/** All registers at a trap. x[0] is x1 (ra), x[1] is x2 (sp), and so on. */
struct trap_frame {
	unsigned long x[31];
	unsigned long sepc, sstatus, scause, stval;
	unsigned long pad;
};

static_assert(offsetof(struct trap_frame, sepc) == FRAME_SEPC, "asm.h");
static_assert(offsetof(struct trap_frame, sstatus) == FRAME_SSTATUS, "asm.h");
static_assert(offsetof(struct trap_frame, scause) == FRAME_SCAUSE, "asm.h");
static_assert(offsetof(struct trap_frame, stval) == FRAME_STVAL, "asm.h");
static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "asm.h");
static_assert(FRAME_BYTES % 16 == 0 && SWITCH_BYTES % 16 == 0, "the ABI's stack alignment");

enum { REG_RA = 0, REG_SP = 1, REG_S0 = 7, REG_A1 = 10 }; /* indices into trap_frame.x */

/** The running hart. Not inside the first lines of trap.S. */
static inline struct hart *this_hart(void)
{
	return (struct hart *)csr_read(sscratch);
}

/** Let the three interrupts through once sstatus.SIE is set; timer off. On the hart itself. */
void hart_init_interrupts(struct hart *hart);

/** The timer interrupt, and which of its two purposes are due. timer.c. */
struct timer_due {
	bool tick, alarm;
};
struct timer_due timer_interrupt(struct hart *hart);

/** Set this hart's timer interrupt to `time`. Interrupts off. timer.c. */
void timer_set(struct hart *hart, uint64_t time);

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
extern char context_start[], secondary_start[], secondary_continue[], trap_entry[];

#endif
