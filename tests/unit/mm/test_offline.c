/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that comes online as it is needed: what has a descriptor and what has none, and that
 * nobody can tell by what he is handed. With threads: test_offline_threads.c.
 */
#include <setjmp.h>
#include <mm/page_owner.h>
#include <mm/page_use.h>
#include <mm/reclaim.h>
#include "offline_fixture.h"

static void wholly_free_blocks_are_offline_and_free(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct offline_range *range = mm_offline_range(&machine->mm, 0);

	(void)state;
	/* Of 32 blocks, the map has half a block at the end, and boot's tables the rest of that. */
	assert_int_equal(zone->offline_pages, 31 * 1024);
	assert_int_equal(zone->free_area[LARGEST].nr_free, 0);
	assert_int_equal(zone->free_pages, zone->present_pages - zone->reserved_pages);
	assert_true(zone->free_pages > zone->offline_pages);
	assert_true(zone->reserved_pages > 512);
	assert_non_null(range);
	assert_int_equal(range->start_pfn, 0);
	assert_int_equal(range->end_pfn, 31 * 1024);
	assert_ptr_equal(range->zone, zone);
	assert_false(range->reserved);
	assert_ptr_equal(mm_offline_range(&machine->mm, 31 * 1024 - 1), range);
	assert_null(mm_offline_range(&machine->mm, 31 * 1024));
	assert_null(mm_offline_range(&machine->mm, ~0UL));
	assert_false(pfn_valid(&machine->mm, 0));
	assert_false(pfn_valid(&machine->mm, 31 * 1024 - 1));
	assert_true(pfn_valid(&machine->mm, 31 * 1024));
	assert_false(virt_addr_valid(&machine->mm, phys_to_virt(0)));
	machine_destroy(machine);
}

static void a_block_comes_online_when_nothing_else_will_do(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const unsigned long free = zone->free_pages;
	struct page *page = alloc_page(GFP_KERNEL), *block;

	(void)state;
	assert_int_equal(page_to_pfn(page) / 1024, 31);
	assert_int_equal(zone->offline_pages, 31 * 1024);
	block = alloc_pages(GFP_KERNEL, LARGEST);
	assert_int_equal(page_to_pfn(block), 30 * 1024);
	assert_int_equal(zone->offline_pages, 30 * 1024);
	assert_int_equal(zone->free_pages + 1024 + nr_cached_pages(&machine->mm) + 1, free);
	assert_true(pfn_valid(&machine->mm, 30 * 1024));
	assert_true(pfn_valid(&machine->mm, 31 * 1024 - 1));
	assert_false(pfn_valid(&machine->mm, 30 * 1024 - 1));
	for (unsigned int i = 0; i < 1024; i++) {
		assert_int_equal(page_zone_index(block + i), zone->index);
		assert_false(PageReserved(block + i));
	}
	__free_page(page);
	__free_pages(block, LARGEST);
	assert_int_equal(zone->free_area[LARGEST].nr_free, 1);
	assert_no_misuse();
	machine_destroy(machine);
}

/* As with all on the list since boot: the highest first, and what was freed before the rest. */
static void blocks_are_handed_out_as_if_all_were_online(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page *block[31];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_true(mm_online_block(zone));
	for (unsigned long i = 0; i < 5; i++) {
		block[i] = alloc_pages(GFP_KERNEL, LARGEST);
		assert_int_equal(page_to_pfn(block[i]), (30 - i) * 1024);
	}
	__free_pages(block[1], LARGEST);
	__free_pages(block[3], LARGEST);
	assert_true(mm_online_block(zone));
	assert_ptr_equal(alloc_pages(GFP_KERNEL, LARGEST), block[3]);
	assert_ptr_equal(alloc_pages(GFP_KERNEL, LARGEST), block[1]);
	for (unsigned long i = 5; i < 31; i++) {
		block[i] = alloc_pages(GFP_KERNEL, LARGEST);
		assert_int_equal(page_to_pfn(block[i]), (30 - i) * 1024);
	}
	assert_null(alloc_pages(GFP_ATOMIC | __GFP_NOWARN, LARGEST));
	assert_false(mm_online_block(zone));
	for (unsigned long i = 0; i < 31; i++)
		__free_pages(block[i], LARGEST);
	machine_destroy(machine);
}

