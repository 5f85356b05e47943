/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console input: characters from the UART's interrupt, or from polling, to who waits for them.
 *
 * Owns the input half of struct console: a ring that is filled in interrupts of the boot CPU and
 * emptied by its task with interrupts off, so nothing else guards it.
 *
 * What finds the ring full, or was lost by the device, is counted and lost. The place is marked by
 * a NUL in the ring (one that is typed is no text, and is left out), so that what stands before it
 * and behind it is not taken for one line. One slot more is kept for Ctrl-C, which gets through at
 * all times.
 *
 * Invariant: head - tail <= CONSOLE_INPUT_MAX.
 */
#include <drivers/block.h>
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/print.h>
#include <port/task.h>
#include "kernel.h"

#define CTRL_C 0x03
#define GAP    0x00

static int device_read(void)
{
	const struct serial_ops *serial = kernel.console.serial;

	return serial ? serial->read() : firmware_read();
}

static void put(struct console *console, char c)
{
	console->input[console->head++ % CONSOLE_INPUT_MAX] = c;
}

/* Ctrl-C: nobody wants any more what was typed ahead. */
static void receive_break(struct console *console)
{
	console->broken = console->head;
	console->gap = false;
	put(console, CTRL_C);
	atomic_store(&console->interrupted, 1);
}

static void receive_character(struct console *console, char c)
{
	unsigned int room = CONSOLE_INPUT_MAX - (console->head - console->tail);

	if (c == CTRL_C && room > 0) {
		receive_break(console);
	} else if (c == GAP) {
		return;
	} else if (room < 3) {
		console->gap = true;
		console->lost++;
	} else {
		if (console->gap)
			put(console, GAP);
		console->gap = false;
		put(console, c);
	}
}

/* What the device itself has lost, it says with the character that it hands out next, if any. */
static void note_lost_by_device(struct console *console)
{
	unsigned long lost = console->serial && console->serial->lost ? console->serial->lost() : 0;

	if (lost == console->lost_by_device)
		return;
	console->gap = true;
	console->lost += lost - console->lost_by_device;
	console->lost_by_device = lost;
}

static void receive(void)
{
	int c;

	do {
		c = device_read();
		note_lost_by_device(&kernel.console);
		if (c >= 0)
			receive_character(&kernel.console, (char)c);
	} while (c >= 0);
	if (kernel.console.reader)
		task_wake(kernel.console.reader);
}

void console_init(const struct devices *devices)
{
	struct console *console = &kernel.console;
	const struct serial_ops *serial = devices->serial;
	bool by_interrupt = serial && serial->irq != 0 && devices->irqchip;

	console->serial = serial;
	console->polled = !by_interrupt;
	if (by_interrupt) {
		devices->irqchip->enable(devices->irqchip, serial->irq);
		serial->enable_rx_irq();
	}
	print("console: ");
	if (serial)
		print(devices->serial_is_first ? "%s, the tree's first" : "%s of stdout-path",
			serial->name);
	else
		print("the firmware's, %s", firmware_console());
	print("; input %s\n", by_interrupt ? "by interrupt" : "polled");
}

/* True if the controller, NULL for none, interrupts this CPU. */
static bool is_here(const struct irqchip_ops *irqchip)
{
	return irqchip && irqchip->hwid == kernel.cpus.cpu[this_cpu->id].hwid;
}

/* Source `irq` is the UART's. */
static bool is_ours(const struct irqchip_ops *irqchip, unsigned int irq)
{
	return irqchip == kernel.devices.irqchip && kernel.console.serial &&
	       irq == kernel.console.serial->irq;
}

static void serve(const struct irqchip_ops *irqchip)
{
	unsigned int irq;

	while ((irq = irqchip->claim(irqchip)) != 0) {
		if (is_ours(irqchip, irq))
			receive();
		else if (!block_interrupt(irqchip, irq))
			print("irq: source %u at %s has no handler; ignored\n", irq, irqchip->name);
		irqchip->complete(irqchip, irq);
	}
}

void console_interrupt(void)
{
	const struct devices *devices = &kernel.devices;

	if (is_here(devices->irqchip))
		serve(devices->irqchip);
	if (devices->block_irqchip != devices->irqchip && is_here(devices->block_irqchip))
		serve(devices->block_irqchip);
}

void console_poll(void)
{
	if (kernel.console.polled)
		receive();
}

/* The next character, CONSOLE_LOST, or CONSOLE_NOTHING; interrupts off. */
static int take(struct console *console)
{
	char c;

	if ((int)(console->broken - console->tail) > 0)
		console->tail = console->broken;
	else
		console->broken = console->tail;
	if (console->tail == console->head) {
		if (!console->gap)
			return CONSOLE_NOTHING;
		console->gap = false;
		return CONSOLE_LOST;
	}
	c = console->input[console->tail++ % CONSOLE_INPUT_MAX];
	return c == GAP ? CONSOLE_LOST : (unsigned char)c;
}

int console_getc_until(uint64_t until)
{
	/* The reader is noted before interrupts are on again: what comes then ends its sleep. */
	for (;;) {
		irq_flags_t flags = irq_save();
		int c = take(&kernel.console);

		if (c == CONSOLE_NOTHING)
			kernel.console.reader = mm_current();
		irq_restore(flags);
		if (c != CONSOLE_NOTHING || cpu_time() >= until)
			return c;
		task_sleep(until);
	}
}

int console_getc(void)
{
	return console_getc_until(UINT64_MAX);
}

unsigned int console_peek(char *text, unsigned int size)
{
	struct console *console = &kernel.console;
	irq_flags_t flags = irq_save();
	bool stale = (int)(console->broken - console->tail) > 0;
	unsigned int at = stale ? console->broken : console->tail, nr = 0;

	for (; nr < size && at + nr != console->head; nr++) {
		text[nr] = console->input[(at + nr) % CONSOLE_INPUT_MAX];
		if (text[nr] == GAP)
			break;
	}
	irq_restore(flags);
	return nr;
}

void console_skip(unsigned int nr)
{
	irq_flags_t flags = irq_save();

	while (nr > 0 && take(&kernel.console) != CONSOLE_NOTHING)
		nr--;
	irq_restore(flags);
}

unsigned long console_lost(void)
{
	irq_flags_t flags = irq_save();
	unsigned long lost = kernel.console.lost;

	kernel.console.lost = 0;
	irq_restore(flags);
	return lost;
}

bool console_break(void)
{
	return atomic_exchange(&kernel.console.interrupted, 0) != 0;
}
