/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace: the rings of events, and what is written into them.
 *
 * Owns mm->trace. A ring is written by its own CPU alone, with interrupts off; the number of an
 * event is drawn there too, so a ring is in the order of numbers. The table stays for good, as a
 * call that began while the level was on may come here at any later time.
 *
 * Events are kept from when all CPUs know that the level is on until the first is told that it is
 * off: between, no free is missing, by which a block that is handed out again would look held.
 *
 * The order of numbers is one that could have been: an allocation draws when it has the block, a
 * free before it gives it away.
 */
#include <mm/trace.h>
#include "internal.h"

/** Of a ring's block, unless told otherwise: 3276 events. */
#define DEFAULT_ORDER 5U

#define GFP_RING      (GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

bool mm_trace_set_size(struct mm *mm, unsigned long events)
{
	const unsigned long most = (PAGE_SIZE << (MAX_ORDER - 1)) / sizeof(struct mm_trace_event);

	if (mm->trace || events == 0 || events > most)
		return false;
	mm->trace_order = get_order(events * sizeof(struct mm_trace_event)) + 1;
	return true;
}

static size_t table_bytes(unsigned int nr_rings)
{
	return sizeof(struct mm_trace) + nr_rings * sizeof(struct mm_trace_ring);
}

static void free_trace(struct mm_trace *trace)
{
	for (unsigned int i = 0; i < trace->nr_rings; i++)
		free_pages((unsigned long)trace->ring[i].event, trace->order);
	free_pages((unsigned long)trace, get_order(table_bytes(trace->nr_rings)));
}

static bool add_ring(const struct mm *mm, struct mm_trace *trace, unsigned int cpu)
{
	const int nid = mm->cpu[cpu]->nid;
	struct page *page = mm_node(mm, nid) ? alloc_pages_node(nid, GFP_RING, trace->order)
					     : alloc_pages(GFP_RING, trace->order);

	if (page)
		trace->ring[cpu].event = page_address(page);
	return page;
}

static struct mm_trace *new_trace(const struct mm *mm)
{
	struct mm_trace *trace = (void *)__get_free_pages(
		GFP_RING, get_order(table_bytes(mm->nr_cpus)));

	if (!trace)
		return NULL;
	trace->nr_rings = mm->nr_cpus;
	trace->order = mm->trace_order ? mm->trace_order - 1 : DEFAULT_ORDER;
	trace->size = (uint32_t)((PAGE_SIZE << trace->order) / sizeof(struct mm_trace_event));
	for (unsigned int cpu = 0; cpu < mm->nr_cpus; cpu++) {
		if (!add_ring(mm, trace, cpu)) {
			free_trace(trace);
			return NULL;
		}
	}
	return trace;
}

int trace_prepare(struct mm *mm)
{
	struct mm_trace *trace = mm->trace;

	if (!trace) {
		trace = new_trace(mm);
		if (!trace) {
			print("debug: trace: no memory for its rings; it stays off\n");
			return -MM_ENOMEM;
		}
		print("debug: trace: a ring for %u events of each CPU, %lu KiB\n", trace->size,
			trace->nr_rings * (PAGE_SIZE << trace->order >> 10));
		__atomic_store_n(&mm->trace, trace, __ATOMIC_RELEASE);
		return 0;
	}
	trace->seq = 0;
	for (unsigned int i = 0; i < trace->nr_rings; i++) {
		trace->ring[i].total = 0;
		trace->ring[i].next = 0;
	}
	return 0;
}

void trace_changed(struct mm *mm, bool on)
{
	__atomic_store_n(&mm->trace->complete, on, __ATOMIC_RELEASE);
}

/* Interrupts are off, so a CPU that has been told is not in here with what it saw before. */
static void add_event(struct mm_trace *trace, const struct trace_entry *entry)
{
	struct mm_trace_ring *ring = &trace->ring[this_cpu->id];
	struct mm_trace_event *event = &ring->event[ring->next];

	*event = (struct mm_trace_event){
		.seq = __atomic_fetch_add(&trace->seq, 1, __ATOMIC_RELAXED),
		.time = cpu_time(),
		.caller = (uintptr_t)entry->caller,
		.pfn = entry->page ? page_to_pfn(entry->page) : 0,
		.gfp = entry->gfp,
		.nid = (int16_t)entry->nid,
		.op = (uint8_t)(entry->op | (in_interrupt() ? MM_TRACE_INTERRUPT : 0)),
		.order = (uint8_t)entry->order,
	};
	ring->next = ring->next + 1 == trace->size ? 0 : ring->next + 1;
	__atomic_store_n(&ring->total, ring->total + 1, __ATOMIC_RELEASE);
}

