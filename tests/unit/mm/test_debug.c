/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debugging levels: switched on all CPUs, and what each of them finds.
 */
#include "debug_fixture.h"

static void every_cpu_gets_the_word(void **state)
{
	(void)state;
	machine->mm.cpu[2]->online = 0; /* told as one that has not been started */
	machine->mm.cpu[1]->switches = MM_SWITCH_POLICY;
	switch_on(MM_DEBUG_CONTEXT);
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int thread = i == 1 ? MM_SWITCH_POLICY : 0;

		assert_int_equal(machine->mm.cpu[i]->switches, MM_DEBUG_CONTEXT | thread);
		assert_int_equal(machine->mm.cpu[i]->pending, 0);
	}
	switch_on(MM_DEBUG_POISON);
	switch_off(MM_DEBUG_CONTEXT);
	assert_int_equal(mm_debug(&machine->mm) & MM_SWITCH_DEBUG, MM_DEBUG_POISON);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(machine->mm.cpu[i]->switches & MM_SWITCH_DEBUG, MM_DEBUG_POISON);
	switch_off(MM_DEBUG_POISON);
	machine->mm.cpu[1]->switches = 0;
	assert_int_equal(this_cpu->attention, 0);
}

/* A thread that comes and goes leaves the machine's levels alone. */
static void threads_keep_the_levels(void **state)
{
	struct mm_task other = {.name = "other"}, *mine = this_cpu->task;

	(void)state;
	switch_on(MM_DEBUG_CONTEXT);
	mm_switch_task(&other);
	assert_int_equal(this_cpu->switches, MM_DEBUG_CONTEXT);
	mm_switch_task(mine);
	assert_int_equal(this_cpu->switches, MM_DEBUG_CONTEXT);
}

/* A CPU inside its caches takes the word when it leaves them. */
static void a_busy_cpu_takes_the_word_later(void **state)
{
	struct mm_cpu *other = machine->mm.cpu[3];

	(void)state;
	other->busy = 1;
	__atomic_fetch_or(&machine->mm.debug, MM_DEBUG_CONTEXT, __ATOMIC_RELAXED);
	__atomic_fetch_or(&other->pending, MM_PENDING_DEBUG, __ATOMIC_RELAXED);
	host_become(other);
	mm_cpu_interrupt();
	assert_int_equal(other->switches, 0);
	other->busy = 0;
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(other->switches, MM_DEBUG_CONTEXT);
	assert_int_equal(other->pending, 0);
}

static void levels_have_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_mm_debug_levels; i++) {
		const struct mm_debug_level *level = &mm_debug_levels[i];

		assert_ptr_equal(mm_debug_find(level->name, strlen(level->name)), level);
		assert_null(mm_debug_find(level->name, strlen(level->name) - 1));
		assert_true(!(level->bit & (MM_SWITCH_POLICY | MM_SWITCH_EXPLAIN)));
	}
	assert_null(mm_debug_find("", 0));
}

/* Also where the machine's own page is a part of the block that was freed. */
static void a_write_after_free_is_found_by_the_next_owner(void **state)
{
	struct page *page, *other;
	unsigned char *byte;

	(void)state;
	switch_on(MM_DEBUG_POISON | MM_DEBUG_OWNER);
	page = alloc_pages(GFP_KERNEL, 10);
	byte = page_address(page + 77);
	__free_pages(page, 10);
	assert_int_equal(byte[0], 0xaa);
	byte[100] = 0x55;
	other = alloc_pages(GFP_KERNEL, 10);
	assert_ptr_not_equal(other, page);
	assert_misuse(MISUSE_WRITE_AFTER_FREE, page + 77, 10);
	assert_printed("bytes 0x64 to 0x64 of the page: 55\n");
	assert_printed("page last freed via order 10, ");
	assert_int_equal(page_tag(page), make_tag(PAGE_SET_ASIDE, 10));
	__free_pages(other, 10);
	assert_no_misuse();
}

static void an_untouched_page_is_no_misuse(void **state)
{
	(void)state;
	switch_on(MM_DEBUG_POISON);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		unsigned char *byte = page_address(page);

		assert_int_equal(byte[0], 0);
		byte[0] = 1;
		__free_pages(page, order);
		page = alloc_pages(GFP_KERNEL, order);
		__free_pages(page, order);
	}
	assert_int_equal(mm_check_poison(&machine->mm), 0);
	assert_no_misuse();
}

