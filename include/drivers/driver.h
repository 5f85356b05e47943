/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers: matched to device-tree nodes by `compatible`, by the table in drivers/drivers.c.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

/** A UART, as the driver offers it to the runtime. */
struct serial_ops {
	const char *name;
	/** Send bytes, polled; any context, the caller serialises. */
	void (*write)(const char *text, unsigned int length);
	/** Next received byte, or -1. From the interrupt or polled. */
	int (*read)(void);
	unsigned int irq; /* its interrupt at the controller; 0 if it has none */
	/** Raise an interrupt when a byte has come. */
	void (*enable_rx_irq)(void);
};

/** An interrupt controller. */
struct irqchip_ops {
	const char *name;
	/** Route and unmask source `irq` to the boot CPU. */
	void (*enable)(unsigned int irq);
	/** The pending source for this CPU, now claimed, or 0. */
	unsigned int (*claim)(void);
	void (*complete)(unsigned int irq);
};

/** A way to end the machine with a status that the emulator passes on. */
struct power_ops {
	const char *name;
	void (*poweroff)(int status); /* returns only if it does not work */
	void (*reset)(void);
};

/** What drivers_probe() found; NULL where there is none. */
struct devices {
	const struct serial_ops *serial;
	const struct irqchip_ops *irqchip;
	const struct power_ops *power;
};

/**
 * Probe the devices of tree `fdt` that the table knows: the stdout-path UART, the interrupt
 * controller, the power device. Prints a line for each that it can not use, and why. Boot CPU,
 * after paging_init(). `boot_hwid` is the CPU that interrupts are routed to.
 */
void drivers_probe(const void *fdt, uint64_t boot_hwid, struct devices *found);

#endif
