# SPDX-License-Identifier: BSD-2-Clause
"""trace: the last events of the allocator, from the rings of <mm/trace.h>."""
import gdb

from . import facts, mm, owner
from .command import Command, register as register_commands

DEFAULT_EVENTS = 20


def events_of(ring, size, most):
    """The last events of one CPU, `most` at most, the newest first."""
    total, following = int(ring["total"]), int(ring["next"])
    for i in range(min(total, size, most)):
        yield mm.whole(ring["event"] + (following - 1 - i) % size)


def last_events(trace, most):
    """[(number, cpu, event)] of all CPUs, in the order in which they happened."""
    found = [(int(event["seq"]), cpu, event)
             for cpu in range(int(trace["nr_rings"]))
             for event in events_of(trace["ring"][cpu], int(trace["size"]), most)]
    return sorted(found, key=lambda entry: entry[0])[-most:]


def line_of(number, cpu, event, ops):
    """One event as a line."""
    op, interrupt = int(event["op"]), facts.constant("DEBUG_TRACE_INTERRUPT")
    hz, time = int(facts.variable("time_hz")), int(event["time"])
    where = f"pfn {int(event['pfn']):#x} " if int(event["pfn"]) else ""
    caller = int(event["caller"])
    return (f"{number}: {time // hz}.{time % hz * 1000000 // hz:06} s cpu {cpu} "
            f"{ops[op & ~interrupt].lower()}{' in an interrupt' if op & interrupt else ''} "
            f"{where}order {int(event['order'])} gfp {int(event['gfp']):#x} "
            f"from {caller:#x} {owner.place(caller)}")


class Trace(Command):
    """The last events of the allocator, of all harts, oldest first: pf trace [N]

N is 20 if not given. Known where the debugging level `trace` was on; the machine may have crashed."""

    name = "trace"

    def run(self, argument):
        most = int(gdb.parse_and_eval(argument)) if argument else DEFAULT_EVENTS
        trace = mm.root()["trace"]
        if int(trace) == 0:
            raise gdb.GdbError("pf trace: nobody keeps events: the level `trace` was never on")
        ops = facts.names_of("mm_trace_op", "MM_TRACE_")
        for number, cpu, event in last_events(trace, most):
            print(line_of(number, cpu, event, ops))


def register():
    register_commands(Trace)
