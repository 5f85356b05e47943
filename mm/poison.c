/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Poison: what is freed is filled, and who wrote to it after that is found out when it is handed
 * out again, or by mm_check_poison().
 *
 * Owns PAGE_DEBUG_POISON of page->debug: the number that was mm->poison_nr when the page was
 * filled. A page without the number of now is not looked at, so what was free before the level was
 * switched on is never blamed. There is no number until every CPU knows, and each time it is
 * switched on is a new one. A call that began before that may hand out a page and leave its mark: a
 * check passes over what is allocated, and its free fills it anew.
 *
 * Pattern and words as Linux's page_poison; the marks are our own.
 */
#include "internal.h"

#define PAGE_POISON 0xaaU
#define POISON_WORD 0xaaaaaaaaaaaaaaaaUL
#define SHOWN_BYTES 16U

/* Reports of one check. */
#define MAX_REPORTS 16U

static uint16_t poison_now(void)
{
	return __atomic_load_n(&this_cpu->mm->poison_nr, __ATOMIC_RELAXED);
}

/* Pages of HIGHMEM, too: see clear_block(). */
static void *contents(const struct page *page)
{
	return phys_to_virt(pfn_to_phys(page_to_pfn(page)));
}

void poison_fill(struct page *page, unsigned int order)
{
	const uint16_t number = poison_now();

	for (unsigned long i = 0; i < 1UL << order; i++) {
		unsigned long *word = contents(&page[i]);

		for (size_t j = 0; j < PAGE_SIZE / sizeof(*word); j++)
			word[j] = POISON_WORD;
		page[i].debug = (page[i].debug & ~PAGE_DEBUG_POISON) | number;
	}
}

void poison_forget(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		page[i].debug &= ~PAGE_DEBUG_POISON;
}

/* Offset of the first byte that is not as it was filled, or PAGE_SIZE. */
static size_t first_changed(const unsigned char *byte)
{
	const unsigned long *word = (const unsigned long *)byte;
	size_t i = 0;

	while (i < PAGE_SIZE / sizeof(*word) && word[i] == POISON_WORD)
		i++;
	i *= sizeof(*word);
	while (i < PAGE_SIZE && byte[i] == PAGE_POISON)
		i++;
	return i;
}

/* What has been written, from the first byte on: it may tell who it was. */
static void say_changed(const struct page *page, const unsigned char *byte, size_t first)
{
	size_t last = PAGE_SIZE - 1;

	while (byte[last] == PAGE_POISON)
		last--;
	print("pagealloc: memory corruption: pfn 0x%lx, bytes 0x%zx to 0x%zx of the page:",
		page_to_pfn(page), first, last);
	for (size_t i = first; i <= last && i < first + SHOWN_BYTES; i++)
		print(" %02x", byte[i]);
	print("%s\n", last - first >= SHOWN_BYTES ? " ..." : "");
}

static bool is_poisoned(const struct page *page)
{
	const uint16_t number = poison_now();

	return number && (page->debug & PAGE_DEBUG_POISON) == number;
}

/* Is it poisoned, and has it changed? Then that is said. */
static bool has_changed(const struct page *page)
{
	size_t first;

	if (!is_poisoned(page) || !unmap_may_read(page))
		return false;
	first = first_changed(contents(page));
	if (first == PAGE_SIZE)
		return false;
	say_changed(page, contents(page), first);
	return true;
}

struct page *poison_find_changed(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		if (has_changed(&page[i]))
			return &page[i];
	return NULL;
}

/* Somebody's, by a call that began before the level was on: a mark of now stays on such a page. */
static bool is_held(const struct page *page)
{
	unsigned int order;
	const struct page *head = page_block_head(page, &order);

	return head && page_state(head) == PAGE_ALLOCATED;
}

/* Of a range of valid pfns: how many free pages have changed. */
static unsigned long check_range(unsigned long pfn, unsigned long end, unsigned long before)
{
	unsigned long found = 0;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!is_poisoned(page) || is_held(page) || !has_changed(page))
			continue;
		if (before + found++ < MAX_REPORTS)
			misuse(MISUSE_WRITE_AFTER_FREE, page, 0, CALLER());
	}
	return found;
}

unsigned long mm_check_poison(struct mm *mm)
{
	unsigned long found = 0;

	if (!(mm_debug(mm) & MM_DEBUG_POISON))
		return 0;
	for (unsigned long pfn = 0; pfn < mm->max_pfn; pfn += BLOCK_PAGES)
		if (pfn_valid(mm, pfn))
			found += check_range(pfn, pfn + BLOCK_PAGES, found);
	return found;
}

void poison_changed(struct mm *mm, bool on)
{
	if (on && ++mm->poison_last == 0)
		mm->poison_last = 1;
	__atomic_store_n(&mm->poison_nr, on ? mm->poison_last : 0, __ATOMIC_RELAXED);
}
