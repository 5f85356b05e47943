/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NUMA memory policy: which zonelist a thread's requests are served from.
 *
 *	alloc_pages --attention is 0--> the CPU's own list
 *	     \--not 0--> alloc_pages_current --policy--> a list --> alloc_from_list
 *
 * Three things set the attention word, any of them at a time: the thread has a policy, its
 * decisions are explained, or an interrupt has come into the busy section. Which list to take is
 * answered here by context and task alone, explain_here() answers the second question and the
 * cache the third, so each is right whatever the others are.
 *
 * Owns struct mempolicy, one page each with the zonelist of BIND behind it; mm_task.mempolicy and
 * il_next, which the thread itself alone writes; mm->policy_zone, which is atomic and only rises.
 * No lock: a policy is constant from the moment that it can be seen.
 *
 * Source: Linux 2.6.11 mm/mempolicy.c. Mended: 2.6.11 compares the whole mask with policy_zone and
 * so polices every request; its comment means those alone whose top zone is not below policy_zone.
 */
#include <mm/mempolicy.h>
#include "internal.h"

/* A policy, and the room behind it for all zones of all nodes that a mask can name. */
struct policy_page {
	struct mempolicy policy;
	struct zonelist zonelist; /* nr entries and a NULL */
};
_Static_assert(
	sizeof(struct policy_page) + (MPOL_NODES * MAX_NR_ZONES + 1) * sizeof(struct zone *) <=
		PAGE_SIZE,
	"a policy fits into a page");

static bool has_node(nodemask_t nodes, int nid)
{
	return nid >= 0 && nid < MPOL_NODES && nodes >> nid & 1;
}

unsigned int nodemask_weight(nodemask_t nodes)
{
	unsigned int nr = 0;

	for (; nodes; nodes &= nodes - 1)
		nr++;
	return nr;
}

int nodemask_next(nodemask_t nodes, int after)
{
	if (nodes == 0)
		return -1;
	for (int i = 1;; i++) {
		int nid = (after + i) % MPOL_NODES;

		if (has_node(nodes, nid))
			return nid;
	}
}

const char *mpol_mode_name(enum mpol_mode mode)
{
	static const char *const names[MPOL_MAX] = {
		[MPOL_DEFAULT] = "default",
		[MPOL_PREFERRED] = "preferred",
		[MPOL_BIND] = "bind",
		[MPOL_INTERLEAVE] = "interleave",
	};

	return (unsigned int)mode < MPOL_MAX ? names[mode] : "unknown";
}

enum zone_type mm_policy_zone(const struct mm *mm)
{
	return __atomic_load_n(&mm->policy_zone, __ATOMIC_RELAXED);
}

