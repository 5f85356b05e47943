/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that allocate and free by hand.
 *
 * Owns kernel.held: the blocks that the user of the monitor holds, so that `free` needs no order.
 * One that is not in the list (it was full) is still held; it takes an order to free it.
 */
#include <string.h>
#include <strings.h>
#include <port/mem.h>
#include <port/print.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"

/* Words for flags, without GFP_ and __GFP_. Source of the sets: <mm/gfp.h>. */
static const struct {
	const char *name;
	gfp_t gfp;
} gfp_words[] = {
	{"KERNEL", GFP_KERNEL},
	{"USER", GFP_USER},
	{"HIGHUSER", GFP_HIGHUSER},
	{"ATOMIC", GFP_ATOMIC},
	{"NOIO", GFP_NOIO},
	{"NOFS", GFP_NOFS},
	{"DMA", __GFP_DMA},
	{"DMA32", __GFP_DMA32},
	{"HIGHMEM", __GFP_HIGHMEM},
	{"WAIT", __GFP_WAIT},
	{"HIGH", __GFP_HIGH},
	{"IO", __GFP_IO},
	{"FS", __GFP_FS},
	{"COLD", __GFP_COLD},
	{"NOWARN", __GFP_NOWARN},
	{"REPEAT", __GFP_REPEAT},
	{"NOFAIL", __GFP_NOFAIL},
	{"NORETRY", __GFP_NORETRY},
	{"NO_GROW", __GFP_NO_GROW},
	{"COMP", __GFP_COMP},
	{"ZERO", __GFP_ZERO},
};
#define NR_GFP_WORDS (sizeof(gfp_words) / sizeof(gfp_words[0]))

const char *alloc_candidate(int argc, char **argv, unsigned int nth)
{
	(void)argv;
	if (argc < 2)
		return NULL;
	if (nth < NR_GFP_WORDS)
		return gfp_words[nth].name;
	return nth == NR_GFP_WORDS ? "node=" : NULL;
}

/* What an `alloc` asks for. */
struct request {
	unsigned int order;
	gfp_t gfp;
	bool has_gfp;
	int nid; /* -1: the calling CPU's */
};

static bool parse_gfp_word(const char *word, gfp_t *gfp)
{
	uint64_t number;

	if (parse_number(word, &number) && number <= __GFP_BITS_MASK) {
		*gfp |= (gfp_t)number;
		return true;
	}
	if (strncasecmp(word, "__GFP_", 6) == 0)
		word += 6;
	else if (strncasecmp(word, "GFP_", 4) == 0)
		word += 4;
	for (unsigned int i = 0; i < NR_GFP_WORDS; i++) {
		if (strcasecmp(word, gfp_words[i].name) == 0) {
			*gfp |= gfp_words[i].gfp;
			return true;
		}
	}
	return false;
}

/* One argument after the order: node=N, or flags joined by '|' or ','. */
static bool parse_argument(char *word, struct request *request)
{
	const char *value = parse_key(word, "node");
	uint64_t nid;
	char *flag;

	if (value) {
		if (!parse_number_in("alloc", "node", value, 0, OF_MAX_NODES - 1, &nid))
			return false;
		if (!mm_node(&kernel.mm, (int)nid)) {
			print("alloc: there is no node %s; `nodes` lists them\n", value);
			return false;
		}
		request->nid = (int)nid;
		return true;
	}
	while ((flag = strtok_r(word, "|,", &word))) {
		if (!parse_gfp_word(flag, &request->gfp)) {
			print("alloc: `%s` is no GFP flag; `help alloc` has examples\n", flag);
			return false;
		}
		request->has_gfp = true;
	}
	return true;
}

static bool parse_request(int argc, char **argv, struct request *request)
{
	uint64_t order;

	if (!parse_number_in("alloc", "order", argv[1], 0, MAX_ORDER - 1, &order))
		return false;
	*request = (struct request){.order = (unsigned int)order, .nid = -1};
	for (int i = 2; i < argc; i++)
		if (!parse_argument(argv[i], request))
			return false;
	if (!request->has_gfp)
		request->gfp = GFP_KERNEL;
	return true;
}

