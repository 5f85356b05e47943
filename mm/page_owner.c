/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page owner: the table of records, and what is written into it.
 *
 * Owns mm->page_owner. The table is taken from the page allocator when the level is first switched
 * on, and stays for good: a call that began while the level was on may write to it at any later
 * time. A record belongs to whoever holds the page, so there is no lock.
 *
 * The idea, and the first words of the report: Linux's page_owner. The table is our own.
 */
#include <mm/page_owner.h>
#include "internal.h"

#define CHUNK_PAGES (PAGE_OWNER_CHUNK_BLOCKS * BLOCK_PAGES)
_Static_assert(CHUNK_PAGES == 1UL << 19, "<mm/page_owner.h> says how a record is found");
_Static_assert(sizeof(struct page_owner_chunk) == PAGE_SIZE, "a chunk is a page");

/* Of the records of BLOCK_PAGES. */
#define RECORDS_ORDER 5U
_Static_assert(PAGE_SIZE << RECORDS_ORDER == BLOCK_PAGES * sizeof(struct page_owner),
	"the records of a block fill a block");

/* How many calls are looked at between an entry point and this file. */
#define DEEPEST 16U

/* All of it is free memory or none: nobody is killed, or waits for long, for this. */
#define GFP_TABLE (GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

/* The slot of a block's records; NULL if its chunk is not there. */
static struct page_owner **records_of(const struct page_owner_table *table, unsigned long pfn)
{
	struct page_owner_chunk *chunk = pfn / CHUNK_PAGES < table->nr_chunks
						 ? table->chunk[pfn / CHUNK_PAGES]
						 : NULL;

	return chunk ? &chunk->block[pfn / BLOCK_PAGES % PAGE_OWNER_CHUNK_BLOCKS] : NULL;
}

static struct page_owner *record_of(const struct page_owner_table *table, unsigned long pfn)
{
	struct page_owner **records = table ? records_of(table, pfn) : NULL;

	return records && *records ? *records + pfn % BLOCK_PAGES : NULL;
}

struct page_owner *page_owner(const struct mm *mm, unsigned long pfn)
{
	if (!(mm_debug(mm) & MM_DEBUG_OWNER))
		return NULL;
	return record_of(__atomic_load_n(&mm->page_owner, __ATOMIC_ACQUIRE), pfn);
}

static size_t table_bytes(unsigned int nr_chunks)
{
	return sizeof(struct page_owner_table) + nr_chunks * sizeof(struct page_owner_chunk *);
}

static void free_table(struct page_owner_table *table)
{
	for (unsigned int i = 0; i < table->nr_chunks; i++) {
		struct page_owner_chunk *chunk = table->chunk[i];

		for (unsigned int j = 0; chunk && j < PAGE_OWNER_CHUNK_BLOCKS; j++)
			free_pages((unsigned long)chunk->block[j], RECORDS_ORDER);
		free_page((unsigned long)chunk);
	}
	free_pages((unsigned long)table, get_order(table_bytes(table->nr_chunks)));
}

/* Records of the block at `pfn`, near it, and the chunk that they hang from. False: no memory. */
static bool add_records(struct mm *mm, struct page_owner_table *table, unsigned long pfn)
{
	struct page_owner_chunk **chunk = &table->chunk[pfn / CHUNK_PAGES];
	const struct page *first = pfn_to_page(pfn);
	struct page *records;

	if (!*chunk) {
		*chunk = (struct page_owner_chunk *)get_zeroed_page(GFP_TABLE);
		table->pages++;
	}
	if (!*chunk)
		return false;
	records = mm_node(mm, page_to_nid(first))
			  ? alloc_pages_node(page_to_nid(first), GFP_TABLE, RECORDS_ORDER)
			  : alloc_pages(GFP_TABLE, RECORDS_ORDER);
	if (!records)
		return false;
	*records_of(table, pfn) = page_address(records);
	table->pages += 1UL << RECORDS_ORDER;
	return true;
}

static struct page_owner_table *new_table(struct mm *mm)
{
	const unsigned int nr_chunks = (unsigned int)(mm->max_pfn / CHUNK_PAGES) + 1;
	const unsigned int order = get_order(table_bytes(nr_chunks));
	struct page_owner_table *table = (void *)__get_free_pages(GFP_TABLE, order);

	if (!table)
		return NULL;
	table->nr_chunks = nr_chunks;
	table->pages = 1UL << order;
	for (unsigned long pfn = 0; pfn < mm->max_pfn; pfn += BLOCK_PAGES) {
		if (pfn_valid(mm, pfn) && !add_records(mm, table, pfn)) {
			free_table(table);
			return NULL;
		}
	}
	return table;
}

/* The first pfn from this one on that has a record, in steps over what has none. */
static unsigned long next_recorded(const struct mm *mm, unsigned long pfn)
{
	while (pfn < mm->max_pfn && !record_of(mm->page_owner, pfn))
		pfn = align_down(pfn, BLOCK_PAGES) + BLOCK_PAGES;
	return pfn;
}

/* What is on record from the last time would be taken for what has happened since. */
static void clear_records(struct mm *mm)
{
	for (unsigned long pfn = next_recorded(mm, 0); pfn < mm->max_pfn;
		pfn = next_recorded(mm, pfn + 1))
		*record_of(mm->page_owner, pfn) = (struct page_owner){0};
}