static void a_check_finds_what_nobody_has_taken_yet(void **state)
{
	struct page *page;
	unsigned char *byte;

	(void)state;
	switch_on(MM_DEBUG_POISON);
	page = alloc_page(GFP_KERNEL);
	byte = page_address(page);
	__free_page(page);
	byte[4095] = 0;
	assert_int_equal(mm_check_poison(&machine->mm), 1);
	assert_misuse(MISUSE_WRITE_AFTER_FREE, page, 0);
	byte[4095] = 0xaa;
	assert_int_equal(mm_check_poison(&machine->mm), 0);
}

/* Pages that were handed out and written to while the level was off have no mark of now. */
static void nobody_is_blamed_for_what_was_off(void **state)
{
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_POISON);
	page = alloc_page(GFP_KERNEL);
	__free_page(page);
	switch_off(MM_DEBUG_POISON);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	memset(page_address(page), 1, PAGE_SIZE);
	__free_page(page);
	assert_int_equal(mm_check_poison(&machine->mm), 0);
	switch_on(MM_DEBUG_POISON);
	assert_int_equal(mm_check_poison(&machine->mm), 0);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	__free_page(page);
	assert_no_misuse();
}

static void who_may_not_sleep_is_told_at_once(void **state)
{
	struct page *page;

	(void)state;
	interrupt_begin(0);
	__free_page(alloc_page(GFP_KERNEL));
	assert_no_misuse();
	interrupt_end();
	switch_on(MM_DEBUG_CONTEXT);
	__free_page(alloc_page(GFP_KERNEL));
	interrupt_begin(0);
	__free_page(alloc_page(GFP_ATOMIC));
	assert_no_misuse();
	page = alloc_page(GFP_KERNEL);
	interrupt_end();
	assert_non_null(page);
	assert_misuse(MISUSE_ATOMIC_SLEEP, NULL, 0);
	__free_page(page);
}

/* Order 0 goes through the caches and would not touch the lock today: told all the same. */
static void nobody_calls_under_the_zone_lock(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL), *none;
	struct zone *zone = page_zone(page);

	(void)state;
	switch_on(MM_DEBUG_CONTEXT);
	/* Nothing is asserted under the lock, which the end of the test takes. */
	spin_lock(&zone->lock);
	__free_page(page);
	spin_unlock(&zone->lock);
	assert_misuse(MISUSE_ZONE_LOCKED, page, 0);
	spin_lock(&zone->lock);
	none = alloc_pages(GFP_ATOMIC, 3);
	spin_unlock(&zone->lock);
	assert_null(none);
	assert_misuse(MISUSE_ZONE_LOCKED, NULL, 3);
	assert_int_equal(page_count(page), 1);
	__free_page(page);
	assert_no_misuse();
}

/* Blocks are told under the lock always, as they need it. */
static void a_block_under_the_zone_lock_is_refused(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	struct zone *zone = page_zone(page);

	(void)state;
	spin_lock(&zone->lock);
	__free_pages(page, 3);
	spin_unlock(&zone->lock);
	assert_misuse(MISUSE_ZONE_LOCKED, page, 3);
	assert_int_equal(page_count(page), 1);
	__free_pages(page, 3);
}

static struct free_area *area_of_order_10(void)
{
	return &this_cpu->zonelist[0]->zones[0]->free_area[10];
}

/* Whichever link is broken, of a block or of the head, the list is made anew and none is lost. */
static void a_list_is_mended(void **state)
{
	struct list_head stray = {&stray, &stray};
	const unsigned long free = nr_free_pages(&machine->mm);

	(void)state;
	switch_on(MM_DEBUG_LISTS);
	for (unsigned int i = 0; i < 7; i++) {
		struct list_head *head = &area_of_order_10()->free_list, *first = head->next;
		struct list_head **const links[] = {&first->next, &first->prev, &head->next,
			&head->prev, &first->next, &head->next, &first->next->prev};
		struct page *page;

		/* Of another list, of nothing, and a block's own. */
		*links[i] = i < 4   ? &stray
			    : i < 6 ? (struct list_head *)0x123456789abcdef1UL
				    : first->next;
		page = alloc_pages(GFP_KERNEL, 10);
		assert_int_equal(host_misuse_count(), 1);
		assert_int_equal(host_last_misuse().kind, MISUSE_BAD_LIST);
		host_misuse_reset();
		assert_int_equal(mm_check(&machine->mm, NULL), 0);
		__free_pages(page, 10);
		assert_no_misuse();
	}
	drain_all_pages(&machine->mm);
	assert_int_equal(nr_free_pages(&machine->mm), free);
}