static void show_block(const char *command, unsigned long pfn, unsigned int order)
{
	const struct page *page = pfn_to_page(pfn);
	const struct zone *zone = page_zone(page);

	print("%s: pfn 0x%lx order %u (%lu KiB), physical 0x%lx, linear %p, node %d zone %s\n",
		command, pfn, order, order_bytes(order) >> 10, (unsigned long)pfn_to_phys(pfn),
		page_address(page), page_to_nid(page), zone ? zone->name : "none");
}

static void hold(unsigned long pfn, unsigned int order)
{
	if (kernel.nr_held == MAX_HELD) {
		print("alloc: the list of held blocks is full (%u); free this one as "
		      "`free 0x%lx %u`\n",
			MAX_HELD, pfn, order);
		return;
	}
	kernel.held[kernel.nr_held++] = (struct held_block){.pfn = pfn, .order = order};
}

static struct held_block *find_held(unsigned long pfn)
{
	for (unsigned int i = 0; i < kernel.nr_held; i++)
		if (kernel.held[i].pfn == pfn)
			return &kernel.held[i];
	return NULL;
}

int cmd_alloc(int argc, char **argv)
{
	struct request request;
	struct page *page;

	if (argc < 2)
		return command_usage(argv[0], "which order?");
	if (!parse_request(argc, argv, &request))
		return CMD_USAGE;
	page = request.nid < 0 ? alloc_pages(request.gfp, request.order)
			       : alloc_pages_node(request.nid, request.gfp, request.order);
	if (!page) {
		print("alloc: no block of order %u with gfp 0x%x; %lu pages are free: "
		      "`buddyinfo` shows where\n",
			request.order, request.gfp, nr_free_pages(&kernel.mm));
		return CMD_FAILED;
	}
	show_block("alloc", page_to_pfn(page), request.order);
	hold(page_to_pfn(page), request.order);
	return CMD_OK;
}

/* Free a block and tell whether the allocator took it. */
static int free_block(unsigned long pfn, unsigned int order)
{
	unsigned long before = __atomic_load_n(&kernel.mm.faults.misuse, __ATOMIC_RELAXED);
	struct held_block *held;

	__free_pages(pfn_to_page(pfn), order);
	if (__atomic_load_n(&kernel.mm.faults.misuse, __ATOMIC_RELAXED) != before) {
		print("free: pfn 0x%lx order %u was refused, for the reason above; `page "
		      "pfn=0x%lx` "
		      "shows it\n",
			pfn, order, pfn);
		return CMD_FAILED;
	}
	print("free: pfn 0x%lx order %u\n", pfn, order);
	held = find_held(pfn);
	if (held)
		*held = kernel.held[--kernel.nr_held];
	return CMD_OK;
}

static int free_all(void)
{
	unsigned int nr = kernel.nr_held;
	int status = CMD_OK;

	while (kernel.nr_held > 0 && status == CMD_OK)
		status = free_block(
			kernel.held[kernel.nr_held - 1].pfn, kernel.held[kernel.nr_held - 1].order);
	print("free: %u of %u held blocks freed\n", nr - kernel.nr_held, nr);
	return status;
}

int cmd_free(int argc, char **argv)
{
	const struct held_block *held;
	unsigned long pfn;
	uint64_t order;

	if (argc < 2 || argc > 3)
		return command_usage(argv[0], "which block?");
	if (argc == 2 && strcmp(argv[1], "all") == 0)
		return free_all();
	if (!cmd_parse_page(argv[0], argv[1], &pfn))
		return CMD_USAGE;
	if (argc == 3) {
		if (!parse_number_in(argv[0], "order", argv[2], 0, MAX_ORDER - 1, &order))
			return CMD_USAGE;
		return free_block(pfn, (unsigned int)order);
	}
	held = find_held(pfn);
	if (!held) {
		print("free: pfn 0x%lx is not the first page of a block that `alloc` handed out "
		      "(see `held`); to free it all the same, give its order\n",
			pfn);
		return CMD_USAGE;
	}
	return free_block(pfn, held->order);
}

int cmd_held(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (unsigned int i = 0; i < kernel.nr_held; i++)
		show_block("held", kernel.held[i].pfn, kernel.held[i].order);
	print("held: %u blocks%s\n", kernel.nr_held,
		kernel.nr_held ? "; `free all` gives them back" : "");
	return CMD_OK;
}
