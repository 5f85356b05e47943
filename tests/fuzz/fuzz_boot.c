/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second half of the chain: from the boot allocator's ranges to pages that are allocated.
 *
 *	shrink -> mm_init -> mm_free_boot_memory -> alloc_pages, __free_pages -> mm_check
 *
 * A tree may describe exabytes: shrink() divides all addresses, and the zones' limit with them, by
 * the power of two that leaves a few thousand pages, so that banks keep their places among each
 * other, and an input takes a fraction of a millisecond.
 *
 * Owns the one machine. Its windows stay; physical memory and descriptors hold what earlier inputs
 * left there, as after a reset, but descriptors can be read only after mem_map_populate().
 */
#include <string.h>
#include <sys/mman.h>
#include "fuzz.h"

#define GIB (1ULL << 30)

/** Physical addresses of the machine, after shrinking; banks beyond are dropped. */
#define WINDOW (8 * GIB)
/** Memory above this does not count when the divisor is chosen, and is dropped. */
#define FAR (1024 * GIB)

/** Pages of the machine: few, for speed; of a large one enough for whole sections. */
#define FEW_PAGES  3072UL
#define MANY_PAGES 49152UL
/** CPUs of a machine that is not large. */
#define FEW_CPUS 8U

/** Inputs between two times that touched memory goes back to the host. */
#define FORGET_EVERY 4096U

struct fuzz_machine machine;

void fuzz_boot_prepare(void)
{
	host_machine_create(&machine.host, WINDOW);
	host_machine_enter(&machine.host);
}

/* Sorted, disjoint, whole pages, none empty. */
static void check_list(const struct memblock_list *list)
{
	phys_addr_t end = 0;

	require(list->nr <= MEMBLOCK_MAX_RANGES);
	for (unsigned int i = 0; i < list->nr; i++) {
		const struct memblock_range *range = &list->range[i];

		require(range->base >= end && range->base < range->end);
		require(is_aligned(range->base | range->end, PAGE_SIZE));
		require(memchr(range->why, '\0', sizeof(range->why)));
		end = range->end;
	}
}

unsigned long fuzz_present_pages(const struct memblock *mb)
{
	return memblock_present(mb, MEMBLOCK_ANY_NODE, 0, pfn_down(PHYS_ADDR_MAX));
}

/* Pages of memory in reservations that have all of `flags`. */
static unsigned long reserved_pages(const struct memblock *mb, unsigned int flags)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; i < mb->reserved.nr; i++) {
		const struct memblock_range *range = &mb->reserved.range[i];

		if ((range->flags & flags) == flags)
			nr += memblock_present(
				mb, MEMBLOCK_ANY_NODE, pfn_down(range->base), pfn_down(range->end));
	}
	return nr;
}

/*
 * The runs that `next` walks over and reservations with `flags` never meet, each run lies in one
 * bank, and together they are all of memory. Returns the pages of the runs.
 */
static unsigned long check_runs(const struct memblock *mb, unsigned int flags,
	bool (*next)(const struct memblock *, phys_addr_t, struct memblock_free *))
{
	const struct memblock_list *reserved = &mb->reserved;
	struct memblock_free run = {.end = 0};
	unsigned long nr = 0;
	unsigned int r = 0;

	while (next(mb, run.end, &run)) {
		const struct memblock_range *bank = memblock_find_memory(mb, run.base);

		require(bank && run.base < run.end && run.end <= bank->end);
		require(run.nid == bank->nid);
		while (r < reserved->nr && (reserved->range[r].end <= run.base ||
						   (reserved->range[r].flags & flags) != flags))
			r++;
		require(r == reserved->nr || reserved->range[r].base >= run.end);
		nr += pfn_down(run.end - run.base);
	}
	require(nr + reserved_pages(mb, flags) == fuzz_present_pages(mb));
	return nr;
}

unsigned long fuzz_check_memblock(const struct memblock *mb)
{
	check_list(&mb->memory);
	check_list(&mb->reserved);
	check_runs(mb, MEMBLOCK_NOMAP, memblock_next_mapped);
	return check_runs(mb, 0, memblock_next_free);
}

/* Smallest power of two to divide addresses by, so that few enough pages remain. */
static unsigned int pick_shift(const struct memblock *mb)
{
	unsigned long pages = memblock_present(mb, MEMBLOCK_ANY_NODE, 0, pfn_down(FAR));
	unsigned int shift = 0;

	while (pages >> shift > (machine.large ? MANY_PAGES : FEW_PAGES))
		shift++;
	return shift;
}

/* machine.tree -> machine.small. Banks are rounded inward again, reservations outward. */
static bool shrink(void)
{
	const struct memblock *from = &machine.tree;
	const unsigned int shift = pick_shift(from);
	struct memblock *to = &machine.small;

	to->memory.nr = 0;
	to->reserved.nr = 0;
	to->closed = false;
	for (unsigned int i = 0; i < from->memory.nr; i++) {
		const struct memblock_range *bank = &from->memory.range[i];
		phys_addr_t base = bank->base >> shift;
		phys_addr_t end = (bank->end < FAR ? bank->end : FAR) >> shift;

		if (end > WINDOW)
			end = WINDOW;
		if (bank->base < FAR && base < end &&
			memblock_add(to, base, end - base, bank->nid) < 0)
			return false;
	}
	for (unsigned int i = 0; i < from->reserved.nr; i++) {
		const struct memblock_range *taken = &from->reserved.range[i];
		phys_addr_t base = taken->base >> shift, last = (taken->end - 1) >> shift;

		if (memblock_reserve(to, base, last - base + 1, taken->flags, taken->why) < 0)
			return false;
	}
	machine.layout = (struct zone_layout){
		.name = "shrunk",
		.nr = 2,
		.limit = {{ZONE_DMA32, align_up(4 * GIB >> shift, PAGE_SIZE)},
			{ZONE_NORMAL, PHYS_ADDR_MAX}},
	};
	return to->memory.nr > 0;
}

