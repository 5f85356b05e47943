/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed when a CPU fails: cause, registers, backtrace.
 *
 * Backtraces follow frame pointers: x29 is the address of the caller's x29 and the return address.
 * Every step is checked against the CPU's stacks, so a broken chain ends the list and nothing else.
 * Addresses only, of the calls; addr2line and gdb know the names.
 *
 * Source: AAPCS64 6.4.6 (frame records); Arm ARM DDI 0487, D17.2.37 (ESR_EL1).
 */
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/print.h>
#include "core.h"
#include "image.h"
#include "paging.h"

#define MAX_BACKTRACE 24U

/* By exception class. */
static const char *const cause_names[64] = {
	[0x00] = "unknown or undefined instruction",
	[0x07] = "use of SIMD while it is off",
	[0x0e] = "illegal execution state",
	[0x15] = "svc",
	[0x16] = "hvc",
	[0x17] = "smc",
	[0x18] = "access to a system register",
	[0x21] = "instruction",
	[0x22] = "pc misaligned",
	[0x25] = "data",
	[0x26] = "sp misaligned",
	[0x2f] = "SError",
	[0x31] = "breakpoint",
	[0x33] = "single step",
	[0x35] = "watchpoint",
	[0x3c] = "brk",
};

/* What an instruction or data abort is, by the fault's number without its level. */
static const char *fault_name(unsigned long fault)
{
	switch (fault >> 2) {
	case 0:
		return "address size fault";
	case 1:
		return "translation fault";
	case 2:
		return "access flag fault";
	case 3:
		return "permission fault";
	default:
		return fault == 0x21 ? "alignment fault" : "external abort or the like";
	}
}

static bool is_abort(const struct trap_frame *frame)
{
	unsigned long ec = ESR_EC(frame->esr);

	return frame->kind == KIND_EL1H + KIND_SYNC &&
	       (ec == EC_FETCH_ABORT || ec == EC_DATA_ABORT);
}

/* FAR_EL1 says which address it was about. */
static bool has_address(const struct trap_frame *frame)
{
	if (is_abort(frame))
		return !ESR_FNV(frame->esr);
	return frame->kind == KIND_EL1H + KIND_SYNC && ESR_EC(frame->esr) == EC_PC_ALIGN;
}

static void dump_cause(const struct trap_frame *frame)
{
	unsigned long ec = ESR_EC(frame->esr);
	const char *name = cause_names[ec];

	if (is_abort(frame))
		print("%s %s",
			ec == EC_FETCH_ABORT  ? "instruction"
			: ESR_WNR(frame->esr) ? "store"
					      : "load",
			fault_name(ESR_FAULT(frame->esr)));
	else if (frame->kind == KIND_EL1H + KIND_SYNC || frame->kind == KIND_EL1H + KIND_SERROR)
		print("%s", name ? name : "exception of no known kind");
	else
		print("vector %lu, which nothing should come by", frame->kind);
}

static bool in_text(uintptr_t pc)
{
	return pc - (uintptr_t)_start < image_span(_start, image_text_end);
}

/* May the two words at `fp` be read? */
static bool is_frame(const struct core *core, uintptr_t fp)
{
	uintptr_t stack_top = stacks_top(&core->stacks);

	if (fp % sizeof(uintptr_t) != 0)
		return false;
	return (fp >= core->stacks.low && fp <= stack_top - 16) ||
	       (fp >= core->stacks.emergency_low && fp <= core->stacks.emergency_top - 16);
}

/* A return address stands behind the call, which may be the next function's where it never returns.
 */
static void dump_call(unsigned int nr, uintptr_t lr)
{
	print("  #%u 0x%lx\n", nr, (unsigned long)(lr - 4));
}

/* From a frame at `*fp` to its caller's; returns the return address, or 0 at the end. */
static uintptr_t next_caller(uintptr_t *fp)
{
	const uintptr_t *frame = (const uintptr_t *)*fp;

	if (!frame || !is_frame(this_core(), *fp) || !in_text(frame[1]))
		return 0;
	*fp = frame[0] > *fp ? frame[0] : 0;
	return frame[1];
}

/* Print the callers of the function whose frame is at `fp`, numbered from `nr`. */
static void dump_callers(unsigned int nr, uintptr_t fp)
{
	uintptr_t lr;

	while (nr < MAX_BACKTRACE && (lr = next_caller(&fp)))
		dump_call(nr++, lr);
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

/*
 * A function that calls nothing makes no frame: then the return address is in x30 still, and the
 * frame is its caller's, whose return address is another. Where it has made one, x30 may be
 * anything.
 */
static void dump_backtrace(const struct trap_frame *frame)
{
	uintptr_t pc = frame->elr, lr = frame->x[REG_LR], fp = frame->x[REG_FP];
	unsigned int nr = 0;

	print("backtrace:\n");
	print("  #%u 0x%lx\n", nr++, (unsigned long)pc);
	if (in_text(lr) && (!is_frame(this_core(), fp) || ((const uintptr_t *)fp)[1] != lr))
		dump_call(nr++, lr);
	dump_callers(nr, fp);
}

/* Whose stack it was: that of the interrupted thread, in an interrupt. */
static void dump_thread(void)
{
	const struct core *core = this_core();

	print("thread: %s, stack 0x%lx-0x%lx\n", mm_current() ? mm_current()->name : "none yet",
		(unsigned long)core->stacks.low, (unsigned long)stacks_top(&core->stacks));
}

static void dump_registers(const struct trap_frame *frame)
{
	for (unsigned int i = 0; i < 31; i++)
		print("%sx%u 0x%016lx%s", i < 10 ? "  " : " ", i, frame->x[i],
			i % 4 == 3 ? "\n" : "");
	print("  sp 0x%016lx\n", frame->sp);
	print("spsr 0x%016lx\n", frame->spsr);
}

void dump_trap(const struct trap_frame *frame)
{
	print("TRAP: hart %lu, cpu %u: ", (unsigned long)this_core()->hwid, this_cpu->id);
	dump_cause(frame);
	print(" at elr 0x%lx, esr 0x%lx", frame->elr, frame->esr);
	if (has_address(frame))
		print(", far 0x%lx (%s)", frame->far, paging_name(frame->far));
	print("\n");
	dump_thread();
	dump_registers(frame);
	dump_backtrace(frame);
}

void arch_dump_here(void)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);

	print("hart %lu, cpu %u: sp 0x%lx, daif 0x%lx, ttbr1 0x%lx\n",
		(unsigned long)this_core()->hwid, this_cpu->id, (unsigned long)fp,
		sysreg_read(daif), sysreg_read(ttbr1_el1));
	dump_thread();
	print("backtrace:\n");
	dump_callers(0, fp);
}

void arch_print_callers(const void *frame)
{
	dump_callers(0, (uintptr_t)frame);
}
