/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of drivers, and the one loop that matches it against the tree.
 *
 * One device of each class is used: the UART is the stdout-path's (or
 * the tree's first, where nobody would see anything otherwise), the interrupt controller is
 * the one that UART is wired to (there may be one for each group of harts), the power device, the
 * firmware's node and the CPUs' timer are the first that work. A timer that is a node has its
 * interrupts at a controller, too, which is probed with it, UART or none. Disks are all used, and
 * come later, as they need memory; the first one's controller is theirs. Boot CPU only; nothing
 * here outlives the call.
 *
 * Source: Devicetree Specification 0.4, 2.3.1 (compatible), 2.4 (interrupts), 3.6 (chosen).
 */
#include <libfdt.h>
#include <stdio.h>
#include <drivers/of.h>
#include <port/boot.h>
#include <port/platform.h>
#include <port/print.h>
#include "drivers.h"

static const struct driver *const drivers[] = {
	&arm_timer_driver,
	&gicv2_driver,
	&gicv3_driver,
	&ns16550_driver,
	&pl011_driver,
	&plic_driver,
	&psci_driver,
	&sifive_test_driver,
	&virtio_driver,
};

#define NR_DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

/* A path is untrusted text of any length; this much of it is shown. */
#define PATH_MAX_SHOWN 128

int driver_refuse(const void *fdt, int node, const char *format, ...)
{
	char path[PATH_MAX_SHOWN], why[200];
	va_list args;

	if (fdt_get_path(fdt, node, path, sizeof(path)) != 0)
		snprintf(path, sizeof(path), "node at 0x%x", (unsigned int)node);
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	print("driver: %s: %s\n", path, why);
	return -1;
}

volatile void *driver_map(const void *fdt, int node, uint64_t bytes)
{
	volatile void *registers;
	uint64_t base, size;

	if (of_reg(fdt, node, 0, &base, &size) != 0) {
		driver_refuse(fdt, node, "no usable reg; not used");
		return NULL;
	}
	if (size < bytes) {
		driver_refuse(fdt, node, "reg has 0x%lx bytes, 0x%lx are needed; not used",
			(unsigned long)size, (unsigned long)bytes);
		return NULL;
	}
	registers = mmio_map(base, size);
	if (!registers)
		driver_refuse(fdt, node,
			"registers at 0x%lx, 0x%lx bytes, can not be mapped; not used",
			(unsigned long)base, (unsigned long)size);
	return registers;
}

int driver_interrupt_parent(const void *fdt, int node)
{
	for (; node >= 0; node = fdt_parent_offset(fdt, node)) {
		uint32_t phandle = of_u32(fdt, node, "interrupt-parent", 0);

		if (phandle != 0)
			return fdt_node_offset_by_phandle(fdt, phandle);
	}
	return -1;
}

static const struct driver *driver_for(const void *fdt, int node, enum driver_class class)
{
	for (unsigned int i = 0; i < NR_DRIVERS; i++) {
		if (drivers[i]->class != class)
			continue;
		for (const char *const *name = drivers[i]->compatible; *name; name++)
			if (of_compatible(fdt, node, *name))
				return drivers[i];
	}
	return NULL;
}

/* Probe a node that something names; a line if there is no driver for it. */
static void probe_named(const void *fdt, int node, enum driver_class class, uint64_t boot_hwid,
	struct devices *found)
{
	const struct driver *driver = driver_for(fdt, node, class);

	if (!of_available(fdt, node))
		driver_refuse(fdt, node, "its status says that it is not there; not used");
	else if (!driver)
		driver_refuse(fdt, node, "no driver for it; not used");
	else
		driver->probe(fdt, node, boot_hwid, found);
}

