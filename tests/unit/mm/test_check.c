/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one walk over all invariants: each kind of corruption, made by hand, is found and named;
 * after it has been mended nothing is.
 */
#include "check_fixture.h"

/* F3 with something of every state: allocated blocks, cached pages, split free blocks. */
static struct machine *busy_machine(struct page **block, struct page **single)
{
	struct machine *machine = machine_create(&fixture_f3);

	*block = alloc_pages(GFP_KERNEL, 3); /* 7168 to 7175 */
	*single = alloc_page(GFP_KERNEL);    /* 7176, and one more is cached */
	__free_page(alloc_page(GFP_KERNEL));
	assert_int_equal(page_to_pfn(*block), 7168);
	assert_int_equal(page_to_pfn(*single), 7176);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	return machine;
}

static struct page *first_free(struct zone *zone, unsigned int order)
{
	assert_false(list_empty(&zone->free_area[order].free_list));
	return list_first_entry(&zone->free_area[order].free_list, struct page, lru);
}

static void S27_a_clean_machine_adds_up(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct mm_check_result result = {.errors = 99};

	(void)state;
	assert_int_equal(mm_check(&machine->mm, &result), 0);
	assert_int_equal(result.errors, 0);
	assert_int_equal(result.present, 8192);
	assert_int_equal(result.allocated, 9);
	assert_int_equal(result.cached, nr_cached_pages(&machine->mm));
	assert_true(result.cached > 0);
	assert_int_equal(result.free, nr_free_pages(&machine->mm));
	assert_int_equal(result.reserved, 0);
	assert_int_equal(result.set_aside, 0);
	assert_int_equal(result.free + result.cached + 9, 8192);
	machine_destroy(machine);
}

static void wrong_counters(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	low->free_pages++;
	assert_found(machine, "DMA32: free_pages is 4097, the lists hold 4096");
	low->free_pages--;
	low->free_area[10].nr_free++;
	assert_found(machine, "DMA32: order 10: nr_free is 5, the list has 4");
	low->free_area[10].nr_free -= 2;
	assert_found(machine, "DMA32: order-10 list: longer than its counter, 3");
	low->free_area[10].nr_free++;
	low->free_area[0].nr_free++;
	assert_found(machine, "DMA32: order 0: nr_free is 1, the list has 0");
	low->free_area[0].nr_free--;
	low->present_pages++;
	assert_found(machine,
		"DMA32: 4096 pages are accounted for by their descriptors, 4097 by the records");
	low->present_pages--;
	low->reserved_pages = 3;
	assert_found(machine, "DMA32: 0 pages are reserved by their descriptors, 3 by the records");
	low->reserved_pages = 0;
	low->set_aside_pages = 2;
	assert_found(
		machine, "DMA32: 0 pages are set aside by their descriptors, 2 by the records");
	low->set_aside_pages = 0;
	assert_mended(machine);
	machine_destroy(machine);
}

static void broken_links(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head *link = &first_free(zone, 10)->lru, good = *link;
	struct list_head *const bad[] = {NULL, (struct list_head *)0x1234, &single->lru,
		(struct list_head *)0xdead000000100100, (struct list_head *)((char *)good.next + 8),
		&pfn_to_page(1UL << 40)->lru};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		link->next = bad[i];
		assert_found(machine, "Normal: order-10 list: entry 1 is linked wrongly");
		*link = good;
	}
	link->prev = good.next;
	assert_found(machine, "Normal: order-10 list: entry 0 is linked wrongly");
	*link = good;
	assert_mended(machine);
	machine_destroy(machine);
}

/* A list that runs in a circle ends at its counter. */
static void a_circle(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct list_head *head = &low->free_area[10].free_list, good = *head;
	struct list_head *first = head->next, *last = head->prev;

	(void)state;
	last->next = first;
	first->prev = last;
	head->next = first;
	assert_found(machine, "DMA32: order-10 list: entry 0 is linked wrongly");
	last->next = head;
	first->prev = head;
	*head = good;
	assert_mended(machine);
	machine_destroy(machine);
}

