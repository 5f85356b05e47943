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

/* The bytes of `range` within [base, end); empty if there are none. */
static struct memblock_range cut(
	const struct memblock_range *range, phys_addr_t base, phys_addr_t end)
{
	struct memblock_range piece = *range;

	piece.base = range->base > base ? range->base : base;
	piece.end = range->end < end ? range->end : end;
	return piece;
}

/*
 * A list is changed by making it anew in mb->next, from the first range that can change on. So
 * neighbours that say the same are joined as they come, and what counts against the limit is what
 * is left in the end.
 */
static struct memblock_list *begin_next(
	struct memblock *mb, const struct memblock_list *list, unsigned int first)
{
	mb->next.nr = first;
	if (first)
		mb->next.range[first - 1] = list->range[first - 1];
	return &mb->next;
}

/* Put `piece` at the end, unless it is empty; next->nr counts on where the room ends. */
static void append(struct memblock_list *next, struct memblock_range piece)
{
	if (piece.base >= piece.end)
		return;
	if (next->nr && next->nr <= MEMBLOCK_MAX_RANGES &&
		mergeable(&next->range[next->nr - 1], &piece)) {
		next->range[next->nr - 1].end = piece.end;
		return;
	}
	if (next->nr < MEMBLOCK_MAX_RANGES)
		next->range[next->nr] = piece;
	next->nr++;
}

/* Take the new list over from range `first` on; false with nothing changed if it has no room. */
static bool commit_next(
	struct memblock_list *list, const struct memblock_list *next, unsigned int first)
{
	if (next->nr > MEMBLOCK_MAX_RANGES)
		return false;
	for (unsigned int i = first ? first - 1 : 0; i < next->nr; i++)
		list->range[i] = next->range[i];
	list->nr = next->nr;
	return true;
}

/*
 * Add `new` where nothing is yet; what is there already keeps its node and reason, and takes on
 * the flags. Returns the bytes added, or -1 with nothing done if the list has no room for it.
 */
static int64_t add_range(
	struct memblock *mb, struct memblock_list *list, const struct memblock_range *new)
{
	const unsigned int first = first_above(list, new->base);
	struct memblock_list *next = begin_next(mb, list, first);
	phys_addr_t at = new->base;
	uint64_t added = 0;

	for (unsigned int i = first; i < list->nr; i++) {
		const struct memblock_range *old = &list->range[i];
		struct memblock_range gap = cut(new, at, old->base);
		struct memblock_range shared = cut(old, new->base, new->end);

		shared.flags |= new->flags;
		append(next, gap);
		append(next, cut(old, 0, new->base));
		append(next, shared);
		append(next, cut(old, new->end, PHYS_ADDR_MAX));
		added += gap.base < gap.end ? gap.end - gap.base : 0;
		at = old->end;
	}
	append(next, cut(new, at, new->end));
	added += at < new->end ? new->end - at : 0;
	if (!commit_next(list, next, first))
		return -1;
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
	return add_range(mb, &mb->memory, &new);
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
	return add_range(mb, &mb->reserved, &new) < 0 ? -1 : 0;
}

/* Take [base, base + size) out of a list. -1 and nothing done if the list has no room for it. */
static int remove_range(
	struct memblock *mb, struct memblock_list *list, phys_addr_t base, uint64_t size)
{
	const unsigned int first = first_above(list, base);
	struct memblock_list *next = begin_next(mb, list, first);

	for (unsigned int i = first; i < list->nr; i++) {
		append(next, cut(&list->range[i], 0, base));
		append(next, cut(&list->range[i], base + size, PHYS_ADDR_MAX));
	}
	return commit_next(list, next, first) ? 0 : -1;
}

int memblock_remove(struct memblock *mb, phys_addr_t base, uint64_t size)
{
	return remove_range(mb, &mb->memory, base, size);
}

int memblock_unreserve(struct memblock *mb, phys_addr_t base, uint64_t size)
{
	return remove_range(mb, &mb->reserved, base, size);
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
