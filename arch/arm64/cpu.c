/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs: the boot CPU's way into the runtime, starting the others, interrupting them.
 *
 * Owns struct core: the boot CPU's is static, the others' lie on the first half of a page on their
 * node, their thread-local blocks on the second. hwids[] has the affinity (of MPIDR) of each CPU
 * id. Only the boot CPU starts others, so nothing is locked.
 *
 * Source: Arm DEN0022 (PSCI) 5.6 CPU_ON; Arm ARM DDI 0487, D17.2 (MPIDR_EL1).
 */
#include <assert.h>
#include <mm/mm.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/platform.h>
#include <port/smp.h>
#include "core.h"
#include "image.h"
#include "paging.h"
#include "psci.h"

/* Orders of the two stacks; a page of a guard on each side comes from paging_map_stack(). */
static const unsigned int stack_order[NR_STACKS] = {
	[STACK_EMERGENCY] = 2,
	[STACK_MAIN] = 3,
};

#define TLS_OFFSET (PAGE_SIZE / 2)
static_assert(sizeof(struct core) <= TLS_OFFSET, "core and thread-local block share a page");
static_assert((PAGE_SIZE << 3) <= STACK_MAX, "stack_order fits a slot");

/* The boot CPU until mm_init() has made the real ones. */
static struct mm_cpu boot_cpu;
_Thread_local struct mm_cpu *this_cpu = &boot_cpu;

struct core boot_core;
static uint64_t hwids[MAX_CPUS]; /* by CPU id; written before the CPU is started */

/* The affinity fields of MPIDR_EL1: what the tree's reg has. */
#define MPIDR_AFFINITY 0xff00ffffffUL

/* The SGI that smp_kick() raises. */
#define SGI_KICK 0U

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

	stacks_set(&boot_core.stacks, (uintptr_t)boot_stack_low, (uintptr_t)boot_stack_top);
	boot_core.stacks.emergency_low = (uintptr_t)boot_emergency_low;
	boot_core.stacks.emergency_top = (uintptr_t)boot_emergency_top;
	boot_core.self = &boot_core;
	boot_core.hwid = boot.hwid;
	hwids[0] = boot.hwid;
	tls_fill(boot_tls);
	psci_init((unsigned int)entered_at);
	timer_init();
	core_init_interrupts(&boot_core);
	__asm__ volatile("msr daifclr, #4"); /* an error on the bus is no longer kept back */
	kernel_main(&boot);
}

void secondary_main(struct core *core)
{
	drop_ttbr0();
	core_init_interrupts(core);
	__asm__ volatile("msr daifclr, #4");
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

/* Allocate and map one stack; false if there is no memory. */
static bool stack_create(
	unsigned int slot, int nid, enum stack_kind kind, struct page **pages, uintptr_t *low)
{
	size_t bytes = order_bytes(stack_order[kind]);

	*pages = alloc_pages_node(nid, GFP_KERNEL, stack_order[kind]);
	if (!*pages)
		return false;
	*low = paging_map_stack(slot, kind, pfn_to_phys(page_to_pfn(*pages)), bytes);
	if (*low != 0)
		return true;
	__free_pages(*pages, stack_order[kind]);
	return false;
}

static void stack_destroy(unsigned int slot, enum stack_kind kind, struct page *pages)
{
	paging_unmap_stack(slot, kind, order_bytes(stack_order[kind]));
	__free_pages(pages, stack_order[kind]);
}

/* Fill in what secondary_start and secondary_continue read. */
static void core_prepare(struct core *core, struct mm_cpu *cpu, const uintptr_t low[NR_STACKS])
{
	char *tls = (char *)core + TLS_OFFSET;
	uintptr_t top[NR_STACKS];

	for (unsigned int kind = 0; kind < NR_STACKS; kind++)
		top[kind] = low[kind] + order_bytes(stack_order[kind]);
	stacks_set(&core->stacks, low[STACK_MAIN], top[STACK_MAIN]);
	core->stacks.emergency_low = low[STACK_EMERGENCY];
	core->stacks.emergency_top = top[STACK_EMERGENCY];
	core->self = core;
	core->id = cpu->id;
	core->ttbr1 = paging_root();
	core->continue_at = (uintptr_t)secondary_continue;
	core->sp = top[STACK_MAIN];
	core->tp = (uintptr_t)tls;
	tls_fill(tls);
	/* The other CPU's this_cpu: its place in that block is its place in ours. */
	*(struct mm_cpu **)(tls + ((char *)&this_cpu - (char *)__builtin_thread_pointer())) = cpu;
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

int smp_start_cpu(struct mm_cpu *cpu, uint64_t hwid, void (*entry)(void))
{
	struct page *page, *pages[NR_STACKS];
	uintptr_t low[NR_STACKS];
	unsigned int kind = 0;
	struct core *core;
	long error = -1;

	if (cpu->id >= MAX_CPUS)
		return -1;
	page = alloc_pages_node(cpu->nid, GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return -1;
	for (; kind < NR_STACKS; kind++)
		if (!stack_create(cpu->id, cpu->nid, kind, &pages[kind], &low[kind]))
			goto undo;
	core = page_address(page);
	core_prepare(core, cpu, low);
	core->hwid = hwid;
	core->entry = entry;
	clean_lines(core, sizeof(*core));
	error = psci_cpu_on(hwid, image_to_phys(secondary_start), virt_to_phys(core));
	if (error == 0)
		return 0;
undo:
	while (kind-- > 0)
		stack_destroy(cpu->id, kind, pages[kind]);
	__free_page(page);
	return (int)error;
}

void smp_set_hwid(unsigned int id, uint64_t hwid)
{
	if (id < MAX_CPUS)
		hwids[id] = hwid;
}

void smp_kick(unsigned int id)
{
	const struct irq_chip *chip = irq_chip();

	/* What was written before is seen by the handler. */
	__asm__ volatile("dsb ishst" ::: "memory");
	if (id < MAX_CPUS && chip)
		chip->send(id, hwids[id], SGI_KICK);
}
