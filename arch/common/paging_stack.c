/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of stacks: those of the CPUs, and those that come and go with threads, on any CPU.
 * Each lies between pages that are not mapped.
 *
 * Owns the window: its slots, and the entries for it in the tables of paging.c. paging_lock() is
 * held where they change.
 */
#include <assert.h>
#include "asm.h"
#include "paging.h"
#include "tables.h"

/* The first half of the window is the CPUs', whose slots have two halves; then the threads'. */
#define FIRST_THREAD_HALF (MAX_CPUS * NR_STACKS)
static_assert((FIRST_THREAD_HALF + MAX_THREAD_STACKS) * STACK_HALF <= STACK_BYTES,
	"all stacks have an address");

/* Bit: the slot of a thread is taken. paging_lock(). */
static uint64_t taken_slots[MAX_THREAD_STACKS / 64];

static uintptr_t half_address(unsigned long half)
{
	return STACK_BASE + half * STACK_HALF + PAGE_SIZE;
}

static void unmap_half(unsigned long half, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PAGE_SIZE) {
		uint64_t *entry = paging_entry(half_address(half) + at, 0);

		if (entry)
			*entry = 0;
	}
	tlb_forget(half_address(half), bytes);
}

/* The address, or 0 and nothing changed if a table could not be had. */
static uintptr_t map_half(unsigned long half, phys_addr_t pa, size_t bytes)
{
	if (bytes <= STACK_MAX && paging_map(half_address(half), pa, bytes, PROT_RW) == 0)
		return half_address(half);
	unmap_half(half, bytes);
	return 0;
}

uintptr_t paging_map_stack(unsigned int slot, enum stack_kind kind, phys_addr_t pa, size_t bytes)
{
	irq_flags_t flags;
	uintptr_t va;

	if (slot >= MAX_CPUS)
		return 0;
	flags = paging_lock();
	va = map_half(slot * NR_STACKS + kind, pa, bytes);
	paging_unlock(flags);
	return va;
}

void paging_unmap_stack(unsigned int slot, enum stack_kind kind, size_t bytes)
{
	irq_flags_t flags = paging_lock();

	unmap_half(slot * NR_STACKS + kind, bytes);
	paging_unlock(flags);
}

/* The lowest slot that is not taken, or MAX_THREAD_STACKS. */
static unsigned int free_thread_slot(void)
{
	for (unsigned int i = 0; i < MAX_THREAD_STACKS / 64; i++)
		if (~taken_slots[i])
			return i * 64 + (unsigned int)__builtin_ctzll(~taken_slots[i]);
	return MAX_THREAD_STACKS;
}

uintptr_t paging_map_thread_stack(phys_addr_t pa, size_t bytes, unsigned int *slot)
{
	irq_flags_t flags = paging_lock();
	unsigned int nr = free_thread_slot();
	uintptr_t va = 0;

	if (nr < MAX_THREAD_STACKS)
		va = map_half(FIRST_THREAD_HALF + nr, pa, bytes);
	if (va != 0) {
		taken_slots[nr / 64] |= 1ULL << nr % 64;
		*slot = nr;
	}
	paging_unlock(flags);
	return va;
}

void paging_unmap_thread_stack(unsigned int slot, size_t bytes)
{
	irq_flags_t flags = paging_lock();

	unmap_half(FIRST_THREAD_HALF + slot, bytes);
	taken_slots[slot / 64] &= ~(1ULL << slot % 64);
	paging_unlock(flags);
}
