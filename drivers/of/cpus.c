/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs: the children of /cpus that may be started, the frequency of their time base, and how they
 * translate addresses.
 *
 * Source: Devicetree Specification v0.4, sections 3.8 (/cpus and /cpus/cpu*); Linux
 * Documentation/devicetree/bindings/riscv/cpus.yaml.
 */
#include <inttypes.h>
#include <string.h>
#include "of_private.h"

/** Room for an mmu-type; a longer one is none that is known. */
#define MMU_TYPE_BYTES 32

/** One scan of /cpus. */
struct scan {
	struct of_log log;
	const struct of_numa *numa;
	struct of_cpus *cpus;
	unsigned int address_cells; /* 0: missing, the length of each reg decides */
	unsigned int nr_refused;    /* beyond OF_MAX_CPUS */
};

/** #address-cells of /cpus; false after a line if it is of no use. */
static bool read_cells(struct scan *scan, int parent)
{
	uint64_t cells = 0;
	int found = of_one_number(&scan->log, parent, "#address-cells", 1, &cells);

	if (found > 0 && (cells < 1 || cells > 2)) {
		of_say(&scan->log, parent, "#address-cells",
			"%" PRIu64 " is not 1 or 2: CPUs can not be read", cells);
		return false;
	}
	if (found <= 0)
		of_say(&scan->log, parent, "#address-cells",
			"missing: the length of each cpu's reg decides");
	scan->address_cells = found > 0 ? (unsigned int)cells : 0;
	return true;
}

/** The hardware id of a cpu; false after a line if it has none. */
static bool read_hwid(struct scan *scan, int node, uint64_t *hwid)
{
	unsigned int cells = scan->address_cells;
	int length;
	const void *reg = fdt_getprop(scan->log.fdt, node, "reg", &length);

	if (!reg) {
		of_say(&scan->log, node, "reg", "missing: this CPU is not used");
		return false;
	}
	if (cells == 0)
		cells = length == 8 ? 2 : 1;
	if ((unsigned int)length < cells * 4) {
		of_say(&scan->log, node, "reg", "%d bytes instead of %u: this CPU is not used",
			length, cells * 4);
		return false;
	}
	if ((unsigned int)length != cells * 4)
		of_say(&scan->log, node, "reg", "%d bytes instead of %u: the first %u used", length,
			cells * 4, cells * 4);
	*hwid = of_number(reg, cells);
	return true;
}

static bool is_duplicate(const struct of_cpus *cpus, uint64_t hwid)
{
	for (unsigned int i = 0; i < cpus->nr; i++) {
		if (cpus->cpu[i].hwid == hwid)
			return true;
	}
	return false;
}

static void scan_cpu(struct scan *scan, int node)
{
	struct of_cpus *cpus = scan->cpus;
	uint64_t hwid;

	if (!of_available(scan->log.fdt, node)) {
		cpus->nr_disabled++;
		return;
	}
	if (!read_hwid(scan, node, &hwid))
		return;
	if (is_duplicate(cpus, hwid)) {
		of_say(&scan->log, node, "reg",
			"another CPU has %" PRIu64 " too: this one is not used", hwid);
		return;
	}
	if (cpus->nr == OF_MAX_CPUS) {
		if (scan->nr_refused++ == 0)
			of_say(&scan->log, node, NULL, "no more than %u CPUs can be held: not used",
				OF_MAX_CPUS);
		return;
	}
	cpus->cpu[cpus->nr].hwid = hwid;
	cpus->cpu[cpus->nr].nid = of_numa_node(&scan->log, scan->numa, node);
	cpus->nr++;
}

/** timebase-frequency of a node, one or two cells; 0 if it has none that can be used. */
static uint64_t read_timebase(struct scan *scan, int node)
{
	static const char name[] = "timebase-frequency";
	uint64_t hz = 0;
	int length;
	const void *value = fdt_getprop(scan->log.fdt, node, name, &length);

	if (!value)
		return 0;
	if (length == 4 || length == 8)
		hz = of_number(value, (unsigned int)length / 4);
	else
		of_say(&scan->log, node, name, "%d bytes instead of 4 or 8: not used", length);
	if (hz == 0 && (length == 4 || length == 8))
		of_say(&scan->log, node, name, "0: not used");
	return hz;
}

static void scan_children(struct scan *scan, int parent)
{
	const void *fdt = scan->log.fdt;
	int node;

	scan->cpus->timebase_hz = read_timebase(scan, parent);
	fdt_for_each_subnode (node, fdt, parent) {
		if (!of_is_type(fdt, node, "cpu"))
			continue;
		scan_cpu(scan, node);
		if (scan->cpus->timebase_hz == 0)
			scan->cpus->timebase_hz = read_timebase(scan, node);
	}
	if (scan->nr_refused > 1)
		of_say(&scan->log, parent, NULL, "%u CPUs not used: no more than %u can be held",
			scan->nr_refused, OF_MAX_CPUS);
}

unsigned int of_scan_cpus(const void *fdt, const struct of_numa *numa, struct of_cpus *cpus)
{
	struct scan scan = {.log.fdt = fdt, .numa = numa, .cpus = cpus};
	int parent = fdt_path_offset(fdt, "/cpus");

	memset(cpus, 0, sizeof(*cpus));
	if (parent < 0)
		of_say(&scan.log, 0, "cpus", "missing: no CPU is known");
	else if (read_cells(&scan, parent))
		scan_children(&scan, parent);
	if (parent >= 0 && cpus->nr == 0)
		of_say(&scan.log, parent, NULL, "there is no CPU that can be used");
	of_log_end(&scan.log);
	return cpus->nr;
}

void of_cpu_mmu_types(const void *fdt, void (*seen)(const char *type))
{
	int node, parent = fdt_path_offset(fdt, "/cpus");

	if (parent < 0)
		return;
	fdt_for_each_subnode (node, fdt, parent) {
		char text[MMU_TYPE_BYTES];
		int length;
		const char *type = fdt_getprop(fdt, node, "mmu-type", &length);

		if (!type || !of_is_type(fdt, node, "cpu") || !of_available(fdt, node))
			continue;
		of_copy_text(text, sizeof(text), type, strnlen(type, (size_t)length));
		seen(text);
	}
}
