/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract: how the machine half starts the runtime half, and the steps between them.
 */
#ifndef PORT_BOOT_H
#define PORT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <mm/memblock.h>

/** What the boot protocol passed in registers, and what may be appended to the image. */
struct boot_info {
	uint64_t hwid;        /* of the CPU that boots: any of them */
	phys_addr_t fdt;      /* the firmware's device tree */
	bool fdt_guessed;     /* none was passed: that is where one may be all the same */
	phys_addr_t appended; /* where a tree appended to the image would begin, a multiple of 8 */
	size_t appended_room; /* bytes there that no loader uses; 0: none is looked for */
};

/**
 * The runtime's entry, called by the arch on the boot CPU: image mapped at its link address,
 * early_ptr() usable, interrupts off, a guarded boot stack, this_cpu valid (CPU 0, no mm).
 */
_Noreturn void kernel_main(const struct boot_info *boot);

/** Physical memory before paging_init(); NULL beyond what the early map reaches. */
void *early_ptr(phys_addr_t pa);

/**
 * One past the last physical address that may be used before paging_init() for what is needed
 * after it, too: early_ptr() reaches it, and so will the linear map.
 */
phys_addr_t early_limit(void);

/**
 * Before paging_init(), on the boot CPU: does something answer a read at `pa`, or does the bus
 * refuse it? True as well where that can not be told: beyond what can be mapped so early.
 */
bool early_answers(phys_addr_t pa);

/**
 * The appended tree has been copied. Have the next boot not find it, if memory is kept over a
 * reset: what stands there then may be of another image. Before paging_init().
 */
void boot_forget_appended(const struct boot_info *boot);

/** Where the image lies, [base, end), bytes. */
void boot_image_range(phys_addr_t *base, phys_addr_t *end);

/** The names of the translation modes that there are, for people; each is a boot argument. */
extern const char paging_modes[];

/** Ask for the mode `name`, if the machine has it. False if no mode has that name. */
bool paging_request(const char *name);

/** A CPU's mmu-type as the tree has it, text from outside: no mode beyond it is used. */
void paging_cpu_type(const char *type);

/**
 * Choose the mode: the one asked for, or the least that reaches all banks of `mb`. What the mode or
 * the window of the page descriptors does not reach is taken out of the banks, a line for each.
 * May lower early_limit(): before anything is allocated. Returns 0, or -1 if no bank is left.
 */
int paging_choose(struct memblock *mb);

/**
 * Build the final page tables (linear map of the banks, image with W^X, guard pages) and switch to
 * them. Afterwards early_ptr() is gone and phys_to_virt() works. Tables come from `mb`. Returns 0,
 * or -1 after one line that says which limit was hit.
 */
int paging_init(struct memblock *mb);

/** From now on page tables come from the page allocator: the boot allocator is closed. */
void paging_boot_done(void);

/**
 * Map device registers, uncached where that means something; NULL if no room. Never unmapped, but
 * what was mapped before paging_init() is gone after it: that is for a boot that has failed. (It
 * stays where firmware_wants_console().)
 */
volatile void *mmio_map(phys_addr_t pa, size_t bytes);

/** One line: how addresses are translated and where the windows lie. */
void paging_describe(void);

/** Commit the fault `name` of `selftest crash` (see arch); returns only if it went unnoticed. */
int arch_crash(const char *name);
/** Names of the faults, NULL-terminated. */
extern const char *const arch_crash_names[];

/**
 * For the self-tests: fill all registers that an interrupt must keep with values made of `seed`,
 * wait until *counter is `until` at least, and compare. Returns how many have changed.
 */
unsigned int arch_hold_registers(
	unsigned long seed, const volatile unsigned long *counter, unsigned long until);

/** The same with the registers that a called function must keep, over a call of fn(). */
unsigned int arch_call_with_registers(unsigned long seed, void (*fn)(void));

/**
 * For the self-tests, in an interrupt: where it came. True until the handler has a trap of its own.
 */
uintptr_t arch_interrupted_pc(void);

/** Where the code goes on behind an instruction. */
struct arch_flow {
	uintptr_t next;   /* the one behind it; 0: never */
	uintptr_t target; /* where it may jump to; 0: nowhere */
	bool elsewhere;   /* it calls, returns, traps, or jumps to what only a register knows */
};

/** For the self-tests: what follows the instruction at an address of the image's text. */
struct arch_flow arch_flow(uintptr_t pc);

/** Print the calling CPU's registers and backtrace from here; for report_panic(). */
void arch_dump_here(void);

/** Print the callers of a running function, a line each, by its __builtin_frame_address(). */
void arch_print_callers(const void *frame);

/** Their return addresses, the innermost first: at most `max`. Returns how many. */
unsigned int arch_callers(const void *frame, uintptr_t *callers, unsigned int max);

/** Stop this CPU for ever, interrupts off; for the others after a panic. */
_Noreturn void arch_halt(void);

#endif