void trace_add(const struct trace_entry *entry)
{
	const struct mm *mm = this_cpu->mm;
	const irq_flags_t flags = irq_save();

	if (mm_debug(mm) & MM_DEBUG_TRACE &&
		__atomic_load_n(&mm->trace->complete, __ATOMIC_ACQUIRE))
		add_event(mm->trace, entry);
	irq_restore(flags);
}

static unsigned long kept(const struct mm_trace *trace, const struct mm_trace_ring *ring)
{
	const uint64_t total = __atomic_load_n(&ring->total, __ATOMIC_ACQUIRE);

	return total < trace->size ? total : trace->size;
}

unsigned long mm_trace_kept(const struct mm *mm)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; mm->trace && i < mm->trace->nr_rings; i++)
		nr += kept(mm->trace, &mm->trace->ring[i]);
	return nr;
}

unsigned long mm_trace_lost(const struct mm *mm)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; mm->trace && i < mm->trace->nr_rings; i++)
		nr += __atomic_load_n(&mm->trace->ring[i].total, __ATOMIC_ACQUIRE) -
		      kept(mm->trace, &mm->trace->ring[i]);
	return nr;
}

static void show_ranges(const char *what, const struct memblock_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		print("%s 0x%llx 0x%llx %d\n", what, (unsigned long long)list->range[i].base,
			(unsigned long long)list->range[i].end, list->range[i].nid);
}

/* What a machine has to be built from, to make of the same calls the same. */
static void show_machine(const struct mm *mm)
{
	print("machine %u %u %lu\n", mm->nr_cpus, mm->nr_node_ids, mm->min_free_kbytes);
	for (unsigned int i = 0; i < mm->layout->nr; i++)
		print("limit %u 0x%llx\n", (unsigned int)mm->layout->limit[i].type,
			(unsigned long long)mm->layout->limit[i].end);
	show_ranges("bank", &mm->memblock->memory);
	show_ranges("reserved", &mm->memblock->reserved);
	for (unsigned int i = 0; i < mm->nr_cpus; i++)
		print("cpu %u %d\n", i, mm->cpu[i]->nid);
	for (unsigned int a = 0; a < mm->nr_node_ids; a++)
		for (unsigned int b = 0; b < mm->nr_node_ids; b++)
			print("distance %u %u %u\n", a, b, mm_distance(mm, (int)a, (int)b));
}

static void show_event(unsigned int cpu, const struct mm_trace_event *event)
{
	static const char letters[NR_MM_TRACE_OPS] = {'A', 'N', 'X', 'F', 'S'};
	const unsigned int op = event->op & ~MM_TRACE_INTERRUPT;

	print("%c %lu %lu %u %u %u 0x%x 0x%lx %d 0x%lx\n", op < NR_MM_TRACE_OPS ? letters[op] : '?',
		(unsigned long)event->seq, (unsigned long)event->time, cpu,
		event->op & MM_TRACE_INTERRUPT ? 1 : 0, event->order, event->gfp,
		(unsigned long)event->pfn, event->nid, (unsigned long)event->caller);
}

static void show_ring(const struct mm_trace *trace, unsigned int cpu)
{
	const struct mm_trace_ring *ring = &trace->ring[cpu];
	const unsigned long nr = kept(trace, ring);

	print("ring %u %lu %lu\n", cpu, nr, (unsigned long)ring->total - nr);
	for (unsigned long i = 0; i < nr; i++)
		show_event(cpu, &ring->event[(ring->next + trace->size - nr + i) % trace->size]);
}

void show_trace(const struct mm *mm)
{
	const struct mm_trace *trace = __atomic_load_n(&mm->trace, __ATOMIC_ACQUIRE);

	if (!trace)
		return;
	print("pageframe-trace 1 %lu\n", (unsigned long)cpu_time_hz());
	show_machine(mm);
	for (unsigned int cpu = 0; cpu < trace->nr_rings; cpu++)
		show_ring(trace, cpu);
}
