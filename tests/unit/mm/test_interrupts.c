/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interrupt at each instruction inside the caches, by the trap flag of x86-64: the processor
 * traps behind each instruction of a call, and at one chosen step the handler poses as an interrupt
 * that uses the allocator. Each step has its turn, from the first inside the caches on: all
 * interleavings of the two are tried.
 *
 * Owns `at`: the state of the one call that is stepped through.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <ucontext.h>
#include "unit.h"

/* What the interrupt does. */
enum action { TAKE, GIVE, DRAIN, NR_ACTIONS };

/* More than a section of the fast path has, with the checks of a sanitizer. */
#define MAX_STEPS 160U

#if defined(__x86_64__)
#include <x86intrin.h>

#define TRAP_FLAG 0x100UL

static volatile struct {
	bool stepping;
	enum action action;
	unsigned int order;         /* of the call, and of what the interrupt does */
	unsigned int step, chosen;  /* the interrupt comes at step `chosen` */
	bool entered, came, inside; /* the caches; the interrupt did; to find the CPU in them */
	unsigned long bypassed;
	struct page *held; /* the interrupt's */
} at;

static unsigned long nr_bypassed(void)
{
	return this_cpu->stat.pcp_bypass + this_cpu->stat_slow.pcp_bypass;
}

static void act(void)
{
	if (at.action == TAKE)
		at.held = alloc_pages(GFP_ATOMIC, at.order);
	else if (at.action == GIVE)
		__free_pages(at.held, at.order);
	else
		drain_local_pages();
}

/* The trap flag is off in here: the signal's frame has it, and gives it back. */
static void trap(int number, siginfo_t *info, void *frame)
{
	unsigned long before;

	(void)number, (void)info;
	if (!at.stepping || at.came)
		return;
	at.entered |= this_cpu->busy != 0;
	if (!at.entered || at.step++ < at.chosen || !host_irqs_enabled)
		return;
	((ucontext_t *)frame)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	at.came = true;
	at.inside = this_cpu->busy;
	this_cpu->irq_depth++;
	host_irqs_enabled = false;
	before = nr_bypassed();
	act();
	at.bypassed = nr_bypassed() - before;
	host_irqs_enabled = true;
	this_cpu->irq_depth--;
}

static void step_on(void)
{
	at.stepping = true;
	barrier();
	__writeeflags(__readeflags() | TRAP_FLAG);
}

static void step_off(void)
{
	__writeeflags(__readeflags() & ~TRAP_FLAG);
	barrier();
	at.stepping = false;
}

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

#define BLOCK_ORDER 3U

static unsigned int order_of(enum call call)
{
	return call == ALLOC_BLOCK || call == FREE_BLOCK ? BLOCK_ORDER : 0;
}

static struct page *do_call(enum call call, struct page *page)
{
	step_on();
	switch (call) {
	case ALLOC_PAGES:
		page = alloc_pages(GFP_KERNEL, 0);
		break;
	case ALLOC_PAGE:
		page = alloc_page(GFP_KERNEL);
		break;
	case ALLOC_ZEROED:
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		break;
	case ALLOC_BLOCK:
		page = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		break;
	case FREE_PAGES:
		__free_pages(page, 0);
		break;
	case FREE_BLOCK:
		__free_pages(page, BLOCK_ORDER);
		break;
	default:
		__free_page(page);
	}
	step_off();
	return page;
}

/* The caches as a call may find them: with room and pages, or with nothing to spare either way. */
static void prepare(struct machine *machine, bool passed)
{
	const struct zone *zone = machine_zone(machine, 0, ZONE_NORMAL);
	struct per_cpu_pages *hot = cache_of(machine, 0, zone, PCP_HOT);
	struct per_cpu_pages *block = &this_cpu->pageset[zone->index].block[BLOCK_ORDER - 1];

	block->high = passed ? 0 : 4;
	__free_page(alloc_page(GFP_KERNEL));
	__free_pages(alloc_pages(GFP_KERNEL, BLOCK_ORDER), BLOCK_ORDER);
	hot->low = passed ? UINT16_MAX : 2 * hot->batch;
	hot->high = passed ? 0 : 6 * hot->batch;
}

/* One call with the interrupt at this step; false: it was over before. */
static bool call_once(
	struct machine *machine, enum call call, enum action action, bool passed, unsigned int step)
{
	const bool alloc = call < FREE_PAGES;
	const unsigned int order = order_of(call);
	struct page *page;

	at.order = order;
	at.held = action == GIVE ? alloc_pages(GFP_KERNEL, order) : NULL;
	page = alloc ? NULL : alloc_pages(GFP_KERNEL, order);
	prepare(machine, passed);
	at.action = action;
	at.step = 0;
	at.chosen = step;
	at.entered = at.came = at.inside = false;
	page = do_call(call, page);
	assert_no_misuse();
	if (!at.came && action == GIVE)
		__free_pages(at.held, order);
	if (at.came && at.inside && action != DRAIN)
		assert_int_equal(at.bypassed, order == 0);
	/* What was asked for inside is done at the end. */
	assert_int_equal(this_cpu->pending, 0);
	assert_int_equal(this_cpu->busy, 0);
	if (action == TAKE && at.came) {
		assert_non_null(at.held);
		if (alloc)
			assert_ptr_not_equal(at.held, page);
		__free_pages(at.held, order);
	}
	if (alloc) {
		assert_non_null(page);
		__free_pages(page, order);
	}
	prepare(machine, false);
	assert_int_equal(mm_check(&machine->mm, NULL), 0);
	return at.came;
}

static void each_step(struct machine *machine, enum call call, bool passed)
{
	for (enum action action = 0; action < NR_ACTIONS; action++) {
		unsigned int step = 0, inside = 0;

		/* Steps at which interrupts are off are those before the next one. */
		while (step < MAX_STEPS && call_once(machine, call, action, passed, step)) {
			inside += at.inside;
			step = at.step;
		}
		/* A section has some instructions more than the test for what it can serve. */
		if (inside <= (passed ? 2 : 8))
			fail_msg("call %u, action %u, %s: interrupted at %u steps inside", call,
				action, passed ? "limits passed" : "plain", inside);
	}
}

static void an_interrupt_at_each_instruction(void **state)
{
	static const struct machine_spec spec = {.bank = {{0, 4096, 0}}, .pcp_share = 8};
	struct machine *machine = machine_create(&spec);
	struct sigaction action = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO}, before;

	(void)state;
	/* With it on, blocks go around the fast path. */
	mm_debug_set(&machine->mm, MM_DEBUG_TAILS, false);
	assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
	for (enum call call = 0; call < NR_CALLS; call++) {
		each_step(machine, call, false);
		each_step(machine, call, true);
	}
	assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
	machine_destroy(machine);
}

#else

static void an_interrupt_at_each_instruction(void **state)
{
	(void)state;
	print_message("only x86-64 steps through its own code\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_at_each_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
