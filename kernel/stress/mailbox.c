/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded queue without locks, for any number of senders and receivers.
 *
 * Each place in the ring has a turn: place i may be filled when its turn is i, emptied when it is
 * i + 1, and becomes i + MAILBOX_SIZE for the next lap. Whoever moves head (tail) from i to i + 1
 * has the place to itself and passes the turn on by a release store. A sender that is interrupted
 * in between keeps its place from being emptied, and nobody waits for it: the mailbox looks empty.
 * So an interrupt may send to the very mailbox that it interrupted.
 *
 * Source: Vyukov, "Bounded MPMC queue", 1024cores.net.
 */
#include "mailbox.h"

void mailbox_init(struct mailbox *mailbox)
{
	atomic_init(&mailbox->head, 0);
	atomic_init(&mailbox->tail, 0);
	for (unsigned int i = 0; i < MAILBOX_SIZE; i++)
		atomic_init(&mailbox->entry[i].turn, i);
}

/*
 * Win the place at *cursor, whose turn must be `lead` ahead of it; NULL if the next place is not
 * that far. *index is the place's number.
 */
static struct mailbox_entry *win_place(struct mailbox *mailbox, _Atomic unsigned int *cursor,
	unsigned int lead, unsigned int *index)
{
	*index = atomic_load_explicit(cursor, memory_order_relaxed);
	for (;;) {
		struct mailbox_entry *entry = &mailbox->entry[*index % MAILBOX_SIZE];
		unsigned int turn = atomic_load_explicit(&entry->turn, memory_order_acquire);
		int ahead = (int)(turn - (*index + lead));

		if (ahead < 0)
			return NULL;
		if (ahead > 0) /* somebody else has had it */
			*index = atomic_load_explicit(cursor, memory_order_relaxed);
		else if (atomic_compare_exchange_weak_explicit(cursor, index, *index + 1,
				 memory_order_relaxed, memory_order_relaxed))
			return entry;
	}
}

bool mailbox_put(struct mailbox *mailbox, const struct block *block)
{
	unsigned int index;
	struct mailbox_entry *entry = win_place(mailbox, &mailbox->head, 0, &index);

	if (!entry)
		return false;
	entry->block = *block;
	atomic_store_explicit(&entry->turn, index + 1, memory_order_release);
	return true;
}

bool mailbox_get(struct mailbox *mailbox, struct block *block)
{
	unsigned int index;
	struct mailbox_entry *entry = win_place(mailbox, &mailbox->tail, 1, &index);

	if (!entry)
		return false;
	*block = entry->block;
	atomic_store_explicit(&entry->turn, index + MAILBOX_SIZE, memory_order_release);
	return true;
}
