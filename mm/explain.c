/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: keeping and printing what the allocator noted on its way.
 *
 * Owns mm_task.explain, which the thread itself sets and clears, and the events of a record, which
 * that thread alone adds. No lock. The decisions are made, and noted, elsewhere: nothing is worked
 * out here that was not a value of the decision.
 *
 * Invariant: the newest event is always in the record. When there is no room it takes the place
 * of the one before, which is counted as lost; so the end can be seen, however long the way.
 */
#include "internal.h"

static void set_explain(struct mm_explain *record)
{
	irq_flags_t flags = irq_save();
	struct mm_task *task = mm_current();

	task->explain = record;
	mm_switch_task(task);
	irq_restore(flags);
}

void mm_explain_begin(struct mm_explain *record)
{
	ASSERT(!in_interrupt());
	ASSERT(!mm_current()->explain);
	record->nr = 0;
	record->lost = 0;
	set_explain(record);
}

void mm_explain_end(void)
{
	ASSERT(!in_interrupt());
	ASSERT(mm_current()->explain);
	set_explain(NULL);
}

struct mm_explain *explain_pause(void)
{
	struct mm_explain *record = mm_current()->explain;

	if (record)
		set_explain(NULL);
	return record;
}

void explain_resume(struct mm_explain *record)
{
	if (record)
		set_explain(record);
}

void mm_explain_add(struct mm_explain *record, const struct mm_explain_event *event)
{
	ASSERT(event->kind < NR_EXPLAIN_KINDS);
	if (record->nr == MM_EXPLAIN_EVENTS) {
		record->nr--;
		record->lost++;
	}
	record->event[record->nr++] = *event;
}

/* Printing: a function for each group of kinds, all of the same form. */

/* The zone that a line is about, indented. What follows on that line is indented deeper. */
static void print_zone(const struct mm_explain_event *event)
{
	print("  %d:%s ", event->zone->zone_pgdat->node_id, event->zone->name);
}

static void print_gfp(gfp_t gfp)
{
	static const char *const names[__GFP_BITS_SHIFT] = {"DMA", "HIGHMEM", "DMA32", "0x8",
		"WAIT", "HIGH", "IO", "FS", "COLD", "NOWARN", "REPEAT", "NOFAIL", "NORETRY",
		"NO_GROW", "COMP", "ZERO"};
	const char *between = "";

	print("gfp 0x%x (", gfp);
	for (unsigned int bit = 0; bit < __GFP_BITS_SHIFT; bit++) {
		if (gfp >> bit & 1) {
			print("%s%s", between, names[bit]);
			between = " ";
		}
	}
	print(gfp & __GFP_BITS_MASK ? ")" : "none)");
}

static void print_request(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_ALLOC:
		print("alloc order %lu, ", value[1]);
		print_gfp((gfp_t)value[0]);
		print(", thread %s, cpu %lu, from 0x%lx\n", event->text, value[3], value[2]);
		break;
	case EXPLAIN_POLICY:
		print("memory policy %s: a zonelist that starts at node %d\n", event->text,
			event->zone ? event->zone->zone_pgdat->node_id : -1);
		break;
	case EXPLAIN_ZONELIST:
		print("zonelist:");
		for (unsigned int i = 0; i < MM_EXPLAIN_VALUES && value[i]; i++) {
			const struct zone *zone = (const struct zone *)value[i];

			print(" %d:%s", zone->zone_pgdat->node_id, zone->name);
		}
		print("\n");
		break;
	case EXPLAIN_NO_LIST:
		print("there is no zonelist for gfp 0x%lx: NULL\n", value[0]);
		break;
	default: /* EXPLAIN_MISUSE */
		print("reported as misuse: %s\n", event->text);
	}
}

static const char *mark_name(unsigned long mark)
{
	static const char *const names[] = {"nothing", "pages_min", "pages_low", "pages_high"};

	return mark < sizeof(names) / sizeof(names[0]) ? names[mark] : "?";
}

