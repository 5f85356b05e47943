/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of the terminal at the other end of the UART: who looks at it, and how wide it is.
 */
#ifndef KERNEL_TERMINAL_WIDTH_H
#define KERNEL_TERMINAL_WIDTH_H

#include <stdbool.h>

/** The width of a terminal that does not say how wide it is. */
#define TERMINAL_COLUMNS 80U

/**
 * True if the command that runs was typed at the prompt. Then there is somebody who sees colours
 * and a cursor that moves; what the boot arguments run may go to a file.
 */
bool terminal_is_attended(void);

/**
 * Ask the terminal for its width, and wait up to TERMINAL_ANSWER_MS. TERMINAL_COLUMNS if it does
 * not answer, or if something has been typed ahead, which stays. Task context of the boot CPU.
 */
unsigned int terminal_columns(void);
#define TERMINAL_ANSWER_MS 300U

/**
 * The columns in a terminal's answer `text`, "ESC [ ROWS ; COLUMNS R", of `length` characters. 0 if
 * it is not whole yet, -1 if it is something else. `*used` is the length of the answer.
 */
int terminal_parse_answer(const char *text, unsigned int length, unsigned int *used);

#endif
