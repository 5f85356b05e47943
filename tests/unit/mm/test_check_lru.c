/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over all invariants finds what is wrong with pages on reclaim's lists.
 */
#include <mm/reclaim.h>
#include "check_fixture.h"

/* A page of F3's NORMAL on each of its lists, two on the inactive one. */
static struct machine *lru_machine(struct page *page[3])
{
	struct machine *machine = machine_create(&fixture_f3);

	for (unsigned int i = 0; i < 3; i++) {
		page[i] = alloc_page(GFP_KERNEL); /* 7168 to 7170 */
		assert_int_equal(page_to_pfn(page[i]), 7168 + i);
	}
	lru_cache_add_active(page[0]);
	lru_cache_add(page[1]);
	lru_cache_add(page[2]);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	return machine;
}

static void wrong_lru_counters_and_links(void **state)
{
	struct page *page[3];
	struct machine *machine = lru_machine(page);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct list_head *link = &page[2]->lru, good = *link;

	(void)state;
	zone->nr_active++;
	assert_found(machine, "Normal: nr_active is 2, the list has 1");
	zone->nr_active--;
	zone->nr_inactive--;
	assert_found(machine, "Normal: inactive list: longer than its counter, 1");
	zone->nr_inactive = 3;
	assert_found(machine, "Normal: nr_inactive is 3, the list has 2");
	zone->nr_inactive = 2;
	link->next = &machine_zone(machine, 0, ZONE_DMA32)->inactive_list;
	assert_found(machine, "Normal: inactive list: entry 1 is linked wrongly");
	*link = good;
	/* Off its list, but not off the books. */
	list_del(&page[0]->lru);
	zone->nr_active = 0;
	assert_found(machine,
		"Normal: 3 pages are on the LRU lists by their descriptors, 2 by the records");
	list_add(&page[0]->lru, &zone->active_list);
	zone->nr_active = 1;
	assert_mended(machine);
	machine_destroy(machine);
}

static void wrong_marks_of_a_page_on_an_lru_list(void **state)
{
	struct page *page[3];
	struct machine *machine = lru_machine(page);
	const char *active = "Normal: pfn 0x1c00 on the active list is not marked so",
		   *inactive = "Normal: pfn 0x1c01 on the inactive list is not marked so",
		   *held = "Normal: pfn 0x1c01 on the inactive list is not a single page that "
			   "somebody holds";

	(void)state;
	ClearPageActive(page[0]);
	assert_found(machine, active);
	SetPageActive(page[0]);
	SetPageActive(page[1]);
	assert_found(machine, inactive);
	ClearPageActive(page[1]);
	ClearPageLRU(page[1]);
	assert_found(machine, inactive);
	assert_found(machine,
		"Normal: 2 pages are on the LRU lists by their descriptors, 3 by the records");
	SetPageLRU(page[1]);
	set_page_count(page[1], 0);
	assert_found(machine, held);
	set_page_count(page[1], 1);
	set_page_tag(page[1], PAGE_ALLOCATED, 0); /* nobody would take it off the list */
	assert_found(machine, held);
	set_page_tag(page[1], PAGE_CACHED, 0);
	set_page_tag_lru(page[1]);
	assert_found(machine, held);
	set_page_tag(page[1], PAGE_ALLOCATED, 0);
	set_page_tag_lru(page[1]);
	assert_mended(machine);
	machine_destroy(machine);
}

static void a_page_on_the_lru_list_of_another_zone(void **state)
{
	struct page *page[3];
	struct machine *machine = lru_machine(page);
	struct zone *low = machine_zone(machine, 0, ZONE_DMA32);
	struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	list_del(&page[0]->lru);
	list_add(&page[0]->lru, &low->active_list);
	normal->nr_active--;
	low->nr_active++;
	assert_found(machine, "DMA32: pfn 0x1c00 of another zone is on the active list");
	list_del(&page[0]->lru);
	list_add(&page[0]->lru, &normal->active_list);
	normal->nr_active++;
	low->nr_active--;
	assert_mended(machine);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_lru_counters_and_links),
		cmocka_unit_test(wrong_marks_of_a_page_on_an_lru_list),
		cmocka_unit_test(a_page_on_the_lru_list_of_another_zone),
	};

	return cmocka_run_group_tests_name("check_lru", tests, NULL, NULL);
}
