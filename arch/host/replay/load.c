/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the text of a dump to a machine and events in order, each free with the allocation that it
 * is the end of. What does not add up here went wrong on the target.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "replay.h"

#define LINE_MAX_BYTES 512

/** Of the memory that a dump may name; a word for each page is needed. */
#define MOST_ADDRESS (1ULL << 42)

/* Behind its first word, `nr` numbers and nothing else. */
static bool numbers(const char *line, unsigned int nr, uint64_t *value)
{
	line += strcspn(line, " ");
	for (unsigned int i = 0; i < nr; i++) {
		char *end;

		value[i] = strtoull(line, &end, 0);
		if (end == line)
			return false;
		line = end;
	}
	return *line == '\0';
}

/* A node of the machine. */
static bool is_node(const struct replay *r, uint64_t nid)
{
	return nid < r->nr_nodes;
}

static bool read_machine(struct replay *r, const char *line)
{
	uint64_t n[3];

	if (!numbers(line, 3, n) || n[0] < 1 || n[0] > REPLAY_MAX_CPUS || n[1] < 1 ||
		n[1] > REPLAY_MAX_NODES)
		return false;
	r->nr_cpus = (unsigned int)n[0];
	r->nr_nodes = (unsigned int)n[1];
	r->min_free_kbytes = n[2];
	return true;
}

static bool read_limit(struct replay *r, const char *line)
{
	uint64_t n[2];

	if (!numbers(line, 2, n) || n[0] >= MAX_NR_ZONES || r->layout.nr == MAX_NR_ZONES)
		return false;
	r->layout.limit[r->layout.nr++] = (struct zone_limit){(enum zone_type)n[0], n[1]};
	return true;
}

static bool read_range(struct replay *r, const char *line)
{
	uint64_t n[3];

	if (!numbers(line, 3, n) || n[1] <= n[0] || n[1] > MOST_ADDRESS)
		return false;
	if (line[0] == 'r')
		return memblock_reserve(&r->banks, n[0], n[1] - n[0], 0, "on the target") >= 0;
	return is_node(r, n[2]) &&
	       memblock_add(&r->banks, n[0], n[1] - n[0], (int)n[2]) == (int64_t)(n[1] - n[0]);
}

static bool read_cpu(struct replay *r, const char *line)
{
	uint64_t n[2];

	if (!numbers(line, 2, n) || n[0] >= r->nr_cpus || !is_node(r, n[1]))
		return false;
	r->cpu_nid[n[0]] = (int)n[1];
	return true;
}

static bool read_distance(struct replay *r, const char *line)
{
	uint64_t n[3];

	if (!numbers(line, 3, n) || !is_node(r, n[0]) || !is_node(r, n[1]) || n[2] > UINT8_MAX)
		return false;
	r->distance[n[0]][n[1]] = (unsigned char)n[2];
	return true;
}

/* A ring of which something was overwritten begins later than the others may. */
static bool read_ring(struct replay *r, const char *line, bool *cut)
{
	uint64_t n[3];

	if (!numbers(line, 3, n) || n[0] >= r->nr_cpus)
		return false;
	*cut = n[2] > 0;
	r->lost += n[2];
	return true;
}

static bool add_event(struct replay *r, const struct replay_event *event)
{
	/* Doubled whenever it is full. */
	if ((r->nr & (r->nr - 1)) == 0) {
		const size_t room = r->nr ? 2 * r->nr : 1;
		struct replay_event *more = realloc(r->event, room * sizeof(*more));

		if (!more)
			return false;
		r->event = more;
	}
	r->event[r->nr++] = *event;
	return true;
}

/* The numbers of an event, in their order in a line. */
enum { SEQ, TIME, CPU, INTERRUPT, ORDER, GFP, PFN, NID, CALLER, NR_FIELDS };

static bool read_event(struct replay *r, const char *line, bool *cut)
{
	static const char letters[NR_MM_TRACE_OPS + 1] = "ANXFS";
	const char *letter = strchr(letters, line[0]);
	struct replay_event event = {0};
	uint64_t n[NR_FIELDS];

	if (!letter || !numbers(line, NR_FIELDS, n) || n[CPU] >= r->nr_cpus || n[INTERRUPT] > 1 ||
		n[ORDER] >= MAX_ORDER || (n[NID] != UINT64_MAX && !is_node(r, n[NID])) ||
		n[PFN] > MOST_ADDRESS || n[PFN] + (1UL << n[ORDER]) > memblock_end_pfn(&r->banks))
		return false;
	event.cpu = (unsigned int)n[CPU];
	event.in_interrupt = (unsigned int)n[INTERRUPT];
	event.of = (struct mm_trace_event){
		.seq = n[SEQ],
		.time = n[TIME],
		.caller = (uintptr_t)n[CALLER],
		.pfn = n[PFN],
		.gfp = (gfp_t)n[GFP],
		.nid = (int16_t)n[NID],
		.op = (uint8_t)(letter - letters),
		.order = (uint8_t)n[ORDER],
	};
	if (*cut && event.of.seq > r->first)
		r->first = event.of.seq;
	*cut = false;
	return add_event(r, &event);
}

