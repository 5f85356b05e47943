/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 UART's registers: no device tree, no interrupt controller, no address of its own.
 */
#ifndef DRIVERS_SERIAL_NS16550_H
#define DRIVERS_SERIAL_NS16550_H

#include <stdint.h>

/** Number of registers, before the shift. */
#define NS16550_REGISTERS 8U

struct ns16550 {
	volatile unsigned char *base;
	unsigned int shift;    /* register n is at base + (n << shift) */
	unsigned int io_width; /* bytes of one access: 1 or 4 */
};

/** FIFOs on, interrupts off. The line's speed and format stay as the firmware set them. */
void ns16550_init(const struct ns16550 *uart);

/** Send one byte; waits for room, but not for ever: a dead UART loses it. */
void ns16550_put(const struct ns16550 *uart, uint8_t byte);

/** The next received byte, or -1. */
int ns16550_get(const struct ns16550 *uart);

/** Interrupt when a byte has come. */
void ns16550_enable_rx_irq(const struct ns16550 *uart);

#endif