int page_owner_prepare(struct mm *mm)
{
	struct page_owner_table *table;
	struct pglist_data *pgdat;

	mm->page_owner_since = cpu_time();
	if (mm->page_owner) {
		clear_records(mm);
		return 0;
	}
	/* Every page is to have a record, also those that nobody has needed yet. */
	for_each_pgdat (pgdat, mm)
		mm_online_node(pgdat);
	table = new_table(mm);
	if (!table) {
		print("debug: owner: no memory for its table, 3 %% of all there is; it stays "
		      "off\n");
		return -MM_ENOMEM;
	}
	print("debug: owner: its table takes %lu KiB\n", table->pages * (PAGE_SIZE >> 10));
	__atomic_store_n(&mm->page_owner, table, __ATOMIC_RELEASE);
	return 0;
}

/* Who called the entry point that was called from `caller`, as far as can be told. */
static void set_stack(struct page_owner_site *site, const void *caller)
{
	uintptr_t callers[DEEPEST];
	const unsigned int nr = report_callers(callers, DEEPEST);
	unsigned int at = 0, kept = 1;

	while (at < nr && callers[at] != (uintptr_t)caller)
		at++;
	site->stack[0] = (uintptr_t)caller;
	while (++at < nr && kept < PAGE_OWNER_DEPTH)
		site->stack[kept++] = callers[at];
	while (kept < PAGE_OWNER_DEPTH)
		site->stack[kept++] = 0;
}

static void set_site(
	struct page_owner_site *site, unsigned int order, gfp_t gfp, const void *caller)
{
	const char *name = mm_current()->name;
	unsigned int i = 0;

	for (; i < PAGE_OWNER_NAME - 1 && name[i]; i++)
		site->task[i] = name[i];
	site->task[i] = '\0';
	site->gfp = gfp;
	site->cpu = (uint16_t)this_cpu->id;
	site->order = (uint8_t)order;
	site->in_interrupt = in_interrupt();
	set_stack(site, caller);
	site->time = cpu_time();
}

void page_owner_set_allocated(
	const struct page *page, unsigned int order, gfp_t gfp, const void *caller)
{
	struct page_owner *owner = record_of(this_cpu->mm->page_owner, page_to_pfn(page));

	if (owner)
		set_site(&owner->allocated, order, gfp, caller);
}

void page_owner_set_freed(const struct page *page, unsigned int order, const void *caller)
{
	struct page_owner *owner = record_of(this_cpu->mm->page_owner, page_to_pfn(page));

	if (owner)
		set_site(&owner->freed, order, 0, caller);
}

void page_owner_split(const struct page *page, unsigned int order)
{
	const struct page_owner_table *table = this_cpu->mm->page_owner;
	struct page_owner *head = record_of(table, page_to_pfn(page));

	if (!head)
		return;
	head->allocated.order = 0;
	for (unsigned long i = 1; i < 1UL << order; i++)
		record_of(table, page_to_pfn(&page[i]))->allocated = head->allocated;
}

/* Of the blocks that the page can have been a part of, the site that was noted last. */
static const struct page_owner_site *latest(const struct mm *mm, unsigned long pfn, bool freed)
{
	const struct page_owner_site *found = NULL;

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		const struct page_owner *owner = page_owner(mm, align_down(pfn, 1UL << order));
		const struct page_owner_site *site;

		if (!owner)
			return NULL;
		site = freed ? &owner->freed : &owner->allocated;
		if (site->time && site->order >= order && (!found || site->time > found->time))
			found = site;
	}
	return found;
}

const struct page_owner_site *page_owner_allocated(const struct mm *mm, unsigned long pfn)
{
	return latest(mm, pfn, false);
}

const struct page_owner_site *page_owner_freed(const struct mm *mm, unsigned long pfn)
{
	return latest(mm, pfn, true);
}

void page_owner_for_each(const struct mm *mm,
	void (*visit)(void *context, unsigned long pfn, const struct page_owner *owner),
	void *context)
{
	if (!(mm_debug(mm) & MM_DEBUG_OWNER))
		return;
	for (unsigned long pfn = next_recorded(mm, 0); pfn < mm->max_pfn;
		pfn = next_recorded(mm, pfn + 1)) {
		const struct page_owner *owner = record_of(mm->page_owner, pfn);

		if (owner->allocated.time && page_state(pfn_to_page(pfn)) == PAGE_ALLOCATED)
			visit(context, pfn, owner);
	}
}

static void show_site(const char *what, const struct page_owner_site *site)
{
	const uint64_t hz = cpu_time_hz();

	if (!site) {
		print("page %s: not on record\n", what);
		return;
	}
	print("page %s via order %u, gfp_mask 0x%x, task %s%s, cpu %u, at %lu.%06lu s\n", what,
		site->order, (unsigned int)site->gfp, site->task,
		site->in_interrupt ? " in an interrupt" : "", site->cpu,
		(unsigned long)(site->time / hz), (unsigned long)(site->time % hz * 1000000 / hz));
	for (unsigned int i = 0; i < PAGE_OWNER_DEPTH && site->stack[i]; i++)
		print("  from 0x%lx\n", (unsigned long)site->stack[i]);
}

void show_page_owner(const struct mm *mm, unsigned long pfn)
{
	show_site("last allocated", page_owner_allocated(mm, pfn));
	show_site("last freed", page_owner_freed(mm, pfn));
}
