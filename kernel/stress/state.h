/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress's state: one struct stress, its CPUs and its workers, and what it can find.
 *
 * Who may write what stands beside the fields. Counters have one writer each and are read by
 * others, with relaxed atomics.
 */
#ifndef STRESS_STATE_H
#define STRESS_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <mm/mempolicy.h>
#include <mm/mm.h>
#include "block.h"
#include "mailbox.h"
#include "ownership.h"
#include "prng.h"

/** What a run can find. The first one found names the verdict. */
enum stress_kind {
	STRESS_OK,
	STRESS_TWO_OWNERS, /* a page handed out that somebody holds */
	STRESS_CONTENT,    /* a held page was written to by somebody else */
	STRESS_ZONE,       /* outside what the modifier permits, or not where its flags say */
	STRESS_ALIGNMENT,  /* a block that does not start at a multiple of its size */
	STRESS_ZERO,       /* __GFP_ZERO, and a byte that is not zero */
	STRESS_COMPOUND,   /* __GFP_COMP marks missing, wrong or unasked for */
	STRESS_COUNT,      /* a reference count that is not what it should be */
	STRESS_ORDER,      /* recorded with another order than was asked for */
	STRESS_LEAK,       /* pages that nobody has */
	STRESS_CHECK,      /* mm_check() found faults */
	STRESS_MISUSE,     /* the allocator reported misuse, and there was none */
	STRESS_STARVED,    /* no page for a request, and there are plenty */
	STRESS_HANG,       /* a CPU did not come back: its last call never returned */
	STRESS_POLICY, /* a node that the memory policy does not allow, or not the one whose turn it
			  is */
	STRESS_WATERMARK, /* a zone taken below the mark of who took it, or kept from who was above
			   */
	STRESS_COVERAGE,  /* something that should have happened never did */
	NR_STRESS_KINDS
};

/** No pfn: a violation that is about no page. */
#define STRESS_NO_PFN      (~0UL)

#define STRESS_MAX_CPUS    1024U
#define STRESS_MAX_WORKERS 4096U
#define STRESS_MAX_NODES   64U
/** Blocks that a worker, and a CPU's interrupt, holds at most. */
#define WORKER_SLOTS 256U
#define IRQ_SLOTS    8U
/** Highest order that interrupts ask for. */
#define IRQ_ORDER_MAX 2U
/** Steps between two bursts of a worker. */
#define BURST_STEPS 65536U
/** Steps of a worker between two drains of all caches. */
#define DRAIN_STEPS 8192U

/** Steps of a worker under the same memory policy. */
#define POLICY_STEPS        256U
#define STRESS_MAX_POLICIES 16U

/** Owners in the ownership map. */
#define OWNER_WORKER(index)   (1U + (index))
#define OWNER_IRQ(slot)       (0x10000U + (slot))
#define OWNER_BURST           0x20000U
#define OWNER_PRESSURE(index) (0x30000U + (index))

/** The memory policies that workers allocate under: all modes and none in turn, or one of them. */
enum stress_policies {
	POLICIES_MIX,
	POLICIES_DEFAULT,
	POLICIES_PREFERRED,
	POLICIES_BIND,
	POLICIES_INTERLEAVE,
};

/** How to run. 0 for ops or seconds: no limit, but one of them must be there. */
struct stress_params {
	uint64_t seed;
	uint64_t ops; /* of all workers together */
	uint64_t seconds;
	unsigned int nr_workers; /* at least one for each CPU; 0: one each */
	uint64_t footprint;      /* bytes held at once; 0: least of half the free memory, 1 GiB */
	enum stress_policies policies;
	bool pressure; /* hold all zones at their low marks, in place of bursts */
};

/** A policy of the run, and what was asked for when it was made. */
struct stress_policy {
	enum mpol_mode mode;
	nodemask_t nodes;
	struct mempolicy *policy;
};

/** A policy in the hands of one worker. */
struct policy_use {
	const struct stress_policy *of; /* NULL: none */
	int il_next;                    /* INTERLEAVE: the allocator's, kept between calls */
	int turn;                       /* INTERLEAVE: the node that is next, by our own count */
};

/** What happened on one CPU; task and interrupt have one each, so each has one writer. */
struct stress_count {
	unsigned long ops;    /* steps of workers */
	unsigned long allocs; /* blocks taken */
	unsigned long frees;  /* blocks given back */
	unsigned long failed; /* allocations that got nothing */
	unsigned long faults; /* NULLs that were injected, see <mm/fault.h> */
	unsigned long remote; /* blocks freed that another CPU had allocated */
	unsigned long cold;   /* blocks taken with __GFP_COLD or given to the cold cache */
	unsigned long zeroed; /* blocks taken with __GFP_ZERO */
	unsigned long compound;
	unsigned long split;
	unsigned long handed; /* blocks freed that came from the other context of this CPU */
	unsigned long ticks;  /* interrupts that did something */
	unsigned long policy[MPOL_MAX];        /* blocks taken without naming a node, by policy */
	unsigned long low_asked;               /* single pages asked for while all zones were low */
	unsigned long low_served;              /* and got */
	unsigned long order[MAX_ORDER];        /* blocks taken, by order */
	unsigned long modifier[GFP_ZONETYPES]; /* blocks taken, by zone modifier */
};

