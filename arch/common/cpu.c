/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs: what each one is given before it starts.
 *
 * Owns cpu_hwids[], which may be large and sparse numbers, and `this_cpu` until the core has made
 * the real ones. The state of a CPU, which is the architecture's, lies on the first half of a page
 * on its node, its thread-local block on the second. Only the boot CPU starts others, so nothing is
 * locked.
 */
#include <assert.h>
#include <mm/mm.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/smp.h>
#include "cpu.h"
#include "image.h"
#include "paging.h"

/* Orders of the two stacks; a page of a guard on each side comes from paging_map_stack(). */
static const unsigned int stack_order[NR_STACKS] = {
	[STACK_EMERGENCY] = 2,
	[STACK_MAIN] = 3,
};
static_assert((PAGE_SIZE << 3) <= STACK_MAX, "stack_order fits a slot");

/* The boot CPU until mm_init() has made the real ones. */
static struct mm_cpu boot_cpu;
_Thread_local struct mm_cpu *this_cpu = &boot_cpu;

uint64_t cpu_hwids[MAX_CPUS];

void cpu_init_boot(struct stacks *stacks, uint64_t hwid)
{
	stacks_set(stacks, (uintptr_t)boot_stack_low, (uintptr_t)boot_stack_top);
	stacks->emergency_low = (uintptr_t)boot_emergency_low;
	stacks->emergency_top = (uintptr_t)boot_emergency_top;
	cpu_hwids[0] = hwid;
	tls_fill(boot_tls);
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

/* For stacks of that order which begin at `low`. */
static struct stacks stacks_at(const uintptr_t low[NR_STACKS])
{
	struct stacks stacks;

	stacks_set(
		&stacks, low[STACK_MAIN], low[STACK_MAIN] + order_bytes(stack_order[STACK_MAIN]));
	stacks.emergency_low = low[STACK_EMERGENCY];
	stacks.emergency_top = low[STACK_EMERGENCY] + order_bytes(stack_order[STACK_EMERGENCY]);
	return stacks;
}

/* Fill in the thread-local block of a CPU, behind its state. */
static uintptr_t prepare_tls(void *state, struct mm_cpu *cpu)
{
	char *tls = (char *)state + CPU_STATE_BYTES;

	tls_fill(tls);
	/* The other CPU's this_cpu: its place in that block is its place in ours. */
	*(struct mm_cpu **)(tls + ((char *)&this_cpu - (char *)__builtin_thread_pointer())) = cpu;
	return (uintptr_t)tls;
}

int smp_start_cpu(struct mm_cpu *cpu, uint64_t hwid, void (*entry)(void))
{
	struct cpu_start start = {.id = cpu->id, .hwid = hwid, .entry = entry};
	struct page *page, *pages[NR_STACKS];
	uintptr_t low[NR_STACKS];
	unsigned int kind = 0;
	long error = -1;

	if (cpu->id >= MAX_CPUS)
		return -1;
	page = alloc_pages_node(cpu->nid, GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return -1;
	for (; kind < NR_STACKS; kind++)
		if (!stack_create(cpu->id, cpu->nid, kind, &pages[kind], &low[kind]))
			goto undo;
	start.stacks = stacks_at(low);
	start.tp = prepare_tls(page_address(page), cpu);
	error = cpu_start(page_address(page), &start);
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
		cpu_hwids[id] = hwid;
}
