/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where in the code a CPU enters and leaves the section in which it changes its own caches: a table
 * for tests, which interrupt it at each instruction inside. A mark is no instruction.
 *
 * Entries of the section mm_section_marks, whose ends the linker, or its script, names.
 */
#ifndef MM_SECTION_H
#define MM_SECTION_H

#include <stdint.h>

/* Kinds of marks, also for the assembler: inside from here on, and no longer. */
#define SECTION_ENTERED 0
#define SECTION_LEFT    1

struct mm_section_mark {
	int32_t distance; /* of the first instruction behind it, from here */
	int32_t kind;     /* SECTION_* */
};

/* clang-format off */
/** A mark at this place, and the compiler's barrier(): memory accesses stay on their side. */
#define SECTION_MARK(kind) SECTION_MARK_(kind)
#define SECTION_MARK_(kind)                                                         \
	__asm__ volatile("770:\n"                                                   \
			 "	.pushsection	mm_section_marks, \"a\"\n"          \
			 "	.balign	4\n"                                        \
			 "	.long	770b - ., " #kind "\n"                      \
			 "	.popsection" ::: "memory")
/* clang-format on */

extern const struct mm_section_mark __start_mm_section_marks[], __stop_mm_section_marks[];

/** The address of the instruction. */
static inline uintptr_t mm_section_address(const struct mm_section_mark *mark)
{
	return (uintptr_t)mark + (uintptr_t)(intptr_t)mark->distance;
}

#endif
