/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault injection: which request is to fail, and its report.
 *
 *	alloc_from -> debug_alloc -> fault_inject --yes--> NULL
 *
 * Owns mm->fault, mm_task.fail_nth and .faults (the thread's own), mm_cpu.irq_faults (the CPU's
 * own). No lock: what counts down is atomic, the rest is set while the level is off.
 *
 * Source: Linux, Documentation/fault-injection/fault-injection.rst, for names, meaning, defaults
 * and the order of the questions.
 */
#include <mm/fault.h>
#include "internal.h"

/* Of a name: its place in the attributes. */
struct fault_key {
	const char *name;
	size_t offset;
	uint64_t max;
};

#define KEY(text, field, most)                                    \
	{                                                         \
		text, offsetof(struct mm_fault_attr, field), most \
	}
static const struct fault_key keys[] = {
	KEY("interval", interval, INT64_MAX),
	KEY("probability", probability, 100),
	KEY("space", space, INT64_MAX),
	KEY("times", times, INT64_MAX),
	KEY("min-order", min_order, MAX_ORDER),
	KEY("ignore-gfp-wait", ignore_gfp_wait, 1),
	KEY("verbose", verbose, 2),
	KEY("seed", seed, UINT64_MAX),
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

/* All of the text as a decimal number, at most `max`. */
static bool parse_decimal(const char *text, size_t length, uint64_t max, uint64_t *value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		const unsigned int digit = (unsigned int)text[i] - '0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (length == 0 || number > max)
		return false;
	*value = number;
	return true;
}

/* A number for this key; Y and N are 1 and 0, and times may be -1. */
static bool parse_value(
	struct mm_fault_attr *attr, const struct fault_key *key, const char *text, size_t length)
{
	uint64_t *value = (uint64_t *)((char *)attr + key->offset);

	if (key->offset == offsetof(struct mm_fault_attr, times) && length == 2 && text[0] == '-' &&
		text[1] == '1') {
		attr->times = -1;
		return true;
	}
	if (key->max == 1 && length == 1 && (text[0] == 'Y' || text[0] == 'N')) {
		*value = text[0] == 'Y';
		return true;
	}
	return parse_decimal(text, length, key->max, value);
}

/* The length of `name` if the text is that and a '=', else 0. */
static size_t match_name(const char *name, const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && name[i] && (text[i] == name[i] || (text[i] == '_' && name[i] == '-')))
		i++;
	return !name[i] && i < length && text[i] == '=' ? i : 0;
}

bool mm_fault_parse(struct mm_fault_attr *attr, const char *text, size_t length)
{
	for (unsigned int i = 0; i < NR_KEYS; i++) {
		const size_t name = match_name(keys[i].name, text, length);

		if (name)
			return parse_value(attr, &keys[i], text + name + 1, length - name - 1);
	}
	return false;
}

bool mm_fault_parse_list(struct mm_fault_attr *attr, const char *text)
{
	struct mm_fault_attr parsed = *attr;

	for (unsigned int i = 0; i < 4; i++) {
		size_t length = 0;

		while (text[length] && text[length] != ',')
			length++;
		if (!parse_value(&parsed, &keys[i], text, length))
			return false;
		text += length;
		if (*text != (i == 3 ? '\0' : ','))
			return false;
		text++;
	}
	*attr = parsed;
	return true;
}

int mm_fault_set(struct mm *mm, const struct mm_fault_attr *attr)
{
	if (attr->probability > 100) {
		print("fault: a probability of %lu %% is too much\n",
			(unsigned long)attr->probability);
		return -MM_EINVAL;
	}
	mm_debug_set(mm, MM_DEBUG_FAULT, false);
	mm->fault.attr = *attr;
	mm->fault.requests = 0;
	mm->fault.draws = 0;
	return mm_debug_set(mm, MM_DEBUG_FAULT, true);
}

void mm_fault_set_nth(unsigned int nth)
{
	ASSERT(!in_interrupt());
	mm_current()->fail_nth = nth;
}

unsigned long mm_fault_injected(const struct mm *mm)
{
	return __atomic_load_n(&mm->fault.injected, __ATOMIC_RELAXED);
}

