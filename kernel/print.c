/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing: print() of <port/print.h>, and the way of a line to the terminal.
 *
 * Owns struct print_line, one for each thread, and one for each CPU's interrupts: only that context
 * touches it, so nothing guards it. picolibc's formatter puts one character after the other into
 * it, without a lock and without allocating. A complete line is sent under console.lock, with
 * interrupts off, and until the boot is over it goes to kernel.log as well.
 *
 * The terminal has one cursor. Where it stands in somebody's unfinished line (the monitor's
 * prompt, its echo), a line of somebody else starts with a newline.
 *
 * While a report for programs is sent, a frame, the lines of others wait in console.held. Nobody
 * is made to wait, as who prints may hold locks that the report's own context needs.
 *
 * Source of facts: picolibc's <stdio.h> for streams with a put function of one's own.
 */
#include <stdio.h>
#include <string.h>
#include <mm/list.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/print.h>
#include "kernel.h"

/* How long a CPU that fails waits for the line that another one is sending. */
#define SEIZE_WAIT_SECONDS 1U

static void device_write(const char *text, unsigned int length)
{
	const struct serial_ops *serial = kernel.console.serial;

	if (length == 0)
		return;
	if (serial)
		serial->write(text, length);
	else
		firmware_write(text, length);
}

/* False: the console is ours alone, and there was nothing to lock. */
static bool console_lock(void)
{
	struct console *console = &kernel.console;

	if (atomic_load(&console->seized_by) == kernel_this_cpu())
		return false;
	if (!atomic_load(&console->seized_by)) {
		spin_lock(&console->lock);
		if (!atomic_load(&console->seized_by))
			return true;
		/* Seized while we waited. Who seized it waits for the lock to be free. */
		spin_unlock(&console->lock);
	}
	arch_halt();
}

/* The frame ends here, and what was held back is sent. */
static void release_held(struct console *console)
{
	console->frame = NULL;
	device_write(console->held, console->held_length);
	console->held_length = 0;
}

bool console_close(void)
{
	struct kernel_cpu *nobody = NULL;

	if (console_lock()) {
		release_held(&kernel.console);
		return atomic_compare_exchange_strong(
			&kernel.console.seized_by, &nobody, kernel_this_cpu());
	}
	return true;
}

static void send_rest(struct print_line *line)
{
	if (line->length > 0 && line->length <= PRINT_LINE_MAX) {
		device_write(line->text, line->length);
		device_write("\r\n", 2);
	}
	line->length = 0;
}

/* The first thread prints before there are threads. */
static struct print_line *thread_line(void)
{
	struct thread *thread = thread_current();

	return thread ? &thread->line : &kernel_this_cpu()->first.line;
}

static struct print_line *current_line(void)
{
	return in_interrupt() ? &kernel_this_cpu()->line : thread_line();
}

/*
 * Let the line that another CPU is sending come to its end, so that ours does not stand in the
 * middle of it; but not for ever, as that CPU may have failed too.
 */
static void wait_for_line(const struct spinlock *lock)
{
	uint64_t deadline = cpu_time() + cpu_time_hz() * SEIZE_WAIT_SECONDS;

	while (atomic_load(&lock->owner) && !spin_is_mine(lock) && cpu_time() < deadline)
		cpu_relax();
}

bool console_seize(void)
{
	struct kernel_cpu *nobody = NULL;
	struct console *console = &kernel.console;

	if (!atomic_compare_exchange_strong(&console->seized_by, &nobody, kernel_this_cpu()))
		return nobody == kernel_this_cpu();
	wait_for_line(&console->lock);
	if (console->partial || atomic_load(&console->lock.owner))
		device_write("\r\n", 2);
	console->partial = NULL;
	release_held(console);
	/* What this CPU was about to say when it failed may tell why. */
	send_rest(thread_line());
	send_rest(&kernel_this_cpu()->line);
	return true;
}

/* Keep a line, or a part of one that is too long, until the frame is closed; false: no room. */
static bool hold(struct console *console, const struct print_line *line)
{
	unsigned int end = console->held_length + line->length;

	if (end + 2 > CONSOLE_HELD_MAX)
		return false;
	memcpy(&console->held[console->held_length], line->text, line->length);
	memcpy(&console->held[end], "\r\n", 2);
	console->held_length = end + 2;
	return true;
}

/* Somebody else's line while a frame is open: true if it is seen to. */
static bool keep_out(struct console *console, const struct print_line *line)
{
	static const char broken[] = FRAME_BROKEN "\r\n";

	if (!console->frame || console->frame == line)
		return false;
	if (hold(console, line))
		return true;
	device_write(broken, sizeof(broken) - 1);
	release_held(console);
	return false;
}

static void send_now(struct console *console, struct print_line *line, bool complete)
{
	if (console->partial && console->partial != line)
		device_write("\r\n", 2);
	device_write(line->text, line->length);
	if (complete)
		device_write("\r\n", 2);
	console->partial = complete ? NULL : line;
}

/* Send a line's characters, and end the line if it is complete. */
static void send(struct print_line *line, bool complete)
{
	struct console *console = &kernel.console;
	irq_flags_t flags = irq_save();
	bool locked = console_lock();

	if (!keep_out(console, line))
		send_now(console, line, complete);
	log_add(&kernel.log, line->text, line->length);
	if (complete)
		log_add(&kernel.log, "\n", 1);
	line->length = 0;
	if (locked)
		spin_unlock(&console->lock);
	irq_restore(flags);
}

void console_frame_open(void)
{
	irq_flags_t flags = irq_save();
	bool locked = console_lock();

	if (!kernel.console.frame)
		kernel.console.frame = current_line();
	if (locked)
		spin_unlock(&kernel.console.lock);
	irq_restore(flags);
}

void console_frame_close(void)
{
	irq_flags_t flags = irq_save();
	bool locked = console_lock();

	if (kernel.console.frame == current_line())
		release_held(&kernel.console);
	if (locked)
		spin_unlock(&kernel.console.lock);
	irq_restore(flags);
}

/* A stream that ends in a line. */
struct line_stream {
	FILE file;
	struct print_line *line;
};

static int put_character(char c, FILE *file)
{
	struct print_line *line = container_of(file, struct line_stream, file)->line;

	if (c == '\n') {
		send(line, true);
		return 0;
	}
	if (line->length == PRINT_LINE_MAX)
		send(line, false);
	line->text[line->length++] = c;
	return 0;
}

void vprint(const char *format, va_list args)
{
	struct line_stream stream = {
		.file = FDEV_SETUP_STREAM(put_character, NULL, NULL, _FDEV_SETUP_WRITE),
		.line = current_line(),
	};

	vfprintf(&stream.file, format, args);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

void print_flush(void)
{
	struct print_line *line = current_line();

	if (line->length > 0)
		send(line, false);
}

bool print_in_line(void)
{
	irq_flags_t flags = irq_save();
	bool locked = console_lock(), here = kernel.console.partial == current_line();

	if (locked)
		spin_unlock(&kernel.console.lock);
	irq_restore(flags);
	return here;
}
