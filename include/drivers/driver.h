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
	/** How often bytes were lost, or came broken and were left out; NULL: it can not tell. */
	unsigned long (*lost)(void);
};

/** An interrupt controller, as far as it serves one CPU. Each function gets the struct itself. */
struct irqchip_ops {
	const char *name;
	uint64_t hwid; /* of the CPU that its interrupts go to */
	/** Route and unmask source `irq` to that CPU. */
	void (*enable)(const struct irqchip_ops *chip, unsigned int irq);
	/** Mask it again. */
	void (*disable)(const struct irqchip_ops *chip, unsigned int irq);
	/** The pending source for that CPU, now claimed, or 0. Called on that CPU. */
	unsigned int (*claim)(const struct irqchip_ops *chip);
	void (*complete)(const struct irqchip_ops *chip, unsigned int irq);
};

/** A way to end the machine with a status that the emulator passes on. */
struct power_ops {
	const char *name;
	void (*poweroff)(int status); /* returns only if it does not work */
	void (*reset)(void);
};

/** What drivers_probe() found; NULL where there is none. */
struct devices {
	bool console_probed; /* drivers_probe_console() was called */
	const struct serial_ops *serial;
	int serial_node;      /* its place in the tree, if there is one */
	bool serial_is_first; /* no stdout-path led to it: it is the tree's first */
	const struct irqchip_ops *irqchip;
	int irqchip_node; /* its place in the tree, if there is one */
	const struct power_ops *power;
	/* The controller that disks are wired to; may be the console's. */
	const struct irqchip_ops *block_irqchip;
};

/**
 * Probe the UART of the tree's stdout-path alone, and have the firmware's console be it where that
 * has none: there, if no such path leads to one, the tree's first UART, after a line. Once:
 * drivers_probe() then leaves it as it is. Boot CPU.
 */
void drivers_probe_console(const void *fdt, struct devices *found);

/**
 * Probe the devices of tree `fdt` that the table knows: the stdout-path UART, the interrupt
 * controller, the power device. Prints a line for each that it can not use, and why. Boot CPU,
 * after paging_init(). `found` is zeroes, or from drivers_probe_console(). `boot_hwid` is the CPU
 * that interrupts are routed to.
 */
void drivers_probe(const void *fdt, uint64_t boot_hwid, struct devices *found);

/**
 * Probe the disks of the tree, which are then in the list of <drivers/block.h>. Their controller is
 * the console's, or one that has a context for one of the CPUs hwid[0] to hwid[nr - 1], which are
 * online; without, they are polled. Prints a line for what can not be used. Boot CPU, once, when
 * pages can be allocated and all CPUs have come. Interrupts may be on.
 */
void drivers_probe_disks(
	const void *fdt, const uint64_t *hwid, unsigned int nr, struct devices *found);

#endif
