/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start-up: from the registers that the firmware passed to a machine that serves its monitor.
 *
 * Owns the root of all state, `kernel`. The order matters, and each step says what it needs:
 *
 *	scan the tree, boot arguments (early map) -> boot allocator -> final page tables -> CPUs,
 *	nodes, zones, descriptors -> drivers -> buddy system -> threads -> interrupts -> other CPUs
 *	-> kswapd -> commands
 *
 * One line for each stage. Where nothing can be booted, one line says why, and the status fails.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <mm/reclaim.h>
#include <mm/wait.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/mem.h>
#include <port/platform.h>
#include <port/print.h>
#include <port/smp.h>
#include <port/task.h>
#include "blockdev.h"
#include "kernel.h"
#include "monitor.h"
#include "tick.h"

struct kernel kernel;

unsigned long kernel_uptime_ms(uint64_t at)
{
	return (unsigned long)((at - kernel.boot_time) * 1000 / cpu_time_hz());
}

/* What has been done since the last one is called `name`; for `bench boot`. */
static void boot_stage(const char *name)
{
	kernel.boot_stage[kernel.nr_boot_stages++] = (struct boot_stage){
		.name = name, .end = cpu_instructions()};
}

static unsigned long to_mib(uint64_t bytes)
{
	return (unsigned long)(bytes >> 20);
}

/* Nothing can be booted. */
__attribute__((format(printf, 1, 2))) static _Noreturn void boot_failed(const char *format, ...)
{
	va_list args;

	print("pageframe: cannot boot: ");
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	print("\n");
	power_off(1);
}

static void show_memory(const struct memblock *mb)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < mb->memory.nr; i++)
		bytes += mb->memory.range[i].end - mb->memory.range[i].base;
	print("memory: %u bank%s, %lu MiB\n", mb->memory.nr, mb->memory.nr == 1 ? "" : "s",
		to_mib(bytes));
	for (unsigned int i = 0; i < mb->memory.nr; i++) {
		const struct memblock_range *bank = &mb->memory.range[i];

		print("memory:   0x%09lx-0x%09lx %7lu MiB  node %d\n", (unsigned long)bank->base,
			(unsigned long)bank->end, to_mib(bank->end - bank->base), bank->nid);
	}
}

static void show_reserved(const struct memblock *mb)
{
	for (unsigned int i = 0; i < mb->reserved.nr; i++) {
		const struct memblock_range *range = &mb->reserved.range[i];

		print("reserved: 0x%09lx-0x%09lx %7lu KiB  %s%s\n", (unsigned long)range->base,
			(unsigned long)range->end,
			(unsigned long)((range->end - range->base) >> 10), range->why,
			range->flags & MEMBLOCK_NOMAP ? " (not mapped)" : "");
	}
}

/* Copy the firmware's tree to where nobody else writes. Returns the copy's address. */
static phys_addr_t copy_tree(struct memblock *mb, const void *fdt, size_t bytes)
{
	phys_addr_t copy = memblock_alloc(mb, align_up(bytes, PAGE_SIZE), PAGE_SIZE,
		MEMBLOCK_ANY_NODE, early_limit(), "device tree");

	if (copy == PHYS_ADDR_MAX)
		boot_failed("no free memory below 0x%lx for a copy of the device tree, %lu bytes: "
			    "reserve less, or give the machine more",
			(unsigned long)early_limit(), (unsigned long)bytes);
	memcpy(early_ptr(copy), fdt, bytes);
	return copy;
}

static void reserve(phys_addr_t base, uint64_t size, const char *why)
{
	if (memblock_reserve(&kernel.memblock, base, size, 0, why) < 0)
		boot_failed("%s at 0x%lx: more than %u reservations: join some in the tree", why,
			(unsigned long)base, MEMBLOCK_MAX_RANGES);
}

/*
 * Keep the initrd. U-Boot lists it among the header's reservations too: the name that says more is
 * the one that stays.
 */
static void keep_initrd(phys_addr_t base, phys_addr_t end)
{
	struct memblock *mb = &kernel.memblock;
	const struct memblock_range *held = memblock_find_reserved(mb, base);

	base = align_down(base, PAGE_SIZE);
	end = align_up(end, PAGE_SIZE);
	if (held && held->base <= base && held->end >= end && held->flags == 0)
		memblock_unreserve(mb, base, end - base);
	reserve(base, end - base, "initrd");
}

