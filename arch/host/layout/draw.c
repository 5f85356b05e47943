/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing as a whole: title, map, tables, and how all of it looks.
 *
 * SVG of our own and not a plot by a Python library: the facts are at hand here, a library would
 * be a package more to install, and boxes and text are all there is.
 */
#include <inttypes.h>
#include <string.h>
#include "draw.h"

#define TITLE_HEIGHT 52.0

static const char style[] = "text { font-family: Helvetica, Arial, sans-serif; fill: #1c1c1c }\n"
			    ".page { fill: #fff; stroke: #ddd }\n"
			    ".title { font-size: 18px; font-weight: bold }\n"
			    ".text, .cell { font-size: 12px }\n"
			    ".label { font-size: 13px; font-weight: bold }\n"
			    ".head { font-size: 11px; fill: #555 }\n"
			    ".small { font-size: 10px }\n"
			    ".faint { font-size: 10px; fill: #777 }\n"
			    ".hole { fill: #d2d2ce }\n"
			    ".other { fill: #f4f4f2 }\n"
			    ".dma { fill: #f4a582 }\n"
			    ".dma32 { fill: #fddc8c }\n"
			    ".normal { fill: #a6d5a0 }\n"
			    ".highmem { fill: #a9c8e8 }\n"
			    ".taken { fill: #7b4fa3 }\n"
			    ".nomap { fill: #222 }\n"
			    ".own { fill: url(#hatch); fill-opacity: .55 }\n"
			    ".limit { stroke: #888; stroke-dasharray: 3 3; fill: none }\n"
			    ".tick { stroke: #444; fill: none }\n"
			    ".cut { stroke: #c0392b; stroke-width: 1.3; fill: none }\n";

#define SIZE_CHARS 32

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
#define NR_UNITS (sizeof(units) / sizeof(units[0]))

/* Room for one more text of a size; there are five in turn. */
static char *next_text(void)
{
	static char texts[5][SIZE_CHARS];
	static unsigned int next;

	return texts[next++ % 5];
}

const char *size_text(uint64_t bytes)
{
	char *text = next_text();
	unsigned int unit = 0;

	/* "1024 MiB" reads better than "1 GiB" beside "1536 MiB". */
	while (unit + 1 < NR_UNITS && bytes % 1024 == 0 && bytes >= (unit < 2 ? 1024U : 10240U)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, SIZE_CHARS, "%" PRIu64 " %s", bytes, units[unit]);
	return text;
}

const char *size_about(uint64_t bytes)
{
	const char *exact = size_text(bytes);
	double value = (double)bytes;
	unsigned int unit = 0;
	char *text;

	if (strspn(exact, "0123456789") < 5)
		return exact;
	while (unit + 1 < NR_UNITS && value >= (unit < 2 ? 1024 : 10240)) {
		value /= 1024;
		unit++;
	}
	text = next_text();
	snprintf(text, SIZE_CHARS, "~%.1f %s", value, units[unit]);
	return text;
}

int draw(const struct laid_out *m, const char *title, FILE *file)
{
	const struct memblock_list *banks = &m->mm.memblock->memory;
	const double tables = TITLE_HEIGHT + map_height(m) + 36;
	const double height = tables_draw(m, NULL, tables) + 10;
	const unsigned long pages = memblock_present(
		m->mm.memblock, MEMBLOCK_ANY_NODE, 0, m->mm.max_pfn);

	svg_begin(file, PAGE_WIDTH, height, style);
	svg_rect(file, "page", 0, 0, PAGE_WIDTH, height, NULL);
	svg_text(file, "title", SVG_LEFT, MARGIN, 28, "%s, zones of %s", title, m->arch);
	svg_text(file, "text", SVG_RIGHT, MAP_RIGHT, 28,
		"%s in %u bank%s, %u node%s, %u CPU%s, min_free_kbytes %lu",
		size_about(pfn_to_phys(pages)), banks->nr, banks->nr == 1 ? "" : "s",
		m->mm.nr_online, m->mm.nr_online == 1 ? "" : "s", m->mm.nr_cpus,
		m->mm.nr_cpus == 1 ? "" : "s", m->mm.min_free_kbytes);
	map_draw(m, file, TITLE_HEIGHT);
	tables_draw(m, file, tables);
	svg_end(file);
	return ferror(file) ? -1 : 0;
}
