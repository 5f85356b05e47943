/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The final page tables: one set for all CPUs, built at boot by the boot CPU. Which range gets
 * which rights and which size of page, on every machine with tables of 512 entries of 8 bytes.
 *
 * Owns the tables and the windows of virtual addresses, but for that of stacks, paging_stack.c's.
 * paging_lock(), interrupts off, is held where entries are changed once the tables are in use;
 * tables are allocated under it, atomically. The page allocator itself maps descriptors, under a
 * lock of their own: their tables are there since boot, untouched, in entries that are not valid
 * yet.
 *
 * The architecture says in its tables.h where the windows are, what an entry looks like, and when
 * a CPU sees one that has changed; its paging.c has paging_init(), which switches to the tables.
 *
 * Invariants: nothing is both writable and executable, under no address. A leaf is as large as
 * fits. Tables stay. An entry changes from invalid to valid only, but for a stack's and for what
 * unmap.c does.
 *
 * When the linear map is split into pages, no leaf is replaced while a CPU uses it: a second root
 * gets a linear map of its own and shares all tables behind its other entries with the first, and
 * CPU after CPU changes to it. The few tables of the first stay, as a root entry is made in both.
 */
#include <string.h>
#include <mm/mm.h>
#include <port/boot.h>
#include <port/irq.h>
#include <port/lock.h>
#include <port/mem.h>
#include <port/print.h>
#include <port/report.h>
#include "asm.h"
#include "image.h"
#include "paging.h"
#include "tables.h"

/* Leaves go up to 1 GiB. */
#define TOP_LEAF_LEVEL 2U

/* Tables are taken from the boot allocator so many at a time, to keep its list short. */
#define TABLE_BATCH 16U

/* For a debugging level, nobody is killed, nor warned. */
#define GFP_SPLIT (GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

static struct {
	struct memblock *mb;
	phys_addr_t root;
	phys_addr_t old_root;         /* before the linear map was split, or 0 */
	phys_addr_t split_root;       /* while it is being split: the next one; else 0 */
	struct page *split_tables;    /* the next one's own, linked by page->private */
	unsigned long nr_split;       /* how many */
	phys_addr_t spare, spare_end; /* pages for tables, from the boot allocator */
	bool active; /* these tables are in use: tables are reached by the linear map */
	bool closed; /* the boot allocator is: tables come from the page allocator */
	uintptr_t next_device;
	struct spinlock mem_map_lock; /* entries of the descriptors' window; innermost */
	struct spinlock lock;
} paging;

static uint64_t *table_at(phys_addr_t pa)
{
	return paging.active ? phys_to_virt(pa) : early_ptr(pa);
}

static bool refill_spare(void)
{
	phys_addr_t limit = paging.active ? PHYS_ADDR_MAX : early_limit();

	for (unsigned int nr = TABLE_BATCH; nr > 0; nr /= 2) {
		phys_addr_t pa = memblock_alloc(paging.mb, nr * PAGE_SIZE, PAGE_SIZE,
			MEMBLOCK_ANY_NODE, limit, "page tables");

		if (pa == PHYS_ADDR_MAX)
			continue;
		paging.spare = pa;
		paging.spare_end = pa + nr * PAGE_SIZE;
		return true;
	}
	return false;
}

/* A table for the split linear map: can be waited for, and given back by drop_split(). */
static phys_addr_t new_split_table(void)
{
	struct page *page = alloc_page(GFP_SPLIT);

	if (!page)
		return PHYS_ADDR_MAX;
	set_page_private(page, (unsigned long)paging.split_tables);
	paging.split_tables = page;
	paging.nr_split++;
	return pfn_to_phys(page_to_pfn(page));
}

