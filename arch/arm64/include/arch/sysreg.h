/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers, and the instructions around them.
 *
 * Source: Arm ARM DDI 0487 (C5.2, D17.2: the registers; D8: translation).
 */
#ifndef ARCH_SYSREG_H
#define ARCH_SYSREG_H

#define sysreg_read(reg)                                                              \
	({                                                                            \
		unsigned long sysreg_value_;                                          \
		__asm__ volatile("mrs %0, " #reg : "=r"(sysreg_value_) : : "memory"); \
		sysreg_value_;                                                        \
	})
#define sysreg_write(reg, value) \
	__asm__ volatile("msr " #reg ", %x0" : : "rZ"((unsigned long)(value)) : "memory")

/** DAIF: interrupts are masked. */
#define DAIF_I 0x80UL

/** What was written to system registers before is in force for the instructions after it. */
static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/** Page-table entries written before are seen by the table walks of all CPUs. */
static inline void tables_written(void)
{
	__asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

#endif
