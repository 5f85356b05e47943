/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI, as far as the tree tells: how the firmware is called, and in version 0.1 by which number.
 * Calling it is the machine half's.
 *
 * Source: Linux Documentation/devicetree/bindings/arm/psci.yaml.
 */
#include <libfdt.h>
#include <string.h>
#include <drivers/of.h>
#include <port/platform.h>
#include "../drivers.h"

/* Entry 0 is the newest. A node that has several of them is the newest of its own. */
static const char *const compatible[] = {"arm,psci-1.0", "arm,psci-0.2", "arm,psci", NULL};
enum { VERSION_0_1 = 2 };

static bool is_version_0_1(const void *fdt, int node)
{
	for (unsigned int i = 0; i < VERSION_0_1; i++)
		if (of_compatible(fdt, node, compatible[i]))
			return false;
	return true;
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	static const char guessed[] = "guessed by the level we came in";
	int length;
	const char *method = fdt_getprop(fdt, node, "method", &length);
	uint32_t cpu_on = 0;

	(void)boot_hwid;
	(void)found;
	if (!method || strnlen(method, (size_t)length) == (size_t)length)
		return driver_refuse(fdt, node, "no method; %s", guessed);
	if (is_version_0_1(fdt, node)) {
		cpu_on = of_u32(fdt, node, "cpu_on", 0);
		if (cpu_on == 0)
			return driver_refuse(
				fdt, node, "version 0.1 and no cpu_on; taken for 0.2, %s", guessed);
	}
	if (!firmware_set_method(method, cpu_on))
		return driver_refuse(fdt, node, "method is neither hvc nor smc; %s", guessed);
	return 0;
}

const struct driver psci_driver = {
	.class = DRIVER_FIRMWARE,
	.compatible = compatible,
	.probe = probe,
};
