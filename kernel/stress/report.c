/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people read: the start, the progress, the table, the verdict; and what must not be zero.
 *
 * Reads everything, owns nothing. The last line's form is what scripts look for.
 */
#include <inttypes.h>
#include <port/cpu.h>
#include <port/print.h>
#include "core.h"

/** A CPU that has made fewer steps may well lack something by chance. */
#define COVERAGE_STEPS 8192UL
/** And one with fewer interrupts. */
#define COVERAGE_TICKS 16UL
/** The same for all CPUs together, however few each has done. */
#define COVERAGE_TOTAL_STEPS 65536UL
#define COVERAGE_TOTAL_TICKS 64UL
/** Milliseconds in which some interrupt comes on some CPU. */
#define COVERAGE_MS 1000U

uint64_t stress_total_ops(const struct stress *s)
{
	uint64_t ops = 0;

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		ops += count_get(&s->cpu[i]->task.ops);
	return ops;
}

void stress_print_start(const struct stress *s)
{
	print("stress: seed %" PRIu64 ", %u workers on %u cpus, footprint %lu MiB: %lu KiB and "
	      "orders 0..%u each",
		s->params.seed, s->nr_workers, s->nr_cpus, s->footprint_pages >> (20 - PAGE_SHIFT),
		pages_to_kb(s->worker[0]->holder.limit), s->order_max);
	print("; %u zones %s\n", s->nr_zones,
		s->pressure ? "are held at their low marks" : "fit and are emptied");
}

/* Milliseconds; the start is a few years of ticks away from an overflow. */
static uint64_t to_ms(uint64_t ticks)
{
	uint64_t hz = cpu_time_hz();

	return ticks / hz * 1000 + ticks % hz * 1000 / hz;
}

void stress_print_progress(const struct stress *s, uint64_t now)
{
	uint64_t ms = to_ms(now - s->start_time);
	uint64_t ops = stress_total_ops(s);

	print("stress: %" PRIu64 ".%" PRIu64 " s, %" PRIu64, ms / 1000, ms % 1000 / 100, ops);
	if (s->params.ops)
		print(" of %" PRIu64, s->params.ops);
	print(" ops, %" PRIu64 "/s, %lu MiB held, %lu zones lowered, violations=%u\n",
		ms ? ops * 1000 / ms : 0, stress_held(s) >> (20 - PAGE_SHIFT),
		atomic_load(&s->nr_lowered), atomic_load(&s->violations));
}

/* Order-0 allocations that a CPU's cache served without a refill. */
static unsigned long cache_hits(const struct stress *s, const struct stress_cpu *c)
{
	struct mm_cpu_stat now;
	unsigned long served, refills;

	mm_cpu_sum_stat(s->mm->cpu[c->id], &now);
	served = now.pcp_alloc - c->stat_before.pcp_alloc;
	refills = now.pcp_refill - c->stat_before.pcp_refill;
	return served > refills ? served - refills : 0;
}

/* Both contexts' share of a counter. */
#define SUM(c, field) (count_get(&(c)->task.field) + count_get(&(c)->irq.field))

static void print_events(const struct stress *s, uint64_t ms)
{
	print("stress: %5s %10s %8s %9s %8s %7s %7s %7s %7s %7s\n", "hart", "ops", "ops/s", "hits",
		"remote", "irq", "handed", "cold", "zeroed", "nothing");
	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		const struct stress_cpu *c = s->cpu[i];
		unsigned long ops = count_get(&c->task.ops);

		print("stress: %5" PRIu64 " %10lu %8" PRIu64
		      " %9lu %8lu %7lu %7lu %7lu %7lu %7lu\n",
			c->hwid, ops, ms ? ops * 1000 / ms : 0, cache_hits(s, c), SUM(c, remote),
			count_get(&c->irq.allocs), SUM(c, handed), SUM(c, cold), SUM(c, zeroed),
			SUM(c, failed));
	}
}

static void print_orders(const struct stress *s)
{
	print("stress: %5s", "hart");
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		print(" %5s%-2u", "order", order);
	print("\n");
	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		print("stress: %5" PRIu64, s->cpu[i]->hwid);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			print(" %7lu", SUM(s->cpu[i], order[order]));
		print("\n");
	}
}

static unsigned long sum_modifier(const struct stress *s, gfp_t modifier)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		nr += SUM(s->cpu[i], modifier[modifier]);
	return nr;
}

static unsigned long sum_policy(const struct stress *s, enum mpol_mode mode)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		nr += SUM(s->cpu[i], policy[mode]);
	return nr;
}

/* Each fault that was injected is a NULL that somebody here has got. */
static void print_faults(const struct stress *s)
{
	const unsigned long injected = mm_fault_injected(s->mm) - s->faults_before;
	unsigned long got = atomic_load(&s->owners.faults);

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		got += SUM(s->cpu[i], faults);
	if (injected || got)
		print("stress: %lu faults were injected, and %lu requests got NULL by them\n",
			injected, got);
}

