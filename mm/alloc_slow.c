/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an allocation does when no zone is above pages_low: __alloc_pages() behind its first pass.
 *
 *	wake every kswapd -> pass "min" -> a thread that frees memory, or dies: pass "none" -> fail
 *	  -> who may not wait: fail
 *	  -> reclaim --progress--> pass "min"  --nothing--> again, or fail
 *	          \--none, FS----> pass "high" --nothing--> OOM, and all from the start
 *
 * Passes differ by data alone; the walk is page_alloc.c's. Owns mm->failure_lines and
 * failure_since (atomics), which keep the failure line from flooding the console.
 *
 * Kept from 2.6.11 on purpose: NOFAIL still returns NULL for who can not wait, frees memory, or
 * says NORETRY; and a request of any order goes through OOM for ever, if only FS is set.
 *
 * Mended: 2.6.11 looks for TIF_MEMDIE before the first reclaim only. A victim that is chosen while
 * it tries again without OOM (no FS) waits for memory, and all others wait for it: for ever.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, __alloc_pages().
 */
#include <mm/oom.h>
#include <mm/reclaim.h>
#include <port/task.h>
#include "internal.h"

/* The failure line: so many in an interval, and silence for the rest of it; 2.6.11's numbers. */
#define FAILURE_BURST    10U
#define FAILURE_INTERVAL 5U /* seconds */

/* Up to this order a request is tried again without being asked to. */
#define RETRY_ORDER 3U
/* A retry waits for a write to end, this part of a second at most. */
#define RETRY_HZ 50U

const struct mm_hooks mm_default_hooks = {
	.try_to_free_pages = try_to_free_pages,
	.out_of_memory = out_of_memory,
	.wakeup_kswapd = wakeup_kswapd,
	.congestion_wait = congestion_wait,
};

enum outcome { SERVED, RESTART, FAILED };

/* Is this a caller that may wait? Who only says so is reported, and served as one that may not. */
static bool may_wait(const struct alloc_request *request)
{
	if (!(request->gfp & __GFP_WAIT))
		return false;
	if (likely(task_may_sleep()))
		return true;
	misuse(MISUSE_ATOMIC_SLEEP, NULL, request->order, request->caller);
	return false;
}

/* The deepest pass that everybody has. */
static struct alloc_pass min_pass(const struct alloc_request *request, bool wait)
{
	const bool rt = mm_current()->prio < MAX_RT_PRIO && !in_interrupt();

	return (struct alloc_pass){.name = "min",
		.mark = MARK_MIN,
		.harder = rt || !wait,
		.high = request->gfp & __GFP_HIGH};
}

/* Memory for this thread is memory for others, soon: it may have all. */
static bool may_use_reserves(void)
{
	const struct mm_task *task = mm_current();

	return (task->flags & PF_MEMALLOC || mm_task_dying(task)) && !in_interrupt();
}

/* A pass that has all there is: what waits in quarantine goes back first. */
static struct page *walk_all(const struct alloc_request *request, const struct alloc_pass *pass)
{
	if (nr_quarantined_pages(this_cpu->mm))
		quarantine_release(this_cpu->mm, 0);
	return alloc_walk(request, pass);
}

/* What others cache goes back, if there is any; and then a pass more. */
static struct page *walk_fetched(
	const struct alloc_request *request, const struct alloc_pass *pass, unsigned int work)
{
	if (!pcp_fetch_back(this_cpu->mm, request->zonelist->zones, work))
		return NULL;
	explain_add(request->explain, .kind = EXPLAIN_FETCH);
	return alloc_walk(request, pass);
}

static void wake_kswapds(const struct alloc_request *request)
{
	const struct mm_hooks *hooks = this_cpu->mm->hooks;

	for (struct zone *const *zone = request->zonelist->zones; *zone; zone++)
		hooks->wakeup_kswapd(*zone, request->order);
}

/* What direct reclaim has done on this CPU, and what is free in the request's zones. */
struct reclaim_state {
	unsigned long free, scanned, stolen;
};

static struct reclaim_state reclaim_state(const struct alloc_request *request)
{
	const struct mm_cpu_stat *stat = &this_cpu->stat_slow;
	struct reclaim_state state = {.stolen = -stat->kswapd_steal};

	for (struct zone *const *zone = request->zonelist->zones; *zone; zone++)
		state.free += zone_free_pages(*zone);
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		state.scanned += stat->pgscan_direct[type];
		state.stolen += stat->pgsteal[type];
	}
	return state;
}

static void explain_reclaim(const struct alloc_request *request, const struct reclaim_state *before,
	unsigned int progress)
{
	const struct reclaim_state after = reclaim_state(request);

	explain_add(request->explain, .kind = EXPLAIN_RECLAIM,
		.value = {progress, before->free, after.free, after.scanned - before->scanned,
			after.stolen - before->stolen});
}

/* What is freed on the way is not explained: it is the sum that counts. */
static unsigned int reclaim_explained(const struct alloc_request *request)
{
	const struct reclaim_state before = reclaim_state(request);
	unsigned int progress;

	explain_pause();
	progress = this_cpu->mm->hooks->try_to_free_pages(
		request->zonelist, request->gfp, request->order);
	explain_resume(request->explain);
	explain_reclaim(request, &before, progress);
	return progress;
}

