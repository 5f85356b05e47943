/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console input: characters from the UART's interrupt, or from polling, to who waits for them.
 *
 * Owns the input half of struct console: a ring with one producer (the interrupt or the tick of
 * the boot CPU) and one consumer (the boot CPU's task), so its two counters are enough.
 *
 * Invariant: head - tail <= CONSOLE_INPUT_MAX; the producer alone moves head, the consumer tail.
 */
#include <port/cpu.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/print.h>
#include "kernel.h"

#define CTRL_C 0x03

static int device_read(void)
{
	const struct serial_ops *serial = kernel.console.serial;

	return serial ? serial->read() : firmware_read();
}

static void receive(void)
{
	struct console *console = &kernel.console;
	int c;

	while ((c = device_read()) >= 0) {
		unsigned int head = atomic_load_explicit(&console->head, memory_order_relaxed);
		unsigned int tail = atomic_load_explicit(&console->tail, memory_order_acquire);

		if (c == CTRL_C)
			atomic_store(&console->interrupted, 1);
		if (head - tail == CONSOLE_INPUT_MAX) {
			atomic_fetch_add(&console->lost, 1);
			continue;
		}
		console->input[head % CONSOLE_INPUT_MAX] = (char)c;
		atomic_store_explicit(&console->head, head + 1, memory_order_release);
	}
}

void console_init(const struct devices *devices)
{
	struct console *console = &kernel.console;
	const struct serial_ops *serial = devices->serial;
	bool by_interrupt = serial && serial->irq != 0 && devices->irqchip;

	console->serial = serial;
	console->polled = !by_interrupt;
	if (by_interrupt) {
		devices->irqchip->enable(serial->irq);
		serial->enable_rx_irq();
	}
	print("console: %s, input %s\n", serial ? serial->name : "firmware",
		by_interrupt ? "by interrupt" : "polled");
}

void console_interrupt(void)
{
	const struct irqchip_ops *irqchip = kernel.devices.irqchip;
	unsigned int irq;

	if (!irqchip)
		return;
	while ((irq = irqchip->claim()) != 0) {
		if (kernel.console.serial && irq == kernel.console.serial->irq)
			receive();
		else
			print("irq: source %u at %s has no handler; ignored\n", irq, irqchip->name);
		irqchip->complete(irq);
	}
}

void console_poll(void)
{
	if (kernel.console.polled)
		receive();
}

int console_getc(void)
{
	struct console *console = &kernel.console;
	unsigned int tail = atomic_load_explicit(&console->tail, memory_order_relaxed);
	int c;

	/* Looking and falling asleep with interrupts off: one that comes between ends the wait. */
	for (;;) {
		irq_flags_t flags = irq_save();
		bool empty = atomic_load_explicit(&console->head, memory_order_acquire) == tail;

		if (empty)
			cpu_wait();
		irq_restore(flags);
		if (!empty)
			break;
	}
	c = (unsigned char)console->input[tail % CONSOLE_INPUT_MAX];
	atomic_store_explicit(&console->tail, tail + 1, memory_order_release);
	return c;
}

bool console_break(void)
{
	return atomic_exchange(&kernel.console.interrupted, 0) != 0;
}
