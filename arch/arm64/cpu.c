/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs: the boot CPU's way into the runtime, starting the others, interrupting them.
 *
 * Owns struct core: the boot CPU's is static, common/cpu.c makes room for the others'. A hardware
 * id is the affinity of MPIDR. Only the boot CPU starts others, so nothing is locked.
 *
 * Source: Arm DEN0022 (PSCI) 5.6 CPU_ON; Arm ARM DDI 0487, D17.2 (MPIDR_EL1),
 * D7 (the cycle counter).
 */
#include <assert.h>
#include <mm/mm.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/platform.h>
#include <port/smp.h>
#include "common/cpu.h"
#include "core.h"
#include "image.h"
#include "paging.h"
#include "psci.h"

static_assert(sizeof(struct core) <= CPU_STATE_BYTES, "it has room before the thread-local block");

struct core boot_core;

/* The affinity fields of MPIDR_EL1: what the tree's reg has. */
#define MPIDR_AFFINITY 0xff00ffffffUL

/* The SGI that smp_kick() raises. */
#define SGI_KICK 0U

bool arm64_counts_cycles;

#define PMU_VERSION(dfr0)  ((dfr0) >> 8 & 15)
#define PMU_VERSION_NONE   0U
#define PMU_VERSION_OTHERS 15U /* than the architecture's */
#define PMCR_E             0x1UL
#define PMCR_LC            0x40UL /* overflows at 64 bits */
#define PMCNTENSET_C       (1UL << 31)

/* Let the cycle counter of the calling CPU run, if it has one. */
static void count_cycles(void)
{
	const unsigned long version = PMU_VERSION(sysreg_read(id_aa64dfr0_el1));

	if (version == PMU_VERSION_NONE || version == PMU_VERSION_OTHERS)
		return;
	sysreg_write(pmccfiltr_el0, 0); /* at all levels below EL2 */
	sysreg_write(pmcntenset_el0, PMCNTENSET_C);
	sysreg_write(pmcr_el0, sysreg_read(pmcr_el0) | PMCR_E | PMCR_LC);
	isb();
	arm64_counts_cycles = true;
}

/* Called by start.S. */
_Noreturn void boot_main(unsigned long entered_at, phys_addr_t fdt);
_Noreturn void secondary_main(struct core *core);

/*
 * On the boot CPU this is called as things become known: controller and timer come from the tree,
 * in any order. On the others once, with both known or not.
 */
void core_init_interrupts(struct core *core)
{
	const struct irq_chip *chip = irq_chip();

	if (core->timer == 0) {
		core->next_tick = UINT64_MAX;
		core->alarm = UINT64_MAX;
		timer_set(core, UINT64_MAX);
	}
	if (!chip)
		return;
	if (!core->has_chip)
		core->has_chip = chip->init_cpu(core->id, core->hwid) == 0;
	if (core->has_chip && timer_irq() != IRQ_NONE)
		chip->enable_local(timer_irq());
}

void boot_main(unsigned long entered_at, phys_addr_t fdt)
{
	const struct boot_info boot = {
		.hwid = sysreg_read(mpidr_el1) & MPIDR_AFFINITY,
		/* Who starts an ELF file passes nothing on: QEMU has a tree where memory starts. */
		.fdt = fdt ? fdt : image_to_phys(_start) - TEXT_OFFSET,
		.fdt_guessed = fdt == 0,
		.appended = image_to_phys(image_end),
		.appended_room = image_span(image_end, appended_end),
	};

	cpu_init_boot(&boot_core.stacks, boot.hwid);
	boot_core.self = &boot_core;
	boot_core.hwid = boot.hwid;
	psci_init((unsigned int)entered_at);
	timer_init();
	count_cycles();
	core_init_interrupts(&boot_core);
	__asm__ volatile("msr daifclr, #4"); /* an error on the bus is no longer kept back */
	kernel_main(&boot);
}

void secondary_main(struct core *core)
{
	drop_ttbr0();
	count_cycles();
	core_init_interrupts(core);
	__asm__ volatile("msr daifclr, #4");
	/* One that nobody could wake does not come. */
	if (core->has_chip)
		core->entry();
	arch_halt();
}

void arch_halt(void)
{
	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	timer_set(this_core(), UINT64_MAX);
	for (;;)
		cpu_wait();
}

/*
 * Write [from, from + bytes) back to memory: a CPU with its MMU off does not look into caches, and
 * a reset forgets them.
 */
static void clean_lines(const void *from, size_t bytes)
{
	uintptr_t line = 4UL << (sysreg_read(ctr_el0) >> 16 & 15);
	uintptr_t at = align_down((uintptr_t)from, line), end = (uintptr_t)from + bytes;

	for (; at < end; at += line)
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}

void boot_forget_appended(const struct boot_info *boot)
{
	uint32_t *magic = early_ptr(boot->appended);

	*magic = 0;
	clean_lines(magic, sizeof(*magic));
}

/* What secondary_start and secondary_continue read, and what the CPU itself does later. */
long cpu_start(void *state, const struct cpu_start *start)
{
	struct core *core = state;

	core->stacks = start->stacks;
	core->self = core;
	core->ttbr1 = paging_root();
	core->continue_at = (uintptr_t)secondary_continue;
	core->sp = stacks_top(&start->stacks);
	core->tp = start->tp;
	core->entry = start->entry;
	core->hwid = start->hwid;
	core->id = start->id;
	clean_lines(core, sizeof(*core));
	return psci_cpu_on(start->hwid, image_to_phys(secondary_start), virt_to_phys(core));
}

void smp_kick(unsigned int id)
{
	const struct irq_chip *chip = irq_chip();

	/* What was written before is seen by the handler. */
	__asm__ volatile("dsb ishst" ::: "memory");
	if (id < MAX_CPUS && chip)
		chip->send(id, cpu_hwids[id], SGI_KICK);
}
