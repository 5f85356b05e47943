/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory policies in the mix: workers ask under one for a while, then under another or none.
 *
 * All policies are made before the run and given back after it. A worker is no thread of its own,
 * so it lends its CPU's thread a policy for the length of one call, and keeps for itself whose
 * turn INTERLEAVE has come to. Which nodes a policy allows, and which it prefers, is worked out
 * from what was asked for, never from the lists that are being tested.
 *
 * Owns stress->policy and the policies of struct stress_zone, constant while it runs.
 */
#include "core.h"

/** Policies of each mode. */
#define POLICIES_EACH 4U

static nodemask_t all_nodes(const struct stress *s)
{
	nodemask_t nodes = 0;

	for (unsigned int i = 0; i < s->nr_nodes; i++)
		nodes |= 1ULL << s->nid[i];
	return nodes;
}

static int make_policy(
	struct stress *s, struct stress_policy *made, enum mpol_mode mode, nodemask_t nodes)
{
	struct mempolicy *policy;
	int error = mpol_new(mode, nodes, &policy);

	if (error)
		return error;
	if (!state_claim(s, virt_to_page(policy), 0))
		return -MM_ENOMEM;
	*made = (struct stress_policy){.mode = mode, .nodes = nodes, .policy = policy};
	return 0;
}

/* The first of each mode is for all nodes, or none in particular; the others for some, by chance.
 */
static int add_policies(struct stress *s, enum mpol_mode mode)
{
	struct prng prng = prng_seed(s->params.seed, OWNER_STATE - mode);

	for (unsigned int i = 0; i < POLICIES_EACH; i++) {
		nodemask_t nodes = all_nodes(s) & prng_next(&prng);
		int error;

		if (i == 0)
			nodes = mode == MPOL_PREFERRED ? 0 : all_nodes(s);
		error = make_policy(s, &s->policy[s->nr_policies], mode, nodes);
		if (error == -MM_ENOMEM)
			return -1;
		s->nr_policies += error ==
				  0; /* no nodes, or none with memory: that one is left out */
	}
	return 0;
}

int policies_build(struct stress *s)
{
	static const enum stress_policies wanted[MPOL_MAX] = {
		[MPOL_PREFERRED] = POLICIES_PREFERRED,
		[MPOL_BIND] = POLICIES_BIND,
		[MPOL_INTERLEAVE] = POLICIES_INTERLEAVE,
	};
	const enum stress_policies choice = s->params.policies;

	for (unsigned int i = 0; i < s->nr_zones; i++) {
		struct stress_zone *zone = &s->zone[i];

		if (zone->alone &&
			make_policy(s, &zone->bind, MPOL_BIND, 1ULL << zone->nid) == -MM_ENOMEM)
			return -1;
	}
	for (enum mpol_mode mode = MPOL_PREFERRED; mode < MPOL_MAX; mode++) {
		if ((choice == POLICIES_MIX || choice == wanted[mode]) && add_policies(s, mode))
			return -1;
	}
	return 0;
}

static void free_policy(struct stress *s, struct stress_policy *made)
{
	if (made->policy && state_release(s, virt_to_page(made->policy), 0))
		mpol_free(made->policy);
	made->policy = NULL;
}

void policies_free(struct stress *s)
{
	for (unsigned int i = 0; i < s->nr_zones; i++)
		free_policy(s, &s->zone[i].bind);
	for (unsigned int i = 0; i < s->nr_policies; i++)
		free_policy(s, &s->policy[i]);
}

void policy_use(struct policy_use *use, const struct stress_policy *policy)
{
	*use = (struct policy_use){.of = policy, .il_next = -1};
	if (policy && policy->mode == MPOL_INTERLEAVE)
		use->turn = nodemask_next(policy->nodes, -1);
}

void policy_choose(struct stress_worker *w)
{
	const struct stress *s = w->stress;
	struct prng prng = prng_seed(
		s->params.seed ^ OWNER_WORKER(w->index), w->done / POLICY_STEPS);
	/* In a mix, half of the time none. */
	unsigned int nr = s->nr_policies * (s->params.policies == POLICIES_MIX ? 2 : 1);
	unsigned int chosen = nr ? prng_below(&prng, nr) : 0;

	policy_use(&w->policy, chosen < s->nr_policies ? &s->policy[chosen] : NULL);
	w->digest = prng_mix(w->digest ^ chosen);
}

static bool is_used(const struct request *request)
{
	return request->policy && request->policy->of;
}

void policy_begin(const struct request *request)
{
	if (is_used(request))
		mpol_install(request->policy->of->policy, request->policy->il_next);
}

void policy_end(const struct request *request)
{
	struct policy_use *use = request->policy;

	if (!is_used(request))
		return;
	use->il_next = mm_current()->il_next;
	mpol_install(NULL, -1);
	if (use->of->mode == MPOL_INTERLEAVE && request->via != VIA_NODE)
		use->turn = nodemask_next(use->of->nodes, use->turn);
}

/* The highest zone that the request may be served from. */
static enum zone_type top_zone(const struct stress *s, gfp_t gfp)
{
	switch (gfp & GFP_ZONEMASK) {
	case __GFP_DMA:
		return s->mm->lowest_zone;
	case __GFP_DMA32:
		return ZONE_DMA32;
	case __GFP_HIGHMEM:
		return ZONE_HIGHMEM;
	default:
		return ZONE_NORMAL;
	}
}

/* What a policy says of this request; DEFAULT also where it does not say anything. */
static enum mpol_mode mode_for(const struct stress *s, const struct request *request)
{
	if (!is_used(request) || request->via == VIA_NODE)
		return MPOL_DEFAULT;
	if (request->policy->of->mode == MPOL_BIND &&
		top_zone(s, request->gfp) < mm_policy_zone(s->mm))
		return MPOL_DEFAULT;
	return request->policy->of->mode;
}

bool policy_applies(const struct stress *s, const struct request *request)
{
	return mode_for(s, request) != MPOL_DEFAULT;
}

nodemask_t policy_nodes(const struct stress *s, const struct request *request)
{
	return mode_for(s, request) == MPOL_BIND ? request->policy->of->nodes : ~0ULL;
}

int policy_node(const struct stress_cpu *c, const struct request *request)
{
	const int local = c->stress->mm->cpu[c->id]->nid;

	if (request->via == VIA_NODE)
		return request->nid;
	switch (mode_for(c->stress, request)) {
	case MPOL_PREFERRED:
		return request->policy->of->nodes ? nodemask_next(request->policy->of->nodes, -1)
						  : local;
	case MPOL_BIND:
		return nodemask_next(request->policy->of->nodes, -1);
	case MPOL_INTERLEAVE:
		return request->policy->turn;
	default:
		return local;
	}
}

void policy_verify(struct stress *s, const struct request *request, unsigned long pfn)
{
	nodemask_t nodes = policy_nodes(s, request);
	enum zone_type type;
	int nid;

	if (!stress_locate(s, pfn, &nid, &type) || nodes >> nid & 1)
		return;
	stress_violation(s, STRESS_POLICY, pfn,
		"gfp 0x%x served by the nodes of the set 0x%llx alone, to which it was bound, not "
		"by node %d",
		request->gfp, (unsigned long long)nodes, nid);
}

void policy_count(struct stress_count *count, const struct request *request)
{
	if (request->via != VIA_NODE)
		count_add(
			&count->policy[is_used(request) ? request->policy->of->mode : MPOL_DEFAULT],
			1);
}
