/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout: what Pageframe makes of a device tree, without booting it. The same drivers/of and mm/
 * as on the targets, on a machine that this process poses as.
 *
 * Reports go to stdout, findings and errors to stderr. Status 0, 1 for a tree (or a file) that is
 * no good, 2 for wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "layout.h"

/** More than any tree may have, so that of_check() says so. */
#define MAX_FILE_BYTES (17UL << 20)

/** In place of the status of dtc, which is none such: all went well. */
#define TREE_READ (-1)

enum { STATUS_BAD_TREE = 1, STATUS_USAGE = 2 };

static struct laid_out machine = {.arch = "riscv64", .pages = true};

struct options {
	const char *svg;  /* file to draw to, or NULL */
	const char *file; /* the tree */
	bool json;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: layout [--arch ARCH] [--json] [--svg FILE] [--no-pages] FILE.dtb|FILE.dts\n"
		"  --arch ARCH  the zones of %s; default riscv64\n"
		"  --json       one object, see docs/layout-json.md, instead of text\n"
		"  --svg FILE   draw nodes, zones, holes and reservations, too\n"
		"  --no-pages   only count pages, as is always done above 64 GiB\n",
		host_zone_names);
}

static bool parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"arch", required_argument, NULL, 'a'},
		{"json", no_argument, NULL, 'j'},
		{"svg", required_argument, NULL, 's'},
		{"no-pages", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (c == 'a' && !host_zones(optarg)) {
			complain("--arch %s: not known; there are %s", optarg, host_zone_names);
			return false;
		}
		switch (c) {
		case 'a':
			machine.arch = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 's':
			options->svg = optarg;
			break;
		case 'n':
			machine.pages = false;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			complain("%s: %s; see layout --help", argv[optind - 1],
				c == ':' ? "wants a value" : "not an option");
			return false;
		}
	}
	if (argc - optind != 1) {
		complain("%s; see layout --help", optind < argc ? "more than one tree" : "no tree");
		return false;
	}
	options->file = argv[optind];
	return true;
}

/** Folders of machines, beside a board that includes one; the one of --arch goes before them. */
static const char *const machine_folders[] = {"riscv64", "arm64"};
#define NR_FOLDERS (1 + sizeof(machine_folders) / sizeof(machine_folders[0]))

/* Become dtc: compile `path` to stdout, looking for includes in the machines' folders beside it. */
static void exec_dtc(const char *path)
{
	const char *slash = strrchr(path, '/');
	const int length = slash ? (int)(slash - path) : 1;
	char folder[NR_FOLDERS][PATH_MAX];

	for (unsigned int i = 0; i < NR_FOLDERS; i++)
		snprintf(folder[i], sizeof(folder[i]), "%.*s/%s", length, slash ? path : ".",
			i ? machine_folders[i - 1] : machine.arch);
	execlp("dtc", "dtc", "-q", "-i", folder[0], "-i", folder[1], "-i", folder[2], "-I", "dts",
		"-O", "dtb", "--", path, (char *)NULL);
}

/* A pipe from dtc, which compiles `path`. */
static FILE *start_dtc(const char *path, pid_t *child)
{
	int ends[2];

	if (pipe(ends))
		return NULL;
	*child = fork();
	if (*child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		exec_dtc(path);
		complain("dtc: %s; on Debian: apt-get install device-tree-compiler",
			strerror(errno));
		_exit(STATUS_BAD_TREE);
	}
	close(ends[1]);
	return *child < 0 ? NULL : fdopen(ends[0], "rb");
}

/* All of a tree, of exactly its size, so that a read beyond it does not go unnoticed. */
static void *read_tree(const char *path, size_t *bytes)
{
	const char *end = strrchr(path, '.');
	pid_t child = 0;
	FILE *file = end && strcmp(end, ".dts") == 0 ? start_dtc(path, &child) : fopen(path, "rb");
	void *room = malloc(MAX_FILE_BYTES);
	int status = 0;

	*bytes = 0;
	if (file && room)
		*bytes = fread(room, 1, MAX_FILE_BYTES, file);
	if (!file || !room || ferror(file))
		complain("%s: %s", path, strerror(errno));
	else if (child && (waitpid(child, &status, 0) < 0 || status))
		complain("%s: dtc can not compile it", path);
	else if (*bytes == 0)
		complain("%s: empty", path);
	else
		status = TREE_READ;
	if (file)
		fclose(file);
	if (status == TREE_READ)
		return realloc(room, *bytes);
	free(room);
	return NULL;
}

static uint64_t hwid_of(unsigned int cpu)
{
	return machine.cpus.cpu[cpu].hwid;
}

/* Watermarks and reserves, in the words of show_zoneinfo(). */
static void show_watermarks(const struct mm *mm)
{
	struct zone *zone;

	print("min_free_kbytes: %lu\n", mm->min_free_kbytes);
	for_each_populated_zone (zone, mm) {
		print("Node %d, zone %8s: min %lu, low %lu, high %lu, protection:",
			zone->zone_pgdat->node_id, zone->name, zone->pages_min, zone->pages_low,
			zone->pages_high);
		for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
			print(" %lu", zone->lowmem_reserve[i]);
		print("\n");
	}
}

static void show_text(const struct mm *mm)
{
	print("Zones of %s; banks and who has what of them:\n", mm->layout->name);
	show_banks(mm);
	show_layout(mm);
	show_watermarks(mm);
	show_pcp(mm);
}

static int draw_to(const char *path, const char *title)
{
	FILE *file = fopen(path, "w");
	int error = file ? draw(&machine, title, file) : -1;

	if (file && fclose(file))
		error = -1;
	if (error)
		complain("--svg %s: %s", path, strerror(errno));
	return error;
}

/* From the tree to all that was asked for; the status. */
static int run(const struct options *options, const void *fdt, size_t bytes)
{
	const char *name = strrchr(options->file, '/');

	host_print_to(stderr);
	if (lay_out(&machine, fdt, bytes)) {
		complain("%s: not laid out", options->file);
		return STATUS_BAD_TREE;
	}
	host_print_to(stdout);
	if (options->json)
		show_layout_json(&machine.mm, hwid_of);
	else
		show_text(&machine.mm);
	if (options->svg && draw_to(options->svg, name ? name + 1 : options->file))
		return STATUS_BAD_TREE;
	host_machine_destroy(&machine.host);
	if (fflush(stdout) || ferror(stdout)) {
		complain("stdout: %s", strerror(errno));
		return STATUS_BAD_TREE;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	size_t bytes;
	void *fdt;
	int status = STATUS_BAD_TREE;

	if (!parse(argc, argv, &options))
		return STATUS_USAGE;
	fdt = read_tree(options.file, &bytes);
	if (fdt)
		status = run(&options, fdt, bytes);
	free(fdt);
	return status;
}
