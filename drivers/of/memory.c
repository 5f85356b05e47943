/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: every bank of every memory node under the root becomes a range of the boot allocator.
 *
 * Banks are taken in the order of the tree. Each is cut below 2^64, rounded inward to whole pages,
 * and loses what an earlier bank has already. Empty ones are passed over without a word where there
 * are others: QEMU's tree has them for nodes that have CPUs alone.
 *
 * Source: Devicetree Specification v0.4, sections 3.1 (root) and 3.4 (/memory).
 */
#include <inttypes.h>
#include "of_private.h"

/** One scan of the tree for banks. */
struct scan {
	struct of_log log;
	struct memblock *mb;
	unsigned int nr_added;
	unsigned int nr_empty;   /* of size 0 */
	unsigned int nr_refused; /* because the list was full */
	uint64_t bytes_refused;
};

/** Cut a bank to whole pages below OF_TOP, in place; false if nothing is left of it. */
static bool clip_bank(struct scan *scan, int node, unsigned int index, struct of_pair *bank)
{
	const struct of_pair asked = *bank;
	uint64_t end;

	if (bank->size - 1 > PHYS_ADDR_MAX - bank->base || bank->size > INT64_MAX) {
		of_say(&scan->log, node, "reg",
			"pair %u: 0x%" PRIx64 " + 0x%" PRIx64
			" goes beyond 2^64 or is longer than 2^63: not used",
			index, bank->base, bank->size);
		return false;
	}
	if (bank->base < OF_TOP && bank->size > OF_TOP - bank->base)
		bank->size = OF_TOP - bank->base;
	end = align_down(bank->base + bank->size, PAGE_SIZE);
	bank->base = bank->base < OF_TOP ? align_up(bank->base, PAGE_SIZE) : OF_TOP;
	if (bank->base >= end) {
		of_say(&scan->log, node, "reg",
			"pair %u: 0x%" PRIx64 " + 0x%" PRIx64 " has no whole page that can be used",
			index, asked.base, asked.size);
		return false;
	}
	bank->size = end - bank->base;
	if (bank->base != asked.base || bank->size != asked.size)
		of_say(&scan->log, node, "reg",
			"pair %u: 0x%" PRIx64 " + 0x%" PRIx64
			" rounded inward to the pages [0x%" PRIx64 ", 0x%" PRIx64 ")",
			index, asked.base, asked.size, bank->base, end);
	return true;
}

static void add_bank(struct scan *scan, int node, unsigned int index, struct of_pair bank, int nid)
{
	int64_t added = memblock_add(scan->mb, bank.base, bank.size, nid);

	if (added < 0) {
		if (scan->nr_refused++ == 0)
			of_say(&scan->log, node, "reg",
				"pair %u: the list of %u banks is full: not used", index,
				MEMBLOCK_MAX_RANGES);
		scan->bytes_refused += bank.size;
		return;
	}
	if ((uint64_t)added < bank.size)
		of_say(&scan->log, node, "reg",
			"pair %u: [0x%" PRIx64 ", 0x%" PRIx64
			") overlaps an earlier bank: 0x%" PRIx64 " of its 0x%" PRIx64
			" bytes added",
			index, bank.base, bank.base + bank.size, (uint64_t)added, bank.size);
	scan->nr_added += added > 0;
}

static void scan_node(
	struct scan *scan, const struct of_numa *numa, struct of_cells cells, int node)
{
	struct of_pairs pairs;
	int nid = -1;

	if (!of_open_pairs(&scan->log, node, "reg", cells, &pairs))
		return;
	for (unsigned int i = 0; i < pairs.nr; i++) {
		struct of_pair bank = of_pair_at(&pairs, i);

		if (bank.size == 0) {
			scan->nr_empty++;
			continue;
		}
		if (!clip_bank(scan, node, i, &bank))
			continue;
		if (nid < 0)
			nid = of_numa_node(&scan->log, numa, node);
		add_bank(scan, node, i, bank, nid);
	}
}

static void scan_banks(struct scan *scan, const struct of_numa *numa, struct of_cells cells)
{
	const void *fdt = scan->log.fdt;
	int node;

	fdt_for_each_subnode (node, fdt, 0) {
		if (!of_is_type(fdt, node, "memory"))
			continue;
		if (of_available(fdt, node))
			scan_node(scan, numa, cells, node);
		else
			of_say(&scan->log, node, "status", "not okay: its memory is not used");
	}
	if (scan->nr_refused > 1)
		of_say(&scan->log, 0, NULL,
			"%u banks, %" PRIu64 " KiB, not used: the list of %u is full",
			scan->nr_refused, scan->bytes_refused / 1024, MEMBLOCK_MAX_RANGES);
}

/* Trees in files often leave it to the boot loader to fill in how much memory there is. */
static void say_no_bank(struct scan *scan)
{
	if (scan->nr_empty)
		of_say(&scan->log, 0, NULL,
			"no memory node has a usable bank: %u of size 0, for a boot loader to fill "
			"in",
			scan->nr_empty);
	else
		of_say(&scan->log, 0, NULL, "no memory node has a usable bank");
}

static of_node_set nodes_of_banks(const struct memblock *mb)
{
	of_node_set set = 0;

	for (unsigned int i = 0; i < mb->memory.nr; i++)
		set |= (of_node_set)1 << mb->memory.range[i].nid;
	return set;
}

unsigned int of_scan_memory(const void *fdt, struct memblock *mb, struct of_numa *numa)
{
	struct scan scan = {.log.fdt = fdt, .mb = mb};
	struct of_cells cells;

	of_numa_begin(&scan.log, numa);
	if (of_root_cells(&scan.log, &cells)) {
		scan_banks(&scan, numa, cells);
		of_numa_distances(&scan.log, numa, nodes_of_banks(mb));
		if (scan.nr_added == 0)
			say_no_bank(&scan);
		else if (of_reserve(&scan.log, mb, cells) != 0)
			scan.nr_added = 0;
	}
	of_log_end(&scan.log);
	return scan.nr_added;
}
