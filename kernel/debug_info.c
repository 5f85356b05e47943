/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scripts/gdb has to know and debug information does not hold: macros, as enumerators.
 *
 * Owns kernel.mem_map. The variable keeps its type in the debug information; the linker drops it.
 */
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/trace.h>
#include <port/mem.h>
#include "kernel.h"

enum debug_constant {
	DEBUG_PAGE_SHIFT = PAGE_SHIFT,
	DEBUG_BLOCK_PAGES = BLOCK_PAGES,
	DEBUG_ZONE_SHIFT = ZONE_SHIFT,
	DEBUG_ZONES_SHIFT = ZONES_SHIFT,
	DEBUG_NODE_HOLE = NODE_HOLE,
	DEBUG_PAGE_TAG_LRU = PAGE_TAG_LRU,
	DEBUG_MEMBLOCK_NOMAP = MEMBLOCK_NOMAP,
	DEBUG_TRACE_INTERRUPT = MM_TRACE_INTERRUPT,
};

__attribute__((used)) static const enum debug_constant debug_constant = DEBUG_PAGE_SHIFT;

void debug_info_init(void)
{
	kernel.mem_map = mem_map();
}
