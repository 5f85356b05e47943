/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of misuse: each kind has its words, names the page and the caller, and is counted once.
 */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include "unit.h"

/* One faulty call for each kind, on a machine of its own; returns the page it is about. */
static struct page *double_free(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	__free_pages(page, 2);
	__free_pages(page, 2);
	return page;
}

static struct page *wrong_order(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	__free_pages(page, 2);
	return page;
}

static struct page *not_allocated(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	__free_pages(page + 4, 2);
	return page + 4;
}

static struct page *reserved(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	SetPageReserved(page);
	__free_pages(page, 2);
	ClearPageReserved(page);
	return page;
}

static struct page *bad_address(void)
{
	free_pages(4096, 2);
	return NULL;
}

static struct page *zero_count(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	put_page_testzero(page);
	__free_pages(page, 2);
	set_page_count(page, 1);
	return page;
}

static struct page *shared(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	get_page(page);
	split_page(page, 2);
	return page;
}

static struct page *page_with_a_flag(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	page->mapping = page;
	__free_pages(page, 2);
	return page;
}

static struct page *bad_compound(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	page[1].index = 7;
	__free_pages(page, 2);
	return page;
}

static struct page *bad_gfp(void)
{
	alloc_pages(__GFP_HIGHMEM | __GFP_ZERO, 2);
	return NULL;
}

static struct page *bad_node(void)
{
	alloc_pages_node(17, GFP_KERNEL, 2);
	return NULL;
}

static struct page *atomic_sleep(void)
{
	mm_set_min_free_kbytes(this_cpu->mm, GIB / 1024); /* no page above the marks */
	host_irqs_enabled = false;
	alloc_pages(GFP_KERNEL | __GFP_NOWARN, 2);
	host_irqs_enabled = true;
	return NULL;
}

static struct page *write_after_free(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	unsigned long *word = page_address(page);

	mm_debug_set(this_cpu->mm, MM_DEBUG_POISON, true);
	__free_pages(page, 2);
	word[1] = 0;
	alloc_pages(GFP_KERNEL, 2);
	return page;
}

static struct page *read_after_free(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	mm_debug_set(this_cpu->mm, MM_DEBUG_UNMAP, true);
	__free_pages(page, 2);
	mm_fault(page_address(page), false, __builtin_return_address(0));
	return page;
}

/* Behind all memory, in a section that has none. */
static struct page *no_descriptor(void)
{
	struct page *page = pfn_to_page(this_cpu->mm->max_pfn);

	mm_fault(page, false, __builtin_return_address(0));
	return page;
}

static struct page *zone_locked(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	spin_lock(&page_zone(page)->lock);
	__free_pages(page, 2);
	spin_unlock(&page_zone(page)->lock);
	return page;
}

/* Two neighbours of a list no longer know each other: the one in front is found, and mended. */
static struct page *bad_list(void)
{
	struct page *page;

	mm_debug_set(this_cpu->mm, MM_DEBUG_LISTS, true);
	page = list_first_entry(
		&this_cpu->zonelist[0]->zones[0]->free_area[10].free_list, struct page, lru);
	page->lru.next = NULL;
	alloc_pages(GFP_KERNEL, 10);
	return page;
}

/* What the page cache says of a single page; a block here, as all rows are of order 2. */
static struct page *page_lock(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	misuse(MISUSE_PAGE_LOCK, page, 2, __builtin_return_address(0));
	return page;
}

static const struct {
	struct page *(*call)(void);
	const char *name, *expected;
} rows[NR_MISUSE] = {
	[MISUSE_DOUBLE_FREE] = {double_free, "double free",
		"a block that somebody holds; this one is free"},
	[MISUSE_WRONG_ORDER] = {wrong_order, "free with the wrong order",
		"the order it was allocated with"},
	[MISUSE_NOT_ALLOCATED] = {not_allocated, "free of a page that heads no allocated block",
		"the first page of a block that was handed out"},
	[MISUSE_RESERVED] = {reserved, "free of a reserved page or a hole",
		"a page of the allocator's"},
	[MISUSE_BAD_ADDRESS] = {bad_address, "free of an address that is no page's",
		"a linear address"},
	[MISUSE_ZERO_COUNT] = {zero_count, "reference dropped that nobody held",
		"a count of at least 1"},
	[MISUSE_SHARED] = {shared, "split of a block that others hold too", "a count of 1"},
	[MISUSE_BAD_PAGE] = {page_with_a_flag, "bad page state",
		"no flag, mapping or count left by its owner"},
	[MISUSE_BAD_COMPOUND] = {bad_compound, "bad compound page",
		"all parts pointing to a head that knows the order"},
	[MISUSE_BAD_GFP] = {bad_gfp, "flags that exclude each other",
		"no HIGHMEM where a page has to have an address"},
	[MISUSE_BAD_NODE] = {bad_node, "allocation from a node that is not online",
		"an online node's id"},
	[MISUSE_ATOMIC_SLEEP] = {atomic_sleep, "sleep in atomic context",
		"a thread outside of interrupts, with interrupts on, or no __GFP_WAIT"},
	[MISUSE_ZONE_LOCKED] = {zone_locked, "called under the zone's own lock",
		"a caller that holds no lock of the allocator's"},
	[MISUSE_BAD_LIST] = {bad_list, "free list corruption",
		"links that lead there and back again"},
	[MISUSE_WRITE_AFTER_FREE] = {write_after_free, "write after free",
		"a free page that nobody writes to until it is handed out"},
	[MISUSE_READ_AFTER_FREE] = {read_after_free, "read after free",
		"a free page that nobody reads until it is handed out"},
	[MISUSE_NO_DESCRIPTOR] = {no_descriptor, "use of a page that has no descriptor",
		"a page of a bank"},
	[MISUSE_PAGE_LOCK] = {page_lock, "page unlocked or written back that was not under way",
		"the flag that says so"},
};

