/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How addresses are translated, and the window of the linear map. There is one mode: 48 bits in
 * pages of 4 KiB. (52 bits need FEAT_LPA2, and other tables.)
 *
 * Owns linear_window, fixed by paging_choose(); the boot CPU alone is here.
 *
 * Source: Arm ARM DDI 0487, D8.2; D17.2.64 (ID_AA64MMFR0_EL1).
 */
#include <string.h>
#include <mm/memblock.h>
#include <port/boot.h>
#include <port/mem.h>
#include <port/print.h>
#include <arch/sysreg.h>
#include "common/banks.h"
#include "image.h"
#include "paging.h"

#define GIB          (1ULL << 30)

#define LINEAR_BASE  0xffff000000000000UL
#define LINEAR_BYTES (128ULL << 40)

const char paging_modes[] = "va48";

struct linear_window linear_window;

bool paging_request(const char *name)
{
	return strcmp(name, paging_modes) == 0;
}

void paging_cpu_type(const char *type)
{
	(void)type; /* trees of arm64 have none */
}

/* Bits of a physical address. */
static unsigned int pa_bits(void)
{
	static const unsigned char bits[] = {32, 36, 40, 42, 44, 48, 52, 56};
	unsigned int most = bits[sysreg_read(id_aa64mmfr0_el1) & 7];

	return most < 48 ? most : 48;
}

phys_addr_t paging_phys_last(void)
{
	return (1ULL << pa_bits()) - 1;
}

int paging_choose(struct memblock *mb)
{
	phys_addr_t base = align_down(mb->memory.range[0].base, GIB);

	refuse_banks(&mb->memory, 1ULL << pa_bits(), "what this CPU can address");
	refuse_banks(&mb->memory, MEM_MAP_LIMIT, "the window of the page descriptors");
	refuse_banks(&mb->memory, base + LINEAR_BYTES, "the linear map's window");
	if (mb->memory.nr == 0)
		return -1;
	linear_window.base = LINEAR_BASE;
	linear_window.bytes = LINEAR_BYTES;
	linear_window.offset = LINEAR_BASE - base;
	return 0;
}

void paging_describe(void)
{
	print("paging: 48 bits, 4 KiB pages, linear map 0x%lx-0x%lx for physical 0x%lx, image at "
	      "0x%lx\n",
		(unsigned long)linear_window.base,
		(unsigned long)(linear_window.base + linear_window.bytes),
		(unsigned long)virt_to_phys((void *)linear_window.base),
		(unsigned long)image_to_phys(_start));
}
