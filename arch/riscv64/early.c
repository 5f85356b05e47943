/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first page tables, made with paging still off, and what lasts until paging_init().
 *
 * Owns early_root and early_image: the lower half of Sv39's addresses is physical memory as it
 * is, and the image stands at its link address. Everything may be written and executed: this is
 * for a few milliseconds, and the final tables (paging.c) are strict.
 *
 * early_paging() runs at the physical address. Nothing there may use an absolute address, so no
 * switch statements and no tables of pointers.
 *
 * Source: Privileged Architecture 1.12, 4.1.11 (satp), 4.4 to 4.6 (the modes).
 */
#include <string.h>
#include <port/boot.h>
#include <port/firmware.h>
#include <arch/csr.h>
#include "asm.h"
#include "hart.h"
#include "image.h"
#include "paging.h"
#include "pte.h"
#include "sbi.h"

#define GIB           (1ULL << 30)
#define MIB2          (2ULL << 20)
#define EARLY_GIB     (PTES_PER_TABLE / 2)
#define SV48_ROOT_GIB 512ULL /* what one entry of a root table with four levels maps */
#define MAX_LEVELS    5U

#define EARLY_PROT    (PROT_RW | PTE_X)

static uint64_t early_root[PTES_PER_TABLE] __attribute__((aligned(PAGE_SIZE)));
static uint64_t early_image[PTES_PER_TABLE] __attribute__((aligned(PAGE_SIZE)));

/* Virtual minus physical address of the image. */
static uintptr_t image_offset;

unsigned int satp_levels;

/* See early_limit(). */
static phys_addr_t limit = EARLY_GIB * GIB;

unsigned long early_paging(uintptr_t image_pa);

/*
 * Does satp take this many levels? The first entry of early_root maps physical memory as it is in
 * every mode, only in larger pieces, so for a moment the table will do for any mode.
 */
static bool satp_accepts(unsigned int levels, uintptr_t root)
{
	unsigned long satp = make_satp(root, levels), is;

	sfence_vma();
	csr_write(satp, satp);
	is = csr_read(satp);
	csr_write(satp, 0);
	sfence_vma();
	return is == satp;
}

/* No print(): that has pointers in it, and the lines that it would keep are not where it looks. */
static _Noreturn void refuse_misaligned(void)
{
	static const char why[] =
		"pageframe: cannot boot: the image must be loaded at a multiple of "
		"2 MiB\r\npageframe: power off, status 1\r\n";

	sbi_init();
	firmware_write(why, sizeof(why) - 1);
	firmware_poweroff(1);
	arch_halt();
}

/* Called by start.S with paging off; returns the value for satp. */
unsigned long early_paging(uintptr_t image_pa)
{
	uintptr_t bytes = image_span(_start, image_end);

	if (!is_aligned(image_pa, MIB2))
		refuse_misaligned();
	image_offset = IMAGE_BASE - image_pa;
	for (unsigned int i = 0; i < EARLY_GIB; i++)
		early_root[i] = make_leaf(i * GIB, EARLY_PROT, 2);
	early_root[pte_index(IMAGE_BASE, 2)] = make_table((uintptr_t)early_image);
	for (uintptr_t at = 0; at < bytes; at += MIB2)
		early_image[pte_index(IMAGE_BASE + at, 1)] = make_leaf(
			image_pa + at, EARLY_PROT, 1);
	satp_levels = 3;
	while (image_pa + bytes <= SV48_ROOT_GIB * GIB && satp_levels < MAX_LEVELS &&
		satp_accepts(satp_levels + 1, (uintptr_t)early_root))
		satp_levels++;
	return make_satp((uintptr_t)early_root, 3);
}

phys_addr_t early_limit(void)
{
	return limit;
}

void early_lower_limit(phys_addr_t end)
{
	if (end < limit)
		limit = end;
}

void *early_ptr(phys_addr_t pa)
{
	return pa < EARLY_GIB * GIB ? (void *)pa : NULL;
}

/* The only load of the boot that may fail; trap.c knows it by its address. */
static __attribute__((noinline)) bool read_answers(uintptr_t va)
{
	register unsigned long a0 __asm__("a0") = va;
	register unsigned long a1 __asm__("a1") = 0;

	__asm__ volatile(".globl probe_instruction\n\t"
			 ".option push\n\t"
			 ".option norvc\n"
			 "probe_instruction:\n\t"
			 "lw a0, 0(a0)\n\t"
			 ".option pop"
			 : "+r"(a0), "+r"(a1)
			 :
			 : "memory");
	return a1 == 0;
}

bool probe_refused(struct trap_frame *frame)
{
	if (frame->sepc != (uintptr_t)probe_instruction || frame->scause != CAUSE_LOAD_ACCESS)
		return false;
	frame->sepc += 4;
	frame->x[REG_A1] = 1;
	return true;
}

bool early_answers(phys_addr_t pa)
{
	void *at = early_ptr(pa);

	return !at || read_answers((uintptr_t)at);
}

volatile void *early_mmio(phys_addr_t pa, size_t bytes)
{
	(void)bytes;
	return early_ptr(pa);
}

bool early_mmio_piece(unsigned int i, uintptr_t *va, phys_addr_t *pa)
{
	(void)i;
	(void)va;
	(void)pa;
	return false; /* what early_mmio() maps ends with the early tables */
}

phys_addr_t image_to_phys(const void *addr)
{
	return (uintptr_t)addr - image_offset;
}

void boot_image_range(phys_addr_t *base, phys_addr_t *end)
{
	*base = image_to_phys(_start);
	*end = image_to_phys(image_end);
}

void tls_fill(void *block)
{
	size_t template = image_span(tls_template, tls_template_end);

	memcpy(block, tls_template, template);
	memset((char *)block + template, 0, image_span(tls_template_end, tls_end));
}
