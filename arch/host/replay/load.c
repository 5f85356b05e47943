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

static bool read_machine(struct replay *r, const char *line)
{
	return sscanf(line, "machine %u %u %lu", &r->nr_cpus, &r->nr_nodes, &r->min_free_kbytes) ==
		       3 &&
	       r->nr_cpus >= 1 && r->nr_cpus <= REPLAY_MAX_CPUS && r->nr_nodes >= 1 &&
	       r->nr_nodes <= REPLAY_MAX_NODES;
}

static bool read_limit(struct replay *r, const char *line)
{
	unsigned int type;
	uint64_t end;

	if (sscanf(line, "limit %u 0x%" SCNx64, &type, &end) != 2 || type >= MAX_NR_ZONES ||
		r->layout.nr == MAX_NR_ZONES)
		return false;
	r->layout.limit[r->layout.nr++] = (struct zone_limit){(enum zone_type)type, end};
	return true;
}

static bool read_range(struct replay *r, const char *line)
{
	uint64_t base, end;
	char what[16];
	int nid;

	if (sscanf(line, "%15s 0x%" SCNx64 " 0x%" SCNx64 " %d", what, &base, &end, &nid) != 4 ||
		end <= base || end > MOST_ADDRESS)
		return false;
	if (what[0] == 'r')
		return memblock_reserve(&r->banks, base, end - base, 0, "on the target") >= 0;
	return nid >= 0 && (unsigned int)nid < r->nr_nodes &&
	       memblock_add(&r->banks, base, end - base, nid) == (int64_t)(end - base);
}

static bool read_cpu(struct replay *r, const char *line)
{
	unsigned int id;
	int nid;

	if (sscanf(line, "cpu %u %d", &id, &nid) != 2 || id >= r->nr_cpus || nid < 0 ||
		(unsigned int)nid >= r->nr_nodes)
		return false;
	r->cpu_nid[id] = nid;
	return true;
}

static bool read_distance(struct replay *r, const char *line)
{
	unsigned int a, b, distance;

	if (sscanf(line, "distance %u %u %u", &a, &b, &distance) != 3 || a >= r->nr_nodes ||
		b >= r->nr_nodes || distance > UINT8_MAX)
		return false;
	r->distance[a][b] = (unsigned char)distance;
	return true;
}

/* A ring of which something was overwritten begins later than the others may. */
static bool read_ring(struct replay *r, const char *line, bool *cut)
{
	unsigned long kept, lost;
	unsigned int cpu;

	if (sscanf(line, "ring %u %lu %lu", &cpu, &kept, &lost) != 3 || cpu >= r->nr_cpus)
		return false;
	*cut = lost > 0;
	r->lost += lost;
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

static bool read_event(struct replay *r, const char *line, bool *cut)
{
	static const char letters[NR_MM_TRACE_OPS + 1] = "ANXFS";
	const char *letter = strchr(letters, line[0]);
	struct replay_event event = {0};
	unsigned int order, gfp;
	uint64_t caller;
	int nid;

	if (!letter || sscanf(line + 1,
			       " %" SCNu64 " %" SCNu64 " %u %u %u 0x%x 0x%" SCNx64 " %d 0x%" SCNx64,
			       &event.of.seq, &event.of.time, &event.cpu, &event.in_interrupt,
			       &order, &gfp, &event.of.pfn, &nid, &caller) != 9)
		return false;
	if (event.cpu >= r->nr_cpus || order >= MAX_ORDER || nid < -1 || nid >= (int)r->nr_nodes ||
		event.of.pfn + (1UL << order) > memblock_end_pfn(&r->banks))
		return false;
	event.of.op = (uint8_t)(letter - letters);
	event.of.order = (uint8_t)order;
	event.of.gfp = gfp;
	event.of.nid = (int16_t)nid;
	event.of.caller = (uintptr_t)caller;
	if (*cut && event.of.seq > r->first)
		r->first = event.of.seq;
	*cut = false;
	return add_event(r, &event);
}

static bool read_line(struct replay *r, const char *line, bool *cut)
{
	unsigned int version;

	switch (line[0]) {
	case 'p':
		return sscanf(line, "pageframe-trace %u %" SCNu64, &version, &r->hz) == 2 &&
		       version == 1 && r->hz;
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
