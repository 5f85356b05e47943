/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PL011 UART's registers: no device tree, no interrupt controller, no address of its own.
 */
#ifndef DRIVERS_SERIAL_PL011_H
#define DRIVERS_SERIAL_PL011_H

#include <stdint.h>

/** Bytes of registers that are used. */
#define PL011_BYTES 0x48U

struct pl011 {
	volatile unsigned char *base;
	/* Counted by pl011_get(): */
	unsigned long overruns; /* times that bytes were lost, as the FIFO was full */
	unsigned long errors;   /* breaks, and bytes with a wrong frame or parity: not handed out */
};

/**
 * FIFOs on, interrupts off, sender and receiver on. The line's speed and format stay as the
 * firmware set them; 8 bits where it did not. What has been received stays to be read.
 */
void pl011_init(const struct pl011 *uart);

/** Send one byte; waits for room, but not for ever: a dead UART loses it. */
void pl011_put(const struct pl011 *uart, uint8_t byte);

/** The next byte that was received well, or -1. One caller at a time. */
int pl011_get(struct pl011 *uart);

/** Interrupt when bytes have come, until they are read. */
void pl011_enable_rx_irq(const struct pl011 *uart);

#endif