static void raise_policy_zone(struct mm *mm, enum zone_type type)
{
	enum zone_type now = mm_policy_zone(mm);

	while (now < type && !__atomic_compare_exchange_n(&mm->policy_zone, &now, type, false,
				     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Nodes ascending, in each from the highest zone down, populated ones only; no fallback. */
static void bind_zonelist(struct mm *mm, nodemask_t nodes, struct zonelist *list)
{
	list->nr = 0;
	for (int nid = 0; nid < MPOL_NODES; nid++) {
		struct pglist_data *pgdat = has_node(nodes, nid) ? mm_node(mm, nid) : NULL;

		for (int type = MAX_NR_ZONES - 1; pgdat && type >= 0; type--) {
			if (pgdat->node_zones[type].present_pages == 0)
				continue;
			list->zones[list->nr++] = &pgdat->node_zones[type];
			raise_policy_zone(mm, (enum zone_type)type);
		}
	}
	ASSERT(list->nr > 0);
	list->zones[list->nr] = NULL;
}

static bool has_memory(const struct mm *mm, nodemask_t nodes)
{
	for (int nid = 0; nid < MPOL_NODES; nid++) {
		if (has_node(nodes, nid) && mm_node(mm, nid)->node_present_pages)
			return true;
	}
	return false;
}

static bool check_policy(const struct mm *mm, enum mpol_mode mode, nodemask_t nodes)
{
	for (int nid = 0; nid < MPOL_NODES; nid++) {
		if (has_node(nodes, nid) && !mm_node(mm, nid))
			return false;
	}
	switch (mode) {
	case MPOL_DEFAULT:
		return nodes == 0;
	case MPOL_PREFERRED:
		return true;
	case MPOL_BIND:
		return has_memory(mm, nodes);
	case MPOL_INTERLEAVE:
		return nodes != 0;
	default:
		return false;
	}
}

int mpol_new(enum mpol_mode mode, nodemask_t nodes, struct mempolicy **policy)
{
	struct mm *mm = this_cpu->mm;
	struct policy_page *made;

	if (!check_policy(mm, mode, nodes))
		return -MM_EINVAL;
	if (mode == MPOL_DEFAULT) {
		*policy = NULL;
		return 0;
	}
	made = (struct policy_page *)__get_free_page(GFP_KERNEL);
	if (!made)
		return -MM_ENOMEM;
	made->policy = (struct mempolicy){.mode = mode, .nodes = nodes, .preferred = -1};
	if (mode == MPOL_PREFERRED)
		made->policy.preferred = nodemask_next(nodes, -1);
	if (mode == MPOL_BIND) {
		made->policy.zonelist = &made->zonelist;
		bind_zonelist(mm, nodes, &made->zonelist);
	}
	*policy = &made->policy;
	return 0;
}

void mpol_free(struct mempolicy *policy)
{
	ASSERT(!policy || policy != mm_current()->mempolicy);
	free_page((unsigned long)policy);
}

struct mempolicy *mpol_install(struct mempolicy *policy, int il_next)
{
	struct mm_task *task = mm_current();
	struct mempolicy *before = task->mempolicy;
	irq_flags_t flags;

	ASSERT(!in_interrupt());
	if (policy && policy->mode == MPOL_INTERLEAVE)
		task->il_next = has_node(policy->nodes, il_next) ? il_next
								 : nodemask_next(policy->nodes, -1);
	flags = irq_save();
	task->mempolicy = policy;
	mm_switch_task(task);
	irq_restore(flags);
	return before;
}

int set_mempolicy(enum mpol_mode mode, nodemask_t nodes)
{
	struct mempolicy *policy;
	int error = mpol_new(mode, nodes, &policy);

	if (error == 0)
		mpol_free(mpol_install(policy, -1));
	return error;
}

/* The node whose turn it is. The turn moves on whether or not there will be a page. */
static int interleave_nodes(const struct mempolicy *policy)
{
	struct mm_task *task = mm_current();
	int nid = task->il_next;

	ASSERT(has_node(policy->nodes, nid));
	task->il_next = nodemask_next(policy->nodes, nid);
	return nid;
}

/* Node number (index mod how many there are), counted from the lowest as 0. */
static int interleave_index(const struct mempolicy *policy, unsigned long index)
{
	const unsigned int weight = nodemask_weight(policy->nodes);
	int nid = -1;

	ASSERT(weight > 0);
	for (unsigned long n = index % weight + 1; n; n--)
		nid = nodemask_next(policy->nodes, nid);
	return nid;
}

static const struct zonelist *node_zonelist(int nid, gfp_t gfp)
{
	unsigned int list = gfp & GFP_ZONEMASK;

	return list < GFP_ZONETYPES ? mm_node(this_cpu->mm, nid)->node_zonelists[list] : NULL;
}

/* The list of every policy but INTERLEAVE; NULL where the mask has none. */
static const struct zonelist *zonelist_policy(const struct mempolicy *policy, gfp_t gfp)
{
	const struct mm_cpu *cpu = this_cpu;
	const struct zonelist *local = cpu->zonelist[gfp & GFP_ZONEMASK];

	if (!policy || !local)
		return local;
	if (policy->mode == MPOL_PREFERRED && policy->preferred >= 0)
		return node_zonelist(policy->preferred, gfp);
	if (policy->mode == MPOL_BIND &&
		highest_zone(cpu->mm, gfp & GFP_ZONEMASK) >= mm_policy_zone(cpu->mm))
		return policy->zonelist;
	return local;
}

static void count_interleave_hit(const struct zone *zone)
{
	irq_flags_t flags = irq_save();

	this_cpu->pageset[zone->index].numa_slow.interleave_hit++;
	irq_restore(flags);
}

/* Which policy has chosen the list that is asked next. */
static void explain_policy(enum mpol_mode mode, const struct zonelist *list)
{
	explain_add(explain_here(), .kind = EXPLAIN_POLICY, .text = mpol_mode_name(mode),
		.zone = list && list->nr ? list->zones[0] : NULL);
}

static struct page *alloc_page_interleave(
	gfp_t gfp, unsigned int order, int nid, const void *caller)
{
	const struct zonelist *list = node_zonelist(nid, gfp);
	struct page *page;

	explain_policy(MPOL_INTERLEAVE, list);
	page = alloc_from_list(list, gfp, order, caller);
	if (page && page_zone(page) == list->zones[0])
		count_interleave_hit(list->zones[0]);
	return page;
}

/* By a policy other than INTERLEAVE; NULL is DEFAULT. */
static struct page *alloc_by_policy(
	const struct mempolicy *policy, gfp_t gfp, unsigned int order, const void *caller)
{
	const struct zonelist *list = zonelist_policy(policy, gfp);

	if (policy)
		explain_policy(policy->mode, list);
	return alloc_from_list(list, gfp, order, caller);
}

struct page *alloc_pages_current(gfp_t gfp, unsigned int order, const void *caller)
{
	const struct mempolicy *policy = in_interrupt() ? NULL : mm_current()->mempolicy;

	if (policy && policy->mode == MPOL_INTERLEAVE)
		return alloc_page_interleave(gfp, order, interleave_nodes(policy), caller);
	return alloc_by_policy(policy, gfp, order, caller);
}

struct page *alloc_page_policy(const struct mempolicy *policy, gfp_t gfp, unsigned long index)
{
	const void *caller = CALLER();

	if (!policy)
		policy = mm_current()->mempolicy;
	if (policy && policy->mode == MPOL_INTERLEAVE)
		return alloc_page_interleave(gfp, 0, interleave_index(policy, index), caller);
	return alloc_by_policy(policy, gfp, 0, caller);
}
