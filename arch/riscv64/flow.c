/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the code goes on behind an instruction, for the self-tests. Owns nothing.
 *
 * Source: RISC-V Unprivileged ISA 20191213, tables 16.5 to 16.7 (RVC) and 24.2 (opcodes).
 */
#include <string.h>
#include <port/boot.h>
#include <arch/csr.h>

enum { OP_BRANCH = 0x63, OP_JALR = 0x67, OP_JAL = 0x6f, OP_SYSTEM = 0x73 };

uintptr_t arch_interrupted_pc(void)
{
	return csr_read(sepc);
}

/* Bits [low, low + nr) of an instruction, at bit `to` of an offset. */
static uint32_t field(uint32_t code, unsigned int low, unsigned int nr, unsigned int to)
{
	return ((code >> low) & ((1U << nr) - 1)) << to;
}

static intptr_t sign_extend(uint32_t value, unsigned int bits)
{
	return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static struct arch_flow flow_short(uintptr_t pc, uint32_t code)
{
	const uint32_t kind = (code & 3) << 3 | code >> 13;

	if (kind == 015) { /* c.j */
		const uint32_t to = field(code, 3, 3, 1) | field(code, 11, 1, 4) |
				    field(code, 2, 1, 5) | field(code, 7, 1, 6) |
				    field(code, 6, 1, 7) | field(code, 9, 2, 8) |
				    field(code, 8, 1, 10) | field(code, 12, 1, 11);

		return (struct arch_flow){.target = pc + (uintptr_t)sign_extend(to, 12)};
	}
	if (kind == 016 || kind == 017) { /* c.beqz, c.bnez */
		const uint32_t to = field(code, 3, 2, 1) | field(code, 10, 2, 3) |
				    field(code, 2, 1, 5) | field(code, 5, 2, 6) |
				    field(code, 12, 1, 8);

		return (struct arch_flow){
			.next = pc + 2, .target = pc + (uintptr_t)sign_extend(to, 9)};
	}
	/* c.jr, c.jalr, c.ebreak */
	if (kind == 024 && field(code, 2, 5, 0) == 0)
		return (struct arch_flow){.elsewhere = true};
	return (struct arch_flow){.next = pc + 2};
}

static struct arch_flow flow_long(uintptr_t pc, uint32_t code)
{
	uint32_t to;

	switch (code & 0x7f) {
	case OP_BRANCH:
		to = field(code, 8, 4, 1) | field(code, 25, 6, 5) | field(code, 7, 1, 11) |
		     field(code, 31, 1, 12);
		return (struct arch_flow){
			.next = pc + 4, .target = pc + (uintptr_t)sign_extend(to, 13)};
	case OP_JAL:
		if (field(code, 7, 5, 0) != 0)
			return (struct arch_flow){.elsewhere = true};
		to = field(code, 21, 10, 1) | field(code, 20, 1, 11) | field(code, 12, 8, 12) |
		     field(code, 31, 1, 20);
		return (struct arch_flow){.target = pc + (uintptr_t)sign_extend(to, 21)};
	case OP_JALR:
		return (struct arch_flow){.elsewhere = true};
	case OP_SYSTEM: /* ecall, ebreak, sret; the others access a CSR */
		return (struct arch_flow){.next = pc + 4, .elsewhere = field(code, 12, 3, 0) == 0};
	default:
		return (struct arch_flow){.next = pc + 4};
	}
}

struct arch_flow arch_flow(uintptr_t pc)
{
	uint16_t low, high;

	memcpy(&low, (const void *)pc, sizeof(low));
	if ((low & 3) != 3)
		return flow_short(pc, low);
	memcpy(&high, (const void *)(pc + 2), sizeof(high));
	return flow_long(pc, (uint32_t)high << 16 | low);
}
