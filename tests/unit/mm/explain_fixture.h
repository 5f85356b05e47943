/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of explain share: one record, calls that are noted in it, and what stands there.
 */
#ifndef TESTS_UNIT_MM_EXPLAIN_FIXTURE_H
#define TESTS_UNIT_MM_EXPLAIN_FIXTURE_H

#include "unit.h"

static struct mm_explain record;

static inline const struct mm_explain_event *event_at(unsigned int index)
{
	assert_in_range(index, 0, record.nr - 1);
	return &record.event[index];
}

static inline unsigned int count(enum mm_explain_kind kind)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < record.nr; i++)
		nr += record.event[i].kind == kind;
	return nr;
}

/* The nth event of a kind. */
static inline const struct mm_explain_event *nth(enum mm_explain_kind kind, unsigned int n)
{
	for (unsigned int i = 0; i < record.nr; i++) {
		if (record.event[i].kind == kind && n-- == 0)
			return &record.event[i];
	}
	fail_msg("there is no such event of kind %d", kind);
	return NULL;
}

/* Fails unless the event is of this kind and zone, and its first values are these. */
static inline void check_event(const struct mm_explain_event *event, enum mm_explain_kind kind,
	const struct zone *zone, const unsigned long *value, unsigned int nr)
{
	if (event->kind != kind)
		fail_msg("event %ld is of kind %d, expected %d", (long)(event - record.event),
			event->kind, kind);
	assert_ptr_equal(event->zone, zone);
	for (unsigned int i = 0; i < nr; i++) {
		if (event->value[i] != value[i])
			fail_msg("value %u of event %ld (kind %d) is %lu, expected %lu", i,
				(long)(event - record.event), kind, event->value[i], value[i]);
	}
}

#define CHECK(event, kind, zone, ...)                                        \
	check_event(event, kind, zone, (const unsigned long[]){__VA_ARGS__}, \
		ARRAY_SIZE(((const unsigned long[]){__VA_ARGS__})))

static inline struct page *explained_alloc(gfp_t gfp, unsigned int order)
{
	struct page *page;

	mm_explain_begin(&record);
	page = alloc_pages(gfp, order);
	mm_explain_end();
	assert_int_equal(record.lost, 0);
	return page;
}

static inline void explained_free(struct page *page, unsigned int order)
{
	mm_explain_begin(&record);
	__free_pages(page, order);
	mm_explain_end();
	assert_int_equal(record.lost, 0);
}

#endif
