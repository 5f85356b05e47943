/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads on the host are those of the process (task.c): nobody switches contexts, and the
 * runtime's headers need the type's size alone.
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

struct thread_context {
	void *sp;
};

#endif
