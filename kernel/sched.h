/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel threads: each is pinned to a CPU, and those of one CPU take turns.
 *
 *	          thread_create()
 *	                |            tick, thread_yield()
 *	                v          .---------------------.
 *	    .------> runnable -----+---> running -----> exiting ---> dead, for thread_join()
 *	    |                                |
 *	    `---------- sleeping <-----------'
 *	   task_wake(), alarm      task_sleep()
 *
 * Sleeping and waking are in <port/task.h>, wait queues in <mm/wait.h>.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <mm/list.h>
#include <mm/task.h>
#include <port/lock.h>
#include <port/thread.h>
#include "console.h"

#define THREAD_NAME_MAX 16U

enum thread_state {
	THREAD_RUNNABLE, /* running, or in the queue of its CPU */
	THREAD_SLEEPING, /* until it is woken, or its deadline */
	THREAD_EXITING,  /* on its way out: still on its stack */
	THREAD_DEAD,     /* off its stack; thread_join() may free it */
};

struct thread {
	struct mm_task task; /* what the allocator knows of it */
	char name[THREAD_NAME_MAX];
	unsigned int id; /* from 1 on, never used again; 0: not registered yet */
	unsigned int cpu;
	_Atomic(enum thread_state) state; /* changed under the lock of the CPU's run queue */
	struct list_head run_node;        /* run_queue.runnable: runnable and not running */
	struct list_head sleep_node;      /* run_queue.sleepers: sleeping with a deadline */
	uint64_t deadline;                /* of its sleep; UINT64_MAX: none */
	const void *sleeps_at;            /* return address of its last task_sleep() */
	struct thread_context context;    /* its CPU's */
	unsigned long switches;           /* times that it was given the CPU; lock */
	uint64_t run_time;                /* cpu_time() units until it last gave it up; lock */
	struct list_head all_node;        /* list of all threads */
	void (*fn)(void *arg);
	void *arg;
	struct print_line line; /* what it has printed of a line; its own */
};

/** The threads of one CPU. `lock` is taken with interrupts off, and before no other. */
struct run_queue {
	struct spinlock lock;
	struct thread *current;    /* lock, but the CPU itself may always read it */
	struct thread *previous;   /* who gave up the CPU, while it is given up; lock */
	struct thread *idle;       /* runs when nobody else can; in no queue */
	struct list_head runnable; /* who waits for the CPU, longest first; lock */
	struct list_head sleepers; /* who sleeps with a deadline, earliest first; lock */
	_Atomic unsigned int
		need_resched; /* 1: somebody else's turn: look at the end of the interrupt */
	uint64_t since;       /* cpu_time() when current was given the CPU; lock */
	unsigned int refused; /* sleeps refused since the last one; the CPU's */
};

/** What `threads` shows of a thread. */
struct thread_info {
	unsigned int id, cpu;
	char name[THREAD_NAME_MAX];
	enum thread_state state;
	bool running, idle;
	int prio;
	unsigned int flags;
	bool memdie;
	unsigned long switches;
	uint64_t run_time;
	const void *sleeps_at;
};

/**
 * Prepare the two threads that CPU `cpu` starts with, before its sched_start(): what it runs first,
 * as `name`, and the idle one, which gets a stack. The CPU does not run yet, or is the calling one.
 * False if there is no memory.
 */
bool sched_prepare(unsigned int cpu, const char *name);

/** The code that runs on this CPU is its first thread from now on. Once, interrupts off. */
void sched_start(void);

/**
 * Start fn(arg) as a thread on `cpu`, with interrupts on; it ends when fn returns. `name` is
 * copied, and cut to THREAD_NAME_MAX - 1 characters; `prio` as in struct mm_task.
 *
 * Returns the thread, which thread_join() must be called for, or NULL if `cpu` is not online or
 * there is no memory. May sleep.
 */
struct thread *thread_create(
	const char *name, unsigned int cpu, void (*fn)(void *arg), void *arg, int prio);

/** End the running thread. Its policy is freed; all else that it holds is its own matter. */
_Noreturn void thread_exit(void);

/** Wait until a thread has ended, and free it. Once for each thread; may sleep. */
void thread_join(struct thread *thread);

/** Let the other threads of this CPU run first. Task context, interrupts on or off. */
void thread_yield(void);

/** The running thread; in an interrupt, the one that it interrupted. Any context. */
struct thread *thread_current(void);

/** Copy what there is to see of the thread with the lowest id above `id`; false if none. */
bool thread_next_info(unsigned int id, struct thread_info *info);

/* From the interrupts: is it somebody else's turn; wake who has slept long enough; switch. */
void sched_tick(void);
void sched_alarm(void);
void sched_interrupt_exit(void);

#endif
