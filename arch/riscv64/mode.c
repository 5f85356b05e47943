/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which translation mode is used, and the windows of addresses that each one has.
 *
 * Owns linear_window, and what limits the choice: what satp takes (early.c), the least mmu-type of
 * the tree's harts, and what the boot arguments ask for. All of it is fixed by paging_choose(); the
 * boot hart alone is here.
 *
 * The modes differ in the linear map only:
 *
 *	sv57   0xff00000000000000   32 PiB
 *	sv48   0xffff800000000000   64 TiB
 *	sv39   0xffffffc000000000  128 GiB
 *
 * and from 0xffffffe000000000 on all are the same (paging.c).
 *
 * The least mode that reaches all banks is taken: each further level is a memory access more for
 * a hart that looks an address up.
 *
 * Source: Privileged Architecture 1.12, 4.4 to 4.6; Linux
 * Documentation/devicetree/bindings/riscv/cpus.yaml (mmu-type).
 */
#include <string.h>
#include <mm/memblock.h>
#include <port/boot.h>
#include <port/mem.h>
#include <port/print.h>
#include "common/banks.h"
#include "image.h"
#include "paging.h"
#include "tables.h"

#define GIB (1ULL << 30)
#define TIB (1ULL << 40)
#define PIB (1ULL << 50)

static const struct mode {
	const char name[5];
	unsigned int levels;
	uintptr_t linear;      /* the window of the linear map, */
	uint64_t linear_bytes; /* and its length */
} modes[] = {
	{"sv39", 3, 0xffffffc000000000UL, 128 * GIB},
	{"sv48", 4, 0xffff800000000000UL, 64 * TIB},
	{"sv57", 5, 0xff00000000000000UL, 32 * PIB},
};
#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

const char paging_modes[] = "sv39, sv48 or sv57";

struct linear_window linear_window;

static const struct mode *chosen = &modes[0];
/* By the boot arguments; NULL: the banks decide. */
static const struct mode *asked_for;
/* The least of all harts, by the tree. */
static const struct mode *tree_limit = &modes[NR_MODES - 1];

static const struct mode *mode_named(const char *name)
{
	for (unsigned int i = 0; i < NR_MODES; i++)
		if (strcmp(name, modes[i].name) == 0)
			return &modes[i];
	return NULL;
}

/* The largest mode that this hart's satp takes. */
static const struct mode *satp_limit(void)
{
	return &modes[satp_levels - modes[0].levels];
}

bool paging_request(const char *name)
{
	const struct mode *mode = mode_named(name);

	if (mode)
		asked_for = mode;
	return mode != NULL;
}

void paging_cpu_type(const char *type)
{
	static const char prefix[] = "riscv,";
	static bool said;
	const struct mode *mode = NULL;

	if (strncmp(type, prefix, strlen(prefix)) == 0)
		mode = mode_named(type + strlen(prefix));
	if (mode && mode < tree_limit)
		tree_limit = mode;
	if (!mode && !said)
		print("paging: the tree has an mmu-type `%s`, which is not known: no limit taken "
		      "from it\n",
			type);
	said |= !mode;
}

phys_addr_t paging_phys_last(void)
{
	return (1ULL << 56) - 1; /* 44 bits of page number, in all modes */
}

unsigned int paging_levels(void)
{
	return chosen->levels;
}

/* The mode for memory from `base` to `end`, within what there is. */
static const struct mode *choose(phys_addr_t base, phys_addr_t end)
{
	const struct mode *most = satp_limit(), *mode = &modes[0];

	if (tree_limit < most)
		most = tree_limit;
	if (asked_for && asked_for <= most)
		return asked_for;
	while (mode < most && end - base > mode->linear_bytes)
		mode++;
	if (asked_for)
		print("paging: %s was asked for, but this machine goes up to %s (%s): %s is used\n",
			asked_for->name, most->name,
			most == satp_limit() ? "its satp" : "mmu-type in the tree", mode->name);
	return mode;
}

int paging_choose(struct memblock *mb)
{
	phys_addr_t base = align_down(mb->memory.range[0].base, GIB);

	refuse_banks(&mb->memory, MEM_MAP_LIMIT, "the window of the page descriptors");
	if (mb->memory.nr == 0)
		return -1;
	chosen = choose(base, pfn_to_phys(memblock_end_pfn(mb)));
	linear_window.base = chosen->linear;
	linear_window.bytes = chosen->linear_bytes;
	linear_window.offset = chosen->linear - base;
	refuse_banks(&mb->memory, base + chosen->linear_bytes, "the linear map's window");
	early_lower_limit(base + chosen->linear_bytes);
	return 0;
}

void paging_describe(void)
{
	print("paging: Sv%s of up to Sv%s, linear map 0x%lx-0x%lx for physical 0x%lx, "
	      "image at 0x%lx\n",
		&chosen->name[2], &satp_limit()->name[2], (unsigned long)linear_window.base,
		(unsigned long)(linear_window.base + linear_window.bytes),
		(unsigned long)virt_to_phys((void *)linear_window.base),
		(unsigned long)image_to_phys(_start));
}