/** Add to a counter that this context alone writes and others may read. */
static inline void count_add(unsigned long *counter, unsigned long n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline unsigned long count_get(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

struct stress;

/** A worker: a state machine that belongs to one CPU, stepped by its task. */
struct stress_worker {
	struct stress *stress;
	struct stress_cpu *cpu;
	unsigned int index;
	struct prng prng;     /* the one source of its choices */
	uint64_t digest;      /* of the choices made so far */
	uint64_t quota, done; /* steps */
	uint64_t next_burst;  /* the step at which it empties a zone */
	unsigned int nr_bursts;
	struct policy_use policy;
	struct holder holder;
	struct block slot[WORKER_SLOTS];
	struct mailbox mailbox; /* blocks that others want it to free */
};

/** One CPU's part. */
struct stress_cpu {
	struct stress *stress;
	unsigned int slot;   /* in stress->cpu[]; its workers are slot, slot + nr_cpus, ... */
	unsigned int id;     /* mm_cpu.id */
	uint64_t hwid;       /* for reports */
	bool done;           /* its workers have made all their steps */
	unsigned int quiets; /* quiet points that it has been through */
	struct stress_count task, irq;
	struct mm_cpu_stat stat_before; /* of the allocator, at the start */

	/* The timer interrupt's own; untouched by the task while interrupts come. */
	struct prng irq_prng;
	struct holder irq_holder;
	struct block irq_slot[IRQ_SLOTS];
	struct mailbox irq_mailbox;           /* blocks that tasks want it to free */
	_Atomic unsigned long irq_wants_leaf; /* a pfn that the ownership map can not tell of yet */
};

/** A zone that a burst may empty, or that the pressure keeps low. */
struct stress_zone {
	int nid;
	enum zone_type type;
	gfp_t modifier;
	struct zone *zone;
	unsigned long managed;     /* pages that the boot handed over */
	bool alone;                /* the only zone of its node, and none is higher */
	struct stress_policy bind; /* to its node, if it is alone */
};
#define STRESS_MAX_ZONES (STRESS_MAX_NODES * 2)

struct pressure;

struct stress {
	/* Constant while it runs. */
	struct mm *mm;
	struct stress_params params;
	unsigned int nr_cpus, nr_workers;
	unsigned int nr_nodes, nr_zones;
	unsigned int order_max; /* highest order that fits a worker's share */
	int nid[STRESS_MAX_NODES];
	/* Those that fit the footprint; under pressure, all. */
	struct stress_zone zone[STRESS_MAX_ZONES];
	struct stress_policy policy[STRESS_MAX_POLICIES];
	unsigned int nr_policies;
	struct pressure *pressure;              /* NULL: none */
	struct mm_cpu_stat stat_before;         /* of all CPUs */
	unsigned long faults_before;            /* injected before the run */
	unsigned long limit_pfn[GFP_ZONETYPES]; /* a modifier's pages are below this */
	unsigned long footprint_pages;
	unsigned long free_before, allocated_before, misuse_before;
	uint64_t start_time, deadline; /* cpu_time(); deadline 0: none */
	uint64_t patience;             /* ticks that slot 0 waits for the others, once stopped */
	bool (*interrupted)(void);     /* asked by CPU slot 0: stop early? NULL: never */
	struct stress_cpu *cpu[STRESS_MAX_CPUS];
	struct stress_cpu *cpu_by_id[STRESS_MAX_CPUS];
	struct stress_worker *worker[STRESS_MAX_WORKERS];
	unsigned long state_pages;

	struct ownership owners;

	/* Between CPUs. */
	_Atomic bool stop;              /* make no more steps */
	_Atomic bool quiet;             /* interrupts do nothing */
	_Atomic bool finish;            /* set by slot 0: leave the main loop */
	_Atomic bool unsafe;            /* the allocator is damaged: free nothing more */
	_Atomic bool given_up;          /* a CPU does not come to the barrier: do not wait for it */
	_Atomic unsigned int nr_done;   /* CPUs whose workers are through */
	_Atomic unsigned int nr_quiets; /* quiet points asked for */
	_Atomic unsigned int barrier_arrived, barrier_round;
	_Atomic unsigned int bursting;    /* one at a time */
	_Atomic unsigned int burst_phase; /* taking and giving back, a number each */
	struct holder burst_holder;
	_Atomic unsigned long nr_bursts, nr_lowered; /* brought a zone down to its mark */
	_Atomic unsigned long nr_emptied;            /* and then, as PF_MEMALLOC may, to 0 */
	_Atomic unsigned long
		nr_passed_on;            /* requests that a lower or another node's zone served */
	_Atomic unsigned long nr_drains; /* of all CPUs' caches */
	_Atomic unsigned long abandoned; /* pages left alone because they have two owners */

	_Atomic unsigned int violations;
	_Atomic int kind; /* enum stress_kind of the first */

	/* Slot 0's own. */
	uint64_t next_progress;
	uint64_t running_at;  /* last seen not stopped */
	unsigned int checks;  /* mm_check() runs */
	unsigned long probed; /* requests whose marks were checked exactly, at quiet points */
	unsigned long peak;   /* most pages seen held at once */
	bool broken_off;
	uint64_t end_time;
	uint64_t total_ops;
	uint64_t digest; /* of all choices; the same for the same seed, ops and workers */
	long leaked;
};

#endif