/* What a loader has put into memory for us is kept, if it can be what the tree says. */
static void reserve_initrd(const void *fdt, phys_addr_t image, phys_addr_t image_end)
{
	phys_addr_t base, end;
	unsigned long first, last;

	if (!of_initrd(fdt, &base, &end))
		return;
	first = pfn_down(base);
	last = pfn_up(end);
	if (memblock_present(&kernel.memblock, MEMBLOCK_ANY_NODE, first, last) != last - first)
		print("initrd: 0x%lx-0x%lx is not all memory; not kept\n", (unsigned long)base,
			(unsigned long)end);
	else if (base < image_end && end > image)
		print("initrd: 0x%lx-0x%lx lies on the image at 0x%lx; not kept\n",
			(unsigned long)base, (unsigned long)end, (unsigned long)image);
	else
		keep_initrd(base, end);
}

/* What is at `pa`, or NULL where no tree can be. */
static const void *tree_memory(phys_addr_t pa)
{
	const void *at = early_ptr(pa);

	return at && early_answers(align_down(pa, 8)) ? at : NULL;
}

/* The firmware's tree can not be used: say what is wrong with its address, or with it. */
static _Noreturn void no_tree(const struct boot_info *boot)
{
	unsigned long at = (unsigned long)boot->fdt;

	if (boot->fdt_guessed)
		boot_failed("no device tree was passed, its address is 0, and at 0x%lx, where "
			    "memory starts, is none: have the loader pass one",
			at);
	if (at == 0)
		boot_failed(
			"no device tree was passed, its address is 0: have the loader pass one");
	if (boot->fdt >= early_limit())
		boot_failed(
			"the device tree at 0x%lx is beyond the early map, which ends at 0x%lx: "
			"have it put below that",
			at, (unsigned long)early_limit());
	if (!early_ptr(boot->fdt))
		boot_failed("the device tree at 0x%lx is too far below the image: have it put "
			    "nearer",
			at);
	if (!tree_memory(boot->fdt))
		boot_failed("the device tree is said to be at 0x%lx, and nothing answers there: "
			    "have the loader pass its address",
			at);
	boot_failed("the device tree can not be read, see above; try dtc on it");
}

/*
 * The tree to boot by, where it is and how long. One that is appended to the image goes before the
 * firmware's, which then is data to nobody but the boot arguments.
 */
static phys_addr_t find_tree(const struct boot_info *boot, size_t *bytes)
{
	const void *firmware = tree_memory(boot->fdt);

	*bytes = firmware ? of_check(firmware, early_limit() - boot->fdt) : 0;
	if (boot->appended_room) {
		size_t appended = of_appended(
			early_ptr(boot->appended), boot->appended_room, *bytes ? firmware : NULL);

		if (appended) {
			*bytes = appended;
			return boot->appended;
		}
	}
	if (*bytes == 0)
		no_tree(boot);
	return boot->fdt;
}

/*
 * Banks and reservations into the boot allocator. The tree may lie in free memory: it is
 * reserved until it has been copied. Returns the physical address of the copy.
 */
static phys_addr_t boot_memory(const struct boot_info *boot)
{
	static const char why[] = "device tree as it came";
	struct memblock *mb = &kernel.memblock;
	const struct memblock_range *held;
	phys_addr_t image, image_end, copy, tree;
	const void *fdt;
	size_t bytes;

	tree = find_tree(boot, &bytes);
	fdt = early_ptr(tree);
	kernel.fdt = fdt;
	if (firmware_wants_console())
		drivers_probe_console(fdt, &kernel.devices);
	if (of_scan_memory(fdt, mb, &kernel.numa) == 0)
		boot_failed(
			"no memory that can be used: mend what is named above, the tree's memory "
			"nodes or its reservations");
	boot_stage("banks");
	print("devicetree: %lu bytes at 0x%lx%s, boot hart %lu\n", (unsigned long)bytes,
		(unsigned long)tree, tree == boot->fdt ? "" : ", appended to the image",
		(unsigned long)boot->hwid);
	bootargs_read(fdt);
	of_cpu_mmu_types(fdt, paging_cpu_type);
	if (paging_choose(mb) < 0)
		boot_failed("no memory that can be reached, see above: have some put lower");
	if (memory_probe(mb) < 0)
		boot_failed(
			"more than %u banks are left: join some in the tree", MEMBLOCK_MAX_RANGES);
	if (mb->memory.nr == 0)
		boot_failed("no memory answers, see above: have the tree say where it is");
	boot_image_range(&image, &image_end);
	reserve(image, image_end - image, "pageframe image");
	reserve(tree, bytes, why);
	reserve_initrd(fdt, image, image_end);
	copy = copy_tree(mb, fdt, bytes);
	if (tree != boot->fdt)
		boot_forget_appended(boot);
	/* Give its place back, unless another reservation covers it too. */
	held = memblock_find_reserved(mb, tree);
	if (held && strcmp(held->why, why) == 0 && held->flags == 0)
		memblock_unreserve(mb, held->base, held->end - held->base);
	if (of_place_reserved(early_ptr(copy), mb) < 0)
		boot_failed(
			"a reservation without an address could not be noted, see above: give it "
			"a reg");
	show_memory(mb);
	show_reserved(mb);
	return copy;
}

