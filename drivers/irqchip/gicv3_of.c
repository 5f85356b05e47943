/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC version 3, device-tree half: entry 0 of reg is the distributor, those from 1 on are
 * regions of redistributors, one behind the other, each with the affinity of its CPU.
 *
 * Owns the one GICv3 that is used. `gic`, `cpu_ops` and frames[] are written by probe() on the boot
 * CPU, and constant afterwards; chip: see gic_of.h; redistributor[] has an entry for each CPU,
 * written by it.
 *
 * Source: Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic-v3.yaml.
 */
#include <libfdt.h>
#include <drivers/of.h>
#include <mm/mmzone.h>
#include <port/boot.h>
#include <port/cpu.h>
#include <port/print.h>
#include "../drivers.h"
#include "gic_of.h"
#include "gicv3.h"

#define FRAME_BYTES 0x10000U

static struct gicv3 gic;
static struct gic_chip chip;
static const struct gicv3_cpu_ops *cpu_ops;

/* The redistributors that there are. */
static struct {
	uint32_t affinity;
	volatile unsigned char *base;
} frames[OF_MAX_CPUS];
static unsigned int nr_frames;

/* By CPU id: its own, NULL until it takes SGIs; atomic, as others look. */
static volatile unsigned char *redistributor[OF_MAX_CPUS];

static volatile unsigned char *redistributor_of(uint64_t hwid)
{
	for (unsigned int i = 0; i < nr_frames; i++)
		if (frames[i].affinity == gicv3_affinity(hwid))
			return frames[i].base;
	return NULL;
}

static int chip_init_cpu(unsigned int cpu, uint64_t hwid)
{
	volatile unsigned char *own = cpu < OF_MAX_CPUS ? redistributor_of(hwid) : NULL;

	if (!own || gicv3_init_cpu(own) < 0) {
		print("driver: gicv3: %s for CPU 0x%lx: it gets no interrupts\n",
			own ? "a redistributor that does not answer" : "no redistributor",
			(unsigned long)hwid);
		return -1;
	}
	cpu_ops->init();
	__atomic_store_n(&redistributor[cpu], own, __ATOMIC_RELEASE);
	return 0;
}

static void chip_enable_local(unsigned int irq)
{
	gicv3_enable_local(redistributor[this_cpu->id], irq);
}

static uint32_t chip_claim(void)
{
	return gic_chip_claimed(&chip, cpu_ops->ack());
}

static void end(uint32_t irq)
{
	cpu_ops->eoi(irq);
}

static void chip_complete(uint32_t irq)
{
	gic_chip_complete(&chip, irq);
}

static void chip_send(unsigned int cpu, uint64_t hwid, unsigned int sgi)
{
	if (cpu < OF_MAX_CPUS && __atomic_load_n(&redistributor[cpu], __ATOMIC_ACQUIRE))
		cpu_ops->send(hwid, sgi);
}

static const struct irq_chip machine_ops = {
	.name = "gicv3",
	.init_cpu = chip_init_cpu,
	.enable_local = chip_enable_local,
	.claim = chip_claim,
	.complete = chip_complete,
	.send = chip_send,
};

static void enable_spi(const struct irqchip_ops *ops, unsigned int irq)
{
	(void)ops;
	gicv3_enable(&gic, irq);
}

static void disable_spi(const struct irqchip_ops *ops, unsigned int irq)
{
	(void)ops;
	gicv3_disable(&gic, irq);
}

/* All CPUs have a redistributor, or they get no interrupt at all. */
static bool serves(const void *fdt, int node, uint64_t hwid)
{
	(void)fdt;
	(void)node;
	(void)hwid;
	return true;
}

/* From a redistributor to the next: one or two cells; 0 if the tree leaves it to them. */
static int read_stride(const void *fdt, int node, uint64_t *stride)
{
	int length;
	const fdt32_t *cell = fdt_getprop(fdt, node, "redistributor-stride", &length);

	*stride = 0;
	if (!cell)
		return 0;
	if (length == 4)
		*stride = fdt32_ld(cell);
	else if (length == 8)
		*stride = (uint64_t)fdt32_ld(&cell[0]) << 32 | fdt32_ld(&cell[1]);
	if (*stride < GICV3_REDISTRIBUTOR_BYTES || *stride % FRAME_BYTES != 0)
		return driver_refuse(fdt, node,
			"redistributor-stride is no multiple of 0x%x from 0x%x on; not used",
			FRAME_BYTES, GICV3_REDISTRIBUTOR_BYTES);
	return 0;
}

