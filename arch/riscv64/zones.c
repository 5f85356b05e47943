/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone layout of 64-bit RISC-V: what devices with 32 address bits reach, and the rest.
 *
 * No DMA zone (there are no ISA devices) and no HIGHMEM. As Linux on riscv64 has it.
 */
#include <mm/mmzone.h>
#include <port/mem.h>

const struct zone_layout riscv64_zone_layout = {
	.name = "riscv64",
	.nr = 2,
	.limit = {{ZONE_DMA32, 1ULL << 32}, {ZONE_NORMAL, PHYS_ADDR_MAX}},
};
