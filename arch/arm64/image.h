/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's parts, as image.lds lays them out: text, constants, data, guard, boot stack, guard,
 * emergency stack of the boot CPU. All boundaries are whole pages, except the thread-local ones.
 */
#ifndef ARM64_IMAGE_H
#define ARM64_IMAGE_H

#include <stddef.h>
#include <mm/pfn.h>

extern char _start[], image_text_end[], image_rodata_end[], image_data_end[];
extern char boot_stack_low[], boot_stack_top[];
extern char boot_emergency_low[], boot_emergency_top[];
extern char image_end[];

/** [image_end, appended_end): where a device tree that is appended to the image's file lies. */
extern char appended_end[];

/**
 * The thread-local template, tls_template_end - tls_template bytes, and zeroes up to tls_end. A
 * block of a thread has tls_head bytes (an absolute symbol) before that: the ABI's.
 */
extern char tls_head[], tls_template[], tls_template_end[], tls_end[];

/** The boot CPU's thread-local block. */
extern char boot_tls[];

/** Bytes between two of these labels: a number, as they are no parts of one array. */
static inline size_t image_span(const char *from, const char *to)
{
	return (uintptr_t)to - (uintptr_t)from;
}

/** Physical address of something inside the image. */
phys_addr_t image_to_phys(const void *addr);

/** Fill a thread-local block of tls_head + tls_end - tls_template bytes. */
void tls_fill(void *block);

#endif