/* The text is the one that an eager machine prints: an offline block is a free one of order 10. */
static void reports_count_offline_blocks_as_free_ones(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct page_run run = {.pfn = 0};

	(void)state;
	assert_true(mm_online_block(zone));
	host_print_capture_start();
	show_buddyinfo(&machine->mm);
	show_free_areas(&machine->mm);
	show_zones(&machine->mm);
	show_page(&machine->mm, 5);
	assert_printed("    31 \n");
	assert_printed(" 31*4096kB = ");
	assert_printed(", offline 30720\n");
	assert_printed("pfn 0x5 at 0x5000: node 0 zone Normal, free; offline, no descriptor yet\n");
	host_print_capture_stop();
	assert_true(mm_next_run(&machine->mm, zone, &run));
	assert_int_equal(run.use, PAGE_USE_OFFLINE);
	assert_int_equal(run.nr, 30 * 1024);
	machine_destroy(machine);
}

/* Eight sections have 16 MiB of descriptors: three whole blocks, and half of one at each end. */
static void the_maps_own_blocks_stay_offline(void **state)
{
	const struct machine_spec spec = {
		.bank = {{0, 8 * 32768, 0}}, .keep_boot_reserved = true, .lazy = true};
	struct machine *machine = create(&spec);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	const struct offline_range *range = mm_offline_range(&machine->mm, 252 * 1024);
	struct page_run run = {.nr = 0};

	(void)state;
	assert_int_equal(machine->mm.mem_map_bytes, 16 * MIB);
	assert_non_null(range);
	assert_true(range->reserved);
	assert_int_equal(range->start_pfn, 252 * 1024);
	assert_int_equal(range->end_pfn, 255 * 1024);
	assert_false(pfn_valid(&machine->mm, range->start_pfn));
	assert_true(zone->reserved_pages > 4 * 1024);
	run.pfn = range->start_pfn;
	assert_true(mm_next_run(&machine->mm, zone, &run));
	assert_int_equal(run.use, PAGE_USE_RESERVED);
	assert_int_equal(run.nr, 3 * 1024);
	host_print_capture_start();
	show_page(&machine->mm, range->start_pfn);
	assert_printed("reserved (page descriptors); offline, no descriptor yet\n");
	host_print_capture_stop();
	mm_online_node(machine->mm.node[0]);
	assert_int_equal(zone->offline_pages, 0);
	assert_false(pfn_valid(&machine->mm, range->start_pfn));
	machine_destroy(machine);
}

static void kswapd_is_asked_when_few_are_left(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct pglist_data *pgdat = machine->mm.node[0];
	struct page *block;

	(void)state;
	assert_true(buddy_wants_online(zone));
	for (unsigned int i = 0; i < 5; i++)
		assert_true(mm_online_block(zone));
	assert_false(buddy_wants_online(zone));
	block = alloc_pages(GFP_KERNEL, LARGEST);
	assert_int_equal(pgdat->kswapd_onlines, 0);
	__free_pages(block, LARGEST);
	block = alloc_pages(GFP_KERNEL, LARGEST);
	assert_non_null(alloc_pages(GFP_KERNEL, LARGEST));
	assert_int_equal(pgdat->kswapd_onlines, 1);
	assert_int_equal(pgdat->kswapd_reclaims, 0);
	/* Nothing to bring: nobody is asked. */
	mm_online_node(pgdat);
	pgdat->kswapd_onlines = 0;
	while (alloc_pages(GFP_ATOMIC | __GFP_NOWARN, LARGEST))
		continue;
	assert_int_equal(pgdat->kswapd_onlines, 0);
	assert_false(buddy_wants_online(zone));
	machine_destroy(machine);
}

/* kswapd() on this thread: it ends where it asks this shrinker, which it does when it reclaims. */
static jmp_buf out_of_kswapd;

static long end_kswapd(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	(void)shrinker, (void)nr, (void)gfp;
	longjmp(out_of_kswapd, 1);
}