void stress_print_table(const struct stress *s)
{
	uint64_t ms = to_ms(s->end_time - s->start_time);
	unsigned long compound = 0, split = 0;

	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		compound += SUM(s->cpu[i], compound);
		split += SUM(s->cpu[i], split);
	}
	print_events(s, ms);
	print_orders(s);
	print("stress: modifiers: none %lu, DMA %lu, DMA32 %lu, HIGHMEM %lu; compound %lu, split "
	      "%lu\n",
		sum_modifier(s, 0), sum_modifier(s, __GFP_DMA), sum_modifier(s, __GFP_DMA32),
		sum_modifier(s, __GFP_HIGHMEM), compound, split);
	print("stress: policies: default %lu, preferred %lu, bind %lu, interleave %lu\n",
		sum_policy(s, MPOL_DEFAULT), sum_policy(s, MPOL_PREFERRED),
		sum_policy(s, MPOL_BIND), sum_policy(s, MPOL_INTERLEAVE));
	if (s->pressure)
		pressure_print(s);
	print("stress: %lu bursts: a zone at its mark %lu times, empty %lu times; %lu drains, at "
	      "most %lu MiB held, %u "
	      "checks, %" PRIu64 ".%" PRIu64 " s, choices 0x%016" PRIx64 "\n",
		atomic_load(&s->nr_bursts), atomic_load(&s->nr_lowered),
		atomic_load(&s->nr_emptied), atomic_load(&s->nr_drains),
		s->peak >> (20 - PAGE_SHIFT), s->checks, ms / 1000, ms % 1000 / 100, s->digest);
	print_faults(s);
}

static bool gap(const char *who, uint64_t number, const char *what, unsigned long value)
{
	if (value)
		return false;
	print("stress: %s %" PRIu64 ": no %s\n", who, number, what);
	return true;
}

/* What must have happened on one CPU, or on all of them together. */
struct coverage {
	unsigned long ops, ticks;
	unsigned long hits, remote, cold, zeroed, compound, split;
	unsigned long irq_allocs, handed;
	unsigned long order[MAX_ORDER];
};

static void add_coverage(struct coverage *sum, const struct stress *s, const struct stress_cpu *c)
{
	sum->ops += count_get(&c->task.ops);
	sum->ticks += count_get(&c->irq.ticks);
	sum->hits += cache_hits(s, c);
	sum->remote += SUM(c, remote);
	sum->cold += SUM(c, cold);
	sum->zeroed += SUM(c, zeroed);
	sum->compound += SUM(c, compound);
	sum->split += SUM(c, split);
	sum->irq_allocs += count_get(&c->irq.allocs);
	sum->handed += SUM(c, handed);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		sum->order[order] += SUM(c, order[order]);
}

static bool interrupt_gap(const char *who, uint64_t number, const struct coverage *seen)
{
	bool found = gap(who, number, "allocations in interrupts", seen->irq_allocs);

	found |= gap(who, number, "pages from one context to the other", seen->handed);
	return found;
}

static bool task_gap(
	const struct stress *s, const char *who, uint64_t number, const struct coverage *seen)
{
	bool found = gap(who, number, "cache hits", seen->hits);

	found |= gap(who, number, "remote frees", s->nr_cpus == 1 || seen->remote);
	found |= gap(who, number, "cold pages", seen->cold);
	found |= gap(who, number, "zeroed pages", seen->zeroed);
	found |= gap(who, number, "compound pages", seen->compound);
	found |= gap(who, number, "split pages", seen->split);
	for (unsigned int order = 0; order <= s->order_max; order++) {
		if (seen->order[order] == 0)
			found |= gap(who, number, "blocks of some order", 0);
	}
	return found;
}

/* Each CPU that has done enough for that; says how many have not. */
static bool gap_on_some_cpu(const struct stress *s)
{
	unsigned int few_steps = 0, few_ticks = 0;
	bool found = false;

	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		const struct stress_cpu *c = s->cpu[i];
		struct coverage seen = {0};

		add_coverage(&seen, s, c);
		if (seen.ticks >= COVERAGE_TICKS)
			found |= interrupt_gap("hart", c->hwid, &seen);
		else
			few_ticks++;
		if (seen.ops >= COVERAGE_STEPS)
			found |= task_gap(s, "hart", c->hwid, &seen);
		else
			few_steps++;
	}
	if (few_steps || few_ticks)
		print("stress: coverage of single harts not judged: %u with fewer than %lu "
		      "ops, %u with fewer than %lu interrupts\n",
			few_steps, COVERAGE_STEPS, few_ticks, COVERAGE_TICKS);
	return found;
}

static bool drain_was_due(const struct stress *s)
{
	for (unsigned int i = 0; i < s->nr_workers; i++) {
		if (worker_drains(s->worker[i]) && s->worker[i]->done >= DRAIN_STEPS)
			return true;
	}
	return false;
}

