/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the tables or the descriptors cannot reach is not used. Owns nothing; before
 * paging_init(), the boot CPU alone is here.
 */
#include <port/print.h>
#include "banks.h"

void refuse_banks(struct memblock_list *memory, phys_addr_t limit, const char *whose)
{
	while (memory->nr > 0 && memory->range[memory->nr - 1].end > limit) {
		struct memblock_range *bank = &memory->range[memory->nr - 1];
		phys_addr_t from = bank->base > limit ? bank->base : limit;

		print("paging: memory 0x%lx-0x%lx of node %d is not used: %s ends at 0x%lx\n",
			(unsigned long)from, (unsigned long)bank->end, bank->nid, whose,
			(unsigned long)limit);
		bank->end = from;
		if (bank->base == from)
			memory->nr--;
	}
}