/* An empty table for the set of `root`, or PHYS_ADDR_MAX. */
static phys_addr_t new_table(phys_addr_t root)
{
	phys_addr_t pa;

	if (root == paging.split_root && root != 0)
		return new_split_table();
	if (paging.spare == paging.spare_end && (paging.closed || !refill_spare())) {
		unsigned long va = paging.closed ? get_zeroed_page(GFP_ATOMIC) : 0;

		return va ? virt_to_phys((void *)va) : PHYS_ADDR_MAX;
	}
	pa = paging.spare;
	paging.spare += PAGE_SIZE;
	memset(table_at(pa), 0, PAGE_SIZE);
	return pa;
}

/*
 * An empty table for an entry that is not valid. One that holds an address is prepared: its table
 * is there, and is used for the first time. PHYS_ADDR_MAX if there is no memory.
 */
static phys_addr_t table_for(phys_addr_t root, uint64_t entry)
{
	if (entry == 0)
		return new_table(root);
	memset(table_at(pte_to_phys(entry)), 0, PAGE_SIZE);
	return pte_to_phys(entry);
}

irq_flags_t paging_lock(void)
{
	return spin_lock_irqsave(&paging.lock);
}

void paging_unlock(irq_flags_t flags)
{
	spin_unlock_irqrestore(&paging.lock, flags);
}

irq_flags_t paging_lock_mem_map(void)
{
	return spin_lock_irqsave(&paging.mem_map_lock);
}

void paging_unlock_mem_map(irq_flags_t flags)
{
	spin_unlock_irqrestore(&paging.mem_map_lock, flags);
}

void paging_use_prepared(uint64_t *entry)
{
	const phys_addr_t table = table_for(paging.root, *entry);

	table_emptied();
	*entry = make_table(table);
}

phys_addr_t paging_new_table(void)
{
	return new_table(0);
}

/* A CPU may use the old root yet: what is new in the one in use it needs, too. */
void paging_changed(uintptr_t va, unsigned int level)
{
	const unsigned int index = pte_index(va, level);

	if (level == paging_levels() - 1 && paging.old_root)
		table_at(paging.old_root)[index] = table_at(paging.root)[index];
}

/* The entry for `va` at `level`; tables on the way are made if `make`. NULL if one is missing. */
static uint64_t *find_entry(phys_addr_t root, uintptr_t va, unsigned int level, bool make)
{
	uint64_t *table = table_at(root);

	for (unsigned int at = paging_levels() - 1; at > level; at--) {
		uint64_t *entry = &table[pte_index(va, at)];

		if (make)
			lent_take_back(entry, va, at);
		if (!(*entry & PTE_V)) {
			phys_addr_t pa = make ? table_for(root, *entry) : PHYS_ADDR_MAX;

			if (pa == PHYS_ADDR_MAX)
				return NULL;
			table_emptied();
			*entry = make_table(pa);
			if (root == paging.root)
				paging_changed(va, at);
		}
		if (is_leaf(*entry))
			report_panic("paging: 0x%lx is mapped by a leaf of level %u already",
				(unsigned long)va, at);
		table = table_at(pte_to_phys(*entry));
	}
	return &table[pte_index(va, level)];
}

uint64_t *paging_entry(uintptr_t va, unsigned int level)
{
	return find_entry(paging.root, va, level, false);
}

/* The largest leaf that both addresses are aligned to and `bytes` fill. */
static unsigned int leaf_level(uintptr_t va, phys_addr_t pa, uint64_t bytes)
{
	unsigned int level = TOP_LEAF_LEVEL;

	while (level > 0 && (!is_aligned(va | pa, 1ULL << level_shift(level)) ||
				    bytes < 1ULL << level_shift(level)))
		level--;
	return level;
}

/* Map whole pages in the set of `root`. -1 if a table could not be had; what was mapped stays. */
static int map_in(phys_addr_t root, uintptr_t va, phys_addr_t pa, uint64_t bytes, uint64_t prot)
{
	while (bytes > 0) {
		unsigned int level = root == paging.split_root ? 0 : leaf_level(va, pa, bytes);
		uint64_t *entry = find_entry(root, va, level, true);
		uint64_t step = 1ULL << level_shift(level);

		if (!entry)
			return -1;
		lent_take_back(entry, va, level);
		if (*entry & PTE_V)
			report_panic("paging: 0x%lx is mapped already", (unsigned long)va);
		*entry = make_leaf(pa, prot, level);
		va += step;
		pa += step;
		bytes -= step;
	}
	return 0;
}