/* A free goes by the same links: of its buddy, and of the list that it comes to. */
static void a_list_is_mended_by_a_free(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 9);

	(void)state;
	switch_on(MM_DEBUG_LISTS);
	page[1UL << 9].lru.prev = NULL;
	__free_pages(page, 9);
	assert_misuse(MISUSE_BAD_LIST, page + (1UL << 9), 0);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	area_of_order_10()->free_list.next = NULL;
	page = alloc_pages(GFP_KERNEL, 3);
	assert_int_equal(host_misuse_count(), 1);
	host_misuse_reset();
	area_of_order_10()->free_list.next = NULL;
	__free_pages(page, 3);
	assert_misuse(MISUSE_BAD_LIST, NULL, 10);
}

/* A tail that was used after the free, as far as its descriptor tells. */
static void tails_are_looked_at_on_the_way_out(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3), *other;

	(void)state;
	__free_pages(page, 3);
	page[5].mapping = page;
	switch_off(MM_DEBUG_TAILS);
	switch_on(MM_DEBUG_TAILS);
	other = alloc_pages(GFP_KERNEL, 3);
	assert_misuse(MISUSE_BAD_PAGE, page + 5, 3);
	assert_ptr_not_equal(other, page);
	assert_int_equal(page_tag(page), make_tag(PAGE_SET_ASIDE, 3));
	__free_pages(other, 3);
	assert_no_misuse();
}

/* A descriptor between two banks, in a block that both have a part of. */
static void a_hole_is_nobodys(void **state)
{
	const struct machine_spec holes = {.bank = {{0, 2048, 0}, {2048 + 100, 924, 0}}};
	struct machine *other = machine_create(&holes);
	struct page *page = pfn_to_page(2048 + 50);

	(void)state;
	assert_int_equal(page_to_nid(page), NODE_HOLE);
	__free_page(page);
	assert_misuse(MISUSE_RESERVED, page, 0);
	machine_destroy(other);
}

/*
 * A page that a call took which began before the level did: it keeps its mark, and is not blamed
 * for what its owner writes.
 */
static void an_owner_is_not_blamed(void **state)
{
	struct page *page;

	(void)state;
	switch_on(MM_DEBUG_POISON);
	page = alloc_pages(GFP_KERNEL, 2);
	__free_pages(page, 2);
	this_cpu->switches = 0; /* as that call knows them */
	page = alloc_pages(GFP_KERNEL, 2);
	this_cpu->switches = MM_DEBUG_POISON;
	assert_int_equal(page[1].debug, page[0].debug);
	assert_int_not_equal(page[0].debug, 0);
	memset(page_address(page), 0, 4 * PAGE_SIZE);
	assert_int_equal(mm_check_poison(&machine->mm), 0);
	assert_no_misuse();
	__free_pages(page, 2);
	memset(page_address(page + 3), 0, 1);
	assert_int_equal(mm_check_poison(&machine->mm), 1);
	assert_misuse(MISUSE_WRITE_AFTER_FREE, page + 3, 0);
	switch_off(MM_DEBUG_POISON);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_cpu_gets_the_word),
		TEST(threads_keep_the_levels),
		TEST(a_busy_cpu_takes_the_word_later),
		TEST(levels_have_names),
		TEST(a_write_after_free_is_found_by_the_next_owner),
		TEST(an_untouched_page_is_no_misuse),
		TEST(a_check_finds_what_nobody_has_taken_yet),
		TEST(nobody_is_blamed_for_what_was_off),
		TEST(who_may_not_sleep_is_told_at_once),
		TEST(nobody_calls_under_the_zone_lock),
		TEST(a_block_under_the_zone_lock_is_refused),
		TEST(a_list_is_mended),
		TEST(a_list_is_mended_by_a_free),
		TEST(tails_are_looked_at_on_the_way_out),
		TEST(a_hole_is_nobodys),
		TEST(an_owner_is_not_blamed),
	};

	return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
