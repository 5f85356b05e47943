/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The "test finisher": one register whose value ends the emulator, with an exit status.
 *
 * Owns `finisher`, the mapped register: written by probe() on the boot CPU, constant afterwards.
 *
 * Source: QEMU's virt machine; Linux Documentation/devicetree/bindings/riscv/sifive,test0.
 */
#include <stddef.h>
#include <port/barrier.h>
#include <port/cpu.h>
#include "../drivers.h"

#define FINISHER_PASS  0x5555U
#define FINISHER_FAIL  0x3333U /* the status in the upper half */
#define FINISHER_RESET 0x7777U

/* How long the machine may take to end, see finish(). */
#define FINISH_SECONDS 10U

static volatile void *finisher;

/*
 * QEMU 7.2 ends at the write; later ones end a moment after it, and go on until then. A caller that
 * went on, too, would ask the firmware next, which writes "pass" here: the last one counts.
 */
static void finish(uint32_t value)
{
	uint64_t deadline = cpu_time() + FINISH_SECONDS * cpu_time_hz();

	mmio_write32(finisher, value);
	while (cpu_time() < deadline)
		cpu_relax();
}

static void finisher_poweroff(int status)
{
	uint32_t code = (uint32_t)status & 0xff;

	/* An exit status has 8 bits. One that would be cut to 0 must not look like success. */
	if (status != 0 && code == 0)
		code = 1;
	finish(status == 0 ? FINISHER_PASS : code << 16 | FINISHER_FAIL);
}

static void finisher_reset(void)
{
	finish(FINISHER_RESET);
}

static const struct power_ops ops = {
	.name = "sifive,test0",
	.poweroff = finisher_poweroff,
	.reset = finisher_reset,
};

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	(void)boot_hwid;
	finisher = driver_map(fdt, node, sizeof(uint32_t));
	if (!finisher)
		return -1;
	found->power = &ops;
	return 0;
}

static const char *const compatible[] = {"sifive,test0", "sifive,test1", NULL};

const struct driver sifive_test_driver = {
	.class = DRIVER_POWER,
	.compatible = compatible,
	.probe = probe,
};
