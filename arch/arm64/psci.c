/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls into the firmware: the machine half of <port/firmware.h> but for the console, which is in
 * console.c, and what psci.h has.
 *
 * Owns the way of calling: what the tree says (psci's `method`), and until it has said so what fits
 * the exception level that we came in: a hypervisor is below EL2 and the secure monitor below both.
 * Who came in EL2 has no hypervisor, whatever the tree says: an hvc would go to EL2, where nothing
 * is.
 *
 * PSCI's power-off has no status. Where a debugger or QEMU (-semihosting) takes semihosting calls,
 * one that has is tried first. Where nobody takes a call, its instruction is undefined, and trap.c
 * goes on behind it.
 *
 * Source: Arm DEN0022 (PSCI) 5.1, DEN0028 (SMC calling convention); Semihosting for AArch32 and
 * AArch64, SYS_WRITE0 and SYS_EXIT.
 */
#include <string.h>
#include <port/firmware.h>
#include <port/platform.h>
#include <port/print.h>
#include <arch/sysreg.h>
#include "psci.h"

enum {
	PSCI_VERSION = 0x84000000U,
	PSCI_SYSTEM_OFF = 0x84000008U,
	PSCI_SYSTEM_RESET = 0x84000009U,
	PSCI_CPU_ON = 0xc4000003U, /* the 64-bit one */
};

enum { SEMIHOSTING_WRITE0 = 0x04, SEMIHOSTING_EXIT = 0x18, APPLICATION_EXIT = 0x20026 };

static unsigned int entered;
static bool by_smc;
/* Version 0.1 has a number of its own for this one, and no calls to ask for the version or to end.
 */
static uint32_t cpu_on_0_1;

void psci_init(unsigned int entered_at)
{
	entered = entered_at;
	by_smc = entered == 2;
}

/* The instructions, and the addresses by which their traps are known. */
extern const char hvc_instruction[], smc_instruction[], semihosting_instruction[];

#define CALL(name, instruction) ".globl " name "\n" name ":\n\t" instruction

static __attribute__((noinline)) long call(
	unsigned long function, unsigned long arg1, unsigned long arg2, unsigned long arg3)
{
	register unsigned long x0 __asm__("x0") = function;
	register unsigned long x1 __asm__("x1") = arg1;
	register unsigned long x2 __asm__("x2") = arg2;
	register unsigned long x3 __asm__("x3") = arg3;

#define CHANGED                                                                              \
	"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", \
		"x17", "memory"
	if (by_smc)
		__asm__ volatile(CALL("smc_instruction", "smc #0")
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
				 :
				 : CHANGED);
	else
		__asm__ volatile(CALL("hvc_instruction", "hvc #0")
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
				 :
				 : CHANGED);
#undef CHANGED
	return (long)x0;
}

/* One line: what answers. */
static void describe_version(void)
{
	const char *name = by_smc ? "smc" : "hvc";
	/* 32 bits, signed: what is not supported has the highest one. */
	int32_t version = (int32_t)call(PSCI_VERSION, 0, 0, 0);

	if (version < 0)
		print("firmware: no PSCI answers by %s\n", name);
	else
		print("firmware: PSCI %u.%u by %s\n", (unsigned int)version >> 16,
			(unsigned int)version & 0xffff, name);
}

bool firmware_set_method(const char *name, uint32_t cpu_on)
{
	bool smc = strcmp(name, "smc") == 0;

	if (!smc && strcmp(name, "hvc") != 0)
		return false;
	by_smc = smc || entered == 2;
	cpu_on_0_1 = cpu_on;
	if (by_smc && !smc)
		print("firmware: hvc, as the tree has it, reaches nobody from EL2: smc taken\n");
	if (cpu_on != 0)
		print("firmware: PSCI 0.1 by %s\n", by_smc ? "smc" : "hvc");
	else
		describe_version();
	return true;
}

long psci_cpu_on(uint64_t hwid, phys_addr_t start, uint64_t context)
{
	/* The result is 32 bits, signed. */
	return (int32_t)call(cpu_on_0_1 ? cpu_on_0_1 : PSCI_CPU_ON, hwid, start, context);
}

void firmware_describe(void)
{
	print("firmware: started us in EL%u\n", entered);
}

static __attribute__((noinline)) long semihosting(unsigned long operation, const void *block)
{
	register unsigned long x0 __asm__("x0") = operation;
	register unsigned long x1 __asm__("x1") = (unsigned long)block;

	__asm__ volatile(CALL("semihosting_instruction", "hlt #0xf000")
			 : "+r"(x0)
			 : "r"(x1)
			 : "memory");
	return (long)x0;
}

bool call_refused(struct trap_frame *frame)
{
	if (ESR_EC(frame->esr) != EC_UNKNOWN || (frame->elr != (uintptr_t)semihosting_instruction &&
							frame->elr != (uintptr_t)hvc_instruction &&
							frame->elr != (uintptr_t)smc_instruction))
		return false;
	frame->elr += 4;
	frame->x[0] = ~0UL;
	return true;
}

void semihosting_write(const char *text, unsigned int length)
{
	char piece[128];
	unsigned int n = 0;

	for (unsigned int i = 0; i < length; i++) {
		piece[n++] = text[i];
		if (n < sizeof(piece) - 1 && i + 1 < length)
			continue;
		piece[n] = '\0';
		semihosting(SEMIHOSTING_WRITE0, piece);
		n = 0;
	}
}

void firmware_poweroff(int status)
{
	unsigned long block[2] = {APPLICATION_EXIT, (unsigned long)status & 0xff};

	/* An exit status has 8 bits. One that would be cut to 0 must not look like success. */
	if (status != 0 && block[1] == 0)
		block[1] = 1;
	console_last_resort();
	semihosting(SEMIHOSTING_EXIT, block);
	if (cpu_on_0_1 == 0)
		call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void firmware_reset(void)
{
	console_last_resort();
	if (cpu_on_0_1 == 0)
		call(PSCI_SYSTEM_RESET, 0, 0, 0);
}
