/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines for the unit tests, and the fixtures F1 to F4 of the semantics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "machine.h"

const struct zone_layout layout_normal = {
	.name = "normal", .nr = 1, .limit = {{ZONE_NORMAL, PHYS_ADDR_MAX}}};
const struct zone_layout layout_low_4096 = {.name = "low 4096",
	.nr = 2,
	.limit = {{ZONE_DMA32, 4096 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};
const struct zone_layout layout_low_2048 = {.name = "low 2048",
	.nr = 2,
	.limit = {{ZONE_DMA32, 2048 * PAGE_SIZE}, {ZONE_NORMAL, PHYS_ADDR_MAX}}};

const struct machine_spec fixture_f1 = {.bank = {{0, 262144, 0}}};
const struct machine_spec fixture_f2 = {.bank = {{0, 4096, 0}}};
const struct machine_spec fixture_f3 = {.layout = &layout_low_4096, .bank = {{0, 8192, 0}}};
const struct machine_spec fixture_f4 = {
	.layout = &layout_low_2048,
	.bank = {{0, 4096, 0}, {4096, 4096, 1}, {8192, 4096, 2}, {12288, 4096, 3}},
	.nr_cpus = 4,
	.cpu_nid = {0, 1, 2, 3},
};

static void add_banks(struct memblock *mb, const struct machine_spec *spec)
{
	for (unsigned int i = 0; i < MACHINE_MAX_BANKS && spec->bank[i].nr_pages; i++) {
		int64_t added = memblock_add(mb, pfn_to_phys(spec->bank[i].start_pfn),
			pfn_to_phys(spec->bank[i].nr_pages), spec->bank[i].nid);

		assert_int_equal(added, pfn_to_phys(spec->bank[i].nr_pages));
	}
}

void machine_enter(struct machine *machine, unsigned int id)
{
	host_machine_enter(&machine->host);
	host_become(machine->mm.cpu[id]);
}

struct machine *machine_create(const struct machine_spec *spec)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	struct mm_config config = {
		.zones = spec->layout ? spec->layout : &layout_normal,
		.nr_cpus = spec->nr_cpus ? spec->nr_cpus : 1,
		.cpu_nid = spec->cpu_nid,
		.distance = spec->distance,
		.pcp_share = spec->pcp_share,
		.eager = !spec->lazy,
	};

	assert_non_null(machine);
	add_banks(&machine->memblock, spec);
	host_machine_create(&machine->host, pfn_to_phys(memblock_end_pfn(&machine->memblock)));
	host_machine_enter(&machine->host);
	host_become(&machine->boot_cpu);
	assert_int_equal(mm_init(&machine->mm, &machine->memblock, &config), 0);
	if (!spec->keep_boot_reserved) {
		host_machine_switch_memory(&machine->host);
		machine->memblock.reserved.nr = 0;
	}
	mm_free_boot_memory(&machine->mm);
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, true);
	machine_set_online(machine, true);
	host_misuse_reset();
	return machine;
}

void machine_set_online(struct machine *machine, bool online)
{
	for (unsigned int i = 0; i < machine->mm.nr_cpus; i++)
		machine->mm.cpu[i]->online = online;
}

void machine_lift_reserves(struct machine *machine)
{
	static const unsigned int none[MAX_NR_ZONES - 1] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};

	mm_set_min_free_kbytes(&machine->mm, 0);
	assert_int_equal(mm_set_lowmem_reserve_ratio(&machine->mm, none), 0);
	for (unsigned int i = 0; i < machine->mm.nr_cpus; i++)
		machine->mm.cpu[i]->task->flags |= PF_MEMALLOC;
}

void machine_destroy(struct machine *machine)
{
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	host_machine_destroy(&machine->host);
	free(machine);
}

struct zone *machine_zone(const struct machine *machine, int nid, enum zone_type type)
{
	return &machine->mm.node[nid]->node_zones[type];
}

void assert_nr_free(const struct zone *zone, const unsigned long expected[MAX_ORDER])
{
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		if (zone->free_area[order].nr_free != expected[order])
			fail_msg("nr_free[%u] is %lu, expected %lu", order,
				zone->free_area[order].nr_free, expected[order]);
	}
}
