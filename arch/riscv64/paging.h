/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the machine half needs of the page tables. Boot hart only.
 */
#ifndef RISCV64_PAGING_H
#define RISCV64_PAGING_H

#include "common/paging.h"

/** Most levels that the boot hart's satp accepts, 3 to 5; found out by early.c. */
extern unsigned int satp_levels;

/** The final tables will map nothing at or above `end`: early_limit() is no higher. early.c. */
void early_lower_limit(phys_addr_t end);

/** For a hart that starts, or changes to them: the tables in use. Any hart. */
unsigned long paging_satp(void);

/** Any byte of the firmware's range, or PHYS_ADDR_MAX if none is known. */
phys_addr_t paging_firmware(void);

#endif
