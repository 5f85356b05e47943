/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The course of a run: every CPU steps its workers, slot 0 also coordinates.
 *
 *	step, step, ...   until quotas, time or a violation
 *	  quiet point     all CPUs at the barrier, interrupts idle: mm_check()
 *	finish            barrier; give back slots; barrier; give back mailboxes; barrier
 *
 * A quiet point is asked for by raising nr_quiets; each CPU comes to the barrier when it sees that.
 * Only slot 0 ends the main loop, so none leaves while a quiet point is pending. Waiting CPUs sleep
 * and take interrupts. Once the run is stopped slot 0 does not wait for ever: a CPU may hang in
 * lists that are no lists any more, and the verdict must be given all the same.
 *
 * Owns the fields of struct stress marked as between CPUs and as slot 0's.
 */
#include <mm/reclaim.h>
#include <port/cpu.h>
#include <port/print.h>
#include "core.h"

/* Steps between two looks around. */
#define BATCH_STEPS 32U
/* Quiet points of a run: at 1/(n+1), 2/(n+1), ... of its ops or time. */
#define QUIET_POINTS 3U
/* A waiting CPU looks this often a second. */
#define WAIT_HZ 2000U

static void nap(void)
{
	cpu_wait_until(cpu_time() + cpu_time_hz() / WAIT_HZ);
}

/*
 * Slot 0 has waited in vain, and that is a finding, whatever stopped the run: nothing has been
 * proved at the end. The state stays as it is: others may still be using it.
 */
static void give_up(struct stress *s)
{
	atomic_store(&s->unsafe, true);
	atomic_store(&s->given_up, true);
	stress_violation(s, STRESS_HANG, STRESS_NO_PFN,
		"all %u CPUs to stop, and %u have: what is held stays allocated", s->nr_cpus,
		atomic_load(&s->barrier_arrived));
}

/* Wait for all CPUs. False after slot 0 has given up on some. */
static bool barrier_wait(struct stress *s, const struct stress_cpu *c)
{
	unsigned int round = atomic_load(&s->barrier_round);
	uint64_t since = cpu_time();

	if (atomic_fetch_add(&s->barrier_arrived, 1) + 1 == s->nr_cpus) {
		atomic_store(&s->barrier_arrived, 0);
		atomic_fetch_add(&s->barrier_round, 1);
		return true;
	}
	while (atomic_load(&s->barrier_round) == round && !atomic_load(&s->given_up)) {
		nap();
		if (c->slot != 0)
			continue;
		stress_look_around(s);
		if (!stress_stopped(s))
			since = cpu_time();
		else if (cpu_time() - since > s->patience)
			give_up(s);
	}
	return !atomic_load(&s->given_up);
}

unsigned long stress_held(const struct stress *s)
{
	unsigned long nr = atomic_load(&s->burst_holder.pages) + pressure_held(s);

	for (unsigned int i = 0; i < s->nr_workers; i++)
		nr += atomic_load(&s->worker[i]->holder.pages);
	for (unsigned int i = 0; i < s->nr_cpus; i++)
		nr += atomic_load(&s->cpu[i]->irq_holder.pages);
	return nr;
}

void stress_check(struct stress *s)
{
	struct mm_check_result result;
	unsigned long ours = s->state_pages + atomic_load(&s->owners.nr_pages) + stress_held(s) +
			     atomic_load(&s->abandoned);

	s->checks++;
	wait_for_kswapds(s->mm, cpu_time() + s->patience);
	if (mm_check(s->mm, &result))
		stress_violation(s, STRESS_CHECK, STRESS_NO_PFN,
			"no faults found by mm_check(), and there are %lu", result.errors);
	else if (result.allocated != s->allocated_before + ours)
		stress_violation(s, STRESS_LEAK, STRESS_NO_PFN,
			"%lu pages allocated before and %lu held by the stress, not %lu in all",
			s->allocated_before, ours, result.allocated);
}

/* Look whether the allocator has reported misuse, of which there was none. */
static void check_misuse(struct stress *s)
{
	unsigned long reports = __atomic_load_n(&s->mm->faults.misuse, __ATOMIC_RELAXED);

	if (reports != s->misuse_before && !stress_stopped(s))
		stress_violation(s, STRESS_MISUSE, STRESS_NO_PFN,
			"no reports of misuse, and there were %lu", reports - s->misuse_before);
}