static int map(uintptr_t va, phys_addr_t pa, uint64_t bytes, uint64_t prot)
{
	return map_in(paging.root, va, pa, bytes, prot);
}

/* Make what was just mapped usable. */
static int mapped(int result)
{
	tables_written();
	return result;
}

int paging_map(uintptr_t va, phys_addr_t pa, uint64_t bytes, uint64_t prot)
{
	return mapped(map(va, pa, bytes, prot));
}

/* [base, end) of physical memory into the linear map, as far as it lies within [low, high). */
static int map_linear_part(phys_addr_t root, const struct memblock_free *run, phys_addr_t low,
	phys_addr_t high, uint64_t prot)
{
	phys_addr_t base = run->base > low ? run->base : low;
	phys_addr_t end = run->end < high ? run->end : high;

	if (base >= end)
		return 0;
	return map_in(root, base + linear_window.offset, base, end - base, prot);
}

/* All banks but what is not to be mapped; the image's text and constants read-only here too. */
static int map_linear(phys_addr_t root)
{
	phys_addr_t low = image_to_phys(_start), high = image_to_phys(image_rodata_end);
	struct memblock_free run;

	for (phys_addr_t from = 0; memblock_next_mapped(paging.mb, from, &run); from = run.end)
		if (map_linear_part(root, &run, 0, low, PROT_RW) ||
			map_linear_part(root, &run, low, high, PROT_R) ||
			map_linear_part(root, &run, high, PHYS_ADDR_MAX, PROT_RW))
			return -1;
	return 0;
}

static int map_image_part(const char *from, const char *to, uint64_t prot)
{
	return map((uintptr_t)from, image_to_phys(from), image_span(from, to), prot);
}

/* The image, its two guard pages left out. */
static int map_image(void)
{
	return map_image_part(_start, image_text_end, PROT_RX) ||
			       map_image_part(image_text_end, image_rodata_end, PROT_R) ||
			       map_image_part(image_rodata_end, image_data_end, PROT_RW) ||
			       map_image_part(boot_stack_low, boot_stack_top, PROT_RW) ||
			       map_image_part(boot_emergency_low, boot_emergency_top, PROT_RW)
		       ? -1
		       : 0;
}

/* The registers that are in use already: the console's. */
static int map_early_devices(void)
{
	uintptr_t va;
	phys_addr_t pa;

	for (unsigned int i = 0; early_mmio_piece(i, &va, &pa); i++)
		if (map(va, pa, 1ULL << level_shift(1), PROT_DEVICE))
			return -1;
	return 0;
}

const struct memblock *paging_banks(void)
{
	return paging.active ? paging.mb : NULL;
}

phys_addr_t paging_root(void)
{
	return paging.root;
}

int paging_build(struct memblock *mb)
{
	paging.mb = mb;
	paging.next_device = DEVICE_BASE;
	paging.root = new_table(0);
	if (paging.root == PHYS_ADDR_MAX || lent_init() || map_linear(paging.root) || map_image() ||
		map_early_devices()) {
		print("paging: no memory below 0x%lx left for page tables\n",
			(unsigned long)early_limit());
		return -1;
	}
	return mapped(0);
}

void paging_in_use(void)
{
	paging.active = true;
}

void paging_boot_done(void)
{
	paging.closed = true;
}

static void drop_split(void)
{
	while (paging.split_tables) {
		struct page *page = paging.split_tables;

		paging.split_tables = (struct page *)page_private(page);
		set_page_private(page, 0);
		__free_page(page);
	}
	paging.nr_split = 0;
}

