/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Circular doubly linked lists, linked through a node inside the element.
 * Nothing here locks: whoever owns the list's head owns the list.
 */
#ifndef MM_LIST_H
#define MM_LIST_H

#include <stdbool.h>
#include <stddef.h>

/** A list head, or the link inside an element. An empty head points to itself. */
struct list_head {
	struct list_head *next, *prev;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

/** Link `entry` between two neighbours that are adjacent already. */
static inline void list_insert(
	struct list_head *entry, struct list_head *prev, struct list_head *next)
{
	next->prev = entry;
	entry->next = next;
	entry->prev = prev;
	prev->next = entry;
}

/** Add `entry` at the front, right behind `head`. */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
	list_insert(entry, head, head->next);
}

/** Add `entry` at the tail, right before `head`. */
static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_insert(entry, head->prev, head);
}

/** Unlink `entry`; its own links stay stale, so that a walk in progress is not led astray. */
static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

#define list_entry(ptr, type, member)        container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)

#define list_for_each_entry(pos, head, type, member)                                 \
	for ((pos) = list_first_entry(head, type, member); &(pos)->member != (head); \
		(pos) = list_first_entry(&(pos)->member, type, member))

#endif
