/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVG as text: the few shapes that the drawing uses. Lengths are pixels, y grows downwards.
 */
#ifndef LAYOUT_SVG_H
#define LAYOUT_SVG_H

#include <stdio.h>

/** Where a text stands to its x. */
enum svg_anchor { SVG_LEFT, SVG_MIDDLE, SVG_RIGHT };

/** Begin a drawing of this size; style is CSS for the classes that follow. */
void svg_begin(FILE *file, double width, double height, const char *style);
void svg_end(FILE *file);

/** A rectangle; `tip`, shown under the pointer, may be NULL. */
void svg_rect(FILE *file, const char *class, double x, double y, double width, double height,
	const char *tip);
void svg_line(FILE *file, const char *class, double x1, double y1, double x2, double y2);
/** A broken line from (x, y1) down to (x, y2): something is left out here. */
void svg_zigzag(FILE *file, const char *class, double x, double y1, double y2);
/** One line of text, printf()'s, whose base line is y. */
void svg_text(FILE *file, const char *class, enum svg_anchor anchor, double x, double y,
	const char *format, ...) __attribute__((format(printf, 6, 7)));
/** How wide a text of `length` characters is, at most, in a font of `size`. */
double svg_text_width(int length, double size);

#endif