static void wrong_marks_of_a_free_block(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct page *head = first_free(machine_zone(machine, 0, ZONE_DMA32), 10);
	const char *unmarked =
		"DMA32: pfn 0xc00 on the order-10 list is not marked free of that order";

	(void)state;
	assert_int_equal(page_to_pfn(head), 0xc00);
	ClearPagePrivate(head);
	assert_found(machine, unmarked);
	SetPagePrivate(head);
	set_page_private(head, 9);
	assert_found(machine, unmarked);
	set_page_private(head, 4711);
	assert_found(machine, unmarked);
	assert_found(machine, "DMA32: pfn 0xc00 can not head a free block of order 4711");
	set_page_private(head, 10);
	set_page_tag(head, PAGE_ALLOCATED, 10);
	assert_found(machine, unmarked);
	assert_found(
		machine, "DMA32: 3072 pages are free by their descriptors, 4096 by the records");
	assert_found(machine, "DMA32: pfn 0xc00 is allocated with count 0");
	set_page_tag(head, PAGE_FREE, 0);
	set_page_count(head, 2);
	assert_found(machine, "DMA32: pfn 0xc00 is free with count 2");
	set_page_count(head, 0);
	SetPageReserved(head);
	assert_found(machine, unmarked);
	ClearPageReserved(head);
	assert_mended(machine);
	machine_destroy(machine);
}

static void a_block_on_the_list_of_another_zone_or_order(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = first_free(normal, 9);

	(void)state;
	assert_int_equal(page_to_pfn(page), 0x1e00);
	list_del(&page->lru);
	list_add(&page->lru, &low->free_area[9].free_list);
	normal->free_area[9].nr_free--;
	low->free_area[9].nr_free++;
	assert_found(machine, "DMA32: pfn 0x1e00 of another zone is on the order-9 list");
	list_del(&page->lru);
	list_add(&page->lru, &normal->free_area[10].free_list);
	low->free_area[9].nr_free--;
	normal->free_area[10].nr_free++;
	assert_found(machine, "Normal: pfn 0x1e00 is free as order 10 but not aligned to it");
	list_del(&page->lru);
	list_add(&page->lru, &normal->free_area[9].free_list);
	normal->free_area[10].nr_free--;
	normal->free_area[9].nr_free++;
	assert_mended(machine);
	machine_destroy(machine);
}

static void wrong_caches(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct per_cpu_pages *hot = cache_of(
		machine, 0, machine_zone(machine, 0, ZONE_NORMAL), PCP_HOT);
	struct page *page = list_first_entry(&hot->list, struct page, lru);
	unsigned int count = hot->count;
	char line[100];

	(void)state;
	hot->count++;
	snprintf(line, sizeof(line), "Normal: cpu 0's hot cache counts %u pages and holds %u",
		count + 1, count);
	assert_found(machine, line);
	hot->count = 100;
	assert_found(machine, "Normal: cpu 0's hot cache holds 100 pages, 6 at most");
	hot->count = count;
	set_page_tag(page, PAGE_FREE, 0);
	snprintf(line, sizeof(line), "Normal: pfn 0x%lx is in a cache but not marked so",
		page_to_pfn(page));
	assert_found(machine, line);
	set_page_tag(page, PAGE_CACHED, 0);
	set_page_count(page, 1);
	assert_found(machine, line);
	set_page_count(page, 0);
	SetPagePrivate(page);
	assert_found(machine, line);
	ClearPagePrivate(page);
	list_del(&page->lru);
	snprintf(line, sizeof(line),
		"Normal: %u pages are cached by their descriptors, %u by the records", count,
		count - 1);
	assert_found(machine, line);
	list_add(&page->lru, &hot->list);
	assert_mended(machine);
	machine_destroy(machine);
}

