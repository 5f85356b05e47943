/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts of threads: their stacks, and switching between them.
 *
 * A stack's pages are mapped a second time, between unmapped ones. The bounds in a CPU's struct
 * stacks are those of the running thread: the architecture's trap.S sees by them whether sp has run
 * over, its dump.c which frames may be read. Its switch.h says where its switch.S keeps which
 * register. Owns nothing: the slots of addresses are paging_stack.c's.
 */
#include <mm/mm.h>
#include <port/cpu.h>
#include <port/thread.h>
#include "paging.h"
#include "stacks.h"
#include "switch.h"

static size_t stack_bytes(const struct thread_context *context)
{
	return context->stack_high - context->stack_low;
}

static unsigned int stack_order(size_t bytes)
{
	return (unsigned int)__builtin_ctzl(bytes / PAGE_SIZE);
}

/* What context_switch() pops when the context is switched to for the first time. */
static void prepare_start(struct thread_context *context, void (*entry)(void *arg), void *arg)
{
	uintptr_t *saved;

	context->sp = context->stack_high - SWITCH_BYTES;
	saved = (uintptr_t *)context->sp;
	for (unsigned int i = 0; i < SWITCH_BYTES / sizeof(*saved); i++)
		saved[i] = 0;
	saved[SWITCH_PC / sizeof(*saved)] = (uintptr_t)context_start;
	saved[SWITCH_ENTRY / sizeof(*saved)] = (uintptr_t)entry;
	saved[SWITCH_ARG / sizeof(*saved)] = (uintptr_t)arg;
}

int thread_context_create(
	struct thread_context *context, size_t bytes, int nid, void (*entry)(void *arg), void *arg)
{
	struct page *pages = alloc_pages_node(nid, GFP_KERNEL, stack_order(bytes));

	if (!pages)
		return -1;
	context->stack_low = paging_map_thread_stack(
		pfn_to_phys(page_to_pfn(pages)), bytes, &context->slot);
	if (context->stack_low == 0) {
		__free_pages(pages, stack_order(bytes));
		return -1;
	}
	context->stack_high = context->stack_low + bytes;
	context->pages = pages;
	prepare_start(context, entry, arg);
	return 0;
}

void thread_context_destroy(struct thread_context *context)
{
	size_t bytes = stack_bytes(context);

	paging_unmap_thread_stack(context->slot, bytes);
	__free_pages(context->pages, stack_order(bytes));
	context->pages = NULL;
}

void thread_context_adopt(struct thread_context *context)
{
	const struct stacks *stacks = this_stacks();

	*context = (struct thread_context){
		.stack_low = stacks->low,
		.stack_high = stacks_top(stacks),
	};
}

void thread_context_switch(struct thread_context *from, struct thread_context *to)
{
	stacks_set(this_stacks(), to->stack_low, to->stack_high);
	context_switch(&from->sp, to->sp);
}