static void print_pass(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_PASS:
		print("pass %s: a zone must keep %s%s%s\n", event->text, mark_name(value[0]),
			value[2] ? ", halved (HIGH)" : "",
			value[1] ? ", less a quarter (no WAIT, or real-time)" : "");
		break;
	case EXPLAIN_WATERMARK:
		print_zone(event);
		if (value[0])
			print("free %lu less %lu (order %lu)", value[1], (1UL << value[0]) - 1,
				value[0]);
		else
			print("free %lu", value[1]);
		print(value[5] ? " > " : " <= ");
		if (value[3] != value[2])
			print("%lu (of mark %lu)", value[3], value[2]);
		else
			print("mark %lu", value[2]);
		print(" + reserve %lu: %s\n", value[4], value[5] ? "yes" : "no");
		break;
	case EXPLAIN_ORDER:
		print("    without order %lu (%lu free blocks): %ld %s %ld: %s\n", value[0],
			value[1], (long)value[2], value[4] ? ">" : "<=", (long)value[3],
			value[4] ? "yes" : "no");
		break;
	default: /* EXPLAIN_NO_MARK */
		print_zone(event);
		print("free %lu: asked whatever is left\n", value[0]);
	}
}

static void print_cache(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	print_zone(event);
	switch (event->kind) {
	case EXPLAIN_CACHE:
		print("%s cache of cpu %lu: %lu pages, low %lu, high %lu, batch %lu\n", event->text,
			value[0], value[1], value[2], value[3], value[4]);
		break;
	case EXPLAIN_BLOCKS:
		print("order-%lu cache of cpu %lu: %lu blocks, high %lu, batch %lu\n", value[1],
			value[0], value[2], value[3], value[4]);
		break;
	case EXPLAIN_REFILL:
		print("refill, as it is not above low: %lu of %lu pages came\n", value[0],
			value[1]);
		break;
	case EXPLAIN_CACHE_HIT:
		print("pfn 0x%lx is taken from the cache, %lu are left\n", value[0], value[1]);
		break;
	case EXPLAIN_SPILL:
		print("spill, as it has reached high: the %lu oldest %s go\n", value[0],
			value[1] ? "blocks" : "pages");
		break;
	default: /* EXPLAIN_CACHED */
		print("pfn 0x%lx is put into the cache: %lu %s\n", value[0], value[1],
			value[2] ? "blocks" : "pages");
	}
}

static void print_taking(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_FOUND:
		print_zone(event);
		print("buddy: takes pfn 0x%lx of order %lu", value[2], value[1]);
		if (value[1] == value[0] + 1)
			print(", as there is none of order %lu", value[0]);
		else if (value[1] > value[0])
			print(", as there is none of orders %lu to %lu", value[0], value[1] - 1);
		print("\n");
		break;
	case EXPLAIN_SPLIT:
		print("    split: keeps pfn 0x%lx, lists pfn 0x%lx, order %lu each\n", value[0],
			value[1], value[2]);
		break;
	case EXPLAIN_ONLINE:
		print("    online: pfn 0x%lx of order 10; %lu pages are offline still\n", value[0],
			value[1]);
		break;
	default: /* EXPLAIN_EMPTY */
		print_zone(event);
		print("buddy: no free block of order %lu or above\n", value[0]);
	}
}

static void print_merging(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_BLOCK:
		print_zone(event);
		print("buddy: frees pfn 0x%lx of order %lu\n", value[0], value[1]);
		break;
	case EXPLAIN_MERGE:
		print("    buddy pfn 0x%lx is free, too: now pfn 0x%lx of order %lu\n", value[0],
			value[2], value[1] + 1);
		break;
	case EXPLAIN_NO_MERGE:
		print("    buddy pfn 0x%lx %s: ends at order %lu\n", value[0], event->text,
			value[1]);
		break;
	default: /* EXPLAIN_LISTED */
		print("    listed: pfn 0x%lx of order %lu\n", value[0], value[1]);
	}
}

