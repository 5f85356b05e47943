/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/serial/pl011.c over a fake register block: memory, which keeps what is written and does
 * nothing by itself. So a receive FIFO never gets empty by reading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/serial/pl011.h"

/* By the reference manual, table 3-1; words of 32 bits. */
enum { DR = 0x00 / 4, ECR = 0x04 / 4, FR = 0x18 / 4, IBRD = 0x24 / 4, LCR_H = 0x2c / 4 };
enum { CR = 0x30 / 4, IFLS = 0x34 / 4, IMSC = 0x38 / 4, ICR = 0x44 / 4, NR = PL011_BYTES / 4 };

#define UNTOUCHED 0xa5a5a5a5U
#define RX_EMPTY  0x10U
#define TX_FULL   0x20U

static uint32_t block[NR], expected[NR];
static struct pl011 uart;

static int setup(void **state)
{
	(void)state;
	memset(block, 0xa5, sizeof(block));
	memset(expected, 0xa5, sizeof(expected));
	uart = (struct pl011){.base = (volatile unsigned char *)block};
	return 0;
}

static void show(unsigned int at, uint32_t value)
{
	block[at] = expected[at] = value;
}

static void expect_block(void)
{
	assert_memory_equal(block, expected, sizeof(block));
}

static void expect_init(uint32_t line_before, uint32_t line, uint32_t control)
{
	show(FR, 0);
	show(LCR_H, line_before);
	show(CR, control);
	show(IFLS, 0x12);
	pl011_init(&uart);
	expected[LCR_H] = line;
	expected[CR] = control | 0xf01;
	expected[IMSC] = 0;
	expected[ICR] = 0x7af; /* not the receive interrupts */
	expected[IFLS] = 0x02;
	expect_block();
}

static void init_of_a_line_never_set(void **state)
{
	(void)state;
	expect_init(0x00, 0x70, 0x300);
}

/* 7 bits, even parity: kept; only the FIFOs were off. */
static void init_keeps_the_format(void **state)
{
	(void)state;
	expect_init(0x46, 0x56, 0x301);
}

static void init_of_a_line_in_use(void **state)
{
	(void)state;
	expect_init(0x70, 0x70, 0x4301);
}

/* One that stays busy is set up all the same. */
static void init_of_the_busy(void **state)
{
	(void)state;
	show(FR, 0x08);
	show(LCR_H, 0);
	show(CR, 0);
	pl011_init(&uart);
	assert_int_equal(block[LCR_H], 0x70);
	assert_int_equal(block[CR], 0xf01);
}

static void put(void **state)
{
	(void)state;
	show(FR, 0xff & ~TX_FULL);
	pl011_put(&uart, 0xe1);
	expected[DR] = 0xe1;
	expect_block();
}

/* Never any room: the byte is lost, and the call comes back. */
static void put_to_the_dead(void **state)
{
	(void)state;
	show(FR, TX_FULL);
	pl011_put(&uart, 'x');
	expect_block();
}

static void get(void **state)
{
	static const unsigned char bytes[] = {0x00, 'a', 0x7f, 0x80, 0xff};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		show(DR, bytes[i]);
		show(FR, RX_EMPTY);
		assert_int_equal(pl011_get(&uart), -1);
		show(FR, 0xff & ~RX_EMPTY);
		assert_int_equal(pl011_get(&uart), bytes[i]);
		expect_block();
	}
	assert_int_equal(uart.overruns, 0);
	assert_int_equal(uart.errors, 0);
}

/* What is behind the loss is good. */
static void overrun(void **state)
{
	(void)state;
	show(FR, 0);
	show(DR, 0x800 | 'b');
	assert_int_equal(pl011_get(&uart), 'b');
	expected[ECR] = 0;
	expect_block();
	assert_int_equal(uart.overruns, 1);
	assert_int_equal(uart.errors, 0);
}

/* Wrong frame, parity, break: not handed out, and an endless row of them ends. */
static void errors(void **state)
{
	(void)state;
	show(FR, 0);
	for (uint32_t error = 0x100; error <= 0x400; error <<= 1) {
		unsigned long before = uart.errors;

		show(DR, error | 'c');
		assert_int_equal(pl011_get(&uart), -1);
		assert_true(uart.errors > before);
		expect_block();
	}
	assert_int_equal(uart.overruns, 0);
}

static void enable_rx_irq(void **state)
{
	(void)state;
	pl011_enable_rx_irq(&uart);
	expected[IMSC] = 0x50;
	expect_block();
	assert_int_equal(block[IBRD], UNTOUCHED);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(init_of_a_line_never_set),
		TEST(init_keeps_the_format),
		TEST(init_of_a_line_in_use),
		TEST(init_of_the_busy),
		TEST(put),
		TEST(put_to_the_dead),
		TEST(get),
		TEST(overrun),
		TEST(errors),
		TEST(enable_rx_irq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
