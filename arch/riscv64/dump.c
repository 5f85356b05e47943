/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed when a hart fails: cause, registers, backtrace.
 *
 * Backtraces follow frame pointers: a function keeps its caller's frame pointer and its return
 * address below its own. Every step is checked against the hart's stacks, so a broken chain ends
 * the list and nothing else. Addresses only, of the calls; addr2line and gdb know the names.
 *
 * Source: RISC-V ELF psABI 1.0 (frame pointer convention); Privileged Architecture 1.12, 4.1.8
 * (scause).
 */
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/print.h>
#include "hart.h"
#include "image.h"
#include "paging.h"

#define MAX_BACKTRACE 24U

static const char *const cause_names[] = {
	[0] = "instruction address misaligned",
	[1] = "instruction access fault",
	[2] = "illegal instruction",
	[3] = "breakpoint",
	[4] = "load address misaligned",
	[5] = "load access fault",
	[6] = "store address misaligned",
	[7] = "store access fault",
	[8] = "environment call from user mode",
	[9] = "environment call from supervisor mode",
	[12] = "instruction page fault",
	[13] = "load page fault",
	[15] = "store page fault",
};

static const char *const register_names[31] = {"ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1",
	"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8",
	"s9", "s10", "s11", "t3", "t4", "t5", "t6"};

static const char *cause_name(unsigned long scause)
{
	if (scause & SCAUSE_INTERRUPT)
		return "interrupt of no known kind";
	if (scause < sizeof(cause_names) / sizeof(cause_names[0]) && cause_names[scause])
		return cause_names[scause];
	return "exception of no known kind";
}

static bool in_text(uintptr_t pc)
{
	return pc - (uintptr_t)_start < image_span(_start, image_text_end);
}

/* May the two words below `fp` be read? */
static bool is_frame(const struct hart *hart, uintptr_t fp)
{
	uintptr_t stack_top = stacks_top(&hart->stacks);

	if (fp % sizeof(uintptr_t) != 0)
		return false;
	return (fp >= hart->stacks.low + 16 && fp <= stack_top) ||
	       (fp >= hart->stacks.emergency_low + 16 && fp <= hart->stacks.emergency_top);
}

/*
 * A return address stands behind the call, which may be the next function where the called one
 * never returns. Two bytes before it is inside the call, whether that is compressed or not.
 */
static void dump_call(unsigned int nr, uintptr_t ra)
{
	print("  #%u 0x%lx\n", nr, (unsigned long)(ra - 2));
}

/* From a frame at `*fp` to its caller's; returns the return address, or 0 at the end. */
static uintptr_t next_caller(uintptr_t *fp)
{
	const uintptr_t *frame = (const uintptr_t *)*fp;

	if (!frame || !is_frame(this_hart(), *fp) || !in_text(frame[-1]))
		return 0;
	*fp = frame[-2] > *fp ? frame[-2] : 0;
	return frame[-1];
}

/* Print the callers of the function whose frame is at `fp`, numbered from `nr`. */
static void dump_callers(unsigned int nr, uintptr_t fp)
{
	uintptr_t ra;

	while (nr < MAX_BACKTRACE && (ra = next_caller(&fp)))
		dump_call(nr++, ra);
	if (nr == MAX_BACKTRACE)
		print("  and so on\n");
}

unsigned int arch_callers(const void *frame, uintptr_t *callers, unsigned int max)
{
	uintptr_t fp = (uintptr_t)frame;
	unsigned int nr = 0;

	while (nr < max && (callers[nr] = next_caller(&fp)))
		nr++;
	return nr;
}

static void dump_backtrace(const struct trap_frame *frame)
{
	uintptr_t pc = frame->sepc, ra = frame->x[REG_RA], fp = frame->x[REG_S0];
	unsigned int nr = 0;

	print("backtrace:\n");
	print("  #%u 0x%lx\n", nr++, (unsigned long)pc);
	if (!in_text(pc)) {
		/* A jump into nowhere: the return address is the jump's, the frame its function's.
		 */
		dump_call(nr++, ra);
	} else if (is_frame(this_hart(), fp) && !in_text(((const uintptr_t *)fp)[-1])) {
		/* A function that calls nothing keeps no return address, only the frame pointer. */
		dump_call(nr++, ra);
		fp = ((const uintptr_t *)fp)[-1];
	}
	dump_callers(nr, fp);
}

/* Whose stack it was: that of the interrupted thread, in an interrupt. */
static void dump_thread(void)
{
	const struct hart *hart = this_hart();

	print("thread: %s, stack 0x%lx-0x%lx\n", mm_current() ? mm_current()->name : "none yet",
		(unsigned long)hart->stacks.low, (unsigned long)stacks_top(&hart->stacks));
}

static void dump_registers(const struct trap_frame *frame)
{
	for (unsigned int i = 0; i < 31; i++)
		print("%4s 0x%016lx%s", register_names[i], frame->x[i], i % 4 == 3 ? "\n" : "");
	print(" sts 0x%016lx\n", frame->sstatus);
}

void dump_trap(const struct trap_frame *frame)
{
	/* stval is an address, but for an illegal instruction. */
	print("TRAP: hart %lu, cpu %u: %s at sepc 0x%lx, stval 0x%lx (%s)\n",
		(unsigned long)this_hart()->hwid, this_cpu->id, cause_name(frame->scause),
		frame->sepc, frame->stval,
		frame->scause == 2 ? "the instruction" : paging_name(frame->stval));
	dump_thread();
	dump_registers(frame);
	dump_backtrace(frame);
}

void arch_dump_here(void)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);

	print("hart %lu, cpu %u: sp 0x%lx, sstatus 0x%lx, satp 0x%lx\n",
		(unsigned long)this_hart()->hwid, this_cpu->id, (unsigned long)fp,
		csr_read(sstatus), csr_read(satp));
	dump_thread();
	print("backtrace:\n");
	dump_callers(0, fp);
}

void arch_print_callers(const void *frame)
{
	dump_callers(0, (uintptr_t)frame);
}
