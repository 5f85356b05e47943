/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ownership map: a sparse table of two levels, one atomic word for each page.
 *
 *	root:  pfn >> leaf_shift  ->  leaf:  pfn & mask  ->  owner
 *
 * A claim is a compare-exchange from "nobody", so of two that are handed the same page one finds
 * out, whatever the allocator under test does. Leaves come from that same allocator as they are
 * needed, and are then claimed themselves. They are cleared by hand: __GFP_ZERO is under test too.
 *
 * Owns its pages. No lock: a leaf is put in place by compare-exchange and stays until the end; who
 * comes second gives its leaf back. Interrupts use leaves that exist and never add one, so that a
 * page for the map is not taken in the middle of taking one. Memory order: claims are acquire,
 * releases release, though the order between owners is really the allocator's to keep.
 */
#include <assert.h>
#include <string.h>
#include <port/irq.h>
#include <port/mem.h>
#include "ownership.h"

/* The root is kept below this order; on larger machines the leaves grow instead. */
#define ROOT_ORDER_MAX 6U

/* Times that a leaf is asked for if a fault is injected into it. */
#define LEAF_TRIES 16U

/* log2 of the owners that fit into one page. */
#define OWNERS_SHIFT (PAGE_SHIFT - 2)
static_assert(sizeof(uint32_t) << OWNERS_SHIFT == PAGE_SIZE, "an owner is four bytes");

static owner_word *find_leaf(const struct ownership *map, unsigned long pfn)
{
	unsigned long index = pfn >> map->leaf_shift;

	if (index >= map->nr_roots)
		return NULL;
	return atomic_load_explicit(&map->root[index], memory_order_acquire);
}

static owner_word *find_owner(const struct ownership *map, unsigned long pfn)
{
	owner_word *leaf = find_leaf(map, pfn);

	return leaf ? &leaf[pfn & ((1UL << map->leaf_shift) - 1)] : NULL;
}

/* A NULL that was injected is counted, and asked about again, a few times. */
static struct page *ask_leaf(struct ownership *map)
{
	struct page *page = NULL;
	bool injected = true;

	for (unsigned int n = 0; !page && injected && n < LEAF_TRIES; n++) {
		const unsigned long before = mm_fault_injected_here();

		page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, map->leaf_order);
		injected = !page && mm_fault_injected_here() != before;
		atomic_fetch_add(&map->faults, injected);
	}
	return page;
}

/* Put a new leaf in place for `pfn`. Returns the page it lies on, or NULL if none was needed. */
static struct page *add_leaf(struct ownership *map, unsigned long pfn)
{
	struct page *page = ask_leaf(map);
	owner_word *expected = NULL;
	owner_word *leaf;

	if (!page)
		return NULL;
	leaf = page_address(page);
	memset((void *)leaf, 0, order_bytes(map->leaf_order));
	if (atomic_compare_exchange_strong_explicit(&map->root[pfn >> map->leaf_shift], &expected,
		    leaf, memory_order_acq_rel, memory_order_acquire)) {
		atomic_fetch_add(&map->nr_pages, 1UL << map->leaf_order);
		return page;
	}
	__free_pages(page, map->leaf_order);
	return NULL;
}

/*
 * A new leaf is itself a page to claim, perhaps in a place that has no leaf yet either. Each turn
 * of this recursion fills another place, and it seldom takes two: leaves tend to lie together.
 */
enum ownership_result ownership_grow(
	struct ownership *map, unsigned long pfn, struct ownership_conflict *conflict)
{
	enum ownership_result result;
	struct page *page;

	if (pfn >> map->leaf_shift >= map->nr_roots)
		return OWNERSHIP_NO_LEAF;
	if (find_leaf(map, pfn))
		return OWNERSHIP_OK;
	page = add_leaf(map, pfn);
	if (page) {
		result = ownership_claim(
			map, page_to_pfn(page), 1UL << map->leaf_order, OWNER_MAP, conflict);
		if (result == OWNERSHIP_CONFLICT)
			return result;
	}
	return find_leaf(map, pfn) ? OWNERSHIP_OK : OWNERSHIP_NO_LEAF;
}

