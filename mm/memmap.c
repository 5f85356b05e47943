/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: a descriptor for every page of every block that has any memory.
 *
 * mem_map() + pfn is virtually contiguous; there is room only for what exists:
 *
 *	section (128 MiB) at least half present:  one 2 MiB piece, on its own node
 *	other sections:                           64 KiB for each present block of 1024 pages
 *
 * Room is found at boot, for neighbouring sections in one piece; it is mapped and written block by
 * block, as blocks come online (offline.c).
 *
 * Owns the window of descriptors, mm->block_map and mm->map_piece. Invariant: of an online block
 * all descriptors exist, with those of its hole pages PG_reserved and of node NODE_HOLE, in no
 * zone; of others none does. One CPU at boot; later each block is one CPU's, which has claimed it.
 *
 * Source: design rules; initial state of a descriptor as in Linux 2.6.11 memmap_init_zone().
 */
#include "internal.h"

#define SECTION_MAP_BYTES (SECTION_PAGES * sizeof(struct page))
#define BLOCK_MAP_BYTES   (BLOCK_PAGES * sizeof(struct page))

/* Building: the first pfn for which no room has been looked for. Banks ascend. */
struct map_build {
	struct mm *mm;
	const struct memblock_range *bank;
	const struct pglist_data *pgdat; /* of the bank */
	unsigned long done;
};

static bool block_is_online(const struct mm *mm, unsigned long block)
{
	return __atomic_load_n(&mm->block_map[block / 64], __ATOMIC_ACQUIRE) >> (block % 64) & 1;
}

bool pfn_valid(const struct mm *mm, unsigned long pfn)
{
	return pfn < mm->max_pfn && block_is_online(mm, pfn / BLOCK_PAGES);
}

/* Room for descriptors: highest zone first, and in each the nearest node with room. */
static phys_addr_t alloc_map_block(struct mm *mm, const struct pglist_data *pgdat)
{
	for (unsigned int row = mm->layout->nr; row-- > 0;) {
		phys_addr_t min = row ? mm->layout->limit[row - 1].end : 0;
		phys_addr_t max = mm->layout->limit[row].end;

		for (unsigned int i = 0; i < pgdat->nr_online; i++) {
			phys_addr_t pa = memblock_alloc_range(mm->memblock, BLOCK_MAP_BYTES,
				PAGE_SIZE, pgdat->fallback[i], min, max, "page descriptors");

			if (pa != PHYS_ADDR_MAX)
				return pa;
		}
	}
	return PHYS_ADDR_MAX;
}

/* Twice the room for pieces; what the old one took is lost, and little. */
static int grow_pieces(struct mm *mm)
{
	const unsigned int max = mm->max_map_pieces ? 2 * mm->max_map_pieces
						    : PAGE_SIZE / sizeof(struct map_piece);
	struct map_piece *pieces = boot_alloc(
		mm, max * sizeof(*pieces), MEMBLOCK_ANY_NODE, "memory map's pieces");

	if (!pieces)
		return -1;
	for (unsigned int i = 0; i < mm->nr_map_pieces; i++)
		pieces[i] = mm->map_piece[i];
	mm->map_piece = pieces;
	mm->max_map_pieces = max;
	return 0;
}

/* Note a piece, which lies above all others; one that continues the last is joined to it. */
static int note_piece(struct mm *mm, const struct map_piece *piece)
{
	struct map_piece *last = mm->nr_map_pieces ? &mm->map_piece[mm->nr_map_pieces - 1] : NULL;

	if (last && last->end_pfn == piece->start_pfn &&
		last->pa + (last->end_pfn - last->start_pfn) * sizeof(struct page) == piece->pa) {
		last->end_pfn = piece->end_pfn;
		return 0;
	}
	if (mm->nr_map_pieces == mm->max_map_pieces && grow_pieces(mm))
		return -1;
	ASSERT(mm->map_piece);
	mm->map_piece[mm->nr_map_pieces++] = *piece;
	return 0;
}

