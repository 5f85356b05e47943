/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A timer's signals as the interrupts of a thread that is a CPU. Whoever includes it defines
 * _GNU_SOURCE first.
 */
#ifndef TESTS_UNIT_KERNEL_STRESS_TICKS_H
#define TESTS_UNIT_KERNEL_STRESS_TICKS_H

#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "unit.h"

/** SIGUSR1 for the calling thread, every so often, until the timer is deleted. */
static inline timer_t tick_start(long nanoseconds)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	struct itimerspec every = {{0, nanoseconds}, {0, nanoseconds}};
	timer_t timer;

	event._sigev_un._tid = gettid();
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &every, NULL), 0);
	return timer;
}

#endif
