/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wait queues: threads that sleep until something has happened.
 *
 *	wait_event(&queue, condition);			the waiter
 *	make the condition true; wake_up(&queue);	whoever makes it so; any context
 *
 * The waiter is on the queue before it looks at the condition, so no wake-up is lost. The lock is
 * the queue's own, taken with interrupts off and before no other of the core's.
 */
#ifndef MM_WAIT_H
#define MM_WAIT_H

#include <mm/list.h>
#include <mm/mmzone.h>
#include <port/lock.h>
#include <port/task.h>

/** One sleeping thread; lies on its stack. */
struct waiter {
	struct list_head node;
	struct mm_task *task;
};

static inline void wait_queue_init(struct wait_queue *queue)
{
	queue->lock = (struct spinlock){NULL};
	list_init(&queue->waiters);
}

/** Put the running thread on the queue; then look at the condition, and task_sleep(). */
static inline void wait_begin(struct wait_queue *queue, struct waiter *waiter)
{
	irq_flags_t flags = spin_lock_irqsave(&queue->lock);

	waiter->task = mm_current();
	list_add_tail(&waiter->node, &queue->waiters);
	spin_unlock_irqrestore(&queue->lock, flags);
}

static inline void wait_end(struct wait_queue *queue, struct waiter *waiter)
{
	irq_flags_t flags = spin_lock_irqsave(&queue->lock);

	list_del(&waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/** Wake all threads on the queue; each looks at its condition again. Any context. */
static inline void wake_up(struct wait_queue *queue)
{
	irq_flags_t flags = spin_lock_irqsave(&queue->lock);
	struct waiter *waiter;

	list_for_each_entry (waiter, &queue->waiters, struct waiter, node)
		task_wake(waiter->task);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/** Sleep until `condition` holds, or cpu_time() is `deadline`; true if it holds. May sleep. */
#define wait_event_until(queue, condition, deadline)                       \
	({                                                                 \
		struct waiter waiter_;                                     \
		bool holds_;                                               \
                                                                           \
		wait_begin(queue, &waiter_);                               \
		while (!(holds_ = (condition)) && cpu_time() < (deadline)) \
			task_sleep(deadline);                              \
		wait_end(queue, &waiter_);                                 \
		holds_;                                                    \
	})

#define wait_event(queue, condition) ((void)wait_event_until(queue, condition, UINT64_MAX))

#endif
