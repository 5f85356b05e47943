/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines for the unit tests: banks and CPUs in, a working allocator out; as many as wanted.
 */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

#include <arch/host.h>
#include <mm/debug.h>
#include <mm/mm.h>

#define MIB               (1024ULL * 1024)
#define GIB               (1024 * MIB)

#define MACHINE_MAX_BANKS 16
#define MACHINE_MAX_CPUS  16

/** What to build. Zero-terminated arrays; pages, not bytes. */
struct machine_spec {
	const struct zone_layout *layout; /* NULL: everything is NORMAL */
	struct {
		unsigned long start_pfn, nr_pages;
		int nid;
	} bank[MACHINE_MAX_BANKS];
	unsigned int nr_cpus; /* 0: one, on node 0 */
	int cpu_nid[MACHINE_MAX_CPUS];
	unsigned int (*distance)(const void *context, int a, int b); /* NULL: 10 and 20 */
	bool keep_boot_reserved; /* leave what boot took reserved, as on a real machine */
	unsigned int pcp_share;  /* mm_set_pcp_share(); 0: no caches above order 0 */
	bool lazy; /* memory comes online as it is needed; with keep_boot_reserved only */
};

struct machine {
	struct mm mm;
	struct memblock memblock;
	struct host_machine host;
	struct mm_cpu boot_cpu;
};

/**
 * Build a machine and become its CPU 0. Unless keep_boot_reserved is set every page of the banks
 * is free, as the fixtures of the semantics want it. Misuse reports are reset, tails checked.
 */
struct machine *machine_create(const struct machine_spec *spec);
/** Fails the test unless mm_check() finds nothing; then takes the machine apart. */
void machine_destroy(struct machine *machine);
/**
 * Do its CPUs take interrupts? They do since machine_create(), where whoever asks a CPU for
 * something poses as it. Not to be while threads are the CPUs, and have no signals.
 */
void machine_set_online(struct machine *machine, bool online);
/** Let the calling thread be CPU `id` of the machine. */
void machine_enter(struct machine *machine, unsigned int id);
/**
 * From now on every page may be had, on each CPU: watermarks and reserves are 0, and a request that
 * finds nothing takes what the caches hide or fails at once (PF_MEMALLOC). For tests that need a
 * zone empty, and are about something else than reserves.
 */
void machine_lift_reserves(struct machine *machine);

/** Layouts: one NORMAL zone; DMA32 below pfn 4096 resp. 2048, NORMAL above. */
extern const struct zone_layout layout_normal, layout_low_4096, layout_low_2048;

/** The fixtures of the semantics, section 20. */
extern const struct machine_spec fixture_f1, fixture_f2, fixture_f3, fixture_f4;

/** The zone of a node, and nr_free of an order there. */
struct zone *machine_zone(const struct machine *machine, int nid, enum zone_type type);
/** Fails the test unless nr_free[0..10] of the zone are these. */
void assert_nr_free(const struct zone *zone, const unsigned long expected[MAX_ORDER]);

#endif
