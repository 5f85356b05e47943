/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-tests that are tables of tests: running them, as KTAP lines. Owns nothing.
 *
 * Source: Linux Documentation/dev-tools/ktap.rst.
 */
#include <mm/mm.h>
#include "kernel.h"
#include "monitor.h"
#include "selftest.h"

unsigned long selftest_free_pages(void)
{
	drain_all_pages(&kernel.mm);
	return nr_free_pages(&kernel.mm);
}

static bool run_test(const struct selftest *test)
{
	unsigned long free = selftest_free_pages(), after;
	bool ok = test->run();

	after = selftest_free_pages();
	if (ok && after != free)
		print("# %lu pages free before, %lu after\n", free, after);
	return ok && after == free;
}

int selftest_run(const struct selftest *tests, unsigned int nr)
{
	unsigned int failed = 0;

	print("KTAP version 1\n1..%u\n", nr);
	for (unsigned int i = 0; i < nr; i++) {
		bool skip = tests[i].misuse && kernel.mm.panic_on_misuse;
		bool ok = skip || run_test(&tests[i]);

		failed += !ok;
		print("%s %u %s%s\n", ok ? "ok" : "not ok", i + 1, tests[i].name,
			skip ? " # SKIP panic_on_misuse" : "");
	}
	return failed ? CMD_FAILED : CMD_OK;
}

unsigned int selftest_other_cpu(void)
{
	unsigned int cpu = smp_next_online(1);

	return cpu < smp_nr_ids() ? cpu : 0;
}

bool selftest_all_zero(const void *data, size_t bytes)
{
	const unsigned long *word = data;

	for (size_t i = 0; i < bytes / sizeof(*word); i++) {
		if (word[i])
			return false;
	}
	return true;
}
