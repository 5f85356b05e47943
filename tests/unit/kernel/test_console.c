/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/console.c: from the device's characters to the reader, nothing lost unsaid.
 */
#include <port/firmware.h>
#include "kernel/kernel.h"
#include "kernel/terminal_width.h"
#include "unit.h"

#define CTRL_C 0x03

/* The root of the runtime's state, which start-up owns on a real machine. */
struct kernel kernel;

static struct mm_cpu boot_cpu;

/* What the terminal has sent and the device has not been asked for; and the firmware's. */
static const char *typed, *typed_end, *firmware_typed = "";

static int serial_read(void)
{
	return typed < typed_end ? (unsigned char)*typed++ : -1;
}

/* How many the device has lost, and after which character of those that were typed. */
static unsigned long device_has_lost;
static const char *loses_after;

static unsigned long serial_lost(void)
{
	return device_has_lost + (loses_after && typed > loses_after ? 2 : 0);
}

static bool rx_irq;

static void enable_rx_irq(void)
{
	rx_irq = true;
}

static struct serial_ops serial = {
	.name = "fake", .read = serial_read, .irq = 10, .enable_rx_irq = enable_rx_irq};

int firmware_read(void)
{
	return *firmware_typed ? (unsigned char)*firmware_typed++ : -1;
}

void print_flush(void)
{
}

const char *firmware_console(void)
{
	return "a fake";
}

/* The interrupt controller: which source is pending, and which were enabled and completed. */
static unsigned int pending, enabled, completed;

static void irqchip_enable(const struct irqchip_ops *chip, unsigned int irq)
{
	(void)chip;
	enabled = irq;
}

static unsigned int irqchip_claim(const struct irqchip_ops *chip)
{
	unsigned int irq = pending;

	(void)chip;
	pending = 0;
	return irq;
}

static void irqchip_complete(const struct irqchip_ops *chip, unsigned int irq)
{
	(void)chip;
	completed = irq;
}

static const struct irqchip_ops irqchip = {.name = "fake chip",
	.enable = irqchip_enable,
	.claim = irqchip_claim,
	.complete = irqchip_complete};

static int setup(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	host_become(&boot_cpu);
	pending = enabled = completed = 0;
	rx_irq = false;
	device_has_lost = 0;
	loses_after = NULL;
	typed = typed_end = NULL;
	host_print_capture_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_print_capture_stop();
	return 0;
}

static void start(const struct serial_ops *uart, const struct irqchip_ops *chip)
{
	kernel.devices = (struct devices){.serial = uart, .irqchip = chip};
	console_init(&kernel.devices);
}

/* The terminal sends this, and the next poll gets it. */
static void send(const char *bytes, size_t length)
{
	typed = bytes;
	typed_end = bytes + length;
	console_poll();
	assert_ptr_equal(typed, typed_end);
}

static void expect(const char *text)
{
	for (; *text; text++)
		assert_int_equal(console_getc(), (unsigned char)*text);
	assert_int_equal(kernel.console.head, kernel.console.tail);
}

static void uart_with_interrupt(void **state)
{
	(void)state;
	start(&serial, &irqchip);
	assert_string_equal(
		host_print_captured(), "console: fake of stdout-path; input by interrupt\n");
	assert_int_equal(enabled, 10);
	assert_true(rx_irq);
	typed = "hi";
	typed_end = typed + 2;
	console_poll(); /* not polled: the tick leaves it alone */
	assert_int_equal(kernel.console.head, 0);
	pending = 10;
	console_interrupt();
	assert_int_equal(completed, 10);
	expect("hi");
}

static void foreign_interrupt_is_named(void **state)
{
	(void)state;
	start(&serial, &irqchip);
	pending = 7;
	console_interrupt();
	assert_int_equal(completed, 7);
	assert_printed("irq: source 7 at fake chip has no handler; ignored\n");
}

static void uart_without_interrupt_is_polled(void **state)
{
	static struct serial_ops silent;

	(void)state;
	silent = serial;
	silent.irq = 0;
	start(&silent, &irqchip);
	assert_string_equal(host_print_captured(), "console: fake of stdout-path; input polled\n");
	assert_false(rx_irq);
	send("abc", 3);
	expect("abc");
	setup(state);
	start(&serial, NULL);
	send("abc", 3);
	expect("abc");
	console_interrupt(); /* none can come, and nothing happens */
}

