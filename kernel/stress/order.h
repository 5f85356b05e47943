/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From bytes to an order.
 */
#ifndef STRESS_ORDER_H
#define STRESS_ORDER_H

#include <mm/pfn.h>

/** The least order whose blocks have `bytes` bytes. */
static inline unsigned int order_for(unsigned long bytes)
{
	unsigned int order = 0;

	while (order_bytes(order) < bytes)
		order++;
	return order;
}

#endif
