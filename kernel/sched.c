/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: a run queue for each CPU, round robin, nobody is ever moved to another CPU.
 *
 * Owns struct thread, struct run_queue and the list of all threads. A thread's state and places in
 * lists change under the lock of its CPU's run queue; that is held across the switch, and whoever
 * is switched to drops it (finish_switch()). sched.lock guards the list of all threads. Neither is
 * held while the other, or anything else, is taken.
 *
 * When a CPU switches: the running thread sleeps, yields or ends; or an interrupt is over, and the
 * tick has found somebody waiting, or a wake-up has found the CPU idle. Never inside the busy
 * section of the allocator's caches, nor in an interrupt: that is asserted where it is done, and an
 * interrupt that comes in the section leaves the switch to the next one.
 *
 * No wake-up is lost: task_wake() stores the token before it takes the lock, task_sleep() looks at
 * it after it has taken the lock, and gives the CPU up before that is dropped.
 *
 * A CPU ticks while a thread runs on it. An idle one sleeps, its alarm at the first deadline.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <mm/mempolicy.h>
#include <mm/wait.h>
#include <port/print.h>
#include <port/smp.h>
#include <port/task.h>
#include "kernel.h"
#include "sched.h"
#include "tick.h"

#define THREAD_STACK_BYTES THREAD_STACK_MAX
/* Interrupts run on it, and nothing else. */
#define IDLE_STACK_BYTES (THREAD_STACK_MAX / 2)

/* So often a CPU may ask in vain to sleep where it may not, before it is taken for a loop. */
#define REFUSED_MAX 100U

static_assert(sizeof(struct thread) <= PAGE_SIZE, "thread_create() allocates one page");

static struct {
	struct spinlock lock;
	struct list_head threads; /* struct thread.all_node, ids ascending; lock */
	unsigned int last_id;     /* lock */
	struct wait_queue exits;  /* joiners; woken whenever a thread is dead */
} sched = {
	.threads = {&sched.threads, &sched.threads},
	.exits.waiters = {&sched.exits.waiters, &sched.exits.waiters},
};

static struct run_queue *this_queue(void)
{
	return &kernel_this_cpu()->run;
}

static struct thread *thread_of(struct mm_task *task)
{
	return container_of(task, struct thread, task);
}

struct thread *thread_current(void)
{
	return this_queue()->current;
}

static enum thread_state state_of(const struct thread *thread)
{
	return atomic_load_explicit(&thread->state, memory_order_acquire);
}

static void set_state(struct thread *thread, enum thread_state state)
{
	atomic_store_explicit(&thread->state, state, memory_order_release);
}

static void thread_init(struct thread *thread, const char *name, unsigned int cpu, int prio)
{
	snprintf(thread->name, sizeof(thread->name), "%s", name);
	thread->task = (struct mm_task){.name = thread->name, .prio = prio};
	thread->cpu = cpu;
	thread->deadline = UINT64_MAX;
	set_state(thread, THREAD_RUNNABLE);
}

static void thread_register(struct thread *thread)
{
	irq_flags_t flags = spin_lock_irqsave(&sched.lock);

	thread->id = ++sched.last_id;
	list_add_tail(&thread->all_node, &sched.threads);
	spin_unlock_irqrestore(&sched.lock, flags);
}

static void thread_unregister(struct thread *thread)
{
	irq_flags_t flags = spin_lock_irqsave(&sched.lock);

	list_del(&thread->all_node);
	spin_unlock_irqrestore(&sched.lock, flags);
}

/* The lock came with the CPU from the thread before. Interrupts off. */
static void finish_switch(struct run_queue *run)
{
	struct thread *before = run->previous;
	bool dead = state_of(before) == THREAD_EXITING;

	spin_unlock(&run->lock);
	if (!dead)
		return;
	/* From the store on it may be freed at any moment. */
	set_state(before, THREAD_DEAD);
	wake_up(&sched.exits);
}

/* Note who gives the CPU to whom. */
static void account(struct run_queue *run, struct thread *from, struct thread *to)
{
	uint64_t now = cpu_time();

	from->run_time += now - run->since;
	to->switches++;
	run->since = now;
	run->previous = from;
	run->current = to;
}

/*
 * Give the CPU to the next, who is at the head of the queue; the running thread has been put where
 * it belongs. Interrupts off, lock held; it is dropped, and on return it is our turn again.
 */
static void switch_away(struct run_queue *run)
{
	struct thread *from = run->current, *to = run->idle;

	if (this_cpu->busy)
		report_panic("sched: switch inside the busy section of cpu %u's page caches",
			this_cpu->id);
	if (in_interrupt())
		report_panic("sched: switch inside an interrupt");
	atomic_store_explicit(&run->need_resched, 0, memory_order_relaxed);
	if (!list_empty(&run->runnable)) {
		to = list_first_entry(&run->runnable, struct thread, run_node);
		list_del(&to->run_node);
	}
	if (to == from) {
		spin_unlock(&run->lock);
		return;
	}
	account(run, from, to);
	mm_switch_task(&to->task);
	if (to == run->idle)
		tick_idle();
	else if (from == run->idle)
		tick_start();
	thread_context_switch(&from->context, &to->context);
	finish_switch(run);
}

