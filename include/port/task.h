/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, runtime half: threads, as far as the allocator sleeps, wakes and gives way.
 *
 * A thread is pinned to its CPU: this_cpu is constant in it. <mm/wait.h> builds wait queues on
 * these four.
 */
#ifndef PORT_TASK_H
#define PORT_TASK_H

#include <stdbool.h>
#include <stdint.h>

struct mm_task;

/**
 * True if the running code may sleep: a thread, outside of interrupts, with interrupts on, not in
 * the busy section of the caches.
 */
bool task_may_sleep(void);

/**
 * Sleep until task_wake() is called for the running thread, or cpu_time() reaches `deadline`
 * (UINT64_MAX: no limit). A wake that came since the last return counts: then it returns at once.
 * It may return early for no reason, so look at the condition again. Only if task_may_sleep().
 */
void task_sleep(uint64_t deadline);

/** Let `task` go on, on its own CPU. What was written before is seen there. Any context. */
void task_wake(struct mm_task *task);

/** Let other threads of this CPU run if there are any whose turn it is. Only if task_may_sleep().
 */
void cond_resched(void);

#endif
