/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console, which arm64 has not: what is printed before the UART's driver is there is
 * kept, and sent by the driver when it comes. Where none has come by the end (a tree that can not
 * be read, a trap before), a debugger gets it: QEMU's semihosting.
 *
 * Owns the kept text: the newest KEPT_BYTES characters. Whoever writes holds the runtime's console
 * lock, or has seized it; that a driver comes is before there are other CPUs.
 */
#include <port/firmware.h>
#include <port/platform.h>
#include "psci.h"

#define KEPT_BYTES 32768U

static char kept[KEPT_BYTES];
static unsigned long kept_end; /* characters ever kept */
static void (*device_write)(const char *text, unsigned int length);

void firmware_write(const char *text, unsigned int length)
{
	if (device_write) {
		device_write(text, length);
		return;
	}
	for (unsigned int i = 0; i < length; i++)
		kept[kept_end++ % KEPT_BYTES] = text[i];
}

/* Send what has been kept, the oldest first. */
static void send_kept(void (*write)(const char *text, unsigned int length))
{
	unsigned long from = kept_end > KEPT_BYTES ? kept_end - KEPT_BYTES : 0;

	while (from < kept_end) {
		unsigned long at = from % KEPT_BYTES, piece = KEPT_BYTES - at;

		if (piece > kept_end - from)
			piece = kept_end - from;
		write(&kept[at], (unsigned int)piece);
		from += piece;
	}
	kept_end = 0;
}

void firmware_set_console(void (*write)(const char *text, unsigned int length))
{
	send_kept(write);
	device_write = write;
}

bool firmware_wants_console(void)
{
	return true;
}

void console_last_resort(void)
{
	send_kept(semihosting_write);
}

int firmware_read(void)
{
	return -1;
}

const char *firmware_console(void)
{
	return "none: what is printed is kept in memory";
}
