/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a tree to a machine, by the steps of the targets' start-up (kernel/main.c) that need no
 * machine: banks and reservations, CPUs, nodes and zones, free pages.
 *
 * What only a running machine has is not in it: the image, page tables, the copy of the tree,
 * what drivers take, and boot arguments are not read.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <mm/pfn.h>
#include "layout.h"

/** Most memory whose descriptors are made: they take a 64th of it of the host's memory. */
#define MOST_WITH_PAGES (64ULL << 30)
/** Highest end of memory: a process has room for twice that. */
#define MOST_ADDRESS (64ULL << 40)

void complain(const char *format, ...)
{
	va_list args;

	fputs("layout: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
}

static unsigned long present_pages(const struct memblock *mb)
{
	return memblock_present(mb, MEMBLOCK_ANY_NODE, 0, memblock_end_pfn(mb));
}

/* As the targets keep it: if it can be what the tree says. */
static int reserve_initrd(struct memblock *mb, const void *fdt)
{
	phys_addr_t base, end;
	unsigned long first, last;

	if (!of_initrd(fdt, &base, &end))
		return 0;
	first = pfn_down(base);
	last = pfn_up(end);
	if (memblock_present(mb, MEMBLOCK_ANY_NODE, first, last) != last - first) {
		complain("initrd: 0x%" PRIx64 "-0x%" PRIx64 " is not all memory; not kept", base,
			end);
		return 0;
	}
	return memblock_reserve(mb, base, end - base, 0, "initrd");
}

/* Banks and reservations, as the tree has them. */
static int read_memory(struct laid_out *m, const void *fdt, size_t bytes)
{
	struct memblock *mb = &m->memblock;

	if (of_check(fdt, bytes) == 0) {
		complain("the device tree can not be read, see above; try dtc on it");
		return -1;
	}
	if (of_scan_memory(fdt, mb, &m->numa) == 0) {
		complain("no memory that can be used: mend what is named above, the tree's memory "
			 "nodes or its reservations");
		return -1;
	}
	if (reserve_initrd(mb, fdt) < 0 || of_place_reserved(fdt, mb) < 0) {
		complain("a reservation could not be noted: more than %u", MEMBLOCK_MAX_RANGES);
		return -1;
	}
	m->tree = *mb;
	return 0;
}

static void read_cpus(struct laid_out *m, const void *fdt)
{
	if (of_scan_cpus(fdt, &m->numa, &m->cpus))
		return;
	complain("no CPU in the tree: laid out with one, on node 0");
	m->cpus.cpu[0] = (struct of_cpu){0};
	m->cpus.nr = 1;
}

static int make_windows(struct laid_out *m)
{
	const uint64_t end = pfn_to_phys(memblock_end_pfn(&m->memblock));
	const uint64_t bytes = pfn_to_phys(present_pages(&m->memblock));

	if (end > MOST_ADDRESS) {
		complain("memory ends at 0x%" PRIx64 ": beyond 0x%llx there is no room in a "
			 "process of this host",
			end, MOST_ADDRESS);
		return -1;
	}
	if (bytes > MOST_WITH_PAGES)
		m->pages = false;
	host_machine_create(&m->host, end);
	if (!m->pages)
		host_machine_share_map(&m->host);
	host_machine_enter(&m->host);
	host_become(&m->boot_cpu);
	return 0;
}

bool cut_to_zone(
	const struct zone_layout *layout, unsigned int row, phys_addr_t *base, phys_addr_t *end)
{
	const phys_addr_t from = row ? layout->limit[row - 1].end : 0;
	const phys_addr_t to = layout->limit[row].end;

	if (*base < from)
		*base = from;
	if (*end > to)
		*end = to;
	return *base < *end;
}

/* What mm_free_boot_memory() does to the zones' counters, and to nothing else. */
static void count_free(struct mm *mm)
{
	struct memblock_free run = {.end = 0};

	while (memblock_next_free(mm->memblock, run.end, &run)) {
		for (unsigned int i = 0; i < mm->layout->nr; i++) {
			struct zone *zone =
				&mm->node[run.nid]->node_zones[mm->layout->limit[i].type];
			phys_addr_t base = run.base, end = run.end;

			if (!cut_to_zone(mm->layout, i, &base, &end))
				continue;
			zone->reserved_pages -= pfn_down(end - base);
			zone->free_pages += pfn_down(end - base);
		}
	}
}

static int build(struct laid_out *m)
{
	static int cpu_nid[OF_MAX_CPUS];
	struct mm_config config = {
		.zones = &m->zones,
		.nr_cpus = m->cpus.nr,
		.cpu_nid = cpu_nid,
		.distance = of_distance,
		.context = &m->numa,
		.eager = true,
	};

	for (unsigned int i = 0; i < m->cpus.nr; i++)
		cpu_nid[i] = m->cpus.cpu[i].nid;
	if (mm_init(&m->mm, &m->memblock, &config)) {
		complain("the page allocator could not be built, see above: give the machine more "
			 "memory, or fewer banks");
		return -1;
	}
	if (m->pages)
		mm_free_boot_memory(&m->mm);
	else
		count_free(&m->mm);
	return 0;
}

int lay_out(struct laid_out *m, const void *fdt, size_t bytes)
{
	if (read_memory(m, fdt, bytes))
		return -1;
	read_cpus(m, fdt);
	m->zones = zone_layout_for(host_zones(m->arch), &m->memblock, of_dma_end(fdt));
	if (make_windows(m) || build(m))
		return -1;
	if (m->pages && mm_check(&m->mm, NULL)) {
		complain("the machine does not add up, see above: a fault of Pageframe's");
		return -1;
	}
	return 0;
}
