/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest interrupts`: an interrupt at each instruction of the sections in which a CPU changes
 * its own caches, as KTAP lines and a table of how often each was hit.
 *
 * mm/ leaves marks where the sections begin and end (<mm/section.h>); the instructions between are
 * found by following the code, so that a new section is found by itself. One that calls others (a
 * refill, a drain) is not listed: it is no part of the fast path.
 *
 * A thread allocates and frees, and the tick of its CPU comes at times that chance says. Its hook
 * looks where it came, and by turns takes a page and keeps it, gives one back, and asks for a
 * drain. Were it let into the caches, both would have the same page sooner or later: each writes
 * its name into its pages. QEMU takes interrupts between blocks of instructions only; with
 * -singlestep each instruction is one.
 *
 * Owns `at`: while the hook is set `cpu` alone writes it, the hook or the thread with care.
 */
#include <string.h>
#include <mm/section.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/irq.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"
#include "tick.h"

#define MAX_SECTIONS 32U
#define MAX_CODE     512U
/* Of each instruction at least; those that all calls pass have many more. */
#define HITS 1U
/* Interrupts, then it gives up; some thousands are enough where each instruction may have one. */
#define MAX_TICKS   150000U
#define HELD        8U
#define NAME_THREAD 0x7468726561640001UL
#define NAME_HOOK   0x686f6f6b00000002UL

/* What the thread calls; a section belongs to the call that was under way when it was hit. */
enum call {
	ALLOC_PAGES,
	ALLOC_PAGE,
	ALLOC_ZEROED,
	ALLOC_BLOCK,
	FREE_PAGES,
	FREE_PAGE,
	FREE_BLOCK,
	NR_CALLS
};
static const char *const call_names[] = {"alloc_pages", "alloc_page", "alloc_page, zeroed",
	"alloc_pages, block", "__free_pages", "__free_page", "__free_pages, block"};

/* Of the blocks: the others go the same way. */
#define BLOCK_ORDER 1U

struct section {
	uintptr_t start;
	unsigned int nr;
	unsigned int calls; /* a bit for each enum call */
};

struct code {
	uintptr_t pc;
	unsigned int section;
	unsigned int hits;
};

static struct {
	struct section section[MAX_SECTIONS];
	struct code code[MAX_CODE]; /* by address, once all are found */
	unsigned int nr_sections, nr_code, nr_left_out;
	bool full;

	unsigned int cpu;
	volatile enum call call;
	volatile unsigned int ticks;
	volatile bool stop; /* something is wrong: leave it as it is */
	uintptr_t last_pc;
	uint64_t longest; /* between two ticks, in those of the clock */
	uint64_t chance;
	unsigned long misuse; /* reports before */
	struct page *held[HELD];
	unsigned int order[HELD]; /* of them */
	unsigned int nr_held;
	unsigned int inside, not_bypassed, changed, failed;
} at;

static bool is_end(uintptr_t pc)
{
	for (const struct mm_section_mark *mark = __start_mm_section_marks;
		mark < __stop_mm_section_marks; mark++) {
		if (mark->kind == SECTION_LEFT && mm_section_address(mark) == pc)
			return true;
	}
	return false;
}

static void add_code(uintptr_t pc)
{
	if (pc == 0 || is_end(pc))
		return;
	for (unsigned int i = 0; i < at.nr_code; i++) {
		if (at.code[i].pc == pc)
			return;
	}
	if (at.nr_code < MAX_CODE)
		at.code[at.nr_code++] = (struct code){.pc = pc, .section = at.nr_sections};
	else
		at.full = true;
}

/* All that can be reached from where a section is entered, up to where it is left. */
static void add_section(uintptr_t start)
{
	const unsigned int first = at.nr_code;

	if (at.nr_sections == MAX_SECTIONS) {
		at.full = true;
		return;
	}
	add_code(start);
	for (unsigned int i = first; i < at.nr_code; i++) {
		const struct arch_flow flow = arch_flow(at.code[i].pc);

		if (flow.elsewhere) {
			at.nr_code = first;
			at.nr_left_out++;
			return;
		}
		add_code(flow.next);
		add_code(flow.target);
	}
	at.section[at.nr_sections++] = (struct section){.start = start, .nr = at.nr_code - first};
}

static void sort_code(void)
{
	for (unsigned int i = 1; i < at.nr_code; i++) {
		const struct code code = at.code[i];
		unsigned int to = i;

		for (; to > 0 && at.code[to - 1].pc > code.pc; to--)
			at.code[to] = at.code[to - 1];
		at.code[to] = code;
	}
}

static void find_sections(void)
{
	for (const struct mm_section_mark *mark = __start_mm_section_marks;
		mark < __stop_mm_section_marks; mark++) {
		if (mark->kind == SECTION_ENTERED)
			add_section(mm_section_address(mark));
	}
	sort_code();
}

static struct code *find_code(uintptr_t pc)
{
	unsigned int low = 0, end = at.nr_code;

	while (low < end) {
		const unsigned int middle = (low + end) / 2;

		if (at.code[middle].pc == pc)
			return &at.code[middle];
		if (at.code[middle].pc < pc)
			low = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

static unsigned long random_below(unsigned long limit)
{
	at.chance ^= at.chance >> 12;
	at.chance ^= at.chance << 25;
	at.chance ^= at.chance >> 27;
	return (unsigned long)((at.chance * 0x2545f4914f6cdd1dUL) >> 16) % limit;
}

static unsigned long *name_of(const struct page *page)
{
	return page_address(page);
}

/* It is ours from now on, until disown(). */
static void own(struct page *page, unsigned long name)
{
	at.failed += !page;
	if (page)
		*(volatile unsigned long *)name_of(page) = name;
}

static void disown(struct page *page, unsigned long name)
{
	volatile unsigned long *owner = (volatile unsigned long *)name_of(page);

	at.changed += *owner != name;
	*owner = 0;
}

static void take_and_keep(unsigned int order)
{
	struct page *page = alloc_pages(GFP_ATOMIC, order);

	own(page, NAME_HOOK);
	if (!page)
		return;
	at.order[at.nr_held] = order;
	at.held[at.nr_held++] = page;
}

static void give_back(void)
{
	struct page *page = at.held[--at.nr_held];

	disown(page, NAME_HOOK);
	__free_pages(page, at.order[at.nr_held]);
}

static unsigned long nr_bypassed(void)
{
	return this_cpu->stat.pcp_bypass + this_cpu->stat_slow.pcp_bypass;
}

/* What a handler may do, by turns. Inside the caches none of it may touch them. */
static void use_allocator(unsigned int turn)
{
	const unsigned long before = nr_bypassed();
	unsigned int order = (unsigned int)random_below(2) * BLOCK_ORDER;

	if (turn % 3 == 0) {
		drain_local_pages();
		return;
	}
	if ((turn % 3 == 1 && at.nr_held < HELD) || at.nr_held == 0) {
		take_and_keep(order);
	} else {
		order = at.order[at.nr_held - 1];
		give_back();
	}
	if (this_cpu->busy) {
		at.inside++;
		/* Those of blocks are not counted. */
		at.not_bypassed += order == 0 && nr_bypassed() == before;
	}
}

/* The next one: late enough for the thread to come on meanwhile, however slow the host is. */
static void choose_next(uintptr_t pc)
{
	const uint64_t least = 4, most = cpu_time_hz() / TICK_HZ;

	if (pc == at.last_pc)
		at.longest += at.longest / 8 + 1;
	else
		at.longest -= at.longest / 64;
	if (at.longest < least || at.longest > most)
		at.longest = at.longest < least ? least : most;
	at.last_pc = pc;
	irq_start_tick((unsigned int)(cpu_time_hz() / (1 + random_below(at.longest))));
}

static void interrupt(void)
{
	const uintptr_t pc = arch_interrupted_pc();
	struct code *code = find_code(pc);

	if (this_cpu->id != at.cpu || at.stop)
		return;
	at.ticks++;
	if (code) {
		code->hits++;
		at.section[code->section].calls |= 1U << at.call;
	}
	if (code || this_cpu->busy)
		use_allocator(at.ticks);
	at.stop = at.changed || kernel.mm.faults.misuse != at.misuse;
	choose_next(pc);
}

/* Is there more to hit by this call? What no call has been seen in may belong to any. */
static bool is_wanted(enum call call)
{
	for (unsigned int i = 0; i < at.nr_code; i++) {
		const unsigned int calls = at.section[at.code[i].section].calls;

		if (at.code[i].hits < HITS && (calls == 0 || calls & 1U << call))
			return true;
	}
	return false;
}

static bool is_done(void)
{
	for (unsigned int call = 0; call < NR_CALLS; call++) {
		if (is_wanted(call))
			return at.stop || at.ticks >= MAX_TICKS;
	}
	return true;
}

static struct page *allocate(enum call call)
{
	at.call = call;
	switch (call) {
	case ALLOC_PAGES:
		return alloc_pages(GFP_KERNEL, 0);
	case ALLOC_BLOCK:
		return alloc_pages(GFP_KERNEL, BLOCK_ORDER);
	case ALLOC_ZEROED:
		return alloc_page(GFP_KERNEL | __GFP_ZERO);
	default:
		return alloc_page(GFP_KERNEL);
	}
}

static void release(struct page *page, enum call call)
{
	at.call = call;
	if (call == FREE_PAGES)
		__free_pages(page, 0);
	else if (call == FREE_BLOCK)
		__free_pages(page, BLOCK_ORDER);
	else
		__free_page(page);
}

/* The call itself, and one that goes with it. */
static void use_pages(enum call call)
{
	const bool block = call == ALLOC_BLOCK || call == FREE_BLOCK;
	const enum call alloc = call < FREE_PAGES ? call : block ? ALLOC_BLOCK : ALLOC_PAGE;
	const enum call free = call >= FREE_PAGES ? call : block ? FREE_BLOCK : FREE_PAGE;
	struct page *page = allocate(alloc);

	own(page, NAME_THREAD);
	if (page) {
		disown(page, NAME_THREAD);
		release(page, free);
	}
}

/* The caches' limits as they are, or so that each call finds them to be passed. */
static void set_limits(const struct per_cpu_pages *usual, unsigned int blocks_high, bool passed)
{
	struct per_cpu_pageset *set = this_cpu->first[GFP_KERNEL & GFP_ZONEMASK];
	struct per_cpu_pages *hot = &set->pcp[PCP_HOT];
	const irq_flags_t flags = irq_save();

	hot->low = passed ? UINT16_MAX : usual->low;
	hot->high = passed ? 0 : usual->high;
	hot->batch = passed ? 1 : usual->batch;
	set->block[BLOCK_ORDER - 1].high = (uint16_t)(passed ? 0 : blocks_high);
	irq_restore(flags);
}

static void use_all_calls(void *unused)
{
	const struct per_cpu_pageset *set = this_cpu->first[GFP_KERNEL & GFP_ZONEMASK];
	const struct per_cpu_pages usual = set->pcp[PCP_HOT];
	const unsigned int blocks_high = set->block[BLOCK_ORDER - 1].high;
	bool wanted[NR_CALLS];

	(void)unused;
	for (unsigned int round = 0; !is_done(); round++) {
		for (unsigned int call = 0; call < NR_CALLS; call++)
			wanted[call] = is_wanted(call);
		set_limits(&usual, blocks_high, round % 2);
		for (unsigned int i = 0; i < 16 && !at.stop; i++) {
			for (enum call call = 0; call < NR_CALLS; call++) {
				if (wanted[call])
					use_pages(call);
			}
		}
	}
	set_limits(&usual, blocks_high, false);
	irq_start_tick(TICK_HZ);
}

static void print_table(void)
{
	print("# address             offset  hits  call\n");
	for (unsigned int i = 0; i < at.nr_code; i++) {
		const struct code *code = &at.code[i];
		const struct section *section = &at.section[code->section];

		print("# 0x%016lx  %+6ld %5u ", (unsigned long)code->pc,
			(long)(code->pc - section->start), code->hits);
		for (unsigned int call = 0; call < NR_CALLS; call++) {
			if (section->calls & 1U << call)
				print(" %s", call_names[call]);
		}
		print("\n");
	}
	print("# %u interrupts, %u of them allocated or freed inside; %u sections, and %u that "
	      "call others\n",
		at.ticks, at.inside, at.nr_sections, at.nr_left_out);
}

static bool test_run(void)
{
	struct thread *thread;

	memset(&at, 0, sizeof(at));
	at.chance = 0x5eed;
	at.cpu = selftest_other_cpu();
	at.misuse = kernel.mm.faults.misuse;
	find_sections();
	EXPECT(!at.full && at.nr_code > 0);
	thread = thread_create("selftest", at.cpu, use_all_calls, NULL, DEFAULT_PRIO);
	EXPECT(thread);
	at.longest = cpu_time_hz() / TICK_HZ;
	tick_set_hook(interrupt);
	thread_join(thread);
	tick_set_hook(NULL);
	while (at.nr_held)
		give_back();
	print_table();
	return true;
}

static bool test_each_instruction(void)
{
	unsigned int never = 0, calls = 0;

	for (unsigned int i = 0; i < at.nr_code; i++)
		never += at.code[i].hits == 0;
	for (unsigned int i = 0; i < at.nr_sections; i++)
		calls |= at.section[i].calls;
	if (never)
		print("# %u of %u instructions were never interrupted, the zeroes above: QEMU "
		      "takes interrupts between its blocks only, unless it has -singlestep\n",
			never, at.nr_code);
	EXPECT(never == 0);
	EXPECT(calls == (1U << NR_CALLS) - 1);
	return true;
}

static bool test_bypass(void)
{
	EXPECT(at.inside > 0);
	EXPECT(at.not_bypassed == 0);
	return true;
}

static bool test_pages(void)
{
	EXPECT(kernel.mm.faults.misuse == at.misuse);
	EXPECT(at.changed == 0 && at.failed == 0);
	EXPECT(mm_check(&kernel.mm, NULL) == 0);
	return true;
}

static const struct selftest tests[] = {
	{"calls of the allocator, and interrupts that call it", test_run, false},
	{"each instruction inside the caches was interrupted", test_each_instruction, false},
	{"an interrupt inside does without the caches", test_bypass, false},
	{"no page has two owners, none is lost", test_pages, false},
};

int selftest_interrupts(int argc, char **argv)
{
	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	return selftest_run(tests, sizeof(tests) / sizeof(tests[0]));
}