/* As switch_away(), for a thread that goes on in its turn. */
static void switch_in_turn(struct run_queue *run)
{
	if (run->current != run->idle)
		list_add_tail(&run->current->run_node, &run->runnable);
	switch_away(run);
}

/* Lock held. True if the CPU is idle, and has not been told yet to look at its queue. */
static bool make_runnable(struct run_queue *run, struct thread *thread)
{
	if (thread->deadline != UINT64_MAX)
		list_del(&thread->sleep_node);
	thread->deadline = UINT64_MAX;
	set_state(thread, THREAD_RUNNABLE);
	list_add_tail(&thread->run_node, &run->runnable);
	return run->current == run->idle &&
	       !atomic_exchange_explicit(&run->need_resched, 1, memory_order_relaxed);
}

/* First deadlines first; equal ones in the order of their coming. Lock held. */
static void add_sleeper(struct run_queue *run, struct thread *thread)
{
	struct list_head *at = run->sleepers.prev;

	while (at != &run->sleepers &&
		list_entry(at, struct thread, sleep_node)->deadline > thread->deadline)
		at = at->prev;
	list_add(&thread->sleep_node, at);
	if (at == &run->sleepers)
		irq_set_alarm(thread->deadline);
}

void sched_alarm(void)
{
	struct run_queue *run = this_queue();
	uint64_t first = UINT64_MAX;

	spin_lock(&run->lock);
	while (!list_empty(&run->sleepers)) {
		struct thread *thread = list_first_entry(&run->sleepers, struct thread, sleep_node);

		if (thread->deadline > cpu_time()) {
			first = thread->deadline;
			break;
		}
		make_runnable(run, thread);
	}
	irq_set_alarm(first);
	spin_unlock(&run->lock);
}

void sched_tick(void)
{
	struct run_queue *run = this_queue();

	spin_lock(&run->lock);
	if (!list_empty(&run->runnable))
		atomic_store_explicit(&run->need_resched, 1, memory_order_relaxed);
	spin_unlock(&run->lock);
}

void sched_interrupt_exit(void)
{
	struct run_queue *run = this_queue();

	if (!atomic_load_explicit(&run->need_resched, memory_order_relaxed) || this_cpu->busy)
		return;
	spin_lock(&run->lock);
	switch_in_turn(run);
}

void thread_yield(void)
{
	struct run_queue *run = this_queue();
	irq_flags_t flags = spin_lock_irqsave(&run->lock);

	switch_in_turn(run);
	irq_restore(flags);
}

bool task_may_sleep(void)
{
	return !in_interrupt() && irqs_enabled() && !this_cpu->busy &&
	       thread_current() != this_queue()->idle;
}

void cond_resched(void)
{
	if (atomic_load_explicit(&this_queue()->need_resched, memory_order_relaxed) &&
		task_may_sleep())
		thread_yield();
}

/* A fault of the caller: told, and not done. Who asks on and on would never come to an end. */
static void refuse_sleep(const void *caller)
{
	mm_report_atomic_sleep(caller);
	if (++this_queue()->refused > REFUSED_MAX)
		report_panic("sched: %u sleeps in atomic context in a row, see above", REFUSED_MAX);
}

void task_sleep(uint64_t deadline)
{
	struct run_queue *run = this_queue();
	struct thread *self = thread_current();
	irq_flags_t flags;

	if (!task_may_sleep()) {
		refuse_sleep(__builtin_return_address(0));
		return;
	}
	flags = spin_lock_irqsave(&run->lock);
	run->refused = 0;
	if (__atomic_load_n(&self->task.woken, __ATOMIC_ACQUIRE) || cpu_time() >= deadline) {
		spin_unlock(&run->lock);
	} else {
		set_state(self, THREAD_SLEEPING);
		self->sleeps_at = __builtin_return_address(0);
		self->deadline = deadline;
		if (deadline != UINT64_MAX)
			add_sleeper(run, self);
		switch_away(run);
	}
	__atomic_exchange_n(&self->task.woken, 0, __ATOMIC_ACQ_REL);
	irq_restore(flags);
}

void task_wake(struct mm_task *task)
{
	struct thread *thread = thread_of(task);
	struct run_queue *run = &kernel.cpu[thread->cpu]->run;
	irq_flags_t flags;
	bool kick = false;

	__atomic_store_n(&task->woken, 1, __ATOMIC_RELEASE);
	flags = spin_lock_irqsave(&run->lock);
	if (state_of(thread) == THREAD_SLEEPING)
		kick = make_runnable(run, thread);
	spin_unlock_irqrestore(&run->lock, flags);
	/* On its own CPU it is an interrupt that found it idle, and looks when it is over. */
	if (kick && run != this_queue())
		smp_kick(thread->cpu);
}

