/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the early page tables to the final ones, which common/paging.c builds, and the firmware's
 * memory, which they leave out; and from the hart that changes the tables to the others.
 *
 * Owns what is known of that range: fixed by paging_init(), the boot hart alone is there.
 *
 * Source: Privileged Architecture 1.12, 4.1.11 (satp), 4.2.1 (sfence.vma).
 */
#include <mm/memblock.h>
#include <port/boot.h>
#include <port/print.h>
#include <port/thread.h>
#include "image.h"
#include "paging.h"
#include "sbi.h"
#include "tables.h"

/* Between the start of memory and the image, at most so much is taken for the firmware. */
#define FIRMWARE_MAX (4ULL << 20)

static phys_addr_t firmware = PHYS_ADDR_MAX;

phys_addr_t paging_firmware(void)
{
	return firmware;
}

/* The first range below the image that the tree wants unmapped, or PHYS_ADDR_MAX. */
static phys_addr_t firmware_by_tree(const struct memblock_list *reserved, phys_addr_t image)
{
	for (unsigned int i = 0; i < reserved->nr; i++) {
		const struct memblock_range *range = &reserved->range[i];

		if (range->flags & MEMBLOCK_NOMAP && range->base < image)
			return range->base;
	}
	return PHYS_ADDR_MAX;
}

/*
 * The firmware's range is in the tree and never mapped (drivers/of). A tree that does not tell is
 * not believed where the image stands right above the start of memory: something loaded it.
 */
static void reserve_firmware(struct memblock *mb)
{
	phys_addr_t image = image_to_phys(_start);
	const struct memblock_range *bank = memblock_find_memory(mb, image);

	firmware = firmware_by_tree(&mb->reserved, image);
	if (firmware != PHYS_ADDR_MAX || !bank || bank->base == image ||
		image - bank->base > FIRMWARE_MAX)
		return;
	firmware = bank->base;
	print("paging: the tree does not tell the firmware's range; 0x%lx-0x%lx is taken for it\n",
		(unsigned long)firmware, (unsigned long)image);
	memblock_reserve(mb, firmware, image - firmware, MEMBLOCK_NOMAP, "firmware");
}

/*
 * Harts may remember of these addresses what was mapped there before, or that nothing was. A stale
 * entry of a stack that is gone does no harm until the addresses are used again.
 */
void thread_context_publish(void)
{
	sbi_remote_fence();
}

unsigned long paging_satp(void)
{
	return make_satp(paging_root(), paging_levels());
}

int paging_init(struct memblock *mb)
{
	reserve_firmware(mb);
	if (paging_build(mb))
		return -1;
	csr_write(satp, paging_satp());
	sfence_vma();
	paging_in_use();
	return 0;
}
