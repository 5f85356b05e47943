/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console: characters through SBI, before there is a UART driver or without one.
 *
 * The debug console (DBCN) if the firmware has it and does not refuse it, else the legacy calls of
 * SBI 0.1. The legacy calls are not probed: firmware of their age has nothing to be asked, and
 * where they are absent they do no harm.
 *
 * Owns which of them it is, found out at the first character by the boot hart, long before there
 * are others; a hart that later finds the debug console refused writes what all would.
 *
 * Bytes are written one by one: that call takes a register, so it works with paging on or off, from
 * any stack, and it waits, where the call that takes memory may write a part. Only reading needs an
 * address, a physical one.
 *
 * Source: SBI 2.0, chapter 12 (debug console), 5.2 and 5.3 (legacy putchar and getchar).
 */
#include <port/firmware.h>
#include "image.h"
#include "sbi.h"

enum { LEGACY_PUTCHAR = 0x01, LEGACY_GETCHAR = 0x02 };
enum { DBCN_READ = 1, DBCN_WRITE_BYTE = 2 };

/* By what each direction works; one may be refused and the other not. */
static enum console { UNKNOWN, DEBUG_CONSOLE, LEGACY } output, input;

void sbi_console_probe(void)
{
	output = input = sbi_has(SBI_EXT_DBCN) ? DEBUG_CONSOLE : LEGACY;
}

static bool is_debug_console(const enum console *direction)
{
	if (*direction == UNKNOWN)
		sbi_console_probe();
	return *direction == DEBUG_CONSOLE;
}

static void write_byte(unsigned char byte)
{
	if (is_debug_console(&output)) {
		if (sbi_call(SBI_EXT_DBCN, DBCN_WRITE_BYTE, byte, 0, 0).error == 0)
			return;
		output = LEGACY;
	}
	sbi_call(LEGACY_PUTCHAR, 0, byte, 0, 0);
}

void firmware_write(const char *text, unsigned int length)
{
	for (unsigned int i = 0; i < length; i++)
		write_byte((unsigned char)text[i]);
}

static int read_debug_console(void)
{
	static volatile unsigned char byte; /* where the firmware puts it; boot hart only */
	struct sbi_result result = sbi_call(
		SBI_EXT_DBCN, DBCN_READ, 1, image_to_phys((const void *)&byte), 0);

	if (result.error != 0)
		input = LEGACY;
	return result.error == 0 && result.value == 1 ? byte : -1;
}

int firmware_read(void)
{
	if (is_debug_console(&input))
		return read_debug_console();
	/* The legacy call has only its error register, and puts the character there. */
	return (int)sbi_call(LEGACY_GETCHAR, 0, 0, 0, 0).error;
}

const char *firmware_console(void)
{
	return is_debug_console(&output) ? "debug console" : "legacy putchar and getchar";
}