/* Where the descriptors of a block have their room. */
static phys_addr_t map_room(const struct mm *mm, unsigned long pfn)
{
	unsigned int low = 0, high = mm->nr_map_pieces;
	const struct map_piece *piece;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (mm->map_piece[mid].end_pfn > pfn)
			high = mid;
		else
			low = mid + 1;
	}
	piece = &mm->map_piece[low];
	ASSERT(low < mm->nr_map_pieces && piece->start_pfn <= pfn);
	return piece->pa + (pfn - piece->start_pfn) * sizeof(struct page);
}

/* Map all of a piece now, a section at a time. */
static int populate_piece(const struct map_piece *piece)
{
	phys_addr_t pa = piece->pa;

	for (unsigned long pfn = piece->start_pfn, next; pfn < piece->end_pfn; pfn = next) {
		next = align_down(pfn, SECTION_PAGES) + SECTION_PAGES;
		if (next > piece->end_pfn)
			next = piece->end_pfn;
		if (mem_map_populate(pfn_to_page(pfn), pa, (next - pfn) * sizeof(struct page)))
			return -1;
		pa += (next - pfn) * sizeof(struct page);
	}
	return 0;
}

/* Room for the next descriptors has been found. */
static int take_piece(struct map_build *build, phys_addr_t pa, unsigned long end)
{
	const struct map_piece piece = {build->done, end, pa};
	const size_t bytes = (end - build->done) * sizeof(struct page);
	struct mm *mm = build->mm;

	if (mm->eager ? populate_piece(&piece)
		      : mem_map_prepare(pfn_to_page(piece.start_pfn), bytes, build->bank->nid)) {
		print("mm: no room in the memory map's window for pfn 0x%lx\n", piece.start_pfn);
		return -1;
	}
	if (!mm->eager && note_piece(mm, &piece))
		return -1;
	mm->mem_map_bytes += bytes;
	build->done = end;
	return 0;
}

/* Sections from build->done on that get a 2 MiB piece each: at least half present. */
static unsigned long count_whole_sections(const struct map_build *build)
{
	const unsigned long end = pfn_down(build->bank->end);
	const unsigned long start = build->done;
	unsigned long nr;

	if (!is_aligned(start, SECTION_PAGES))
		return 0;
	nr = start >= pfn_down(build->bank->base) && end > start ? (end - start) / SECTION_PAGES
								 : 0;
	if (nr)
		return nr;
	return memblock_present(build->mm->memblock, MEMBLOCK_ANY_NODE, start,
		       start + SECTION_PAGES) >= SECTION_PAGES / 2;
}

/*
 * Room for as many of these sections as fit in one piece, on their own node. 0 if that is done, 1
 * if not even one does, -1 after a line.
 */
static int map_sections(struct map_build *build)
{
	for (unsigned long nr = count_whole_sections(build); nr; nr /= 2) {
		phys_addr_t pa = memblock_alloc(build->mm->memblock, nr * SECTION_MAP_BYTES,
			SECTION_MAP_BYTES, build->pgdat->node_id, PHYS_ADDR_MAX,
			"page descriptors");

		if (pa != PHYS_ADDR_MAX)
			return take_piece(build, pa, build->done + nr * SECTION_PAGES);
	}
	return 1;
}

static int map_block(struct map_build *build)
{
	phys_addr_t pa = alloc_map_block(build->mm, build->pgdat);

	if (pa == PHYS_ADDR_MAX) {
		print("mm: no 64 KiB left for the descriptors of pfn 0x%lx\n", build->done);
		return -1;
	}
	return take_piece(build, pa, build->done + BLOCK_PAGES);
}

static int map_bank(struct map_build *build)
{
	const unsigned long first = align_down(pfn_down(build->bank->base), BLOCK_PAGES);
	const unsigned long section = align_down(first, SECTION_PAGES);
	int error = 0;

	/* A section is looked at as a whole when the first of its blocks is met. */
	if (build->done < first)
		build->done = build->done <= section ? section : first;
	while (!error && build->done < pfn_down(build->bank->end)) {
		error = map_sections(build);
		if (error <= 0)
			continue;
		if (build->done < first)
			build->done = first;
		error = map_block(build);
	}
	return error;
}

