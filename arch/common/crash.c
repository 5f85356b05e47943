/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults committed on purpose, so that one can see each of them end in a dump: `selftest crash`.
 * The architecture's crash.c has the list, and those that only it knows. Owns nothing.
 *
 * Pointers pass through hide(): what the compiler can prove to be undefined it may leave out.
 */
#include <stdint.h>
#include <string.h>
#include <port/print.h>
#include "crash.h"

static void *hide(void *pointer)
{
	__asm__ volatile("" : "+r"(pointer));
	return pointer;
}

void crash_store(void *at)
{
	*(volatile uint64_t *)hide(at) = 0;
}

/* Goes deeper until the stack ends; `end` is never reached. */
static __attribute__((noinline)) unsigned long recurse(unsigned long depth, unsigned long end)
{
	volatile unsigned long pad[16];

	pad[depth % 16] = depth;
	if (depth == end)
		return 0;
	return recurse(depth + 1, end) + pad[depth % 16];
}

int crash_commit(const char *name, void *code)
{
	if (strcmp(name, "overflow") == 0) {
		recurse(0, (unsigned long)hide((void *)UINTPTR_MAX));
		return 0;
	}
	if (strcmp(name, "text") == 0) {
		crash_store((void *)((uintptr_t)crash_commit & ~(uintptr_t)7));
		return 0;
	}
	if (strcmp(name, "exec") == 0) {
		((void (*)(void))hide(code))();
		return 0;
	}
	if (strcmp(name, "null") == 0) {
		crash_store(NULL);
		return 0;
	}
	print("crash: no fault is called %s\n", name);
	return -1;
}
