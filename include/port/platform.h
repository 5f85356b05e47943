/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: what only the tree tells it.
 *
 * Drivers call these when they find the node that says so. An architecture that has no such thing
 * (riscv64: each hart has lines of its own for timer and IPI, and SBI is always there) ignores it.
 */
#ifndef PORT_PLATFORM_H
#define PORT_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

/** No source is pending: what irq_chip.claim() returns then. */
#define IRQ_NONE UINT32_MAX

/**
 * An interrupt controller that all interrupts of a CPU come through, those of its own timer and of
 * other CPUs included. Numbers are the controller's: a GIC's SGIs are 0 to 15, PPIs 16 to 31, SPIs
 * from 32 on.
 *
 * The CPU's own sources have a higher priority than the shared ones: a handler of the latter may
 * sleep on a lock until the CPU's timer comes, which must get through to end the wait.
 */
struct irq_chip {
	const char *name;
	/**
	 * Set up the part of the CPU that calls it: its interface on, all local sources masked but
	 * the SGIs, which are on. `cpu` is its dense id, below 512. Interrupts off. Returns 0, or
	 * -1 if the controller has no part for it.
	 */
	int (*init_cpu)(unsigned int cpu, uint64_t hwid);
	/** Unmask a local source (16 to 31) of the calling CPU. Interrupts off, after init_cpu().
	 */
	void (*enable_local)(unsigned int irq);
	/**
	 * The pending source, now active, or IRQ_NONE. The arch calls it on each interrupt until it
	 * is IRQ_NONE. One from 32 on is kept for irqchip_ops.claim() of <drivers/driver.h>, which
	 * hands it out once and returns 0 otherwise; irqchip_ops.complete() ends it.
	 */
	uint32_t (*claim)(void);
	/** End source `irq` (as claim() returned it) on the calling CPU. */
	void (*complete)(uint32_t irq);
	/**
	 * Raise SGI `sgi` at CPU `cpu`, `hwid`; nothing if that one has not called init_cpu(). What
	 * was written before is seen by its handler: the arch has ordered it. Any context.
	 */
	void (*send)(unsigned int cpu, uint64_t hwid, unsigned int sgi);
};

/**
 * Use this controller; it stays valid. Called by its driver on the boot CPU, distributor set up,
 * interrupts off: init_cpu() is called at once for the boot CPU, and by each other CPU when it
 * starts. Returns 0, or -1 if the architecture has no use for it.
 */
int irq_set_chip(const struct irq_chip *chip);

/**
 * The CPU's half of a GICv3, which is in system registers: for the driver, which knows the rest.
 * NULL on a CPU without one. No state; each is for the calling CPU.
 */
struct gicv3_cpu_ops {
	void (*init)(void);        /* interface on, by system registers, all priorities */
	uint32_t (*ack)(void);     /* ICC_IAR1: the source, 1020 to 1023: none */
	void (*eoi)(uint32_t irq); /* ICC_EOIR1: drops the priority and deactivates */
	void (*send)(uint64_t hwid, unsigned int sgi); /* ICC_SGI1R, target by its MPIDR */
};
const struct gicv3_cpu_ops *irq_gicv3_cpu(void);

/** The CPUs' own timer is source `irq`; `physical`: the physical one, else the virtual one. */
void irq_set_timer(unsigned int irq, bool physical);

/**
 * How the firmware is called: "hvc" or "smc" (PSCI's `method`); false if it is neither. `cpu_on` is
 * the number of the call that starts a CPU, which PSCI 0.1 leaves to the firmware; 0: a later one.
 */
bool firmware_set_method(const char *method, uint32_t cpu_on);

/**
 * True where the firmware has no console: the tree's UART is wanted as soon as the tree can be
 * read. There what mmio_map() maps before paging_init() stays after it.
 */
bool firmware_wants_console(void);

/**
 * A UART driver is there: where the firmware has no console, what firmware_write() has kept is
 * sent by `write`, and so is what comes. Boot CPU.
 */
void firmware_set_console(void (*write)(const char *text, unsigned int length));

#endif