/* Note the redistributor at `base`. Bytes to the next one, 0 after the last; -1 after a line. */
static int64_t add_redistributor(const void *fdt, int node, uint64_t base)
{
	struct gicv3_redistributor description;
	volatile unsigned char *mapped;

	if (nr_frames == OF_MAX_CPUS)
		return driver_refuse(
			fdt, node, "more than %u redistributors; the rest not used", OF_MAX_CPUS);
	mapped = mmio_map(base, GICV3_REDISTRIBUTOR_BYTES);
	if (!mapped)
		return driver_refuse(fdt, node,
			"the redistributor at 0x%lx can not be mapped; the rest not used",
			(unsigned long)base);
	if (!gicv3_identify(mapped))
		return driver_refuse(fdt, node,
			"0x%lx is no redistributor of a GICv3; the rest not used",
			(unsigned long)base);
	gicv3_describe(mapped, &description);
	frames[nr_frames].affinity = description.affinity;
	frames[nr_frames].base = mapped;
	nr_frames++;
	return description.last ? 0 : description.next_bytes;
}

/* Find the redistributors of all regions; what is wrong with one of them costs a line. */
static void scan_redistributors(const void *fdt, int node, uint64_t stride)
{
	uint32_t nr_regions = of_u32(fdt, node, "#redistributor-regions", 1);

	for (uint32_t region = 0; region < nr_regions; region++) {
		uint64_t base, size;
		int64_t next = 0;

		if (of_reg(fdt, node, 1 + region, &base, &size) != 0) {
			driver_refuse(fdt, node, "no usable entry %u of reg; those before it used",
				(unsigned int)region + 1);
			return;
		}
		for (; size >= GICV3_REDISTRIBUTOR_BYTES; base += (uint64_t)next) {
			next = add_redistributor(fdt, node, base);
			if (next < 0)
				return;
			if (next > 0 && stride != 0)
				next = (int64_t)stride;
			if (next == 0 || (uint64_t)next > size)
				break;
			size -= (uint64_t)next;
		}
	}
}

static int probe(const void *fdt, int node, uint64_t boot_hwid, struct devices *found)
{
	uint64_t stride;
	int result;

	if (!gic_chip_is_new(&chip, fdt, node, found, &result))
		return result;
	cpu_ops = irq_gicv3_cpu();
	if (!cpu_ops)
		return driver_refuse(fdt, node, "the CPU has no interface for it; not used");
	if (read_stride(fdt, node, &stride) < 0)
		return -1;
	gic.distributor = gic_map(fdt, node, 0, GICV3_DISTRIBUTOR_BYTES);
	if (!gic.distributor)
		return -1;
	if (!gicv3_identify(gic.distributor))
		return driver_refuse(fdt, node, "entry 0 of reg is no GICv3's; not used");
	nr_frames = 0;
	scan_redistributors(fdt, node, stride);
	if (!redistributor_of(boot_hwid))
		return driver_refuse(fdt, node,
			"no redistributor for the boot CPU, 0x%lx; not used",
			(unsigned long)boot_hwid);
	if (gicv3_init(&gic, boot_hwid) < 0)
		return driver_refuse(fdt, node, "the distributor never ends a write; not used");
	gic_set_triggers(fdt, node, gic.distributor, gic.nr_sources);
	gic_chip_init(&chip, "gicv3", boot_hwid, end);
	chip.ops.enable = enable_spi;
	chip.ops.disable = disable_spi;
	return gic_chip_announce(&chip, &machine_ops, fdt, node, found);
}

static const char *const compatible[] = {"arm,gic-v3", NULL};

const struct driver gicv3_driver = {
	.class = DRIVER_IRQCHIP,
	.compatible = compatible,
	.probe = probe,
	.serves = serves,
};
