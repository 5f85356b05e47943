/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the allocator knows of a thread: the part of the runtime's own thread structure that it
 * reads. The runtime says who runs by mm_switch_task(); until it has threads, each CPU has one.
 *
 * Source: Linux 2.6.11 include/linux/sched.h, for the names and values.
 */
#ifndef MM_TASK_H
#define MM_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <mm/list.h>
#include <port/lock.h>

struct mempolicy;
struct mm_explain;

/** mm_task.flags; written by the thread itself alone. */
#define PF_MEMALLOC 0x00000800U /* works to free memory: may use all of it, and never reclaims */
#define PF_KSWAPD   0x00040000U /* is a kswapd */

/** Priorities below this are real-time, and may dig a quarter deeper into a zone. */
#define MAX_RT_PRIO  100
#define DEFAULT_PRIO 120

struct mm_task {
	const char *name; /* for messages; lasts as long as the task */
	unsigned int flags;
	int prio;
	unsigned int memdie;         /* TIF_MEMDIE: chosen to die by out_of_memory(); atomic */
	struct mempolicy *mempolicy; /* NULL: DEFAULT; the thread's own, see <mm/mempolicy.h> */
	int il_next;                 /* INTERLEAVE: the node that is next */
	struct mm_explain *explain;  /* wants to know each decision; NULL: nobody, <mm/explain.h> */
	unsigned int fail_nth;       /* this many requests on, one fails; 0: none, <mm/fault.h> */
	unsigned long faults;        /* injected into its requests */
	unsigned int woken;          /* the runtime's: a wake-up not slept on yet; atomic */
	unsigned long reclaimed;     /* pages that shrinkers freed in it; mm_count_reclaimed() */
};

/** Threads that wait for something; the functions are in <mm/wait.h>. */
struct wait_queue {
	struct spinlock lock;
	struct list_head waiters; /* struct waiter.node; lock */
};

/** True if out_of_memory() has chosen this task, which is to let go of what it holds. */
static inline bool mm_task_dying(const struct mm_task *task)
{
	return __atomic_load_n(&task->memdie, __ATOMIC_RELAXED);
}

#endif
