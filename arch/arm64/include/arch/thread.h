/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <stdint.h>

struct page;

/** See <port/thread.h>. The callee-saved registers lie on the stack, from sp on: switch.S. */
struct thread_context {
	uintptr_t sp;                    /* while it does not run */
	uintptr_t stack_low, stack_high; /* [low, high), bytes */
	struct page *pages;              /* the stack's; NULL: an adopted one */
	unsigned int slot;               /* of the stack, see paging.h */
};

#endif
