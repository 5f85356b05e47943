/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the early page tables to the final ones, which common/paging.c builds; and from the CPU that
 * changes those to the others. Owns nothing.
 *
 * Source: Arm ARM DDI 0487, D8.
 */
#include <port/boot.h>
#include <port/thread.h>
#include "image.h"
#include "paging.h"
#include "tables.h"

/* That nothing is mapped somewhere is not remembered, and what is gone was forgotten at once. */
void thread_context_publish(void)
{
	tables_written();
}

int paging_init(struct memblock *mb)
{
	if (paging_build(mb))
		return -1;
	switch_ttbr1(paging_root(), image_to_phys(empty_table),
		(uintptr_t)_start - image_to_phys(_start));
	paging_in_use();
	early_done();
	return 0;
}
