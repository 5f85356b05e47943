/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's `stress`: options, and a CPU for everybody; `stress oom`: a few threads on each.
 *
 * Owns the one struct stress and the one struct oom_run of this machine, which are static: their
 * pointers outlive the run, and a CPU or thread that never came back may still look at them.
 * Everything else is in the files beside this one, which know no monitor and no harts.
 */
#include <string.h>
#include <port/print.h>
#include "../kernel.h"
#include "../monitor.h"
#include "../smp.h"
#include "../tick.h"
#include "../sched.h"
#include "core.h"
#include "oom.h"

/* About 10 s on four harts under QEMU on two cores; and no longer than this on a slower one. */
#define DEFAULT_OPS     1000000U
#define DEFAULT_SECONDS 30U
#define DEFAULT_SEED    1U
/* `stress oom`: a few seconds, as a kill takes a tick. */
#define DEFAULT_KILLS  500U
#define EATERS_PER_CPU 2U

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

static bool parse_policy(const char *value, enum stress_policies *policies)
{
	static const char *const names[] = {
		[POLICIES_MIX] = "mix",
		[POLICIES_DEFAULT] = "default",
		[POLICIES_PREFERRED] = "preferred",
		[POLICIES_BIND] = "bind",
		[POLICIES_INTERLEAVE] = "interleave",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			*policies = (enum stress_policies)i;
			return true;
		}
	}
	print("stress: policy: \"%s\"; there are default, preferred, bind, interleave, and mix\n",
		value);
	return false;
}

static bool parse_switch(const char *value, bool *on)
{
	*on = strcmp(value, "on") == 0;
	if (*on || strcmp(value, "off") == 0)
		return true;
	print("stress: pressure: \"%s\" is neither on nor off\n", value);
	return false;
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
	if ((value = parse_key(word, "policy")))
		return parse_policy(value, &params->policies);
	if ((value = parse_key(word, "pressure")))
		return parse_switch(value, &params->pressure);
	if ((value = parse_key(word, "footprint"))) {
		if (parse_bytes(value, &params->footprint) && params->footprint >= PAGE_SIZE)
			return true;
		print("stress: footprint: \"%s\" is no number of bytes (K, M, G), of a page or "
		      "more\n",
			value);
		return false;
	}
	print("stress: unknown option \"%s\"; there are seed= ops= seconds= workers= footprint= "
	      "policy= pressure=, see "
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

static struct oom_run oom_run;

static void eat(void *arg)
{
	const struct oom_eater *eater = arg;

	oom_eat(&oom_run, eater->index);
}

/* Start the eaters, some on every CPU. Returns how many; fewer than that: no memory. */
static unsigned int start_eaters(struct thread **threads)
{
	unsigned int nr = 0, cpu;

	for_each_online_cpu (cpu) {
		for (unsigned int i = 0; i < EATERS_PER_CPU && nr < oom_run.nr; i++) {
			struct oom_eater *eater = &oom_run.eater[nr];

			threads[nr] = thread_create(eater->name, cpu, eat, eater, DEFAULT_PRIO);
			if (!threads[nr])
				return nr;
			nr++;
		}
	}
	return nr;
}

static bool parse_oom_options(int argc, char **argv, struct oom_params *params)
{
	const char *value;

	*params = (struct oom_params){.seed = DEFAULT_SEED, .kills = DEFAULT_KILLS};
	for (int i = 2; i < argc; i++) {
		bool good = false;

		if ((value = parse_key(argv[i], "kills")))
			good = parse_number_in(
				"stress", "kills", value, 1, 1000000000, &params->kills);
		else if ((value = parse_key(argv[i], "seed")))
			good = parse_number_in(
				"stress", "seed", value, 0, UINT64_MAX, &params->seed);
		else
			print("stress: unknown option \"%s\"; `stress oom` has kills= and seed=\n",
				argv[i]);
		if (!good)
			return false;
	}
	return true;
}

static int stress_oom(int argc, char **argv)
{
	struct thread *threads[OOM_MAX_EATERS];
	struct oom_params params;
	unsigned int nr;
	bool passed;

	if (!parse_oom_options(argc, argv, &params))
		return CMD_USAGE;
	if (oom_run.given_up) {
		print("stress: threads of an earlier run hang; `reboot` starts over\n");
		return CMD_FAILED;
	}
	oom_begin(&oom_run, &kernel.mm, &params, smp_nr_online() * EATERS_PER_CPU);
	oom_run.interrupted = console_break;
	nr = start_eaters(threads);
	passed = oom_coordinate(&oom_run, nr);
	for (unsigned int i = 0; i < nr && !oom_run.given_up; i++)
		thread_join(threads[i]);
	return passed ? CMD_OK : CMD_FAILED;
}

const char *stress_candidate(int argc, char **argv, unsigned int nth)
{
	static const char *const words[] = {"seed=", "ops=", "seconds=", "workers=", "footprint=",
		"policy=", "pressure=", "oom", NULL};
	static const char *const oom_words[] = {"kills=", "seed=", NULL};

	if (argc > 1 && strcmp(argv[1], "oom") == 0)
		return nth_word(oom_words, nth);
	return nth_word(words, nth);
}

int cmd_stress(int argc, char **argv)
{
	static unsigned int ids[STRESS_MAX_CPUS];
	static uint64_t hwids[STRESS_MAX_CPUS];
	struct stress_params params;
	unsigned int cpu, nr = 0;

	if (argc > 1 && strcmp(argv[1], "oom") == 0)
		return stress_oom(argc, argv);
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
