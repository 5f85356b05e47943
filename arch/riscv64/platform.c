/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <port/platform.h>, of which nothing applies: a hart's timer and IPI come by lines of their own,
 * its clock is read by rdtime, and the firmware is called by ecall and has a console.
 */
#include <stddef.h>
#include <port/boot.h>
#include <port/platform.h>

int irq_set_chip(const struct irq_chip *chip)
{
	(void)chip;
	return -1;
}

const struct gicv3_cpu_ops *irq_gicv3_cpu(void)
{
	return NULL;
}

void irq_set_timer(unsigned int irq, bool physical)
{
	(void)irq;
	(void)physical;
}

bool firmware_set_method(const char *method, uint32_t cpu_on)
{
	(void)method;
	(void)cpu_on;
	return true;
}

bool firmware_wants_console(void)
{
	return false;
}

void firmware_set_console(void (*write)(const char *text, unsigned int length))
{
	(void)write;
}

void boot_forget_appended(const struct boot_info *boot)
{
	(void)boot; /* none is looked for */
}
