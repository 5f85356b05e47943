/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, runtime half: the spinlock. Header-only, on C11 atomics.
 *
 * Test-and-test-and-set: a waiter reads until the lock looks free, backs off for longer and
 * longer, and in the end sleeps until an interrupt is pending or a short time has passed. There is
 * no queue, on purpose: with more CPUs than the host has cores, a queue waits for one particular
 * CPU to be scheduled.
 */
#ifndef PORT_LOCK_H
#define PORT_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <port/cpu.h>
#include <port/irq.h>
#include <port/report.h>

/** Zero-initialised is free. */
struct spinlock {
	_Atomic(struct mm_cpu *) owner; /* the CPU that holds it, or NULL */
};

/** Longest busy wait between two looks at the lock, in cpu_relax() calls. */
#define SPIN_BACKOFF_MAX 1024U
/** After that, how long to sleep between two looks: a fraction of a second, 1 / this. */
#define SPIN_SLEEP_HZ 20000U

/** True if the calling CPU holds the lock. */
static inline bool spin_is_mine(const struct spinlock *lock)
{
	return atomic_load_explicit(&lock->owner, memory_order_relaxed) == this_cpu;
}

static inline bool spin_trylock(struct spinlock *lock)
{
	struct mm_cpu *nobody = NULL;

	return atomic_compare_exchange_strong_explicit(
		&lock->owner, &nobody, this_cpu, memory_order_acquire, memory_order_relaxed);
}

/** The slow half of spin_lock(): somebody else has it. */
static inline void spin_lock_contended(struct spinlock *lock)
{
	unsigned int backoff = 1;

	do {
		if (spin_is_mine(lock))
			report_panic("spinlock %p taken twice by the same CPU", (void *)lock);
		while (atomic_load_explicit(&lock->owner, memory_order_relaxed)) {
			if (backoff <= SPIN_BACKOFF_MAX) {
				for (unsigned int i = 0; i < backoff; i++)
					cpu_relax();
				backoff *= 2;
			} else {
				cpu_wait_until(cpu_time() + cpu_time_hz() / SPIN_SLEEP_HZ);
			}
		}
	} while (!spin_trylock(lock));
}

/**
 * Take the lock. For data that interrupt handlers use too, interrupts must be off already.
 * Taking it twice on one CPU panics.
 */
static inline void spin_lock(struct spinlock *lock)
{
	if (!spin_trylock(lock))
		spin_lock_contended(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
	atomic_store_explicit(&lock->owner, NULL, memory_order_release);
}

/** Mask interrupts and take the lock; the value goes to spin_unlock_irqrestore(). */
static inline irq_flags_t spin_lock_irqsave(struct spinlock *lock)
{
	irq_flags_t flags = irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, irq_flags_t flags)
{
	spin_unlock(lock);
	irq_restore(flags);
}

#endif
