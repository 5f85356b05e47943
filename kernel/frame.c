/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: a report for programs stands between two lines of its own, so that a script can cut it
 * out of the UART's stream. What others print meanwhile comes after it (print.c). Owns nothing.
 */
#include <port/print.h>
#include "cmd.h"
#include "console.h"

void frame_begin(const char *name)
{
	console_frame_open();
	print("-----BEGIN %s-----\n", name);
}

void frame_end(const char *name)
{
	print("-----END %s-----\n", name);
	console_frame_close();
}
