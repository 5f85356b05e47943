/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/serial/ns16550.c over a fake register block: memory, which keeps what is written and does
 * nothing by itself. Every test runs with registers side by side, spread out, and in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/serial/ns16550.h"

/* By number, as the data sheet has them. */
enum { DATA = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5, NR = NS16550_REGISTERS };

#define UNTOUCHED 0xa5

static _Alignas(4) unsigned char block[NR << 4];

static const struct ns16550 layouts[] = {
	{block, 0, 1},
	{block, 2, 1},
	{block, 2, 4},
	{block, 4, 4},
};
#define NR_LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))
#define for_each_layout(uart) \
	for (const struct ns16550 *uart = layouts; uart < layouts + NR_LAYOUTS; uart++)

static void clear(void)
{
	memset(block, UNTOUCHED, sizeof(block));
}

/* What a device would show in register n; in words, the bytes above are not the register's. */
static void show(const struct ns16550 *uart, unsigned int n, unsigned char value)
{
	block[n << uart->shift] = value;
}

/* Registers in `written` have `value[n]`, by words; all else is as it was. */
static void expect_written(
	const struct ns16550 *uart, unsigned int written, const unsigned char value[NR])
{
	unsigned char expected[sizeof(block)];

	memset(expected, UNTOUCHED, sizeof(expected));
	for (unsigned int n = 0; n < NR; n++) {
		if (!(written >> n & 1))
			continue;
		memset(&expected[n << uart->shift], 0, uart->io_width);
		expected[n << uart->shift] = value[n];
	}
	assert_memory_equal(block, expected, sizeof(block));
}

static void init(void **state)
{
	static const unsigned char value[NR] = {[IER] = 0x00, [FCR] = 0x01, [MCR] = 0x0b};

	(void)state;
	for_each_layout (uart) {
		clear();
		ns16550_init(uart);
		expect_written(uart, 1U << IER | 1U << FCR | 1U << MCR, value);
	}
}

static void put(void **state)
{
	static const unsigned char value[NR] = {[DATA] = 'x', [LSR] = 0x20};

	(void)state;
	for_each_layout (uart) {
		clear();
		/* So that the same comparison does for the register that is only read. */
		memset(&block[LSR << uart->shift], 0, uart->io_width);
		show(uart, LSR, 0x20);
		ns16550_put(uart, 'x');
		expect_written(uart, 1U << DATA | 1U << LSR, value);
	}
}

/* A transmitter that is never ready: the byte is lost, and the call comes back. */
static void put_to_the_dead(void **state)
{
	static const unsigned char value[NR] = {[LSR] = 0xdf};
	const struct ns16550 *uart = &layouts[0];

	(void)state;
	clear();
	show(uart, LSR, 0xdf);
	ns16550_put(uart, 'x');
	expect_written(uart, 1U << LSR, value);
}

static void get(void **state)
{
	static const unsigned char bytes[] = {0x00, 'a', 0x7f, 0x80, 0xff};

	(void)state;
	for_each_layout (uart) {
		for (unsigned int i = 0; i < sizeof(bytes); i++) {
			clear();
			show(uart, DATA, bytes[i]);
			show(uart, LSR, 0xfe);
			assert_int_equal(ns16550_get(uart), -1);
			show(uart, LSR, 0x01);
			assert_int_equal(ns16550_get(uart), bytes[i]);
		}
	}
}

static void enable_rx_irq(void **state)
{
	static const unsigned char value[NR] = {[IER] = 0x01};

	(void)state;
	for_each_layout (uart) {
		clear();
		ns16550_enable_rx_irq(uart);
		expect_written(uart, 1U << IER, value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init),
		cmocka_unit_test(put),
		cmocka_unit_test(put_to_the_dead),
		cmocka_unit_test(get),
		cmocka_unit_test(enable_rx_irq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
