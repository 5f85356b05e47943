/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator: two sorted lists of disjoint ranges, and set algebra on them.
 *
 *	memory    |-- bank, node 0 --|      |-- bank, node 1 --|
 *	reserved     |fw|  |image|                    |tree|
 *	free      |-|  |---|     |---|      |---------|    |---|
 *
 * Owns struct memblock. One CPU at boot, so no lock. Invariants: ranges are page-aligned, not
 * empty, sorted by base, and disjoint within a list. Facts: the purpose of Linux's memblock; the
 * rounding rules are design.md's (banks inward, reservations outward).
 */
#include <mm/memblock.h>

/* The highest page boundary that a range may end at: 2^64 itself does not fit the type. */
#define LAST_END ((phys_addr_t)0 - PAGE_SIZE)

/* Index of the first range that ends above `pa`; list->nr if none does. */
static unsigned int first_above(const struct memblock_list *list, phys_addr_t pa)
{
	unsigned int low = 0, high = list->nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (list->range[mid].end > pa)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static const struct memblock_range *find(const struct memblock_list *list, phys_addr_t pa)
{
	unsigned int i = first_above(list, pa);

	return i < list->nr && list->range[i].base <= pa ? &list->range[i] : NULL;
}

const struct memblock_range *memblock_find_memory(const struct memblock *mb, phys_addr_t pa)
{
	return find(&mb->memory, pa);
}

const struct memblock_range *memblock_find_reserved(const struct memblock *mb, phys_addr_t pa)
{
	return find(&mb->reserved, pa);
}

/* Put `range` at index i; the caller has seen that there is room. */
static void insert_at(
	struct memblock_list *list, unsigned int i, const struct memblock_range *range)
{
	for (unsigned int last = list->nr; last > i; last--)
		list->range[last] = list->range[last - 1];
	list->range[i] = *range;
	list->nr++;
}

static void remove_at(struct memblock_list *list, unsigned int i)
{
	list->nr--;
	for (; i < list->nr; i++)
		list->range[i] = list->range[i + 1];
}

/* Cut range i in two at `pa`, which lies strictly inside it. */
static void split_at(struct memblock_list *list, unsigned int i, phys_addr_t pa)
{
	struct memblock_range upper = list->range[i];

	upper.base = pa;
	list->range[i].end = pa;
	insert_at(list, i + 1, &upper);
}

static bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Copy a reason, cut to what there is room for. */
static void copy_why(char to[MEMBLOCK_WHY], const char *from)
{
	unsigned int i = 0;

	for (; i < MEMBLOCK_WHY - 1 && from[i]; i++)
		to[i] = from[i];
	to[i] = '\0';
}

static bool mergeable(const struct memblock_range *a, const struct memblock_range *b)
{
	return a->end == b->base && a->nid == b->nid && a->flags == b->flags &&
	       same_text(a->why, b->why);
}

/* Join neighbours that say the same, around the indices [first, last]. */
static void merge_around(struct memblock_list *list, unsigned int first, unsigned int last)
{
	unsigned int i = first ? first - 1 : 0;

	while (i <= last && i + 1 < list->nr) {
		if (mergeable(&list->range[i], &list->range[i + 1])) {
			list->range[i].end = list->range[i + 1].end;
			remove_at(list, i + 1);
			if (last)
				last--;
		} else {
			i++;
		}
	}
}

/*
 * How many more ranges adding `new` takes: one for each gap that it fills, and one for each end
 * that cuts a range of other flags.
 */
static unsigned int ranges_needed(
	const struct memblock_list *list, const struct memblock_range *new)
{
	phys_addr_t at = new->base;
	unsigned int needed = 0;

	for (unsigned int i = first_above(list, at); i < list->nr; i++) {
		const struct memblock_range *old = &list->range[i];
		bool changes = (old->flags | new->flags) != old->flags;

		if (old->base >= new->end)
			break;
		needed += old->base > at;
		needed += changes && old->base < new->base;
		needed += changes && old->end > new->end;
		at = old->end;
	}
	return needed + (at < new->end);
}

/* Give the covered part of range i the flags of `new`; returns the index behind that part. */
static unsigned int add_flags(
	struct memblock_list *list, unsigned int i, const struct memblock_range *new)
{
	if ((list->range[i].flags | new->flags) == list->range[i].flags)
		return i + 1;
	if (list->range[i].base < new->base) {
		split_at(list, i, new->base);
		i++;
	}
	if (list->range[i].end > new->end)
		split_at(list, i, new->end);
	list->range[i].flags |= new->flags;
	return i + 1;
}

/*
 * Add `new` where nothing is yet; what is there already keeps its node and reason. Returns the
 * bytes added, or -1 with nothing done if the list has no room for it.
 */
static int64_t add_range(struct memblock_list *list, const struct memblock_range *new)
{
	unsigned int first = first_above(list, new->base);
	unsigned int i = first;
	phys_addr_t at = new->base;
	uint64_t added = 0;

	if (list->nr + ranges_needed(list, new) > MEMBLOCK_MAX_RANGES)
		return -1;
	while (at < new->end) {
		struct memblock_range piece = *new;

		if (i < list->nr && list->range[i].base <= at) {
			at = list->range[i].end;
			i = add_flags(list, i, new);
			continue;
		}
		piece.base = at;
		if (i < list->nr && list->range[i].base < piece.end)
			piece.end = list->range[i].base;
		insert_at(list, i++, &piece);
		added += piece.end - piece.base;
		at = piece.end;
	}
	merge_around(list, first, i);
	return added > INT64_MAX ? INT64_MAX : (int64_t)added;
}

int64_t memblock_add(struct memblock *mb, phys_addr_t base, uint64_t size, int nid)
{
	struct memblock_range new = {.nid = nid};

	if (size == 0)
		return 0;
	if (base + size - 1 < base || size > INT64_MAX)
		return -1;
	if (base > LAST_END)
		return 0;
	new.base = align_up(base, PAGE_SIZE);
	new.end = base + size - 1 >= LAST_END ? LAST_END : align_down(base + size, PAGE_SIZE);
	if (new.base >= new.end)
		return 0;
	return add_range(&mb->memory, &new);
}

int memblock_reserve(
	struct memblock *mb, phys_addr_t base, uint64_t size, unsigned int flags, const char *why)
{
	struct memblock_range new = {.flags = flags};

	if (size == 0)
		return 0;
	if (base + size - 1 < base)
		return -1;
	new.base = align_down(base, PAGE_SIZE);
	new.end = base + size - 1 >= LAST_END ? LAST_END : align_up(base + size, PAGE_SIZE);
	if (new.base >= new.end)
		return 0;
	copy_why(new.why, why);
	return add_range(&mb->reserved, &new) < 0 ? -1 : 0;
}

int memblock_unreserve(struct memblock *mb, phys_addr_t base, uint64_t size)
{
	struct memblock_list *list = &mb->reserved;
	phys_addr_t end = base + size;
	unsigned int i = first_above(list, base);

	while (i < list->nr && list->range[i].base < end) {
		struct memblock_range *range = &list->range[i];

		if (range->base < base && range->end > end) {
			if (list->nr == MEMBLOCK_MAX_RANGES)
				return -1;
			split_at(list, i, end);
		}
		if (range->base < base) {
			range->end = base;
			i++;
		} else if (range->end > end) {
			range->base = end;
		} else {
			remove_at(list, i);
		}
	}
	return 0;
}

/* First run of memory above `from` that no reservation with all of `flags` covers. */
static bool next_run(
	const struct memblock *mb, phys_addr_t from, unsigned int flags, struct memblock_free *run)
{
	const struct memblock_list *memory = &mb->memory, *reserved = &mb->reserved;
	unsigned int r = first_above(reserved, from);

	for (unsigned int m = first_above(memory, from); m < memory->nr; m++) {
		const struct memblock_range *bank = &memory->range[m];

		run->base = bank->base > from ? bank->base : from;
		run->nid = bank->nid;
		for (; r < reserved->nr && reserved->range[r].base < bank->end; r++) {
			const struct memblock_range *taken = &reserved->range[r];

			if (taken->end <= run->base || (taken->flags & flags) != flags)
				continue;
			if (taken->base > run->base) {
				run->end = taken->base;
				return true;
			}
			run->base = taken->end;
			if (run->base >= bank->end)
				break;
		}
		run->end = bank->end;
		if (run->base < run->end)
			return true;
	}
	return false;
}

bool memblock_next_free(const struct memblock *mb, phys_addr_t from, struct memblock_free *run)
{
	return next_run(mb, from, 0, run);
}

bool memblock_next_mapped(const struct memblock *mb, phys_addr_t from, struct memblock_free *run)
{
	return next_run(mb, from, MEMBLOCK_NOMAP, run);
}

/* Highest place for the block in `run` cut to [min, max), or PHYS_ADDR_MAX. */
static phys_addr_t place_in(const struct memblock_free *run, uint64_t size, uint64_t align,
	phys_addr_t min, phys_addr_t max)
{
	phys_addr_t base = run->base > min ? run->base : min;
	phys_addr_t end = run->end < max ? run->end : max;
	phys_addr_t at;

	if (end < base || end - base < size)
		return PHYS_ADDR_MAX;
	at = align_down(end - size, align);
	return at >= base ? at : PHYS_ADDR_MAX;
}

phys_addr_t memblock_alloc_range(struct memblock *mb, uint64_t size, uint64_t align, int nid,
	phys_addr_t min, phys_addr_t max, const char *why)
{
	phys_addr_t best = PHYS_ADDR_MAX;
	struct memblock_free run = {.end = 0};

	if (mb->closed || size == 0 || !is_aligned(size, PAGE_SIZE))
		return PHYS_ADDR_MAX;
	while (memblock_next_free(mb, run.end, &run)) {
		phys_addr_t at;

		if (nid != MEMBLOCK_ANY_NODE && run.nid != nid)
			continue;
		at = place_in(&run, size, align, min, max);
		if (at != PHYS_ADDR_MAX)
			best = at;
	}
	if (best != PHYS_ADDR_MAX && memblock_reserve(mb, best, size, 0, why))
		return PHYS_ADDR_MAX;
	return best;
}

phys_addr_t memblock_alloc(struct memblock *mb, uint64_t size, uint64_t align, int nid,
	phys_addr_t max, const char *why)
{
	return memblock_alloc_range(mb, size, align, nid, 0, max, why);
}

unsigned long memblock_present(
	const struct memblock *mb, int nid, unsigned long start_pfn, unsigned long end_pfn)
{
	const struct memblock_list *memory = &mb->memory;
	unsigned long present = 0;

	for (unsigned int i = first_above(memory, pfn_to_phys(start_pfn)); i < memory->nr; i++) {
		unsigned long start = pfn_down(memory->range[i].base);
		unsigned long end = pfn_down(memory->range[i].end);

		if (start >= end_pfn)
			break;
		if (nid != MEMBLOCK_ANY_NODE && memory->range[i].nid != nid)
			continue;
		if (start < start_pfn)
			start = start_pfn;
		if (end > end_pfn)
			end = end_pfn;
		present += end - start;
	}
	return present;
}

unsigned long memblock_end_pfn(const struct memblock *mb)
{
	const struct memblock_list *memory = &mb->memory;

	return memory->nr ? pfn_down(memory->range[memory->nr - 1].end) : 0;
}
