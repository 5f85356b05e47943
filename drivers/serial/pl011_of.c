/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PL011 UART, device-tree half: the one that is the console.
 *
 * Owns `console`: its address is written by probe() on the boot CPU, constant afterwards. Whoever
 * writes holds the runtime's console lock; reading, which counts, is done by one CPU at a time.
 *
 * Source: Linux Documentation/devicetree/bindings/serial/pl011.yaml (properties).
 */
#include <stddef.h>
#include <drivers/driver.h>
#include "../drivers.h"
#include "../interrupts.h"
#include "pl011.h"

static struct pl011 console;

static void console_write(const char *text, unsigned int length)
{
	for (unsigned int i = 0; i < length; i++)
		pl011_put(&console, (uint8_t)text[i]);
}

static int console_read(void)
{
	return pl011_get(&console);
}

static void console_enable_rx_irq(void)
{
	pl011_enable_rx_irq(&console);
}

static unsigned long console_lost(void)
{
	return console.overruns + console.errors;
}

static struct serial_ops ops = {
	.name = "pl011",
	.write = console_write,
	.read = console_read,
	.enable_rx_irq = console_enable_rx_irq,
	.lost = console_lost,
};

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	(void)boot_hwid;
	console.base = driver_map(fdt, node, PL011_BYTES);
	if (!console.base)
		return -1;
	ops.irq = driver_irq(fdt, node);
	pl011_init(&console);
	found->serial = &ops;
	return 0;
}

static const char *const compatible[] = {"arm,pl011", NULL};

const struct driver pl011_driver = {
	.class = DRIVER_SERIAL,
	.compatible = compatible,
	.probe = probe,
};
