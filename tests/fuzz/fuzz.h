/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the fuzz target share.
 *
 * port.c: the runtime half of the port contract, which judges what is printed; fuzz_tree.c: any
 * bytes as a tree, up to the ranges of the boot allocator; fuzz_boot.c: from those to free pages;
 * model.c: what a tree must come to; mutate_tree.c: changes to a tree that leave it one.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <arch/host.h>
#include <drivers/of.h>
#include <mm/mm.h>

/** Go on if the condition holds; else end the process, which is a finding. */
#define require(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/** Forget what has been printed; print to stdout too if `echo`. */
void fuzz_print_begin(bool echo);
/** Whole lines printed since fuzz_print_begin(). */
unsigned int fuzz_print_lines(void);

/** The one machine, built anew for every input. */
struct fuzz_machine {
	struct memblock tree;  /* what the tree says */
	struct memblock small; /* the same, shrunk */
	struct of_numa numa;
	struct of_cpus cpus;
	struct mm mm;
	struct mm_cpu boot_cpu;
	struct zone_layout layout;
	bool large;               /* many pages and CPUs, and all reports printed */
	struct host_machine host; /* made once */
};
extern struct fuzz_machine machine;

/** Make the windows of the machine; once. */
void fuzz_boot_prepare(void);
/** machine.tree, numa and cpus -> an allocator that is used, checked and forgotten again. */
void fuzz_boot(void);

/** Fails unless the ranges make sense; returns the free pages. */
unsigned long fuzz_check_memblock(const struct memblock *mb);
/** Pages of all banks. */
unsigned long fuzz_present_pages(const struct memblock *mb);

/** What a tree says, in pages: in its banks, and of these in no reservation with an address. */
struct model {
	uint64_t present, free;
	unsigned int nr_banks; /* of a page at least, each counted by itself */
};
/** False if the model can not tell. The tree has passed of_check(). */
bool model_tree(const void *fdt, struct model *model);

/* libFuzzer's: what it calls, and its own mutation of plain bytes, which returns the new size. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
