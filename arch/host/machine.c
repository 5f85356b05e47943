/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine half of the port contract on the host: CPUs, and the windows of memory.
 *
 * Physical memory and descriptors are two reserved mappings, backed on touch. Descriptors are not
 * accessible before mem_map_populate(), so that a look at one that should not exist ends the test.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <mm/mm.h>
#include <port/smp.h>

/* Descriptors of one section: the largest piece that mm_init() populates. */
#define SECTION_MAP_BYTES (SECTION_PAGES * sizeof(struct page))

_Thread_local struct mm_cpu *this_cpu;
_Thread_local bool host_irqs_enabled = true;
static _Thread_local struct host_machine *machine_here;

struct host_machine *host_machine(void)
{
	return machine_here;
}

void host_machine_enter(struct host_machine *machine)
{
	machine_here = machine;
}

static void *reserve(size_t bytes, int protection)
{
	void *window = mmap(
		NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (window == MAP_FAILED) {
		perror("mmap of a machine's memory");
		exit(2);
	}
	return window;
}

static size_t descriptor_bytes(const struct host_machine *machine)
{
	return machine->bytes / PAGE_SIZE * sizeof(struct page);
}

void host_machine_create(struct host_machine *machine, size_t bytes)
{
	*machine = (struct host_machine){0};
	machine->bytes = align_up(bytes, SECTION_PAGES * PAGE_SIZE);
	machine->shared_map = -1;
	machine->memory = reserve(machine->bytes, PROT_READ | PROT_WRITE);
	machine->mem_map = reserve(descriptor_bytes(machine), PROT_NONE);
}

void host_machine_switch_memory(struct host_machine *machine)
{
	machine->boot_memory = machine->memory;
	machine->memory = reserve(machine->bytes, PROT_READ | PROT_WRITE);
}

void host_machine_destroy(struct host_machine *machine)
{
	if (machine->boot_memory)
		munmap(machine->boot_memory, machine->bytes);
	munmap(machine->memory, machine->bytes);
	munmap(machine->mem_map, descriptor_bytes(machine));
	free(machine->unmapped);
	if (machine->shared_map >= 0)
		close(machine->shared_map);
}

void host_machine_share_map(struct host_machine *machine)
{
	machine->shared_map = memfd_create("mem_map", MFD_CLOEXEC);
	if (machine->shared_map < 0 || ftruncate(machine->shared_map, SECTION_MAP_BYTES)) {
		perror("memfd_create for a machine's descriptors");
		exit(2);
	}
}

int mem_map_prepare(struct page *at, size_t bytes, int nid)
{
	(void)at;
	(void)bytes;
	(void)nid;
	return 0;
}

int mem_map_populate(struct page *at, phys_addr_t pa, size_t bytes)
{
	const int file = host_machine()->shared_map;

	(void)pa;
	if (file < 0) {
		int error = mprotect(at, bytes, PROT_READ | PROT_WRITE);

		if (host_machine()->on_populate)
			host_machine()->on_populate();
		return error;
	}
	if (bytes > SECTION_MAP_BYTES)
		return -1;
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
		       0) == MAP_FAILED
		       ? -1
		       : 0;
}

static void protect_descriptors(const void *addr, int protection)
{
	if (mprotect((void *)align_down((uintptr_t)addr, PAGE_SIZE), PAGE_SIZE, protection)) {
		perror("mprotect of a machine's descriptors");
		exit(2);
	}
}

struct page *mem_map_lend(const void *addr)
{
	protect_descriptors(addr, PROT_READ | PROT_WRITE);
	host_machine()->lent++;
	return (struct page *)align_down((uintptr_t)addr, PAGE_SIZE);
}

void mem_map_take_back(const void *addr)
{
	protect_descriptors(addr, PROT_NONE);
	host_machine()->lent--;
}

/* The process has its page tables from Linux: none of the machine's pages is taken. */
unsigned long linear_map_split(void)
{
	struct host_machine *machine = host_machine();

	if (machine->whole_map)
		return 0;
	machine->unmapped = calloc(machine->bytes / PAGE_SIZE, 1);
	if (!machine->unmapped) {
		perror("calloc of a machine's map");
		exit(2);
	}
	return 1;
}

void linear_map_adopt(void)
{
	host_machine()->adopted++;
}

bool linear_map_by_pages(void)
{
	return host_machine()->unmapped;
}

void kernel_map_pages(const struct page *page, unsigned long nr, bool map)
{
	const unsigned long pfn = page_to_pfn(page);

	if (mprotect(phys_to_virt(pfn_to_phys(pfn)), nr * PAGE_SIZE,
		    map ? PROT_READ | PROT_WRITE : PROT_NONE)) {
		perror("mprotect of a machine's memory");
		exit(2);
	}
	memset(&host_machine()->unmapped[pfn], !map, nr);
}

bool kernel_page_present(const struct page *page)
{
	return !host_machine()->unmapped[page_to_pfn(page)];
}

struct mm_cpu *host_become(struct mm_cpu *cpu)
{
	struct mm_cpu *before = this_cpu;

	this_cpu = cpu;
	return before;
}

void cpu_wait_until(uint64_t deadline)
{
	if (cpu_time() < deadline)
		sched_yield();
}

uint64_t cpu_time_hz(void)
{
	return 1000000000U;
}

static _Thread_local void (*on_tick)(void);

static void interrupt(int number)
{
	(void)number;
	if (!this_cpu || !host_irqs_enabled)
		return;
	host_irqs_enabled = false;
	this_cpu->irq_depth++;
	if (on_tick)
		on_tick();
	mm_cpu_interrupt();
	this_cpu->irq_depth--;
	host_irqs_enabled = true;
}

void host_cpu_register(void (*tick)(void))
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};

	if (this_cpu->id >= HOST_MAX_CPUS)
		abort();
	sigaction(SIGUSR1, &action, NULL);
	on_tick = tick;
	atomic_store(&machine_here->thread[this_cpu->id], (unsigned long)pthread_self());
}

void host_cpu_unregister(void)
{
	atomic_store(&machine_here->thread[this_cpu->id], 0);
}

/* The target's own thread is interrupted; with none, this one poses as it and does its work. */
void smp_kick(unsigned int id)
{
	unsigned long thread = id < HOST_MAX_CPUS ? atomic_load(&machine_here->thread[id]) : 0;
	struct mm_cpu *before;

	if (thread) {
		pthread_kill((pthread_t)thread, SIGUSR1);
		return;
	}
	before = host_become(this_cpu->mm->cpu[id]);
	this_cpu->irq_depth++;
	mm_cpu_interrupt();
	this_cpu->irq_depth--;
	host_become(before);
}
