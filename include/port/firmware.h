/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port contract, machine half: what the firmware does for us.
 */
#ifndef PORT_FIRMWARE_H
#define PORT_FIRMWARE_H

/** Send characters before, or without, a UART driver. Any context; slow. */
void firmware_write(const char *text, unsigned int length);

/** A character typed, or -1; for machines whose UART has no driver. Boot CPU. */
int firmware_read(void);

/** By which of the firmware's interfaces these two work; for people. */
const char *firmware_console(void);

/** One line for people: which firmware, which version, which extensions. */
void firmware_describe(void);

/**
 * Power off or reset. The status may be lost on the way: firmware has no exit status on some
 * machines. Returns only if the firmware can not do it.
 */
void firmware_poweroff(int status);
void firmware_reset(void);

#endif
