/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the tables or the descriptors cannot reach is not used. Boot CPU only.
 */
#ifndef COMMON_BANKS_H
#define COMMON_BANKS_H

#include <mm/memblock.h>
#include <port/mem.h>

/** One past the last physical address that has a descriptor. */
#define MEM_MAP_LIMIT (MEM_MAP_BYTES / sizeof(struct page) * PAGE_SIZE)

/** Take what lies at or above `limit`, the end of `whose`, out of the banks: a line for each. */
void refuse_banks(struct memblock_list *memory, phys_addr_t limit, const char *whose);

#endif
