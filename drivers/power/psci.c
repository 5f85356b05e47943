/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI, as far as the tree tells: how the firmware is called. Calling it is the machine half's.
 *
 * Source: Linux Documentation/devicetree/bindings/arm/psci.yaml.
 */
#include <libfdt.h>
#include <string.h>
#include <port/platform.h>
#include "../drivers.h"

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	int length;
	const char *method = fdt_getprop(fdt, node, "method", &length);

	(void)boot_hwid;
	(void)found;
	if (!method || strnlen(method, (size_t)length) == (size_t)length)
		return driver_refuse(fdt, node, "no method; guessed by the level we came in");
	if (!firmware_set_method(method))
		return driver_refuse(fdt, node,
			"method is neither hvc nor smc; guessed by the level we came in");
	return 0;
}

/* Version 0.1 has numbers of its own for its calls. */
static const char *const compatible[] = {"arm,psci-1.0", "arm,psci-0.2", NULL};

const struct driver psci_driver = {
	.class = DRIVER_FIRMWARE,
	.compatible = compatible,
	.probe = probe,
};
