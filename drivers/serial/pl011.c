/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PL011 UART, register half. The caller owns struct pl011 and serialises; no state here.
 *
 * The receive interrupt is set when the FIFO comes to its trigger level, and cleared by reading. It
 * is not cleared here by ICR: with bytes in the FIFO already, it might not be set again.
 *
 * Source: Arm PrimeCell UART (PL011) Technical Reference Manual, DDI 0183, 3.3 (registers).
 */
#include <port/barrier.h>
#include <port/cpu.h>
#include "pl011.h"

enum { DR = 0x00, ECR = 0x04, FR = 0x18, LCR_H = 0x2c, CR = 0x30 };
enum { IFLS = 0x34, IMSC = 0x38, ICR = 0x44 };

/* What the FIFO tells of a byte. The overrun is not this byte's: others have been lost. */
#define DR_BAD        0x700U /* frame, parity, break */
#define DR_OVERRUN    0x800U

#define FR_BUSY       0x08U
#define FR_RX_EMPTY   0x10U
#define FR_TX_FULL    0x20U

#define LCR_FIFOS     0x10U
#define LCR_BITS      0x60U /* of a byte; all set: 8 */

#define CR_ENABLE     0x001U
#define CR_TX_RX      0x300U
#define CR_DTR_RTS    0xc00U

#define IFLS_RX       0x38U /* 0: at an eighth of the FIFO */

#define INT_RX        0x010U
#define INT_TIMEOUT   0x040U /* fewer bytes than the trigger, and no more have come */
#define INT_NOT_INPUT 0x7afU

/* Looks at a UART that stays busy before it is given up: some 10 ms at least. */
#define TRIES 1000000U

/* No FIFO is deeper. */
#define FIFO_MAX 32U

static uint32_t read_register(const struct pl011 *uart, unsigned int at)
{
	return mmio_read32(uart->base + at);
}

static void write_register(const struct pl011 *uart, unsigned int at, uint32_t value)
{
	mmio_write32(uart->base + at, value);
}

static void wait_while(const struct pl011 *uart, uint32_t flag)
{
	for (unsigned int tries = 0; tries < TRIES && read_register(uart, FR) & flag; tries++)
		cpu_relax();
}

void pl011_init(const struct pl011 *uart)
{
	uint32_t line = read_register(uart, LCR_H), control = read_register(uart, CR);

	write_register(uart, IMSC, 0);
	write_register(uart, ICR, INT_NOT_INPUT);
	write_register(uart, IFLS, read_register(uart, IFLS) & ~IFLS_RX);
	/* No console has 5 bits: nobody has set it. The line is not to be changed while it is on.
	 */
	if (!(line & LCR_BITS) || !(line & LCR_FIFOS)) {
		wait_while(uart, FR_BUSY);
		write_register(uart, CR, 0);
		line |= line & LCR_BITS ? LCR_FIFOS : LCR_FIFOS | LCR_BITS;
		write_register(uart, LCR_H, line);
	}
	write_register(uart, CR, control | CR_ENABLE | CR_TX_RX | CR_DTR_RTS);
}

void pl011_put(const struct pl011 *uart, uint8_t byte)
{
	wait_while(uart, FR_TX_FULL);
	if (!(read_register(uart, FR) & FR_TX_FULL))
		write_register(uart, DR, byte);
}

int pl011_get(struct pl011 *uart)
{
	for (unsigned int i = 0; i < FIFO_MAX && !(read_register(uart, FR) & FR_RX_EMPTY); i++) {
		uint32_t data = read_register(uart, DR);

		if (data & DR_OVERRUN) {
			uart->overruns++;
			write_register(uart, ECR, 0);
		}
		if (!(data & DR_BAD))
			return (uint8_t)data;
		uart->errors++;
	}
	return -1;
}

void pl011_enable_rx_irq(const struct pl011 *uart)
{
	write_register(uart, IMSC, INT_RX | INT_TIMEOUT);
}