/* Set the descriptors of [start, end): of these flags, node and zone included, and nobody's. */
static void init_descriptors(unsigned long start, unsigned long end, unsigned long flags)
{
	for (struct page *page = pfn_to_page(start); page < pfn_to_page(end); page++) {
		*page = (struct page){.flags = flags, ._count = -1, ._mapcount = -1};
		list_init(&page->lru);
	}
}

static void init_reserved(unsigned long start, unsigned long end, unsigned long zone_index)
{
	ASSERT(zone_index < 1UL << (MAX_NODES_SHIFT + ZONES_SHIFT));
	init_descriptors(start, end, zone_index << ZONE_SHIFT | 1UL << PG_reserved);
}

static enum zone_type zone_type_at(const struct mm *mm, unsigned long pfn)
{
	unsigned int row = 0;

	while (row < mm->layout->nr - 1 && pfn >= pfn_down(mm->layout->limit[row].end))
		row++;
	return mm->layout->limit[row].type;
}

struct zone *zone_at(const struct mm *mm, int nid, unsigned long pfn)
{
	return mm->zone_table[(unsigned int)nid << ZONES_SHIFT | zone_type_at(mm, pfn)];
}

/* The descriptors of [start, end), within a block: by bank and zone, the rest holes. */
static void init_block(const struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned long pfn = start;

	while (pfn < end) {
		const struct memblock_range *bank = memblock_find_memory(
			mm->memblock, pfn_to_phys(pfn));
		unsigned long index = (unsigned long)NODE_HOLE << ZONES_SHIFT, next = pfn + 1;

		if (bank) {
			const struct zone *zone = zone_at(mm, bank->nid, pfn);
			const unsigned long zone_end = zone->zone_start_pfn + zone->spanned_pages;

			index = zone->index;
			next = pfn_down(bank->end);
			if (next > zone_end)
				next = zone_end;
		}
		if (next > end)
			next = end;
		init_reserved(pfn, next, index);
		pfn = next;
	}
}

static void set_online(struct mm *mm, unsigned long pfn)
{
	const unsigned long block = pfn / BLOCK_PAGES;

	__atomic_fetch_or(&mm->block_map[block / 64], 1UL << (block % 64), __ATOMIC_RELEASE);
}

static void populate_block(const struct mm *mm, unsigned long pfn)
{
	int error = mem_map_populate(pfn_to_page(pfn), map_room(mm, pfn), BLOCK_MAP_BYTES);

	ASSERT(error == 0);
}

void memmap_write(struct mm *mm)
{
	const struct memblock_list *memory = &mm->memblock->memory;

	for (unsigned int i = 0; i < memory->nr; i++) {
		const unsigned long end = pfn_down(memory->range[i].end);
		unsigned long pfn = align_down(pfn_down(memory->range[i].base), BLOCK_PAGES);

		while (pfn < end) {
			const struct offline_range *offline = mm_offline_range(mm, pfn);

			if (offline) {
				pfn = offline->end_pfn;
				continue;
			}
			if (!block_is_online(mm, pfn / BLOCK_PAGES)) {
				if (!mm->eager)
					populate_block(mm, pfn);
				init_block(mm, pfn, pfn + BLOCK_PAGES);
				set_online(mm, pfn);
			}
			pfn += BLOCK_PAGES;
		}
	}
}

void memmap_online(struct mm *mm, const struct zone *zone, unsigned long pfn)
{
	populate_block(mm, pfn);
	init_descriptors(pfn, pfn + BLOCK_PAGES, (unsigned long)zone->index << ZONE_SHIFT);
	set_online(mm, pfn);
}

int memmap_init(struct mm *mm)
{
	const struct memblock_list *memory = &mm->memblock->memory;
	struct map_build build = {.mm = mm};

	ASSERT(is_aligned((uintptr_t)mem_map(), PAGE_SIZE));
	for (unsigned int i = 0; i < memory->nr; i++) {
		build.bank = &memory->range[i];
		build.pgdat = mm->node[build.bank->nid];
		if (map_bank(&build))
			return -1;
	}
	if (mm->eager)
		memmap_write(mm);
	return 0;
}
