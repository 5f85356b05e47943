/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies at a virtual address, for people who read a dump. Owns nothing.
 */
#include <mm/mm.h>
#include <port/mem.h>
#include "asm.h"
#include "image.h"
#include "paging.h"
#include "tables.h"

static const char *name_in_image(uintptr_t va)
{
	const struct {
		const char *end, *name;
	} parts[] = {
		{image_text_end, "text of the image"},
		{image_rodata_end, "constants of the image"},
		{image_data_end, "data of the image"},
		{boot_stack_low, "guard page of the boot stack"},
		{boot_stack_top, "boot stack"},
		{boot_emergency_low, "guard page of the emergency stack"},
		{boot_emergency_top, "emergency stack"},
	};

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (va < (uintptr_t)parts[i].end)
			return parts[i].name;
	return "behind the image";
}

static const char *name_in_linear_map(const struct memblock *mb, phys_addr_t pa)
{
	const struct memblock_range *reserved = memblock_find_reserved(mb, pa);

	if (reserved)
		return reserved->why;
	return memblock_find_memory(mb, pa) ? "linear map" : "linear map of no bank";
}

static const char *name_in_mem_map(uintptr_t va)
{
	const struct mm *mm = this_cpu->mm;
	const unsigned long pfn = (va - MEM_MAP_BASE) / sizeof(struct page);

	if (mm && mm_offline_range(mm, pfn))
		return "page descriptors: of a page that is offline";
	return "page descriptors";
}

const char *paging_name(uintptr_t va)
{
	const struct memblock *mb = paging_banks();
	uintptr_t in_half = (va - STACK_BASE) % STACK_HALF;

	if (va < PAGE_SIZE)
		return "null pointer";
	if (va - IMAGE_BASE < image_span(_start, image_end))
		return name_in_image(va);
	if (mb && virt_in_linear_map((void *)va))
		return name_in_linear_map(mb, virt_to_phys((void *)va));
	if (virt_in_mem_map((void *)va))
		return name_in_mem_map(va);
	if (va - DEVICE_BASE < DEVICE_BYTES)
		return "device registers";
	if (va - STACK_BASE < STACK_BYTES)
		return in_half < PAGE_SIZE ? "guard page of a stack" : "stacks";
	return "nothing is there";
}
