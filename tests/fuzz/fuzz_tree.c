/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzz target, and the first half of the chain: any bytes as a device tree, as kernel_main()
 * goes about it.
 *
 *	of_check -> of_appended -> of_scan_memory -> image, tree, initrd reserved -> tree copied
 *		 -> of_place_reserved -> of_scan_cpus -> fuzz_boot.c
 *
 * After each step: lists sound, free and reserved disjoint, nothing lost, as many pages present and
 * free as the model has, node ids and distances in range, a line printed for each refusal, and no
 * byte of the tree in it that moves a cursor.
 *
 * Owns the copies of the input. libfdt is the target's, uninstrumented: a read beyond the tree ends
 * in the page behind it.
 */
#include <libfdt.h>
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <sys/mman.h>
#include "fuzz.h"

/** Where the image lies, as on the real machine, and where the firmware has put the tree. */
#define IMAGE       0x80200000ULL
#define IMAGE_BYTES 0x90000U
#define TREE        0x82200000ULL

/** Nodes looked at as devices. */
#define MAX_DEVICES 8U
/** One input in so many gets the large machine, by its own bytes. */
#define LARGE_ONE_IN 64U
/** Largest input. */
#define MAX_BYTES (1UL << 17)
/** Room for an input that is appended to the image, with what it takes from the loader's tree. */
#define MAX_ROOM (MAX_BYTES + 2 * PAGE_SIZE)
/** One input in so many is appended. */
#define APPENDED_ONE_IN 8U

static uint8_t *input;    /* MAX_BYTES, and behind them nothing can be read */
static uint8_t *appended; /* MAX_ROOM, likewise */