/* What was seen where, and that the linear map was split. */
static unsigned int lines_before(unsigned int kind)
{
	switch (kind) {
	case MISUSE_READ_AFTER_FREE:
		return 2;
	case MISUSE_WRITE_AFTER_FREE:
		return 1;
	case MISUSE_NO_DESCRIPTOR: /* one, and of the page itself there is one less to say */
	default:
		return 0;
	}
}

static void every_kind_is_printed_counted_and_handed_on(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_MISUSE; kind++) {
		struct machine *machine = machine_create(&fixture_f4);
		struct misuse_report report;
		const struct page *page;
		const bool of_a_page = kind == MISUSE_BAD_LIST || kind == MISUSE_READ_AFTER_FREE ||
				       kind == MISUSE_NO_DESCRIPTOR;
		char line[200];

		machine_enter(machine, 3);
		assert_string_equal(misuse_name(kind), rows[kind].name);
		host_print_capture_start();
		page = rows[kind].call();
		report = host_last_misuse();
		if (page) {
			snprintf(line, sizeof(line),
				"BUG: Bad page state in process swapper  pfn:%05lx\n",
				page_to_pfn(page));
			assert_int_equal(times_printed(line), 1);
		}
		snprintf(line, sizeof(line), "%s%s, order %u, called from %p on cpu 3\n",
			page ? "page dumped because: " : "BUG: mm: ", rows[kind].name, report.order,
			report.caller);
		assert_int_equal(times_printed(line), 1);
		snprintf(line, sizeof(line), "\n  expected: %s\n", rows[kind].expected);
		assert_printed(line);
		snprintf(line, sizeof(line), "\n  pfn 0x%lx at 0x%lx000: node 3 zone Normal, ",
			page ? page_to_pfn(page) : 0, page ? page_to_pfn(page) : 0);
		if (kind == MISUSE_NO_DESCRIPTOR)
			assert_printed(": no memory there, and no descriptor\n");
		else
			assert_int_equal(times_printed(line), page != NULL);
		assert_int_equal(times_printed("\n"), (page ? 5 : 2) + lines_before(kind));
		host_print_capture_stop();
		assert_misuse(kind, page, of_a_page ? 0 : 2);
		assert_int_equal(machine->mm.faults.misuse, 1);
		machine_destroy(machine);
	}
}

/* The report names the function that called the allocator, not the allocator itself. */
static void the_caller_is_the_return_address(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);
	const char *first, *second,
		*here = (const char *)(uintptr_t)the_caller_is_the_return_address;

	(void)state;
	host_print_capture_start();
	alloc_pages_node(5, GFP_KERNEL, 0);
	first = host_last_misuse().caller;
	alloc_pages_node(5, GFP_KERNEL, 0);
	second = host_last_misuse().caller;
	host_print_capture_stop();
	assert_true(here < first);
	assert_true(first < second);
	assert_true(second < here + 8192);
	machine_destroy(machine);
}

/* As CPU 1 of the machine. */
static void *report_there(void *machine)
{
	machine_enter(machine, 1);
	free_page((unsigned long)machine);
	return NULL;
}

/*
 * CPU 1 is at its report, and prints no line of it while CPU 0 is at its own. How long it is given
 * decides only how surely a fault is found.
 */
static void reports_of_two_cpus_do_not_mix(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct report_turn turn;
	pthread_t thread;

	(void)state;
	host_print_capture_start();
	turn = report_begin();
	assert_int_equal(pthread_create(&thread, NULL, report_there, machine), 0);
	while (__atomic_load_n(&machine->mm.faults.misuse, __ATOMIC_RELAXED) == 0)
		sched_yield();
	usleep(100000);
	assert_int_equal(times_printed("BUG: "), 0);
	report_end(turn);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(times_printed("BUG: "), 1);
	host_print_capture_stop();
	host_misuse_reset();
	machine_destroy(machine);
}

/* Who fails while he reports is not kept from it, and does not end the first. */
static void a_report_within_a_report(void **state)
{
	struct machine *machine = machine_create(&fixture_f4);
	struct report_turn turn;

	(void)state;
	host_print_capture_start();
	turn = report_begin();
	free_page((unsigned long)&turn);
	assert_true(spin_is_mine(&machine->mm.report_lock));
	assert_int_equal(times_printed("BUG: mm: free of an address"), 1);
	report_end(turn);
	assert_false(spin_is_mine(&machine->mm.report_lock));
	host_print_capture_stop();
	host_misuse_reset();
	machine_destroy(machine);
}

static void nothing_is_locked_while_it_is_reported(void **state)
{
	struct machine *machine = machine_create(&fixture_f2);

	(void)state;
	host_print_capture_start();
	page_with_a_flag();
	double_free();
	host_print_capture_stop();
	assert_false(spin_is_mine(&machine_zone(machine, 0, ZONE_NORMAL)->lock));
	assert_int_equal(this_cpu->busy, 0);
	assert_true(irqs_enabled());
	assert_int_equal(machine->mm.faults.misuse, 2);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_printed_counted_and_handed_on),
		cmocka_unit_test(the_caller_is_the_return_address),
		cmocka_unit_test(reports_of_two_cpus_do_not_mix),
		cmocka_unit_test(a_report_within_a_report),
		cmocka_unit_test(nothing_is_locked_while_it_is_reported),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
