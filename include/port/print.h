/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, runtime half: printing.
 */
#ifndef PORT_PRINT_H
#define PORT_PRINT_H

#include <stdarg.h>

/**
 * Print as printf() does. Characters are kept until a newline and each line is sent whole, so
 * lines of several CPUs, or of an interrupt and what it interrupted, never mix.
 *
 * Any context, locks held or not; must not allocate. Lines over 500 bytes are sent in parts.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