/* The first node that a driver of this class takes; or -1. */
static int probe_first(
	const void *fdt, enum driver_class class, uint64_t boot_hwid, struct devices *found)
{
	for (int node = fdt_next_node(fdt, -1, NULL); node >= 0;
		node = fdt_next_node(fdt, node, NULL)) {
		const struct driver *driver = driver_for(fdt, node, class);

		if (driver && of_available(fdt, node) &&
			driver->probe(fdt, node, boot_hwid, found) == 0)
			return node;
	}
	return -1;
}

/* The controller that a node's interrupts go to, in `found` if it can be used. */
static void probe_controller(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	int controller = driver_interrupt_parent(fdt, node);

	if (found->irqchip && found->irqchip_node == controller)
		return;
	found->irqchip = NULL;
	if (controller < 0)
		driver_refuse(fdt, node, "no interrupt-parent: its interrupts do not come");
	else
		probe_named(fdt, controller, DRIVER_IRQCHIP, boot_hwid, found);
}

void drivers_probe_console(const void *fdt, struct devices *found)
{
	int uart;

	if (found->console_probed)
		return;
	found->console_probed = true;
	uart = of_stdout(fdt);
	if (uart >= 0)
		probe_named(fdt, uart, DRIVER_SERIAL, 0, found);
	if (!found->serial && firmware_wants_console()) {
		print("driver: no console by stdout-path: the tree's first UART is taken\n");
		uart = probe_first(fdt, DRIVER_SERIAL, 0, found);
		found->serial_is_first = found->serial != NULL;
	} else if (uart < 0) {
		print("driver: the tree names no stdout-path: the console stays the firmware's\n");
	}
	found->serial_node = uart;
	if (found->serial)
		firmware_set_console(found->serial->write);
}

void drivers_probe(const void *fdt, uint64_t boot_hwid, struct devices *found)
{
	int timer;

	probe_first(fdt, DRIVER_POWER, boot_hwid, found);
	probe_first(fdt, DRIVER_FIRMWARE, boot_hwid, found);
	timer = probe_first(fdt, DRIVER_TIMER, boot_hwid, found);
	if (timer >= 0)
		probe_controller(fdt, timer, boot_hwid, found);
	drivers_probe_console(fdt, found);
	if (found->serial && found->serial->irq != 0)
		probe_controller(fdt, found->serial_node, boot_hwid, found);
}

/* The controller at `controller` for the first of these CPUs that it can interrupt, or NULL. */
static const struct irqchip_ops *irqchip_for(
	const void *fdt, int controller, const uint64_t *hwid, unsigned int nr)
{
	const struct driver *driver = driver_for(fdt, controller, DRIVER_IRQCHIP);
	struct devices found = {0};

	if (!driver || !of_available(fdt, controller))
		return NULL;
	for (unsigned int i = 0; i < nr; i++)
		if (driver->serves(fdt, controller, hwid[i])) {
			driver->probe(fdt, controller, hwid[i], &found);
			break;
		}
	return found.irqchip;
}

/* The controller of the first disk is known, or there is none. */
static void probe_block_irqchip(
	const void *fdt, int disk, const uint64_t *hwid, unsigned int nr, struct devices *found)
{
	int controller = driver_interrupt_parent(fdt, disk);

	if (controller < 0)
		return;
	if (found->irqchip && found->irqchip_node == controller)
		found->block_irqchip = found->irqchip;
	else
		found->block_irqchip = irqchip_for(fdt, controller, hwid, nr);
}

void drivers_probe_disks(
	const void *fdt, const uint64_t *hwid, unsigned int nr, struct devices *found)
{
	const struct driver *driver;
	bool first = true;

	for (int node = fdt_next_node(fdt, -1, NULL); node >= 0;
		node = fdt_next_node(fdt, node, NULL)) {
		if (!of_available(fdt, node) || !(driver = driver_for(fdt, node, DRIVER_BLOCK)))
			continue;
		if (first)
			probe_block_irqchip(fdt, node, hwid, nr, found);
		first = false;
		driver->probe(fdt, node, hwid[0], found);
	}
}
