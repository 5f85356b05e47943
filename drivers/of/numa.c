/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NUMA: node ids of memory and CPUs, and the distances between nodes.
 *
 * A machine is NUMA if any bank or CPU has a numa-node-id. One id that is out of range makes the
 * rest of them meaningless, so NUMA is dropped whole then, as Linux does.
 *
 * Source: Linux Documentation/devicetree/bindings/numa.txt.
 */
#include <inttypes.h>
#include "of_private.h"

#define LOCAL_DISTANCE  10U
#define REMOTE_DISTANCE 20U
#define MAX_DISTANCE    255U

_Static_assert(OF_MAX_NODES <= 64, "of_node_set has a bit for each node");

static of_node_set node_bit(uint64_t nid)
{
	return (of_node_set)1 << nid;
}

static void default_distances(struct of_numa *numa)
{
	for (unsigned int a = 0; a < OF_MAX_NODES; a++) {
		for (unsigned int b = 0; b < OF_MAX_NODES; b++)
			numa->distance[a][b] = a == b ? LOCAL_DISTANCE : REMOTE_DISTANCE;
	}
}

unsigned int of_distance(const void *numa, int a, int b)
{
	const struct of_numa *of = numa;

	if (a < 0 || b < 0 || (unsigned int)a >= OF_MAX_NODES || (unsigned int)b >= OF_MAX_NODES)
		return a == b ? LOCAL_DISTANCE : REMOTE_DISTANCE;
	return of->distance[a][b];
}

/** Note the id of a memory or cpu node; false after a line if it is out of range. */
static bool look_at_id(struct of_log *log, struct of_numa *numa, int node)
{
	uint64_t nid;

	if (!of_available(log->fdt, node) || of_one_number(log, node, "numa-node-id", 1, &nid) <= 0)
		return true;
	if (nid >= OF_MAX_NODES) {
		of_say(log, node, "numa-node-id",
			"%" PRIu64 " is not below %u: NUMA is dropped, everything is node 0", nid,
			OF_MAX_NODES);
		numa->present = false;
		return false;
	}
	numa->present = true;
	return true;
}

void of_numa_begin(struct of_log *log, struct of_numa *numa)
{
	int node, cpus = fdt_path_offset(log->fdt, "/cpus");

	numa->present = false;
	numa->has_distance_map = false;
	default_distances(numa);
	fdt_for_each_subnode (node, log->fdt, 0) {
		if (of_is_type(log->fdt, node, "memory") && !look_at_id(log, numa, node))
			return;
	}
	if (cpus < 0)
		return;
	fdt_for_each_subnode (node, log->fdt, cpus) {
		if (of_is_type(log->fdt, node, "cpu") && !look_at_id(log, numa, node))
			return;
	}
}

int of_numa_node(struct of_log *log, const struct of_numa *numa, int node)
{
	if (!numa->present)
		return 0;
	/* One of a wrong length was told by of_numa_begin(). */
	if (!fdt_getprop(log->fdt, node, "numa-node-id", NULL))
		of_say(log, node, "numa-node-id", "missing while others have one: node 0 taken");
	return (int)of_u32(log->fdt, node, "numa-node-id", 0);
}

/** Nodes of the CPUs that can be started. */
static of_node_set nodes_of_cpus(const void *fdt)
{
	int node, cpus = fdt_path_offset(fdt, "/cpus");
	of_node_set set = 0;

	if (cpus < 0)
		return 0;
	fdt_for_each_subnode (node, fdt, cpus) {
		if (of_is_type(fdt, node, "cpu") && of_available(fdt, node))
			set |= node_bit(of_u32(fdt, node, "numa-node-id", 0));
	}
	return set;
}

/** A distance-map while it is read. */
struct map {
	struct of_log *log;
	struct of_numa *numa;
	int node;
	of_node_set known;               /* nodes that exist */
	of_node_set given[OF_MAX_NODES]; /* pairs that the map has */
};

