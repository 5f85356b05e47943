/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and status registers of supervisor mode, and the instructions around them.
 *
 * The compiler's -march names no zicsr, as that would match no multilib of the C library; so each
 * piece of assembly says itself what it needs.
 *
 * Source: RISC-V Privileged Architecture 1.12, chapter 4.
 */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

#define CSR_ASM(text) ".option push\n\t.option arch, +zicsr\n\t" text "\n\t.option pop"

#define csr_read(csr)                                                           \
	({                                                                      \
		unsigned long csr_value_;                                       \
		__asm__ volatile(CSR_ASM("csrr %0, " #csr) : "=r"(csr_value_)); \
		csr_value_;                                                     \
	})
#define csr_write(csr, value) \
	__asm__ volatile(CSR_ASM("csrw " #csr ", %0") : : "rK"((unsigned long)(value)) : "memory")
#define csr_set(csr, bits) \
	__asm__ volatile(CSR_ASM("csrs " #csr ", %0") : : "rK"((unsigned long)(bits)) : "memory")
#define csr_clear(csr, bits) \
	__asm__ volatile(CSR_ASM("csrc " #csr ", %0") : : "rK"((unsigned long)(bits)) : "memory")

#define SSTATUS_SIE 0x2UL

/* Interrupt causes; bits of sie and sip, too. */
#define IRQ_S_SOFT        1
#define IRQ_S_TIMER       5
#define IRQ_S_EXTERNAL    9

#define SCAUSE_INTERRUPT  (1UL << 63)
#define CAUSE_LOAD_ACCESS 5UL

/** Forget all cached translations of this hart. */
static inline void sfence_vma(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

#endif