static void a_page_in_the_cache_of_another_zone(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct per_cpu_pages *hot = cache_of(
		machine, 0, machine_zone(machine, 0, ZONE_NORMAL), PCP_HOT);
	struct per_cpu_pages *low = cache_of(
		machine, 0, machine_zone(machine, 0, ZONE_DMA32), PCP_COLD);
	struct page *page = list_first_entry(&hot->list, struct page, lru);
	char line[100];

	(void)state;
	list_del(&page->lru);
	hot->count--;
	list_add(&page->lru, &low->list);
	low->count++;
	snprintf(line, sizeof(line), "DMA32: pfn 0x%lx of another zone is in a cache",
		page_to_pfn(page));
	assert_found(machine, line);
	list_del(&page->lru);
	low->count--;
	list_add(&page->lru, &hot->list);
	hot->count++;
	assert_mended(machine);
	machine_destroy(machine);
}

static void wrong_allocated_blocks(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	const char *tail =
		"Normal: pfn 0x1c03 lies inside the order-3 block at 0x1c00 but is not part of it";

	(void)state;
	set_page_count(block, 0);
	assert_found(machine, "Normal: pfn 0x1c00 is allocated with count 0");
	set_page_count(block, 1);
	set_page_count(block + 3, 1);
	assert_found(machine, tail);
	set_page_count(block + 3, 0);
	set_page_tag(block + 3, PAGE_ALLOCATED, 0);
	assert_found(machine, tail);
	set_page_tag(block + 3, PAGE_FREE, 0);
	SetPageReserved(block + 3);
	assert_found(machine, tail);
	ClearPageReserved(block + 3);
	/* Orders that can not be: too large, and not aligned. */
	set_page_tag(block, PAGE_ALLOCATED, 200);
	assert_found(machine, "Normal: pfn 0x1c00 can not head an allocated block of order 200");
	set_page_tag(block, PAGE_ALLOCATED, 3);
	set_page_tag(single, PAGE_ALLOCATED, 4);
	assert_found(machine, "Normal: pfn 0x1c08 can not head an allocated block of order 4");
	set_page_tag(single, PAGE_SET_ASIDE, 11);
	assert_found(machine, "Normal: pfn 0x1c08 can not head a set-aside block of order 11");
	set_page_tag(single, PAGE_ALLOCATED, 0);
	/* A larger order swallows its neighbours. */
	set_page_tag(block, PAGE_ALLOCATED, 4);
	assert_found(machine,
		"Normal: pfn 0x1c08 lies inside the order-4 block at 0x1c00 but is not part of it");
	set_page_tag(block, PAGE_ALLOCATED, 3);
	assert_mended(machine);
	machine_destroy(machine);
}

static void lost_pages(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *page = buddy_take(zone, 0);
	char line[100];

	(void)state;
	snprintf(line, sizeof(line), "Normal: pfn 0x%lx is on no list and belongs to nobody",
		page_to_pfn(page));
	assert_found(machine, line);
	buddy_free(zone, page, 0);
	/* A whole block off its list, with its counters: only the descriptor still speaks of it. */
	page = first_free(zone, 10);
	list_del(&page->lru);
	zone->free_area[10].nr_free--;
	zone->free_pages -= 1024;
	snprintf(line, sizeof(line),
		"Normal: %lu pages are free by their descriptors, %lu by the records",
		zone->free_pages + 1024, zone->free_pages);
	assert_found(machine, line);
	list_add(&page->lru, &zone->free_area[10].free_list);
	zone->free_area[10].nr_free++;
	zone->free_pages += 1024;
	SetPageReserved(single);
	assert_found(
		machine, "Normal: 1 pages are reserved by their descriptors, 0 by the records");
	ClearPageReserved(single);
	set_page_tag(single, NR_PAGE_STATES + 3, 0);
	assert_found(machine, "Normal: pfn 0x1c08 is on no list and belongs to nobody");
	set_page_tag(single, PAGE_ALLOCATED, 0);
	assert_mended(machine);
	machine_destroy(machine);
}