static bool read_version(struct replay *r, const char *line)
{
	uint64_t n[2];

	if (!numbers(line, 2, n) || n[0] != 1 || n[1] == 0)
		return false;
	r->hz = n[1];
	return true;
}

static bool read_line(struct replay *r, const char *line, bool *cut)
{
	switch (line[0]) {
	case 'p':
		return read_version(r, line);
	case 'm':
		return read_machine(r, line);
	case 'l':
		return read_limit(r, line);
	case 'b':
	case 'r':
		return line[1] == 'i' ? read_ring(r, line, cut) : read_range(r, line);
	case 'c':
		return read_cpu(r, line);
	case 'd':
		return read_distance(r, line);
	default:
		return line[0] && read_event(r, line, cut);
	}
}

static int by_seq(const void *a, const void *b)
{
	const uint64_t x = ((const struct replay_event *)a)->of.seq;
	const uint64_t y = ((const struct replay_event *)b)->of.seq;

	return x < y ? -1 : x > y;
}

/* In order, from the first that all rings still have; none may be missing from there on. */
static bool sort_events(struct replay *r)
{
	size_t before = 0;

	if (r->nr)
		qsort(r->event, r->nr, sizeof(*r->event), by_seq);
	while (before < r->nr && r->event[before].of.seq < r->first)
		before++;
	r->nr -= before;
	r->lost += before;
	if (r->nr)
		memmove(r->event, r->event + before, r->nr * sizeof(*r->event));
	for (size_t i = 0; i < r->nr; i++) {
		if (r->event[i].of.seq == r->first + i)
			continue;
		fprintf(stderr, "replay: event %" PRIu64 " is not there: the dump is not whole\n",
			r->first + i);
		return false;
	}
	return true;
}

/* Enter the block of allocation `i` into the table of who has each page. */
static bool pair_alloc(struct replay *r, uint32_t *owner, size_t i)
{
	const struct replay_event *event = &r->event[i];

	for (unsigned long n = 0; n < 1UL << event->of.order; n++) {
		uint32_t *page = &owner[event->of.pfn + n];

		if (*page) {
			replay_diverge(r, event,
				"on the target, pfn 0x%" PRIx64 " is event %" PRIu64 "'s already",
				event->of.pfn + n, r->event[*page - 1].of.seq);
			return false;
		}
		*page = (uint32_t)i + 1;
	}
	return true;
}

/* The allocation that the block of event `i` comes from; 0: from before the first event. */
static bool pair_end(struct replay *r, uint32_t *owner, size_t i)
{
	struct replay_event *event = &r->event[i], *from;

	event->from = owner[event->of.pfn];
	if (!event->from)
		return true;
	from = &r->event[event->from - 1];
	if (from->split ? event->of.op == MM_TRACE_SPLIT || event->of.order
			: event->of.pfn != from->of.pfn || event->of.order != from->of.order) {
		replay_diverge(r, event,
			"on the target, this is no block: event %" PRIu64 " handed out order %u",
			from->of.seq, from->of.order);
		return false;
	}
	if (event->of.op == MM_TRACE_SPLIT) {
		from->split = i + 1;
		return true;
	}
	event->split = from->split;
	for (unsigned long n = 0; n < 1UL << event->of.order; n++)
		owner[event->of.pfn + n] = 0;
	return true;
}

static bool pair_events(struct replay *r)
{
	uint32_t *owner = calloc(memblock_end_pfn(&r->banks) + 1, sizeof(*owner));
	bool good = owner;

	for (size_t i = 0; i < r->nr && good; i++) {
		if (r->event[i].of.op == MM_TRACE_ALLOC)
			good = pair_alloc(r, owner, i);
		else if (r->event[i].of.op >= MM_TRACE_FREE)
			good = pair_end(r, owner, i);
	}
	free(owner);
	return good;
}

bool replay_load(struct replay *r, FILE *file)
{
	char line[LINE_MAX_BYTES];
	unsigned long number = 0;
	bool cut = false;

	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		if ((number == 1) == (line[0] == 'p') && read_line(r, line, &cut))
			continue;
		fprintf(stderr, "replay: line %lu is none of a trace: %s\n", number, line);
		return false;
	}
	if (!r->nr_cpus || !r->layout.nr || !r->banks.memory.nr) {
		fprintf(stderr, "replay: there is no whole trace; scripts/frame trace LOG cuts one "
				"out\n");
		return false;
	}
	return sort_events(r) && pair_events(r);
}