/* One round of this CPU's workers; false when all have made all their steps. */
static bool step_workers(struct stress *s, const struct stress_cpu *c)
{
	bool busy = false;

	for (unsigned int i = c->slot; i < s->nr_workers; i += s->nr_cpus) {
		struct stress_worker *w = s->worker[i];

		for (unsigned int n = 0; n < BATCH_STEPS && w->done < w->quota; n++) {
			if (stress_stopped(s))
				return false;
			worker_step(w);
			busy = true;
		}
	}
	return busy;
}

/* How far the run is, in 1/(QUIET_POINTS + 1): by ops or by time, whichever is further. */
static unsigned int progress(const struct stress *s, uint64_t now)
{
	const struct stress_params *params = &s->params;
	uint64_t parts = QUIET_POINTS + 1, by_ops = 0, by_time = 0;

	if (params->ops)
		by_ops = stress_total_ops(s) * parts / params->ops;
	if (s->deadline)
		by_time = (now - s->start_time) * parts / (s->deadline - s->start_time);
	return (unsigned int)(by_ops > by_time ? by_ops : by_time);
}

void stress_look_around(struct stress *s)
{
	uint64_t now = cpu_time();
	unsigned long held = stress_held(s);

	if (held > s->peak)
		s->peak = held;
	check_misuse(s);
	if (now >= s->next_progress) {
		stress_print_progress(s, now);
		s->next_progress = now + cpu_time_hz();
	}
	if (s->deadline && now >= s->deadline)
		atomic_store(&s->stop, true);
	if (s->interrupted && s->interrupted()) {
		s->broken_off = true;
		atomic_store(&s->stop, true);
	}
}

/* Slot 0's work between steps. */
static void coordinate(struct stress *s)
{
	uint64_t now = cpu_time();
	bool stopped = stress_stopped(s);

	stress_look_around(s);
	if (!stopped)
		s->running_at = now;
	if (atomic_load(&s->nr_done) == s->nr_cpus || now - s->running_at > s->patience) {
		atomic_store(&s->finish, true);
	} else if (!stopped && atomic_load(&s->nr_quiets) < QUIET_POINTS &&
		   progress(s, now) > atomic_load(&s->nr_quiets)) {
		atomic_store(&s->quiet, true);
		atomic_fetch_add(&s->nr_quiets, 1);
	}
}

/* Everybody comes here; when all have, slot 0 looks at everything. */
static void quiet_point(struct stress *s, struct stress_cpu *c)
{
	c->quiets++;
	if (barrier_wait(s, c) && c->slot == 0) {
		pressure_pause(s);
		if (!stress_stopped(s))
			stress_check(s);
		if (!stress_stopped(s) && s->pressure)
			pressure_probe(s);
		pressure_resume(s);
		atomic_store(&s->quiet, false);
	}
	barrier_wait(s, c);
}

static void main_loop(struct stress *s, struct stress_cpu *c)
{
	while (!atomic_load(&s->finish)) {
		bool busy = step_workers(s, c);

		if (!busy && !c->done) {
			c->done = true;
			atomic_fetch_add(&s->nr_done, 1);
		}
		if (c->slot == 0)
			coordinate(s);
		if (c->quiets != atomic_load(&s->nr_quiets))
			quiet_point(s, c);
		else if (!busy && !atomic_load(&s->finish))
			nap();
	}
}

/* After a violation: is it safe to free? Only an allocator that adds up is used any further. */
static void judge_safety(struct stress *s)
{
	if (atomic_load(&s->violations) == 0)
		return;
	if (mm_check(s->mm, NULL) == 0)
		return;
	atomic_store(&s->unsafe, true);
	print("stress: the allocator does not add up: what is held stays allocated; `check` says "
	      "more, `reboot` starts over\n");
}

/* Give back what this CPU's workers and its interrupt hold. */
static void finish(struct stress *s, struct stress_cpu *c)
{
	if (!barrier_wait(s, c))
		return;
	if (c->slot == 0)
		judge_safety(s);
	barrier_wait(s, c);
	if (atomic_load(&s->unsafe))
		return;
	for (unsigned int i = c->slot; i < s->nr_workers; i += s->nr_cpus)
		worker_empty(s->worker[i]);
	pressure_empty(c);
	irqload_empty(c);
	barrier_wait(s, c); /* nothing is sent any more */
	for (unsigned int i = c->slot; i < s->nr_workers; i += s->nr_cpus)
		worker_drain_mailbox(s->worker[i], MAILBOX_SIZE);
	irqload_empty(c);
	barrier_wait(s, c);
}

void stress_cpu_main(struct stress *s, unsigned int slot)
{
	struct stress_cpu *c = s->cpu[slot];

	main_loop(s, c);
	if (slot == 0)
		s->end_time = cpu_time();
	atomic_store(&s->quiet, true);
	finish(s, c);
}