static void buddies_left_apart(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct page *pair = buddy_take(low, 1);

	(void)state;
	assert_int_equal(page_to_pfn(pair), 0xc00);
	set_page_tag(pair, PAGE_ALLOCATED, 0);
	set_page_tag(pair + 1, PAGE_ALLOCATED, 0);
	set_page_count(pair + 1, 1);
	buddy_free(low, pair, 0);
	set_page_count(pair, 1); /* hides it from its buddy */
	set_page_count(pair + 1, 0);
	buddy_free(low, pair + 1, 0);
	set_page_count(pair, 0);
	assert_found(machine, "DMA32: pfn 0xc00 and its buddy are both free at order 0");
	assert_ptr_equal(buddy_take(low, 0), pair + 1);
	assert_ptr_equal(buddy_take(low, 0), pair);
	buddy_free(low, pair, 1);
	assert_mended(machine);
	machine_destroy(machine);
}

static void a_free_block_with_a_head_inside(void **state)
{
	struct page *block, *single;
	struct machine *machine = busy_machine(&block, &single);
	struct page *head = first_free(machine_zone(machine, 0, ZONE_DMA32), 10);

	(void)state;
	SetPagePrivate(head + 512);
	assert_found(machine,
		"DMA32: pfn 0xe00 lies inside the order-10 block at 0xc00 but is not part of it");
	ClearPagePrivate(head + 512);
	page_write_flags(head + 1, page_flags(head + 1) ^ 1UL << ZONE_SHIFT);
	assert_found(machine,
		"DMA32: pfn 0xc01 lies inside the order-10 block at 0xc00 but is not part of it");
	page_write_flags(head + 1, page_flags(head + 1) ^ 1UL << ZONE_SHIFT);
	assert_mended(machine);
	machine_destroy(machine);
}

static void the_first_16_faults_are_printed_and_the_rest_counted(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct page *page = alloc_pages(GFP_KERNEL, 5);
	struct mm_check_result result;

	(void)state;
	split_page(page, 5);
	for (unsigned int i = 0; i < 20; i++)
		set_page_count(page + i, 0);
	host_print_capture_start();
	assert_int_equal(mm_check(&machine->mm, &result), 20);
	assert_int_equal(result.errors, 20);
	assert_int_equal(times_printed("is allocated with count 0"), 16);
	assert_printed("check: 4 more faults not printed\n");
	assert_int_equal(times_printed("\n"), 17);
	host_print_capture_stop();
	for (unsigned int i = 0; i < 20; i++)
		set_page_count(page + i, 1);
	assert_mended(machine);
	machine_destroy(machine);
}

/* Faults of all zones count, each zone's named by its own node. */
static void every_zone_is_looked_at(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone;

	(void)state;
	for_each_populated_zone (zone, &machine->mm)
		zone->free_pages++;
	host_print_capture_start();
	assert_int_equal(mm_check(&machine->mm, NULL), 5);
	assert_printed("check: node 0 zone DMA32: free_pages is 2049, the lists hold 2048\n");
	assert_printed("check: node 3 zone Normal: free_pages is 4097, the lists hold 4096\n");
	host_print_capture_stop();
	for_each_populated_zone (zone, &machine->mm)
		zone->free_pages--;
	assert_mended(machine);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S27_a_clean_machine_adds_up),
		cmocka_unit_test(wrong_counters),
		cmocka_unit_test(broken_links),
		cmocka_unit_test(a_circle),
		cmocka_unit_test(wrong_marks_of_a_free_block),
		cmocka_unit_test(a_block_on_the_list_of_another_zone_or_order),
		cmocka_unit_test(wrong_caches),
		cmocka_unit_test(a_page_in_the_cache_of_another_zone),
		cmocka_unit_test(wrong_allocated_blocks),
		cmocka_unit_test(lost_pages),
		cmocka_unit_test(buddies_left_apart),
		cmocka_unit_test(a_free_block_with_a_head_inside),
		cmocka_unit_test(the_first_16_faults_are_printed_and_the_rest_counted),
		cmocka_unit_test(every_zone_is_looked_at),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
