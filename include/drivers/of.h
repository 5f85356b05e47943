/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree, read with libfdt: memory, reservations, CPUs, distances, boot arguments.
 *
 * The tree is input from outside. Whatever is malformed in it costs one printed line that starts
 * "devicetree: <node>[ <property>]: ", says what is wrong and what was done about it, and the rest
 * is used. Nothing here keeps a pointer into the tree.
 *
 * Source: Devicetree Specification v0.4; Linux Documentation/devicetree/bindings/numa.txt and
 * reserved-memory.
 */
#ifndef DRIVERS_OF_H
#define DRIVERS_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mm/memblock.h>

/** Most CPUs, and one past the highest node id, that a tree may use. */
#define OF_MAX_CPUS  512U
#define OF_MAX_NODES 64U

/** A CPU of the tree that may be started. */
struct of_cpu {
	uint64_t hwid; /* its reg: hart id or MPIDR */
	int nid;       /* numa-node-id; 0 without NUMA */
};

struct of_cpus {
	unsigned int nr;
	unsigned int nr_disabled; /* left alone: status is neither okay nor ok */
	struct of_cpu cpu[OF_MAX_CPUS];
	uint64_t timebase_hz; /* /cpus timebase-frequency; 0 if absent */
};

/** NUMA as the tree tells it. */
struct of_numa {
	bool present; /* any numa-node-id at all */
	bool has_distance_map;
	unsigned char distance[OF_MAX_NODES][OF_MAX_NODES]; /* 10 / 20 where the map says nothing */
};

/**
 * Look at the header and the structure of a tree of which at most `max_bytes` may be read (0: no
 * bound is known). Larger than 16 MiB, or nested deeper than 64, is no tree.
 *
 * Returns its size in bytes, or 0 after one line that says what is wrong.
 */
size_t of_check(const void *fdt, size_t max_bytes);

/**
 * Look for a tree that was appended to the image, at `fdt`, where `room` bytes are nobody else's.
 * What loaders write into /chosen (bootargs, linux,initrd-start and -end) it takes from the tree
 * `firmware`, where that has it; stdout-path only if it has none itself. `firmware` has passed
 * of_check(), or is NULL.
 *
 * Returns its size in bytes, or 0: silently if there is none, after a line if it can not be used.
 */
size_t of_appended(void *fdt, size_t room, const void *firmware);

/**
 * Add every bank of every memory node, and every reservation (/memreserve/, /reserved-memory
 * with reg), to `mb`. Does not reserve the tree itself or the image.
 *
 * A node id of OF_MAX_NODES or more: NUMA is dropped whole, as Linux does, and everything is node
 * 0. Returns the number of banks added; 0 after a line if there is no memory at all, or so many
 * reservations that one could not be kept.
 */
unsigned int of_scan_memory(const void *fdt, struct memblock *mb, struct of_numa *numa);

/**
 * Place the reservations of /reserved-memory that have a size and no reg, in what is free in `mb`,
 * by their alignment and alloc-ranges. After of_scan_memory(), and after the image and the tree
 * are reserved: it may take any byte that is not. Returns 0 (also if one found no place, after a
 * line: it is optional), or -1 after a line if a placed one could not be noted as no-map.
 */
int of_place_reserved(const void *fdt, struct memblock *mb);

/**
 * The tree's CPUs, in its order, at most OF_MAX_CPUS. `numa` decides whether node ids count.
 * Returns their number.
 */
unsigned int of_scan_cpus(const void *fdt, const struct of_numa *numa, struct of_cpus *cpus);

/**
 * Call seen() with the mmu-type of each CPU that may be started, cut to 31 characters and without
 * what is not printable; CPUs without one are passed over.
 */
void of_cpu_mmu_types(const void *fdt, void (*seen)(const char *type));

/** For struct mm_config: context is a struct of_numa. */
unsigned int of_distance(const void *numa, int a, int b);

/**
 * /chosen bootargs, copied and cut to `size` bytes; empty if there are none. White space is blanks,
 * and what is not printable '?'.
 */
void of_bootargs(const void *fdt, char *buffer, size_t size);

/**
 * /chosen linux,initrd-start and linux,initrd-end, 32 or 64 bits each. True and [*base, *end),
 * bytes, not empty, anywhere below 2^64 less a page. False if the tree names none, silently, or if
 * what it names is no range, after a line.
 */
bool of_initrd(const void *fdt, uint64_t *base, uint64_t *end);

/**
 * Node offset of the stdout-path device (alias or path, options after a colon cut off), or
 * -1: silently if the tree names none, after a line if what it names is no node.
 */
int of_stdout(const void *fdt);

/** True unless a status property says something other than okay or ok. */
bool of_available(const void *fdt, int node);

/** True if the node's `compatible` list has `name`. */
bool of_compatible(const void *fdt, int node, const char *name);

/**
 * Entry `index` of a node's reg, by its parent's cells, translated by `ranges` up to the root.
 * Returns 0, or -1 if there is no such entry or it can not be translated.
 */
int of_reg(const void *fdt, int node, unsigned int index, uint64_t *base, uint64_t *size);

/**
 * One past the last byte of memory that all devices reach: the least that a bus' dma-ranges allow,
 * of those that are available; UINT64_MAX if none says less. (Linux has the last byte instead.)
 */
uint64_t of_dma_end(const void *fdt);

/** A u32 property, or `otherwise`. */
uint32_t of_u32(const void *fdt, int node, const char *name, uint32_t otherwise);

#endif
