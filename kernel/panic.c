/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where faults go: report_panic() and report_misuse() of <port/report.h>.
 *
 * One CPU wins the console and says what happened; the others stop, by an interrupt or when they
 * next print. Nothing here waits for a lock for ever: whoever holds it may be the one that failed.
 */
#include <stdarg.h>
#include <port/barrier.h>
#include <port/boot.h>
#include <port/irq.h>
#include <port/print.h>
#include "kernel.h"

void report_fatal_begin(void)
{
	unsigned int depth;

	irq_save();
	if (!console_seize())
		arch_halt();
	depth = atomic_fetch_add(&kernel.fatal_depth, 1);
	if (depth == 0) {
		smp_kick_others();
		return;
	}
	/* A fault within the report of a fault: end it, and if even that fails, stop. */
	if (depth == 1) {
		print("\nPANIC: another fault while the first was reported; what is above is "
		      "all\n");
		power_off(1);
	}
	arch_halt();
}

void report_fatal_end(void)
{
	print("dump: `addr2line -fipe pageframe.elf ADDRESS` says what stands at an address\n");
	power_off(1);
}

void report_stack(void)
{
	print("Call trace:\n");
	arch_print_callers(__builtin_frame_address(0));
	barrier(); /* no tail call: the frame has to be there while it is read */
}

unsigned int report_callers(uintptr_t *callers, unsigned int max)
{
	const unsigned int nr = arch_callers(__builtin_frame_address(0), callers, max);

	barrier(); /* as above */
	return nr;
}

void report_panic(const char *format, ...)
{
	va_list args;

	report_fatal_begin();
	print("PANIC: cpu %u: ", this_cpu->id);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
	arch_dump_here();
	report_fatal_end();
}

void report_misuse(const struct misuse_report *report)
{
	atomic_fetch_add(&kernel.misuse[report->kind], 1);
	atomic_store(&kernel.misuse_page, report->page);
	if (kernel.mm.panic_on_misuse)
		report_panic("the allocator was misused, see above; panic_on_misuse=0 goes on");
}
