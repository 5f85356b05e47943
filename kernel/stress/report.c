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
	print("; %u zones fit and are emptied\n", s->nr_zones);
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
	print(" ops, %" PRIu64 "/s, %lu MiB held, %lu zones emptied, violations=%u\n",
		ms ? ops * 1000 / ms : 0, stress_held(s) >> (20 - PAGE_SHIFT),
		atomic_load(&s->nr_emptied), atomic_load(&s->violations));
}

/* Order-0 allocations that a CPU's cache served without a refill. */
static unsigned long cache_hits(const struct stress *s, const struct stress_cpu *c)
{
	const struct mm_cpu_stat *now = &s->mm->cpu[c->id]->stat;
	unsigned long served = now->pcp_alloc - c->stat_before.pcp_alloc;
	unsigned long refills = now->pcp_refill - c->stat_before.pcp_refill;

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
	print("stress: %lu bursts emptied a zone %lu times, at most %lu MiB held, %u checks, "
	      "%" PRIu64 ".%" PRIu64 " s, choices 0x%016" PRIx64 "\n",
		atomic_load(&s->nr_bursts), atomic_load(&s->nr_emptied),
		s->peak >> (20 - PAGE_SHIFT), s->checks, ms / 1000, ms % 1000 / 100, s->digest);
}

static bool gap(const char *who, uint64_t number, const char *what, unsigned long value)
{
	if (value)
		return false;
	print("stress: %s %" PRIu64 ": no %s\n", who, number, what);
	return true;
}

static bool cpu_gap(const struct stress *s, const struct stress_cpu *c)
{
	bool found = false;

	if (count_get(&c->irq.ticks) >= COVERAGE_TICKS) {
		found |= gap("hart", c->hwid, "allocations in interrupts", c->irq.allocs);
		found |= gap(
			"hart", c->hwid, "pages from one context to the other", SUM(c, handed));
	}
	if (count_get(&c->task.ops) < COVERAGE_STEPS)
		return found;
	found |= gap("hart", c->hwid, "cache hits", cache_hits(s, c));
	found |= gap("hart", c->hwid, "remote frees", s->nr_cpus == 1 || SUM(c, remote));
	found |= gap("hart", c->hwid, "cold pages", SUM(c, cold));
	found |= gap("hart", c->hwid, "zeroed pages", SUM(c, zeroed));
	found |= gap("hart", c->hwid, "compound pages", SUM(c, compound));
	found |= gap("hart", c->hwid, "split pages", SUM(c, split));
	for (unsigned int order = 0; order <= s->order_max; order++) {
		if (SUM(c, order[order]) == 0)
			found |= gap("hart", c->hwid, "blocks of some order", 0);
	}
	return found;
}

bool stress_coverage_gap(const struct stress *s)
{
	bool found = false;

	for (unsigned int i = 0; i < s->nr_cpus; i++)
		found |= cpu_gap(s, s->cpu[i]);
	if (s->nr_zones && atomic_load(&s->nr_bursts))
		found |= gap("zones that fit:", s->nr_zones, "zone emptied",
			atomic_load(&s->nr_emptied));
	return found;
}

void stress_print_verdict(const struct stress *s)
{
	unsigned int violations = atomic_load(&s->violations);

	print("stress: %s ops=%" PRIu64 " violations=%u leaked=%ld seed=%" PRIu64,
		violations ? "FAIL" : "PASS", s->total_ops, violations, s->leaked, s->params.seed);
	if (violations)
		print(" kind=%s", stress_kind_name((enum stress_kind)atomic_load(&s->kind)));
	print("\n");
}
