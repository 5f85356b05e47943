/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of commands: to add one, add a row. Constant; owns nothing.
 */
#include "monitor.h"

static const char *const page_words[] = {"pfn=", "pa=", "va=", NULL};

#define PAGE_ARGUMENT                                                                        \
	"PFN|ADDRESS  a plain number is a pfn if memory reaches that far, else a physical\n" \
	"             or a linear address; pfn=N, pa=N and va=N say which"

#define IN_FRAME "Between a BEGIN and an END line, for scripts/frame"

const struct command commands[] = {
	{
		.group = GROUP_MEMORY,
		.name = "banks",
		.args = "",
		.help = "physical ranges: who owns each, and why",
		.prints = "each bank of the device tree, and the pieces of it in order: the page\n"
			  "allocator's, or what each is reserved for",
		.run = cmd_banks,
	},
	{
		.group = GROUP_MEMORY,
		.name = "layout",
		.args = "[json]",
		.help = "zones, nodes, zonelists, address windows",
		.arguments = "json  one JSON object, between a BEGIN and an END line; for programs",
		.prints =
			"zone ranges, memory by node, nodes, zones and zonelists, and how virtual\n"
			"addresses are used",
		.example = "layout json",
		.run = cmd_layout,
		.first = (const char *const[]){"json", NULL},
	},
	{
		.group = GROUP_MEMORY,
		.name = "nodes",
		.args = "",
		.help = "NUMA nodes: spans, CPUs, distances",
		.prints = "each node's span, present pages, CPUs, distance to each node, and the\n"
			  "order in which it falls back on others",
		.run = cmd_nodes,
	},
	{
		.group = GROUP_MEMORY,
		.name = "zones",
		.args = "",
		.help = "zones: spans and pages",
		.prints = "each zone's span in pfns, and its spanned, present, managed and free "
			  "pages;\n"
			  "set aside: pages that were found faulty",
		.run = cmd_zones,
	},
	{
		.group = GROUP_MEMORY,
		.name = "zonelists",
		.args = "",
		.help = "where an allocation looks, in order",
		.prints = "for each node and kind of request: the zones, as NODE:ZONE, best first",
		.run = cmd_zonelists,
	},
	{
		.group = GROUP_MEMORY,
		.name = "map",
		.args = "[plain] [width=N] [run=N]",
		.help = "a picture of memory, and its numbers",
		.arguments = "plain    no colours; so it is, too, for what boot arguments run\n"
			     "width=N  columns; what the terminal says, or 80\n"
			     "run=N    pages of a cell; as many as make a screen full",
		.prints = "for each zone a cell for each run of pages, as what most of them are "
			  "(one that\n"
			  "is set aside shows always), the pages of each kind, and the legend",
		.example = "map width=100",
		.run = cmd_map,
		.words = (const char *const[]){"plain", "width=", "run=", NULL},
	},
	{
		.group = GROUP_MEMORY,
		.name = "top",
		.args = "[ms=N] [frames=N] [COMMAND...]",
		.help = "zones and rates, again and again",
		.arguments = "ms=N      from one picture to the next; 1000\n"
			     "frames=N  so many; typed: until a key is pressed, else 1\n"
			     "COMMAND   is run, and watched until it ends",
		.prints = "zones with watermarks and kswapd; for each hart pages allocated and "
			  "freed since\n"
			  "boot and per second, and how many of its order-0 allocations its cache "
			  "served",
		.example = "top ms=500 stress seconds=3",
		.run = cmd_top,
		.words = (const char *const[]){"ms=", "frames=", "stress", "thrash", NULL},
	},
	{
		.group = GROUP_MEMORY,
		.name = "sample",
		.args = "[ms=N] [COMMAND...]",
		.help = "numbers over time, for scripts/plot",
		.arguments = "ms=N     from one sample to the next; 100\n"
			     "COMMAND  is run, and sampled from its start to its end",
		.prints = "the time, free blocks by order, each hart's counters.\n" IN_FRAME,
		.example = "sample ms=100 stress seconds=2",
		.run = cmd_sample,
		.words = (const char *const[]){"ms=", "stress", "thrash", NULL},
	},
	{
		.group = GROUP_MEMORY,
		.name = "buddyinfo",
		.args = "",
		.help = "free blocks by order",
		.prints =
			"for each zone: free blocks of order 0 to 10, as Linux's /proc/buddyinfo;\n"
			"pages in per-CPU caches are not among them (`drain` gives them "
			"back).\n" IN_FRAME,
		.example = "drain; buddyinfo",
		.run = cmd_buddyinfo,
	},
	{
		.group = GROUP_MEMORY,
		.name = "zoneinfo",
		.args = "",
		.help = "zones: marks, reserves, counters, caches",
		.prints = "for each zone, as Linux's /proc/zoneinfo, in pages: what is free, the\n"
			  "watermarks, the reserves (protection), counters, each CPU's "
			  "cache.\n" IN_FRAME,
		.run = cmd_zoneinfo,
	},
	{
		.group = GROUP_MEMORY,
		.name = "meminfo",
		.args = "",
		.help = "memory, free and in use by kind",
		.prints = "as Linux's /proc/meminfo; then the same of each node, as the files in\n"
			  "/sys/devices/system/node.\n" IN_FRAME,
		.run = cmd_meminfo,
	},
	{
		.group = GROUP_MEMORY,
		.name = "vmstat",
		.args = "",
		.help = "events since boot",
		.prints = "as Linux 2.6.11's /proc/vmstat, with DMA32: pages allocated, freed,\n"
			  "scanned, reclaimed. What is not counted here is 0.\n" IN_FRAME,
		.example = "vmstat; stress ops=20000; vmstat",
		.run = cmd_vmstat,
	},
	{
		.group = GROUP_MEMORY,
		.name = "locks",
		.args = "",
		.help = "how the zones' locks are used",
		.prints =
			"for each zone's lock: how often it was taken, how often somebody else "
			"had\n"
			"it at first, and the cpus that took it least and most; after `debug "
			"locks\n"
			"on` also the longest hold, in instructions where the machine counts them\n"
			"(scripts/bench), else in ticks of a clock.\n" IN_FRAME ".",
		.example = "debug locks on; stress; locks",
		.run = cmd_locks,
	},
	{
		.group = GROUP_MEMORY,
		.name = "numastat",
		.args = "",
		.help = "whose requests each node has served",
		.prints =
			"for each node, as Linux's file of that name, in allocations: asked of "
			"this\n"
			"node and served by it (hit), asked of another (miss), asked of this node\n"
			"and served by another (foreign); by a CPU of this node (local) or "
			"not.\n" IN_FRAME,
		.run = cmd_numastat,
	},
	{
		.group = GROUP_MEMORY,
		.name = "show_free_areas",
		.args = "",
		.help = "what is printed when memory runs out",
		.prints = "as Linux 2.6.11's SysRq-m, nodes from the last to the first: limits of "
			  "the\n"
			  "caches, sums, each zone's marks and reserves, free blocks by "
			  "size.\n" IN_FRAME,
		.run = cmd_show_free_areas,
	},
	{
		.group = GROUP_MEMORY,
		.name = "min_free_kbytes",
		.args = "[N]",
		.help = "show or set what is kept free",
		.arguments = "N  KiB that all zones together keep for those who can not wait",
		.prints =
			"the number, and each zone's watermarks in pages: low wakes kswapd, high\n"
			"lets it sleep, min makes a caller reclaim. The boot argument is of the\n"
			"same name.",
		.example = "min_free_kbytes 4096",
		.run = cmd_min_free_kbytes,
	},
	{
		.group = GROUP_MEMORY,
		.name = "lowmem_reserve_ratio",
		.args = "[A B C]",
		.help = "show or set reserves of lower zones",
		.arguments =
			"A B C  by the zone that is protected, DMA, DMA32 and Normal: of the "
			"higher\n"
			"       zones' pages, one in so many is kept from requests that could\n"
			"       have had those",
		.prints = "the ratios, and each zone's reserve against requests for each type of\n"
			  "zone. The boot argument is of the same name.",
		.example = "lowmem_reserve_ratio 256 256 32",
		.run = cmd_lowmem_reserve_ratio,
	},
	{
		.group = GROUP_MEMORY,
		.name = "pcp",
		.args = "",
		.help = "the per-CPU page caches",
		.prints = "for each zone and CPU, hot and cold: the marks, the batch, and the "
			  "pages now;\n"
			  "then the blocks of each order above 0, cached now and at most",
		.run = cmd_pcp,
	},
	{
		.group = GROUP_MEMORY,
		.name = "pcp_share",
		.args = "[N]",
		.help = "show or set what may be cached in blocks",
		.arguments = "N  of each zone, one page in so many may lie in the CPUs' caches of "
			     "blocks above\n"
			     "   order 0, which are emptied now; 0: there are no such caches",
		.prints = "the number; `pcp` says what it means for each order. The boot argument "
			  "is of\n"
			  "the same name.",
		.example = "pcp_share 64",
		.run = cmd_pcp_share,
	},
	{
		.group = GROUP_MEMORY,
		.name = "page",
		.args = "PFN|ADDRESS",
		.help = "everything known about one page",
		.arguments = PAGE_ARGUMENT,
		.prints = "its node, zone and state, or what it is reserved for; count and flags",
		.example = "page pa=0x80400000",
		.run = cmd_page,
		.first = page_words,
	},
	{
		.group = GROUP_HAND,
		.name = "alloc",
		.args = "ORDER [GFP...] [node=N]",
		.help = "allocate a block of 2^ORDER pages",
		.arguments = "ORDER   0 to 10\n"
			     "GFP     a number, or words such as KERNEL, ATOMIC, DMA, DMA32, "
			     "HIGHMEM, ZERO,\n"
			     "        COMP, COLD, with or without GFP_ or __GFP_ before them; "
			     "KERNEL if none\n"
			     "node=N  as seen from that node; from the boot CPU's if there is none",
		.prints = "the block: pfn, physical and linear address, node and zone. It is held "
			  "until\n"
			  "`free`; `held` lists what is",
		.example = "alloc 3 DMA32 ZERO node=0",
		.run = cmd_alloc,
		.candidate = alloc_candidate,
	},
	{
		.group = GROUP_HAND,
		.name = "free",
		.args = "PFN|ADDRESS|last|all [ORDER]",
		.help = "free a block, or all that is held",
		.arguments = PAGE_ARGUMENT
		"\n"
		"last         the block that `alloc` handed out last\n"
		"all          every block that `alloc` handed out\n"
		"ORDER        frees any page, also one that is not held: the allocator reports\n"
		"             and refuses what does not fit",
		.prints = "what was freed, or a report of the misuse and why it was refused",
		.example = "free all",
		.run = cmd_free,
		.first = (const char *const[]){"all", "last", "pfn=", "pa=", "va=", NULL},
	},
	{
		.group = GROUP_HAND,
		.name = "held",
		.args = "",
		.help = "the blocks that `alloc` handed out",
		.prints = "a line for each block, as `alloc` printed it",
		.run = cmd_held,
	},
	{
		.group = GROUP_HAND,
		.name = "explain",
		.args = "alloc ORDER GFP... | free PAGE",
		.help = "do it, show each decision",
		.arguments = "as those of `alloc` and `free`",
		.prints = "what was asked and decided, by which numbers: the zonelist, the "
			  "watermark\n"
			  "of each zone asked, the per-CPU cache, each split and merge; kswapd,\n"
			  "reclaim and OOM where it comes to that; and the page",
		.example = "explain alloc 1 ATOMIC; explain free last",
		.run = cmd_explain,
		.candidate = explain_candidate,
	},
	{
		.group = GROUP_HAND,
		.name = "drain",
		.args = "",
		.help = "give back the pages in per-CPU caches",
		.prints = "pages in caches before and after, and free pages",
		.example = "drain; buddyinfo",
		.run = cmd_drain,
	},
	{
		.group = GROUP_HAND,
		.name = "owner",
		.args = "PFN|ADDRESS",
		.help = "who had a page last",
		.arguments = PAGE_ARGUMENT,
		.prints = "the call that handed it out and the one that freed it: order, flags, "
			  "thread,\n"
			  "CPU, time, and where from. Wants `debug owner on`",
		.example = "debug owner on; alloc 0; owner pa=0x80400000",
		.run = cmd_owner,
		.first = page_words,
	},
	{
		.group = GROUP_HAND,
		.name = "mark",
		.args = "",
		.help = "from here on, see what leaks: `diff`",
		.prints = "nothing; `debug owner` is switched on",
		.example = "mark; stress ops=20000; diff",
		.run = cmd_mark,
	},
	{
		.group = GROUP_HAND,
		.name = "diff",
		.args = "",
		.help = "what was allocated since `mark`, by whom",
		.prints = "blocks that are still allocated, summed by where they were asked for,\n"
			  "the most pages first: the oldest of them, and the calls that led there",
		.run = cmd_diff,
	},
	{
		.group = GROUP_TEST,
		.name = "debug",
		.args = "[NAME,NAME... on|off]",
		.help = "levels of debugging; alone: which are on",
		.arguments = "NAME  of a level; `debug` alone lists them",
		.prints = "what a level takes, or why it can not be on. The boot argument "
			  "debug=NAME,NAME "
			  "has\n"
			  "them on from the start",
		.example = "debug owner,poison on; debug",
		.run = cmd_debug,
		.candidate = debug_candidate,
	},
	{
		.group = GROUP_TEST,
		.name = "trace",
		.args = "[on [EVENTS]|off|dump]",
		.help = "keep what is allocated and freed",
		.arguments = "on    from now on, the last of each CPU; what was kept is forgotten\n"
			     "      EVENTS: how many of each CPU, at least, when it is first on\n"
			     "off   no longer; what is kept stays\n"
			     "dump  off, and all of it, between a BEGIN and an END line, for\n"
			     "      scripts/frame and scripts/replay",
		.prints =
			"events kept, and those that are lost because newer ones took their place",
		.example = "trace on; stress ops=1000; trace dump",
		.run = cmd_trace,
		.first = (const char *const[]){"on", "off", "dump", NULL},
	},
	{
		.group = GROUP_TEST,
		.name = "fault",
		.args = "[NAME=VALUE...|off]",
		.help = "requests that fail on purpose",
		.arguments = "names, and what they are at first, as of Linux's fail_page_alloc:\n"
			     "probability=0      in percent\n"
			     "interval=1         only one in so many may fail\n"
			     "times=1            faults to come; -1: no limit\n"
			     "space=0            pages that are served first\n"
			     "min-order=1        smaller blocks are served\n"
			     "ignore-gfp-wait=Y  only who may not sleep fails\n"
			     "verbose=2          1: a line for each fault, 2: and its stack; "
			     "NOWARN has\n"
			     "                   neither\n"
			     "seed=0             of the choices\n"
			     "fail-nth=N         instead: of the monitor's own requests, the nth",
		.prints = "what is injected, and how much has been. What is not named is as it "
			  "was.\n"
			  "The boot arguments are fault=NAME=VALUE,... and, as Linux's,\n"
			  "fail_page_alloc=INTERVAL,PROBABILITY,SPACE,TIMES",
		.example = "fault probability=10 times=-1 min-order=0 verbose=0; stress ops=20000; "
			   "fault off",
		.run = cmd_fault,
		.words = (const char *const[]){"off",
			"probability=", "interval=", "times=", "space=", "min-order=",
			"ignore-gfp-wait=", "verbose=", "seed=", "fail-nth=", NULL},
	},
	{
		.group = GROUP_TEST,
		.name = "check",
		.args = "",
		.help = "recount all pages; fails if a sum is off",
		.prints =
			"free + cached + allocated + reserved + set aside pages, and faults found",
		.run = cmd_check,
	},
	{
		.group = GROUP_TEST,
		.name = "stress",
		.args = "[KEY=VALUE...]",
		.help = "all CPUs allocate and free at random",
		.arguments =
			"seed=N           of the choices; 1\n"
			"ops=N seconds=N  it ends after so many, whichever comes first; a million\n"
			"                 operations, 30 seconds if neither is given\n"
			"workers=N        at least one for each CPU\n"
			"footprint=BYTES  of memory in use at a time; K, M and G may follow\n"
			"policy=MODE      memory policies: mix, default, preferred, bind or\n"
			"                 interleave; mix\n"
			"pressure=on      hold every zone at its low mark meanwhile\n"
			"oom              instead: eat all memory, until one is killed, and "
			"again;\n"
			"                 then kills=N (500) and seed=N are all there is",
		.prints = "progress, a table by CPU, and a verdict, `stress: PASS ...` or `FAIL`.\n"
			  "Ctrl-C ends it early, as a failure",
		.example = "stress seconds=3 seed=7",
		.run = cmd_stress,
		.candidate = stress_candidate,
	},
	{
		.group = GROUP_TEST,
		.name = "thrash",
		.args = "SIZE [KEY=VALUE...]",
		.help = "a file larger than memory, verified",
		.arguments = "SIZE       of the file, in bytes; K, M and G may follow\n"
			     "seed=N     of the order, and of what is rewritten; 1\n"
			     "workers=N  threads, some on each CPU; 4, or one for each CPU\n"
			     "passes=N   how often it is read in random order; 1",
		.prints =
			"progress, what reclaim and the disk did, and a verdict, `thrash: PASS "
			"...` or\n"
			"`FAIL`. It overwrites the first disk. Ctrl-C ends it early, as a failure",
		.example = "thrash 512M seed=7",
		.run = cmd_thrash,
		.first = (const char *const[]){NULL},
		.words = (const char *const[]){"seed=", "workers=", "passes=", NULL},
	},
	{
		.group = GROUP_TEST,
		.name = "bench",
		.args = "[list|exact|GROUP...]",
		.help = "what calls cost, in instructions",
		.arguments = "list   the groups of measurements; without arguments: all of them\n"
			     "exact  those that count instructions\n"
			     "GROUP  which",
		.prints = "a line for each, and all figures once more.\n" IN_FRAME ".\n"
			  "Instructions are counted by an emulator alone, if it is told to: "
			  "scripts/bench",
		.example = "bench list",
		.run = cmd_bench,
		.candidate = bench_candidate,
	},
	{
		.group = GROUP_TEST,
		.name = "selftest",
		.args = "[NAME [ARGS]]",
		.help = "a test on the machine; alone: a list",
		.arguments = "NAME  which test; `selftest` alone lists them and their arguments",
		.prints = "what the test says of itself",
		.example = "selftest print",
		.run = cmd_selftest,
		.candidate = selftest_candidate,
	},
	{
		.group = GROUP_MACHINE,
		.name = "harts",
		.args = "",
		.help = "CPUs: state, ticks, interrupts, pages",
		.prints = "for each CPU: its number, its hardware id (hart) and node, its state; "
			  "if it\n"
			  "is online, when it came, ticks, interrupts by others, pages allocated, "
			  "freed",
		.run = cmd_harts,
	},
	{
		.group = GROUP_MACHINE,
		.name = "disk",
		.args = "",
		.help = "the disks: size, requests, errors",
		.prints = "for each disk its size and how it works; requests, errors, how many "
			  "are in\n"
			  "flight, and pages copied because the device can not be given them",
		.run = cmd_disk,
	},
	{
		.group = GROUP_MACHINE,
		.name = "threads",
		.args = "",
		.help = "kernel threads: state, switches, run time",
		.prints = "for each thread: its number and name, CPU and hart, state, priority, "
			  "how often\n"
			  "it was given the CPU and for how long; the call it sleeps in, if it "
			  "does; flags:\n"
			  "memalloc (works to free memory), kswapd, memdie (told to let go)",
		.run = cmd_threads,
	},
	{
		.group = GROUP_MACHINE,
		.name = "log",
		.args = "[N]",
		.help = "what was printed at boot, again",
		.arguments = "N  the last N lines only",
		.prints = "the lines from the first of the boot to the first command",
		.example = "log 10",
		.run = cmd_log,
	},
	{
		.group = GROUP_MACHINE,
		.name = "reboot",
		.args = "",
		.help = "reset the machine",
		.run = cmd_reboot,
	},
	{
		.group = GROUP_MACHINE,
		.name = "poweroff",
		.args = "",
		.help = "end; status 1 if a command failed, else 0",
		.prints = "the last line, `pageframe: power off, status N`",
		.run = cmd_poweroff,
	},
	{
		.group = GROUP_HELP,
		.name = "help",
		.args = "[COMMAND|keys|bootargs]",
		.help = "list the commands, or explain one",
		.example = "help alloc",
		.run = cmd_help,
		.candidate = help_candidate,
	},
};
const unsigned int nr_commands = sizeof(commands) / sizeof(commands[0]);
