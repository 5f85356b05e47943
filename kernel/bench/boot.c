/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot has cost, by stage: from the moment when the banks are known until pages can be
 * allocated. It is over: these are the readings that main.c has kept. Owns nothing.
 */
#include <port/print.h>
#include "../kernel.h"
#include "bench.h"

static bool run(const struct bench_group *group)
{
	const struct boot_stage *stage = kernel.boot_stage;

	(void)group;
	for (unsigned int i = 1; i < kernel.nr_boot_stages; i++)
		bench_figure(
			(stage[i].end - stage[i - 1].end) * BENCH_UNIT, "boot/%s", stage[i].name);
	bench_figure(
		(stage[kernel.nr_boot_stages - 1].end - stage[0].end) * BENCH_UNIT, "boot/all");
	return true;
}

const struct bench_group bench_boot = {
	.name = "boot",
	.help = "from known banks to the first allocation, by stage",
	.exact = true,
	.run = run,
};
