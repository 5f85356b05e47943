/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `interrupts` of a device's node, in the cells of the controller that it is wired to.
 */
#ifndef DRIVERS_INTERRUPTS_H
#define DRIVERS_INTERRUPTS_H

/**
 * The first of a node's interrupts, as its controller numbers it for irqchip_ops.enable(). With one
 * cell that is the number itself; with three (or four) <type number flags>, see irqchip/gic.h. 0 if
 * it has none, silently, or after a line by driver_refuse() if it can not be read.
 */
unsigned int driver_irq(const void *fdt, int node);

#endif
