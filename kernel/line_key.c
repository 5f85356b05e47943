/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes to keys: control characters, and the escape sequences of terminals.
 *
 * No state but the caller's struct line_decoder. A sequence that is not known is swallowed whole; a
 * control character inside one ends it and counts for itself, so that no key gets stuck.
 *
 * Source: ECMA-48, 5.4 (control sequences); xterm's "Control Sequences", the PC-style keys.
 */
#include "line_edit.h"

enum { NUL = 0x00, XON = 0x11, XOFF = 0x13, ESCAPE = 0x1b, RUBOUT = 0x7f };

#define CTRL(letter) ((letter) - '@')

/* By the control character. Those without a name here are junk. */
static const unsigned char control_keys[' '] = {
	[NUL] = KEY_NONE, /* fills time on some lines */
	[CTRL('A')] = KEY_HOME,
	[CTRL('B')] = KEY_LEFT,
	[CTRL('C')] = KEY_DROP,
	[CTRL('D')] = KEY_CLOSE,
	[CTRL('E')] = KEY_END,
	[CTRL('F')] = KEY_RIGHT,
	[CTRL('G')] = KEY_JUNK,
	[CTRL('H')] = KEY_BACKSPACE,
	[CTRL('I')] = KEY_COMPLETE,
	[CTRL('J')] = KEY_ENTER,
	[CTRL('K')] = KEY_KILL_AFTER,
	[CTRL('L')] = KEY_REDRAW,
	[CTRL('M')] = KEY_ENTER,
	[CTRL('N')] = KEY_NEWER,
	[CTRL('O')] = KEY_JUNK,
	[CTRL('P')] = KEY_OLDER,
	[XON] = KEY_NONE, /* a terminal's own business */
	[CTRL('R')] = KEY_JUNK,
	[XOFF] = KEY_NONE,
	[CTRL('T')] = KEY_JUNK,
	[CTRL('U')] = KEY_KILL_BEFORE,
	[CTRL('V')] = KEY_JUNK,
	[CTRL('W')] = KEY_KILL_WORD,
	[CTRL('X')] = KEY_JUNK,
	[CTRL('Y')] = KEY_JUNK,
	[CTRL('Z')] = KEY_JUNK,
	[ESCAPE] = KEY_NONE,
	[0x1c] = KEY_JUNK,
	[0x1d] = KEY_JUNK,
	[0x1e] = KEY_JUNK,
	[0x1f] = KEY_JUNK,
};

/* The last byte of CSI and SS3 sequences that are keys: arrows, Home, End. */
static enum line_key final_key(unsigned char byte)
{
	switch (byte) {
	case 'A':
		return KEY_OLDER;
	case 'B':
		return KEY_NEWER;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'F':
		return KEY_END;
	case 'H':
		return KEY_HOME;
	default:
		return KEY_NONE;
	}
}

/* The key of "CSI number ~". */
static enum line_key numbered_key(unsigned int number)
{
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 3:
		return KEY_DELETE;
	default:
		return KEY_NONE;
	}
}

/* Outside of sequences, or a byte that has ended one. */
static enum line_key decode_plain(struct line_decoder *decoder, unsigned char byte)
{
	bool after_cr = decoder->after_cr;

	decoder->state = byte == ESCAPE ? IN_ESCAPE : IN_TEXT;
	decoder->after_cr = byte == '\r';
	if (byte == '\n' && after_cr)
		return KEY_NONE;
	if (byte == RUBOUT)
		return KEY_BACKSPACE;
	if (byte < ' ')
		return control_keys[byte];
	return byte < RUBOUT ? KEY_TEXT : KEY_JUNK;
}

/* After an escape. What starts no sequence stands for itself: somebody pressed that key alone. */
static enum line_key decode_escape(struct line_decoder *decoder, unsigned char byte)
{
	if (byte == 'O') {
		decoder->state = IN_SS3;
		return KEY_NONE;
	}
	if (byte != '[')
		return decode_plain(decoder, byte);
	decoder->state = IN_CSI;
	decoder->number = 0;
	decoder->number_ended = false;
	return KEY_NONE;
}

/* Parameters, then one byte that says what it all was. */
static enum line_key decode_csi(struct line_decoder *decoder, unsigned char byte)
{
	if (byte < '@') {
		if (byte < '0' || byte > '9')
			decoder->number_ended = true;
		else if (!decoder->number_ended && decoder->number < 1000)
			decoder->number = decoder->number * 10 + (byte - '0');
		return KEY_NONE;
	}
	/* CSI [ and a letter: the function keys of Linux's own console. */
	decoder->state = byte == '[' ? IN_FUNCTION : IN_TEXT;
	return byte == '~' ? numbered_key(decoder->number) : final_key(byte);
}

enum line_key line_key_decode(struct line_decoder *decoder, unsigned char byte)
{
	if (decoder->state == IN_TEXT || byte < ' ' || byte >= RUBOUT)
		return decode_plain(decoder, byte);
	switch (decoder->state) {
	case IN_ESCAPE:
		return decode_escape(decoder, byte);
	case IN_CSI:
		return decode_csi(decoder, byte);
	case IN_SS3:
		decoder->state = IN_TEXT;
		return final_key(byte);
	default:
		decoder->state = IN_TEXT;
		return KEY_NONE;
	}
}
