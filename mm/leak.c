/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaks: owner records since a mark, summed up by the stack of the allocation.
 *
 * Owns nothing: the records are page_owner.c's, the result is the caller's. While it is made its
 * sites are a hash table with open addressing; then they are moved together and sorted.
 *
 * The idea of summing owner records by stack: Linux's tools/mm/page_owner_sort.
 */
#include <mm/leak.h>
#include "internal.h"

_Static_assert((MM_LEAK_SITES & (MM_LEAK_SITES - 1)) == 0, "the hash is cut by a mask");

struct search {
	struct mm_leaks *leaks;
	uint64_t since;
};

uint64_t mm_leak_mark(void)
{
	const uint64_t now = cpu_time();

	/* A call that ended in the tick of the clock that runs now is not since the next. */
	while (cpu_time() == now)
		cpu_relax();
	return cpu_time();
}

static bool same_stack(const uintptr_t *a, const uintptr_t *b)
{
	for (unsigned int i = 0; i < PAGE_OWNER_DEPTH; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static unsigned int hash_stack(const uintptr_t *stack)
{
	uint64_t hash = 0;

	for (unsigned int i = 0; i < PAGE_OWNER_DEPTH; i++)
		hash = (hash ^ stack[i]) * 0x9e3779b97f4a7c15U;
	return (unsigned int)(hash >> 32) & (MM_LEAK_SITES - 1);
}

/* Where blocks with this stack are summed; NULL if all places are others'. */
static struct mm_leak_site *site_of(struct mm_leaks *leaks, const uintptr_t *stack)
{
	const unsigned int first = hash_stack(stack);

	for (unsigned int i = 0; i < MM_LEAK_SITES; i++) {
		struct mm_leak_site *site = &leaks->site[(first + i) & (MM_LEAK_SITES - 1)];

		if (!site->blocks) {
			for (unsigned int j = 0; j < PAGE_OWNER_DEPTH; j++)
				site->stack[j] = stack[j];
			return site;
		}
		if (same_stack(site->stack, stack))
			return site;
	}
	return NULL;
}

static void add_block(void *context, unsigned long pfn, const struct page_owner *owner)
{
	const struct search *search = context;
	const struct page_owner_site call = owner->allocated;
	const unsigned long pages = 1UL << call.order;
	struct mm_leaks *leaks = search->leaks;
	struct mm_leak_site *site;

	if (call.time < search->since)
		return;
	leaks->blocks++;
	leaks->pages += pages;
	site = site_of(leaks, call.stack);
	if (!site) {
		leaks->other_blocks++;
		leaks->other_pages += pages;
		return;
	}
	if (!site->blocks || call.time < site->oldest.time) {
		site->oldest = call;
		site->pfn = pfn;
	}
	site->blocks++;
	site->pages += pages;
}

/* Of two places, is the first to be told first? Of two as large, the older one. */
static bool is_before(const struct mm_leak_site *a, const struct mm_leak_site *b)
{
	if (a->pages != b->pages)
		return a->pages > b->pages;
	return a->oldest.time < b->oldest.time;
}

/* Move what the hash table holds to its front, each to its place among those before it. */
static void sort_sites(struct mm_leaks *leaks)
{
	for (unsigned int i = 0; i < MM_LEAK_SITES; i++) {
		const struct mm_leak_site site = leaks->site[i];
		unsigned int at = leaks->nr;

		if (!site.blocks)
			continue;
		for (; at > 0 && is_before(&site, &leaks->site[at - 1]); at--)
			leaks->site[at] = leaks->site[at - 1];
		leaks->site[at] = site;
		leaks->nr++;
	}
}

unsigned long mm_leak_diff(const struct mm *mm, uint64_t since, struct mm_leaks *leaks)
{
	struct search search = {leaks, since};

	for (unsigned int i = 0; i < MM_LEAK_SITES; i++)
		leaks->site[i].blocks = leaks->site[i].pages = 0;
	leaks->nr = 0;
	leaks->blocks = leaks->pages = leaks->other_blocks = leaks->other_pages = 0;
	page_owner_for_each(mm, add_block, &search);
	sort_sites(leaks);
	return leaks->pages;
}

static void show_place(const struct mm_leak_site *site)
{
	const struct page_owner_site *call = &site->oldest;
	const uint64_t hz = cpu_time_hz();

	print("leak: %lu pages in %lu blocks; the oldest is pfn 0x%lx of order %u, gfp_mask 0x%x, "
	      "task %s%s, cpu %u, at %lu.%06lu s\n",
		site->pages, site->blocks, site->pfn, call->order, (unsigned int)call->gfp,
		call->task, call->in_interrupt ? " in an interrupt" : "", call->cpu,
		(unsigned long)(call->time / hz), (unsigned long)(call->time % hz * 1000000 / hz));
	for (unsigned int i = 0; i < PAGE_OWNER_DEPTH && site->stack[i]; i++)
		print("  from 0x%lx\n", (unsigned long)site->stack[i]);
}

void show_leaks(const struct mm_leaks *leaks)
{
	print("leak: %lu pages in %lu blocks from %u places since the mark\n", leaks->pages,
		leaks->blocks, leaks->nr);
	for (unsigned int i = 0; i < leaks->nr; i++)
		show_place(&leaks->site[i]);
	if (leaks->other_blocks)
		print("leak: %lu pages in %lu blocks from other places: no room for more\n",
			leaks->other_pages, leaks->other_blocks);
}
