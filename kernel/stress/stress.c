/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's `stress`: options, and a CPU for everybody.
 *
 * Owns the one struct stress of this machine, which is static: its pointers outlive the run, and a
 * CPU that never came back may still look at it. Everything else is in the files beside this one,
 * which know no monitor and no harts.
 */
#include <port/print.h>
#include "../kernel.h"
#include "../monitor.h"
#include "../smp.h"
#include "../tick.h"
#include "core.h"

/* About 10 s on four harts under QEMU on two cores; and no longer than this on a slower one. */
#define DEFAULT_OPS     1000000U
#define DEFAULT_SECONDS 30U
#define DEFAULT_SEED    1U

static struct stress stress;

static void tick(void)
{
	stress_tick(&stress);
}

static void run_slot(void *arg)
{
	const unsigned int *slot = arg;

	stress_cpu_main(&stress, *slot);
}

/* One option; a line and false if it is no good. */
static bool parse_option(const char *word, struct stress_params *params)
{
	const char *value;
	uint64_t number;

	if ((value = parse_key(word, "seed")))
		return parse_number_in("stress", "seed", value, 0, UINT64_MAX, &params->seed);
	if ((value = parse_key(word, "ops")))
		return parse_number_in("stress", "ops", value, 1, UINT64_MAX >> 8, &params->ops);
	if ((value = parse_key(word, "seconds")))
		return parse_number_in("stress", "seconds", value, 1, 10000000, &params->seconds);
	if ((value = parse_key(word, "workers"))) {
		if (!parse_number_in("stress", "workers", value, smp_nr_online(),
			    STRESS_MAX_WORKERS, &number))
			return false;
		params->nr_workers = (unsigned int)number;
		return true;
	}
	if ((value = parse_key(word, "footprint"))) {
		if (parse_bytes(value, &params->footprint) && params->footprint >= PAGE_SIZE)
			return true;
		print("stress: footprint: \"%s\" is no number of bytes (K, M, G), of a page or "
		      "more\n",
			value);
		return false;
	}
	print("stress: unknown option \"%s\"; there are seed= ops= seconds= workers= footprint=, "
	      "see "
	      "`help stress`\n",
		word);
	return false;
}

static bool parse_options(int argc, char **argv, struct stress_params *params)
{
	*params = (struct stress_params){.seed = DEFAULT_SEED};
	for (int i = 1; i < argc; i++) {
		if (!parse_option(argv[i], params))
			return false;
	}
	if (params->ops == 0 && params->seconds == 0) {
		params->ops = DEFAULT_OPS;
		params->seconds = DEFAULT_SECONDS;
	}
	return true;
}

/* Put every online CPU to work, the calling one as slot 0, and wait until all are through. */
static void run_everywhere(const unsigned int *ids)
{
	static unsigned int slots[STRESS_MAX_CPUS];

	tick_set_hook(tick);
	for (unsigned int slot = 1; slot < stress.nr_cpus; slot++) {
		slots[slot] = slot;
		smp_run_on(ids[slot], run_slot, &slots[slot]);
	}
	stress_cpu_main(&stress, 0);
	tick_set_hook(NULL);
	for (unsigned int slot = 1; slot < stress.nr_cpus && !stress.given_up; slot++)
		smp_wait(ids[slot]);
}

int cmd_stress(int argc, char **argv)
{
	static unsigned int ids[STRESS_MAX_CPUS];
	static uint64_t hwids[STRESS_MAX_CPUS];
	struct stress_params params;
	unsigned int cpu, nr = 0;

	if (!parse_options(argc, argv, &params))
		return CMD_USAGE;
	if (stress.given_up) {
		print("stress: CPUs of an earlier run have not come back; `reboot` starts over\n");
		return CMD_FAILED;
	}
	/* Slot 0 is the CPU that runs this: the boot CPU, which has the lowest id. */
	for_each_online_cpu (cpu) {
		if (nr == STRESS_MAX_CPUS)
			break;
		ids[nr] = cpu;
		hwids[nr++] = kernel.cpus.cpu[cpu].hwid;
	}
	if (stress_begin(&stress, &kernel.mm, &params, ids, hwids, nr))
		return CMD_FAILED;
	stress.interrupted = console_break;
	run_everywhere(ids);
	return stress_end(&stress) == STRESS_OK && !stress.broken_off ? CMD_OK : CMD_FAILED;
}
