/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory of a host machine is a lazily backed mapping of its own, so that several
 * machines live side by side: both windows hang from the root that this_cpu leads to.
 */
#ifndef ARCH_MEM_H
#define ARCH_MEM_H

#include <string.h>
#include <arch/host.h>

#define ARCH_HAS_HIGHMEM 1

extern const struct zone_layout host_zone_layout;

static inline const struct zone_layout *arch_zone_layout(void)
{
	return &host_zone_layout;
}

static inline struct page *mem_map(void)
{
	return host_machine()->mem_map;
}

static inline void *phys_to_virt(phys_addr_t pa)
{
	return host_machine()->memory + pa;
}

static inline phys_addr_t virt_to_phys(const void *addr)
{
	return (phys_addr_t)((const char *)addr - host_machine()->memory);
}

static inline bool virt_in_linear_map(const void *addr)
{
	const struct host_machine *machine = host_machine();

	return (const char *)addr >= machine->memory &&
	       (const char *)addr < machine->memory + machine->bytes;
}

static inline bool virt_in_mem_map(const void *addr)
{
	const struct host_machine *machine = host_machine();

	return (const struct page *)addr >= machine->mem_map &&
	       (const struct page *)addr < machine->mem_map + machine->bytes / PAGE_SIZE;
}

static inline void clear_page(void *addr)
{
	memset(addr, 0, PAGE_SIZE);
}

#endif
