/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 UART, device-tree half: the one that is the console.
 *
 * Owns `console`: written by probe() on the boot CPU, constant afterwards. Whoever writes holds the
 * runtime's console lock; reading is done by one CPU at a time.
 *
 * Source: Linux Documentation/devicetree/bindings/serial/8250.yaml (properties).
 */
#include <drivers/of.h>
#include <drivers/driver.h>
#include "../drivers.h"
#include "../interrupts.h"
#include "ns16550.h"

static struct ns16550 console;

static void console_write(const char *text, unsigned int length)
{
	for (unsigned int i = 0; i < length; i++)
		ns16550_put(&console, (uint8_t)text[i]);
}

static int console_read(void)
{
	return ns16550_get(&console);
}

static void console_enable_rx_irq(void)
{
	ns16550_enable_rx_irq(&console);
}

static struct serial_ops ops = {
	.name = "ns16550a",
	.write = console_write,
	.read = console_read,
	.enable_rx_irq = console_enable_rx_irq,
};

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	uint32_t shift = of_u32(fdt, node, "reg-shift", 0);
	uint32_t io_width = of_u32(fdt, node, "reg-io-width", 1);

	(void)boot_hwid;
	if (io_width != 1 && io_width != 4)
		return driver_refuse(fdt, node, "reg-io-width %u is neither 1 nor 4; not used",
			(unsigned int)io_width);
	if (shift > 4 || 1U << shift < io_width)
		return driver_refuse(fdt, node,
			"reg-shift %u does not fit reg-io-width %u; not used", (unsigned int)shift,
			(unsigned int)io_width);
	/* Up to the last register that is used, LSR. */
	console.base = driver_map(fdt, node, ((NS16550_REGISTERS - 2) << shift));
	if (!console.base)
		return -1;
	console.shift = shift;
	console.io_width = io_width;
	ops.irq = driver_irq(fdt, node);
	ns16550_init(&console);
	found->serial = &ops;
	return 0;
}

static const char *const compatible[] = {"ns16550a", "ns16550", "snps,dw-apb-uart", NULL};

const struct driver ns16550_driver = {
	.class = DRIVER_SERIAL,
	.compatible = compatible,
	.probe = probe,
};