static void run_kswapd(struct pglist_data *pgdat)
{
	struct shrinker shrinker = {.name = "end", .scan = end_kswapd};

	set_shrinker(&shrinker);
	mm_current()->flags |= PF_MEMALLOC | PF_KSWAPD;
	pgdat->kswapd_reclaims = 1;
	if (setjmp(out_of_kswapd) == 0)
		kswapd(pgdat);
	mm_current()->flags = 0;
	shrinker.running = 0;
	remove_shrinker(&shrinker);
}

/* When it starts, and when it is asked to. */
static void kswapd_brings_blocks_ahead_of_need(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct pglist_data *pgdat = machine->mm.node[0];

	(void)state;
	mm_set_min_free_kbytes(&machine->mm, 1 << 20); /* always short */
	run_kswapd(pgdat);
	assert_int_equal(zone->free_area[LARGEST].nr_free, 4);
	assert_int_equal(zone->offline_pages, 27 * 1024);
	mm_set_min_free_kbytes(&machine->mm, 0);
	assert_non_null(alloc_pages(GFP_KERNEL, LARGEST));
	assert_non_null(alloc_pages(GFP_KERNEL, LARGEST));
	assert_int_equal(pgdat->kswapd_onlines, 1);
	mm_set_min_free_kbytes(&machine->mm, 1 << 20);
	run_kswapd(pgdat);
	assert_int_equal(pgdat->kswapd_onlines, 0);
	assert_int_equal(zone->free_area[LARGEST].nr_free, 4);
	assert_int_equal(zone->offline_pages, 25 * 1024);
	machine_destroy(machine);
}

/* Who allocated a page is on record wherever it lies, so that all has to be there at once. */
static void page_owner_knows_all_of_memory(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	host_print_capture_start();
	assert_int_equal(mm_debug_set(&machine->mm, MM_DEBUG_OWNER, true), 0);
	host_print_capture_stop();
	assert_int_equal(zone->offline_pages, 0);
	for (unsigned long pfn = 0; pfn < 32768; pfn += 1024)
		assert_non_null(page_owner(&machine->mm, pfn));
	machine_destroy(machine);
}

/* More ranges than there is room for: the rest is online, as if boot had asked for it. */
static void where_the_room_ends_memory_is_online(void **state)
{
	const struct mm_config config = {
		.zones = &layout_normal, .nr_cpus = 1, .cpu_nid = (int[]){0}};
	struct machine *machine = calloc(1, sizeof(*machine));
	unsigned long pages;

	(void)state;
	assert_non_null(machine);
	for (unsigned int i = 0; i < 3; i++)
		memblock_add(&machine->memblock, i * 8192 * PAGE_SIZE, 4096 * PAGE_SIZE, 0);
	host_machine_create(&machine->host, 3 * 8192 * PAGE_SIZE);
	host_machine_enter(&machine->host);
	host_become(&machine->boot_cpu);
	assert_int_equal(mm_init(&machine->mm, &machine->memblock, &config), 0);
	machine->mm.max_offline = 2;
	pages = mm_free_boot_memory(&machine->mm);
	assert_int_equal(machine->mm.nr_offline, 2);
	assert_int_equal(nr_free_pages(&machine->mm), pages);
	assert_false(pfn_valid(&machine->mm, 0));
	assert_true(pfn_valid(&machine->mm, 2 * 8192));
	machine_destroy(machine);
}

static void the_check_finds_what_does_not_add_up(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	host_print_capture_start();
	zone->offline_pages += 1024;
	zone->free_pages += 1024;
	assert_true(mm_check(&machine->mm, NULL) > 0);
	zone->offline_pages -= 1024;
	zone->free_pages -= 1024;
	machine->mm.block_map[0] ^= 1UL << 3;
	mem_map_populate(pfn_to_page(3 * 1024), 0, 64 * 1024);
	assert_true(mm_check(&machine->mm, NULL) > 0);
	machine->mm.block_map[0] ^= 1UL << 3;
	assert_printed("offline_pages is 32768, the ranges hold 31744");
	assert_printed("pfn 0xc00 is offline and has a descriptor");
	host_print_capture_stop();
	machine_destroy(machine);
}