/*
 * Up to the first deadline of a sleeper, if there is one: where no interrupt can come, nothing else
 * would end its sleep. Interrupts off.
 */
static void idle_wait(struct run_queue *run)
{
	uint64_t first = UINT64_MAX;

	spin_lock(&run->lock);
	if (!list_empty(&run->sleepers))
		first = list_first_entry(&run->sleepers, struct thread, sleep_node)->deadline;
	spin_unlock(&run->lock);
	if (first == UINT64_MAX) {
		cpu_wait();
		return;
	}
	cpu_wait_until(first);
	if (cpu_time() >= first)
		sched_alarm();
}

/* The idle thread. It looks and falls asleep with interrupts off: no wake-up comes in between. */
static void idle(void *unused)
{
	struct run_queue *run = this_queue();

	(void)unused;
	finish_switch(run);
	for (;;) {
		if (list_empty(&run->runnable))
			idle_wait(run);
		irq_enable();
		thread_yield();
		irq_save();
	}
}

bool sched_prepare(unsigned int cpu, const char *name)
{
	struct kernel_cpu *state = kernel.cpu[cpu];
	struct run_queue *run = &state->run;
	char idle_name[THREAD_NAME_MAX];

	snprintf(idle_name, sizeof(idle_name), "idle%u", cpu);
	thread_init(&state->first, name, cpu, DEFAULT_PRIO);
	thread_init(&state->idle, idle_name, cpu, DEFAULT_PRIO);
	list_init(&run->runnable);
	list_init(&run->sleepers);
	run->current = &state->first;
	run->idle = &state->idle;
	return thread_context_create(&state->idle.context, IDLE_STACK_BYTES,
		       kernel.cpus.cpu[cpu].nid, idle, NULL) == 0;
}

void sched_start(void)
{
	struct kernel_cpu *state = kernel_this_cpu();
	struct thread *first = &state->first;

	thread_context_adopt(&first->context);
	first->switches = 1;
	state->run.since = cpu_time();
	mm_switch_task(&first->task);
	thread_register(first);
	thread_register(&state->idle);
	tick_start();
}

/* Where a thread that was created starts. */
static void thread_main(void *arg)
{
	struct thread *self = arg;

	finish_switch(this_queue());
	irq_enable();
	self->fn(self->arg);
	thread_exit();
}

struct thread *thread_create(
	const char *name, unsigned int cpu, void (*fn)(void *arg), void *arg, int prio)
{
	unsigned long addr = smp_online(cpu) ? get_zeroed_page(GFP_KERNEL) : 0;
	struct thread *thread = (struct thread *)addr;

	if (!thread)
		return NULL;
	thread_init(thread, name, cpu, prio);
	thread->fn = fn;
	thread->arg = arg;
	if (thread_context_create(&thread->context, THREAD_STACK_BYTES, kernel.cpus.cpu[cpu].nid,
		    thread_main, thread) < 0) {
		free_page(addr);
		return NULL;
	}
	thread_context_publish();
	thread_register(thread);
	/* It starts as one that sleeps: task_wake() brings it into its queue. */
	set_state(thread, THREAD_SLEEPING);
	task_wake(&thread->task);
	return thread;
}

void thread_exit(void)
{
	struct run_queue *run = this_queue();
	struct thread *self = thread_current();

	set_mempolicy(MPOL_DEFAULT, (nodemask_t){0});
	if (self->line.length > 0 || print_in_line())
		print("\n");
	irq_save();
	spin_lock(&run->lock);
	set_state(self, THREAD_EXITING);
	switch_away(run);
	report_panic("sched: thread %s goes on after its end", self->name);
}

void thread_join(struct thread *thread)
{
	wait_event(&sched.exits, state_of(thread) == THREAD_DEAD);
	thread_unregister(thread);
	thread_context_destroy(&thread->context);
	free_page((unsigned long)thread);
}

/* A snapshot: what the thread changes meanwhile is old or new. sched.lock held, so it stays. */
static void copy_info(const struct thread *thread, struct thread_info *info)
{
	const struct run_queue *run = &kernel.cpu[thread->cpu]->run;

	*info = (struct thread_info){
		.id = thread->id,
		.cpu = thread->cpu,
		.state = state_of(thread),
		.running = run->current == thread,
		.idle = run->idle == thread,
		.prio = thread->task.prio,
		.flags = thread->task.flags,
		.memdie = mm_task_dying(&thread->task),
		.switches = thread->switches,
		.run_time = thread->run_time,
		.sleeps_at = thread->sleeps_at,
	};
	memcpy(info->name, thread->name, sizeof(info->name));
	if (info->running)
		info->run_time += cpu_time() - run->since;
}

bool thread_next_info(unsigned int id, struct thread_info *info)
{
	irq_flags_t flags = spin_lock_irqsave(&sched.lock);
	struct thread *thread;
	bool found = false;

	list_for_each_entry (thread, &sched.threads, struct thread, all_node) {
		if (thread->id <= id)
			continue;
		copy_info(thread, info);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&sched.lock, flags);
	return found;
}
