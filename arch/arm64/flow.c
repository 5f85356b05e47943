/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the code goes on behind an instruction, for the self-tests. Owns nothing.
 *
 * Source: Arm ARM DDI 0487, C4.1 (branches, exception generating and system instructions).
 */
#include <port/boot.h>
#include <arch/sysreg.h>

uintptr_t arch_interrupted_pc(void)
{
	return sysreg_read(elr_el1);
}

/* An offset in instructions, `bits` of it from bit `low` on, from `pc`. */
static uintptr_t target(uintptr_t pc, uint32_t code, unsigned int low, unsigned int bits)
{
	const int32_t top = (int32_t)(code << (32 - low - bits));

	return pc + (uintptr_t)((intptr_t)(top >> (32 - bits)) * 4);
}

struct arch_flow arch_flow(uintptr_t pc)
{
	const uint32_t code = *(const uint32_t *)pc;

	if (code >> 26 == 0x05) /* b */
		return (struct arch_flow){.target = target(pc, code, 0, 26)};
	if (code >> 24 == 0x54) /* b.cond */
		return (struct arch_flow){.next = pc + 4, .target = target(pc, code, 5, 19)};
	if ((code >> 25 & 0x3f) == 0x1a) /* cbz, cbnz */
		return (struct arch_flow){.next = pc + 4, .target = target(pc, code, 5, 19)};
	if ((code >> 25 & 0x3f) == 0x1b) /* tbz, tbnz */
		return (struct arch_flow){.next = pc + 4, .target = target(pc, code, 5, 14)};
	/* bl; br, blr, ret, eret; svc, brk */
	if (code >> 26 == 0x25 || code >> 25 == 0x6b || code >> 24 == 0xd4)
		return (struct arch_flow){.elsewhere = true};
	return (struct arch_flow){.next = pc + 4};
}