static void without_uart_the_firmware_is_read(void **state)
{
	(void)state;
	start(NULL, NULL);
	assert_string_equal(
		host_print_captured(), "console: the firmware's, a fake; input polled\n");
	firmware_typed = "check\r";
	console_poll();
	expect("check\r");
}

static void every_byte_but_nul_comes_through(void **state)
{
	char bytes[256];

	(void)state;
	start(&serial, NULL);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i == CTRL_C ? 'c' : i);
	send(bytes, sizeof(bytes));
	for (unsigned int i = 1; i < sizeof(bytes); i++)
		assert_int_equal(console_getc(), (unsigned char)bytes[i]);
	assert_int_equal(kernel.console.head, kernel.console.tail);
}

/* Fill the ring as far as it goes; returns how much that is. */
static unsigned int fill(char c)
{
	static char many[CONSOLE_INPUT_MAX * 2];

	memset(many, c, sizeof(many));
	send(many, sizeof(many));
	return (unsigned int)(sizeof(many) - kernel.console.lost);
}

static void overflow_is_counted_and_its_place_marked(void **state)
{
	unsigned int kept;

	(void)state;
	start(&serial, NULL);
	kept = fill('a');
	assert_in_range(kept, CONSOLE_INPUT_MAX - 8, CONSOLE_INPUT_MAX);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(console_getc(), 'a');
	send("bc", 2); /* room again: these stand behind the gap */
	for (unsigned int i = 100; i < kept; i++)
		assert_int_equal(console_getc(), 'a');
	assert_int_equal(console_getc(), CONSOLE_LOST);
	assert_int_equal(console_lost(), 2 * CONSOLE_INPUT_MAX - kept);
	assert_int_equal(console_lost(), 0);
	expect("bc");
}

static void gap_at_the_end_is_told_at_once(void **state)
{
	unsigned int kept;

	(void)state;
	start(&serial, NULL);
	kept = fill('a');
	for (unsigned int i = 0; i < kept; i++)
		assert_int_equal(console_getc(), 'a');
	assert_int_equal(console_getc(), CONSOLE_LOST);
	send("x", 1);
	expect("x");
}

static void several_gaps_each_have_their_place(void **state)
{
	unsigned int kept;

	(void)state;
	start(&serial, NULL);
	kept = fill('a');
	for (unsigned int i = 0; i < kept / 2; i++)
		assert_int_equal(console_getc(), 'a');
	fill('b');
	for (unsigned int i = kept / 2; i < kept; i++)
		assert_int_equal(console_getc(), 'a');
	assert_int_equal(console_getc(), CONSOLE_LOST);
	while (kernel.console.head != kernel.console.tail)
		assert_int_equal(console_getc(), 'b');
	assert_int_equal(console_getc(), CONSOLE_LOST);
}

static void ctrl_c_overtakes_what_waits(void **state)
{
	(void)state;
	start(&serial, NULL);
	send("check\rstress\r\003harts\r", 20);
	assert_true(console_break());
	assert_false(console_break());
	expect("\003harts\r");
}

static void ctrl_c_finds_room_in_a_full_buffer(void **state)
{
	(void)state;
	start(&serial, NULL);
	fill('a');
	assert_false(console_break());
	send("\003", 1);
	assert_true(console_break());
	assert_int_equal(console_getc(), CTRL_C);
	assert_int_equal(kernel.console.head, kernel.console.tail);
	send("b", 1);
	expect("b");
}

/* The counters run over at 2^32 characters: a Ctrl-C long ago must not be taken for a new one. */
static void counters_may_run_over(void **state)
{
	(void)state;
	start(&serial, NULL);
	send("\003", 1);
	expect("\003");
	for (unsigned int i = 0; i < 10; i++) {
		kernel.console.head += 0x30000000;
		kernel.console.tail += 0x30000000;
		for (unsigned int n = 0; n < CONSOLE_INPUT_MAX / 4; n++) {
			send("wxyz", 4);
			expect("wxyz");
		}
	}
}

static void any_mixture_keeps_order(void **state)
{
	uint64_t seed = test_seed(0xc0501e);
	unsigned int next_in = 0, next_out = 0;

	(void)state;
	start(&serial, NULL);
	for (unsigned int i = 0; i < 20000; i++) {
		char bytes[100];
		size_t nr = next_random(&seed, sizeof(bytes));

		for (size_t n = 0; n < nr; n++)
			bytes[n] = (char)('0' + next_in++ % 64);
		send(bytes, nr);
		nr = next_random(&seed, 2 * sizeof(bytes));
		while (nr-- > 0 && kernel.console.head != kernel.console.tail)
			assert_int_equal(console_getc(), '0' + next_out++ % 64);
	}
	assert_int_equal(console_lost(), 0);
}