/* The CPUs of the tree; ids are their order there, but the one that boots is CPU 0. */
static void boot_cpus(uint64_t boot_hwid)
{
	struct of_cpus *cpus = &kernel.cpus;
	struct of_cpu boot = {.hwid = boot_hwid};
	unsigned int i = 0;

	of_scan_cpus(kernel.fdt, &kernel.numa, cpus);
	while (i < cpus->nr && cpus->cpu[i].hwid != boot_hwid)
		i++;
	if (i < cpus->nr) {
		boot = cpus->cpu[i];
	} else {
		print("harts: boot hart %lu is not in the tree; used all the same, node 0\n",
			(unsigned long)boot_hwid);
		if (cpus->nr < OF_MAX_CPUS)
			cpus->nr++;
		i = cpus->nr - 1;
	}
	memmove(&cpus->cpu[1], &cpus->cpu[0], i * sizeof(cpus->cpu[0]));
	cpus->cpu[0] = boot;
	kernel.nr_cpus = cpus->nr;
	cpu_set_time_hz(cpus->timebase_hz);
}

/* The architecture's zones, as this machine's banks and devices ask for them. */
static void boot_zones(void)
{
	uint64_t dma_end = of_dma_end(kernel.fdt);

	kernel.zones = zone_layout_for(arch_zone_layout(), &kernel.memblock, dma_end);
	if (kernel.zones.fit && dma_end != UINT64_MAX)
		print("zones: all devices reach up to 0x%lx, by the tree's dma-ranges\n",
			(unsigned long)dma_end - 1);
}

static void boot_mm(void)
{
	static int cpu_nid[OF_MAX_CPUS];
	struct mm_config config = {
		.zones = &kernel.zones,
		.nr_cpus = kernel.nr_cpus,
		.cpu_nid = cpu_nid,
		.distance = of_distance,
		.context = &kernel.numa,
		.pcp_share = kernel.bootargs.pcp_share,
	};

	for (unsigned int i = 0; i < kernel.nr_cpus; i++)
		cpu_nid[i] = kernel.cpus.cpu[i].nid;
	debug_info_init();
	if (mm_init(&kernel.mm, &kernel.memblock, &config) < 0)
		boot_failed(
			"the page allocator could not be built, see above: give the machine more "
			"memory, or fewer banks");
	bootargs_apply();
	print("nodes: %u online, distances %s\n", kernel.mm.nr_online,
		!kernel.numa.present           ? "local, as the tree has no NUMA"
		: kernel.numa.has_distance_map ? "by the tree's distance-map"
					       : "10 and 20, as the tree has no map");
}

/* All that is free goes to the buddy system, and the boot allocator is closed. */
static void boot_free(void)
{
	unsigned long pages = mm_free_boot_memory(&kernel.mm);

	paging_boot_done();
	print("pages: %lu free (%lu MiB), %lu KiB of page descriptors\n", pages,
		to_mib(pfn_to_phys(pages)), kernel.mm.mem_map_bytes >> 10);
	bootargs_debug();
}

/* What has run so far is a thread from here on. */
static void boot_threads(void)
{
	wait_queue_init(&kernel.boot_cpu.work.done);
	if (!sched_prepare(0, "monitor"))
		boot_failed("no memory for the boot CPU's idle thread: give the machine more");
	sched_start();
}