static bool is_known(const struct map *map, uint64_t nid)
{
	return nid < OF_MAX_NODES && (map->known & node_bit(nid));
}

/** What is wrong with "from `a` to `b` it is `distance`", or NULL. */
static const char *triplet_fault(const struct map *map, uint64_t a, uint64_t b, uint64_t distance)
{
	if (!is_known(map, a) || !is_known(map, b))
		return "there is no such node: not used";
	if (a == b && distance != LOCAL_DISTANCE)
		return "the distance of a node to itself is 10: 10 kept";
	if (a != b && distance <= LOCAL_DISTANCE)
		return "another node must be further away than 10: not used";
	if (distance > MAX_DISTANCE)
		return "more than 255: not used";
	return NULL;
}

static void take_triplet(struct map *map, uint64_t a, uint64_t b, uint64_t distance)
{
	const char *fault = triplet_fault(map, a, b, distance);
	const bool usable = !fault;

	if (usable && (map->given[a] & node_bit(b)) && map->numa->distance[a][b] != distance)
		fault = "given before as another value: this one counts";
	if (fault)
		of_say(map->log, map->node, "distance-matrix",
			"%" PRIu64 " to %" PRIu64 " is %" PRIu64 ": %s", a, b, distance, fault);
	if (usable) {
		map->numa->distance[a][b] = (unsigned char)distance;
		map->given[a] |= node_bit(b);
	}
}

/** A pair that the map has in one direction only is the same in the other, as in Linux. */
static void complete_pair(struct map *map, unsigned int a, unsigned int b)
{
	const bool forth = map->given[a] & node_bit(b), back = map->given[b] & node_bit(a);

	if (forth && !back)
		map->numa->distance[b][a] = map->numa->distance[a][b];
	else if (back && !forth)
		map->numa->distance[a][b] = map->numa->distance[b][a];
	else if (!forth)
		of_say(map->log, map->node, "distance-matrix", "nothing about %u and %u: %u taken",
			a, b, REMOTE_DISTANCE);
}

static void complete(struct map *map)
{
	for (unsigned int a = 0; a < OF_MAX_NODES; a++) {
		for (unsigned int b = a + 1; b < OF_MAX_NODES; b++) {
			if (is_known(map, a) && is_known(map, b))
				complete_pair(map, a, b);
		}
	}
}

/** The distance-map node, or negative; says so if there is one of a kind that is not known. */
static int find_map(struct of_log *log)
{
	int node = fdt_node_offset_by_compatible(log->fdt, -1, "numa-distance-map-v1");

	if (node < 0) {
		int other = fdt_path_offset(log->fdt, "/distance-map");

		if (other >= 0)
			of_say(log, other, "compatible",
				"not numa-distance-map-v1: 10 and 20 taken for all nodes");
	}
	return node;
}

void of_numa_distances(struct of_log *log, struct of_numa *numa, of_node_set memory)
{
	const unsigned int triplet = 12;
	struct map map = {.log = log, .numa = numa};
	const unsigned char *data;
	int length;

	if (!numa->present)
		return;
	map.node = find_map(log);
	if (map.node < 0)
		return;
	data = fdt_getprop(log->fdt, map.node, "distance-matrix", &length);
	if (!data) {
		of_say(log, map.node, "distance-matrix", "missing: 10 and 20 taken for all nodes");
		return;
	}
	map.known = memory | nodes_of_cpus(log->fdt);
	if ((unsigned int)length % triplet != 0)
		of_say(log, map.node, "distance-matrix",
			"%d bytes are no multiple of %u: %u whole triplets used", length, triplet,
			(unsigned int)length / triplet);
	for (unsigned int i = 0; i < (unsigned int)length / triplet; i++, data += triplet)
		take_triplet(
			&map, of_number(data, 1), of_number(data + 4, 1), of_number(data + 8, 1));
	for (unsigned int a = 0; a < OF_MAX_NODES; a++)
		numa->has_distance_map |= map.given[a] != 0;
	complete(&map);
}
