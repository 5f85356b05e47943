/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The LRU lists: who is on which, who leaves when, and whose last reference frees.
 */
#include <mm/reclaim.h>
#include "unit.h"

static struct machine *machine;
static struct zone *zone;
static char mapping; /* an owner, that nobody calls here */

static int setup(void **state)
{
	(void)state;
	machine = machine_create(&fixture_f2);
	zone = machine_zone(machine, 0, ZONE_NORMAL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_no_misuse();
	machine_destroy(machine);
	return 0;
}

static struct page *new_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	assert_non_null(page);
	return page;
}

/* An inactive page with an owner, and one reference: ours. */
static struct page *listed_page(void)
{
	struct page *page = new_page();

	page->mapping = &mapping;
	lru_cache_add(page);
	return page;
}

/* Its owner lets go: the last reference. */
static void drop(struct page *page)
{
	page->mapping = NULL;
	put_page(page);
}

static struct mm_cpu_stat stat_now(void)
{
	return sum_of(machine);
}

static struct page *oldest(const struct list_head *list)
{
	return list_last_entry(list, struct page, lru);
}

static struct page *newest(const struct list_head *list)
{
	return list_first_entry(list, struct page, lru);
}

static void assert_lru(unsigned long nr_active, unsigned long nr_inactive)
{
	unsigned long active, inactive;

	assert_int_equal(zone->nr_active, nr_active);
	assert_int_equal(zone->nr_inactive, nr_inactive);
	mm_count_lru(&machine->mm, &active, &inactive);
	assert_int_equal(active, nr_active);
	assert_int_equal(inactive, nr_inactive);
}

static void pages_go_to_the_front_of_their_list(void **state)
{
	struct page *a = listed_page(), *b = listed_page(), *c = new_page();

	(void)state;
	lru_cache_add_active(c);
	assert_lru(1, 2);
	assert_ptr_equal(newest(&zone->inactive_list), b);
	assert_ptr_equal(oldest(&zone->inactive_list), a);
	assert_ptr_equal(newest(&zone->active_list), c);
	assert_true(PageLRU(a) && !PageActive(a) && PageLRU(c) && PageActive(c));
	assert_int_equal(page_count(a), 1);
	assert_int_equal(page_state(a), PAGE_ALLOCATED);
	assert_int_equal(page_tag_order(a), 0);
	drop(a);
	drop(b);
	drop(c);
	assert_lru(0, 0);
}

static void the_last_reference_takes_a_page_off_its_list_and_frees_it(void **state)
{
	struct page *page = listed_page();

	(void)state;
	mark_page_accessed(page);
	mark_page_accessed(page);
	assert_lru(1, 0);
	get_page(page);
	put_page(page);
	assert_lru(1, 0);
	drop(page);
	assert_lru(0, 0);
	assert_int_equal(page_state(page), PAGE_CACHED);
	assert_int_equal(page_count(page), 0);
	assert_false(PageLRU(page) || PageActive(page));
	/* What comes back is as good as new. */
	assert_ptr_equal(new_page(), page);
	assert_int_equal(page_tag(page), make_tag(PAGE_ALLOCATED, 0));
	__free_pages(page, 0);
}

/* In the middle of a cache's change, that is: the page goes past it. */
static void an_interrupt_may_drop_the_last_reference(void **state)
{
	struct page *page = listed_page();
	unsigned long cached = nr_cached_pages(&machine->mm);
	unsigned long bypassed = stat_now().pcp_bypass;

	(void)state;
	page->mapping = NULL;
	interrupt_begin(1);
	put_page(page);
	interrupt_end();
	assert_lru(0, 0);
	assert_false(PageLRU(page));
	assert_int_equal(page_state(page), PAGE_FREE);
	assert_int_equal(nr_cached_pages(&machine->mm), cached);
	assert_int_equal(stat_now().pcp_bypass, bypassed + 1);
}

static void a_page_used_twice_becomes_active(void **state)
{
	struct page *page = listed_page();

	(void)state;
	mark_page_accessed(page);
	assert_true(PageReferenced(page) && !PageActive(page));
	assert_lru(0, 1);
	mark_page_accessed(page);
	assert_true(!PageReferenced(page) && PageActive(page));
	assert_lru(1, 0);
	assert_int_equal(stat_now().pgactivate, 1);
	/* From there on it is only noted. */
	mark_page_accessed(page);
	mark_page_accessed(page);
	assert_true(PageReferenced(page) && PageActive(page));
	assert_lru(1, 0);
	assert_int_equal(stat_now().pgactivate, 1);
	drop(page);
}

