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

/** Characters of a line that is not complete yet. One per thread, used by that alone, and one per
 * CPU for its interrupts. */
struct print_line {
	unsigned int length;
	char text[PRINT_LINE_MAX];
};

/** What others print while a frame is open, of so many characters, comes after it. */
#define CONSOLE_HELD_MAX 16384U

/** Characters typed and not read yet: a paste of hundreds of lines. A power of two. */
#define CONSOLE_INPUT_MAX 32768U

/** What console_getc() returns where characters are missing. */
#define CONSOLE_LOST (-1)

struct kernel_cpu;
struct mm_task;

/** The terminal at the other end of the UART. */
struct console {
	const struct serial_ops *serial; /* NULL: the firmware's; set once, at boot */

	/* Output. */
	struct spinlock lock;             /* held, interrupts off, while characters are sent */
	const struct print_line *partial; /* whose unfinished line the cursor stands in; lock */
	_Atomic(struct kernel_cpu *) seized_by; /* from then on no other CPU prints, see below */

	/* A report for programs; see frame_begin(). Guarded by lock. */
	const struct print_line *frame; /* whose lines alone are sent; NULL: none is open */
	unsigned int held_length;
	char held[CONSOLE_HELD_MAX]; /* lines of others that wait for its end */

	/*
	 * Input: filled by the interrupt or the tick of the boot CPU, emptied by its task with
	 * interrupts off.
	 */
	bool polled;                  /* no interrupt tells of input; set once, at boot */
	unsigned int head, tail;      /* free running: next to fill, next to read */
	unsigned int broken;          /* head when Ctrl-C last came: nothing before it is read */
	bool gap;                     /* characters found no room since the last one that did */
	unsigned long lost;           /* those, not told yet */
	unsigned long lost_by_device; /* the device's own count, as far as it is in `lost` */
	struct mm_task *reader;       /* who sleeps until there is some, or did */
	_Atomic unsigned int interrupted; /* 1: Ctrl-C came (not all machines swap bytes) */
	char input[CONSOLE_INPUT_MAX];    /* NUL: a gap */
};

/** Send what this context has printed since its last newline: a prompt, an echo. */
void print_flush(void);

/** True if the terminal's cursor stands where this context's unfinished line ends. */
bool print_in_line(void);

/**
 * Take over the console, for good, for a CPU that will not go on: every other CPU that prints from
 * now on halts. A line that another one is sending may come to its end first, within a second;
 * then the lock counts no more. False if another CPU was faster. Interrupts off.
 */
bool console_seize(void);

/** As console_seize(), but in good order: after the line that is being sent. */
bool console_close(void);

/**
 * From now on only this context's lines are sent, and those of others are held back, until
 * console_frame_close() sends them. If more comes than can be held, a line FRAME_BROKEN, and the
 * frame is one no more. Nothing happens while another context has a frame open.
 */
void console_frame_open(void);
void console_frame_close(void);
#define FRAME_BROKEN "-----BROKEN-----"

/** Use the probed devices from now on: output, and input by interrupt where there is one. */
void console_init(const struct devices *devices);

/**
 * Sleep until a character has been typed, and return it; CONSOLE_LOST once where some are missing.
 * Ctrl-C overtakes what has been typed before it. Task context of the boot CPU.
 */
int console_getc(void);

/**
 * Characters that wait to be read, up to `size` of them, into `text`, and stay; up to the first
 * place where some are missing. Returns how many. console_skip() takes the first `nr` away, or all
 * if there are fewer by now. Task context of the boot CPU.
 */
unsigned int console_peek(char *text, unsigned int size);
void console_skip(unsigned int nr);

/**
 * As console_getc(), but no later than cpu_time() `until`: then it returns CONSOLE_NOTHING.
 */
int console_getc_until(uint64_t until);
#define CONSOLE_NOTHING (-2)

/** Characters that were lost since the last call. Task context of the boot CPU. */
unsigned long console_lost(void);

/** True, once, if Ctrl-C has been typed since the last call. Long commands look at it. */
bool console_break(void);

/** The external interrupt, for the port's irq_handlers. */
void console_interrupt(void);

/** Look for input where no interrupt tells of it; from the boot CPU's tick. */
void console_poll(void);

#endif
