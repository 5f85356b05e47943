/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver's device-tree half offers to the table in drivers.c.
 */
#ifndef DRIVERS_PRIVATE_H
#define DRIVERS_PRIVATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <drivers/driver.h>

enum driver_class {
	DRIVER_FIRMWARE, /* tells the machine half how to call it */
	DRIVER_TIMER,    /* the CPUs' own: tells the machine half its interrupt */
	DRIVER_SERIAL,
	DRIVER_IRQCHIP,
	DRIVER_POWER,
	DRIVER_BLOCK
};

/** One driver: which nodes are its own, and how it takes one. */
struct driver {
	enum driver_class class;
	const char *const *compatible; /* NULL-terminated */
	/**
	 * Take node `node` and enter it in `found`. `boot_hwid` is the CPU that interrupts should
	 * go to. Returns 0, or -1 after a line by driver_refuse().
	 */
	int (*probe)(const void *fdt, int node, uint64_t boot_hwid, struct devices *found);
	/** DRIVER_IRQCHIP: true if the controller at `node` can interrupt CPU `hwid`. */
	bool (*serves)(const void *fdt, int node, uint64_t hwid);
};

/** Print "driver: <path of the node>: <why>"; returns -1. */
int driver_refuse(const void *fdt, int node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Map entry 0 of a node's reg, at least `bytes` of it; NULL after a line. */
volatile void *driver_map(const void *fdt, int node, uint64_t bytes);

/** The node that a node's interrupts go to by interrupt-parent, its own or inherited; or -1. */
int driver_interrupt_parent(const void *fdt, int node);

/* One line for each driver; drivers.c lists them. */
extern const struct driver arm_timer_driver;
extern const struct driver gicv2_driver;
extern const struct driver gicv3_driver;
extern const struct driver ns16550_driver;
extern const struct driver pl011_driver;
extern const struct driver plic_driver;
extern const struct driver psci_driver;
extern const struct driver sifive_test_driver;
extern const struct driver virtio_driver;

#endif