static uint8_t *map_before_nothing(size_t bytes)
{
	uint8_t *at = mmap(NULL, bytes + PAGE_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(at != MAP_FAILED);
	require(mprotect(at + bytes, PAGE_SIZE, PROT_NONE) == 0);
	return at;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	input = map_before_nothing(MAX_BYTES);
	appended = map_before_nothing(MAX_ROOM);
	fuzz_boot_prepare();
	return 0;
}

static uint32_t hash(const uint8_t *data, size_t size)
{
	uint32_t value = 2166136261U;

	for (size_t i = 0; i < size; i++)
		value = (value ^ data[i]) * 16777619U;
	return value ^ value >> 15;
}

static void check_distances(const struct of_numa *numa)
{
	for (int a = 0; a < (int)OF_MAX_NODES; a++) {
		for (int b = 0; b < (int)OF_MAX_NODES; b++) {
			unsigned int distance = of_distance(numa, a, b);

			require(distance <= 255 && (a == b ? distance == 10 : distance > 10));
		}
	}
}

static void check_scan(const void *fdt, const struct memblock *mb)
{
	const int nr_ids = machine.numa.present ? (int)OF_MAX_NODES : 1;
	const unsigned long nr_free = fuzz_check_memblock(mb);
	/* So many banks the list takes whatever they are: of one node they merge, else n come to
	 * 2n. */
	const unsigned int taken = MEMBLOCK_MAX_RANGES / (machine.numa.present ? 2 : 1);
	struct model model;

	require(mb->memory.nr > 0);
	if (model_tree(fdt, &model) && model.nr_banks <= taken) {
		require(fuzz_present_pages(mb) == model.present);
		require(nr_free == model.free);
	}
	for (unsigned int i = 0; i < mb->memory.nr; i++)
		require(mb->memory.range[i].nid >= 0 && mb->memory.range[i].nid < nr_ids);
	if (machine.numa.present)
		check_distances(&machine.numa);
}

/* The image, the tree where it was found, an initrd in memory; and the tree's copy. */
static bool reserve_own(const void *fdt, struct memblock *mb)
{
	const uint64_t bytes = fdt_totalsize(fdt);
	const struct memblock_range *held;
	uint64_t base, end;

	if (memblock_reserve(mb, IMAGE, IMAGE_BYTES, 0, "pageframe image") < 0 ||
		memblock_reserve(mb, TREE, bytes, 0, "tree of the firmware") < 0)
		return false;
	require(of_dma_end(fdt) > 0);
	if (of_initrd(fdt, &base, &end)) {
		require(base < end && end <= align_down(PHYS_ADDR_MAX, PAGE_SIZE));
		if (memblock_present(mb, MEMBLOCK_ANY_NODE, pfn_down(base), pfn_up(end)) &&
			memblock_reserve(mb, base, end - base, 0, "initrd") < 0)
			return false;
	}
	memblock_alloc(mb, align_up(bytes, PAGE_SIZE), PAGE_SIZE, MEMBLOCK_ANY_NODE, PHYS_ADDR_MAX,
		"device tree");
	held = memblock_find_reserved(mb, TREE);
	if (held && held->flags == 0)
		memblock_unreserve(mb, held->base, held->end - held->base);
	return true;
}

/* False if this machine could not be booted; if the tree is why, something was printed. */
static bool scan_memory(const void *fdt)
{
	struct memblock *mb = &machine.tree;

	mb->memory.nr = 0;
	mb->reserved.nr = 0;
	mb->closed = false;
	if (of_scan_memory(fdt, mb, &machine.numa) == 0) {
		require(fuzz_print_lines() > 0);
		return false;
	}
	check_scan(fdt, mb);
	if (!reserve_own(fdt, mb))
		return false;
	if (of_place_reserved(fdt, mb) < 0) {
		require(fuzz_print_lines() > 0);
		return false;
	}
	fuzz_check_memblock(mb);
	return true;
}

static void scan_cpus(const void *fdt)
{
	struct of_cpus *cpus = &machine.cpus;

	require(of_scan_cpus(fdt, &machine.numa, cpus) == cpus->nr);
	require(cpus->nr <= OF_MAX_CPUS);
	for (unsigned int i = 0; i < cpus->nr; i++)
		require(cpus->cpu[i].nid >= 0 && cpus->cpu[i].nid < (int)OF_MAX_NODES);
	if (cpus->nr == 0) {
		require(fuzz_print_lines() > 0);
		cpus->cpu[0] = (struct of_cpu){.nid = 0};
		cpus->nr = 1;
	}
}

static void check_mmu_type(const char *type)
{
	require(strlen(type) < 32);
}

/* What drivers ask of a tree: some of its nodes as devices, by the input's own bytes. */
static void look_at_devices(const void *fdt, uint32_t choice)
{
	unsigned int left = MAX_DEVICES;
	char text[64];
	int node;

	memset(text, 'x', sizeof(text));
	of_bootargs(fdt, text, sizeof(text));
	require(memchr(text, '\0', sizeof(text)));
	for (const char *at = text; *at; at++)
		require(*at >= ' ' && *at <= '~');
	require(of_stdout(fdt) >= -1);
	of_cpu_mmu_types(fdt, check_mmu_type);
	for (node = fdt_next_node(fdt, -1, NULL); node >= 0 && left;
		node = fdt_next_node(fdt, node, NULL)) {
		uint64_t base, size;

		if (choice++ % 8)
			continue;
		left--;
		of_compatible(fdt, node, "ns16550a");
		of_available(fdt, node);
		of_u32(fdt, node, "clock-frequency", 0);
		of_reg(fdt, node, 0, &base, &size);
		of_reg(fdt, node, 1, &base, &size);
	}
}

/*
 * Copy the input to where nothing behind it can be read: for instrumented code from its very end,
 * for libfdt from the next page, and the up to 7 bytes before that are no 0.
 */
static const void *place_input(const uint8_t *data, size_t size)
{
	uint8_t *at = input + MAX_BYTES - align_up(size, 8);

	ASAN_UNPOISON_MEMORY_REGION(input, MAX_BYTES);
	memcpy(at, data, size);
	memset(at + size, 0xff, align_up(size, 8) - size);
	ASAN_POISON_MEMORY_REGION(input, (size_t)(at - input));
	ASAN_POISON_MEMORY_REGION(at + size, align_up(size, 8) - size);
	return at;
}

/* The tree appended to the image, too, with more or less room behind it: one of the two is used. */
static void append(const void *fdt, size_t size, uint32_t choice)
{
	const size_t room = align_up(size, 8) + choice % 3 * PAGE_SIZE;
	uint8_t *at = appended + MAX_ROOM - room;
	size_t bytes;

	memcpy(at, fdt, size);
	memset(at + size, 0, room - size);
	bytes = of_appended(at, room, fdt);
	if (bytes == 0)
		require(fuzz_print_lines() > 0);
	else
		require(bytes <= room && of_check(at, bytes) == bytes);
	fuzz_print_begin(false);
}

static void run(const void *fdt, size_t size, uint32_t choice)
{
	machine.large = choice % LARGE_ONE_IN == 0;
	fuzz_print_begin(false);
	if (of_check(fdt, size) == 0) {
		require(fuzz_print_lines() == 1);
		return;
	}
	if (choice / LARGE_ONE_IN % APPENDED_ONE_IN == 0)
		append(fdt, size, choice);
	look_at_devices(fdt, choice);
	if (!scan_memory(fdt))
		return;
	scan_cpus(fdt);
	fuzz_boot();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A size of 0 is an unknown one to of_check(). */
	if (size > 0 && size <= MAX_BYTES)
		run(place_input(data, size), size, hash(data, size));
	return 0;
}