/* What the UART has lost leaves a gap where it was, and is told as any other. */
static void lost_by_the_device(void **state)
{
	static struct serial_ops lossy;
	static const char bytes[] = "abcd";

	(void)state;
	lossy = serial;
	lossy.irq = 0;
	lossy.lost = serial_lost;
	start(&lossy, NULL);
	loses_after = bytes + 2;
	send(bytes, 4);
	assert_int_equal(console_getc(), 'a');
	assert_int_equal(console_getc(), 'b');
	assert_int_equal(console_getc(), CONSOLE_LOST);
	expect("cd");
	assert_int_equal(console_lost(), 2);
	assert_int_equal(console_lost(), 0);
	/* The last ones: nothing comes behind them. */
	loses_after = NULL;
	device_has_lost = 3;
	send(bytes, 0);
	assert_int_equal(console_getc(), CONSOLE_LOST);
	assert_int_equal(console_lost(), 1);
}

static void peeked_input_stays(void **state)
{
	char text[8];

	(void)state;
	start(&serial, NULL);
	send("abc", 3);
	assert_int_equal(console_peek(text, 2), 2);
	assert_memory_equal(text, "ab", 2);
	assert_int_equal(console_peek(text, sizeof(text)), 3);
	console_skip(1);
	expect("bc");
	assert_int_equal(console_peek(text, sizeof(text)), 0);
	console_skip(1); /* nothing is there: it does not wait */
}

/* As for the reader: what stands before Ctrl-C is nobody's any more. */
static void peek_starts_at_ctrl_c(void **state)
{
	char text[8];

	(void)state;
	start(&serial, NULL);
	send("abc\003de", 6);
	assert_int_equal(console_peek(text, sizeof(text)), 3);
	assert_memory_equal(text, "\003de", 3);
	console_skip(sizeof(text)); /* more than there is */
	assert_int_equal(console_peek(text, sizeof(text)), 0);
}

static int parse_answer(const char *text, unsigned int *used)
{
	return terminal_parse_answer(text, (unsigned int)strlen(text), used);
}

static void answers_of_terminals(void **state)
{
	static const char answer[] = "\033[24;132R";
	unsigned int used = 0;

	(void)state;
	assert_int_equal(parse_answer("\033[24;132R", &used), 132);
	assert_int_equal(used, sizeof(answer) - 1);
	assert_int_equal(parse_answer("\033[1;9999Rls", &used), 9999);
	for (unsigned int length = 0; length < sizeof(answer) - 1; length++)
		assert_int_equal(terminal_parse_answer(answer, length, &used), 0);
	assert_int_equal(parse_answer("ls", &used), -1);
	assert_int_equal(parse_answer("\033[A", &used), -1);
	assert_int_equal(parse_answer("\033[24;R", &used), -1);
	assert_int_equal(parse_answer("\033[24;0R", &used), -1);
	assert_int_equal(parse_answer("\033[24;12345R", &used), -1);
	assert_int_equal(parse_answer("\033[24;80~", &used), -1);
}

/* Nothing is asked then, as the answer would come behind it. */
static void typed_ahead_the_width_is_80(void **state)
{
	(void)state;
	start(&serial, NULL);
	send("ls", 2);
	assert_int_equal(terminal_columns(), TERMINAL_COLUMNS);
	assert_int_equal(times_printed("\033["), 0);
	expect("ls");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(uart_with_interrupt),
		TEST(lost_by_the_device),
		TEST(foreign_interrupt_is_named),
		TEST(uart_without_interrupt_is_polled),
		TEST(without_uart_the_firmware_is_read),
		TEST(every_byte_but_nul_comes_through),
		TEST(overflow_is_counted_and_its_place_marked),
		TEST(gap_at_the_end_is_told_at_once),
		TEST(several_gaps_each_have_their_place),
		TEST(ctrl_c_overtakes_what_waits),
		TEST(ctrl_c_finds_room_in_a_full_buffer),
		TEST(counters_may_run_over),
		TEST(any_mixture_keeps_order),
		TEST(peeked_input_stays),
		TEST(peek_starts_at_ctrl_c),
		TEST(answers_of_terminals),
		TEST(typed_ahead_the_width_is_80),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
