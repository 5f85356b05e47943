/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes: what each one spans, how far they are apart, and where to look next.
 *
 * Owns struct pglist_data, mm->node, mm->distance and the fallback orders; constant after boot.
 * A node is online if it has memory or CPUs. Ids may have gaps.
 *
 * Source: Linux 2.6.11 mm/page_alloc.c, find_next_best_node(), build_zonelists().
 */
#include <mm/wait.h>
#include "internal.h"

#define LOCAL_DISTANCE  10U
#define REMOTE_DISTANCE 20U

/* A node with CPUs is a little further away: its own will want its memory. */
#define PENALTY_FOR_NODE_WITH_CPUS 1U

static bool node_has_memory(const struct mm *mm, int nid)
{
	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		if (mm->memblock->memory.range[i].nid == nid)
			return true;
	}
	return false;
}

static unsigned int count_cpus(const struct mm_config *config, int nid)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < config->nr_cpus; i++)
		nr += config->cpu_nid[i] == nid;
	return nr;
}

/* First and last page that the node owns. */
static void measure_span(struct mm *mm, struct pglist_data *pgdat)
{
	unsigned long start = 0, end = 0;

	for (unsigned int i = 0; i < mm->memblock->memory.nr; i++) {
		const struct memblock_range *bank = &mm->memblock->memory.range[i];

		if (bank->nid != pgdat->node_id)
			continue;
		if (end == 0)
			start = pfn_down(bank->base);
		end = pfn_down(bank->end);
		pgdat->node_present_pages += end - pfn_down(bank->base);
	}
	pgdat->node_start_pfn = start;
	pgdat->node_spanned_pages = end - start;
}

static void fill_distance(struct mm *mm, const struct mm_config *config)
{
	int nr = (int)mm->nr_node_ids;

	for (int a = 0; a < nr; a++) {
		for (int b = 0; b < nr; b++) {
			unsigned int distance = a == b ? LOCAL_DISTANCE : REMOTE_DISTANCE;

			if (config->distance)
				distance = config->distance(config->context, a, b);
			mm->distance[a * nr + b] = (unsigned char)(distance > UINT8_MAX ? UINT8_MAX
											: distance);
		}
	}
}

/* The node itself, if it has memory; the order of fallback is not known yet. */
static int nearest_with_memory(const struct mm *mm, int nid)
{
	const struct memblock_list *memory = &mm->memblock->memory;
	int nearest = memory->range[0].nid;

	for (unsigned int i = 0; i < memory->nr; i++) {
		int other = memory->range[i].nid;

		if (other == nid)
			return nid;
		if (mm_distance(mm, nid, other) < mm_distance(mm, nid, nearest))
			nearest = other;
	}
	return nearest;
}

static int node_init(struct mm *mm, const struct mm_config *config, int nid)
{
	struct pglist_data *pgdat = boot_alloc(
		mm, sizeof(*pgdat), nearest_with_memory(mm, nid), "node structure");

	if (!pgdat)
		return -1;
	pgdat->mm = mm;
	wait_queue_init(&pgdat->kswapd_wait);
	pgdat->node_id = nid;
	pgdat->nr_cpus = count_cpus(config, nid);
	measure_span(mm, pgdat);
	zones_init(mm, pgdat);
	pgdat->pgdat_next = mm->pgdat_list;
	mm->pgdat_list = pgdat;
	mm->node[nid] = pgdat;
	mm->nr_online++;
	return 0;
}

int nodes_init(struct mm *mm, const struct mm_config *config)
{
	mm->node = boot_alloc(
		mm, mm->nr_node_ids * sizeof(*mm->node), MEMBLOCK_ANY_NODE, "table of nodes");
	if (!mm->node)
		return -1;
	fill_distance(mm, config);
	for (int nid = 0; nid < (int)mm->nr_node_ids; nid++) {
		if (!node_has_memory(mm, nid) && count_cpus(config, nid) == 0)
			continue;
		if (node_init(mm, config, nid))
			return -1;
	}
	return nodes_build_fallback(mm);
}

/* State of one round over all nodes; `load` says how often a node was first of its distance. */
struct fallback_build {
	const struct mm *mm;
	unsigned long *load; /* by node id, kept over all rounds */
	bool *used;          /* by node id, this round */
};

/*
 * The unused node nearest to `local`, ties going to the one with less load and then to the first
 * when counting up from `local`. -1 if none is left.
 */
static int next_best_node(const struct fallback_build *build, int local)
{
	const struct mm *mm = build->mm;
	unsigned long best_value = ~0UL;
	int best = -1;

	if (!build->used[local])
		return local;
	for (unsigned int i = 0; i < mm->nr_node_ids; i++) {
		int nid = (int)(((unsigned int)local + i) % mm->nr_node_ids);
		unsigned long value;

		if (!mm->node[nid] || build->used[nid])
			continue;
		value = mm_distance(mm, local, nid);
		if (mm->node[nid]->nr_cpus)
			value += PENALTY_FOR_NODE_WITH_CPUS;
		value = value * mm->nr_online * NODE_HOLE + build->load[nid];
		if (value < best_value) {
			best_value = value;
			best = nid;
		}
	}
	return best;
}

static void build_one_fallback(
	const struct fallback_build *build, struct pglist_data *pgdat, int *order)
{
	const struct mm *mm = build->mm;
	int local = pgdat->node_id, previous = local, nid;
	unsigned long load = mm->nr_online;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < mm->nr_node_ids; i++)
		build->used[i] = false;
	while ((nid = next_best_node(build, local)) >= 0) {
		if (mm_distance(mm, local, nid) != mm_distance(mm, local, previous))
			build->load[nid] += load;
		load--;
		order[nr++] = previous = nid;
		build->used[nid] = true;
	}
	ASSERT(nr == mm->nr_online && order[0] == local);
	pgdat->fallback = order;
	pgdat->nr_online = nr;
}

int nodes_build_fallback(struct mm *mm)
{
	size_t nr = mm->nr_node_ids, online = mm->nr_online;
	struct fallback_build build = {.mm = mm};
	char *memory = boot_alloc(mm,
		nr * sizeof(*build.load) + nr * sizeof(*build.used) + online * online * sizeof(int),
		MEMBLOCK_ANY_NODE, "fallback order of nodes");
	int *order;

	if (!memory)
		return -1;
	build.load = (unsigned long *)memory;
	order = (int *)(memory + nr * sizeof(*build.load));
	build.used = (bool *)(order + online * online);
	for (size_t nid = 0; nid < nr; nid++) {
		if (!mm->node[nid])
			continue;
		build_one_fallback(&build, mm->node[nid], order);
		order += online;
	}
	return 0;
}
