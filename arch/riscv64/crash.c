/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults committed on purpose on riscv64: those of common/crash.c, and a store to the firmware.
 * Owns an instruction where none may be executed.
 *
 * Source: RISC-V Unprivileged ISA, 2.5 (jalr).
 */
#include <string.h>
#include <port/boot.h>
#include <port/mem.h>
#include <port/print.h>
#include "common/crash.h"
#include "paging.h"

const char *const arch_crash_names[] = {CRASH_NAMES, "firmware", NULL};

/* `ret`, in data. */
static uint32_t code_in_data[] = {0x00008067};

static int store_to_firmware(void)
{
	phys_addr_t pa = paging_firmware();

	if (pa == PHYS_ADDR_MAX) {
		print("crash: no range of the firmware is known\n");
		return -1;
	}
	crash_store(phys_to_virt(pa));
	return 0;
}

int arch_crash(const char *name)
{
	if (strcmp(name, "firmware") == 0)
		return store_to_firmware();
	return crash_commit(name, code_in_data);
}