static void a_page_on_no_list_is_only_noted(void **state)
{
	struct page *page = new_page();

	(void)state;
	mark_page_accessed(page);
	mark_page_accessed(page);
	assert_true(PageReferenced(page) && !PageActive(page) && !PageLRU(page));
	assert_lru(0, 0);
	__free_pages(page, 0);
}

static void rotated_pages_are_next(void **state)
{
	struct page *a = listed_page(), *b = listed_page(), *c = listed_page();

	(void)state;
	rotate_reclaimable_page(c);
	assert_ptr_equal(oldest(&zone->inactive_list), c);
	assert_int_equal(stat_now().pgrotated, 1);
	/* Not one that somebody wants. */
	SetPageLocked(b);
	rotate_reclaimable_page(b);
	ClearPageLocked(b);
	SetPageDirty(b);
	rotate_reclaimable_page(b);
	ClearPageDirty(b);
	assert_ptr_equal(oldest(&zone->inactive_list), c);
	mark_page_accessed(a);
	mark_page_accessed(a);
	rotate_reclaimable_page(a);
	assert_ptr_equal(newest(&zone->active_list), a);
	assert_int_equal(stat_now().pgrotated, 1);
	assert_lru(1, 2);
	drop(a);
	drop(b);
	drop(c);
}

/* Isolate all of a list into `pages`. */
static unsigned int isolate(bool active, unsigned int max, struct list_head *pages)
{
	unsigned int looked_at, nr;

	list_init(pages);
	nr = lru_isolate(zone, active, max, pages, &looked_at);
	assert_int_equal(looked_at, nr);
	return nr;
}

static void isolation_takes_the_oldest_with_a_reference_each(void **state)
{
	struct page *a = listed_page(), *b = listed_page(), *c = listed_page();
	struct list_head pages;

	(void)state;
	assert_int_equal(isolate(false, 2, &pages), 2);
	assert_lru(0, 1);
	assert_ptr_equal(oldest(&pages), a);
	assert_ptr_equal(newest(&pages), b);
	assert_int_equal(page_count(a), 2);
	assert_false(PageLRU(a));
	assert_true(PageLRU(c));
	assert_int_equal(zone->pages_scanned, 2);
	/* One is used meanwhile, one is given up by its owner: we have the last reference. */
	mark_page_accessed(b);
	mark_page_accessed(b);
	assert_false(PageActive(b));
	drop(a);
	assert_int_equal(page_count(a), 1);
	lru_put_back(zone, &pages);
	assert_true(list_empty(&pages));
	assert_int_equal(page_state(a), PAGE_CACHED);
	assert_lru(0, 2);
	assert_ptr_equal(newest(&zone->inactive_list), b);
	assert_int_equal(page_count(b), 1);
	drop(b);
	drop(c);
}

