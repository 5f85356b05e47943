/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: whole lines out (print.c), characters in (console.c).
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <drivers/driver.h>
#include <port/lock.h>

/** A line longer than this is sent in parts. */
#define PRINT_LINE_MAX 500U

/** Characters of a line that is not complete yet. One per CPU and context, used by that alone. */
struct print_line {
	unsigned int length;
	char text[PRINT_LINE_MAX];
};

/** Characters typed and not read yet; a power of two. */
#define CONSOLE_INPUT_MAX 1024U

struct kernel_cpu;

/** The terminal at the other end of the UART. */
struct console {
	const struct serial_ops *serial; /* NULL: the firmware's; set once, at boot */

	/* Output. */
	struct spinlock lock;             /* held, interrupts off, while characters are sent */
	const struct print_line *partial; /* whose unfinished line the cursor stands in; lock */
	_Atomic(struct kernel_cpu *) seized_by; /* from then on no other CPU prints, see below */

	/* Input: filled by the interrupt or the tick, emptied by the boot CPU's task. */
	bool polled;                      /* no interrupt tells of input; set once, at boot */
	_Atomic unsigned int head, tail;  /* free running: next to fill, next to read */
	_Atomic unsigned int interrupted; /* 1: Ctrl-C came (not all machines swap bytes) */
	_Atomic unsigned long lost;       /* characters that found the buffer full */
	char input[CONSOLE_INPUT_MAX];
};

/** Send what this context has printed since its last newline: a prompt, an echo. */
void print_flush(void);

/**
 * Take over the console, for good, for a CPU that will not go on, whoever holds its lock: every
 * other CPU that prints from now on halts. False if another CPU was faster. Interrupts off.
 */
bool console_seize(void);

/** As console_seize(), but in good order: after the line that is being sent. */
bool console_close(void);

/** Use the probed devices from now on: output, and input by interrupt where there is one. */
void console_init(const struct devices *devices);

/** Sleep until a character has been typed, and return it. Task context of the boot CPU. */
int console_getc(void);

/** True, once, if Ctrl-C has been typed since the last call. Long commands look at it. */
bool console_break(void);

/** The external interrupt, for the port's irq_handlers. */
void console_interrupt(void);

/** Look for input where no interrupt tells of it; from the boot CPU's tick. */
void console_poll(void);

#endif
