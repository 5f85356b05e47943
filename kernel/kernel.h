/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root of the runtime's state: one machine.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdatomic.h>
#include <drivers/driver.h>
#include <drivers/of.h>
#include <mm/mm.h>
#include <port/report.h>
#include "console.h"
#include "line_edit.h"
#include "log.h"
#include "sched.h"
#include "smp.h"

#define PAGEFRAME_VERSION "0.1"

/** How far a CPU has come. */
enum cpu_state {
	CPU_ABSENT = 0, /* known, not asked for yet */
	CPU_STARTING,   /* the firmware was asked for it */
	CPU_ONLINE,     /* it runs, and takes work */
	CPU_LEFT_OUT,   /* it did not come in time, or the firmware refused: never used */
};

/** The runtime's state of one CPU, on its node; the boot CPU's is static, as it prints early. */
struct kernel_cpu {
	_Atomic(enum cpu_state) state;
	uint64_t online_at;   /* cpu_time() when it came */
	_Atomic bool in_hook; /* inside the tick hook; see tick_set_hook() */
	_Atomic unsigned long ticks, ipis;
	struct smp_work work;
	struct run_queue run;
	struct thread first, idle; /* what it runs from its start, and when there is nothing else */
	struct print_line line;    /* its interrupts' */
};

/** A block that `alloc` has handed to the user of the monitor. */
struct held_block {
	unsigned long pfn;
	unsigned int order;
};
#define MAX_HELD 256U

/** What the boot arguments ask for; see bootargs.c. */
#define BOOTARGS_MAX 4096U
struct bootargs {
	char text[BOOTARGS_MAX];           /* cut up by the parser */
	char *commands;                    /* what stands after " -- ", or NULL */
	bool cut;                          /* there was no room for all: no commands */
	bool interactive;                  /* a failed command leads to the monitor */
	bool eager;                        /* all memory comes online at boot */
	bool panic_on_misuse, check_tails; /* for struct mm */
	unsigned int debug;                /* MM_DEBUG_* that are to be on from the start */
	bool fault_given;                  /* the next is to be set */
	struct mm_fault_attr fault;
	unsigned int hart_timeout; /* seconds that a hart may take to come */
	bool min_free_given;       /* the next is to be set */
	uint64_t min_free_kbytes;
	unsigned int lowmem_reserve_ratio[MAX_NR_ZONES - 1]; /* 0: as it is */
	unsigned int pcp_share;                              /* mm_set_pcp_share() */
};

/** How much of the boot is done, in cpu_instructions(), at the end of each of its stages. */
#define MAX_BOOT_STAGES 8U
struct boot_stage {
	const char *name;
	uint64_t end;
};

/** Everything of this machine. Written at boot by the boot CPU unless a comment says otherwise. */
struct kernel {
	struct mm mm;
	struct memblock memblock;
	struct zone_layout zones;   /* the architecture's, on this machine */
	const struct page *mem_map; /* mem_map(), for debuggers */
	struct of_numa numa;
	struct of_cpus cpus; /* by CPU id: the boot CPU has been moved to the front */
	struct devices devices;
	bool drivers_probed; /* or being probed: not to be done again */
	struct bootargs bootargs;
	struct console console;
	struct log log;        /* console.lock; closed when boot is over */
	struct line_edit line; /* the monitor's; boot CPU */
	const void *fdt;       /* the tree: at first where it was found, then our copy */
	uint64_t boot_time;    /* cpu_time() at kernel_main() */
	struct boot_stage boot_stage[MAX_BOOT_STAGES]; /* the first ends when the banks are known */
	unsigned int nr_boot_stages;

	unsigned int nr_cpus; /* ids; 0 is the boot CPU */
	struct kernel_cpu boot_cpu;
	struct kernel_cpu *cpu[OF_MAX_CPUS]; /* by id; NULL until it is about to be started */

	void (*_Atomic tick_hook)(void);  /* see tick_set_hook() */
	_Atomic bool failed;              /* a command failed: the status can not be 0 any more */
	_Atomic unsigned int fatal_depth; /* faults of the CPU that seized the console */
	_Atomic unsigned long misuse[NR_MISUSE]; /* reports by the allocator since boot, by kind */
	const struct page *_Atomic misuse_page;  /* that the last of them was about, or NULL */

	struct held_block held[MAX_HELD]; /* the monitor's; boot CPU */
	unsigned int nr_held;
	bool typed;        /* the commands that run were typed at the prompt; the monitor's */
	bool alloc_chosen; /* the OOM killer has ended the request that is made; its thread's */
};

extern struct kernel kernel;

/** This CPU's part. Any context, and valid from the first instruction in C. */
static inline struct kernel_cpu *kernel_this_cpu(void)
{
	return this_cpu->id == 0 ? &kernel.boot_cpu : kernel.cpu[this_cpu->id];
}

/**
 * Take out of the banks what the tree claims and nothing answers at, a line for each. After
 * paging_choose(), before anything is allocated. Returns 0, or -1 if the list of banks is full.
 */
int memory_probe(struct memblock *mb);

/** Read the boot arguments from the tree into kernel.bootargs; a line for each that is no good. */
void bootargs_read(const void *fdt);
/** Apply what they say of the allocator. Once, after mm_init(). */
void bootargs_apply(void);
/** Switch on the levels of debugging that they ask for. Once, when pages can be allocated. */
void bootargs_debug(void);
/**
 * Set min_free_kbytes of the machine. False, after a line that starts with `who`, if it is
 * more than there is memory.
 */
bool kernel_set_min_free_kbytes(const char *who, uint64_t kbytes);
/** Say which words there are; for `help bootargs`. */
void bootargs_help(void);

/** Note what debuggers can not find out by themselves. Before mm_init(). */
void debug_info_init(void);

/** Milliseconds since kernel_main() was entered. */
unsigned long kernel_uptime_ms(uint64_t at);

/** Record that something failed: a power-off with status 0 becomes one with status 1. */
void power_failed(void);
/** "pageframe: power off, status N", and do it. Any context. */
_Noreturn void power_off(int status);
/** "pageframe: reset", and do it. */
_Noreturn void power_reset(void);

#endif