static void many_pages_come_back_in_their_order(void **state)
{
	struct page *page[100];
	struct list_head pages, *link;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = listed_page();
	assert_int_equal(isolate(false, 1000, &pages), 100);
	assert_lru(0, 0);
	lru_put_back(zone, &pages);
	assert_lru(0, 100);
	link = &zone->inactive_list;
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		link = link->prev;
		assert_ptr_equal(list_entry(link, struct page, lru), page[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		drop(page[i]);
}

/* Another CPU has dropped the last reference and is on its way to lru_lock. */
static void isolation_leaves_a_page_that_is_being_freed(void **state)
{
	struct page *a = listed_page(), *b = listed_page(), *c = listed_page();
	struct list_head pages;
	unsigned int looked_at;

	(void)state;
	a->mapping = NULL;
	assert_true(put_page_testzero(a));
	list_init(&pages);
	assert_int_equal(lru_isolate(zone, false, 2, &pages, &looked_at), 1);
	assert_int_equal(looked_at, 2);
	assert_ptr_equal(newest(&pages), b);
	assert_int_equal(page_count(a), 0);
	assert_true(PageLRU(a));
	assert_ptr_equal(newest(&zone->inactive_list), a);
	lru_put_back(zone, &pages);
	assert_true(lru_remove(a));
	assert_false(lru_remove(a));
	free_hot_page(a);
	assert_lru(0, 2);
	drop(b);
	drop(c);
}

static void a_listed_page_that_is_freed_otherwise_is_set_aside(void **state)
{
	struct page *a = listed_page(), *b = listed_page(), *c = listed_page();

	(void)state;
	/* Not the last reference: nothing is wrong yet. */
	get_page(a);
	__free_pages(a, 0);
	assert_no_misuse();
	a->mapping = NULL;
	__free_pages(a, 0);
	assert_misuse(MISUSE_BAD_PAGE, a, 0);
	b->mapping = NULL;
	free_page((unsigned long)page_address(b));
	assert_misuse(MISUSE_BAD_PAGE, b, 0);
	c->mapping = NULL;
	assert_true(put_page_testzero(c));
	free_cold_page(c);
	assert_misuse(MISUSE_BAD_PAGE, c, 0);
	assert_lru(0, 0);
	assert_true(list_empty(&zone->inactive_list));
	assert_int_equal(page_state(a), PAGE_SET_ASIDE);
	assert_int_equal(zone->set_aside_pages, 3);
}

static void what_is_freed_with_its_mapping_is_set_aside(void **state)
{
	struct page *page = listed_page();

	(void)state;
	put_page(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	assert_lru(0, 0);
	assert_int_equal(zone->set_aside_pages, 1);
}

static void wrong_frees_of_a_listed_page_are_refused(void **state)
{
	struct page *page = listed_page();

	(void)state;
	__free_pages(page, 1);
	assert_misuse(MISUSE_WRONG_ORDER, page, 1);
	split_page(page, 0);
	assert_misuse(MISUSE_WRONG_ORDER, page, 0);
	free_hot_page(page);
	assert_misuse(MISUSE_WRONG_ORDER, page, 0);
	assert_int_equal(page_count(page), 1);
	assert_lru(0, 1);
	page->mapping = NULL;
	assert_true(put_page_testzero(page));
	put_page(page);
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	assert_false(put_page_testzero(page));
	assert_misuse(MISUSE_ZERO_COUNT, page, 0);
	assert_true(lru_remove(page));
	free_hot_page(page);
	put_page(page);
	assert_misuse(MISUSE_DOUBLE_FREE, page, 0);
}

static void only_single_allocated_pages_are_listed(void **state)
{
	struct page *page = listed_page(), *block = alloc_pages(GFP_KERNEL, 2);
	struct page *free_one = new_page();

	(void)state;
	lru_cache_add(page);
	assert_misuse(MISUSE_BAD_PAGE, page, 0);
	lru_cache_add_active(block);
	assert_misuse(MISUSE_BAD_PAGE, block, 0);
	__free_pages(free_one, 0);
	lru_cache_add(free_one);
	assert_misuse(MISUSE_BAD_PAGE, free_one, 0);
	assert_lru(0, 1);
	assert_false(PageActive(page) || PageLRU(block) || PageLRU(free_one));
	__free_pages(block, 2);
	drop(page);
}

static void each_zone_has_lists_of_its_own(void **state)
{
	struct machine *four = machine_create(&fixture_f4);
	struct page *page[4];
	unsigned long active, inactive;

	(void)state;
	for (int nid = 0; nid < 4; nid++) {
		page[nid] = alloc_pages_node(nid, GFP_KERNEL, 0);
		lru_cache_add(page[nid]);
		assert_int_equal(machine_zone(four, nid, ZONE_NORMAL)->nr_inactive, 1);
	}
	mark_page_accessed(page[2]);
	mark_page_accessed(page[2]);
	assert_int_equal(machine_zone(four, 2, ZONE_NORMAL)->nr_active, 1);
	mm_count_lru(&four->mm, &active, &inactive);
	assert_int_equal(active, 1);
	assert_int_equal(inactive, 3);
	for (int nid = 0; nid < 4; nid++)
		put_page(page[nid]);
	mm_count_lru(&four->mm, &active, &inactive);
	assert_int_equal(active + inactive, 0);
	machine_destroy(four);
	machine_enter(machine, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pages_go_to_the_front_of_their_list),
		TEST(the_last_reference_takes_a_page_off_its_list_and_frees_it),
		TEST(an_interrupt_may_drop_the_last_reference),
		TEST(a_page_used_twice_becomes_active),
		TEST(a_page_on_no_list_is_only_noted),
		TEST(rotated_pages_are_next),
		TEST(isolation_takes_the_oldest_with_a_reference_each),
		TEST(many_pages_come_back_in_their_order),
		TEST(isolation_leaves_a_page_that_is_being_freed),
		TEST(a_listed_page_that_is_freed_otherwise_is_set_aside),
		TEST(what_is_freed_with_its_mapping_is_set_aside),
		TEST(wrong_frees_of_a_listed_page_are_refused),
		TEST(only_single_allocated_pages_are_listed),
		TEST(each_zone_has_lists_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
