/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts: the boot hart's way into the runtime, starting the others, interrupting them.
 *
 * Owns struct hart: the boot hart's is static, common/cpu.c makes room for the others'; and the
 * start records. Only the boot hart starts others, so nothing is locked.
 *
 * Source: SBI 2.0 chapters 7 (IPI) and 9 (HSM).
 */
#include <assert.h>
#include <mm/mm.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/mem.h>
#include <port/smp.h>
#include "common/cpu.h"
#include "hart.h"
#include "image.h"
#include "paging.h"
#include "sbi.h"

static_assert(sizeof(struct hart) <= CPU_STATE_BYTES, "it has room before the thread-local block");

struct hart boot_hart;
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

	cpu_init_boot(&boot_hart.stacks, hwid);
	boot_hart.self = &boot_hart;
	boot_hart.hwid = hwid;
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

/* What secondary_start and secondary_continue read, and what the hart itself does later. */
long cpu_start(void *state, const struct cpu_start *start)
{
	struct hart *hart = state;
	long error;

	hart->stacks = start->stacks;
	hart->self = hart;
	hart->satp = paging_satp();
	hart->continue_at = (uintptr_t)secondary_continue;
	hart->sp = stacks_top(&start->stacks);
	hart->tp = start->tp;
	hart->entry = start->entry;
	hart->hwid = start->hwid;
	start_records[start->id] = (struct start_record){start->hwid, virt_to_phys(hart)};
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	error = sbi_hart_start(start->hwid, image_to_phys(secondary_start), 0);
	if (error != 0)
		start_records[start->id].hart = 0;
	return error;
}

void smp_kick(unsigned int id)
{
	/* What was written before is seen by the handler: an ecall orders nothing. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (id < MAX_CPUS)
		sbi_send_ipi(cpu_hwids[id]);
}
