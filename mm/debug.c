/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debugging levels: the table of them, their switch, and where each comes in on a block's way.
 *
 *	debug_alloc -> (a zone gives a block) debug_take -> debug_taken -> its owner
 *	the caches, the buddy system <- debug_freed <- (checked) <- debug_free <- its owner
 *
 * Owns mm->debug and, through mm_cpu.pending, MM_SWITCH_DEBUG of each CPU's word. One caller at a
 * time switches. A CPU takes the new word between two uses of its caches, so a call that began with
 * the old word may still be under way when all have it: each level says how it lives with that.
 */
#include <mm/page_owner.h>
#include <port/task.h>
#include "internal.h"

const struct mm_debug_level mm_debug_levels[] = {
	{MM_DEBUG_TAILS, "tails", "look at every page of a block, not at its head alone", NULL,
		NULL},
	{MM_DEBUG_LISTS, "lists", "look at the links of a free list before they are followed", NULL,
		NULL},
	{MM_DEBUG_OWNER, "owner", "keep who allocated and who freed each page", page_owner_prepare,
		NULL},
	{MM_DEBUG_POISON, "poison", "fill what is freed, and look whether it has changed", NULL,
		poison_changed},
	{MM_DEBUG_QUARANTINE, "quarantine", "let what is freed wait before it is handed out again",
		NULL, quarantine_changed},
	{MM_DEBUG_UNMAP, "unmap", "unmap what is freed, so that an access traps", unmap_prepare,
		unmap_changed},
	{MM_DEBUG_TRACE, "trace", "keep the last events of each CPU, as `trace` says",
		trace_prepare, trace_changed},
	{MM_DEBUG_FAULT, "fault", "requests fail on purpose, as `fault` says", NULL, NULL},
	{MM_DEBUG_LOCKS, "locks", "time how long zones' locks are held, for `locks`", NULL,
		zone_lock_changed},
	{MM_DEBUG_CONTEXT, "context", "may each caller that says it can sleep do so?", NULL, NULL},
};
const unsigned int nr_mm_debug_levels = sizeof(mm_debug_levels) / sizeof(mm_debug_levels[0]);

unsigned int mm_debug(const struct mm *mm)
{
	return __atomic_load_n(&mm->debug, __ATOMIC_ACQUIRE);
}

static bool is_name(const char *name, const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && name[i] && name[i] == text[i])
		i++;
	return i == length && !name[i];
}

const struct mm_debug_level *mm_debug_find(const char *name, size_t length)
{
	for (unsigned int i = 0; i < nr_mm_debug_levels; i++)
		if (is_name(mm_debug_levels[i].name, name, length))
			return &mm_debug_levels[i];
	return NULL;
}

static int switch_level(struct mm *mm, const struct mm_debug_level *level, bool on)
{
	int error = on && level->prepare ? level->prepare(mm) : 0;

	if (error)
		return error;
	if (on)
		__atomic_fetch_or(&mm->debug, level->bit, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&mm->debug, ~level->bit, __ATOMIC_RELEASE);
	if (level->bit & (MM_SWITCH_DEBUG | MM_SWITCH_BLOCKS))
		pcp_tell_debug(mm);
	if (level->changed)
		level->changed(mm, on);
	return 0;
}

int mm_debug_set(struct mm *mm, unsigned int levels, bool on)
{
	for (unsigned int i = 0; i < nr_mm_debug_levels; i++) {
		const struct mm_debug_level *level = &mm_debug_levels[i];
		const bool is_on = mm_debug(mm) & level->bit;
		int error = levels & level->bit && is_on != on ? switch_level(mm, level, on) : 0;

		if (error)
			return error;
	}
	return 0;
}

/* Its lock is held by the caller: what needs it would wait for ever. */
static bool is_locked_here(const struct zone *zone)
{
	return spin_is_mine(&zone->lock);
}

static bool may_be_served(const struct alloc_request *request)
{
	const struct zonelist *list = request->zonelist;

	/* Before the CPU is online everybody runs with interrupts off, and may. */
	if (request->gfp & __GFP_WAIT && this_cpu->online && !task_may_sleep())
		misuse(MISUSE_ATOMIC_SLEEP, NULL, request->order, request->caller);
	for (unsigned int i = 0; list && i < list->nr; i++) {
		if (is_locked_here(list->zones[i])) {
			misuse(MISUSE_ZONE_LOCKED, NULL, request->order, request->caller);
			return false;
		}
	}
	return true;
}

static void trace_request(
	enum mm_trace_op op, const struct page *page, const struct alloc_request *request)
{
	const struct zonelist *list = request->zonelist;

	trace_add(&(struct trace_entry){op, page, request->order, request->gfp,
		list && list->nr ? list->zones[0]->zone_pgdat->node_id : -1, request->caller});
}

bool debug_alloc(unsigned int levels, const struct alloc_request *request)
{
	if (levels & MM_DEBUG_CONTEXT && !may_be_served(request))
		return false;
	if (!(levels & MM_DEBUG_FAULT) || !fault_inject(request))
		return true;
	if (levels & MM_DEBUG_TRACE)
		trace_request(MM_TRACE_FAULT, NULL, request);
	return false;
}

bool debug_free(
	unsigned int levels, const struct page *page, unsigned int order, const void *caller)
{
	if (!(levels & MM_DEBUG_CONTEXT) || !is_locked_here(page_zone(page)))
		return true;
	misuse(MISUSE_ZONE_LOCKED, page, order, caller);
	return false;
}

bool debug_take(unsigned int levels, struct page *page, unsigned int order, const void *caller)
{
	struct page *changed = NULL;

	unmap_end(page, order);
	if (levels & MM_DEBUG_POISON)
		changed = poison_find_changed(page, order);
	poison_forget(page, order);
	if (likely(!changed))
		return true;
	misuse(MISUSE_WRITE_AFTER_FREE, changed, order, caller);
	return false;
}

void debug_taken(unsigned int levels, const struct page *page, const struct alloc_request *request)
{
	if (levels & MM_DEBUG_OWNER)
		page_owner_set_allocated(page, request->order, request->gfp, request->caller);
	if (levels & MM_DEBUG_TRACE)
		trace_request(MM_TRACE_ALLOC, page, request);
}

void debug_not_taken(unsigned int levels, const struct alloc_request *request)
{
	if (levels & MM_DEBUG_TRACE)
		trace_request(MM_TRACE_NULL, NULL, request);
}

bool debug_freed(unsigned int levels, struct page *page, unsigned int order, const void *caller)
{
	if (levels & MM_DEBUG_OWNER)
		page_owner_set_freed(page, order, caller);
	if (levels & MM_DEBUG_TRACE)
		trace_add(&(struct trace_entry){MM_TRACE_FREE, page, order, 0, -1, caller});
	if (levels & MM_DEBUG_POISON) {
		unmap_end(page, order);
		poison_fill(page, order);
	}
	if (levels & MM_DEBUG_UNMAP)
		unmap_begin(page, order);
	/* Whoever works to free memory needs it now. */
	if (!(levels & MM_DEBUG_QUARANTINE) || mm_current()->flags & PF_MEMALLOC)
		return false;
	quarantine_add(page, order);
	return true;
}

void debug_split(
	unsigned int levels, const struct page *page, unsigned int order, const void *caller)
{
	if (levels & MM_DEBUG_OWNER)
		page_owner_split(page, order);
	if (levels & MM_DEBUG_TRACE)
		trace_add(&(struct trace_entry){MM_TRACE_SPLIT, page, order, 0, -1, caller});
}
