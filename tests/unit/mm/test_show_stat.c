/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/show_stat.c: what is counted (S57 and the semantics' section 14), and the text of each
 * report, byte for byte (S60).
 */
#include "show_fixture.h"

static void S57_allocations_and_frees_count_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f1);
	static struct page *pages[1000];
	struct mm_cpu_stat before = sum_of(machine), after;

	(void)state;
	alloc_pages(GFP_KERNEL, 3);
	alloc_page(GFP_KERNEL);
	after = sum_of(machine);
	assert_int_equal(after.pgalloc[ZONE_NORMAL] - before.pgalloc[ZONE_NORMAL], 9);
	assert_int_equal(after.pgfree, before.pgfree);

	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = alloc_page(GFP_KERNEL);
	before = sum_of(machine);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		__free_page(pages[i]);
	after = sum_of(machine);
	assert_int_equal(after.pgfree - before.pgfree, 1000);
	assert_int_equal(after.pgalloc[ZONE_NORMAL], before.pgalloc[ZONE_NORMAL]);
	machine_destroy(machine);
}

/* Freeing a block counts its pages, not the call; so does what goes past the caches. */
static void S57_a_block_counts_all_its_pages(void **state)
{
	struct machine *machine = machine_create(&fixture_f3);
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_DMA32, 5), *page;
	struct mm_cpu_stat before = sum_of(machine), after;

	(void)state;
	assert_int_equal(before.pgalloc[ZONE_DMA32], 32);
	assert_int_equal(before.pgalloc[ZONE_NORMAL], 0);
	__free_pages(block, 5);
	after = sum_of(machine);
	assert_int_equal(after.pgfree - before.pgfree, 32);

	interrupt_begin(1);
	page = alloc_page(GFP_ATOMIC);
	__free_page(page);
	interrupt_end();
	before = after;
	after = sum_of(machine);
	assert_int_equal(after.pgalloc[ZONE_NORMAL] - before.pgalloc[ZONE_NORMAL], 1);
	assert_int_equal(after.pgfree - before.pgfree, 1);
	machine_destroy(machine);
}

/* A machine after S42: F3, both zones taken down to what GFP_ATOMIC may not touch. */
static struct machine *after_S42(void)
{
	struct machine *machine = machine_create(&fixture_f3);

	exhaust(GFP_ATOMIC);
	exhaust(GFP_ATOMIC | __GFP_DMA32);
	drain_local_pages();
	assert_int_equal(machine_zone(machine, 0, ZONE_DMA32)->free_pages, 34);
	assert_int_equal(machine_zone(machine, 0, ZONE_NORMAL)->free_pages, 34);
	return machine;
}

static void S60_show_free_areas_is_linuxs_text(void **state)
{
	struct machine *machine = after_S42();

	(void)state;
	host_print_capture_start();
	show_free_areas(&machine->mm);
	assert_all_printed(
		"Node 0 DMA per-cpu: empty\n"
		"Node 0 DMA32 per-cpu:\n"
		"cpu 0 hot: low 2, high 6, batch 1\n"
		"cpu 0 cold: low 0, high 2, batch 1\n"
		"Node 0 Normal per-cpu:\n"
		"cpu 0 hot: low 2, high 6, batch 1\n"
		"cpu 0 cold: low 0, high 2, batch 1\n"
		"Node 0 HighMem per-cpu: empty\n"
		"\n"
		"Free pages:         272kB (0kB HighMem)\n"
		"Active:0 inactive:0 dirty:0 writeback:0 unstable:0 free:68 slab:0 mapped:0 "
		"pagetables:0\n"
		"Node 0 DMA free:0kB min:0kB low:0kB high:0kB active:0kB inactive:0kB "
		"present:0kB pages_scanned:0 all_unreclaimable? no\n"
		"lowmem_reserve[]: 0 16 32 32\n"
		"Node 0 DMA32 free:136kB min:360kB low:448kB high:540kB active:0kB inactive:0kB "
		"present:16384kB pages_scanned:0 all_unreclaimable? no\n"
		"lowmem_reserve[]: 0 0 16 16\n"
		"Node 0 Normal free:136kB min:360kB low:448kB high:540kB active:0kB inactive:0kB "
		"present:16384kB pages_scanned:0 all_unreclaimable? no\n"
		"lowmem_reserve[]: 0 0 0 0\n"
		"Node 0 HighMem free:0kB min:128kB low:160kB high:192kB active:0kB inactive:0kB "
		"present:0kB pages_scanned:0 all_unreclaimable? no\n"
		"lowmem_reserve[]: 0 0 0 0\n"
		"Node 0 DMA: empty\n"
		"Node 0 DMA32: 0*4kB 1*8kB 0*16kB 0*32kB 0*64kB 1*128kB 0*256kB 0*512kB 0*1024kB "
		"0*2048kB 0*4096kB = 136kB\n"
		"Node 0 Normal: 0*4kB 1*8kB 0*16kB 0*32kB 0*64kB 1*128kB 0*256kB 0*512kB "
		"0*1024kB 0*2048kB 0*4096kB = 136kB\n"
		"Node 0 HighMem: empty\n");
	machine_destroy(machine);
}