static void print_block(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_SET_ASIDE:
		print("  pfn 0x%lx of order %lu is corrupt: set aside for good\n", value[0],
			value[1]);
		break;
	case EXPLAIN_ZEROED:
		print("  zeroed: %lu pages\n", value[0]);
		break;
	case EXPLAIN_COMPOUND:
		print("  marked as one compound page of order %lu\n", value[0]);
		break;
	case EXPLAIN_PAGE:
		print("handed out: pfn 0x%lx of order %lu, address 0x%lx, node %d zone %s\n",
			value[0], value[1], value[2], event->zone->zone_pgdat->node_id,
			event->zone->name);
		break;
	default: /* EXPLAIN_FAILED */
		print("NULL: %s\n", event->text);
	}
}

static void print_kswapd(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	print_zone(event);
	if (value[1])
		print("kswapd of node %d is woken for order %lu\n",
			event->zone->zone_pgdat->node_id, value[0]);
	else
		print("kswapd is not woken: order %lu is there, above pages_low\n", value[0]);
}

static void print_slow(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_SLOW:
		print("no zone serves: the slow path\n");
		break;
	case EXPLAIN_KSWAPD:
		print_kswapd(event);
		break;
	case EXPLAIN_RESERVES:
		print("thread may use the reserves: %s\n", event->text);
		break;
	case EXPLAIN_RECLAIM:
		print("direct reclaim: %s, free pages %lu -> %lu, scanned %lu, reclaimed %lu\n",
			value[0] ? "progress" : "none", value[1], value[2], value[3], value[4]);
		break;
	case EXPLAIN_OOM:
		print("out of memory: somebody is told to let go, and all starts again\n");
		break;
	case EXPLAIN_GIVE_BACK:
		print("this cpu gives back blocks that it cached\n");
		break;
	case EXPLAIN_FETCH:
		print("what cpus cached has been fetched back\n");
		break;
	default: /* EXPLAIN_RETRY */
		print("waits for a write to end, and tries again: %s\n", event->text);
	}
}

static void print_free(const struct mm_explain_event *event)
{
	const unsigned long *value = event->value;

	switch (event->kind) {
	case EXPLAIN_FREE:
		print("free pfn 0x%lx order %lu, count %lu, thread %s, cpu %lu, from 0x%lx\n",
			value[0], value[1], value[4], event->text, value[3], value[2]);
		break;
	case EXPLAIN_CHECKED:
		print("  the last reference, of this order, nothing left by its owner\n");
		break;
	default: /* EXPLAIN_REFERENCE */
		print("one reference less, %lu left\n", value[0]);
	}
}

void mm_explain_print(const struct mm_explain *record)
{
	static void (*const print_event[NR_EXPLAIN_KINDS])(const struct mm_explain_event *) = {
		[EXPLAIN_ALLOC... EXPLAIN_MISUSE] = print_request,
		[EXPLAIN_PASS... EXPLAIN_NO_MARK] = print_pass,
		[EXPLAIN_CACHE... EXPLAIN_CACHE_HIT] = print_cache,
		[EXPLAIN_FOUND... EXPLAIN_EMPTY] = print_taking,
		[EXPLAIN_SET_ASIDE... EXPLAIN_FAILED] = print_block,
		[EXPLAIN_SLOW... EXPLAIN_RETRY] = print_slow,
		[EXPLAIN_FREE... EXPLAIN_REFERENCE] = print_free,
		[EXPLAIN_SPILL... EXPLAIN_CACHED] = print_cache,
		[EXPLAIN_BLOCK... EXPLAIN_LISTED] = print_merging,
	};

	for (unsigned int i = 0; i < record->nr; i++) {
		const struct mm_explain_event *event = &record->event[i];

		if (record->lost && i == record->nr - 1)
			print("(%lu decisions are left out: no room)\n", record->lost);
		ASSERT(event->kind < NR_EXPLAIN_KINDS);
		print_event[event->kind](event);
	}
}