static void boot_interrupts(void)
{
	static const struct irq_handlers handlers = {
		.tick = tick_interrupt,
		.alarm = sched_alarm,
		.ipi = smp_interrupt,
		.external = console_interrupt,
		.exit = sched_interrupt_exit,
	};

	irq_set_handlers(&handlers);
	console_init(&kernel.devices);
	__atomic_store_n(&this_cpu->online, 1U, __ATOMIC_RELEASE);
	irq_enable();
}

static void run_kswapd(void *pgdat)
{
	mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
	kswapd(pgdat);
}

/* An online CPU of the node, or of the nearest one that has any. */
static unsigned int nearest_cpu(const struct pglist_data *pgdat)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < pgdat->nr_online; i++)
		for_each_online_cpu (cpu)
			if (kernel.mm.cpu[cpu]->nid == pgdat->fallback[i])
				return cpu;
	return 0;
}

/*
 * A thread for each node that has memory: it frees some where it is short, and brings it online
 * ahead of need. Each is waited for, so that what it brings first is there.
 */
static void boot_kswapd(void)
{
	print("kswapd:");
	for (int nid = 0; (unsigned int)nid < kernel.mm.nr_node_ids; nid++) {
		struct pglist_data *pgdat = mm_node(&kernel.mm, nid);
		char name[THREAD_NAME_MAX];
		unsigned int cpu;

		if (!pgdat || pgdat->node_present_pages == 0)
			continue;
		cpu = nearest_cpu(pgdat);
		snprintf(name, sizeof(name), "kswapd%d", nid);
		if (!thread_create(name, cpu, run_kswapd, pgdat, DEFAULT_PRIO)) {
			print(" node %d: no memory for its thread,", nid);
			continue;
		}
		print(" node %d on cpu %u,", nid, cpu);
		/* Not asleep: a machine without an interrupt controller would not wake up. */
		while (!kswapd_sleeps(pgdat)) {
			thread_yield();
			cpu_relax();
		}
	}
	print(" asleep until a zone is short\n");
}

/* A hart of a node: its share of that node's blocks, and of nodes that have no hart but this. */
static void online_nodes(void *unused)
{
	struct pglist_data *pgdat;

	(void)unused;
	for_each_pgdat (pgdat, &kernel.mm)
		if (kernel.mm.cpu[nearest_cpu(pgdat)]->nid == this_cpu->nid)
			mm_online_node(pgdat);
}

/* All memory online, each node's by its own harts. */
static void boot_eager(void)
{
	const uint64_t start = cpu_time();
	unsigned int cpu;

	for_each_online_cpu (cpu)
		smp_run_on(cpu, online_nodes, NULL);
	for_each_online_cpu (cpu)
		smp_wait(cpu);
	print("eager: all memory is online, by %u harts, in %lu ms\n", smp_nr_online(),
		(unsigned long)((cpu_time() - start) * 1000 / cpu_time_hz()));
}

void kernel_main(const struct boot_info *boot)
{
	phys_addr_t tree;

	kernel.cpu[0] = &kernel.boot_cpu;
	atomic_store(&kernel.boot_cpu.state, CPU_ONLINE);
	kernel.boot_time = kernel.boot_cpu.online_at = cpu_time();
	print("Pageframe %s (%s): a physical memory manager\n", PAGEFRAME_VERSION,
		arch_zone_layout()->name);
	firmware_describe();

	tree = boot_memory(boot);
	boot_stage("reservations");
	if (paging_init(&kernel.memblock) < 0)
		boot_failed("no final page tables, see above: give the machine more memory");
	kernel.fdt = phys_to_virt(tree);
	paging_describe();
	boot_stage("paging");
	boot_cpus(boot->hwid);
	boot_zones();
	boot_mm();
	boot_stage("descriptors");
	kernel.drivers_probed = true;
	drivers_probe(kernel.fdt, boot->hwid, &kernel.devices);
	boot_stage("drivers");
	boot_free();
	boot_stage("free");
	boot_threads();
	boot_interrupts();
	smp_start_all(kernel.bootargs.hart_timeout);
	boot_kswapd();
	if (kernel.bootargs.eager)
		boot_eager();
	blockdev_start();
	print("boot: %lu ms\n", kernel_uptime_ms(cpu_time()));
	kernel.log.closed = true;
	monitor_start();
}