static unsigned int reclaim(const struct alloc_request *request)
{
	struct mm_task *task = mm_current();
	unsigned int progress;

	ASSERT(!(task->flags & PF_MEMALLOC) && !in_interrupt());
	cond_resched();
	task->flags |= PF_MEMALLOC;
	if (request->explain)
		progress = reclaim_explained(request);
	else
		progress = this_cpu->mm->hooks->try_to_free_pages(
			request->zonelist, request->gfp, request->order);
	task->flags &= ~PF_MEMALLOC;
	cond_resched();
	return progress;
}

static bool may_retry(const struct alloc_request *request)
{
	if (request->gfp & __GFP_NORETRY)
		return false;
	return request->order <= RETRY_ORDER || request->gfp & (__GFP_REPEAT | __GFP_NOFAIL);
}

/* Reclaim until there is a block, or nothing more to hope for. */
static enum outcome rebalance(
	const struct alloc_request *request, const struct alloc_pass *min, struct page **page)
{
	static const struct alloc_pass high_pass = {.name = "high", .mark = MARK_HIGH};
	const struct mm_hooks *hooks = this_cpu->mm->hooks;
	const bool may_kill = request->gfp & __GFP_FS && !(request->gfp & __GFP_NORETRY);

	do {
		const bool progress = reclaim(request);

		/* Before killing, ask as high as kswapd fills: somebody may just have freed a lot.
		 */
		if (progress || may_kill)
			*page = walk_all(request, progress ? min : &high_pass);
		if (!*page)
			*page = walk_fetched(request, min, MM_PENDING_DRAIN);
		if (*page)
			return SERVED;
		if (!progress && may_kill) {
			explain_add(request->explain, .kind = EXPLAIN_OOM);
			hooks->out_of_memory(request->gfp);
			return RESTART;
		}
		if (!may_retry(request))
			return FAILED;
		explain_add(request->explain, .kind = EXPLAIN_RETRY,
			.text = request->order <= RETRY_ORDER ? "its order is small"
							      : "REPEAT or NOFAIL");
		hooks->congestion_wait(cpu_time() + cpu_time_hz() / RETRY_HZ);
		/* Told to let go meanwhile: it may have the reserves, or nothing. */
	} while (!mm_task_dying(mm_current()));
	return RESTART;
}

/* True if the console can take one more of these lines. */
static bool may_say_failure(struct mm *mm)
{
	const uint64_t now = cpu_time();
	uint64_t since = __atomic_load_n(&mm->failure_since, __ATOMIC_RELAXED);

	/* Signed: another CPU's clock, which set `since`, may be a tick ahead. */
	if (since == 0 || (int64_t)(now - since) > (int64_t)(FAILURE_INTERVAL * cpu_time_hz())) {
		__atomic_store_n(&mm->failure_since, now ? now : 1, __ATOMIC_RELAXED);
		__atomic_store_n(&mm->failure_lines, 0, __ATOMIC_RELAXED);
	}
	return __atomic_fetch_add(&mm->failure_lines, 1, __ATOMIC_RELAXED) < FAILURE_BURST;
}

static void say_failure(const struct alloc_request *request)
{
	if (request->gfp & __GFP_NOWARN || !may_say_failure(this_cpu->mm))
		return;
	print("%s: page allocation failure. order:%u, mode:0x%x\n", mm_current()->name,
		request->order, request->gfp);
	report_stack();
}

/* Passes that need no wait. */
static struct page *try_at_once(
	const struct alloc_request *request, const struct alloc_pass *min, bool wait, bool *last)
{
	static const struct alloc_pass no_mark = {.name = "none", .mark = MARK_NONE};
	struct page *page;

	wake_kswapds(request);
	page = walk_all(request, min);
	*last = may_use_reserves();
	if (!page && *last) {
		explain_add(request->explain, .kind = EXPLAIN_RESERVES,
			.text = mm_task_dying(mm_current()) ? "it was told to let go"
							    : "it works to free memory");
		page = walk_all(request, &no_mark);
		if (!page && wait)
			page = walk_fetched(request, &no_mark, MM_PENDING_BLOCKS);
	}
	return page;
}

static void explain_failure(const struct alloc_request *request, bool last, bool wait)
{
	const char *why = "not to be tried again: NORETRY, or large without REPEAT or NOFAIL";

	if (last)
		why = "there is nothing below the marks either";
	else if (!wait)
		why = "it may not wait for memory";
	explain_add(
		request->explain, .kind = EXPLAIN_FAILED, .text = why, .value = {request->order});
}

struct page *alloc_slow(const struct alloc_request *request)
{
	static const struct alloc_pass low_pass = {.name = "low", .mark = MARK_LOW};
	const bool wait = may_wait(request);
	const struct alloc_pass min = min_pass(request, wait);
	enum outcome outcome = RESTART;
	struct page *page = NULL;
	bool last = false;

	explain_add(request->explain, .kind = EXPLAIN_SLOW);
	if (nr_quarantined_pages(this_cpu->mm) && quarantine_release(this_cpu->mm, 0))
		page = alloc_walk(request, &low_pass);
	while (!page && pcp_give_back(request->zonelist, request->order)) {
		explain_add(request->explain, .kind = EXPLAIN_GIVE_BACK);
		page = alloc_walk(request, &low_pass);
	}
	while (!page && outcome == RESTART) {
		page = try_at_once(request, &min, wait, &last);
		if (page)
			break;
		outcome = last || !wait ? FAILED : rebalance(request, &min, &page);
		if (outcome == RESTART)
			page = walk_all(request, &low_pass);
	}
	if (!page) {
		explain_failure(request, last, wait);
		say_failure(request);
	}
	return page;
}
