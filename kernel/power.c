/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run: its status, the last line, and the device or firmware that ends it.
 *
 * Invariant: once something has failed, no run ends with status 0. Nothing is printed after the
 * last line: the console is kept, so that other CPUs that would print halt instead.
 */
#include <port/boot.h>
#include <port/firmware.h>
#include <port/irq.h>
#include <port/print.h>
#include "kernel.h"

void power_failed(void)
{
	atomic_store(&kernel.failed, true);
}

/* Interrupts off, and the console ours from here on. */
static void power_last_words(void)
{
	irq_save();
	if (!console_close())
		arch_halt();
}

/*
 * The device to end with. A boot that fails before its drivers are there looks for it now, if the
 * tree can be read: the firmware's own power-off may lose the status.
 */
static const struct power_ops *power_device(void)
{
	if (kernel.fdt && !kernel.drivers_probed) {
		kernel.drivers_probed = true;
		drivers_probe(kernel.fdt, kernel.cpus.cpu[0].hwid, &kernel.devices);
	}
	return kernel.devices.power;
}

void power_off(int status)
{
	const struct power_ops *power = power_device();

	power_last_words();
	if (status == 0 && atomic_load(&kernel.failed))
		status = 1;
	print("pageframe: power off, status %d\n", status);
	if (power && power->poweroff)
		power->poweroff(status);
	firmware_poweroff(status);
	print("pageframe: neither a device nor the firmware can power off; halted: switch it "
	      "off\n");
	arch_halt();
}

void power_reset(void)
{
	const struct power_ops *power = kernel.devices.power;

	power_last_words();
	print("pageframe: reset\n");
	if (power && power->reset)
		power->reset();
	firmware_reset();
	print("pageframe: neither a device nor the firmware can reset; halted: switch it off and "
	      "on\n");
	arch_halt();
}