/* What the report says of the LRU lists and of reclaim; nodes from the last to the first. */
static void free_areas_have_the_levels_of_every_node(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone = machine_zone(machine, 2, ZONE_NORMAL);
	const char *text;

	(void)state;
	zone->nr_active = 3;
	zone->nr_inactive = 5;
	zone->pages_scanned = 77;
	zone->all_unreclaimable = 1;
	mm_count(nr_dirty, 4);
	mm_count(nr_slab, 6);
	host_print_capture_start();
	show_free_areas(&machine->mm);
	assert_printed("Node 2 Normal free:16384kB min:256kB low:320kB high:384kB active:12kB "
		       "inactive:20kB present:16384kB pages_scanned:77 all_unreclaimable? yes\n");
	assert_printed("Node 3 Normal free:16384kB min:256kB low:320kB high:384kB active:0kB "
		       "inactive:0kB present:16384kB pages_scanned:0 all_unreclaimable? no\n");
	assert_printed("Active:3 inactive:5 dirty:4 writeback:0 unstable:0 free:16384 slab:6 ");
	assert_int_equal(times_printed("cpu 3 cold: low 0, high 2, batch 1\n"), 5);
	text = host_print_captured();
	for (int nid = 3; nid > 0; nid--) {
		char first[32], second[32];

		snprintf(first, sizeof(first), "Node %d Normal: ", nid);
		snprintf(second, sizeof(second), "Node %d Normal: ", nid - 1);
		assert_true(strstr(text, first) < strstr(text, second));
	}
	host_print_capture_stop();
	zone->nr_active = zone->nr_inactive = 0;
	machine_destroy(machine);
}

static const char vmstat_text[] = "nr_dirty 3\n"
				  "nr_writeback 2\n"
				  "nr_unstable 0\n"
				  "nr_page_table_pages 0\n"
				  "nr_mapped 0\n"
				  "nr_slab 0\n"
				  "pgpgin 4\n"
				  "pgpgout 5\n"
				  "pswpin 0\n"
				  "pswpout 0\n"
				  "pgalloc_high 4\n"
				  "pgalloc_normal 8\n"
				  "pgalloc_dma32 2\n"
				  "pgalloc_dma 1\n"
				  "pgfree 8\n"
				  "pgactivate 6\n"
				  "pgdeactivate 7\n"
				  "pgfault 0\n"
				  "pgmajfault 0\n"
				  "pgrefill_high 14\n"
				  "pgrefill_normal 13\n"
				  "pgrefill_dma32 12\n"
				  "pgrefill_dma 11\n"
				  "pgsteal_high 24\n"
				  "pgsteal_normal 23\n"
				  "pgsteal_dma32 22\n"
				  "pgsteal_dma 21\n"
				  "pgscan_kswapd_high 34\n"
				  "pgscan_kswapd_normal 33\n"
				  "pgscan_kswapd_dma32 32\n"
				  "pgscan_kswapd_dma 31\n"
				  "pgscan_direct_high 44\n"
				  "pgscan_direct_normal 43\n"
				  "pgscan_direct_dma32 42\n"
				  "pgscan_direct_dma 41\n"
				  "pginodesteal 0\n"
				  "slabs_scanned 51\n"
				  "kswapd_steal 52\n"
				  "kswapd_inodesteal 0\n"
				  "pageoutrun 53\n"
				  "allocstall 54\n"
				  "pgrotated 55\n";

