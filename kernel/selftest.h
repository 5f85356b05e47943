/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the self-tests share that are tables of tests and speak KTAP.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <port/print.h>

/** A test says what is wrong and returns false; the macro says it in the test's own words. */
#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (!(condition)) {                                                  \
			print("# %s:%d: %s\n", __FILE_NAME__, __LINE__, #condition); \
			return false;                                                \
		}                                                                    \
	} while (0)

/** One test. It passes if it says so, and leaves as many pages free as it found. */
struct selftest {
	const char *name;
	bool (*run)(void);
	bool misuse; /* it provokes reports: left out where those stop the machine */
};

/** Run them in their order, as KTAP lines. Returns as commands do. Thread context. */
int selftest_run(const struct selftest *tests, unsigned int nr);

/** Pages free in the buddy system once all caches are empty. Thread context. */
unsigned long selftest_free_pages(void);

/** An online CPU that is not the boot CPU, if there is one; else the boot CPU. */
unsigned int selftest_other_cpu(void);

/** True if all of the memory is zeroes; whole words. */
bool selftest_all_zero(const void *data, size_t bytes);

#endif