/* The new root is the one in use, with all that the old one has beside its linear map. */
static void replace_root(phys_addr_t root)
{
	const irq_flags_t flags = paging_lock();
	const uint64_t *from = table_at(paging.root);
	uint64_t *to = table_at(root);

	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		if (!(to[i] & PTE_V))
			to[i] = from[i];
	paging.split_root = 0;
	paging.old_root = paging.root;
	paging.root = root;
	paging_unlock(flags);
	tables_written();
}

unsigned long paging_split_linear(void)
{
	const phys_addr_t root = new_split_table();

	if (root == PHYS_ADDR_MAX)
		return 0;
	paging.split_root = root;
	if (map_linear(root) == 0) {
		replace_root(root);
		return paging.nr_split;
	}
	paging.split_root = 0;
	drop_split();
	return 0;
}

static bool in_mem_map(uintptr_t va, size_t bytes)
{
	return va >= MEM_MAP_BASE && va - MEM_MAP_BASE <= MEM_MAP_BYTES - bytes;
}

/* Room for up to `nr` tables on the node, or wherever there is some; how many is stored. */
static phys_addr_t alloc_tables(unsigned long *nr, int nid)
{
	for (; *nr > 0; *nr /= 2) {
		phys_addr_t pa = memblock_alloc(
			paging.mb, *nr * PAGE_SIZE, PAGE_SIZE, nid, PHYS_ADDR_MAX, "page tables");

		if (pa == PHYS_ADDR_MAX)
			pa = memblock_alloc(paging.mb, *nr * PAGE_SIZE, PAGE_SIZE,
				MEMBLOCK_ANY_NODE, PHYS_ADDR_MAX, "page tables");
		if (pa != PHYS_ADDR_MAX)
			return pa;
	}
	return PHYS_ADDR_MAX;
}

int mem_map_prepare(struct page *at, size_t bytes, int nid)
{
	const uint64_t step = 1ULL << level_shift(1);
	const uintptr_t va = (uintptr_t)at, end = align_up(va + bytes, step);
	phys_addr_t table = 0;
	unsigned long left = 0;

	if (!in_mem_map(va, bytes))
		return -1;
	for (uintptr_t part = align_down(va, step); part < end; part += step) {
		uint64_t *entry = find_entry(paging.root, part, 1, true);

		if (!entry)
			return -1;
		if (*entry != 0)
			continue;
		if (left == 0) {
			left = (end - part) / step;
			table = alloc_tables(&left, nid);
		}
		if (table == PHYS_ADDR_MAX)
			return -1;
		*entry = make_table(table) & ~PTE_V;
		table += PAGE_SIZE;
		left--;
	}
	return 0;
}

int mem_map_populate(struct page *at, phys_addr_t pa, size_t bytes)
{
	irq_flags_t flags;
	int error;

	if (!in_mem_map((uintptr_t)at, bytes))
		return -1;
	flags = paging_lock_mem_map();
	error = paging_map((uintptr_t)at, pa, bytes, PROT_RW);
	paging_unlock_mem_map(flags);
	return error;
}

volatile void *mmio_map(phys_addr_t pa, size_t bytes)
{
	phys_addr_t base = align_down(pa, PAGE_SIZE);
	uint64_t length = align_up(pa + bytes, PAGE_SIZE) - base;
	uint64_t align = length >= 1ULL << level_shift(1) ? 1ULL << level_shift(1) : PAGE_SIZE;
	/* As far from a multiple of a large leaf as the registers are, so that one may fit. */
	uintptr_t va = align_up(paging.next_device, align) + (base & (align - 1));

	if (bytes == 0 || pa + bytes - 1 < pa || pa + bytes - 1 > paging_phys_last())
		return NULL;
	if (!paging.active)
		return early_mmio(pa, bytes);
	if (va + length > DEVICE_BASE + DEVICE_BYTES || length > DEVICE_BYTES)
		return NULL;
	paging.next_device = va + length + PAGE_SIZE;
	if (paging_map(va, base, length, PROT_DEVICE))
		return NULL;
	return (volatile void *)(va + (pa - base));
}