/* 2.6.11's fields in its order, the DMA32 counters after the NORMAL ones. */
static void vmstat_is_linuxs_text(void **state)
{
	const struct machine_spec spec = {
		.layout = &layout_low_4096, .bank = {{0, 8192, 0}}, .nr_cpus = 2};
	struct machine *machine = machine_create(&spec);

	(void)state;
	__free_pages(alloc_pages(GFP_KERNEL, 3), 3);
	alloc_pages(GFP_KERNEL | __GFP_DMA32, 1);
	this_cpu->stat_slow = (struct mm_cpu_stat){
		.nr_dirty = 10,
		.nr_writeback = 2,
		.nr_slab = 3,
		.pgpgin = 4,
		.pgpgout = 5,
		.pgalloc = {1, 2, 8, 4},
		.pgfree = 8,
		.pgactivate = 6,
		.pgdeactivate = 7,
		.pgrefill = {11, 12, 13, 14},
		.pgsteal = {21, 22, 23, 24},
		.pgscan_kswapd = {31, 32, 33, 34},
		.pgscan_direct = {41, 42, 43, 44},
		.slabs_scanned = 51,
		.kswapd_steal = 52,
		.pageoutrun = 53,
		.allocstall = 54,
		.pgrotated = 55,
		.oom_kill = 56,
	};
	machine_enter(machine, 1);
	mm_count(nr_dirty, -7); /* what one CPU made dirty another one cleans */
	mm_count(nr_slab, -4);  /* seen half-way: below 0, which there is not */
	host_print_capture_start();
	show_vmstat(&machine->mm);
	assert_all_printed(vmstat_text);
	machine_destroy(machine);
}

static const char zoneinfo_text[] = "Node 0, zone    DMA32\n"
				    "  pages free     4096\n"
				    "        min      85\n"
				    "        low      106\n"
				    "        high     127\n"
				    "        spanned  4096\n"
				    "        present  4096\n"
				    "        managed  4096\n"
				    "        protection: (0, 0, 16, 16)\n"
				    "      nr_free_pages 4096\n"
				    "      nr_zone_inactive_file 0\n"
				    "      nr_zone_active_file 0\n"
				    "      numa_hit     0\n"
				    "      numa_miss    0\n"
				    "      numa_foreign 0\n"
				    "      numa_interleave 0\n"
				    "      numa_local   0\n"
				    "      numa_other   0\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count:    0\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "    cpu: 1\n"
				    "              count:    0\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "  start_pfn:           0\n"
				    "Node 0, zone   Normal\n"
				    "  pages free     4094\n"
				    "        min      85\n"
				    "        low      106\n"
				    "        high     127\n"
				    "        spanned  4096\n"
				    "        present  4096\n"
				    "        managed  4090\n"
				    "        protection: (0, 0, 0, 0)\n"
				    "      nr_free_pages 4094\n"
				    "      nr_zone_inactive_file 5\n"
				    "      nr_zone_active_file 3\n"
				    "      numa_hit     2\n"
				    "      numa_miss    0\n"
				    "      numa_foreign 0\n"
				    "      numa_interleave 0\n"
				    "      numa_local   2\n"
				    "      numa_other   0\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count:    2\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "    cpu: 1\n"
				    "              count:    0\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "  start_pfn:           4096\n"
				    "Node 1, zone    DMA32\n"
				    "  pages free     0\n"
				    "        min      0\n"
				    "        low      0\n"
				    "        high     0\n"
				    "        spanned  0\n"
				    "        present  0\n"
				    "        managed  0\n"
				    "        protection: (0, 0, 4, 4)\n"
				    "Node 1, zone   Normal\n"
				    "  pages free     1008\n"
				    "        min      21\n"
				    "        low      26\n"
				    "        high     31\n"
				    "        spanned  1024\n"
				    "        present  1024\n"
				    "        managed  1024\n"
				    "        protection: (0, 0, 0, 0)\n"
				    "      nr_free_pages 1008\n"
				    "      nr_zone_inactive_file 0\n"
				    "      nr_zone_active_file 0\n"
				    "      numa_hit     1\n"
				    "      numa_miss    0\n"
				    "      numa_foreign 0\n"
				    "      numa_interleave 0\n"
				    "      numa_local   0\n"
				    "      numa_other   1\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count:    0\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "    cpu: 1\n"
				    "              count:    0\n"
				    "              high:     8\n"
				    "              batch:    1\n"
				    "  start_pfn:           8192\n";

