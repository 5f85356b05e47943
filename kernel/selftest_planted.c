/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selftest corrupt` and `selftest leak`: faults that somebody looks for, the worked examples of
 * docs/debugging.md. They are faults of a user of the allocator, which it can not refuse. Owns
 * nothing but what `leak` forgets, for good.
 */
#include <mm/mm.h>
#include <port/print.h>
#include "monitor.h"
#include "smp.h"

#define LEAK_REQUESTS 64U
/* Every so many requests meet a shortage. */
#define LEAK_SHORTAGE 8U

/* On the CPU that is to meet the corrupt block: it is the first of its list. */
static void take_corrupt(void *nid)
{
	alloc_pages_node(*(const int *)nid, GFP_KERNEL, MAX_ORDER - 1);
}

/*
 * A caller that goes on using the descriptor of a block that it has given back, as if it were still
 * on a list of its own. The block is of the highest order, so it stays the head of what is free.
 */
int selftest_corrupt(int argc, char **argv)
{
	struct page *page;
	uint64_t cpu = 0;
	int nid;

	if (argc != 2 || !parse_number_in("selftest", "CPU", argv[1], 0, smp_nr_ids() - 1, &cpu))
		return command_usage("selftest", "corrupt needs a CPU");
	page = alloc_pages(GFP_KERNEL, MAX_ORDER - 1);
	if (!page || !smp_online((unsigned int)cpu)) {
		print("selftest: corrupt: %s; nothing was done\n",
			page ? "the CPU is not online" : "no block of the highest order is free");
		return CMD_FAILED;
	}
	nid = page_to_nid(page);
	__free_pages(page, MAX_ORDER - 1);
	drain_local_pages();
	page->lru.next = NULL;
	print("selftest: corrupt: cpu %u takes a block whose links were overwritten: a dump and a "
	      "failing status must follow\n",
		(unsigned int)cpu);
	smp_run_on((unsigned int)cpu, take_corrupt, &nid);
	smp_wait((unsigned int)cpu);
	print("selftest: corrupt: it went unnoticed\n");
	return CMD_FAILED;
}

/*
 * A request that needs two blocks. Where the second one is missing, the first has to be given back,
 * and is forgotten. Not inlined, so that it is a call of its own in what `diff` says.
 */
static __attribute__((noinline)) bool serve_request(bool shortage)
{
	struct page *buffer = alloc_pages(GFP_KERNEL, 1);
	struct page *table = shortage ? NULL : alloc_page(GFP_KERNEL);

	if (!table)
		return false;
	__free_page(table);
	if (buffer)
		__free_pages(buffer, 1);
	return true;
}

int selftest_leak(int argc, char **argv)
{
	unsigned int refused = 0;

	if (argc != 1)
		return command_usage("selftest", "%s takes no arguments", argv[0]);
	for (unsigned int i = 1; i <= LEAK_REQUESTS; i++)
		refused += !serve_request(i % LEAK_SHORTAGE == 0);
	print("selftest: leak: %u requests, %u refused for a shortage, all is given back\n",
		LEAK_REQUESTS, refused);
	return CMD_OK;
}