/* Each node's order is all nodes, itself first; a list of NORMAL has every populated zone. */
static void check_fallback(const struct mm *mm)
{
	const struct pglist_data *pgdat;
	const struct zone *zone;
	unsigned int nr_zones = 0;

	for_each_populated_zone (zone, mm)
		nr_zones++;
	for_each_pgdat (pgdat, mm) {
		uint64_t seen = 0;

		require(pgdat->nr_online == mm->nr_online && pgdat->fallback[0] == pgdat->node_id);
		for (unsigned int i = 0; i < pgdat->nr_online; i++) {
			require(mm_node(mm, pgdat->fallback[i]));
			require(!(seen >> pgdat->fallback[i] & 1));
			seen |= 1ULL << pgdat->fallback[i];
		}
		require(pgdat->node_zonelists[0]->nr == nr_zones);
	}
}

/* Blocks of all orders from all nodes: memory that nobody else has, and back again. */
static void exercise(struct mm *mm)
{
	const unsigned long before = nr_free_pages(mm);
	struct page *taken[MAX_ORDER];
	struct pglist_data *pgdat;

	for_each_pgdat (pgdat, mm) {
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			struct page *page = alloc_pages_node(pgdat->node_id, GFP_KERNEL, order);
			phys_addr_t pa = page ? pfn_to_phys(page_to_pfn(page)) : 0;

			taken[order] = page;
			require(!page || !memblock_find_reserved(mm->memblock, pa));
			require(!page || memblock_find_memory(mm->memblock, pa));
		}
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			if (taken[order])
				__free_pages(taken[order], order);
		}
	}
	drain_local_pages();
	require(nr_free_pages(mm) == before);
}

static uint64_t hwid_of(unsigned int cpu)
{
	return machine.cpus.cpu[cpu].hwid;
}

static void show_all(const struct mm *mm)
{
	show_layout(mm);
	show_layout_json(mm, hwid_of);
	show_pcp(mm);
	show_banks(mm);
	show_buddyinfo(mm);
	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		show_page(mm, pfn_down(mm->memblock->memory.range[i].base));
		show_page(mm, pfn_down(mm->memblock->memory.range[i].end));
	}
}

/* From the shrunk ranges to free pages, and some of those to users and back. */
static void boot(void)
{
	static int cpu_nid[OF_MAX_CPUS];
	struct mm *mm = &machine.mm;
	struct memblock *mb = &machine.small;
	struct mm_config config = {
		.zones = &machine.layout,
		.nr_cpus = machine.cpus.nr,
		.cpu_nid = cpu_nid,
		.distance = of_distance,
		.context = &machine.numa,
		.eager = machine.cpus.nr % 2 == 0,
	};
	const unsigned long present = fuzz_present_pages(mb);
	struct mm_check_result result;
	struct pglist_data *pgdat;
	unsigned long nr_free;

	for (unsigned int i = 0; i < machine.cpus.nr; i++)
		cpu_nid[i] = machine.cpus.cpu[i].nid;
	if (mm_init(mm, mb, &config) != 0) {
		require(fuzz_print_lines() > 0);
		return;
	}
	/* All pages are wanted, and nobody is there to give any back. */
	this_cpu->task->flags |= PF_MEMALLOC;
	nr_free = fuzz_check_memblock(mb);
	check_fallback(mm);
	require(mm_free_boot_memory(mm) == nr_free);
	exercise(mm);
	require(mm_check(mm, &result) == 0);
	for_each_pgdat (pgdat, mm)
		mm_online_node(pgdat);
	require(mm_check(mm, &result) == 0);
	require(result.free == nr_free && result.present == present);
	require(result.free + result.reserved == present);
	if (machine.large)
		show_all(mm);
}

/* Nothing of this machine may be seen by the next: descriptors are out of reach again. */
static void take_apart(void)
{
	static unsigned int nr_inputs;
	struct host_machine *host = &machine.host;
	size_t bytes = align_up(
		machine.mm.max_pfn * sizeof(struct page), SECTION_PAGES * sizeof(struct page));

	require(mprotect(host->mem_map, bytes, PROT_NONE) == 0);
	memset(&machine.mm, 0, sizeof(machine.mm));
	memset(&machine.boot_cpu, 0, sizeof(machine.boot_cpu));
	if (++nr_inputs % FORGET_EVERY == 0)
		require(madvise(host->memory, host->bytes, MADV_DONTNEED) == 0);
}

/* As where the machine has less memory than the tree says: the middle of the last bank goes. */
static void cut_last_bank(struct memblock *mb)
{
	const struct memblock_range bank = mb->memory.range[mb->memory.nr - 1];
	const phys_addr_t quarter = align_down((bank.end - bank.base) / 4, PAGE_SIZE);
	const unsigned long before = fuzz_present_pages(mb);
	const bool full = mb->memory.nr == MEMBLOCK_MAX_RANGES;

	if (memblock_remove(mb, bank.base + quarter, 2 * quarter) < 0) {
		require(full && fuzz_present_pages(mb) == before);
		return;
	}
	require(fuzz_present_pages(mb) == before - pfn_down(2 * quarter));
	check_list(&mb->memory);
}

void fuzz_boot(void)
{
	if (!machine.large && machine.cpus.nr > FEW_CPUS)
		machine.cpus.nr = FEW_CPUS;
	if (!shrink())
		return;
	if (machine.small.memory.nr % 2 == 0)
		cut_last_bank(&machine.small);
	host_become(&machine.boot_cpu);
	boot();
	take_apart();
}