/* The keys of Linux 6.12; of a zone without memory no more than its levels. */
static void zoneinfo_is_linuxs_text(void **state)
{
	const struct machine_spec spec = {.layout = &layout_low_4096,
		.bank = {{0, 8192, 0}, {8192, 1024, 1}},
		.nr_cpus = 2,
		.cpu_nid = {0, 1}};
	struct machine *machine = machine_create(&spec);
	struct zone *normal = machine_zone(machine, 0, ZONE_NORMAL);

	(void)state;
	normal->nr_active = 3;
	normal->nr_inactive = 5;
	normal->reserved_pages = 6;
	__free_page(alloc_page(GFP_KERNEL));
	__free_page(alloc_page(GFP_KERNEL | __GFP_COLD));
	alloc_pages_node(1, GFP_KERNEL, 4);
	host_print_capture_start();
	show_zoneinfo(&machine->mm);
	normal->nr_active = normal->nr_inactive = 0;
	normal->reserved_pages = 0;
	assert_all_printed(zoneinfo_text);
	machine_destroy(machine);
}

/* MemTotal is what the allocator was given; a page in a CPU's cache is not free. */
static void meminfo_is_linuxs_text(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct zone *zone = machine_zone(machine, 0, ZONE_DMA32);

	(void)state;
	zone->reserved_pages = 24;
	zone->nr_active = 100;
	machine_zone(machine, 3, ZONE_NORMAL)->nr_inactive = 11;
	__free_page(alloc_page(GFP_KERNEL));
	mm_count(nr_dirty, 2);
	mm_count(nr_writeback, 3);
	mm_count(nr_slab, 4);
	host_print_capture_start();
	show_meminfo(&machine->mm);
	show_node_meminfo(&machine->mm, 0);
	show_node_meminfo(&machine->mm, 3);
	zone->reserved_pages = zone->nr_active = 0;
	machine_zone(machine, 3, ZONE_NORMAL)->nr_inactive = 0;
	assert_all_printed("MemTotal:          65440 kB\n"
			   "MemFree:           65532 kB\n"
			   "Active:              400 kB\n"
			   "Inactive:             44 kB\n"
			   "Dirty:                 8 kB\n"
			   "Writeback:            12 kB\n"
			   "Slab:                 16 kB\n"
			   "Node 0 MemTotal:          16288 kB\n"
			   "Node 0 MemFree:           16380 kB\n"
			   "Node 0 Active:              400 kB\n"
			   "Node 0 Inactive:              0 kB\n"
			   "Node 3 MemTotal:          16384 kB\n"
			   "Node 3 MemFree:           16384 kB\n"
			   "Node 3 Active:                0 kB\n"
			   "Node 3 Inactive:             44 kB\n");
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S57_allocations_and_frees_count_pages),
		cmocka_unit_test(S57_a_block_counts_all_its_pages),
		cmocka_unit_test(S60_show_free_areas_is_linuxs_text),
		cmocka_unit_test(free_areas_have_the_levels_of_every_node),
		cmocka_unit_test(vmstat_is_linuxs_text),
		cmocka_unit_test(zoneinfo_is_linuxs_text),
		cmocka_unit_test(meminfo_is_linuxs_text),
	};

	return cmocka_run_group_tests_name("mm/show_stat", tests, NULL, NULL);
}
