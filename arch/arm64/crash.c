/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults committed on purpose on arm64: those of common/crash.c. Owns an instruction where none
 * may be executed.
 *
 * Source: Arm ARM DDI 0487, C6.2 (RET).
 */
#include <stdint.h>
#include <port/boot.h>
#include "common/crash.h"

const char *const arch_crash_names[] = {CRASH_NAMES, NULL};

/* `ret`, in data. */
static uint32_t code_in_data[] = {0xd65f03c0};

int arch_crash(const char *name)
{
	return crash_commit(name, code_in_data);
}
