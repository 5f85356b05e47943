/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVG as text. All text is escaped here and nowhere else; attributes are ours, not the tree's.
 *
 * Source: W3C Scalable Vector Graphics 1.1.
 */
#include <stdarg.h>
#include "svg.h"

/** Longest line of text; longer ones are cut. */
#define MAX_TEXT 512

static void escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '>')
			fputs("&gt;", file);
		else if (*text == '&')
			fputs("&amp;", file);
		else
			fputc(*text >= ' ' && *text <= '~' ? *text : '?', file);
	}
}

void svg_begin(FILE *file, double width, double height, const char *style)
{
	fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\">\n<style>\n%s</style>\n"
		"<defs>\n"
		"<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
		"patternTransform=\"rotate(45)\">"
		"<path d=\"M0 0V5\" stroke=\"#222\" stroke-width=\"2.4\"/></pattern>\n"
		"</defs>\n",
		width, height, width, height, style);
}

void svg_end(FILE *file)
{
	fputs("</svg>\n", file);
}

void svg_rect(FILE *file, const char *class, double x, double y, double width, double height,
	const char *tip)
{
	fprintf(file, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"",
		class, x, y, width, height);
	if (!tip) {
		fputs("/>\n", file);
		return;
	}
	fputs("><title>", file);
	escaped(file, tip);
	fputs("</title></rect>\n", file);
}

void svg_line(FILE *file, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(file, "<path class=\"%s\" d=\"M%.2f %.2fL%.2f %.2f\"/>\n", class, x1, y1, x2, y2);
}

void svg_zigzag(FILE *file, const char *class, double x, double y1, double y2)
{
	double side = 3;

	fprintf(file, "<path class=\"%s\" d=\"M%.2f %.2f", class, x, y1);
	for (int i = 1; y1 + 4 * i < y2; i++, side = -side)
		fprintf(file, "L%.2f %.2f", x + side, y1 + 4 * i);
	fprintf(file, "L%.2f %.2f\"/>\n", x, y2);
}

void svg_text(FILE *file, const char *class, enum svg_anchor anchor, double x, double y,
	const char *format, ...)
{
	static const char *const anchors[] = {"start", "middle", "end"};
	char text[MAX_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(file, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.2f\" y=\"%.2f\">", class,
		anchors[anchor], x, y);
	escaped(file, text);
	fputs("</text>\n", file);
}

double svg_text_width(int length, double size)
{
	return length * size * 0.58;
}
