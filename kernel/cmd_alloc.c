/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that allocate and free by hand; cmd_explain.c has them, too, with a record.
 *
 * Owns kernel.held: the blocks that the user of the monitor holds, so that `free` needs no order.
 * One that is not in the list (it was full) is still held; it takes an order to free it.
 */
#include <string.h>
#include <strings.h>
#include <mm/oom.h>
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
static bool parse_argument(const char *command, char *word, struct request *request)
{
	const char *value = parse_key(word, "node");
	uint64_t nid;
	char *flag;

	if (value) {
		if (!parse_number_in(command, "node", value, 0, OF_MAX_NODES - 1, &nid))
			return false;
		if (!mm_node(&kernel.mm, (int)nid)) {
			print("%s: there is no node %s; `nodes` lists them\n", command, value);
			return false;
		}
		request->nid = (int)nid;
		return true;
	}
	while ((flag = strtok_r(word, "|,", &word))) {
		if (!parse_gfp_word(flag, &request->gfp)) {
			print("%s: `%s` is no GFP flag; `help alloc` has examples\n", command,
				flag);
			return false;
		}
		request->has_gfp = true;
	}
	return true;
}

static bool parse_request(const char *command, int argc, char **argv, struct request *request)
{
	uint64_t order;

	if (!parse_number_in(command, "order", argv[1], 0, MAX_ORDER - 1, &order))
		return false;
	*request = (struct request){.order = (unsigned int)order, .nid = -1};
	for (int i = 2; i < argc; i++)
		if (!parse_argument(command, argv[i], request))
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

static unsigned long score(const struct oom_consumer *consumer)
{
	unsigned long pages = 1;

	(void)consumer;
	for (unsigned int i = 0; i < kernel.nr_held; i++)
		pages += 1UL << kernel.held[i].order;
	return pages;
}

static void chosen(struct oom_consumer *consumer)
{
	kernel.alloc_chosen = true;
	(void)consumer;
}

/*
 * A request by hand that finds no memory must not end the machine for want of somebody to end: the
 * request itself can be, with nothing lost.
 */
static struct page *alloc_requested(const struct request *request, struct mm_explain *explain)
{
	struct oom_consumer consumer = {.name = "the request of the monitor",
		.task = mm_current(),
		.score = score,
		.kill = chosen};
	struct page *page;

	kernel.alloc_chosen = false;
	oom_register(&consumer);
	if (explain)
		mm_explain_begin(explain);
	if (request->nid < 0)
		page = alloc_pages(request->gfp, request->order);
	else
		page = alloc_pages_node(request->nid, request->gfp, request->order);
	if (explain) {
		mm_explain_end();
		mm_explain_print(explain);
	}
	oom_unregister(&consumer);
	return page;
}

int alloc_by_hand(const char *command, int argc, char **argv, struct mm_explain *explain)
{
	struct request request;
	struct page *page;

	if (!parse_request(command, argc, argv, &request))
		return CMD_USAGE;
	page = alloc_requested(&request, explain);
	if (kernel.alloc_chosen)
		print("%s: memory has run out: the OOM killer has ended this request; what is held "
		      "stays, `free all` gives it back\n",
			command);
	if (!page) {
		print("%s: no block of order %u with gfp 0x%x; %lu pages are free: "
		      "`buddyinfo` shows where\n",
			command, request.order, request.gfp, nr_free_pages(&kernel.mm));
		return CMD_FAILED;
	}
	show_block(command, page_to_pfn(page), request.order);
	hold(page_to_pfn(page), request.order);
	return CMD_OK;
}

int cmd_alloc(int argc, char **argv)
{
	if (argc < 2)
		return command_usage(argv[0], "which order?");
	return alloc_by_hand(argv[0], argc, argv, NULL);
}

/* Free a block and tell whether the allocator took it. */
static int free_block(
	const char *command, unsigned long pfn, unsigned int order, struct mm_explain *explain)
{
	unsigned long before = __atomic_load_n(&kernel.mm.faults.misuse, __ATOMIC_RELAXED);
	struct held_block *held;

	if (explain)
		mm_explain_begin(explain);
	__free_pages(pfn_to_page(pfn), order);
	if (explain) {
		mm_explain_end();
		mm_explain_print(explain);
	}
	if (__atomic_load_n(&kernel.mm.faults.misuse, __ATOMIC_RELAXED) != before) {
		print("%s: pfn 0x%lx order %u was refused, for the reason above; `page "
		      "pfn=0x%lx` "
		      "shows it\n",
			command, pfn, order, pfn);
		return CMD_FAILED;
	}
	print("%s: pfn 0x%lx order %u\n", command, pfn, order);
	held = find_held(pfn);
	if (held) {
		kernel.nr_held--;
		memmove(held, held + 1,
			(size_t)(&kernel.held[kernel.nr_held] - held) * sizeof(*held));
	}
	return CMD_OK;
}

static int free_all(void)
{
	unsigned int nr = kernel.nr_held;
	int status = CMD_OK;

	while (kernel.nr_held > 0 && status == CMD_OK)
		status = free_block("free", kernel.held[kernel.nr_held - 1].pfn,
			kernel.held[kernel.nr_held - 1].order, NULL);
	print("free: %u of %u held blocks freed\n", nr - kernel.nr_held, nr);
	return status;
}

/* The block that `last` or a page's name means. */
static bool parse_block(const char *command, const char *text, unsigned long *pfn)
{
	if (strcmp(text, "last") != 0)
		return cmd_parse_page(command, text, pfn);
	if (kernel.nr_held == 0) {
		print("%s: no block is held; `alloc` hands one out\n", command);
		return false;
	}
	*pfn = kernel.held[kernel.nr_held - 1].pfn;
	return true;
}

int free_by_hand(const char *command, int argc, char **argv, struct mm_explain *explain)
{
	const struct held_block *held;
	unsigned long pfn;
	uint64_t order;

	if (!parse_block(command, argv[1], &pfn))
		return CMD_USAGE;
	if (argc == 3) {
		if (!parse_number_in(command, "order", argv[2], 0, MAX_ORDER - 1, &order))
			return CMD_USAGE;
		return free_block(command, pfn, (unsigned int)order, explain);
	}
	held = find_held(pfn);
	if (!held) {
		print("%s: pfn 0x%lx is not the first page of a block that `alloc` handed out "
		      "(see `held`); to free it all the same, give its order\n",
			command, pfn);
		return CMD_USAGE;
	}
	return free_block(command, pfn, held->order, explain);
}

int cmd_free(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		return command_usage(argv[0], "which block?");
	if (argc == 2 && strcmp(argv[1], "all") == 0)
		return free_all();
	return free_by_hand(argv[0], argc, argv, NULL);
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