unsigned long mm_fault_injected_here(void)
{
	return in_interrupt() ? this_cpu->irq_faults : mm_current()->faults;
}

/* Count the pages against what is to be served first; true while some of that is left. */
static bool use_space(uint64_t *space, uint64_t pages)
{
	uint64_t left = __atomic_load_n(space, __ATOMIC_RELAXED);

	while (left > pages)
		if (__atomic_compare_exchange_n(
			    space, &left, left - pages, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	return false;
}

/* One fault less to come; false if there is none left. */
static bool use_times(int64_t *times)
{
	int64_t left = __atomic_load_n(times, __ATOMIC_RELAXED);

	while (left > 0)
		if (__atomic_compare_exchange_n(
			    times, &left, left - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	return left != 0;
}

/* Steele, Lea and Flood's splitmix64: the nth number of a sequence without its predecessors. */
static uint64_t draw(struct mm_fault *fault)
{
	const uint64_t nth = __atomic_fetch_add(&fault->draws, 1, __ATOMIC_RELAXED);
	uint64_t z = fault->attr.seed + (nth + 1) * 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static bool may_fail(const struct mm_fault_attr *attr, gfp_t gfp, unsigned int order)
{
	if (order < attr->min_order || gfp & __GFP_NOFAIL)
		return false;
	return !attr->ignore_gfp_wait || !(gfp & __GFP_WAIT);
}

/* By the thread's own count: 1 to fail, 0 not to, -1: it does not count. */
static int fail_by_count(void)
{
	struct mm_task *task = mm_current();

	if (in_interrupt() || !task->fail_nth)
		return -1;
	return --task->fail_nth == 0;
}

static bool fail_by_chance(struct mm_fault *fault, unsigned int order)
{
	struct mm_fault_attr *attr = &fault->attr;
	uint64_t nth;

	if (!attr->probability || !__atomic_load_n(&attr->times, __ATOMIC_RELAXED))
		return false;
	if (use_space(&attr->space, 1ULL << order))
		return false;
	nth = __atomic_add_fetch(&fault->requests, 1, __ATOMIC_RELAXED);
	if (attr->interval > 1 && nth % attr->interval)
		return false;
	return draw(fault) % 100 < attr->probability && use_times(&attr->times);
}

static void count_fault(struct mm_fault *fault)
{
	if (in_interrupt())
		this_cpu->irq_faults++;
	else
		mm_current()->faults++;
	__atomic_fetch_add(&fault->injected, 1, __ATOMIC_RELAXED);
}

static void report_fault(const struct mm_fault_attr *attr, const struct alloc_request *request)
{
	if (!attr->verbose || request->gfp & __GFP_NOWARN)
		return;
	print("FAULT_INJECTION: forcing a failure. order:%u, mode:0x%x, task %s%s, cpu %u, "
	      "from 0x%lx\n",
		request->order, request->gfp, mm_current()->name,
		in_interrupt() ? " in an interrupt" : "", this_cpu->id,
		(unsigned long)request->caller);
	if (attr->verbose > 1)
		report_stack();
}

bool fault_inject(const struct alloc_request *request)
{
	struct mm_fault *fault = &this_cpu->mm->fault;
	int counted;

	if (!may_fail(&fault->attr, request->gfp, request->order))
		return false;
	counted = fail_by_count();
	if (counted < 0 ? !fail_by_chance(fault, request->order) : !counted)
		return false;
	count_fault(fault);
	report_fault(&fault->attr, request);
	explain_add(request->explain, .kind = EXPLAIN_FAILED, .text = "a fault was injected",
		.value = {request->order});
	return true;
}

void show_fault(const struct mm *mm)
{
	const struct mm_fault_attr *attr = &mm->fault.attr;

	print("fault: %s, %lu injected since boot\n", mm_debug(mm) & MM_DEBUG_FAULT ? "on" : "off",
		mm_fault_injected(mm));
	print("fault:");
	for (unsigned int i = 0; i < NR_KEYS; i++)
		print(" %s=%ld", keys[i].name,
			*(const int64_t *)((const char *)attr + keys[i].offset));
	print("\n");
}
