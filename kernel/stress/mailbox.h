/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mailboxes: blocks on their way to somebody else, who will free them.
 */
#ifndef STRESS_MAILBOX_H
#define STRESS_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include "block.h"

/** Blocks that a mailbox holds; a power of two. */
#define MAILBOX_SIZE 64U

/** One place in the ring; `turn` says whose move it is, see mailbox.c. */
struct mailbox_entry {
	_Atomic unsigned int turn;
	struct block block;
};

struct mailbox {
	_Atomic unsigned int head; /* next place to fill, free running */
	_Atomic unsigned int tail; /* next place to empty, free running */
	struct mailbox_entry entry[MAILBOX_SIZE];
};

void mailbox_init(struct mailbox *mailbox);

/** Send a block. Any context, any CPU. False: the mailbox is full, and the block stays yours. */
bool mailbox_put(struct mailbox *mailbox, const struct block *block);

/** Take the oldest block. Any context, any CPU. False: there is none that is all there. */
bool mailbox_get(struct mailbox *mailbox, struct block *block);

#endif