/* As while a check looks: nothing comes ahead of need, and kswapd is told when that is over. */
static void a_zone_that_is_looked_at_is_left_alone(void **state)
{
	struct machine *machine = create(&one_section);
	struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	buddy_hold_offline(zone, true);
	assert_false(buddy_wants_online(zone));
	assert_false(mm_online_block(zone));
	assert_int_equal(zone->offline_pages, 31 * 1024);
	assert_int_equal(machine->mm.node[0]->kswapd_onlines, 0);
	buddy_hold_offline(zone, false);
	assert_int_equal(machine->mm.node[0]->kswapd_onlines, 1);
	assert_true(mm_online_block(zone));
	assert_int_equal(zone->onlining, 0);
	machine_destroy(machine);
}

/* Nodes that take turns, holes, odd ends, two zones; all taken one by one, and given back. */
static void all_of_it_can_be_had(void **state)
{
	uint64_t random = test_seed(0x5eed0011);

	(void)state;
	for (unsigned int round = 0; round < 6; round++) {
		struct machine_spec spec = {.layout = &layout_low_4096,
			.nr_cpus = 2,
			.cpu_nid = {0, 1},
			.keep_boot_reserved = true,
			.lazy = true};
		unsigned long pfn = next_random(&random, 700), nr = 0, all;
		struct machine *machine;
		struct page **held;

		for (unsigned int i = 0; i < 6; i++) {
			spec.bank[i].start_pfn = pfn;
			spec.bank[i].nr_pages = 2000 + next_random(&random, 7000);
			spec.bank[i].nid = (int)next_random(&random, 3);
			pfn += spec.bank[i].nr_pages;
			if (next_random(&random, 2))
				pfn += next_random(&random, 4000);
		}
		machine = create(&spec);
		all = nr_free_pages(&machine->mm);
		held = calloc(all + 1, sizeof(*held));
		assert_non_null(held);
		while ((held[nr] = alloc_page(GFP_KERNEL))) {
			assert_int_equal(memblock_find_memory(&machine->memblock,
						 pfn_to_phys(page_to_pfn(held[nr])))
						 ->nid,
				page_to_nid(held[nr]));
			if (++nr % 5000 == 0)
				assert_int_equal(mm_check(&machine->mm, NULL), 0);
		}
		assert_int_equal(nr, all);
		while (nr)
			__free_page(held[--nr]);
		drain_all_pages(&machine->mm);
		assert_int_equal(nr_free_pages(&machine->mm), all);
		assert_no_misuse();
		free(held);
		machine_destroy(machine);
	}
}

/* While CPU 0 writes descriptors, without the lock: CPU 1 needs a block, too. */
static struct page *second;

static void need_another(void)
{
	host_machine()->on_populate = NULL;
	host_become(this_cpu->mm->cpu[1]);
	second = alloc_pages(GFP_ATOMIC, LARGEST);
	host_become(this_cpu->mm->cpu[0]);
}

static void two_blocks_come_online_at_once(void **state)
{
	struct machine *machine = create(&one_section);
	struct page *first;

	(void)state;
	machine->host.on_populate = need_another;
	first = alloc_pages(GFP_ATOMIC, LARGEST);
	/* What came first is listed first, and taken first; the other one is left. */
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first != second);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->offline_pages, 29 * 1024);
	__free_pages(first, LARGEST);
	__free_pages(second, LARGEST);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wholly_free_blocks_are_offline_and_free),
		cmocka_unit_test(a_block_comes_online_when_nothing_else_will_do),
		cmocka_unit_test(blocks_are_handed_out_as_if_all_were_online),
		cmocka_unit_test(reports_count_offline_blocks_as_free_ones),
		cmocka_unit_test(the_maps_own_blocks_stay_offline),
		cmocka_unit_test(kswapd_is_asked_when_few_are_left),
		cmocka_unit_test(kswapd_brings_blocks_ahead_of_need),
		cmocka_unit_test(page_owner_knows_all_of_memory),
		cmocka_unit_test(where_the_room_ends_memory_is_online),
		cmocka_unit_test(the_check_finds_what_does_not_add_up),
		cmocka_unit_test(a_zone_that_is_looked_at_is_left_alone),
		cmocka_unit_test(all_of_it_can_be_had),
		cmocka_unit_test(two_blocks_come_online_at_once),
	};

	return cmocka_run_group_tests_name("offline", tests, NULL, NULL);
}
