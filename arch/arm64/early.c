/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first page tables, made with the MMU still off, and what lasts until paging_init().
 *
 * Owns the early tables. TTBR1's: the image at its link address, writable and executable: this is
 * for a few milliseconds, and the final tables (paging.c) are strict. TTBR0's: physical memory as
 * it is, in pieces of 1 GiB, but only those that somebody asks for by early_ptr(): what is mapped
 * may be read ahead by the CPU, and it is not yet known where registers are. They reach the 512 GiB
 * in which the image lies. After paging_init() they keep the image's piece, to start CPUs by.
 *
 * early_paging() runs at the physical address, the MMU off: nothing there may use an absolute
 * address or call the C library, so no switch statements and no tables of pointers.
 *
 * Source: Arm ARM DDI 0487, D8 (translation).
 */
#include <string.h>
#include <port/boot.h>
#include <port/firmware.h>
#include <arch/sysreg.h>
#include "core.h"
#include "image.h"
#include "paging.h"
#include "pte.h"

#define GIB   (1ULL << 30)
#define MIB2  (2ULL << 20)
#define REACH (PTES_PER_TABLE * GIB)

/* A device tree is no larger (of_check()): what lies so far behind an address is mapped with it. */
#define REACH_BEHIND (16ULL << 20)

typedef uint64_t table_t[PTES_PER_TABLE] __attribute__((aligned(PAGE_SIZE)));

table_t low_root; /* start.S */
static table_t low_gib;
table_t high_root; /* start.S */
static table_t high_gib, high_image;
table_t empty_table;

/* Virtual minus physical address of the image. */
static uintptr_t image_offset;

/* What the early tables reach, see early_limit(); low is a multiple of 512 GiB. */
static phys_addr_t reach_low, limit;

/* Registers that somebody asked for, by the last entries of high_image; these addresses stay. */
#define MAX_DEVICES   64U
#define EARLY_DEVICES 0xffffffffb8000000UL
static phys_addr_t devices[MAX_DEVICES];
/* Before those: what early_answers() looks at. */
#define PROBE (EARLY_DEVICES - MIB2)
static unsigned int nr_devices;

bool early_paging(uintptr_t image_pa);

/* Called by start.S with the MMU off and a stack; false if the image lies where it can not run. */
bool early_paging(uintptr_t image_pa)
{
	uintptr_t bytes = image_span(_start, image_end);

	if (!is_aligned(image_pa, MIB2))
		return false;
	image_offset = IMAGE_BASE - image_pa;
	reach_low = image_pa & ~(REACH - 1);
	limit = reach_low + REACH;
	low_root[pte_index(image_pa, 3)] = make_table((uintptr_t)low_gib);
	for (uintptr_t pa = image_pa & ~(GIB - 1); pa < image_pa + bytes; pa += GIB)
		low_gib[pte_index(pa, 2)] = make_leaf(pa, PROT_RWX, 2);
	high_root[pte_index(IMAGE_BASE, 3)] = make_table((uintptr_t)high_gib);
	high_gib[pte_index(IMAGE_BASE, 2)] = make_table((uintptr_t)high_image);
	for (uintptr_t at = 0; at < bytes; at += MIB2)
		high_image[pte_index(IMAGE_BASE + at, 1)] = make_leaf(image_pa + at, PROT_RWX, 1);
	return true;
}

phys_addr_t early_ttbr0(void)
{
	return image_to_phys(low_root);
}

phys_addr_t early_limit(void)
{
	return limit;
}

/* Have the piece with `pa` in the early tables. */
static void reach(phys_addr_t pa)
{
	uint64_t *entry = &low_gib[pte_index(pa, 2)];

	if (pa >= limit || *entry & PTE_V)
		return;
	*entry = make_leaf(align_down(pa, GIB), PROT_RW, 2);
	tables_written();
}

void *early_ptr(phys_addr_t pa)
{
	if (pa < reach_low || pa >= limit)
		return NULL;
	reach(pa);
	reach(pa + REACH_BEHIND);
	return (void *)pa;
}

bool early_mmio_piece(unsigned int i, uintptr_t *va, phys_addr_t *pa)
{
	if (i >= nr_devices)
		return false;
	*va = EARLY_DEVICES + i * MIB2;
	*pa = devices[i];
	return true;
}

/* Are [base, base + nr * MIB2) pieces i to i + nr - 1? */
static bool pieces_are(unsigned int i, phys_addr_t base, unsigned int nr)
{
	for (unsigned int k = 0; k < nr; k++)
		if (i + k >= nr_devices || devices[i + k] != base + k * MIB2)
			return false;
	return true;
}

volatile void *early_mmio(phys_addr_t pa, size_t bytes)
{
	phys_addr_t base = align_down(pa, MIB2);
	uint64_t nr = (align_up(pa + bytes, MIB2) - base) / MIB2;
	unsigned int at = 0;

	if (nr > MAX_DEVICES)
		return NULL;
	while (at < nr_devices && !pieces_are(at, base, (unsigned int)nr))
		at++;
	if (at == nr_devices) {
		if (nr > MAX_DEVICES - nr_devices)
			return NULL;
		for (unsigned int k = 0; k < nr; k++, nr_devices++) {
			devices[nr_devices] = base + k * MIB2;
			high_image[pte_index(EARLY_DEVICES + nr_devices * MIB2, 1)] = make_leaf(
				base + k * MIB2, PROT_DEVICE, 1);
		}
		tables_written();
	}
	return (volatile void *)(EARLY_DEVICES + at * MIB2 + (pa - base));
}

/*
 * The only load of the boot that may fail; trap.c knows it by its address. An error that the bus
 * brings late, as an SError, is fatal, here or later.
 */
static __attribute__((noinline)) bool read_answers(uintptr_t va)
{
	register unsigned long x0 __asm__("x0") = va;
	register unsigned long x1 __asm__("x1") = 0;

	__asm__ volatile(".globl probe_instruction\n"
			 "probe_instruction:\n\t"
			 "ldr w0, [x0]\n\t"
			 "dsb sy"
			 : "+r"(x0), "+r"(x1)
			 :
			 : "memory");
	return x1 == 0;
}

bool probe_refused(struct trap_frame *frame)
{
	if (frame->elr != (uintptr_t)probe_instruction || ESR_EC(frame->esr) != EC_DATA_ABORT ||
		ESR_FAULT(frame->esr) != FAULT_EXTERNAL)
		return false;
	frame->elr += 4;
	frame->x[1] = 1;
	return true;
}

/* As registers are mapped, so that nothing but that one word is read. */
bool early_answers(phys_addr_t pa)
{
	uint64_t *entry = &high_image[pte_index(PROBE, 1)];
	bool answers;

	*entry = make_leaf(align_down(pa, MIB2), PROT_DEVICE, 1);
	tables_written();
	answers = read_answers(PROBE + (pa & (MIB2 - 1)));
	*entry = 0;
	__asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
	return answers;
}

void drop_ttbr0(void)
{
	sysreg_write(ttbr0_el1, image_to_phys(empty_table));
	__asm__ volatile("isb\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

void early_done(void)
{
	uintptr_t code = pte_index(image_to_phys(secondary_start), 2);

	drop_ttbr0();
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		low_gib[i] = 0;
	low_gib[code] = make_leaf(align_down(image_to_phys(secondary_start), GIB), PROT_RX, 2);
	tables_written();
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
	char *head = block, *start = head + (uintptr_t)tls_head;

	memset(head, 0, (uintptr_t)tls_head);
	memcpy(start, tls_template, template);
	memset(start + template, 0, image_span(tls_template_end, tls_end));
}
