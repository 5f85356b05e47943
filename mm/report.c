/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of misuse: what was done, to which page, from where, and what had been expected.
 *
 * Owns mm->faults and mm->report_lock. No lock held by the caller, so that a report may take its
 * time. Its lines come together, but where it can not be: who fails within a report, or has waited
 * for another CPU's too long, goes on without the lock.
 */
#include <mm/page_owner.h>
#include <port/cpu.h>
#include "internal.h"

/* A report takes much less, at any console. */
#define TURN_SECONDS 10U

static const struct {
	const char *name, *expected;
} texts[NR_MISUSE] = {
	[MISUSE_DOUBLE_FREE] = {"double free", "a block that somebody holds; this one is free"},
	[MISUSE_WRONG_ORDER] = {"free with the wrong order", "the order it was allocated with"},
	[MISUSE_NOT_ALLOCATED] = {"free of a page that heads no allocated block",
		"the first page of a block that was handed out"},
	[MISUSE_RESERVED] = {"free of a reserved page or a hole", "a page of the allocator's"},
	[MISUSE_BAD_ADDRESS] = {"free of an address that is no page's", "a linear address"},
	[MISUSE_ZERO_COUNT] = {"reference dropped that nobody held", "a count of at least 1"},
	[MISUSE_SHARED] = {"split of a block that others hold too", "a count of 1"},
	[MISUSE_BAD_PAGE] = {"bad page state", "no flag, mapping or count left by its owner"},
	[MISUSE_BAD_COMPOUND] = {"bad compound page",
		"all parts pointing to a head that knows the order"},
	[MISUSE_BAD_GFP] = {"flags that exclude each other",
		"no HIGHMEM where a page has to have an address"},
	[MISUSE_BAD_NODE] = {"allocation from a node that is not online", "an online node's id"},
	[MISUSE_ATOMIC_SLEEP] = {"sleep in atomic context",
		"a thread outside of interrupts, with interrupts on, or no __GFP_WAIT"},
	[MISUSE_ZONE_LOCKED] = {"called under the zone's own lock",
		"a caller that holds no lock of the allocator's"},
	[MISUSE_BAD_LIST] = {"free list corruption", "links that lead there and back again"},
	[MISUSE_WRITE_AFTER_FREE] = {"write after free",
		"a free page that nobody writes to until it is handed out"},
	[MISUSE_READ_AFTER_FREE] = {"read after free",
		"a free page that nobody reads until it is handed out"},
	[MISUSE_NO_DESCRIPTOR] = {"use of a page that has no descriptor", "a page of a bank"},
	[MISUSE_PAGE_LOCK] = {"page unlocked or written back that was not under way",
		"the flag that says so"},
};

void mm_report_atomic_sleep(const void *caller)
{
	misuse(MISUSE_ATOMIC_SLEEP, NULL, 0, caller);
}

const char *misuse_name(enum misuse kind)
{
	return texts[kind].name;
}

struct report_turn report_begin(void)
{
	struct spinlock *lock = &this_cpu->mm->report_lock;
	const uint64_t deadline = cpu_time() + TURN_SECONDS * cpu_time_hz();
	struct report_turn turn = {.flags = irq_save()};

	if (spin_is_mine(lock))
		return turn;
	while (!turn.taken && cpu_time() < deadline) {
		turn.taken = spin_trylock(lock);
		cpu_relax();
	}
	return turn;
}

void report_end(struct report_turn turn)
{
	if (turn.taken)
		spin_unlock(&this_cpu->mm->report_lock);
	irq_restore(turn.flags);
}

/* The first line is Linux's where it is about a page: programs that read logs look for it. */
static void print_report(
	enum misuse kind, const struct page *page, unsigned int order, const void *caller)
{
	const struct mm *mm = this_cpu->mm;

	if (page)
		print("BUG: Bad page state in process %s  pfn:%05lx\n", mm_current()->name,
			page_to_pfn(page));
	print("%s%s, order %u, called from %p on cpu %u\n",
		page ? "page dumped because: " : "BUG: mm: ", texts[kind].name, order, caller,
		this_cpu->id);
	if (page)
		show_page(mm, page_to_pfn(page));
	print("  expected: %s\n", texts[kind].expected);
	if (page && mm_debug(mm) & MM_DEBUG_OWNER)
		show_page_owner(mm, page_to_pfn(page));
	report_stack();
}

void misuse(enum misuse kind, const struct page *page, unsigned int order, const void *caller)
{
	struct mm *mm = this_cpu->mm;
	struct misuse_report report = {
		.kind = kind, .page = page, .order = order, .caller = caller};
	struct report_turn turn;

	if (page && stray_was_told(mm, page))
		return;
	__atomic_fetch_add(&mm->faults.misuse, 1, __ATOMIC_RELAXED);
	turn = report_begin();
	print_report(kind, page, order, caller);
	report_end(turn);
	explain_add(explain_here(), .kind = EXPLAIN_MISUSE, .text = texts[kind].name);
	report_misuse(&report);
}

/* What the report of a bad page mends. */
#define CLEARED_WHEN_BAD                                                                   \
	(BIT(PG_private) | BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_dirty) | \
		BIT(PG_swapcache) | BIT(PG_writeback))

void bad_page(struct page *page, unsigned int order, const void *caller)
{
	misuse(MISUSE_BAD_PAGE, page, order, caller);
	page_write_flags(page, page_flags(page) & ~CLEARED_WHEN_BAD);
	set_page_count(page, 0);
	page->_mapcount = -1;
	page->mapping = NULL;
}
