/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts: the boot hart's way into the runtime, starting the others, interrupting them.
 *
 * Owns struct hart: the boot hart's is static, the others' lie on the first half of a page on their
 * node, their thread-local blocks on the second. hwids[] has the hart id of each CPU id: those may
 * be large and sparse. Only the boot hart starts others, so nothing is locked.
 *
 * Source: SBI 2.0 chapters 7 (IPI) and 9 (HSM).
 */
#include <assert.h>
#include <mm/mm.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/smp.h>
#include "hart.h"
#include "image.h"
#include "paging.h"
#include "sbi.h"

/* Orders of the two stacks; a page of a guard on each side comes from paging_map_stack(). */
static const unsigned int stack_order[NR_STACKS] = {
	[STACK_EMERGENCY] = 2,
	[STACK_MAIN] = 3,
};

#define TLS_OFFSET (PAGE_SIZE / 2)
static_assert(sizeof(struct hart) <= TLS_OFFSET, "hart and thread-local block share a page");
static_assert((PAGE_SIZE << 3) <= STACK_MAX, "stack_order fits a slot");

/* The boot CPU until mm_init() has made the real ones. */
static struct mm_cpu boot_cpu;
_Thread_local struct mm_cpu *this_cpu = &boot_cpu;

struct hart boot_hart;
static uint64_t hwids[MAX_CPUS];             /* by CPU id; written before the CPU is started */
struct start_record start_records[MAX_CPUS]; /* by CPU id; written before the CPU is started */

/* Called by start.S. */
_Noreturn void boot_main(uint64_t hwid, phys_addr_t fdt);
_Noreturn void secondary_main(struct hart *hart);

void hart_init_interrupts(struct hart *hart)
{
	hart->next_tick = UINT64_MAX;
	hart->alarm = UINT64_MAX;
	timer_set(hart, UINT64_MAX);
	csr_clear(sip, 1UL << IRQ_S_SOFT);
	csr_write(sie, 1UL << IRQ_S_SOFT | 1UL << IRQ_S_TIMER | 1UL << IRQ_S_EXTERNAL);
}

void boot_main(uint64_t hwid, phys_addr_t fdt)
{
	const struct boot_info boot = {.hwid = hwid, .fdt = fdt};

	stacks_set(&boot_hart.stacks, (uintptr_t)boot_stack_low, (uintptr_t)boot_stack_top);
	boot_hart.stacks.emergency_low = (uintptr_t)boot_emergency_low;
	boot_hart.stacks.emergency_top = (uintptr_t)boot_emergency_top;
	boot_hart.self = &boot_hart;
	boot_hart.hwid = hwid;
	hwids[0] = hwid;
	tls_fill(boot_tls);
	sbi_init();
	hart_init_interrupts(&boot_hart);
	kernel_main(&boot);
}

void secondary_main(struct hart *hart)
{
	hart_init_interrupts(hart);
	hart->entry();
	arch_halt();
}

void arch_halt(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
	csr_write(sie, 0);
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
static void hart_prepare(struct hart *hart, struct mm_cpu *cpu, const uintptr_t low[NR_STACKS])
{
	char *tls = (char *)hart + TLS_OFFSET;
	uintptr_t top[NR_STACKS];

	for (unsigned int kind = 0; kind < NR_STACKS; kind++)
		top[kind] = low[kind] + order_bytes(stack_order[kind]);
	stacks_set(&hart->stacks, low[STACK_MAIN], top[STACK_MAIN]);
	hart->stacks.emergency_low = low[STACK_EMERGENCY];
	hart->stacks.emergency_top = top[STACK_EMERGENCY];
	hart->self = hart;
	hart->satp = paging_satp();
	hart->continue_at = (uintptr_t)secondary_continue;
	hart->sp = top[STACK_MAIN];
	hart->tp = (uintptr_t)tls;
	tls_fill(tls);
	/* The other hart's this_cpu: its place in that block is its place in ours. */
	*(struct mm_cpu **)(tls + ((char *)&this_cpu - (char *)__builtin_thread_pointer())) = cpu;
}

int smp_start_cpu(struct mm_cpu *cpu, uint64_t hwid, void (*entry)(void))
{
	struct page *page, *pages[NR_STACKS];
	uintptr_t low[NR_STACKS];
	unsigned int kind = 0;
	struct hart *hart;
	long error = -1;

	if (cpu->id >= MAX_CPUS)
		return -1;
	page = alloc_pages_node(cpu->nid, GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return -1;
	for (; kind < NR_STACKS; kind++)
		if (!stack_create(cpu->id, cpu->nid, kind, &pages[kind], &low[kind]))
			goto undo;
	hart = page_address(page);
	hart_prepare(hart, cpu, low);
	hart->hwid = hwid;
	hart->entry = entry;
	start_records[cpu->id] = (struct start_record){hwid, virt_to_phys(hart)};
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	error = sbi_hart_start(hwid, image_to_phys(secondary_start), 0);
	if (error == 0)
		return 0;
	start_records[cpu->id].hart = 0;
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
	/* What was written before is seen by the handler: an ecall orders nothing. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (id < MAX_CPUS)
		sbi_send_ipi(hwids[id]);
}