/* Change the owner of `nr` pages, or of none of them. */
static enum ownership_result change_owner(struct ownership *map, unsigned long pfn,
	unsigned long nr, uint32_t from, uint32_t to, struct ownership_conflict *conflict)
{
	for (unsigned long i = 0; i < nr; i++) {
		owner_word *owner = find_owner(map, pfn + i);
		uint32_t found = from;

		if (owner && atomic_compare_exchange_strong_explicit(
				     owner, &found, to, memory_order_acq_rel, memory_order_acquire))
			continue;
		for (unsigned long back = 0; back < i; back++)
			atomic_store_explicit(
				find_owner(map, pfn + back), from, memory_order_release);
		if (!owner)
			return OWNERSHIP_NO_LEAF;
		*conflict = (struct ownership_conflict){.pfn = pfn + i, .owner = found};
		return OWNERSHIP_CONFLICT;
	}
	return OWNERSHIP_OK;
}

enum ownership_result ownership_claim(struct ownership *map, unsigned long pfn, unsigned long nr,
	uint32_t owner, struct ownership_conflict *conflict)
{
	if (!find_leaf(map, pfn)) {
		enum ownership_result result;

		if (in_interrupt())
			return OWNERSHIP_NO_LEAF;
		result = ownership_grow(map, pfn, conflict);
		if (result != OWNERSHIP_OK)
			return result;
	}
	return change_owner(map, pfn, nr, OWNER_NONE, owner, conflict);
}

enum ownership_result ownership_release(struct ownership *map, unsigned long pfn, unsigned long nr,
	uint32_t owner, struct ownership_conflict *conflict)
{
	return change_owner(map, pfn, nr, owner, OWNER_NONE, conflict);
}

uint32_t ownership_owner(const struct ownership *map, unsigned long pfn)
{
	const owner_word *owner = find_owner(map, pfn);

	return owner ? atomic_load_explicit(owner, memory_order_acquire) : OWNER_NONE;
}

static unsigned long count_owned(const owner_word *leaf, unsigned int leaf_shift)
{
	unsigned long nr = 0;

	for (unsigned long i = 0; i < 1UL << leaf_shift; i++) {
		uint32_t owner = atomic_load_explicit(&leaf[i], memory_order_relaxed);

		if (owner != OWNER_NONE && owner != OWNER_MAP)
			nr++;
	}
	return nr;
}

unsigned long ownership_destroy(struct ownership *map)
{
	unsigned long nr = 0;

	for (unsigned long i = 0; i < map->nr_roots; i++) {
		owner_word *leaf = atomic_load_explicit(&map->root[i], memory_order_acquire);

		if (!leaf)
			continue;
		nr += count_owned(leaf, map->leaf_shift);
		free_pages((unsigned long)leaf, map->leaf_order);
	}
	free_pages((unsigned long)map->root, map->root_order);
	map->root = NULL;
	map->nr_roots = 0;
	return nr;
}

enum ownership_result ownership_init(
	struct ownership *map, struct mm *mm, struct ownership_conflict *conflict)
{
	enum ownership_result result;
	struct page *page;

	*map = (struct ownership){.mm = mm};
	for (;; map->leaf_order++) {
		map->leaf_shift = OWNERS_SHIFT + map->leaf_order;
		map->nr_roots = (mm->max_pfn >> map->leaf_shift) + 1;
		map->root_order = get_order(map->nr_roots * sizeof(*map->root));
		if (map->root_order <= ROOT_ORDER_MAX)
			break;
	}
	page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, map->root_order);
	if (!page)
		return OWNERSHIP_NO_LEAF;
	map->root = page_address(page);
	memset((void *)map->root, 0, order_bytes(map->root_order));
	map->nr_pages = 1UL << map->root_order;
	result = ownership_claim(
		map, page_to_pfn(page), 1UL << map->root_order, OWNER_MAP, conflict);
	if (result == OWNERSHIP_NO_LEAF)
		ownership_destroy(map);
	return result;
}
