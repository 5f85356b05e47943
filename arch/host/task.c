/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime half of the port contract on the host: a thread is a thread of the process, or poses as
 * one of a CPU that it is at the moment. It sleeps on the `woken` word of its task.
 *
 * A system call and not a condition variable, because task_wake() is called in signal handlers.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <mm/mmzone.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/task.h>

/* Until the word is no longer 0, for a second at most: callers look again in any case. */
static void futex_wait(unsigned int *word, uint64_t nanoseconds)
{
	struct timespec limit = {.tv_sec = 1};

	if (nanoseconds < 1000000000U)
		limit = (struct timespec){.tv_nsec = (long)nanoseconds};
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0);
}

bool task_may_sleep(void)
{
	return !in_interrupt() && irqs_enabled() && !this_cpu->busy;
}

void task_sleep(uint64_t deadline)
{
	struct mm_task *task = mm_current();
	uint64_t now;

	while (!__atomic_load_n(&task->woken, __ATOMIC_ACQUIRE) && (now = cpu_time()) < deadline)
		futex_wait(&task->woken, deadline - now);
	__atomic_exchange_n(&task->woken, 0, __ATOMIC_ACQ_REL);
}

void task_wake(struct mm_task *task)
{
	__atomic_store_n(&task->woken, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &task->woken, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void cond_resched(void)
{
	if (task_may_sleep())
		sched_yield();
}