/* All CPUs together; says so when that was not enough either. */
static bool gap_on_all_cpus(const struct stress *s)
{
	struct coverage seen = {0};
	bool found = false;

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		add_coverage(&seen, s, s->cpu[i]);
	if (to_ms(s->end_time - s->start_time) >= COVERAGE_MS)
		found |= gap("all harts:", s->nr_cpus, "interrupts", seen.ticks);
	if (seen.ticks >= COVERAGE_TOTAL_TICKS)
		found |= interrupt_gap("all harts:", s->nr_cpus, &seen);
	if (seen.ops >= COVERAGE_TOTAL_STEPS)
		found |= task_gap(s, "all harts:", s->nr_cpus, &seen);
	if (drain_was_due(s))
		found |= gap("all harts:", s->nr_cpus, "drains of the caches",
			atomic_load(&s->nr_drains));
	if (seen.ops < COVERAGE_TOTAL_STEPS || seen.ticks < COVERAGE_TOTAL_TICKS)
		print("stress: coverage of all harts together not judged in full: %lu of %lu ops, "
		      "%lu of %lu interrupts\n",
			seen.ops, COVERAGE_TOTAL_STEPS, seen.ticks, COVERAGE_TOTAL_TICKS);
	return found;
}

/* A modifier that has memory to ask for, and never got a block. */
static bool modifier_gap(const struct stress *s)
{
	static const gfp_t modifiers[] = {0, __GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM};
	bool found = false;

	if (stress_total_ops(s) < COVERAGE_STEPS)
		return false;
	for (unsigned int i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
		if (memblock_present(
			    s->mm->memblock, MEMBLOCK_ANY_NODE, 0, s->limit_pfn[modifiers[i]]))
			found |= gap("zone modifier", modifiers[i], "blocks",
				sum_modifier(s, modifiers[i]));
	}
	return found;
}

static bool policy_gap(const struct stress *s)
{
	bool found = false;

	for (unsigned int i = 0; i < s->nr_policies; i++) {
		if (stress_total_ops(s) >= COVERAGE_TOTAL_STEPS)
			found |= gap("policy", s->policy[i].mode, "blocks under it",
				sum_policy(s, s->policy[i].mode));
	}
	return found;
}

/* A refill passes the mark by a batch: a zone of a lower one may have nothing left to refuse. */
#define MARKED_PAGES 64UL

static bool burst_gap(const struct stress *s)
{
	bool alone = false, marked = true, found;

	if (s->pressure || s->nr_zones == 0 || atomic_load(&s->nr_bursts) == 0)
		return false;
	found = gap("zones that fit:", s->nr_zones, "zone brought down to its mark",
		atomic_load(&s->nr_lowered));
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		alone |= s->zone[i].alone;
		marked &= s->zone[i].zone->pages_low >= MARKED_PAGES;
	}
	if (marked)
		found |= gap("zones that fit:", s->nr_zones, "request refused because of a mark",
			atomic_load(&s->nr_passed_on));
	/* Each zone in turn: with fewer bursts, the one that can be emptied may not have come. */
	if (alone && atomic_load(&s->nr_bursts) >= s->nr_zones)
		found |= gap("zones that fit:", s->nr_zones, "zone emptied by PF_MEMALLOC",
			atomic_load(&s->nr_emptied));
	return found;
}

/* Interrupts have to get pages, though all zones are low; a few may find even their mark reached.
 */
static bool pressure_gap(const struct stress *s)
{
	unsigned long asked = 0, served = 0;
	bool found;

	if (!s->pressure || stress_total_ops(s) < COVERAGE_TOTAL_STEPS)
		return false;
	for (unsigned int i = 0; i < s->nr_cpus; i++) {
		asked += count_get(&s->cpu[i]->irq.low_asked);
		served += count_get(&s->cpu[i]->irq.low_served);
	}
	found = gap("zones:", s->nr_zones, "request in an interrupt while all were low", asked);
	if (asked)
		found |= gap("zones:", s->nr_zones,
			"single pages for nine in ten of the interrupts' requests",
			served * 10 >= asked * 9);
	found |= gap("zones:", s->nr_zones, "pages reclaimed", pressure_stolen(s));
	if (s->checks > 1)
		found |= gap("zones:", s->nr_zones, "requests probed", s->probed);
	return found;
}

bool stress_coverage_gap(const struct stress *s)
{
	bool found = modifier_gap(s);

	found |= gap_on_some_cpu(s);
	found |= gap_on_all_cpus(s);
	found |= policy_gap(s);
	found |= burst_gap(s);
	found |= pressure_gap(s);
	return found;
}

void stress_print_verdict(const struct stress *s)
{
	unsigned int violations = atomic_load(&s->violations);
	const char *verdict = violations ? "FAIL" : s->broken_off ? "INTERRUPTED" : "PASS";

	print("stress: %s ops=%" PRIu64 " violations=%u leaked=%ld seed=%" PRIu64, verdict,
		s->total_ops, violations, s->leaked, s->params.seed);
	if (violations)
		print(" kind=%s", stress_kind_name((enum stress_kind)atomic_load(&s->kind)));
	print("\n");
}
