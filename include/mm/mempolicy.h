/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NUMA memory policy of a thread: which nodes alloc_pages() asks, and in which order.
 *
 *	DEFAULT     the CPU's node, then the next of its order
 *	PREFERRED   one node, then the next of its order; none named: as DEFAULT
 *	BIND        the named nodes alone, ascending; only for zones at or above policy_zone
 *	INTERLEAVE  the named nodes in turn, each with its order
 *
 * In interrupts the policy is DEFAULT. alloc_pages_node() asks for a node itself and knows none.
 *
 * Source: Linux 2.6.11 mm/mempolicy.c. Mended: BIND leaves requests for a zone below the highest
 * that any bound node has (policy_zone) alone, as its comment there intends.
 */
#ifndef MM_MEMPOLICY_H
#define MM_MEMPOLICY_H

#include <mm/mm.h>

enum mpol_mode { MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_MAX };

/** A set of nodes: bit per id, ids below MPOL_NODES. */
#define MPOL_NODES 64
typedef uint64_t nodemask_t;

/** Constant once it is made. */
struct mempolicy {
	enum mpol_mode mode;       /* never DEFAULT: that is NULL in place of a policy */
	nodemask_t nodes;          /* BIND, INTERLEAVE */
	int preferred;             /* PREFERRED: node, or -1 for the CPU's */
	struct zonelist *zonelist; /* BIND: its own, on this policy's page */
};

/**
 * Make a policy, for a thread or an object, in *policy (NULL for DEFAULT). DEFAULT takes no nodes;
 * PREFERRED the lowest of them, or the CPU's node if there are none; BIND and INTERLEAVE at least
 * one. All must be online and, for BIND, one must have memory. Takes one page, and may sleep for
 * that. Returns 0, or, with *policy as it was, -MM_EINVAL or -MM_ENOMEM.
 */
int mpol_new(enum mpol_mode mode, nodemask_t nodes, struct mempolicy **policy);
/** Give it back; nobody may use it any more. NULL is fine. */
void mpol_free(struct mempolicy *policy);

/**
 * Let the running thread allocate by `policy` (NULL: DEFAULT) from now on; returns what it had
 * before, which is the caller's. INTERLEAVE goes on at node `il_next`, or at its lowest node if
 * that is none of its nodes. Not in interrupts.
 */
struct mempolicy *mpol_install(struct mempolicy *policy, int il_next);

/**
 * mpol_new() and mpol_install(), and the thread's old policy is freed. Returns 0, -MM_EINVAL, or
 * -MM_ENOMEM; then nothing has changed. May sleep.
 */
int set_mempolicy(enum mpol_mode mode, nodemask_t nodes);

/** The policy's names: default, preferred, bind, interleave. */
const char *mpol_mode_name(enum mpol_mode mode);

/** Highest zone type of any node that was ever bound; requests below it are not policed. */
enum zone_type mm_policy_zone(const struct mm *mm);

/** Nodes in the set, and the one in it that follows `after` (-1: the first), from the lowest again.
 */
unsigned int nodemask_weight(nodemask_t nodes);
int nodemask_next(nodemask_t nodes, int after);

/**
 * As alloc_pages(gfp, 0) for page `index` of an object with a policy of its own (alloc_page_vma()
 * in Linux): INTERLEAVE takes the node by the index. NULL: the thread's policy. Neither is left
 * out in interrupts.
 */
struct page *alloc_page_policy(const struct mempolicy *policy, gfp_t gfp, unsigned long index);

#endif
