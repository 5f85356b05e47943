/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 UART, register half. The caller owns struct ns16550 and serialises; no state here.
 *
 * Source: National Semiconductor PC16550D data sheet, section 8 (registers).
 */
#include <port/barrier.h>
#include <port/cpu.h>
#include "ns16550.h"

enum { RBR_THR = 0, IER = 1, IIR_FCR = 2, MCR = 4, LSR = 5 };

#define IER_RECEIVED   0x01U
#define FCR_ENABLE     0x01U
#define MCR_DTR_RTS    0x03U
#define MCR_OUT2       0x08U /* on PC-like wiring, the interrupt line's gate */
#define LSR_DATA_READY 0x01U
#define LSR_THR_EMPTY  0x20U

/* Looks at a transmitter that stays busy before the byte is given up: some 10 ms at least. */
#define PUT_TRIES 1000000U

static uint8_t read_register(const struct ns16550 *uart, unsigned int index)
{
	const volatile void *at = uart->base + (index << uart->shift);

	return uart->io_width == 4 ? (uint8_t)mmio_read32(at) : mmio_read8(at);
}

static void write_register(const struct ns16550 *uart, unsigned int index, uint8_t value)
{
	volatile void *at = uart->base + (index << uart->shift);

	if (uart->io_width == 4)
		mmio_write32(at, value);
	else
		mmio_write8(at, value);
}

void ns16550_init(const struct ns16550 *uart)
{
	write_register(uart, IER, 0);
	write_register(uart, IIR_FCR, FCR_ENABLE);
	write_register(uart, MCR, MCR_DTR_RTS | MCR_OUT2);
}

void ns16550_put(const struct ns16550 *uart, uint8_t byte)
{
	for (unsigned int tries = 0; tries < PUT_TRIES; tries++) {
		if (read_register(uart, LSR) & LSR_THR_EMPTY) {
			write_register(uart, RBR_THR, byte);
			return;
		}
		cpu_relax();
	}
}

int ns16550_get(const struct ns16550 *uart)
{
	if (!(read_register(uart, LSR) & LSR_DATA_READY))
		return -1;
	return read_register(uart, RBR_THR);
}

void ns16550_enable_rx_irq(const struct ns16550 *uart)
{
	write_register(uart, IER, IER_RECEIVED);
}
