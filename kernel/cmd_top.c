/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `top`: zones, watermarks, kswapd and rates, drawn again in the same place.
 *
 * Owns the one struct top of this machine. A picture ends in a line without a newline. While the
 * cursor still stands there, nobody else has printed, and the next picture goes over this one; else
 * it goes below what was printed, which is never overwritten.
 */
#include <port/cpu.h>
#include <port/print.h>
#include <port/task.h>
#include <mm/reclaim.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"
#include "terminal_width.h"
#include "watch.h"

#define DEFAULT_MS 1000U

static struct top {
	bool in_place;      /* somebody looks: draw over the picture before */
	bool any_key;       /* a key ends it */
	unsigned int lines; /* of the picture before, without its last; 0: there is none */
	unsigned int nr;    /* pictures drawn */
	uint64_t at;        /* cpu_time() of it */
	struct watch_counts before[OF_MAX_CPUS];
	struct {
		unsigned long stolen, stalls; /* pages reclaimed, direct reclaims */
	} events;
} top;

static void end_line(void)
{
	print(top.in_place ? "\033[K\n" : "\n");
	top.lines++;
}

/* To where the picture before starts, if it is still the last that was printed. */
static void go_back(void)
{
	if (top.in_place && top.lines > 0 && print_in_line())
		print("\r\033[%uA", top.lines);
	else if (top.in_place && top.lines > 0)
		print("\n");
	top.lines = 0;
}

static void draw_zone(const struct zone *zone)
{
	unsigned long free = __atomic_load_n(&zone->free_pages, __ATOMIC_RELAXED);
	const char *level = free <= zone->pages_min    ? "below min"
			    : free <= zone->pages_low  ? "below low"
			    : free <= zone->pages_high ? "below high"
						       : "above high";

	print("Node %d, zone %8s %8lu %7lu %8lu %8lu %6lu %6lu %6lu  %-10s %s",
		zone->zone_pgdat->node_id, zone->name, free, watch_cached(zone),
		__atomic_load_n(&zone->nr_active, __ATOMIC_RELAXED),
		__atomic_load_n(&zone->nr_inactive, __ATOMIC_RELAXED), zone->pages_min,
		zone->pages_low, zone->pages_high, level,
		kswapd_sleeps(zone->zone_pgdat) ? "sleeps" : "runs");
	end_line();
}

static unsigned long per_second(unsigned long events, unsigned long ms)
{
	return ms ? events * 1000 / ms : 0;
}

static void draw_rates(unsigned int cpu, unsigned long ms)
{
	struct watch_counts now, *before = &top.before[cpu];
	unsigned long served, refills;

	watch_count(cpu, &now);
	served = now.pcp_alloc - before->pcp_alloc;
	refills = now.pcp_refill - before->pcp_refill;
	print("hart %4lu %12lu %12lu %10lu %10lu", (unsigned long)kernel.cpus.cpu[cpu].hwid,
		now.allocated, now.freed, per_second(now.allocated - before->allocated, ms),
		per_second(now.freed - before->freed, ms));
	if (served > refills)
		print(" %5lu.%lu%%", (served - refills) * 100 / served,
			(served - refills) * 1000 / served % 10);
	else
		print(" %8s", served ? "0.0%" : "-");
	end_line();
	*before = now;
}

static void draw_events(unsigned long ms)
{
	struct mm_cpu_stat stat;
	unsigned long stolen = 0;

	mm_sum_stat(&kernel.mm, &stat);
	for (enum zone_type type = 0; type < MAX_NR_ZONES; type++)
		stolen += stat.pgsteal[type];
	print("reclaimed %lu pages, %lu/s; direct reclaims %lu, %lu/s", stolen,
		per_second(stolen - top.events.stolen, ms), stat.allocstall,
		per_second(stat.allocstall - top.events.stalls, ms));
	end_line();
	top.events.stolen = stolen;
	top.events.stalls = stat.allocstall;
}

/* Rates are since the picture before; the first one has none. */
static void draw(void *arg)
{
	uint64_t now = cpu_time();
	unsigned long uptime = kernel_uptime_ms(now);
	unsigned long ms = top.nr ? uptime - kernel_uptime_ms(top.at) : 0;
	struct zone *zone;

	(void)arg;
	console_frame_open(); /* a picture is not to be cut by the lines of others */
	go_back();
	print("top: %lu.%03lu s, rates of %lu ms", uptime / 1000, uptime % 1000, ms);
	end_line();
	print("%21s %8s %7s %8s %8s %6s %6s %6s  %-10s %s", "pages:", "free", "cached", "active",
		"inactive", "min", "low", "high", "free is", "kswapd");
	end_line();
	for_each_populated_zone (zone, &kernel.mm)
		draw_zone(zone);
	print("%9s %12s %12s %10s %10s %8s", "", "pgalloc", "pgfree", "alloc/s", "free/s", "hits");
	end_line();
	for (unsigned int cpu = 0; cpu < kernel.nr_cpus; cpu++)
		draw_rates(cpu, ms);
	draw_events(ms);
	if (top.in_place) {
		print(top.any_key ? "top: any key ends it " : "top: Ctrl-C ends the command ");
		print_flush();
	}
	console_frame_close();
	top.at = now;
	top.nr++;
}

/* A key that sends several bytes ends it once: what has come with the first goes with it. */
static void drop_key(int c)
{
	char rest[8];

	if (c == '\033')
		console_skip(console_peek(rest, sizeof(rest)));
}

/* Until a key, or after so many pictures; 0: no limit. */
static void watch_alone(uint64_t frames, uint64_t period)
{
	uint64_t next = cpu_time();

	for (;;) {
		int c = CONSOLE_NOTHING;

		draw(NULL);
		if (frames && top.nr >= frames)
			break;
		next += period;
		if (top.in_place)
			c = console_getc_until(next);
		while (!top.in_place && cpu_time() < next && !console_break())
			task_sleep(next);
		drop_key(c);
		if (c != CONSOLE_NOTHING)
			break;
	}
}

static bool parse_top(int argc, char **argv, uint64_t *ms, uint64_t *frames, int *command)
{
	for (*command = 1; *command < argc; (*command)++) {
		const char *value;

		if ((value = parse_key(argv[*command], "ms"))) {
			if (!parse_number_in("top", "ms", value, WATCH_MIN_MS, WATCH_MAX_MS, ms))
				return false;
		} else if ((value = parse_key(argv[*command], "frames"))) {
			if (!parse_number_in("top", "frames", value, 1, UINT32_MAX, frames))
				return false;
		} else {
			return true;
		}
	}
	return true;
}

int cmd_top(int argc, char **argv)
{
	bool attended = terminal_is_attended();
	uint64_t ms = DEFAULT_MS, frames = attended ? 0 : 1;
	int command, status = CMD_OK;

	if (!parse_top(argc, argv, &ms, &frames, &command))
		return CMD_USAGE;
	top = (struct top){.in_place = attended, .any_key = command == argc};
	if (command == argc)
		watch_alone(frames, cpu_time_hz() * ms / 1000);
	else
		status = watch_command(
			"top", (unsigned int)ms, draw, NULL, argc - command, argv + command);
	if (top.in_place)
		print("\n");
	return status;
}
