/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that look at the memory, or tidy it: thin wrappers of the core's public reports.
 * They change nothing but what `drain` moves.
 */
#include <string.h>
#include <port/boot.h>
#include <mm/debug.h>
#include <mm/page_owner.h>
#include <mm/reclaim.h>
#include <port/mem.h>
#include <port/print.h>
#include <port/task.h>
#include "kernel.h"
#include "cmd.h"
#include "monitor.h"

/* How long `check` waits for kswapd to come to rest. */
#define KSWAPD_SECONDS 2U

int cmd_banks(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_banks(&kernel.mm);
	return CMD_OK;
}

static uint64_t hwid_of(unsigned int cpu)
{
	return kernel.cpus.cpu[cpu].hwid;
}

int cmd_layout(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "json") == 0) {
		frame_begin("layout.json");
		show_layout_json(&kernel.mm, hwid_of);
		frame_end("layout.json");
		return CMD_OK;
	}
	if (argc > 1)
		return command_usage("layout", "`%s` is no form of it", argv[1]);
	show_layout(&kernel.mm);
	paging_describe();
	return CMD_OK;
}

int cmd_nodes(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_nodes(&kernel.mm);
	return CMD_OK;
}

int cmd_zones(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_zones(&kernel.mm);
	return CMD_OK;
}

int cmd_zonelists(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_zonelists(&kernel.mm);
	return CMD_OK;
}

int cmd_pcp(int argc, char **argv)
{
	(void)argc, (void)argv;
	show_pcp(&kernel.mm);
	return CMD_OK;
}

/* A number without a prefix: a pfn if memory reaches that far, else an address. */
static bool locate(const char *command, const char *text, uint64_t number, unsigned long *pfn)
{
	if (number < kernel.mm.max_pfn) {
		*pfn = (unsigned long)number;
	} else if (virt_in_linear_map((void *)(uintptr_t)number)) {
		*pfn = pfn_down(virt_to_phys((void *)(uintptr_t)number));
	} else if (pfn_down(number) < kernel.mm.max_pfn) {
		*pfn = pfn_down(number);
	} else {
		print("%s: %s is no page: pfns end at 0x%lx, physical addresses at 0x%lx; `banks` "
		      "lists memory\n",
			command, text, kernel.mm.max_pfn,
			(unsigned long)pfn_to_phys(kernel.mm.max_pfn));
		return false;
	}
	return true;
}

/* What the prefix says it is. */
static bool locate_as(const char *kind, uint64_t number, unsigned long *pfn)
{
	if (kind[0] == 'v' && !virt_in_linear_map((void *)(uintptr_t)number))
		return false;
	if (kind[0] == 'v')
		*pfn = pfn_down(virt_to_phys((void *)(uintptr_t)number));
	else
		*pfn = kind[1] == 'a' ? pfn_down(number) : (unsigned long)number;
	return true;
}

bool cmd_parse_page(const char *command, const char *text, unsigned long *pfn)
{
	static const char *const kinds[] = {"pfn", "pa", "va"};
	const char *digits = text, *kind = NULL;
	uint64_t number;

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !kind; i++)
		if (parse_key(text, kinds[i])) {
			kind = kinds[i];
			digits = parse_key(text, kind);
		}
	if (!parse_number_in(command, "PFN|ADDRESS", digits, 0, UINT64_MAX, &number))
		return false;
	if (kind ? !locate_as(kind, number, pfn) : !locate(command, text, number, pfn)) {
		if (kind)
			print("%s: %s is no address of the linear map; `layout` says where that "
			      "is\n",
				command, text);
		return false;
	}
	if (pfn_valid(&kernel.mm, *pfn) || mm_offline_range(&kernel.mm, *pfn))
		return true;
	print("%s: %s: pfn 0x%lx has no descriptor: no bank is near it (see `banks`)\n", command,
		text, *pfn);
	return false;
}

int cmd_page(int argc, char **argv)
{
	unsigned long pfn;

	if (argc != 2)
		return command_usage(argv[0], "one page at a time");
	if (!cmd_parse_page(argv[0], argv[1], &pfn))
		return CMD_USAGE;
	show_page(&kernel.mm, pfn);
	if (mm_debug(&kernel.mm) & MM_DEBUG_OWNER)
		show_page_owner(&kernel.mm, pfn);
	return CMD_OK;
}

int cmd_drain(int argc, char **argv)
{
	unsigned long cached = nr_cached_pages(&kernel.mm);

	(void)argc, (void)argv;
	drain_all_pages(&kernel.mm);
	print("drain: %lu pages were in per-CPU caches, %lu are; %lu free\n", cached,
		nr_cached_pages(&kernel.mm), nr_free_pages(&kernel.mm));
	return CMD_OK;
}

int cmd_check(int argc, char **argv)
{
	struct mm_check_result r;
	unsigned long errors;

	(void)argc, (void)argv;
	/* Nobody may be at work while all is counted, and kswapd may be, right after somebody was.
	 */
	wait_for_kswapds(&kernel.mm, cpu_time() + KSWAPD_SECONDS * cpu_time_hz());
	errors = mm_check(&kernel.mm, &r) + mm_check_poison(&kernel.mm);
	print("check: %lu free + %lu cached + %lu allocated + %lu reserved + %lu set aside = "
	      "%lu of %lu pages\n",
		r.free, r.cached, r.allocated, r.reserved, r.set_aside,
		r.free + r.cached + r.allocated + r.reserved + r.set_aside, r.present);
	print("check: %lu faults found, %lu reports of misuse since boot\n", errors,
		kernel.mm.faults.misuse);
	if (errors)
		print("check: the allocator can not be trusted; `page PFN` shows a page, `reboot` "
		      "starts over\n");
	return errors == 0 ? CMD_OK : CMD_FAILED;
}
