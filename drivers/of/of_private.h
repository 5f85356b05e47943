/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of drivers/of share. Nothing here keeps state between calls.
 *
 * node.c: one node; cells.c: numbers in properties; say.c: findings; numa.c, memory.c, reserved.c,
 * cpus.c, chosen.c, reg.c, dma.c, check.c: one part of the tree each; appended.c: two trees. Calls
 * go from the later to the earlier, and from memory.c to numa.c and reserved.c.
 */
#ifndef OF_PRIVATE_H
#define OF_PRIVATE_H

#include <libfdt.h>
#include <drivers/of.h>

/** One past the last address that a range may reach: the last page below 2^64 is not used. */
#define OF_TOP align_down(PHYS_ADDR_MAX, PAGE_SIZE)

/** In place of a node: the header's list of reservations, which libfdt calls mem_rsv. */
#define OF_MEMRESERVE (-1)

/** Room for a node's path in a message; longer ones are told by name alone. */
#define OF_PATH_BYTES 256

/** Findings that one call prints; of a tree full of junk, the rest is counted. */
#define OF_MAX_LINES 200U

/** The findings of one call from outside. */
struct of_log {
	const void *fdt;
	unsigned int nr; /* findings so far, printed or not */
};

/** Print "devicetree: <path of node>[ <property>]: <text>", if there is still room for it. */
void of_say(struct of_log *log, int node, const char *property, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** Last call on a log: how many findings were not printed. */
void of_log_end(struct of_log *log);
/** Copy `length` bytes of the tree's text to a string, cut to fit, unprintable ones as '?'. */
void of_copy_text(char *to, size_t size, const char *text, size_t length);
/** The same for a node's name. */
void of_copy_name(const void *fdt, int node, char *to, size_t size);

/** 32-bit cells per number in a node's children. */
struct of_cells {
	unsigned int address, size;
};

struct of_pair {
	uint64_t base, size;
};

/** A property made of address-size pairs, opened for reading. */
struct of_pairs {
	const unsigned char *data;
	unsigned int nr;
	struct of_cells cells;
};

/** Cells of `node`, the specification's 2 and 1 where absent; more than 2 where malformed. */
struct of_cells of_cells_of(const void *fdt, int node);
/** True for 1 or 2 of each. */
bool of_cells_usable(struct of_cells cells);
/** Cells of the root, for banks: false after a line if they are not 1 or 2. */
bool of_root_cells(struct of_log *log, struct of_cells *cells);
/** Value of `count` cells, 0 to 2, at `data`. */
uint64_t of_number(const unsigned char *data, unsigned int count);
/**
 * Open a property of pairs; `cells` are 1 or 2 each. Says what does not fit: no such property, or
 * a length that is no multiple of a pair (the whole pairs count). False if there is no pair.
 */
bool of_open_pairs(struct of_log *log, int node, const char *property, struct of_cells cells,
	struct of_pairs *pairs);
/** Pair `index`, below pairs->nr. */
struct of_pair of_pair_at(const struct of_pairs *pairs, unsigned int index);
/**
 * A property that is one number of `count` cells. 1 if it is there, 0 if not, -1 after a line if
 * its length is another.
 */
int of_one_number(
	struct of_log *log, int node, const char *property, unsigned int count, uint64_t *value);

/** True if device_type, or without one the name before the '@', is `type`. */
bool of_is_type(const void *fdt, int node, const char *type);
/** Address on the bus whose node is `bus` -> address at the root; -1 if `ranges` do not say. */
int of_translate(const void *fdt, int bus, uint64_t *base, uint64_t size);

/** Bit per node id. */
typedef uint64_t of_node_set;

/** First look: who has a node id, do all fit. Fills `numa`; distances are 10 and 20. */
void of_numa_begin(struct of_log *log, struct of_numa *numa);
/** Node of a memory or cpu node; 0 after a line if it alone has none. */
int of_numa_node(struct of_log *log, const struct of_numa *numa, int node);
/** Read the distance-map; `memory` are the nodes that have memory. */
void of_numa_distances(struct of_log *log, struct of_numa *numa, of_node_set memory);

/**
 * Reserve what the tree reserves; banks are in `mb` already. -1 after a line if a reservation
 * could not be kept, so that no memory of this machine is safe.
 */
int of_reserve(struct of_log *log, struct memblock *mb, struct of_cells root);

#endif
