/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of `selftest misuse` that use a page after it has been freed: what they write and read
 * is nobody's, so nothing but the report comes of it.
 *
 * Owns nothing.
 */
#include <string.h>
#include <mm/debug.h>
#include <port/mem.h>
#include "kernel.h"
#include "selftest.h"
#include "selftest_misuse.h"

bool selftest_write_after_free(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL), *next;

	EXPECT(page);
	__free_page(page);
	memset((char *)page_address(page) + 512, 0x5c, 4);
	next = alloc_page(GFP_KERNEL); /* the page freed last is the one that comes first */
	EXPECT(next && next != page);
	__free_page(next);
	scene->page = page;
	scene->set_aside = 1;
	return true;
}

/* A `check` finds it where nobody has asked for the page yet. */
bool selftest_write_after_free_checked(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long *word;

	EXPECT(page);
	word = page_address(page);
	__free_page(page);
	*word ^= 1;
	EXPECT(mm_check_poison(&kernel.mm) == 1);
	*word ^= 1;
	EXPECT(mm_check_poison(&kernel.mm) == 0);
	scene->page = page;
	return true;
}

/* What is read is what was there, or the poison: the access is repeated. */
bool selftest_read_after_free(struct scene *scene)
{
	struct page *page = alloc_page(GFP_KERNEL);
	volatile unsigned long *word;

	EXPECT(page);
	word = page_address(page);
	word[7] = 0x5c;
	__free_page(page);
	EXPECT(!kernel_page_present(page));
	EXPECT(word[7] == 0x5c);
	EXPECT(word[7] == 0x5c); /* reported once, and mapped since */
	EXPECT(kernel_page_present(page));
	scene->page = page;
	return true;
}

/* In the middle of a block, which its tail knows nothing of. */
bool selftest_write_after_free_traps(struct scene *scene)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	volatile unsigned long *word;

	EXPECT(page);
	word = page_address(page + 5);
	__free_pages(page, 3);
	*word = 0x5c;
	EXPECT(*word == 0x5c);
	EXPECT(!kernel_page_present(page) && kernel_page_present(page + 5));
	EXPECT(!kernel_page_present(page + 7));
	scene->page = page + 5;
	return true;
}
