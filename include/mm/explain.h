/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: what the allocator decides on its way through one allocation or free, and by which
 * numbers.
 *
 *	static struct mm_explain record;
 *
 *	mm_explain_begin(&record);
 *	page = alloc_pages(GFP_KERNEL, 3);
 *	mm_explain_end();
 *	mm_explain_print(&record);
 *
 * It is the code that serves everybody, in its instances that also note each decision: with the
 * values that were compared, not with values read again. A record is filled without a lock and
 * without printing, so decisions under zone->lock are in it too.
 */
#ifndef MM_EXPLAIN_H
#define MM_EXPLAIN_H

#include <mm/mmzone.h>

/** Values of an event; events of a record. A refill that splits notes some fifty. */
#define MM_EXPLAIN_VALUES 6U
#define MM_EXPLAIN_EVENTS 512U

/** What an event is about. In brackets: its values, in order. Its zone and text, where it has. */
enum mm_explain_kind {
	/* The request. */
	EXPLAIN_ALLOC,    /* [gfp, order, caller, cpu]; text: the thread */
	EXPLAIN_POLICY,   /* zone: [] the first of the zonelist that it chose; text: its mode */
	EXPLAIN_ZONELIST, /* [struct zone * ..., 0]: the next of the list, all values of them */
	EXPLAIN_NO_LIST,  /* [gfp] it leads to no zone */
	EXPLAIN_MISUSE,   /* [] reported, and refused or mended; text: what */

	/* A pass over the zonelist. */
	EXPLAIN_PASS,      /* [enum watermark, harder, high]; text: its name */
	EXPLAIN_WATERMARK, /* zone: [order, free pages, mark, least, reserve, holds] */
	EXPLAIN_ORDER,     /* zone: [order, its blocks, free without them, least, holds] */
	EXPLAIN_NO_MARK,   /* zone: [free pages] asked whatever is left in it */

	/* The cache of single pages, and the buddy system. */
	EXPLAIN_CACHE,     /* zone, text hot or cold: [cpu, pages, low, high, batch] */
	EXPLAIN_BLOCKS,    /* zone: [cpu, order, blocks, high, batch] the cache of an order */
	EXPLAIN_REFILL,    /* zone: [pages that came, pages asked for] */
	EXPLAIN_CACHE_HIT, /* zone: [pfn, pages left] */
	EXPLAIN_FOUND,     /* zone: [order wanted, order of the block, pfn] */
	EXPLAIN_SPLIT,     /* zone: [pfn kept, pfn of the upper half, order of both] */
	EXPLAIN_ONLINE,    /* zone: [pfn of the block, pages of the zone left offline] */
	EXPLAIN_EMPTY,     /* zone: [order wanted] */

	/* The block on its way out. */
	EXPLAIN_SET_ASIDE, /* [pfn, order] it is corrupt: taken out of use for good */
	EXPLAIN_ZEROED,    /* [pages] */
	EXPLAIN_COMPOUND,  /* [order] */
	EXPLAIN_PAGE,      /* zone: [pfn, order, linear address] handed out: the end */
	EXPLAIN_FAILED,    /* [order] NULL: the end; text: why */

	/* Where the first pass has found nothing. */
	EXPLAIN_SLOW,      /* [] */
	EXPLAIN_KSWAPD,    /* zone: [order, woken] its node's kswapd, if it is below pages_low */
	EXPLAIN_RESERVES,  /* [] this thread may use all there is; text: why */
	EXPLAIN_RECLAIM,   /* [progress, free pages before and after, scanned, stolen] */
	EXPLAIN_OOM,       /* [] out_of_memory() was called */
	EXPLAIN_GIVE_BACK, /* [] this CPU gave back blocks that it cached */
	EXPLAIN_FETCH,     /* [] CPUs were asked for what they cache, and gave it back */
	EXPLAIN_RETRY,     /* [] waited for a write to end; text: what lets it try again */

	/* A free. */
	EXPLAIN_FREE,      /* [pfn, order, caller, cpu, count]; text: the thread */
	EXPLAIN_CHECKED,   /* [] the last reference, nothing left by its owner: it goes */
	EXPLAIN_REFERENCE, /* [count left] others hold it: the end */
	EXPLAIN_SPILL,     /* zone: [to go, order]: the oldest of the cache make room */
	EXPLAIN_CACHED,    /* zone: [pfn, cached now, order]: the end */
	EXPLAIN_BLOCK,     /* zone: [pfn, order] back to the buddy system */
	EXPLAIN_MERGE,     /* zone: [buddy's pfn, order of both, pfn of the whole] */
	EXPLAIN_NO_MERGE,  /* zone: [buddy's pfn, order, buddy's private]; text: why */
	EXPLAIN_LISTED,    /* zone: [pfn, order] the block that stands in the list now */
	NR_EXPLAIN_KINDS
};

/** One decision. */
struct mm_explain_event {
	enum mm_explain_kind kind;
	const char *text; /* lasts for ever, or as long as the thread */
	const struct zone *zone;
	unsigned long value[MM_EXPLAIN_VALUES];
};

/** What a thread wants to know. Belongs to the thread that fills it; any contents to begin with. */
struct mm_explain {
	unsigned int nr;    /* events */
	unsigned long lost; /* between the last event and the one before: there was no room */
	struct mm_explain_event event[MM_EXPLAIN_EVENTS];
};

/**
 * Note in `record`, emptied first, what the allocator decides for the running thread from now on;
 * not what interrupts ask it, nor what is freed on the way to have memory for it. The record must
 * last until mm_explain_end(). Not in an interrupt, not twice.
 */
void mm_explain_begin(struct mm_explain *record);
/** No longer. The record is the caller's. */
void mm_explain_end(void);

/** A line for each event. Prints zones by their names, so the machine must still be there. */
void mm_explain_print(const struct mm_explain *record);

/** Note one event; what explain_add() of the core does when somebody wants to know. */
void mm_explain_add(struct mm_explain *record, const struct mm_explain_event *event);

#endif
