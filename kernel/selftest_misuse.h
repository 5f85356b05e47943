/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rows of `selftest misuse` share.
 */
#ifndef KERNEL_SELFTEST_MISUSE_H
#define KERNEL_SELFTEST_MISUSE_H

#include <stdbool.h>

struct page;

/** What a misuse was committed on. */
struct scene {
	const struct page *page; /* that the report is to name; NULL: none */
	unsigned int set_aside;  /* pages that are lost by it, on purpose */
	bool skip;               /* this machine has nothing to commit it on, or not the level */
};

/* selftest_after_free.c. Each commits one misuse; false, after a line, if what follows is wrong. */
bool selftest_write_after_free(struct scene *scene);
bool selftest_write_after_free_checked(struct scene *scene);
bool selftest_read_after_free(struct scene *scene);
bool selftest_write_after_free_traps(struct scene *scene);

#endif
