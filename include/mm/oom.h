/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: who is told to let go.
 *
 * Source: Linux 2.6.11 mm/oom_kill.c for what is printed and when; the registry is our own.
 */
#ifndef MM_OOM_H
#define MM_OOM_H

#include <mm/gfp.h>
#include <mm/task.h>

/** One that holds memory and can give it back. Fields constant while registered. */
struct oom_consumer {
	const char *name;
	struct mm_task *task; /* gets TIF_MEMDIE's rights when chosen */
	/** How much it holds, in pages, or any measure of that kind; 0: not a candidate. */
	unsigned long (*score)(const struct oom_consumer *consumer);
	/**
	 * It has been chosen: see that the task lets go, soon. Must not sleep or allocate; the
	 * memory itself is freed by the task. Until it is unregistered nobody else is chosen,
	 * however long that takes: on its way the task must not wait for anybody who may be asking
	 * for memory (the holder of a page lock, say).
	 */
	void (*kill)(struct oom_consumer *consumer);
	struct list_head node; /* the core's */
};

void oom_register(struct oom_consumer *consumer);
/** Also ends the task's rights. The consumer holds nothing any more. */
void oom_unregister(struct oom_consumer *consumer);

/**
 * The default hook: if a victim is dying, wait for a tick. Else print
 * "oom-killer: gfp_mask=0x<gfp>" and the free areas, tell the consumer of the highest score, wait
 * for a tick. No candidate: report_panic(). Sleeps.
 */
void out_of_memory(gfp_t gfp);

#endif
